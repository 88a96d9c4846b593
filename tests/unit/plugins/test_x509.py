# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: bundles are split, what is none is refused, and fingerprints are told apart (requirements C8, C10)."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates import x509
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import issued
from ansible_collections.ucops.imp.plugins.module_utils._certificates.names import CertificateNames
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    NotACertificate,
    canonical_fingerprint,
    require_library,
    split_bundle,
    unique,
    with_issuers,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import Identity, issue

ROOT = issue("Example Root CA", ca=True)
INTERMEDIATE = issue("Example Issuing CA", by=ROOT, ca=True)
LEAF = issue("mail1.example.com", by=INTERMEDIATE, hosts=["mail1.example.com", "192.0.2.21"])


def fingerprints(data: str | bytes) -> list[str]:
    raw = data.encode() if isinstance(data, str) else data
    return [certificate.fingerprint for certificate in split_bundle(raw)]


def der(identity: Identity) -> bytes:
    return identity.certificate.public_bytes(Encoding.DER)


def test_a_chain_is_split_in_its_order() -> None:
    chain = LEAF.pem + INTERMEDIATE.pem + ROOT.pem
    assert fingerprints(chain) == [LEAF.fingerprint, INTERMEDIATE.fingerprint, ROOT.fingerprint]


def test_a_certificate_that_comes_twice_counts_once() -> None:
    assert fingerprints(ROOT.pem + LEAF.pem + ROOT.pem) == [ROOT.fingerprint, LEAF.fingerprint]


@pytest.mark.parametrize(
    "text",
    [
        ROOT.pem.replace("\n", "\r\n"),
        f"subject=CN = Example Root CA\nissuer=...\n{ROOT.pem}\ntrailing words\n",
        f"\ufeff{ROOT.pem}",
        ROOT.pem.replace("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE").replace(
            "END CERTIFICATE", "END X509 CERTIFICATE"
        ),
        ROOT.pem.rstrip("\n"),
    ],
)
def test_writings_of_one_certificate_are_the_same(text: str) -> None:
    (certificate,) = split_bundle(text.encode())
    assert certificate.fingerprint == ROOT.fingerprint
    assert certificate.pem == ROOT.pem


def test_a_der_file_is_read() -> None:
    assert fingerprints(der(ROOT)) == [ROOT.fingerprint]


def test_what_is_told_of_a_certificate() -> None:
    (certificate,) = split_bundle(INTERMEDIATE.pem.encode())
    told = certificate.as_dict()
    assert told["fingerprint"] == hashlib.sha256(der(INTERMEDIATE)).hexdigest()
    assert told["subject"] == "CN=Example Issuing CA"
    assert told["issuer"] == "CN=Example Root CA"
    assert told["not_after"] == INTERMEDIATE.certificate.not_valid_after_utc.isoformat()
    assert told["not_after"].endswith("+00:00")
    assert told.keys() == {"fingerprint", "subject", "issuer", "not_before", "not_after"}


def test_names_and_times_are_read_once_for_everybody() -> None:
    (certificate,) = split_bundle(LEAF.pem.encode())
    assert certificate.names == CertificateNames(("mail1.example.com",), ("mail1.example.com",), ("192.0.2.21",))
    assert certificate.names.every == {"mail1.example.com", "192.0.2.21"}
    assert certificate.not_before == LEAF.certificate.not_valid_before_utc
    assert certificate.not_after.tzinfo == datetime.timezone.utc
    assert certificate.thumbprint == LEAF.certificate.fingerprint(hashes.SHA1()).hex().upper()


def test_a_key_of_an_unknown_kind_is_like_no_other() -> None:
    elliptic, unknown = b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x02\x09"
    first, second = (split_bundle(der(one).replace(elliptic, unknown))[0] for one in (ROOT, LEAF))
    assert len({first.key, second.key, *(split_bundle(der(one))[0].key for one in (ROOT, LEAF))}) == 4
    assert not issued(second, first)


def test_validity() -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    old = issue("old", days=(-10, -1))
    assert split_bundle(old.pem.encode())[0].expired(now)
    assert not split_bundle(ROOT.pem.encode())[0].expired(now)


KEY_TYPES = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("hello", "no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "no matching end"),
        (ROOT.pem + LEAF.pem[:200], "no matching end"),
        ("-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n", "certificate 1 cannot be read"),
        (ROOT.pem + "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "certificate 2 cannot be read"),
        ("-----BEGIN PKCS7-----\nbm90aGluZw==\n-----END PKCS7-----\n", "openssl pkcs7"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nbm90\n-----END CERTIFICATE REQUEST-----\n", "CERTIFICATE REQUEST"),
        *((f"{ROOT.pem}-----BEGIN {kind}-----\nY2FuYXJ5\n-----END {kind}-----\n", "private key") for kind in KEY_TYPES),
    ],
)
def test_what_is_no_certificate_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotACertificate, match=said) as caught:
        split_bundle(text.encode())
    assert "Y2FuYXJ5" not in str(caught.value)


def test_a_broken_der_file_is_refused() -> None:
    with pytest.raises(NotACertificate, match="neither a PEM nor a DER"):
        split_bundle(der(ROOT)[:100])


@pytest.mark.parametrize("text", ["ab" * 32, "AB" * 32, ":".join(["Ab"] * 32), " ".join(["aB"] * 32), "\nab" * 32])
def test_fingerprints_in_any_writing(text: str) -> None:
    assert canonical_fingerprint(text) == "ab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 20, "ab" * 33, "xy" * 32, "sha256 " + "ab" * 32])
def test_what_is_no_sha256_fingerprint(text: str) -> None:
    with pytest.raises(NotACertificate, match="64 hexadecimal digits"):
        canonical_fingerprint(text)


def test_the_issuers_above_a_certificate() -> None:
    leaf, intermediate, root = split_bundle((LEAF.pem + INTERMEDIATE.pem + ROOT.pem).encode())
    (other,) = split_bundle(issue("Other CA", ca=True).pem.encode())
    assert with_issuers([leaf], [root, other, intermediate]) == {
        leaf.fingerprint,
        intermediate.fingerprint,
        root.fingerprint,
    }
    assert with_issuers([leaf], [root]) == {leaf.fingerprint}
    assert with_issuers([root], [root]) == {root.fingerprint}
    assert unique([leaf, root, leaf]) == [leaf, root]


def test_without_the_library_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    require_library()
    monkeypatch.setattr(x509, "MISSING_LIBRARY", "ImportError")
    with pytest.raises(ImpError, match="cryptography") as caught:
        require_library()
    assert caught.value.code == "missing-library"
