# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management scopes of the Exchange organisation."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class ManagementScope:
    """Those mailboxes that pass a filter of recipients."""

    name: str
    restriction: str


def scopes(database: Database) -> list[ManagementScope]:
    """Return the scopes, by name."""
    rows = database.all("SELECT name, restriction FROM management_scope ORDER BY name")
    return [ManagementScope(**dict(row)) for row in rows]


def scope(database: Database, name: str) -> ManagementScope | None:
    """Return a scope by its name, or ``None``."""
    row = database.one("SELECT name, restriction FROM management_scope WHERE name = ?", (name,))
    return None if row is None else ManagementScope(**dict(row))


def put(database: Database, scope: ManagementScope) -> None:
    """Store a scope; one of that name gets the other filter."""
    database.execute(
        "INSERT INTO management_scope (name, restriction) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET restriction = excluded.restriction",
        (scope.name, scope.restriction),
    )


def remove(database: Database, name: str) -> None:
    """Delete a scope."""
    database.execute("DELETE FROM management_scope WHERE name = ?", (name,))
