# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence of users beside the calendar: sign-in, phone, what was set by hand; and what is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class StoredPresence:
    """A user's presence as it is stored; ``manual`` and ``shown`` are what the domain makes of them.

    Attributes:
        manual: ``None`` when nothing was set by hand.
        since: Since when it is shown so; virtual time, seconds since the epoch.
    """

    cluster: str
    pkid: str
    sign_in: str
    on_the_phone: bool
    manual: dict[str, Any] | None
    shown: dict[str, Any]
    since: float


def put(database: Database, presence: StoredPresence) -> None:
    """Store a user's presence."""
    database.execute(
        "INSERT OR REPLACE INTO presence (cluster, pkid, sign_in, on_the_phone, manual, shown, since)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            presence.cluster,
            presence.pkid,
            presence.sign_in,
            presence.on_the_phone,
            json.dumps(presence.manual),
            json.dumps(presence.shown),
            presence.since,
        ),
    )


def find(database: Database, cluster: str, pkid: str) -> StoredPresence | None:
    """Return a user's presence; ``None`` while nothing has ever changed it."""
    row = database.one(
        "SELECT sign_in, on_the_phone, manual, shown, since FROM presence WHERE cluster = ? AND pkid = ?",
        (cluster, pkid),
    )
    if row is None:
        return None
    sign_in, on_the_phone, manual, shown, since = row
    return StoredPresence(cluster, pkid, sign_in, bool(on_the_phone), json.loads(manual), json.loads(shown), since)


def words(database: Database, cluster: str) -> dict[str, str]:
    """Return the ``presence`` among what is shown of each user of which something is stored, by UUID."""
    sql = "SELECT pkid, json_extract(shown, '$.presence') AS presence FROM presence WHERE cluster = ?"
    return {row["pkid"]: row["presence"] for row in database.all(sql, (cluster,))}


def remove(database: Database, cluster: str, pkid: str) -> None:
    """Forget a user's presence."""
    database.execute("DELETE FROM presence WHERE cluster = ? AND pkid = ?", (cluster, pkid))
