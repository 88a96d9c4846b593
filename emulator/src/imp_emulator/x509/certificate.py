# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as the whole emulator knows them: told apart by fingerprint, with what is asked about one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import crypto

from imp_emulator.x509.der import Malformed
from imp_emulator.x509.parts import Parts, read_parts, unreadable
from imp_emulator.x509.signatures import public_key

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate; what cannot be read of it is left out or replaced, and costs nothing else.

    Attributes:
        parts: What it is made of.
        pem: PEM text with 64 characters in a line, whatever form it arrived in.
        fingerprint: SHA-256 over the DER form, lower-case hexadecimal without separators.
    """

    parts: Parts
    pem: str
    fingerprint: str

    @property
    def subject(self) -> str:
        """The subject's distinguished name as RFC 4514 writes it."""
        return self.parts.subject.text

    @property
    def issuer(self) -> str:
        """The issuer's distinguished name as RFC 4514 writes it."""
        return self.parts.issuer.text

    @property
    def common_names(self) -> tuple[str, ...]:
        """Every CN of the subject; most have one, and a trust certificate may do without (requirement C10)."""
        return self.parts.subject.common_names

    @property
    def dns_names(self) -> tuple[str, ...]:
        """The host names of the subject alternative name, wildcards included."""
        return self.parts.alternatives.hosts

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses of the subject alternative name, in canonical form."""
        return self.parts.alternatives.addresses

    @property
    def not_before(self) -> datetime:
        """From when on it is valid, aware."""
        return self.parts.not_before

    @property
    def not_after(self) -> datetime:
        """How long it is valid, aware."""
        return self.parts.not_after

    @property
    def thumbprint(self) -> str:
        """The name that Windows gives it: its SHA-1, upper-case hexadecimal."""
        return hashlib.sha1(self.parts.der, usedforsecurity=False).hexdigest().upper()

    @property
    def serial(self) -> str:
        """The serial number as it stands there, lower-case hexadecimal without leading zeros."""
        return self.parts.serial.hex().lstrip("0") or "0"

    @property
    def rsa_bits(self) -> int:
        """The length of its RSA key; 0 for every other key."""
        try:
            key = public_key(self.parts.key)
        except (ValueError, TypeError, LookupError, UnsupportedAlgorithm):
            return 0
        return key.key_size if isinstance(key, rsa.RSAPublicKey) else 0

    @property
    def self_signed(self) -> bool:
        """Whether it is its own issuer, as roots are."""
        return self.issued_by(self)

    def issued_by(self, other: Certificate) -> bool:
        """Tell whether another certificate's key signed this one, and its subject is this one's issuer."""
        return self.parts.issued_by(other.parts) is True


def checked(data: bytes) -> Certificate:
    """Read a certificate in DER; raises :class:`Malformed` for what OpenSSL does not take for one either."""
    found = _of(read_parts(data))
    try:
        crypto.load_certificate(crypto.FILETYPE_ASN1, found.parts.der)
    except crypto.Error:
        raise Malformed("no certificate") from None
    return found


def checked_pem(text: str) -> list[Certificate]:
    """Read every certificate of a text in PEM; raises :class:`Malformed` when there is none, or something else."""
    blocks = _BLOCK.findall(text)
    if not blocks or text.count("-----BEGIN ") != len(blocks):
        raise Malformed("no certificate in PEM")
    try:
        return [checked(base64.b64decode("".join(block.split()), validate=True)) for block in blocks]
    except binascii.Error:
        raise Malformed("no base 64") from None


def held(data: bytes) -> Certificate:
    """Return a certificate in DER that somebody holds or shows, whatever it is."""
    try:
        return _of(read_parts(data))
    except Malformed:
        return _of(unreadable(data))


def held_pem(text: str) -> list[Certificate]:
    """Return the certificates of a text in PEM that the state holds, in its order."""
    return [held(base64.b64decode(body)) for body in _BLOCK.findall(text)]


def of_openssl(shown: crypto.X509) -> Certificate:
    """Return a certificate that OpenSSL has read."""
    return held(crypto.dump_certificate(crypto.FILETYPE_ASN1, shown))


def _of(parts: Parts) -> Certificate:
    return Certificate(parts, ssl.DER_cert_to_PEM_cert(parts.der), hashlib.sha256(parts.der).hexdigest())
