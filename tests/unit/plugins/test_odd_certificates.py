# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that a library reads in part only: what cannot be read costs that one value, and nothing is raised."""

from __future__ import annotations

import ast
import datetime
import hashlib
import json
import os
import random
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import (
    chain_to,
    missing_issuer,
    outdated_above,
)
from ansible_collections.ucops.imp.plugins.module_utils._certificates.csr import NotARequest, read_request
from ansible_collections.ucops.imp.plugins.module_utils._certificates.exchange import server_certificate
from ansible_collections.ucops.imp.plugins.module_utils._certificates.names import CertificateNames
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    held,
    held_pem,
    read_der,
    split_bundle,
    with_issuers,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.support.certificates import issue
from tests.support.odd_certificates import (
    BASIC,
    BMP,
    DAMAGED,
    IS_CA,
    SAN,
    T61,
    UNIVERSAL,
    USAGE,
    Extension,
    Odd,
    beside,
    damaged,
    hosts,
    leaf_sans,
    name,
    odd,
    root,
    some_certificate,
    tlv,
)
from tests.support.project_files import ROOT as ROOT_FOLDER

CASES = 6000 if "ALL_CASES" in os.environ else 300
HOST = "mail1.example.com"
HOSTS = (SAN, hosts(HOST))
ROOT = root()


def read(one: Odd) -> Certificate:
    return read_der(one.der, "it")


@pytest.mark.parametrize("content", leaf_sans().values(), ids=leaf_sans())
def test_an_alternative_name_of_any_kind_does_not_hide_the_others(content: bytes) -> None:
    names = read(odd("other", (SAN, content))).names
    assert HOST in names.hosts
    assert names.mismatch(HOST) is None
    assert names.mismatch("other") == "Failed - SAN Mismatch"


@pytest.mark.parametrize("extension", beside().values(), ids=beside())
def test_an_extension_that_cannot_be_read_does_not_hide_the_names(extension: tuple[str, bytes]) -> None:
    names = read(odd("other", extension, HOSTS)).names
    assert names == CertificateNames(("other",), (HOST,))


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_alternative_names_that_are_damaged_fit_nobody(content: bytes) -> None:
    names = read(odd(HOST, (SAN, content))).names
    assert names.mismatch(HOST) == "Failed - Bad Certificates"
    assert "damaged" in str(names)


def test_alternative_names_that_come_twice_fit_nobody() -> None:
    assert read(odd(HOST, HOSTS, HOSTS)).names.mismatch(HOST) == "Failed - Bad Certificates"


@pytest.mark.parametrize(
    ("subject", "fits"),
    [
        ([("CN", HOST), ("CN", "second")], True),
        ([("CN", "first"), ("CN", HOST)], True),
        ([("CN", "first"), ("O", HOST)], False),
        ([("CN", HOST.encode("utf-16-be"), BMP)], True),
        ([("CN", HOST.encode("utf-32-be"), UNIVERSAL)], True),
        ([("CN", HOST, T61)], True),
        ([("CN", HOST, 0x03)], False),
        ([("CN", f"{HOST}\0.example.org")], False),
        ([("CN", b"\xff\xfe")], False),
        ([], False),
    ],
)
def test_every_common_name_counts(subject: list[tuple[str, str | bytes]], fits: bool) -> None:
    names = read(odd(name(*subject))).names
    assert (names.mismatch(HOST) is None) is fits


@pytest.mark.parametrize("subject", [[("CN", "192.0.2.21"), ("CN", "x")], [("CN", "x"), ("CN", "192.0.2.21")]])
def test_an_address_may_be_any_common_name(subject: list[tuple[str, str]]) -> None:
    names = read(odd(name(*subject))).names
    assert names.mismatch("192.0.2.21") is None
    assert names.mismatch("192.0.2.22") == "Failed - Subject CN Mismatch"
    assert str(names) == f"subject CN {', '.join(value for _kind, value in subject)}"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ([("C", "DE"), ("O", "B\xfcro".encode("latin-1"), T61), ("CN", "CA")], "CN=CA,O=Büro,C=DE"),
        ([("CN", b"\xffro")], "CN=\ufffdro"),
        ([("CN", "日本".encode("utf-16-be"), BMP)], "CN=日本"),
        ([("CN", b"\xd8\x00\x00a", BMP)], "CN=\ufffda"),
        ([("CN", b"odd", 0x04)], "CN=#04036f6464"),
        ([("1.2.3.4", "x")], "1.2.3.4=x"),
        ([("CN", "a\nb\x1b[31m\u202e")], r"CN=a\0Ab\1B[31m\E2\80\AE"),
        ([], ""),
    ],
)
def test_a_name_is_shown_as_far_as_it_can_be_read(subject: list[tuple[str, str | bytes]], shown: str) -> None:
    certificate = read(odd(name(*subject)))
    assert certificate.subject == shown
    assert certificate.self_signed


LETTERS = ["a", "B", "é", "日", "\u3000", " ", "+", ",", ";", "<", ">", "=", '"', "\\", "#", "\0", "/", "ß", "😀"]


def test_names_are_written_as_the_library_writes_them() -> None:
    generator = random.Random(20260101)
    kinds = [NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME, NameOID.STATE_OR_PROVINCE_NAME]
    kinds += [NameOID.DOMAIN_COMPONENT, NameOID.USER_ID, NameOID.EMAIL_ADDRESS]
    for _number in range(60):
        parts = []
        for _part in range(generator.randint(1, 4)):
            chosen = generator.sample(kinds, generator.choice((1, 1, 2)))
            values = ["".join(generator.choices(LETTERS, k=generator.randint(1, 6))) for _kind in chosen]
            attributes = [
                x509.NameAttribute(kind, value if kind != NameOID.DOMAIN_COMPONENT else "example", _type=None)
                for kind, value in zip(chosen, values, strict=True)
                if kind != NameOID.EMAIL_ADDRESS or value.isascii()
            ]
            parts += [x509.RelativeDistinguishedName(attributes)] if attributes else []
        one = odd(x509.Name(parts).public_bytes())
        assert read(one).subject == x509.load_der_x509_certificate(one.der).subject.rfc4514_string()


def test_a_certificate_is_read_as_the_library_reads_it() -> None:
    for identity in (issue("Root CA", ca=True), issue("x", hosts=["a.example.com", "192.0.2.1", "2001:db8::1"])):
        certificate, library = read_der(identity.certificate.public_bytes(serialization.Encoding.DER), "it"), identity
        assert certificate.fingerprint == library.fingerprint
        assert certificate.pem == library.pem
        assert certificate.not_before == library.certificate.not_valid_before_utc
        assert certificate.not_after == library.certificate.not_valid_after_utc
        assert certificate.thumbprint == library.certificate.fingerprint(hashes.SHA1()).hex().upper()
        assert int.from_bytes(certificate.parts.serial, "big") == library.certificate.serial_number
        assert len(certificate.parts.extensions) == len(library.certificate.extensions)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (tlv(0x17, b"500101000000Z"), tlv(0x17, b"491231235959Z"), ("1950-01-01T00:00:00", "2049-12-31T23:59:59")),
        (tlv(0x18, b"20500101000000Z"), tlv(0x18, b"99991231235959Z"), ("2050-01-01T00:00:00", "9999-12-31T23:59:59")),
        (tlv(0x18, b"00000101000000Z"), tlv(0x17, b"3001010000Z"), ("0001-01-01T00:00:00", "2030-01-01T00:00:00")),
        (
            tlv(0x17, b"300101000000+0130"),
            tlv(0x18, b"20300101000000-0130"),
            ("2029-12-31T22:30:00", "2030-01-01T01:30:00"),
        ),
        (tlv(0x18, b"20300101000000.5Z"), tlv(0x18, b"20300101000000"), ("2030-01-01T00:00:00", "2030-01-01T00:00:00")),
    ],
)
def test_dates_in_any_writing(first: bytes, last: bytes, expected: tuple[str, str]) -> None:
    told = read(odd(validity=tlv(0x30, first, last))).as_dict()
    assert (told["not_before"], told["not_after"]) == tuple(f"{one}+00:00" for one in expected)


@pytest.mark.parametrize("when", [b"nonsense", b"", b"301301000000Z", b"300230000000Z", b"\xb2\xb30101000000Z"])
def test_a_date_that_cannot_be_read_is_never_in_time(when: bytes) -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = read(odd(validity=tlv(0x30, tlv(0x17, when), tlv(0x17, when))))
    assert certificate.out_of_date(now)
    assert certificate.days_left(now) < 0
    assert certificate.as_dict()["not_after"].startswith("0001-01-01")


@pytest.mark.parametrize("serial", [b"\x00", b"\xff", b"", b"\x01" * 2000], ids=["zero", "negative", "empty", "huge"])
def test_any_serial_number_will_do(serial: bytes) -> None:
    assert read(odd("CA", serial=serial)).subject == "CN=CA"


NO_CERTIFICATES = {
    "empty": b"",
    "text": b"nothing",
    "cut-off": ROOT.der[:-1],
    "list": b"\x30\x00",
    "no-end": b"\x30\x80" * 50,
    "long": b"\x30\x88" + b"\xff" * 8,
    "tag-without-end": b"\x3f" + b"\xff" * 20,
    "request": tlv(0x30, tlv(0x30, b"\x02\x01\x00", name(), b"\x30\x00", b"\xa0\x00"), b"\x30\x00", b"\x03\x01\0"),
    "subject-without-list": odd(b"\x02\x01\x00").der,
    "name-of-a-kind-without-end": odd(tlv(0x30, tlv(0x31, tlv(0x30, b"\x06\x01\x80", b"\x0c\x01x")))).der,
}


@pytest.mark.parametrize("content", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES)
def test_what_is_no_certificate_is_refused_in_a_file_and_shown_of_a_server(content: bytes) -> None:
    with pytest.raises(NotACertificate):
        read_der(content, "it")
    one = held(content)
    assert (one.subject, one.issuer, one.names.every) == ("(cannot be read)", "", frozenset())
    assert one.out_of_date(datetime.datetime.now(datetime.timezone.utc))
    assert not one.parts.authority
    told = server_certificate({"RawData": content or b"x", "Status": "Valid"})
    assert told.as_dict()["subject"] == "(cannot be read)"


def test_a_store_with_one_that_cannot_be_read_shows_all_of_them() -> None:
    broken = ROOT.der.replace(b"Odd Root", b"Odd\xffRoot", 1)[:-9]
    text = f"-----BEGIN CERTIFICATE-----\n{b64encode(broken).decode()}\n-----END CERTIFICATE-----\n"
    found = held_pem(ROOT.pem + text)
    assert [one.subject for one in found] == ["CN=Odd Root", "(cannot be read)"]
    assert found[1].fingerprint == hashlib.sha256(broken).hexdigest()
    for nothing in (
        "",
        "text",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        text.replace("CERT", "SERT"),
    ):
        with pytest.raises(NotACertificate):
            held_pem(nothing)


def everything(content: bytes) -> None:
    """Ask everything of a certificate that any module asks; it may be refused, and nothing else is raised."""
    now = datetime.datetime.now(datetime.timezone.utc)
    one = held(content)
    text = one.pem + ROOT.pem
    for data in (content, text.encode()):
        with suppress(NotACertificate):
            found = [*split_bundle(data), *held_pem(text)]
            chain_to(found, [read(ROOT)])
            missing_issuer(found)
            outdated_above(found[0], found, now)
            with_issuers(found, found)
    shown = server_certificate({"RawData": content, "Status": "Valid"})
    json.dumps([one.as_dict(), shown.as_dict(), one.key, one.thumbprint, one.days_left(now), str(one.names)])
    json.dumps([one.subject, one.issuer]).encode("utf-8")
    one.names.mismatch(HOST)
    with suppress(NotARequest):
        read_request(one.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"))


def test_whatever_a_certificate_holds_nothing_but_a_refusal_is_raised() -> None:
    generator = random.Random(20261126)
    for number in range(CASES):
        content = damaged(generator, some_certificate(generator).der) if number % 2 else some_certificate(generator).der
        everything(content)


@pytest.mark.parametrize(
    "file",
    [
        *(f"_formats/{file}.py" for file in ("der", "pkcs7")),
        *(f"_certificates/{file}.py" for file in ("distinguished_names", "extensions", "parts", "signatures")),
    ],
)
def test_both_trees_read_certificates_by_one_rule(file: str) -> None:
    """The collection and the emulator cannot import one another, so each has the files; they must not drift apart."""
    own = rules(ROOT_FOLDER / "plugins" / "module_utils" / file)
    other = rules(ROOT_FOLDER / "emulator" / "src" / "imp_emulator" / "x509" / Path(file).name)
    assert own == other
    assert len(own) > 1


def test_both_trees_tell_encodings_by_one_rule() -> None:
    own = rules(ROOT_FOLDER / "plugins" / "module_utils" / "_formats" / "text_file.py")
    other = rules(ROOT_FOLDER / "emulator" / "src" / "imp_emulator" / "text_files.py")
    shared = set(own) & set(other)
    rule_of_both = ("Assign(targets=[Name(id='_MARKS'", "FunctionDef(name='encoding_of'")
    assert [any(one.startswith(rule) for one in shared) for rule in rule_of_both] == [True, True]


def rules(path: Path) -> list[str]:
    """Return what a file defines, without what it imports and from where."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [ast.dump(node) for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Try))]


DAMAGED_OTHERS = {
    "constraints-twice": [(BASIC, IS_CA), (BASIC, IS_CA)],
    "constraints-garbage": [(BASIC, b"\x30\x05x")],
    "usage-of-another-kind": [(USAGE, b"\x05\x00")],
    "usage-twice": [(USAGE, b"\x03\x02\x01\x06"), (USAGE, b"\x03\x02\x01\x06")],
    "key-identifier-of-another-kind": [("2.5.29.14", b"\x05\x00")],
}


@pytest.mark.parametrize("extensions", DAMAGED_OTHERS.values(), ids=DAMAGED_OTHERS)
def test_an_extension_that_openssl_goes_by_makes_it_refuse_the_certificate(extensions: list[Extension]) -> None:
    assert read(odd(HOST, HOSTS, *extensions)).names.mismatch(HOST) == "Failed - Bad Certificates"
