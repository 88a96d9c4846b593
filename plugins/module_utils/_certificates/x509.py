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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._certificates.names import CertificateNames
from ansible_collections.ucops.imp.plugins.module_utils._certificates.parts import Parts, read_parts, unreadable
from ansible_collections.ucops.imp.plugins.module_utils._certificates.signatures import MISSING_LIBRARY, key_fingerprint
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._formats import certificate_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.der import Malformed
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead


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
    parts: Parts = field(repr=False, compare=False)

    @property
    def thumbprint(self) -> str:
        """SHA-1 in upper case, as Windows names certificates."""
        return hashlib.sha1(self.parts.der, usedforsecurity=False).hexdigest().upper()

    @property
    def key(self) -> str:
        """The fingerprint of its public key, to compare with that of a request or of another certificate."""
        return key_fingerprint(self.parts.key)

    @property
    def self_signed(self) -> bool:
        """Whether it is its own issuer, as roots are, as far as its signature can be checked."""
        return self.parts.issued_by(self.parts) is not False

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
        return certificate_of(der)
    except Malformed:
        raise NotACertificate(f"certificate {number} cannot be read; it is damaged or cut off.") from None


def read_der(data: bytes, place: str) -> Certificate:
    """Return the one certificate that is given in DER; raises :class:`NotACertificate` with a text about ``place``.

    What cannot be read of it costs that one value: a name has replacement characters, an extension counts as none.
    """
    try:
        return certificate_of(data)
    except Malformed:
        raise NotACertificate(f"{place} is neither a PEM nor a DER certificate.") from None


def held(data: bytes) -> Certificate:
    """Return a certificate (DER) that a server holds, whatever it is: of one that is none the fingerprint is known."""
    try:
        return certificate_of(data)
    except Malformed:
        return _shown(unreadable(data))


def held_pem(text: str) -> list[Certificate]:
    """Return the certificates in a text that a server holds, each as :func:`held` does.

    Raises :class:`NotACertificate` when there is none, or something else.
    """
    try:
        return [held(one) for one in certificate_file.held(text)]
    except NotRead as error:
        raise NotACertificate(str(error)) from None


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
    """Return the fingerprints of ``leaves`` and of what has issued them in ``store``.

    One whose signature cannot be checked is among them by its name: nothing that may be needed is left out.
    """
    known: set[str] = set()
    waiting = list(leaves)
    while waiting:
        certificate = waiting.pop()
        if certificate.fingerprint in known:
            continue
        known.add(certificate.fingerprint)
        waiting += [above for above in store if certificate.parts.issued_by(above.parts) is not False]
    return known


def certificate_of(data: bytes) -> Certificate:
    """Return what a certificate in DER says; raises :class:`Malformed`."""
    return _shown(read_parts(data))


def _shown(parts: Parts) -> Certificate:
    hosts, addresses = parts.alternatives
    return Certificate(
        fingerprint=hashlib.sha256(parts.der).hexdigest(),
        subject=parts.subject.text,
        issuer=parts.issuer.text,
        not_before=parts.not_before,
        not_after=parts.not_after,
        names=CertificateNames(parts.subject.common_names, hosts, addresses, parts.damaged),
        pem=certificate_file.pem("CERTIFICATE", parts.der),
        parts=parts,
    )
