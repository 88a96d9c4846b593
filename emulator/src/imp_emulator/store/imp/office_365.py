# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What presence gateways of Office 365 have beside what every gateway has, their secrets among it."""

from __future__ import annotations

from dataclasses import dataclass, field

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class StoredOffice365:
    """The fields of one gateway; ``""`` for what it does not have. Its revision grows with each change of a secret."""

    client_id: str
    tenant_id: str
    client_secret: str = field(repr=False)
    proxy_url: str
    proxy_username: str
    proxy_password: str = field(repr=False)
    authentication_endpoint: str
    resource: str
    revision: int = 0


_FIELDS = (
    "client_id, tenant_id, client_secret, proxy_url, proxy_username, proxy_password, authentication_endpoint, resource"
)


def get(database: Database, identifier: str) -> StoredOffice365 | None:
    """Return the fields of a gateway by its identifier; ``None`` for one of another type."""
    row = database.one(f"SELECT {_FIELDS}, revision FROM office_365_gateway WHERE id = ?", (identifier,))  # noqa: S608
    return None if row is None else StoredOffice365(*row)


def put(database: Database, identifier: str, fields: StoredOffice365) -> None:
    """Store the fields of a gateway; those that it had are replaced."""
    database.execute(
        f"INSERT OR REPLACE INTO office_365_gateway (id, {_FIELDS}, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            identifier,
            fields.client_id,
            fields.tenant_id,
            fields.client_secret,
            fields.proxy_url,
            fields.proxy_username,
            fields.proxy_password,
            fields.authentication_endpoint,
            fields.resource,
            fields.revision,
        ),
    )


def remove(database: Database, identifier: str) -> None:
    """Forget the fields of a gateway."""
    database.execute("DELETE FROM office_365_gateway WHERE id = ?", (identifier,))
