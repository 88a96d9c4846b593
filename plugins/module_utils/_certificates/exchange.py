# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The certificates of an Exchange server as its cmdlets show them, read into what the collection compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import Certificate, held
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer

PENDING = "PendingRequest"
VALID = "Valid"
_UNUSABLE = (PENDING, "Revoked", "DateInvalid")
# Exchange may well call a certificate invalid whose chain it cannot build; requesting another would change nothing.

_INSTALL_ROOT = (
    "Install the root of the authority that issued it into the trusted root store of the Exchange server "
    "(docs/certificates.md shows how); clients of the server may refuse it until then."
)
REMEDIES = {
    "Untrusted": f"Its chain does not end in a root that the server trusts. {_INSTALL_ROOT}",
    "Invalid": f"The server cannot build a valid chain for it. {_INSTALL_ROOT}",
    "RevocationCheckFailure": (
        "The server cannot reach the revocation list of the authority. See whether it gets to the address in the "
        "certificate's CRL distribution point, through its proxy (netsh winhttp) if there is one."
    ),
    "Revoked": "The authority has revoked it. Request another with state=requested.",
    "DateInvalid": "Its validity, or that of an authority above it, has ended or not begun. See the server's clock.",
}
"""What to do about a certificate that is not valid, by what Get-ExchangeCertificate calls its status."""
_OTHER_REMEDY = "See Get-ExchangeCertificate on the server."


@dataclass(frozen=True)
class ServerCertificate(Certificate):
    """A certificate, or a pending request with its placeholder, and what the server tells of it.

    ``root_ca_type`` says how the root got to the server (requirement C6a), as Exchange calls it: None, Enterprise,
    GroupPolicy, Registry, ThirdParty or Unknown.
    """

    status: str = ""
    root_ca_type: str = ""
    services: tuple[str, ...] = ()
    request: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, certificate: Certificate, **told: Any) -> ServerCertificate:
        """Return a certificate together with what the server tells of it."""
        return cls(**{known.name: getattr(certificate, known.name) for known in fields(certificate)}, **told)

    @property
    def pending(self) -> bool:
        """Whether it is a request that was not completed yet."""
        return self.status == PENDING

    @property
    def usable(self) -> bool:
        """Whether it is issued by a CA and neither revoked nor out of its time."""
        return self.status not in _UNUSABLE and not self.self_signed

    @property
    def trusted(self) -> bool:
        """Whether the server itself finds it valid, its root trusted (requirement C6a)."""
        return self.status == VALID

    @property
    def distrust(self) -> str:
        """What is wrong with a certificate that is not trusted, and what to do, for people."""
        if self.status not in _UNUSABLE and self.self_signed:
            return (
                f"the certificate {self.thumbprint} ({self.subject}) has signed itself, so nobody trusts it. Request "
                "another with state=requested, and have an authority sign that."
            )
        return (
            f"Exchange does not find the certificate {self.thumbprint} ({self.subject}) valid: its status is "
            f"{self.status or 'not told'}. {REMEDIES.get(self.status, _OTHER_REMEDY)}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as a module shows it."""
        names = ("thumbprint", "fingerprint", "subject", "issuer", "pem", "status", "root_ca_type", "trusted")
        return {
            **{name: getattr(self, name) for name in names},
            "names": sorted(self.names.every),
            "not_after": self.not_after.isoformat(),
            "services": list(self.services),
        }


def server_certificate(row: Any) -> ServerCertificate:
    """Read an object that Get-ExchangeCertificate put out; what the certificate itself says counts.

    A certificate that cannot be read is one without names. Raises :class:`UnexpectedAnswer` for an object without one.
    """
    data = row.get("RawData") if isinstance(row, Mapping) else None
    if not isinstance(data, (bytes, bytearray, memoryview)) or not data:
        text = (
            "Get-ExchangeCertificate returned an object without a certificate in RawData. Check the Exchange release."
        )
        raise UnexpectedAnswer(text)
    services = [word.strip() for word in str(row.get("Services") or "").split(",")]
    return ServerCertificate.of(
        held(bytes(data)),
        status=str(row.get("Status") or ""),
        root_ca_type=str(row.get("RootCAType") or ""),
        services=tuple(word for word in services if word and word != "None"),
        request=str(row["CertificateRequest"]) if row.get("CertificateRequest") else None,
    )
