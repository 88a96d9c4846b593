# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of the nodes and the restarts that they wait for."""

from __future__ import annotations

import time

from imp_emulator.catalogue.services import CATALOGUE
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database, Row


def seed(database: Database, scenario: Scenario) -> None:
    """Put in the services of every node as they are after the first boot; no restart is pending."""
    now = time.time()
    for cluster in scenario.clusters:
        for node in cluster.nodes:
            database.executemany(
                "INSERT INTO service (cluster, node, name, activated, running, started_at) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        cluster.name,
                        node.name,
                        spec.name,
                        spec.activated,
                        spec.activated,
                        now if spec.activated else None,
                    )
                    for spec in CATALOGUE[node.role]
                ],
            )


def service(database: Database, cluster: str, node: str, name: str) -> Row | None:
    """Return one service row; letter case does not matter."""
    return database.one("SELECT * FROM service WHERE cluster = ? AND node = ? AND name = ?", (cluster, node, name))


def services(database: Database, cluster: str, node: str) -> list[Row]:
    """Return the service rows of a node, by name."""
    return database.all("SELECT * FROM service WHERE cluster = ? AND node = ? ORDER BY name", (cluster, node))


def changing(database: Database, cluster: str) -> list[Row]:
    """Return the rows of a cluster's services that are starting or stopping."""
    return database.all("SELECT * FROM service WHERE cluster = ? AND change IS NOT NULL", (cluster,))


def set_activated(database: Database, row: Row, activated: bool) -> None:
    """Mark a service as activated or not."""
    database.execute(
        "UPDATE service SET activated = ? WHERE cluster = ? AND node = ? AND name = ?",
        (activated, row["cluster"], row["node"], row["name"]),
    )


def begin(database: Database, row: Row, change: str, pace: str, total: float, now: float) -> None:
    """Note that a start, stop or restart has begun."""
    database.execute(
        "UPDATE service SET change = ?, pace = ?, total = ?, polls = 0, changed_at = ?"
        " WHERE cluster = ? AND node = ? AND name = ?",
        (change, pace, total, now, row["cluster"], row["node"], row["name"]),
    )


def finish(database: Database, row: Row, started_at: float | None) -> None:
    """End a change: the service runs since an instant, or no longer (``None``)."""
    database.execute(
        "UPDATE service SET running = ?, started_at = ?, change = NULL, pace = NULL, total = NULL, polls = NULL,"
        " changed_at = NULL WHERE cluster = ? AND node = ? AND name = ?",
        (started_at is not None, started_at, row["cluster"], row["node"], row["name"]),
    )


def count_poll(database: Database, cluster: str, node: str, name: str) -> None:
    """Note that somebody asked for the state of a service that is changing."""
    database.execute(
        "UPDATE service SET polls = polls + 1 WHERE cluster = ? AND node = ? AND name = ?",
        (cluster, node, name),
    )


def add_restart(database: Database, cluster: str, node: str, service: str, obj: str, action: str, now: float) -> None:
    """Note a reason for a restart; the same action on the same object again only moves its time."""
    database.execute(
        "INSERT INTO pending_restart (cluster, node, service, object, action, first_at, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (cluster, node, service, object, action) DO UPDATE SET at = excluded.at",
        (cluster, node, service, obj, action, now, now),
    )


def clear_restart(database: Database, cluster: str, node: str, service: str) -> None:
    """Forget every reason to restart a service."""
    database.execute(
        "DELETE FROM pending_restart WHERE cluster = ? AND node = ? AND service = ?", (cluster, node, service)
    )


def pending_restarts(database: Database, cluster: str, node: str | None = None) -> list[Row]:
    """Return the reasons for restarts of a cluster, or of one node, by node, service and time."""
    return database.all(
        "SELECT * FROM pending_restart WHERE cluster = ?1 AND (?2 IS NULL OR node = ?2) ORDER BY node, service, at, id",
        (cluster, node),
    )
