# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throttling policies of accounts that have one of their own."""

from __future__ import annotations

import json

from imp_emulator.store.database import Database


def get(database: Database, account: str) -> dict[str, int | None]:
    """Return the limits in which an account differs from the scenario's policy."""
    row = database.one("SELECT limits FROM throttling_policy WHERE account = ?", (account,))
    return {} if row is None else dict(json.loads(row["limits"]))


def put(database: Database, account: str, limits: dict[str, int | None]) -> None:
    """Store the limits of an account."""
    database.execute(
        "INSERT OR REPLACE INTO throttling_policy (account, limits) VALUES (?, ?)", (account, json.dumps(limits))
    )


def remove(database: Database, account: str) -> None:
    """Forget the limits of an account."""
    database.execute("DELETE FROM throttling_policy WHERE account = ?", (account,))
