# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificates: split bundles, name what is in them, and know each by its SHA-256 fingerprint. Pure.

Fingerprints are 64 hexadecimal digits in lower case, subjects are RFC 4514 texts, times have the time zone UTC.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._certificates.names import CertificateNames
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    MISSING_LIBRARY: str | None = traceback.format_exc()
    UNREADABLE: tuple[type[Exception], ...] = (ValueError,)
else:
    MISSING_LIBRARY = None
    UNREADABLE = (
        ValueError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )
    """What the package raises about what it cannot read. Most of it comes up only when a part is asked for."""


class NotACertificate(ValueError):
    """What was given holds no certificate, or something that is none; the message says what."""


@dataclass(frozen=True)
class Certificate:
    """A certificate; ``pem`` is in one normal form, so that equal certificates have equal text."""

    fingerprint: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: CertificateNames
    pem: str = field(repr=False)

    @property
    def parsed(self) -> x509.Certificate:
        """The certificate for the package cryptography."""
        return x509.load_pem_x509_certificate(self.pem.encode("ascii"))

    @property
    def thumbprint(self) -> str:
        """SHA-1 in upper case, as Windows names certificates."""
        return hashlib.sha1(self.parsed.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest().upper()

    @property
    def key(self) -> str:
        """The fingerprint of its public key, to compare with that of a request or of another certificate."""
        try:
            return key_fingerprint(self.parsed.public_key())
        except UNREADABLE:
            # A key of an unknown kind is taken for no other's.
            return self.fingerprint

    def expired(self, now: datetime) -> bool:
        """Whether its validity has ended; ``now`` has a time zone."""
        return self.not_after < now

    def out_of_date(self, now: datetime) -> bool:
        """Whether its validity has ended or not begun; ``now`` has a time zone."""
        return self.expired(now) or self.not_before > now

    def days_left(self, now: datetime) -> float:
        """Return the days until its validity ends, negative afterwards; ``now`` has a time zone."""
        return (self.not_after - now) / timedelta(days=1)

    def as_dict(self) -> dict[str, str]:
        """Return ``{fingerprint, subject, issuer, not_before, not_after}`` as modules show them, all of them texts."""
        return {
            "fingerprint": self.fingerprint,
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
        }


def require_library() -> None:
    """Raise :class:`ImpError` when the Python package that reads certificates is not installed."""
    if MISSING_LIBRARY is not None:
        raise ImpError(missing_required_lib("cryptography"), code="missing-library")


def split_bundle(data: bytes) -> list[Certificate]:
    """Return the certificates of a file (PEM, DER, PKCS #7), in their order, each once.

    Raises :class:`NotACertificate`.
    """
    try:
        ders = certificate_file.certificates(data)
    except NotRead as error:
        raise NotACertificate(str(error)) from None
    return unique(_numbered(number, one) for number, one in enumerate(ders, start=1))


def _numbered(number: int, der: bytes) -> Certificate:
    try:
        return certificate_of(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        raise NotACertificate(f"certificate {number} cannot be read; it is damaged or cut off.") from None


def read_der(data: bytes, place: str) -> Certificate:
    """Return the one certificate that is given in DER; raises :class:`NotACertificate` with a text about ``place``."""
    try:
        return certificate_of(x509.load_der_x509_certificate(data))
    except UNREADABLE:
        raise NotACertificate(f"{place} is neither a PEM nor a DER certificate.") from None


def unique(certificates: Iterable[Certificate]) -> list[Certificate]:
    """Return each certificate once, in the order of first appearance."""
    return list({certificate.fingerprint: certificate for certificate in certificates}.values())


def canonical_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint in lower case without separators; raises :class:`NotACertificate`."""
    digits = re.sub(r"[:\s-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise NotACertificate(f"{text!r} is no SHA-256 fingerprint, which has 64 hexadecimal digits.")
    return digits


def with_issuers(leaves: Sequence[Certificate], store: Sequence[Certificate]) -> set[str]:
    """Return the fingerprints of ``leaves`` and of what stands above them in ``store``, matched by name."""
    known: set[str] = set()
    waiting = list(leaves)
    while waiting:
        certificate = waiting.pop()
        if certificate.fingerprint in known:
            continue
        known.add(certificate.fingerprint)
        waiting += [above for above in store if above.subject == certificate.issuer]
    return known


def certificate_of(parsed: x509.Certificate) -> Certificate:
    """Return what the package cryptography has read; raises one of :data:`UNREADABLE`."""
    return Certificate(
        fingerprint=hashlib.sha256(parsed.public_bytes(Encoding.DER)).hexdigest(),
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        not_before=utc(parsed, "not_valid_before"),
        not_after=utc(parsed, "not_valid_after"),
        names=_names(parsed),
        pem=parsed.public_bytes(Encoding.PEM).decode("ascii"),
    )


def _names(parsed: x509.Certificate) -> CertificateNames:
    """Read the subject's CN and the SAN; one that cannot be read counts as none."""
    common = tuple(str(one.value) for one in parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME))
    with suppress(x509.ExtensionNotFound, *UNREADABLE):
        alternatives = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return CertificateNames(
            common,
            tuple(alternatives.get_values_for_type(x509.DNSName)),
            tuple(str(one) for one in alternatives.get_values_for_type(x509.IPAddress)),
        )
    return CertificateNames(common)


def utc(parsed: Any, name: str) -> datetime:
    """Return a time of what cryptography has read; raises ``ValueError`` when it has none."""
    # Before release 42 it only has times without a time zone; to ask for them later warns.
    value = getattr(parsed, f"{name}_utc") if hasattr(parsed, f"{name}_utc") else getattr(parsed, name)
    if not isinstance(value, datetime):
        raise ValueError(f"no {name}")
    return value.replace(tzinfo=timezone.utc)


def key_fingerprint(key: Any) -> str:
    """Return SHA-256 over the DER form of a public key, in lower-case hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
