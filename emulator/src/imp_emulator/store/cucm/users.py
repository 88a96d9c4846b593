# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end users of the clusters."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database, Row

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("0c5f0f0e-0d7b-5d37-8f4e-3f1f6c3f5b52")
_SEED = (
    "INSERT INTO end_user (cluster, pkid, userid, first_name, last_name, mail, department, im_and_presence,"
    " meeting_information) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SEARCHABLE = frozenset({"userid", "first_name", "last_name", "department"})
"""The columns that :func:`search` filters by."""


def seed(database: Database, scenario: Scenario) -> None:
    """Store the users of a scenario."""
    for cluster in scenario.clusters:
        database.executemany(
            _SEED,
            (
                (
                    cluster.name,
                    str(uuid.uuid5(_NAMESPACE, f"{cluster.name}/{user.userid}")),
                    user.userid,
                    user.first_name,
                    user.last_name,
                    user.mail,
                    user.department,
                    user.im_and_presence,
                    user.meeting_information,
                )
                for user in cluster.users
            ),
        )


def by_userid(database: Database, cluster: str, userid: str, columns: str = "*") -> Row | None:
    """Return a user's row by its user id, in any letter case, or ``None``; ``columns`` as in a SELECT."""
    sql = f"SELECT {columns} FROM end_user WHERE cluster = ? AND userid = ?"  # noqa: S608 - this project's column names
    return database.one(sql, (cluster, userid))


def by_pkid(database: Database, cluster: str, pkid: str, columns: str = "*") -> Row | None:
    """Return a user's row by its UUID (lower case, no braces), or ``None``; ``columns`` as in a SELECT."""
    sql = f"SELECT {columns} FROM end_user WHERE cluster = ? AND pkid = ?"  # noqa: S608 - this project's column names
    return database.one(sql, (cluster, pkid))


def search(
    database: Database, cluster: str, patterns: Mapping[str, str], skip: int = 0, first: int | None = None
) -> list[Row]:
    """Return whole rows, in a fixed order.

    Args:
        database: The state file.
        cluster: The users' cluster.
        patterns: SQL LIKE patterns by column, see :data:`SEARCHABLE`; all of them must match.
        skip: How many of the matching rows to leave out.
        first: How many to return at most; ``None`` for all.
    """
    where, values = _where(cluster, patterns)
    return database.all(
        f"SELECT * FROM end_user WHERE {where} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608 - columns of SEARCHABLE only
        [*values, -1 if first is None else first, skip],
    )


def count(database: Database, cluster: str, patterns: Mapping[str, str]) -> int:
    """Return how many users match, see :func:`search`."""
    where, values = _where(cluster, patterns)
    sql = f"SELECT count(*) AS n FROM end_user WHERE {where}"  # noqa: S608 - columns of SEARCHABLE only
    row = database.one(sql, values)
    return 0 if row is None else int(row["n"])


def _where(cluster: str, patterns: Mapping[str, str]) -> tuple[str, list[str]]:
    if unknown := patterns.keys() - SEARCHABLE:
        raise ValueError(f"no search by {', '.join(sorted(unknown))}")
    conditions = ["cluster = ?", *(f"{column} LIKE ?" for column in patterns)]
    return " AND ".join(conditions), [cluster, *patterns.values()]


def insert(database: Database, cluster: str, pkid: str, values: Mapping[str, Any]) -> None:
    """Add a user; columns that are not given take their defaults.

    Raises:
        sqlite3.IntegrityError: The user id is taken.
    """
    columns = ["cluster", "pkid", *values]
    places = ", ".join("?" * len(columns))
    sql = f"INSERT INTO end_user ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - this project's column names
    database.execute(sql, [cluster, pkid, *values.values()])


def update(database: Database, row_id: int, changes: Mapping[str, Any]) -> None:
    """Change columns of one user, by the ``id`` of its row.

    Raises:
        sqlite3.IntegrityError: The new user id is taken.
    """
    assignments = ", ".join(f"{column} = ?" for column in changes)
    sql = f"UPDATE end_user SET {assignments} WHERE id = ?"  # noqa: S608 - this project's column names
    database.execute(sql, [*changes.values(), row_id])


def delete(database: Database, row_id: int) -> None:
    """Remove one user, by the ``id`` of its row."""
    database.execute("DELETE FROM end_user WHERE id = ?", (row_id,))


def count_enabled(database: Database, cluster: str) -> int:
    """Return how many users are enabled for IM and Presence."""
    row = database.one("SELECT count(*) AS n FROM end_user WHERE cluster = ? AND im_and_presence", (cluster,))
    return 0 if row is None else int(row["n"])
