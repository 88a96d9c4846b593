# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which offered certificates lead to an anchor, and what each verdict wants (requirements C8, C10, G6)."""

from __future__ import annotations

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import chain_to, missing_issuer
from ansible_collections.ucops.imp.plugins.module_utils._certificates.verdicts import advice, verdict_of
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, split_bundle
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.certificates import Identity, issue

ROOT = issue("Root CA", ca=True)
ISSUING = issue("Issuing CA", by=ROOT, ca=True)
LEAF = issue("mail1.example.com", by=ISSUING)
STRANGER = issue("Another CA", ca=True)


def read(*identities: Identity) -> list[Certificate]:
    return [certificate for one in identities for certificate in split_bundle(one.pem.encode())]


def test_a_chain_leads_to_what_it_offers_and_to_what_it_does_not() -> None:
    assert chain_to(read(LEAF, ISSUING), read(ROOT)) == read(LEAF, ISSUING)
    assert chain_to(read(LEAF, ISSUING, ROOT), read(ROOT)) == read(LEAF, ISSUING, ROOT)
    assert chain_to(read(LEAF, ROOT, ISSUING), read(STRANGER, ROOT)) == read(LEAF, ISSUING, ROOT)
    assert chain_to(read(LEAF), read(ISSUING)) == read(LEAF)
    assert chain_to(read(LEAF), read(LEAF)) == read(LEAF)


def test_what_stands_beside_the_chain_is_left_out() -> None:
    assert chain_to(read(LEAF, ISSUING, STRANGER), read(ROOT)) == read(LEAF, ISSUING)
    assert chain_to(read(LEAF, STRANGER, ISSUING), read(STRANGER)) == []


def test_a_gap_ends_a_chain() -> None:
    assert chain_to(read(LEAF), read(ROOT)) == []
    assert chain_to([], read(ROOT)) == []


def test_a_name_alone_makes_no_issuer() -> None:
    double = issue("Root CA", ca=True)
    assert chain_to(read(LEAF, ISSUING), read(double)) == []
    false = issue("Issuing CA", by=ROOT, ca=True)
    assert chain_to(read(LEAF, false), read(ROOT)) == []


def test_a_server_certificate_vouches_for_nobody() -> None:
    forged = issue("mail2.example.com", by=LEAF)
    assert chain_to(read(forged, LEAF, ISSUING), read(ROOT)) == []


def cross_signed(authority: Identity, by: Identity) -> Identity:
    """Return another certificate for the key and the name of an authority."""
    constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    builder = x509.CertificateBuilder(
        issuer_name=by.certificate.subject,
        subject_name=authority.certificate.subject,
        public_key=authority.key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=by.certificate.not_valid_before_utc,
        not_valid_after=by.certificate.not_valid_after_utc,
    ).add_extension(constraints.value, critical=True)
    return Identity(builder.sign(by.key, hashes.SHA256()), authority.key)


def test_a_cross_signed_authority_leads_to_either_root() -> None:
    crossed = cross_signed(ISSUING, STRANGER)
    assert chain_to(read(LEAF, crossed, ISSUING), read(ROOT)) == read(LEAF, ISSUING)
    assert chain_to(read(LEAF, ISSUING, crossed), read(STRANGER)) == read(LEAF, crossed)


def test_two_authorities_that_vouch_for_each_other_end_the_search() -> None:
    offered = read(LEAF, cross_signed(ISSUING, STRANGER), cross_signed(STRANGER, ISSUING))
    assert chain_to(offered, read(ROOT)) == []
    assert missing_issuer(offered) == "CN=Issuing CA"


def test_the_issuer_that_is_not_offered() -> None:
    assert missing_issuer(read(LEAF, ISSUING)) == "CN=Root CA"
    assert missing_issuer(read(LEAF)) == "CN=Issuing CA"
    assert missing_issuer(read(LEAF, ISSUING, ROOT)) is None
    assert missing_issuer(read(ROOT)) is None
    assert missing_issuer([]) is None


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("Failed - Certificate Missing From Chain", "upload the certificate of CN=Root CA"),
        ("Failed - Subject CN Mismatch", "holds mail1.example.com"),
        ("Failed - SAN Mismatch", "SAN holds mail1.example.com"),
        ("Failed - Bad Certificates", "compare the clocks"),
        ("Failed - Network Error", "port is open"),
        ("Failed", "TLS version in common"),
        ("Failed - Something New", "troubleshooter"),
    ],
)
def test_advice(verdict: str, said: str) -> None:
    row = f"SSL Connection/Certificate Verification - {verdict}"
    assert verdict_of(row) == verdict
    assert said in (advice(verdict, "mail1.example.com", "CN=Root CA") or "")


def test_a_verified_server_wants_nothing() -> None:
    assert advice(verdict_of("SSL Connection/Certificate Verification - Verified"), "mail1.example.com", None) is None
