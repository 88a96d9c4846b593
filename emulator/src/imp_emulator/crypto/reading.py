# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509 certificates: read them from PEM text, tell them apart, and tell which names they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from imp_emulator.errors import InvalidValue

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----\s.*?-----END CERTIFICATE-----", re.DOTALL)
BROKEN = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What cryptography raises about a certificate that it cannot read, some of it only when a part is looked at."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with what the emulator asks about it.

    Attributes:
        pem: PEM text with 64 characters in a line, whatever form it arrived in.
        fingerprint: SHA-256 over the DER form, lower-case hexadecimal without separators.
        common_name: The subject's CN, or ``""``; a trust certificate may do without (requirement C10).
    """

    parsed: x509.Certificate
    pem: str
    fingerprint: str
    common_name: str

    @property
    def common_names(self) -> list[str]:
        """Every CN of the subject; most have one."""
        return [str(name.value) for name in self.parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]

    @property
    def dns_names(self) -> list[str]:
        """The host names of the subject alternative name, wildcards included."""
        return [str(name) for name in self._alternative_names().get_values_for_type(x509.DNSName)]

    @property
    def addresses(self) -> list[str]:
        """The IP addresses of the subject alternative name, in canonical form."""
        return [str(address) for address in self._alternative_names().get_values_for_type(x509.IPAddress)]

    @property
    def issuer(self) -> str:
        """The issuer's distinguished name as RFC 4514 writes it."""
        return self.parsed.issuer.rfc4514_string()

    def issued_by(self, other: Certificate) -> bool:
        """Tell whether another certificate's key signed this one, and its subject is this one's issuer."""
        try:
            self.parsed.verify_directly_issued_by(other.parsed)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _alternative_names(self) -> x509.GeneralNames | x509.SubjectAlternativeName:
        try:
            return self.parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return x509.GeneralNames([])


def wrap(certificate: x509.Certificate) -> Certificate:
    """Make a :class:`Certificate` of a parsed one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        certificate,
        certificate.public_bytes(Encoding.PEM).decode("ascii"),
        certificate.fingerprint(hashes.SHA256()).hex(),
        str(names[0].value) if names else "",
    )


def parse_bundle(text: str) -> list[Certificate]:
    """Read every certificate of a PEM text, in its order; text between the blocks is passed over.

    Raises:
        InvalidValue: There is no certificate in it, one of them is broken, or there is a private key in it, which
            nobody should ever upload. The message holds nothing of the text.
    """
    if "PRIVATE KEY-----" in text:
        raise InvalidValue("private-key", "The text holds a private key; only certificates are accepted.")
    blocks = _BLOCK.findall(text)
    if not blocks or text.count("-----BEGIN ") != len(blocks):
        raise InvalidValue("not-a-certificate", "The text is not an X.509 certificate in PEM format.")
    try:
        return [checked(x509.load_pem_x509_certificate(block.encode("utf-8"))) for block in blocks]
    except BROKEN:
        raise InvalidValue("not-a-certificate", "The text is not an X.509 certificate in PEM format.") from None


def checked(certificate: x509.Certificate) -> Certificate:
    """Touch what is parsed late, so that a certificate is refused here and not at first use; raises :data:`BROKEN`."""
    wrapped = wrap(certificate)
    certificate.public_key()
    wrapped.dns_names  # noqa: B018
    return wrapped
