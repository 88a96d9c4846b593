# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trust stores, signing requests and identities of a node (C3, C8, C10, C11)."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from imp_emulator.crypto.reading import parse_bundle
from imp_emulator.domain.imp import identities, restarts, trust
from imp_emulator.errors import DomainError, Forbidden, InvalidValue, NotFound
from imp_emulator.store import keys
from imp_emulator.world.environment import Environment
from tests.support.certificates import Identity, answer_request, issue

NODE = ("dc1", "imp-pub")
ROOT = issue("Root CA", ca=True)
ISSUING = issue("Issuing CA", by=ROOT, ca=True)
KEY = "-----BEGIN {0}-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END {0}-----\n".format("PRIVATE KEY")


def upload(environment: Environment, *texts: str, store: str = "cup") -> int:
    return trust.upload(environment.context, *NODE, [store], texts)


def files(environment: Environment, store: str = "cup", node: str = "imp-pub") -> list[str]:
    return [found.filename for found in trust.trusted(environment.context, "dc1", node, store)]


def pending(environment: Environment) -> list[tuple[str, str]]:
    return [(found.node, found.service) for found in restarts.pending(environment.context, "dc1")]


def test_a_bundle_is_taken_apart_and_both_services_of_that_node_have_to_restart(emulated: Environment) -> None:
    assert upload(emulated, f"Bag Attributes\n{ROOT.pem}\nsome text\n{ISSUING.pem}") == 2
    assert files(emulated) == ["Issuing_CA.pem", "Root_CA.pem"]
    assert [found.fingerprint for found in trust.trusted(emulated.context, *NODE, "cup")] == [
        ISSUING.fingerprint,
        ROOT.fingerprint,
    ]
    assert pending(emulated) == [("imp-pub", "Cisco Presence Engine"), ("imp-pub", "Cisco SIP Proxy")]
    assert files(emulated, node="imp-sub") == []


def test_a_duplicate_changes_nothing(emulated: Environment) -> None:
    upload(emulated, ROOT.pem)
    emulated.database.execute("DELETE FROM pending_restart")
    assert upload(emulated, ROOT.pem.replace("\n", "\r\n"), ROOT.pem) == 0
    assert files(emulated) == ["Root_CA.pem"]
    assert pending(emulated) == []


@pytest.mark.parametrize(("store", "reader"), [("cup-xmpp", [("imp-pub", "Cisco XCP Router")]), ("tomcat", [])])
def test_the_other_stores_have_other_readers(emulated: Environment, store: str, reader: list[tuple[str, str]]) -> None:
    assert upload(emulated, ROOT.pem, store=store) == 1
    assert files(emulated, store) == ["Root_CA.pem"]
    assert files(emulated) == []
    assert pending(emulated) == reader


def test_one_upload_can_go_into_several_stores(emulated: Environment) -> None:
    assert trust.upload(emulated.context, *NODE, ["cup", "cup-xmpp", "cup"], [ROOT.pem]) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-a-certificate"),
        ("no certificate", "not-a-certificate"),
        (ROOT.pem[:-60], "not-a-certificate"),
        (ROOT.pem.replace("M", "A", 1), "not-a-certificate"),
        (ROOT.pem + ISSUING.pem[:-60], "not-a-certificate"),
        (ROOT.pem.replace("CERTIFICATE", "X509 CRL"), "not-a-certificate"),
        (ROOT.pem + KEY, "private-key"),
        (KEY, "private-key"),
    ],
)
def test_what_is_not_x509_is_refused_as_a_whole(emulated: Environment, text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        upload(emulated, ISSUING.pem, text)
    assert refusal.value.code == code
    assert "MIGH" not in refusal.value.message
    assert files(emulated) == []
    assert pending(emulated) == []


@pytest.mark.parametrize(("stores", "texts"), [([], [ROOT.pem]), (["cup"], []), (["cups"], [ROOT.pem])])
def test_stores_and_certificates_must_be_given(emulated: Environment, stores: list[str], texts: list[str]) -> None:
    with pytest.raises(InvalidValue):
        trust.upload(emulated.context, *NODE, stores, texts)


def test_file_names_are_unique_and_exist_without_a_common_name(emulated: Environment) -> None:
    nameless = _without_common_name()
    other = issue("Root CA", ca=True, organization="Other")
    upload(emulated, ROOT.pem, other.pem, nameless.public_bytes(Encoding.PEM).decode())
    assert files(emulated) == sorted(["Root_CA.pem", "Root_CA-1.pem", f"{nameless.serial_number:x}.pem"])


# --- of one subject, the one that begins last (Cisco's security guide)

OLD, NEW = issue("Renewed CA", ca=True, days=(-9, 365)), issue("Renewed CA", ca=True, days=(-2, 365))
SAME_TIME = issue("Renewed CA", ca=True, days=(-2, 30))


def stored(environment: Environment, store: str = "cup") -> list[str]:
    return [found.fingerprint for found in trust.trusted(environment.context, *NODE, store)]


@pytest.mark.parametrize(
    ("uploads", "kept"),
    [
        ([[OLD], [NEW]], NEW),
        ([[NEW], [OLD]], NEW),
        ([[OLD, NEW]], NEW),
        ([[NEW, OLD]], NEW),
        ([[NEW], [SAME_TIME]], NEW),
        ([[SAME_TIME, NEW]], SAME_TIME),
        ([[OLD], [NEW], [OLD], [SAME_TIME]], NEW),
    ],
)
def test_of_one_subject_the_one_that_begins_last_stays(
    emulated: Environment, uploads: list[list[Identity]], kept: Identity
) -> None:
    for certificates in uploads:
        upload(emulated, "".join(one.pem for one in certificates))
    assert stored(emulated) == [kept.fingerprint]
    assert files(emulated) == ["Renewed_CA.pem"]


def test_what_is_not_uploaded_changes_nothing(emulated: Environment) -> None:
    assert upload(emulated, NEW.pem) == 1
    emulated.database.execute("DELETE FROM pending_restart")
    assert upload(emulated, OLD.pem, SAME_TIME.pem) == 0
    assert pending(emulated) == []
    assert upload(emulated, OLD.pem, store="tomcat") == 1, "each store by itself"
    assert (stored(emulated), stored(emulated, "tomcat")) == ([NEW.fingerprint], [OLD.fingerprint])


def test_what_is_replaced_needs_a_restart_too(emulated: Environment) -> None:
    upload(emulated, OLD.pem)
    emulated.database.execute("DELETE FROM pending_restart")
    assert upload(emulated, NEW.pem) == 1
    assert pending(emulated) == [("imp-pub", "Cisco Presence Engine"), ("imp-pub", "Cisco SIP Proxy")]


def test_certificates_without_a_subject_are_all_kept(emulated: Environment) -> None:
    one, other = (_without_common_name().public_bytes(Encoding.PEM).decode() for _number in range(2))
    assert upload(emulated, one, other) == 2


def _without_common_name() -> x509.Certificate:
    issuer = issue("x", ca=True)
    empty = x509.Name([])
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject,
        subject_name=empty,
        public_key=issuer.key.public_key(),
        serial_number=0xABCDEF,
        not_valid_before=issuer.certificate.not_valid_before_utc,
        not_valid_after=issuer.certificate.not_valid_after_utc,
    )
    return builder.sign(issuer.key, hashes.SHA256())


def test_delete_by_fingerprint_in_any_spelling(emulated: Environment) -> None:
    upload(emulated, ROOT.pem, ISSUING.pem)
    emulated.database.execute("DELETE FROM pending_restart")
    colons = ":".join(ROOT.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    trust.delete(emulated.context, *NODE, "cup", colons)
    assert files(emulated) == ["Issuing_CA.pem"]
    assert pending(emulated) == [("imp-pub", "Cisco Presence Engine"), ("imp-pub", "Cisco SIP Proxy")]
    with pytest.raises(NotFound):
        trust.delete(emulated.context, *NODE, "cup", ROOT.fingerprint)


def csr(environment: Environment, **fields: Any) -> x509.CertificateSigningRequest:
    request = identities.SigningRequest("imp-pub.dc1.example.com", **fields)
    identities.check_request(request)
    pem = identities.create_request(environment.context, *NODE, "cup", request, identities.make_key(request))
    assert identities.waiting_request(environment.context, *NODE, "cup") == pem
    return x509.load_pem_x509_csr(pem.encode())


def test_a_signing_request_is_a_real_one(emulated: Environment) -> None:
    request = csr(emulated, alternative_names=("imp-pub", "192.0.2.12"))
    assert request.is_signature_valid
    public = request.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["imp-pub.dc1.example.com", "imp-pub"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.12"]


def test_elliptic_curves_and_stronger_hashes(emulated: Environment) -> None:
    request = csr(emulated, key_type="ec", key_length=384, hash_algorithm="sha384")
    assert isinstance(request.public_key(), ec.EllipticCurvePublicKey)
    assert request.signature_hash_algorithm is not None
    assert request.signature_hash_algorithm.name == "sha384"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key_type": "dsa"}, "keyType"),
        ({"key_length": 1024}, "keyLength"),
        ({"key_type": "ec", "key_length": 2048}, "keyLength"),
        ({"hash_algorithm": "md5"}, "hashAlgorithm"),
        ({"alternative_names": ("not a host",)}, "altNames"),
    ],
)
def test_signing_requests_that_are_refused(emulated: Environment, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        csr(emulated, **fields)
    assert refusal.value.field == field
    with pytest.raises(NotFound):
        identities.waiting_request(emulated.context, *NODE, "cup")


def test_the_common_name_must_be_a_host_name_of_a_subject(emulated: Environment) -> None:
    for name in ("", "x" * 65, "not a host"):
        with pytest.raises(InvalidValue):
            identities.check_request(identities.SigningRequest(name))


def test_the_certificate_that_answers_the_request_becomes_the_identity(emulated: Environment) -> None:
    before = identities.certificate(emulated.context, *NODE, "cup")
    assert before == keys.get(emulated.database, *NODE).certificate
    certificate = answer_request(csr(emulated, key_type="ec", key_length=256), ISSUING)
    identities.upload(emulated.context, *NODE, "cup", [ISSUING.pem + certificate])
    assert identities.certificate(emulated.context, *NODE, "cup") == parse_bundle(certificate)[0].pem
    assert identities.certificate(emulated.context, *NODE, "tomcat") == before
    with pytest.raises(NotFound):
        identities.waiting_request(emulated.context, *NODE, "cup")
    with pytest.raises(Forbidden):
        identities.upload(emulated.context, *NODE, "cup", [certificate, ISSUING.pem])


def test_the_issuer_may_stand_in_the_trust_store(emulated: Environment) -> None:
    certificate = answer_request(csr(emulated, key_type="ec", key_length=256), ISSUING)
    with pytest.raises(Forbidden) as refusal:
        identities.upload(emulated.context, *NODE, "cup", [certificate, ROOT.pem])
    assert refusal.value.code == "issuer-not-trusted"
    upload(emulated, ISSUING.pem)
    identities.upload(emulated.context, *NODE, "cup", [certificate])


def test_a_certificate_for_another_key_is_refused(emulated: Environment) -> None:
    stale = answer_request(csr(emulated, key_type="ec", key_length=256), ISSUING)
    csr(emulated, key_type="ec", key_length=256)
    for text in (stale, issue("imp-pub.dc1.example.com", by=ISSUING).pem):
        with pytest.raises(Forbidden) as refusal:
            identities.upload(emulated.context, *NODE, "cup", [text, ISSUING.pem])
        assert refusal.value.code == "csr-mismatch"


@pytest.mark.parametrize("service", ["", "CallManager", "cup-trust"])
def test_services_that_a_node_does_not_have(emulated: Environment, service: str) -> None:
    for read in (identities.certificate, identities.waiting_request, trust.trusted):
        with pytest.raises(DomainError):
            read(emulated.context, *NODE, service)
