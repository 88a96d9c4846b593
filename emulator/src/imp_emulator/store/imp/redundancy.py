# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presence redundancy groups: which nodes stand in for each other, how they are, and where their users are."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from imp_emulator.catalogue.redundancy import Reason, State
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database, Row

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("5a3b0f3e-8f0d-5a51-9c39-0d6a4b7f2c18")


class GroupKey(NamedTuple):
    """What a group is found by: its name, in any letter case, or its UUID (lower case, no braces)."""

    field: Literal["name", "pkid"]
    value: str


class NameTaken(Exception):
    """A name is another group's already."""


@dataclass(frozen=True, slots=True)
class Member:
    """A node of a group.

    Attributes:
        state: What the Server Recovery Manager says of the node; ``""`` while high availability is off.
        reason: Why, in its words.
        since: Since when; virtual time, seconds since the epoch.
        served_by: The node where the users are whose home this node is.
    """

    cluster: str
    node: str
    state: str
    reason: str
    since: float
    served_by: str


@dataclass(frozen=True, slots=True)
class Group:
    """A presence redundancy group.

    Attributes:
        pkid: Its UUID, lower case, no braces.
        members: Its nodes, one or two, in the order of their places.
    """

    id: int
    cluster: str
    pkid: str
    name: str
    description: str
    ha_enabled: bool
    members: tuple[Member, ...]


def seed(database: Database, scenario: Scenario, now: float) -> None:
    """Store the groups of a scenario; the nodes of those with high availability are in order since now."""
    for cluster in scenario.clusters:
        for group in cluster.redundancy_groups:
            pkid = str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{group.name}"))
            found = insert(database, cluster.name, pkid, group.name, group.description)
            set_nodes(database, cluster.name, found, group.nodes)
            if group.high_availability:
                enable(database, found, True)
                for node in group.nodes:
                    set_state(database, cluster.name, node, State.NORMAL, Reason.NORMAL, now)


def groups(database: Database, cluster: str) -> list[Group]:
    """Return the groups of a cluster, the oldest first."""
    rows = database.all("SELECT * FROM redundancy_group WHERE cluster = ? ORDER BY id", (cluster,))
    return [_group(database, row) for row in rows]


def group(database: Database, cluster: str, key: GroupKey) -> Group | None:
    """Return one group, or ``None``."""
    sql = f"SELECT * FROM redundancy_group WHERE cluster = ? AND {key.field} = ?"  # noqa: S608 - see GroupKey
    row = database.one(sql, (cluster, key.value))
    return None if row is None else _group(database, row)


def group_of(database: Database, cluster: str, node: str) -> Group | None:
    """Return the group of a node, or ``None``."""
    sql = (
        "SELECT g.* FROM redundancy_group AS g JOIN redundancy_node AS n ON n.group_id = g.id"
        " WHERE n.cluster = ? AND n.node = ?"
    )
    row = database.one(sql, (cluster, node))
    return None if row is None else _group(database, row)


def _group(database: Database, row: Row) -> Group:
    sql = (
        "SELECT cluster, node, state, reason, since, coalesce(served_by, node) FROM redundancy_node"
        " WHERE group_id = ? ORDER BY place"
    )
    members = tuple(Member(*found) for found in database.all(sql, (row["id"],)))
    identity = (row["id"], row["cluster"], row["pkid"], row["name"], row["description"])
    return Group(*identity, bool(row["ha_enabled"]), members)


def insert(database: Database, cluster: str, pkid: str, name: str, description: str) -> int:
    """Add a group without nodes and high availability, and return its ``id``; raises ``NameTaken``."""
    sql = "INSERT INTO redundancy_group (cluster, pkid, name, description) VALUES (?, ?, ?, ?) RETURNING id"
    try:
        row = database.one(sql, (cluster, pkid, name, description))
    except sqlite3.IntegrityError:
        raise NameTaken from None
    if row is None:
        raise LookupError(f"the group {name} was not stored")
    return int(row["id"])


def describe(database: Database, group_id: int, name: str, description: str) -> None:
    """Give a group another name and description; raises ``NameTaken``."""
    try:
        database.execute(
            "UPDATE redundancy_group SET name = ?, description = ? WHERE id = ?", (name, description, group_id)
        )
    except sqlite3.IntegrityError:
        raise NameTaken from None


def enable(database: Database, group_id: int, enabled: bool) -> None:
    """Note whether a group has high availability."""
    database.execute("UPDATE redundancy_group SET ha_enabled = ? WHERE id = ?", (enabled, group_id))


def set_nodes(database: Database, cluster: str, group_id: int, nodes: Sequence[str]) -> None:
    """Give a group these nodes in place of those that it had; none of them may be in another group."""
    database.execute("DELETE FROM redundancy_node WHERE group_id = ?", (group_id,))
    database.executemany(
        "INSERT INTO redundancy_node (cluster, node, group_id, place) VALUES (?, ?, ?, ?)",
        [(cluster, node, group_id, place) for place, node in enumerate(nodes, 1)],
    )


def remove(database: Database, group_id: int) -> None:
    """Remove a group; its nodes stay."""
    database.execute("DELETE FROM redundancy_group WHERE id = ?", (group_id,))


def set_state(database: Database, cluster: str, node: str, state: str, reason: str, at: float) -> None:
    """Note how a node is since an instant, and why."""
    database.execute(
        "UPDATE redundancy_node SET state = ?, reason = ?, since = ? WHERE cluster = ? AND node = ?",
        (state, reason, at, cluster, node),
    )


def serve(database: Database, cluster: str, home: str, node: str | None) -> None:
    """Note at which node the users are whose home is ``home``; ``None``: there."""
    database.execute("UPDATE redundancy_node SET served_by = ? WHERE cluster = ? AND node = ?", (node, cluster, home))
