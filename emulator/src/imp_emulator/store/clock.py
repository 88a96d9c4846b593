# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the virtual clock stands."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """How the virtual clock differs from real time.

    Attributes:
        offset_seconds: Its distance from real time.
        frozen_at: The instant of real time at which it was stopped, seconds since the epoch; ``None`` while it runs.
    """

    offset_seconds: float = 0.0
    frozen_at: float | None = None


def load(database: Database) -> ClockSetting:
    """Return the stored setting; real time when nothing was ever stored."""
    row = database.one("SELECT offset_seconds, frozen_at FROM clock")
    return ClockSetting() if row is None else ClockSetting(row["offset_seconds"], row["frozen_at"])


def save(database: Database, setting: ClockSetting) -> None:
    """Remember a setting."""
    database.execute(
        "INSERT INTO clock (id, offset_seconds, frozen_at) VALUES (1, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET offset_seconds = excluded.offset_seconds, frozen_at = excluded.frozen_at",
        (setting.offset_seconds, setting.frozen_at),
    )
