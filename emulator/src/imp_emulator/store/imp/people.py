# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users chosen by who they are, by what is shown of them and by how they are followed, without reading all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imp_emulator.store.database import Database

_NAMES = ("userid", "first_name || ' ' || last_name", "last_name || ' ' || first_name", "display_name", "mail")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which users; what is empty or ``None`` leaves nobody out.

    Attributes:
        name: Part of the user id, the name or the mail address.
        department: Part of the department.
        presence: What is shown of them.
        gateways: The identifiers of the gateways through which they are followed.
    """

    name: str = ""
    department: str = ""
    presence: str = ""
    gateways: Sequence[str] | None = None


def find(
    database: Database, clusters: Mapping[str, str], wanted: Wanted, skip: int, first: int
) -> tuple[int, list[tuple[str, str]]]:
    """Return how many users there are, and cluster and user id of those of a page, sorted by both.

    Args:
        database: The state file.
        clusters: The clusters, with what is shown there of users of whom nothing is stored.
        wanted: Which users.
        skip: How many of them to leave out.
        first: How many to return at most.
    """
    source, values = _source(clusters, wanted)
    total = database.one(f"SELECT count(*) AS n {source}", values)
    rows = database.all(
        f"SELECT u.cluster, u.userid {source} ORDER BY u.cluster, u.userid LIMIT :first OFFSET :skip",
        values | {"first": first, "skip": skip},
    )
    return 0 if total is None else int(total["n"]), [(row["cluster"], row["userid"]) for row in rows]


def _source(clusters: Mapping[str, str], wanted: Wanted) -> tuple[str, dict[str, str]]:
    """Return the tables with the conditions, and the values in them; a table is only read when it decides."""
    values, tables, conditions = {"clusters": json.dumps(clusters)}, "", ["TRUE"]
    if wanted.name:
        conditions.append("(" + " OR ".join(f"{name} LIKE :name ESCAPE '\\'" for name in _NAMES) + ")")
        values["name"] = _pattern(wanted.name)
    if wanted.department:
        conditions.append("department LIKE :department ESCAPE '\\'")
        values["department"] = _pattern(wanted.department)
    if wanted.presence:
        tables += " LEFT JOIN presence AS p ON p.cluster = u.cluster AND p.pkid = u.pkid"
        shown = "coalesce(json_extract(p.shown, '$.presence'), c.value)"
        conditions.append(f"u.presence_node IS NOT NULL AND {shown} = :presence")
        values["presence"] = wanted.presence
    if wanted.gateways is not None:
        tables += " JOIN engine_user AS e ON e.cluster = u.cluster AND e.pkid = u.pkid"
        conditions.append("e.gateway IN (SELECT value FROM json_each(:gateways))")
        values["gateways"] = json.dumps(list(wanted.gateways))
    joined = f"FROM json_each(:clusters) AS c JOIN end_user AS u ON u.cluster = c.key{tables}"
    return f"{joined} WHERE {' AND '.join(conditions)}", values


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
