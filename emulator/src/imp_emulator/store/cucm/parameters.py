# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service and enterprise parameters."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from imp_emulator.catalogue.parameters import PARAMETERS, node_names
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("5b0a7a0c-7a6e-5c0c-9d0e-0f6f0a5f7d21")
_SELECT = "SELECT id, pkid, node, service, name, value FROM parameter WHERE cluster = ?"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A service or enterprise parameter with its value.

    Attributes:
        id: The key of its row, for :func:`set_value`.
        pkid: Its UUID, lower case, no braces.
        node: The node that it belongs to, or ``EnterpriseWideData``.
        value: The value as it stands on the wire.
    """

    id: int
    pkid: str
    node: str
    service: str
    name: str
    value: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store every parameter of every cluster with the default of its release."""
    for cluster in scenario.clusters:
        for spec in PARAMETERS:
            database.executemany(
                "INSERT INTO parameter (cluster, pkid, node, service, name, value) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        cluster.name,
                        str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{node}/{spec.service}/{spec.name}")),
                        node,
                        spec.service,
                        spec.name,
                        spec.default(cluster.release),
                    )
                    for node in node_names(spec, cluster)
                ],
            )


def parameter(database: Database, cluster: str, node: str, service: str, name: str) -> Parameter | None:
    """Return one parameter, or ``None``; letter case does not matter."""
    row = database.one(f"{_SELECT} AND node = ? AND service = ? AND name = ?", (cluster, node, service, name))
    return None if row is None else Parameter(*row)


def by_pkid(database: Database, cluster: str, pkid: str) -> Parameter | None:
    """Return one parameter by its UUID (lower case, no braces), or ``None``."""
    row = database.one(f"{_SELECT} AND pkid = ?", (cluster, pkid))
    return None if row is None else Parameter(*row)


def search(
    database: Database, cluster: str, node: str = "%", service: str = "%", skip: int = 0, first: int | None = None
) -> list[Parameter]:
    """Return the parameters whose node and service match the SQL LIKE patterns, in a fixed order."""
    rows = database.all(
        f"{_SELECT} AND node LIKE ? AND service LIKE ? ORDER BY id LIMIT ? OFFSET ?",
        (cluster, node, service, -1 if first is None else first, skip),
    )
    return [Parameter(*row) for row in rows]


def set_value(database: Database, parameter: Parameter, value: str) -> None:
    """Store a parameter's new value."""
    database.execute("UPDATE parameter SET value = ? WHERE id = ?", (value, parameter.id))
