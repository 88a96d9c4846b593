# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate made anew with a key of ours: everything in it stays as it is, octet by octet, but what hangs on keys.

It is put together of the elements of the real one (RFC 5280, ITU-T X.690), so that what is odd in that is odd in this
one as well: subject, issuer, serial number, dates and extensions are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import SubjectKeyIdentifier

from imp_emulator.crypto.certificates import PrivateKey
from imp_emulator.x509.certificate import Certificate, held
from imp_emulator.x509.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    Malformed,
    dotted,
    element,
    listed,
)
from imp_emulator.x509.signatures import public_key

STANDS_IN_FOR = "2.25.187254109736284510986341250984310277665"
"""The extension in which a copy holds the real certificate (DER), not critical; an arc of a UUID, so nobody else's."""

AUTHORITY_KEY = "2.5.29.35"
"""The extension that tells of which key an issuer has signed with it."""
_BASIC_CONSTRAINTS, _SUBJECT_KEY = "2.5.29.19", "2.5.29.14"
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_KEY_IDENTIFIER = 0x80
_V3 = b"\x02\x01\x02"
_NULL = b"\x05\x00"
_SMALLEST, _LARGEST = 2048, 4096
"""Bits of an RSA key: below the first OpenSSL serves none, above the second making one takes minutes."""

_Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
_HASHES: dict[str, _Hash] = {
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
"""The hash of a signature; every other one becomes SHA-256, because OpenSSL takes nothing weaker any more."""
_RSA = {"sha256": "1.2.840.113549.1.1.11", "sha384": "1.2.840.113549.1.1.12", "sha512": "1.2.840.113549.1.1.13"}
_ECDSA = {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}


def key_like(key: bytes) -> PrivateKey:
    """Return a new private key of the kind of a real public one (SubjectPublicKeyInfo, DER).

    An RSA key has the same length, within what can be used here; a key of an unknown kind becomes one of RSA.
    """
    try:
        real = public_key(key)
    except Exception:  # noqa: BLE001 - whatever is odd about it, it cannot be used here
        real = None
    if isinstance(real, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(real.curve)
    bits = real.key_size if isinstance(real, rsa.RSAPublicKey) else _SMALLEST
    return rsa.generate_private_key(65537, min(max(bits, _SMALLEST), _LARGEST))


@dataclass(frozen=True, slots=True)
class _Signing:
    """How a key signs: the algorithm identifier (DER), and the key with its hash."""

    algorithm: bytes
    key: PrivateKey
    hash: _Hash

    @classmethod
    def like(cls, real: Certificate, key: PrivateKey) -> _Signing:
        """Return the way that is nearest to that of a real certificate."""
        named = listed(real.parts.algorithm.content)[:1]
        chosen = _HASHES.get(dotted(named[0].content) if named else "", hashes.SHA256())
        if isinstance(key, rsa.RSAPrivateKey):
            return cls(_tlv(SEQUENCE, _oid(_RSA[chosen.name]) + _NULL), key, chosen)
        return cls(_tlv(SEQUENCE, _oid(_ECDSA[chosen.name])), key, chosen)

    def sign(self, body: bytes) -> bytes:
        """Return the signature of a body."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(body, padding.PKCS1v15(), self.hash)
        return self.key.sign(body, ec.ECDSA(self.hash))


def copy(real: Certificate, key: PrivateKey, signer: PrivateKey) -> Certificate:
    """Return a certificate like a real one, with another key, signed by the key that stands for its issuer's.

    Raises:
        Malformed: The real one cannot be read.
    """
    fields, first = _fields(real)
    signing = _Signing.like(real, signer)
    written = [field.raw for field in fields]
    written[first + 1] = signing.algorithm
    written[first + 5] = _public(key)
    for number, field in enumerate(fields):
        if field.tag == _EXTENSIONS:
            written[number] = _tlv(_EXTENSIONS, _extensions(field, real, key, signer))
    body = _tlv(SEQUENCE, b"".join(written))
    signature = _tlv(BIT_STRING, b"\0" + signing.sign(body))
    return held(_tlv(SEQUENCE, body + signing.algorithm + signature))


def issuer_of(real: Certificate, key: PrivateKey) -> Certificate:
    """Return a root of ours named as a real certificate's issuer, which nobody has given; valid as that.

    Raises:
        Malformed: The real one cannot be read.
    """
    fields, first = _fields(real)
    issuer, validity = fields[first + 2].raw, fields[first + 3].raw
    signing = _Signing.like(real, key)
    extensions = _extension(_BASIC_CONSTRAINTS, _tlv(SEQUENCE, _tlv(BOOLEAN, b"\xff")))
    extensions += _extension(_SUBJECT_KEY, _tlv(OCTET_STRING, _identifier(key)))
    body = _tlv(
        SEQUENCE,
        _tlv(_VERSION, _V3)
        + _tlv(INTEGER, b"\x01")
        + signing.algorithm
        + issuer
        + validity
        + issuer
        + _public(key)
        + _tlv(_EXTENSIONS, _tlv(SEQUENCE, extensions)),
    )
    return held(_tlv(SEQUENCE, body + signing.algorithm + _tlv(BIT_STRING, b"\0" + signing.sign(body))))


def _fields(real: Certificate) -> tuple[list[Element], int]:
    """Return the fields of a certificate, and where its serial number stands among them: a version may be before it.

    Raises:
        Malformed: There are fewer than every certificate has.
    """
    fields = element(real.parts.body).of(SEQUENCE).children
    first = 1 if fields and fields[0].tag == _VERSION else 0
    if len(fields) < first + 6:
        raise Malformed("no certificate")
    return fields, first


def _public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _extensions(field: Element, real: Certificate, key: PrivateKey, signer: PrivateKey) -> bytes:
    """Write the extensions with the identifiers of our keys, and the real certificate behind them."""
    written = []
    for one in element(field.content).of(SEQUENCE).children:
        parts = listed(one.content) if one.tag == SEQUENCE else []
        name = dotted(parts[0].content) if parts and parts[0].tag == OID else ""
        if name == _SUBJECT_KEY:
            written.append(_extension(name, _tlv(OCTET_STRING, _identifier(key))))
        elif name == AUTHORITY_KEY:
            written.append(_extension(name, _tlv(SEQUENCE, _tlv(_KEY_IDENTIFIER, _identifier(signer)))))
        else:
            written.append(one.raw)
    written.append(_extension(STANDS_IN_FOR, real.parts.der))
    return _tlv(SEQUENCE, b"".join(written))


def _extension(name: str, value: bytes) -> bytes:
    return _tlv(SEQUENCE, _oid(name) + _tlv(OCTET_STRING, value))


def _identifier(key: PrivateKey) -> bytes:
    return SubjectKeyIdentifier.from_public_key(key.public_key()).digest


def _tlv(tag: int, content: bytes) -> bytes:
    """Write an element with its length in the shortest form."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _oid(text: str) -> bytes:
    first, second, *others = map(int, text.split("."))
    written = bytearray()
    for number in (40 * first + second, *others):
        octets = [number & 0x7F]
        while number := number >> 7:
            octets.append(0x80 | number & 0x7F)
        written += bytes(reversed(octets))
    return _tlv(OID, bytes(written))
