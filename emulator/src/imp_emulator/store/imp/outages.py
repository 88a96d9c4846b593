# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are away, or will be with their next restart."""

from __future__ import annotations

import json
from dataclasses import dataclass

from imp_emulator.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class Outage:
    """A node that is away, or will be.

    Attributes:
        since: Since when, virtual time, seconds since the epoch; ``None`` until a service of the node restarts.
        ran: The services that ran before.
    """

    cluster: str
    node: str
    since: float | None = None
    ran: tuple[str, ...] = ()


def outage(database: Database, cluster: str, node: str) -> Outage | None:
    """Return what is known of a node that is away or will be; ``None`` for another one."""
    row = database.one("SELECT * FROM node_outage WHERE cluster = ? AND node = ?", (cluster, node))
    return None if row is None else _outage(row)


def is_away(database: Database, cluster: str, node: str) -> bool:
    """Tell whether a node is away at this moment."""
    found = outage(database, cluster, node)
    return found is not None and found.since is not None


def outages(database: Database) -> list[Outage]:
    """Return the nodes that are away or will be, of all clusters."""
    return [_outage(row) for row in database.all("SELECT * FROM node_outage ORDER BY cluster, node")]


def _outage(row: Row) -> Outage:
    return Outage(row["cluster"], row["node"], row["since"], tuple(json.loads(row["ran"])))


def put(database: Database, found: Outage) -> None:
    """Note that a node is away or will be; an earlier note about it is replaced."""
    database.execute(
        "INSERT OR REPLACE INTO node_outage (cluster, node, since, ran) VALUES (?, ?, ?, ?)",
        (found.cluster, found.node, found.since, json.dumps(found.ran)),
    )


def remove(database: Database, found: Outage) -> None:
    """Forget that a node is away."""
    database.execute("DELETE FROM node_outage WHERE cluster = ? AND node = ?", (found.cluster, found.node))
