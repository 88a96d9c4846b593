# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end users of the clusters."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from imp_emulator.catalogue.access_groups import GROUPS
from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.model import Scenario, ScenarioError
from imp_emulator.store.cucm.directories import directory_pkid, set_members
from imp_emulator.store.database import Database, Row

# Identifiers are derived from names, so that the same scenario gives the same ones on every machine.
_NAMESPACE = uuid.UUID("0c5f0f0e-0d7b-5d37-8f4e-3f1f6c3f5b52")
_SEED = (
    "INSERT INTO end_user (cluster, pkid, userid, first_name, last_name, mail, department, locale,"
    " im_and_presence, meeting_information, home_cluster, ldap_directory, access_groups)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SEARCHABLE = frozenset({"userid", "first_name", "last_name", "department"})
"""The fields that :func:`search` filters by."""


class UserKey(NamedTuple):
    """What a user is found by: the user id, in any letter case, or the UUID (lower case, no braces)."""

    field: Literal["userid", "pkid"]
    value: str


class UseridTaken(Exception):
    """A user id is another user's already."""


class User(NamedTuple):
    """An end user, without password and PIN.

    No dataclass, because lists have 100,000 of them: making a frozen one of so many fields takes six times as long.

    Attributes:
        pkid: The UUID, lower case, no braces.
        access_groups: The names of its access control groups, a line each.
        ldap_directory: The UUID and, after a blank, the name of its LDAP directory; ``None`` for a local user.
        enable_cti: 1 or 0, like all flags down from here.
    """

    pkid: str
    userid: str
    first_name: str
    display_name: str
    middle_name: str
    last_name: str
    mail: str
    department: str
    manager: str
    locale: str
    associated_pc: str
    directory_uri: str
    telephone: str
    title: str
    mobile: str
    home_phone: str
    pager: str
    numeric_userid: str
    self_service: str
    user_identity: str
    name_dialing: str
    attendees_access_code: str
    pattern_precedence: str
    access_groups: str
    ldap_directory: str | None
    em_max_login_time: int | None
    max_desk_pickup_wait_time: int
    remote_destination_limit: int
    status: int
    enable_cti: int
    enable_mobility: int
    enable_mobile_voice_access: int
    enable_emcc: int
    enable_host_conference_now: int
    home_cluster: int
    im_and_presence: int
    meeting_information: int


@dataclass(frozen=True, slots=True)
class PresenceUser:
    """What the rules about presence need to know of a user.

    Attributes:
        id: The key of the row, for :func:`update` and :func:`delete`.
        pkid: The UUID, lower case, no braces.
        home_cluster: With the two that follow, the flags of requirement U1.
        presence_node: Its home, an IM and Presence node; ``None`` while it is not enabled.
        served_by: The node that serves it: its home, or that one's peer after a failover.
        mail: Its mail address, which is that of its mailbox; may be empty.
        locale: Its language as the product writes it, for example ``Japanese Japan``; may be empty.
    """

    id: int
    pkid: str
    userid: str
    home_cluster: bool
    im_and_presence: bool
    meeting_information: bool
    presence_node: str | None
    served_by: str | None
    mail: str
    locale: str

    @property
    def included(self) -> bool:
        """Whether its meetings are to be a part of its presence: all three flags together say so."""
        return self.home_cluster and self.im_and_presence and self.meeting_information


_DIRECTORY = (
    "CASE WHEN ldap_directory IS NOT NULL THEN ldap_directory || ' ' || (SELECT name FROM ldap_directory AS d"
    " WHERE d.cluster = end_user.cluster AND d.pkid = end_user.ldap_directory) END"
)
_COLUMNS = (_DIRECTORY if field == "ldap_directory" else field for field in User._fields)
_USER = f"SELECT {', '.join(_COLUMNS)} FROM end_user"  # noqa: S608 - this project's column names
_PRESENCE = (
    "SELECT id, pkid, userid, home_cluster, im_and_presence, meeting_information, presence_node,"
    " coalesce((SELECT served_by FROM redundancy_node AS r WHERE r.cluster = end_user.cluster"
    " AND r.node = end_user.presence_node), presence_node) AS served_by, mail, locale FROM end_user"
)


def seed(database: Database, scenario: Scenario) -> None:
    """Store the users of a scenario; raises ``ScenarioError`` for an access control group that the cluster has not."""
    for cluster in scenario.clusters:
        known_groups = {ascii_lower(name): name for name in (*GROUPS, *cluster.access_control_groups)}
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
                    user.locale,
                    user.im_and_presence,
                    user.meeting_information,
                    user.home_cluster,
                    directory_pkid(cluster.name, user.ldap_directory) if user.ldap_directory else None,
                    "\n".join(_group(known_groups, name, user.userid) for name in user.access_control_groups),
                )
                for user in cluster.users
            ),
        )


def _group(known: Mapping[str, str], name: str, userid: str) -> str:
    if ascii_lower(name) not in known:
        rule = f"must be standard groups, or of the cluster's access_control_groups, not {name!r}"
        raise ScenarioError(f"access_control_groups of {userid}", rule)
    return known[ascii_lower(name)]


def user(database: Database, cluster: str, key: UserKey) -> User | None:
    """Return a user, or ``None``."""
    row = database.one(f"{_USER} WHERE cluster = ? AND {key.field} = ?", (cluster, key.value))
    return None if row is None else User._make(row)


def presence_user(database: Database, cluster: str, key: UserKey) -> PresenceUser | None:
    """Return what the rules about presence need to know of a user, or ``None``."""
    row = database.one(f"{_PRESENCE} WHERE cluster = ? AND {key.field} = ?", (cluster, key.value))
    if row is None:
        return None
    return _presence_user(row)


def presence_users(
    database: Database,
    cluster: str,
    node: str | None = None,
    *,
    after: int = 0,
    skip: int = 0,
    first: int | None = None,
) -> list[PresenceUser]:
    """Return the users of a cluster that an IM and Presence node serves, or those of one home node, oldest first.

    Args:
        after: Only those behind the one with this ``id``.
        skip: How many of them to leave out.
        first: How many to return at most; ``None`` for all.
    """
    part = {"after": after, "skip": skip, "first": -1 if first is None else first}
    sql = f"{_PRESENCE} WHERE {_served(node)} AND id > :after ORDER BY id LIMIT :first OFFSET :skip"
    return [_presence_user(row) for row in database.all(sql, {"cluster": cluster, "node": node, **part})]


def count_presence_users(database: Database, cluster: str, node: str | None = None) -> int:
    """Return how many users :func:`presence_users` gives without further arguments."""
    sql = f"SELECT count(*) AS n FROM end_user WHERE {_served(node)}"  # noqa: S608 - no values
    row = database.one(sql, {"cluster": cluster, "node": node})
    return 0 if row is None else int(row["n"])


def _served(node: str | None) -> str:
    return f"cluster = :cluster AND presence_node {'IS NOT NULL' if node is None else '= :node'}"


def presence_page(database: Database, cluster: str, after: str, first: int) -> list[PresenceUser]:
    """Return the first so many of the users that an IM and Presence node serves, by user id, behind one of them."""
    rows = database.all(
        f"{_PRESENCE} WHERE cluster = ? AND presence_node IS NOT NULL AND userid > ? ORDER BY userid LIMIT ?",
        (cluster, after, first),
    )
    return [_presence_user(row) for row in rows]


def _presence_user(row: Row) -> PresenceUser:
    row_id, pkid, userid, home_cluster, im_and_presence, meeting_information, *rest = row
    flags = (bool(home_cluster), bool(im_and_presence), bool(meeting_information))
    return PresenceUser(row_id, pkid, userid, *flags, *rest)


def secret_hash(database: Database, cluster: str, key: UserKey, kind: Literal["password", "pin"]) -> str | None:
    """Return the salted hash of a user's password or PIN; ``None`` without a user, or when none was ever set."""
    sql = f"SELECT {kind}_hash FROM end_user WHERE cluster = ? AND {key.field} = ?"  # noqa: S608
    row = database.one(sql, (cluster, key.value))
    return None if row is None else row[0]


def search(
    database: Database, cluster: str, patterns: Mapping[str, str], skip: int = 0, first: int | None = None
) -> list[User]:
    """Return users in a fixed order.

    Args:
        database: The state file.
        cluster: The users' cluster.
        patterns: SQL LIKE patterns by field, see :data:`SEARCHABLE`; all of them must match.
        skip: How many of the matching users to leave out.
        first: How many to return at most; ``None`` for all.
    """
    where, values = _where(cluster, patterns)
    if patterns.get("userid", "%").startswith("%"):
        # Not by the index of the cluster, which would have all its users sorted anew for each page.
        where = f"+{where}"
    rows = database.all(
        f"{_USER} WHERE {where} ORDER BY id LIMIT ? OFFSET ?", [*values, -1 if first is None else first, skip]
    )
    return [User._make(row) for row in rows]


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
    """Add a user; fields that are not given take their defaults. Raises ``UseridTaken``."""
    columns = ["cluster", "pkid", *values]
    places = ", ".join("?" * len(columns))
    sql = f"INSERT INTO end_user ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - this project's column names
    try:
        user_id = database.execute(sql, [cluster, pkid, *values.values()]).lastrowid
    except sqlite3.IntegrityError:
        raise UseridTaken from None
    if user_id is not None and "access_groups" in values:
        set_members(database, user_id, values["access_groups"].splitlines())


def update(database: Database, user_id: int, changes: Mapping[str, Any]) -> bool:
    """Change fields of one user, by its ``id``, and tell whether any had another value; raises ``UseridTaken``."""
    values = (*changes.values(), user_id, *changes.values())
    try:
        changed = database.execute(_update(tuple(changes)), values).rowcount > 0
    except sqlite3.IntegrityError:
        raise UseridTaken from None
    if changed and "access_groups" in changes:
        set_members(database, user_id, changes["access_groups"].splitlines())
    return changed


@lru_cache(maxsize=256)
def _update(columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f"{column} = ?" for column in columns)
    # A user id in other letters is another value, although the column takes both for the same.
    differs = " OR ".join(f"{column} IS NOT ? COLLATE BINARY" for column in columns)
    return f"UPDATE end_user SET {assignments} WHERE id = ? AND ({differs})"  # noqa: S608 - this project's column names


def delete(database: Database, user_id: int) -> None:
    """Remove one user, by its ``id``."""
    database.execute("DELETE FROM end_user WHERE id = ?", (user_id,))
