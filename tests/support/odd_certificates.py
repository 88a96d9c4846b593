# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that no library would write: every part of them is bytes, and the signature is genuine all the same."""

from __future__ import annotations

import datetime
import hashlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

Key = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
Extension = tuple[str, bytes] | tuple[str, bytes, bool]
"""Object identifier, content in DER, and whether it is critical; false is written out, true too."""

SAN, BASIC, USAGE, AIA, POLICIES, CONSTRAINTS, AKI = (
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.15",
    "1.3.6.1.5.5.7.1.1",
    "2.5.29.32",
    "2.5.29.30",
    "2.5.29.35",
)
UTF8, PRINTABLE, T61, IA5, BMP, UNIVERSAL = 0x0C, 0x13, 0x14, 0x16, 0x1E, 0x1C
IS_CA, IS_NONE = b"\x30\x03\x01\x01\xff", b"\x30\x00"
_ATTRIBUTES = {"CN": "2.5.4.3", "O": "2.5.4.10", "C": "2.5.4.6", "L": "2.5.4.7", "OU": "2.5.4.11"}
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
KEY = ec.generate_private_key(ec.SECP256R1())
"""The key of every certificate that is not given one; making keys takes longer than all the rest."""
ROOT_KEY = ec.generate_private_key(ec.SECP256R1())


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return an element of ASN.1."""
    body = b"".join(parts)
    size = len(body)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 0x80 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + body


def oid(dotted: str) -> bytes:
    """Return an object identifier."""
    first, second, *others = map(int, dotted.split("."))
    body = b""
    for number in (first * 40 + second, *others):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.insert(0, number & 0x7F | 0x80)
        body += bytes(septets)
    return tlv(0x06, body)


def name(*attributes: tuple[str, str | bytes] | tuple[str, str | bytes, int]) -> bytes:
    """Return a distinguished name of ``(CN, text)`` or ``(CN, text or bytes, tag of the text)``."""
    parts = b""
    for kind, value, *tag in attributes:
        content = value.encode() if isinstance(value, str) else value
        parts += tlv(0x31, tlv(0x30, oid(_ATTRIBUTES.get(kind, kind)), tlv(tag[0] if tag else UTF8, content)))
    return tlv(0x30, parts)


def hosts(*names: str) -> bytes:
    """Return a subject alternative name of host names."""
    return tlv(0x30, *(tlv(0x82, one.encode()) for one in names))


def utc_time(moment: datetime.datetime) -> bytes:
    """Return a time as certificates have it until 2049."""
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def valid(days: tuple[int, int] = (-1, 30)) -> bytes:
    """Return a validity, counted from now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return tlv(0x30, *(utc_time(now + datetime.timedelta(days=day)) for day in days))


@dataclass(frozen=True)
class Odd:
    """A certificate in DER, and its key."""

    der: bytes
    key: Key
    subject: bytes

    @property
    def pem(self) -> str:
        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write certificate and key as PEM; returns their paths."""
        certificate, key = directory / "certificate.pem", directory / "key.pem"
        certificate.write_text(self.pem)
        key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, key


def odd(
    subject: bytes | str = "odd",
    *extensions: Extension,
    by: Odd | None = None,
    key: Key = KEY,
    issuer: bytes | None = None,
    version: bytes = b"\x02",
    serial: bytes = b"\x01\x23",
    validity: bytes | None = None,
    algorithm: bytes = ECDSA_SHA256,
    inner_algorithm: bytes | None = None,
    public: bytes | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> Odd:
    """Return a certificate, self-signed without ``by``; what is bytes stands in it as it is."""
    subject = name(("CN", subject)) if isinstance(subject, str) else subject
    parts = [
        tlv(0xA0, tlv(0x02, version)) if version != b"\x00" else b"",
        tlv(0x02, serial),
        algorithm if inner_algorithm is None else inner_algorithm,
        issuer if issuer is not None else by.subject if by else subject,
        valid() if validity is None else validity,
        subject,
        public
        or key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ]
    if extensions:
        parts.append(tlv(0xA3, tlv(0x30, *(_extension(*one) for one in extensions))))
    body = tlv(0x30, *parts)
    signature = sign(body) if sign else _sign(by.key if by else key, body)
    return Odd(tlv(0x30, body, algorithm, tlv(0x03, b"\0", signature)), key, subject)


def _extension(number: str, content: bytes, critical: bool | None = None) -> bytes:
    flag = b"" if critical is None else tlv(0x01, b"\xff" if critical else b"\0")
    return tlv(0x30, oid(number), flag, tlv(0x04, content))


def _sign(key: Key, body: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(body, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, dsa.DSAPrivateKey):
        return key.sign(body, hashes.SHA256())
    return key.sign(body)


def root(subject: bytes | str = "Odd Root", *extensions: Extension, key: Key = ROOT_KEY) -> Odd:
    """Return a root authority."""
    return odd(subject, (BASIC, IS_CA, True), *extensions, key=key)


def leaf_sans() -> dict[str, bytes]:
    """Return alternative names that hold mail1.example.com and something that few programs can read."""
    host = tlv(0x82, b"mail1.example.com")
    return {
        "latin-1-host": tlv(0x30, host, tlv(0x82, "b\xfccher.example".encode("latin-1"))),
        "x400-address": tlv(0x30, host, tlv(0xA3, tlv(0x30))),
        "edi-party": tlv(0x30, host, tlv(0xA5, tlv(0xA1, tlv(0x0C, b"example")))),
        "other-name": tlv(0x30, tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xA0, tlv(0x0C, b"x@example.com"))), host),
        "directory-name-in-latin-1": tlv(0x30, tlv(0xA4, name(("CN", b"B\xfcro", T61))), host),
        "short-address": tlv(0x30, host, tlv(0x87, b"\1\2\3")),
        "registered-id": tlv(0x30, host, tlv(0x88, b"\x2a\x03")),
        "mail-and-uri-in-latin-1": tlv(0x30, tlv(0x81, b"b\xfcro@example.com"), tlv(0x86, b"http://b\xfcro/"), host),
        "zero-in-another": tlv(0x30, host, tlv(0x82, b"mail2.example.com\0.example.org")),
        "empty-host": tlv(0x30, tlv(0x82), host),
    }


def beside() -> dict[str, Extension]:
    """Return extensions that few programs can read, and that change nothing of the names."""
    text = "Gepr\xfcft".encode("latin-1")
    notice = tlv(0x30, oid("1.3.6.1.5.5.7.2.2"), tlv(0x30, tlv(0x1A, text)))
    return {
        "aia-cut-off": (AIA, b"\x30\x0a\x30"),
        "policy-text-in-latin-1": (POLICIES, tlv(0x30, tlv(0x30, oid("1.2.3.4"), tlv(0x30, notice)))),
        "unknown": ("1.2.3.4.5.6", b"\xff\xff\xff"),
        "unknown-and-empty": ("1.2.3.4.5.7", b""),
        "default-written-out": ("1.2.3.4.5.8", b"\x05\x00", False),
        "ct-list-cut-off": ("1.3.6.1.4.1.11129.2.4.2", tlv(0x04, b"\0\x10\0")),
        "key-usage-period": ("2.5.29.16", tlv(0x30, tlv(0x80, b"nonsense"))),
        "policy-mappings": ("2.5.29.33", b"\x30\x03\x02\x01\x01"),
    }


# What OpenSSL cannot read, or finds twice; it refuses the certificate whatever the name is.
DAMAGED: dict[str, bytes] = {
    "garbage": b"\x30\x05odd",
    "no-list": b"\x05\x00",
    "empty": b"",
    "unknown-tag": tlv(0x30, tlv(0x8A, b"x")),
    "long-form-without-elements": tlv(0x30, tlv(0x83, b"x")),
    "party-without-choice": tlv(0x30, tlv(0xA5, b"\x0c\x01x"), tlv(0x82, b"mail1.example.com")),
    "other-name-without-value": tlv(0x30, tlv(0xA0, oid("1.2.3")), tlv(0x82, b"mail1.example.com")),
    "number-that-is-none": tlv(0x30, tlv(0x88, b"\x80\x01"), tlv(0x82, b"mail1.example.com")),
    "directory-name-that-is-none": tlv(0x30, tlv(0xA4, b"\x0c\x01x"), tlv(0x82, b"mail1.example.com")),
}
"""Alternative names that are damaged."""

_ALGORITHMS = ("1.2.840.113549.1.1.5", "1.2.840.113549.1.1.10", "1.2.840.10040.4.3", "1.3.101.112", "1.2.3.4")


def some_name(generator: random.Random) -> bytes:
    """Return a distinguished name in texts of all kinds, readable or not."""
    values = ["Büro", "日本", "a", "", " x ", "\0", "mail1.example.com", "#1"]
    tags = [UTF8, PRINTABLE, T61, BMP, UNIVERSAL, 0x1A, 0x04, 0x03, 0x1B, 0x24]
    encodings = ["utf-8", "latin-1", "utf-16-be", "utf-32-be"]
    return name(
        *(
            (
                generator.choice(["CN", "O", "C", "1.2.3", "0.9.2342.19200300.100.1.25"]),
                generator.choice(values).encode(generator.choice(encodings), "replace"),
                generator.choice(tags),
            )
            for _part in range(generator.randint(0, 4))
        )
    )


_ROOT = root()
_EXTENSIONS: list[Extension] = [
    *beside().values(),
    *((SAN, one) for one in (*leaf_sans().values(), *DAMAGED.values())),
    (BASIC, IS_CA),
    (BASIC, b"\x05"),
    (USAGE, b"\x03\x02\x01\x06"),
    (USAGE, b""),
    (SAN, hosts("mail1.example.com"), False),
]


def some_certificate(generator: random.Random) -> Odd:
    """Return a certificate in which anything may be odd."""
    times = [b"\x17\x0d300101000000Z", b"\x18\x0f20300101000000Z", b"\x17\x00", b"\x0c\x01x", b"\x17\x03\xff\xfe\xfd"]
    plain = name(("CN", f"CA {generator.random()}"))
    return odd(
        generator.choice([plain, plain, some_name(generator)]),
        *generator.sample(_EXTENSIONS, generator.randint(0, 5)),
        by=generator.choice([None, _ROOT]),
        issuer=generator.choice([None, None, some_name(generator)]),
        version=generator.choice([b"\0", b"\x02", b"\x06", b"\xff" * 40]),
        serial=generator.choice([b"\x01", b"\0", b"\xff", b"", b"\x7f" * 64]),
        validity=generator.choice([None, None, tlv(0x30, *generator.choices(times, k=2))]),
        algorithm=generator.choice(
            [ECDSA_SHA256, *(tlv(0x30, oid(one)) for one in _ALGORITHMS), b"\x30\x03\x06\x01\x2a"]
        ),
        public=generator.choice([None, None, b"\x30\x00", tlv(0x30, tlv(0x30, oid("1.2.3.4")), tlv(0x03, b"\0x"))]),
    )


def damaged(generator: random.Random, content: bytes) -> bytes:
    """Return the octets with some of them changed, and perhaps the end cut off."""
    octets = bytearray(content)
    for _hit in range(generator.randint(1, 4)):
        octets[generator.randrange(len(octets))] = generator.randrange(256)
    return bytes(octets[: generator.choice([len(octets), len(octets), generator.randrange(1, len(octets))])])
