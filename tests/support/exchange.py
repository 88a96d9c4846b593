# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Exchange servers of the emulator: connection options, remote PowerShell, handshakes, and a CA that signs."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.support.certificates import Identity
from tests.support.emulator import Emulator

MAIL1 = "mail1.example.com"
CONFIGURATION = "Microsoft.Exchange"
SUBJECT = f'C=JP, S=Tokyo, L=Minato, O="Example, Inc.", OU=IT, CN={MAIL1}'


def exchange_connection(
    emulator: Emulator, *, server: str = MAIL1, auth: str = "basic", account: str = "exchange_admin", port: int = 5986
) -> dict[str, Any]:
    """Return a module's connection options for remote PowerShell; ``exchange_account`` is the one without the right."""
    place = emulator.ready["exchange"][server]
    return {
        "hostname": place["address"],
        "port": place["ports"][str(port)],
        **emulator.ready[account],
        "auth": auth,
        "ca_path": emulator.ca_file,
    }


@dataclass(frozen=True)
class Outcome:
    """What a pipeline gave: texts and objects (as mappings), error records, and whether it was ended by one."""

    output: list[Any]
    errors: list[str]
    error_ids: list[str]
    failed: bool
    records: list[Any] = field(repr=False)


class Session:
    """A session of remote PowerShell with the public client."""

    def __init__(self, pool: RunspacePool) -> None:
        self.pool = pool

    def run(self, cmdlet: str, **parameters: Any) -> Outcome:
        """Run one cmdlet; a parameter ``None`` is a switch."""
        return self.invoke(PowerShell(self.pool).add_cmdlet(cmdlet).add_parameters(parameters))

    def invoke(self, pipeline: PowerShell) -> Outcome:
        """Run a pipeline that the test has made."""
        output = [_properties(one) or one for one in pipeline.invoke()]
        errors = list(pipeline.streams.error)
        outcome = Outcome(
            output, [str(one) for one in errors], [_id(one) for one in errors], pipeline.had_errors, errors
        )
        pipeline.close()
        return outcome


@contextmanager
def powershell(emulator: Emulator, **options: Any) -> Iterator[Session]:
    """Open a session; options as in :func:`exchange_connection`."""
    with RunspacePool(wsman(emulator, **options), configuration_name=CONFIGURATION) as pool:
        yield Session(pool)


def wsman(emulator: Emulator, *, password: str | None = None, verified: bool = True, **options: Any) -> WSMan:
    """Return the client's connection, not opened yet."""
    place = exchange_connection(emulator, **options)
    return WSMan(
        place["hostname"],
        port=place["port"],
        username=place["username"],
        password=password or place["password"],
        auth=place["auth"],
        cert_validation=place["ca_path"] if verified else False,
        path="PowerShell/",
        no_proxy=True,
    )


def _properties(value: Any) -> dict[str, Any]:
    return {**getattr(value, "adapted_properties", {}), **getattr(value, "extended_properties", {})}


def _id(record: Any) -> str:
    return str(getattr(record, "fq_error", None) or _properties(record).get("FullyQualifiedErrorId"))


def served(emulator: Emulator, server: str = MAIL1, port: int = 443) -> x509.Certificate:
    """Shake hands with a server's port and return the certificate that it sends."""
    place = emulator.ready["exchange"][server]
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((place["address"], place["ports"][str(port)]), timeout=10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the name by which Windows knows a certificate."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def sign(request: str, by: Identity, days: float = 365) -> str:
    """Issue what a request asks for, its SAN included, for so many days; returns PEM."""
    wanted = x509.load_pem_x509_csr(request.encode())
    assert wanted.is_signature_valid
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=by.certificate.subject,
        subject_name=wanted.subject,
        public_key=wanted.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(days=1),
        not_valid_after=now + datetime.timedelta(days=days),
    )
    for extension in wanted.extensions:
        if extension.oid == x509.SubjectAlternativeName.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def request(session: Session, **more: Any) -> str:
    """Request a certificate for :data:`MAIL1`; returns the request."""
    wanted = {"GenerateRequest": True, "SubjectName": SUBJECT, "DomainName": [MAIL1, "mail.example.com"], **more}
    outcome = session.run("New-ExchangeCertificate", **wanted)
    assert outcome.errors == []
    (text,) = outcome.output
    return str(text)


def certificates(session: Session) -> list[dict[str, Any]]:
    """Return what Get-ExchangeCertificate puts out."""
    return session.run("Get-ExchangeCertificate").output
