# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA for tests: roots, intermediates and leaves with whatever names and dates a test wants."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

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


def issue(
    common_name: str,
    *,
    by: Identity | None = None,
    ca: bool = False,
    hosts: Sequence[str] = (),
    days: tuple[int, int] = (-1, 365),
    extensions: Sequence[x509.ExtensionType] = (),
    organization: str = "",
) -> Identity:
    """Issue a certificate, self-signed without ``by``; ``days`` is its validity counted from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    of = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    name = x509.Name([*of, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([general_name(host) for host in hosts]), False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Identity(builder.sign(by.key if by else key, hashes.SHA256()), key)


def answer_request(request: x509.CertificateSigningRequest, by: Identity) -> str:
    """Issue the certificate that a signing request asks for; returns it as PEM."""
    builder = x509.CertificateBuilder(
        issuer_name=by.certificate.subject,
        subject_name=request.subject,
        public_key=request.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=by.certificate.not_valid_before_utc,
        not_valid_after=by.certificate.not_valid_after_utc,
    )
    return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def general_name(host: str) -> x509.GeneralName:
    """Return a host name or an address as a SAN holds it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
