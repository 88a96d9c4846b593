# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service and enterprise parameters."""

from __future__ import annotations

import uuid

from imp_emulator.catalogue.parameters import PARAMETERS, node_names
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database, Row

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("5b0a7a0c-7a6e-5c0c-9d0e-0f6f0a5f7d21")


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


def parameter(database: Database, cluster: str, node: str, service: str, name: str) -> Row | None:
    """Return one parameter's row (id, pkid, node, service, name, value), or ``None``; letter case does not matter."""
    return database.one(
        "SELECT * FROM parameter WHERE cluster = ? AND node = ? AND service = ? AND name = ?",
        (cluster, node, service, name),
    )


def by_pkid(database: Database, cluster: str, pkid: str) -> Row | None:
    """Return one parameter's row by its UUID (lower case, no braces), or ``None``."""
    return database.one("SELECT * FROM parameter WHERE cluster = ? AND pkid = ?", (cluster, pkid))


def search(
    database: Database, cluster: str, node: str = "%", service: str = "%", skip: int = 0, first: int | None = None
) -> list[Row]:
    """Return the rows whose node and service match the SQL LIKE patterns, in a fixed order."""
    return database.all(
        "SELECT * FROM parameter WHERE cluster = ? AND node LIKE ? AND service LIKE ? ORDER BY id LIMIT ? OFFSET ?",
        (cluster, node, service, -1 if first is None else first, skip),
    )


def set_value(database: Database, row_id: int, value: str) -> None:
    """Store a parameter's value, by the ``id`` of its row."""
    database.execute("UPDATE parameter SET value = ? WHERE id = ?", (value, row_id))
