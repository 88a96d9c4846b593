# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control groups, LDAP directories, and the feature group templates of these."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from imp_emulator.catalogue.access_groups import GROUPS
from imp_emulator.scenario.model import ClusterSpec, Scenario
from imp_emulator.store.database import Database, Row

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("8f1d0d5e-52e5-5f0b-9b61-5d3f0b0f6c11")
_HOUR = 3600.0
OPTIONS = ("home_cluster", "im_and_presence", "meeting_information")
"""The options of a user that a template says."""


class Key(NamedTuple):
    """What a template or directory is found by: its name, in any letter case, or its UUID (lower case, no braces)."""

    field: Literal["name", "pkid"]
    value: str


@dataclass(frozen=True, slots=True)
class AccessGroup:
    """An access control group; ``pkid`` is its UUID, lower case, no braces."""

    pkid: str
    name: str
    standard: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A feature group template; ``pkid`` is its UUID, lower case, no braces."""

    pkid: str
    name: str
    description: str
    home_cluster: bool
    im_and_presence: bool
    meeting_information: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """An LDAP directory.

    Attributes:
        pkid: The UUID, lower case, no braces.
        template: The UUID of its feature group template, or ``None``.
        every_hours: How often it is synchronised, in hours; 0 for only when asked to.
        next_at: When it is synchronised next, virtual time; ``None`` when nothing is planned.
    """

    pkid: str
    name: str
    template: str | None
    every_hours: int
    next_at: float | None


def directory_pkid(cluster: str, name: str) -> str:
    """Return the UUID of a scenario's LDAP directory."""
    return _pkid("directory", cluster, name)


def _pkid(kind: str, cluster: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{cluster}/{name}"))


def seed(database: Database, scenario: Scenario, now: float) -> None:
    """Store the groups, templates and directories of a scenario; the period of a directory begins now."""
    for cluster in scenario.clusters:
        _seed_groups(database, cluster)
        database.executemany(
            "INSERT INTO feature_group_template (cluster, pkid, name, description, home_cluster, im_and_presence,"
            " meeting_information) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    cluster.name,
                    _pkid("template", cluster.name, template.name),
                    template.name,
                    template.description,
                    *(getattr(template, option) for option in OPTIONS),
                )
                for template in cluster.feature_group_templates
            ],
        )
        database.executemany(
            "INSERT INTO ldap_directory (cluster, pkid, name, template, every_hours, next_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    cluster.name,
                    directory_pkid(cluster.name, found.name),
                    found.name,
                    _pkid("template", cluster.name, found.feature_group_template)
                    if found.feature_group_template
                    else None,
                    found.every_hours,
                    now + found.every_hours * _HOUR if found.every_hours else None,
                )
                for found in cluster.ldap_directories
            ],
        )


def _seed_groups(database: Database, cluster: ClusterSpec) -> None:
    names = [*((name, True) for name in GROUPS), *((name, False) for name in cluster.access_control_groups)]
    database.executemany(
        "INSERT OR IGNORE INTO access_group (cluster, pkid, name, standard) VALUES (?, ?, ?, ?)",
        [(cluster.name, _pkid("group", cluster.name, name), name, standard) for name, standard in names],
    )

    database.executemany(
        f"{_ADD_MEMBER} WHERE u.cluster = ? AND u.userid = ? AND g.name = ?",
        [(cluster.name, user.userid, name) for user in cluster.users for name in set(user.access_control_groups)],
    )


_ADD_MEMBER = (
    "INSERT OR IGNORE INTO access_group_member (group_id, user_id, user)"
    " SELECT g.id, u.id, u.pkid FROM end_user AS u JOIN access_group AS g ON g.cluster = u.cluster"
)


def set_members(database: Database, user_id: int, names: Iterable[str]) -> None:
    """Have a user be in these groups and in no others.

    Args:
        user_id: The ``id`` of the user's row.
    """
    database.execute("DELETE FROM access_group_member WHERE user_id = ?", (user_id,))
    database.executemany(f"{_ADD_MEMBER} WHERE u.id = ? AND g.name = ?", [(user_id, name) for name in names])


def groups(database: Database, cluster: str) -> list[AccessGroup]:
    """Return the access control groups of a cluster, the standard ones first."""
    rows = database.all("SELECT pkid, name, standard FROM access_group WHERE cluster = ? ORDER BY id", (cluster,))
    return [AccessGroup(pkid, name, bool(standard)) for pkid, name, standard in rows]


def group_name(database: Database, cluster: str, name: str) -> str | None:
    """Return the name of a group as the cluster writes it, for one in any letter case; ``None`` for no group."""
    row = database.one("SELECT name FROM access_group WHERE cluster = ? AND name = ?", (cluster, name))
    return None if row is None else str(row[0])


_TEMPLATE = (
    "SELECT pkid, name, description, home_cluster, im_and_presence, meeting_information"
    " FROM feature_group_template WHERE cluster = ?"
)
_DIRECTORY = "SELECT pkid, name, template, every_hours, next_at FROM ldap_directory WHERE cluster = ?"


def templates(database: Database, cluster: str) -> list[Template]:
    """Return the feature group templates of a cluster, the oldest first."""
    return [_template(row) for row in database.all(f"{_TEMPLATE} ORDER BY id", (cluster,))]


def template(database: Database, cluster: str, key: Key) -> Template | None:
    """Return one template, or ``None``."""
    row = database.one(f"{_TEMPLATE} AND {key.field} = ?", (cluster, key.value))
    return None if row is None else _template(row)


def _template(row: Row) -> Template:
    pkid, name, description, *options = row
    return Template(pkid, name, description, *map(bool, options))


def update_template(database: Database, cluster: str, pkid: str, changes: Mapping[str, Any]) -> None:
    """Change fields of a template."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    sql = f"UPDATE feature_group_template SET {assignments} WHERE cluster = ? AND pkid = ?"  # noqa: S608 - own names
    database.execute(sql, (*changes.values(), cluster, pkid))


def directories(database: Database, cluster: str) -> list[Directory]:
    """Return the LDAP directories of a cluster, the oldest first."""
    return [Directory(*row) for row in database.all(f"{_DIRECTORY} ORDER BY id", (cluster,))]


def directory(database: Database, cluster: str, key: Key) -> Directory | None:
    """Return one LDAP directory, or ``None``."""
    row = database.one(f"{_DIRECTORY} AND {key.field} = ?", (cluster, key.value))
    return None if row is None else Directory(*row)


def plan_next(database: Database, cluster: str, pkid: str, at: float | None) -> None:
    """Note when a directory is synchronised next."""
    database.execute("UPDATE ldap_directory SET next_at = ? WHERE cluster = ? AND pkid = ?", (at, cluster, pkid))


def unlike(
    database: Database, cluster: str, directory_id: str, wanted: Template, after: int, first: int
) -> list[tuple[int, str]]:
    """Return the first so many of a directory's users whose options are not those of a template.

    Args:
        directory_id: The UUID of the directory.
        after: Only those behind the one with this key, the first of each pair.

    Returns:
        Their keys with their UUIDs, the oldest first.
    """
    differs = " OR ".join(f"{option} <> ?" for option in OPTIONS)
    rows = database.all(
        f"SELECT id, pkid FROM end_user WHERE cluster = ? AND ldap_directory = ? AND id > ? AND ({differs})"  # noqa: S608
        " ORDER BY id LIMIT ?",
        (cluster, directory_id, after, *(getattr(wanted, option) for option in OPTIONS), first),
    )
    return [(row[0], row[1]) for row in rows]
