# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual clock: everything timed in the emulator asks it, and tests move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Real time plus an offset, or frozen at one instant."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to real time."""
        self.offset_seconds = 0.0
        self._frozen_at: float | None = None

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen_at is not None

    def timestamp(self) -> float:
        """Return the emulated time in seconds since the epoch (UTC)."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self.offset_seconds

    def now(self) -> datetime:
        """Return the emulated time, aware, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), tz=UTC)

    def isoformat(self) -> str:
        """Return the emulated time as ISO 8601 with microseconds, in UTC."""
        return self.now().isoformat()

    def advance(self, seconds: float) -> None:
        """Move time forward (or back) by so many seconds."""
        self.offset_seconds += seconds

    def set(self, timestamp: float) -> None:
        """Make it so many seconds since the epoch now; time goes on, or stands still, from there."""
        self.offset_seconds += timestamp - self.timestamp()

    def freeze(self, frozen: bool) -> None:
        """Stop time at the present instant, or let it run on from there."""
        if frozen and self._frozen_at is None:
            self._frozen_at = time.time()
        elif not frozen and self._frozen_at is not None:
            self.offset_seconds += self._frozen_at - time.time()
            self._frozen_at = None
