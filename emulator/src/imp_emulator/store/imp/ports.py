# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of nodes that something else than the product has taken, and starts of services that failed."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database

OTHER_PROGRAM = "another program"


@dataclass(frozen=True, slots=True)
class OccupiedPort:
    """A port of a node that something else than the product has taken, and what, for people to read."""

    port: int
    used_by: str


def seed(database: Database, scenario: Scenario) -> None:
    """Store what the scenario says is taken; it shows when a service starts that wants such a port."""
    for cluster in scenario.clusters:
        for node in cluster.nodes:
            for port in node.occupied_ports:
                occupy(database, cluster.name, node.name, port, OTHER_PROGRAM)


def occupied(database: Database, cluster: str, node: str) -> list[OccupiedPort]:
    """Return what is taken on a node, by port."""
    rows = database.all(
        "SELECT port, used_by FROM occupied_port WHERE cluster = ? AND node = ? ORDER BY port", (cluster, node)
    )
    return [OccupiedPort(row["port"], row["used_by"]) for row in rows]


def occupy(database: Database, cluster: str, node: str, port: int, used_by: str) -> None:
    """Note who has taken a port; an earlier note about it is replaced."""
    database.execute(
        "INSERT OR REPLACE INTO occupied_port (cluster, node, port, used_by) VALUES (?, ?, ?, ?)",
        (cluster, node, port, used_by),
    )


def release(database: Database, cluster: str, node: str, port: int) -> None:
    """Forget that a port is taken."""
    database.execute("DELETE FROM occupied_port WHERE cluster = ? AND node = ? AND port = ?", (cluster, node, port))


def failure(database: Database, cluster: str, node: str, service: str) -> str:
    """Return why the last start of a service failed; ``""`` when it did not."""
    row = database.one(
        "SELECT reason FROM failed_start WHERE cluster = ? AND node = ? AND service = ?", (cluster, node, service)
    )
    return "" if row is None else str(row["reason"])


def set_failure(database: Database, cluster: str, node: str, service: str, reason: str) -> None:
    """Note why a start failed; ``""`` forgets it."""
    database.execute(
        "DELETE FROM failed_start WHERE cluster = ? AND node = ? AND service = ?", (cluster, node, service)
    )
    if reason:
        database.execute(
            "INSERT INTO failed_start (cluster, node, service, reason) VALUES (?, ?, ?, ?)",
            (cluster, node, service, reason),
        )
