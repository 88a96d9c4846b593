# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IM and Presence node is the home of which user, and which one serves it."""

from __future__ import annotations

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database


def seed(database: Database, scenario: Scenario) -> None:
    """Share out the users that a scenario enables, in turn, to the nodes of their cluster."""
    for cluster in scenario.clusters:
        names = [node.name for node in cluster.nodes if node.role == "imp"]
        enabled = [user.userid for user in cluster.users if user.im_and_presence]
        if not names:
            continue
        database.executemany(
            "UPDATE end_user SET presence_node = ? WHERE cluster = ? AND userid = ?",
            [(names[number % len(names)], cluster.name, userid) for number, userid in enumerate(enabled)],
        )
        database.executemany(
            "UPDATE node SET assigned_users = ? WHERE cluster = ? AND name = ?",
            [
                ((len(enabled) + len(names) - 1 - position) // len(names), cluster.name, name)
                for position, name in enumerate(names)
            ],
        )


def take(database: Database, cluster: str) -> str | None:
    """Choose the node with the fewest users for one more, of several the first; ``None`` when the cluster has none."""
    row = database.one(
        "UPDATE node SET assigned_users = assigned_users + 1 WHERE cluster = ?1 AND name = (SELECT name FROM node"
        " WHERE cluster = ?1 AND role = 'imp' ORDER BY assigned_users, position LIMIT 1) RETURNING name",
        (cluster,),
    )
    return None if row is None else str(row["name"])


def leave(database: Database, cluster: str, node: str) -> None:
    """Count that a node is a user's home no more."""
    sql = "UPDATE node SET assigned_users = assigned_users - 1 WHERE cluster = ? AND name = ?"
    database.execute(sql, (cluster, node))


def assigned(database: Database, cluster: str, node: str) -> int:
    """Return how many users have their home at a node."""
    row = database.one("SELECT assigned_users FROM node WHERE cluster = ? AND name = ?", (cluster, node))
    return 0 if row is None else int(row["assigned_users"])


def serving(database: Database, cluster: str, home: str) -> str:
    """Return the node where the users are whose home is ``home``: the same one, unless that has failed over."""
    sql = "SELECT served_by FROM redundancy_node WHERE cluster = ? AND node = ? AND served_by IS NOT NULL"
    row = database.one(sql, (cluster, home))
    return home if row is None else str(row["served_by"])


def served(database: Database, cluster: str, node: str) -> list[str]:
    """Return the nodes whose users are at a node: itself, its peer, both or none."""
    sql = (
        "SELECT name FROM node LEFT JOIN redundancy_node AS r ON r.cluster = node.cluster AND r.node = node.name"
        " WHERE node.cluster = ?1 AND role = 'imp' AND coalesce(served_by, name) = ?2 COLLATE NOCASE ORDER BY position"
    )
    return [str(row["name"]) for row in database.all(sql, (cluster, node))]
