# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of Exchange servers, with their private keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from imp_emulator.scenario.model import Scenario
from imp_emulator.store import keys, stand_ins
from imp_emulator.store.database import Database, Row
from imp_emulator.x509.certificate import Certificate, held_pem

PENDING = "PendingRequest"
VALID = "Valid"
IIS = "IIS"


@dataclass(frozen=True, slots=True)
class ExchangeCertificate:
    """A certificate, or a pending request, of one server.

    Attributes:
        thumbprint: SHA-1 over the certificate, upper-case hexadecimal.
        status: :data:`PENDING` or :data:`VALID`.
        private_key: PEM; it never leaves the server.
        served: PEM of the certificate and of the intermediates that are sent with it.
        request: The PKCS #10 request in PEM; empty once it is completed.
        services: The Exchange services that use it, for example ``IIS``.
    """

    server: str
    thumbprint: str
    status: str
    private_key: str = field(repr=False)
    served: str = field(repr=False)
    request: str = field(default="", repr=False)
    friendly_name: str = ""
    exportable: bool = False
    services: tuple[str, ...] = ()

    @property
    def certificate(self) -> Certificate:
        """The certificate; of a pending request the placeholder."""
        return held_pem(self.served)[0]


def seed(database: Database, scenario: Scenario) -> None:
    """Store the certificate that each server has from the start; it serves IIS and SMTP."""
    for server in scenario.exchange:
        pair = keys.get(database, keys.NO_CLUSTER, server.name)
        put(
            database,
            ExchangeCertificate(
                server=server.name,
                thumbprint=held_pem(pair.certificate)[0].thumbprint,
                status=VALID,
                private_key=pair.private_key,
                # One that stands in for a real server sends what that does, whether it is all that is needed or not.
                served="".join(stand_ins.made(database, one) for one in server.stands_in_for) or pair.served,
                friendly_name="Microsoft Exchange",
                services=(IIS, "SMTP"),
            ),
        )


def put(database: Database, stored: ExchangeCertificate) -> None:
    """Add a certificate after the server's others."""
    database.execute(
        "INSERT INTO exchange_certificate (server, thumbprint, status, private_key, served, request, friendly_name, "
        "exportable, services, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "(SELECT coalesce(max(position), 0) + 1 FROM exchange_certificate))",
        (
            stored.server,
            stored.thumbprint,
            stored.status,
            stored.private_key,
            stored.served,
            stored.request,
            stored.friendly_name,
            stored.exportable,
            json.dumps(stored.services),
        ),
    )


def certificates(database: Database, server: str) -> list[ExchangeCertificate]:
    """Return a server's certificates and pending requests, the newest first."""
    rows = database.all("SELECT * FROM exchange_certificate WHERE server = ? ORDER BY position DESC", (server,))
    return [_stored(row) for row in rows]


def certificate(database: Database, server: str, name: str) -> ExchangeCertificate | None:
    """Return one by its thumbprint, or ``None``."""
    row = database.one("SELECT * FROM exchange_certificate WHERE server = ? AND thumbprint = ?", (server, name))
    return None if row is None else _stored(row)


def served_by_iis(database: Database, server: str) -> ExchangeCertificate | None:
    """Return the certificate that the server's https port sends, or ``None``."""
    row = database.one(
        "SELECT exchange_certificate.* FROM exchange_certificate, json_each(services) "
        "WHERE server = ? AND json_each.value = ?",
        (server, IIS),
    )
    return None if row is None else _stored(row)


def set_services(database: Database, stored: ExchangeCertificate, services: Sequence[str]) -> None:
    """Replace the services that use a certificate."""
    database.execute(
        "UPDATE exchange_certificate SET services = ? WHERE server = ? AND thumbprint = ?",
        (json.dumps(list(services)), stored.server, stored.thumbprint),
    )


def remove(database: Database, stored: ExchangeCertificate) -> None:
    """Delete a certificate with its key."""
    database.execute(
        "DELETE FROM exchange_certificate WHERE server = ? AND thumbprint = ?", (stored.server, stored.thumbprint)
    )


def _stored(row: Row) -> ExchangeCertificate:
    names = ("server", "thumbprint", "status", "private_key", "served", "request", "friendly_name")
    return ExchangeCertificate(
        **{name: row[name] for name in names},
        exportable=bool(row["exportable"]),
        services=tuple(json.loads(row["services"])),
    )
