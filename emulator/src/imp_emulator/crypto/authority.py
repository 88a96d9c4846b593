# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certification authority signs: its own certificates, those that it issues, and its revocation lists.

The extensions follow RFC 5280 and what Active Directory Certificate Services puts in: subject and SAN as requested,
extended key usage as requested (standalone) or as the template has it (enterprise), and where the CRL is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imp_emulator.crypto.certificates import Period, key_pem, key_usage, pem, validity, web_server_pair
from imp_emulator.scenario.model import CaSpec, Scenario
from imp_emulator.store import keys
from imp_emulator.store.ca import authorities
from imp_emulator.store.ca.authorities import AuthorityCertificate, CertificationAuthority
from imp_emulator.store.ca.requests import CertificateRequest
from imp_emulator.store.database import Database

E = TypeVar("E", bound=x509.ExtensionType)

HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
CRL_DAYS = 7
# A client whose clock is a little late shall accept what was issued just now; AD CS allows for ten minutes.
SKEW = timedelta(minutes=10)
_CA_BACKDATED = timedelta(days=1)

_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_PURPOSES: dict[str, tuple[x509.ObjectIdentifier, ...]] = {
    # The guide names it beside "Web Server" for the same certificate (C4), so it has to be good for a server.
    "administrator": (_SERVER, _CLIENT, ExtendedKeyUsageOID.EMAIL_PROTECTION),
}
"""Extended key usage of the templates that are for more than servers, by name in lower case."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A CA certificate at work.

    Attributes:
        renewal: Its number among the certificates of its level.
    """

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    renewal: int

    @classmethod
    def of(cls, stored: AuthorityCertificate) -> Signer:
        """Load what the state holds."""
        key = serialization.load_pem_private_key(stored.private_key.encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the key of a CA is an RSA key")
        return cls(key, x509.load_pem_x509_certificate(stored.certificate.encode()), stored.renewal)


def seed(database: Database, scenario: Scenario) -> None:
    """Make and store the keys and certificates of a scenario's CAs, and of the servers that their web pages are on."""
    for spec in scenario.certification_authorities:
        authorities.add(database, spec)
        keys.put(database, keys.NO_CLUSTER, spec.host, web_server_pair(database, spec.host))
        above: Signer | None = None
        for level in range(spec.intermediates + 1):
            above = _seed_level(database, spec, level, above)


def _seed_level(database: Database, spec: CaSpec, level: int, above: Signer | None) -> Signer:
    key = rsa.generate_private_key(public_exponent=65537, key_size=spec.key_size)
    # The state is made before any time has passed, so virtual and real time are one.
    start = datetime.now(UTC) - _CA_BACKDATED
    period = start, start + timedelta(days=spec.validity_days)
    certificate = sign_authority(authority_name(spec.common_name, level), key, above, period, HASHES[spec.hash])
    authorities.add_certificate(database, spec.host, level, key_pem(key), pem(certificate))
    return Signer(key, certificate, 0)


def authority_name(common_name: str, level: int) -> str:
    """Return the CN of a CA's root (level 0) or intermediate."""
    return common_name if level == 0 else f"{common_name} {level:02d}"


def sign_authority(
    name: str,
    key: rsa.RSAPrivateKey,
    above: Signer | None,
    period: Period,
    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512,
) -> x509.Certificate:
    """Make a CA certificate, self-signed without a signer ``above`` and never outliving it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start, end = period
    builder = _builder(subject, above.certificate.subject if above else subject, key.public_key())
    builder = builder.not_valid_before(start)
    builder = builder.not_valid_after(min(end, above.certificate.not_valid_after_utc) if above else end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(key.public_key(), authority=True), critical=True)
    signer = above.key if above else key
    return _with_issuer(builder, signer).sign(signer, algorithm)


def sign_leaf(
    request: x509.CertificateSigningRequest,
    signer: Signer,
    settings: CertificationAuthority,
    now: datetime,
    purposes: Sequence[x509.ObjectIdentifier] | None,
) -> x509.Certificate:
    """Issue what a request asks for.

    Args:
        now: Virtual time.
        purposes: The template's extended key usage; ``None`` takes the request's.
    """
    start, end = validity(now, timedelta(days=settings.issued_days), SKEW)
    end = min(end, signer.certificate.not_valid_after_utc)
    builder = _builder(request.subject, signer.certificate.subject, request.public_key())
    builder = builder.not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(request.public_key(), authority=False), critical=True)
    names = requested(request, x509.SubjectAlternativeName)
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    usage = requested(request, x509.ExtendedKeyUsage) if purposes is None else x509.ExtendedKeyUsage(purposes)
    if usage is not None:
        builder = builder.add_extension(usage, critical=False)
    builder = builder.add_extension(_crl_place(settings, signer.renewal), critical=False)
    return _with_issuer(builder, signer.key).sign(signer.key, HASHES[settings.hash])


def sign_crl(
    signer: Signer, settings: CertificationAuthority, revoked: Iterable[CertificateRequest], now: datetime
) -> x509.CertificateRevocationList:
    """Make the base CRL of one of a CA's certificates.

    Args:
        revoked: The revoked requests of the CA; those that another of its certificates signed are passed over.
        now: Virtual time; the list is good for a week.
    """
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject)
    start, end = validity(now, timedelta(days=CRL_DAYS), SKEW)
    builder = builder.last_update(start).next_update(end)
    number = 1
    for request in revoked:
        if request.renewal != signer.renewal:
            continue
        number += 1
        entry = x509.RevokedCertificateBuilder().serial_number(int(request.serial, 16))
        entry = entry.revocation_date(datetime.fromtimestamp(request.revoked_at, UTC))
        reason = x509.ReasonFlags(request.reason)
        if reason is not x509.ReasonFlags.unspecified:  # which RFC 5280 wants left out
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    return builder.add_extension(identifier, critical=False).sign(signer.key, HASHES[settings.hash])


def requested(request: x509.CertificateSigningRequest, kind: type[E]) -> E | None:
    """Return an extension that a request asks for."""
    try:
        return request.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def purposes(template: str | None) -> tuple[x509.ObjectIdentifier, ...]:
    """Return the extended key usage of what is issued by a template."""
    return _PURPOSES.get((template or "").lower(), (_SERVER,))


def crl_path(common_name: str, renewal: int) -> str:
    """Return where a CRL is published for everybody; from the first renewal on its number is part of the name."""
    return f"/CertEnroll/{common_name}{f'({renewal})' if renewal else ''}.crl"


def _crl_place(settings: CertificationAuthority, renewal: int) -> x509.CRLDistributionPoints:
    address = f"https://{settings.host}{quote(crl_path(settings.common_name, renewal))}"
    place = x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
    return x509.CRLDistributionPoints([place])


def _builder(subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _with_issuer(builder: x509.CertificateBuilder, signer: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return builder.add_extension(identifier, critical=False)
