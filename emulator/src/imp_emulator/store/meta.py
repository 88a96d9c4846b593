# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the state file itself."""

from __future__ import annotations

from imp_emulator.store.database import Database


def get(database: Database, name: str) -> str | None:
    """Return a fact, or ``None`` when it was never put."""
    row = database.one("SELECT value FROM meta WHERE name = ?", (name,))
    return None if row is None else str(row["value"])


def put(database: Database, name: str, value: str) -> None:
    """Remember a fact."""
    database.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
