# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with certificates and requests: what Windows and OpenSSL write is read, what is something else is named."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.csr import NotARequest, read_request
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import NotACertificate, split_bundle
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import TlsFailed
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file, der, der_kinds, text_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import _trusting
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import Identity, issue

ROOT = issue("Example Root CA", ca=True)
LEAF = issue("mail1.example.com", by=ROOT)
CHAIN = LEAF.pem + ROOT.pem
WANTED = [LEAF.fingerprint, ROOT.fingerprint]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def fingerprints(data: bytes) -> list[str]:
    return [one.fingerprint for one in split_bundle(data)]


def der_of(identity: Identity) -> bytes:
    return identity.certificate.public_bytes(Encoding.DER)


def block(label: str, data: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"


BUNDLE = pkcs7.serialize_certificates([LEAF.certificate, ROOT.certificate], Encoding.DER)
REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail9.example.com")]))
    .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
)
REQUEST_DER = REQUEST.public_bytes(Encoding.DER)
REQUEST_PEM = REQUEST.public_bytes(Encoding.PEM).decode()
CRL = (
    x509.CertificateRevocationListBuilder()
    .issuer_name(ROOT.certificate.subject)
    .last_update(ROOT.certificate.not_valid_before_utc)
    .next_update(ROOT.certificate.not_valid_after_utc)
    .sign(ROOT.key, hashes.SHA256())
    .public_bytes(Encoding.DER)
)


def open_lengths(data: bytes) -> bytes:
    """Return DER with open lengths (X.690, 8.1.3.6) down to a certificate, as some programs write PKCS #7."""
    element = der.element(data)
    if element.tag not in (0x30, 0xA0) or der_kinds.kind_of(element) == der_kinds.CERTIFICATE:
        return data
    inside = b"".join(open_lengths(one.raw) for one in element.children)
    return bytes([element.tag, 0x80]) + inside + b"\0\0"


# --- what is read


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_pem_in_any_encoding_and_with_any_line_breaks(encoding: str, end: str) -> None:
    assert fingerprints(CHAIN.replace("\n", end).encode(encoding)) == WANTED


TAKEN = {
    "DER": (der_of(LEAF) + der_of(ROOT), WANTED),
    "DER with a line break of an editor": (der_of(ROOT) + b"\r\n", [ROOT.fingerprint]),
    "DER PKCS 7": (BUNDLE, None),
    "PKCS 7 with open lengths": (open_lengths(BUNDLE), None),
    "PEM PKCS 7": (block("PKCS7", BUNDLE).encode(), None),
    "CMS": (block("CMS", BUNDLE).encode(), None),
    "PKCS 7 as Windows labels it": (block("CERTIFICATE", BUNDLE).encode(), None),
    "X509 CERTIFICATE": (block("X509 CERTIFICATE", der_of(ROOT)).encode(), [ROOT.fingerprint]),
    # What openssl x509 -trustout -addtrust serverAuth appends: X509_CERT_AUX.
    "TRUSTED CERTIFICATE": (
        block("TRUSTED CERTIFICATE", der_of(ROOT) + bytes.fromhex("300c300a06082b06010505070301")).encode(),
        [ROOT.fingerprint],
    ),
    "words around it in Latin-1": ("# Schlüssel von Müller\n".encode("latin-1") + CHAIN.encode(), WANTED),
    "words around it in Shift_JIS": ("# 証明書\n".encode("cp932") + CHAIN.encode(), WANTED),
    "indented": ("".join(f"    {line}\n" for line in CHAIN.splitlines()).encode(), WANTED),
    "labels that RFC 7468 calls old": (
        (block("PKCS #7 SIGNED DATA", BUNDLE) + block("CERTIFICATE CHAIN", BUNDLE)).encode(),
        None,
    ),
    "the end of a file of DOS": (der_of(ROOT) + b"\x1a", [ROOT.fingerprint]),
    "UTF-16 without a mark that begins in Japanese": (f"証明書、\u3000第一\n{CHAIN}".encode("utf-16-le"), WANTED),
    "the same the other way round": (f"証明書、\u3000第一\n{CHAIN}".encode("utf-16-be"), WANTED),
    "padded": (CHAIN.encode() + bytes(2000), WANTED),
    "in one line": (" ".join(ROOT.pem.splitlines()).encode(), [ROOT.fingerprint]),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_programs_write_is_read(kind: str) -> None:
    data, wanted = TAKEN[kind]
    assert sorted(fingerprints(data)) == sorted(wanted or WANTED)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("label", ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "CERTIFICATE SIGNING REQUEST"])
def test_a_request_in_any_encoding(encoding: str, label: str) -> None:
    text = REQUEST_PEM.replace("CERTIFICATE REQUEST", label).replace("\n", "\r\n")
    found = read_request(text.encode(encoding))
    assert found.common_name == "mail9.example.com"
    assert found.pem == REQUEST_PEM
    assert found == read_request(REQUEST_DER) == read_request(text)


def element_of(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def test_what_of_a_bundle_is_no_certificate_of_x509_is_left_out() -> None:
    """Attribute certificates and the like have tags of their own (RFC 5652, section 10.2.2)."""
    kind = bytes.fromhex("06092a864886f70d010702")
    attribute = element_of(0xA2, der_of(LEAF))
    certificates = element_of(0xA0, attribute, der_of(ROOT), attribute)
    signed = element_of(0x30, b"\x02\x01\x01", element_of(0x31), element_of(0x30), certificates, element_of(0x31))
    bundle = element_of(0x30, kind, element_of(0xA0, signed))
    assert fingerprints(bundle) == [ROOT.fingerprint]


def test_so_many_elements_as_no_file_has_are_not_read() -> None:
    few, many = b"\x30\0" * 100_000, b"\x30\0" * 100_001
    assert len(der.listed(few)) == len(der.element(b"\x30\x80" + few + b"\0\0").children) == 100_000
    for read in (der.listed, lambda data: der.element(b"\x30\x80" + data + b"\0\0")):
        with pytest.raises(der.Malformed, match="too many"):
            read(many)


# --- what is named


KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def key(kind: PrivateFormat, of: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY) -> bytes:
    return of.private_bytes(Encoding.DER, kind, NoEncryption())


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "PKCS 8": SECRET,
    "EC": key(PrivateFormat.TraditionalOpenSSL),
    "PKCS 1": key(PrivateFormat.TraditionalOpenSSL, RSA),
    "Ed25519": ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "encrypted": KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
}
PFX = pkcs12.serialize_key_and_certificates(b"x", ROOT.key, ROOT.certificate, None, BestAvailableEncryption(b"secret"))
ESCAPED = ROOT.pem.replace("\n", "\\n")

OTHER = {
    "empty": (b"", "it is empty."),
    "blank": (b" \r\n\0", "it is empty."),
    "a mark alone": (b"\xef\xbb\xbf", "it is empty."),
    "a mark of UTF-16 alone": (b"\xff\xfe", "it is empty."),
    "PKCS 12": (PFX, "it is PKCS #12 (.pfx, .p12)"),
    "PKCS 12 in base 64": (base64.encodebytes(PFX), "it is PKCS #12 (.pfx, .p12)"),
    **{f"key {name}": (data, "it holds a private key") for name, data in KEYS.items()},
    "key in PEM": (block("EC PRIVATE KEY", SECRET).encode(), "it holds a private key"),
    "key in UTF-16": (block("PRIVATE KEY", SECRET).encode("utf-16"), "it holds a private key"),
    "key that is cut off": (block("RSA PRIVATE KEY", SECRET)[:50].encode(), "it holds a private key"),
    "key in base 64": (base64.encodebytes(SECRET), "it holds a private key"),
    "key labelled a certificate": (block("CERTIFICATE", SECRET).encode(), "it holds a private key"),
    "public key": (KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "public key alone"),
    "CRL": (CRL, "revocation list"),
    "CRL in PEM": (block("X509 CRL", CRL).encode(), "revocation list"),
    "newlines as text": (ESCAPED.encode(), "line 1: \\n stands in it as text"),
    "newlines of Windows as text": (ESCAPED.replace("\\n", "\\r\\n").encode(), "line 1: \\n stands in it as text"),
    "newlines as text later": (f"# root\n\n'{ESCAPED}'".encode(), "line 3: \\n stands in it as text"),
    "a web page": (b"<!DOCTYPE html><html>Sign in</html>", "it is a web page"),
    "a web page in UTF-16": ("<html>".encode("utf-16"), "it is a web page"),
    "a ZIP archive": (b"PK\x03\x04", "it is a ZIP archive"),
    "a Java key store": (b"\xfe\xed\xfe\xed\0\0\0\2", "it is a Java key store"),
    "a store of Windows": (b"\0\0\0\0CERT", "it is a certificate store of Windows"),
    "a vault": (b"$ANSIBLE_VAULT;1.1;AES256\n6162", "ansible-vault"),
    "an SSH key": (b"ssh-rsa AAAAB3NzaC1yc2E host", "it is a key of SSH"),
    "PEM cut off": (CHAIN[:-40].encode(), "no matching end (2 begin, 1 end)"),
    "DER cut off": (der_of(ROOT)[:100], f"cut off (100 of {len(der_of(ROOT))} bytes)"),
    "DER and something else": (der_of(ROOT) + b"and more", "8 bytes that are no DER follow it"),
    "four hyphens": (ROOT.pem.replace("-----", "----").encode(), "needs five hyphens"),
    "dashes": (f"root:\n{ROOT.pem}".replace("-----", "—").encode(), "line 2: the marker BEGIN CERTIFICATE needs"),
    "UTF-16 cut off": (CHAIN.encode("utf-16")[:-1], "it is UTF-16, and damaged or cut off"),
    "UTF-16 without a mark cut off": (CHAIN.encode("utf-16-be")[:-1], "it is UTF-16, and damaged or cut off"),
    "JSON": (b'{"error": "no such certificate"}', "it is JSON, and not what was to be downloaded"),
    "a list in JSON": (b'[ {"x5c": []}]', "it is JSON, and not what was to be downloaded"),
    "an answer with headers": (b"HTTP/1.1 302 Found\r\nLocation: /\r\n", "the answer of a web server"),
    "PEM in base 64": (base64.encodebytes(CHAIN.encode()), "it is PEM in base 64 once more"),
    "hexadecimal": (der_of(ROOT).hex(" ").encode(), "it is hexadecimal"),
    "letters": (b"abcdefgh" * 20, "PEM"),
    "no beginning": (b"MIIB\n-----END CERTIFICATE-----\n", "a PEM block in it has no beginning"),
    "quoted in a message": (
        "".join(f"> {line}\n" for line in CHAIN.splitlines()).encode(),
        "U+003E (Greater-than sign)",
    ),
    "what nobody sees": (CHAIN.replace("MII", "MI\u200bI", 1).encode(), "U+200B (Zero width space) stands in it"),
    "a block of parameters": (
        block("EC PARAMETERS", b"\x06\0").encode(),
        "it holds a block that is called EC PARA",
    ),
    "PKCS 12 with a label": (block("PKCS12", PFX).encode(), "it is PKCS #12 (.pfx, .p12)"),
    "an xz archive": (b"\xfd7zXZ\0\0", "it is an xz archive"),
    "a printout": (b"Certificate:\n    Data:\n        Version: 3 (0x2)\n", "it is a printout for people"),
    "PGP": (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n",
        "PGP PUBLIC KEY BLOCK",
    ),
}


def told_of_certificates(data: bytes) -> str:
    with pytest.raises(NotACertificate) as caught:
        split_bundle(data)
    return str(caught.value)


def told_of_requests(data: bytes) -> str:
    with pytest.raises(NotARequest) as caught:
        read_request(data)
    return str(caught.value)


@pytest.mark.parametrize("kind", OTHER)
def test_what_is_something_else_is_named(kind: str) -> None:
    data, said = OTHER[kind]
    for told in (told_of_certificates(data), told_of_requests(data)):
        assert said in told
        assert len(told) < 300
        assert base64.b64encode(SECRET).decode()[:20] not in told


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (REQUEST_DER, "it holds a certificate request (CERTIFICATE REQUEST); give the certificate"),
        (REQUEST_PEM.encode("utf-16"), "it holds a certificate request (CERTIFICATE REQUEST); give the certificate"),
        (base64.encodebytes(der_of(ROOT)), "base 64 without markers; put -----BEGIN CERTIFICATE-----"),
        (base64.encodebytes(der_of(ROOT)).decode().encode("utf-16"), "base 64 without markers"),
        (f"{ROOT.pem}\n\n{block('CERTIFICATE', b'nothing')}".encode(), "line 12: certificate 2 cannot be read"),
        (
            f"# roots\n{CHAIN}".replace("MII", "\nMéI", 1).encode(),
            "line 4: certificate 1 cannot be read: U+00E9 (Latin small letter e with acute) stands in it",
        ),
        (b"hello", "it holds no PEM certificate"),
    ],
)
def test_where_a_certificate_is_due(data: bytes, said: str) -> None:
    assert said in told_of_certificates(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (CHAIN.encode(), "it holds a certificate; give the signing request"),
        (der_of(ROOT), "it holds a certificate; give the signing request"),
        (BUNDLE, "it is PKCS #7; give a request of PKCS #10"),
        (base64.encodebytes(REQUEST_DER), "base 64 without markers; put -----BEGIN CERTIFICATE REQUEST-----"),
        (REQUEST_PEM.encode() * 2, "it holds 2 requests; give one"),
        (REQUEST_PEM.replace("MI", "!I", 1).encode(), "line 2: request 1 cannot be read: U+0021 (Exclamation mark)"),
        (REQUEST_PEM.replace("MI", "NI", 1).encode(), "it is no certificate signing request in PEM"),
        (b"hello", "it is no certificate signing request in PEM"),
    ],
)
def test_where_a_request_is_due(data: bytes, said: str) -> None:
    assert said in told_of_requests(data)


# --- whatever it is


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=60).map(lambda data: b"\x30\x80" + data)))
def test_no_bytes_make_the_readers_fall_over(data: bytes) -> None:
    for read in (certificate_file.certificates, certificate_file.request):
        with pytest.raises(NotRead):
            read(data)


@given(st.sampled_from([CHAIN.encode(), BUNDLE, REQUEST_DER, PFX]), st.data())
def test_a_file_that_was_damaged_is_a_sentence(data: bytes, choose: st.DataObject) -> None:
    at = choose.draw(st.integers(0, len(data) - 1))
    damaged = data[:at] + bytes([choose.draw(st.integers(0, 255))]) + data[at + choose.draw(st.integers(0, 2)) :]
    for read, refusal in ((split_bundle, NotACertificate), (read_request, NotARequest)):
        told = _refused(read, refusal, damaged)
        assert told is None or (told.endswith(".") and len(told) < 300)


def _refused(read: Callable[[bytes], Any], refusal: type[Exception], data: bytes) -> str | None:
    try:
        read(data)
    except refusal as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "data",
    [b"\x30\x80" * 50_000, b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" + b"\x30\0" * 1_000_000, b"\x3f" * 10_000],
)
def test_deep_and_long_files_cost_nothing(data: bytes) -> None:
    told_of_certificates(data)


def test_no_more_is_read_than_a_file_can_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"x" * 101)
    assert len(text_file.content(file, 101)) == 101
    with pytest.raises(NotRead, match="more than"):
        text_file.content(file, 100)
    with pytest.raises(NotRead, match="no regular file"):
        text_file.content(Path("/dev/zero"))
    for name in ("a\0b", "\ud800"):
        with pytest.raises(NotRead, match="no file can have such a name"):
            text_file.content(Path(name))


# --- ca_path


@pytest.mark.parametrize(
    "data", [CHAIN.encode(), CHAIN.encode("utf-8-sig"), CHAIN.encode("utf-16"), der_of(ROOT), BUNDLE, TAKEN["CMS"][0]]
)
def test_ca_path_takes_the_same_files(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "authorities"
    file.write_bytes(data)
    assert ROOT.fingerprint in {
        hashlib.sha256(one).hexdigest() for one in _trusting(str(file)).get_ca_certs(binary_form=True)
    }


@pytest.mark.parametrize(("data", "said"), [(PFX, "PKCS #12"), (b"", "it is empty"), (ESCAPED.encode(), "line 1: \\n")])
def test_ca_path_names_what_it_cannot_take(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "authorities"
    file.write_bytes(data)
    with pytest.raises(TlsFailed, match=re.escape(said)) as caught:
        _trusting(str(file))
    assert str(file) in str(caught.value)
