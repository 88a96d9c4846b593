# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual clock: everything timed in the emulator asks it, and tests move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from imp_emulator.store.clock import ClockSetting

_DIGITS = 6
"""Times are whole microseconds: with other fractions two ways to add up the same seconds would give two times."""


class Clock:
    """Real time plus an offset, or frozen at one instant.

    Moving it makes nothing happen: whoever moves the environment's clock asks the scheduler, which runs what is due.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to real time."""
        self.setting = ClockSetting()

    @property
    def setting(self) -> ClockSetting:
        """How it differs from real time; a new one releases it too."""
        return ClockSetting(self._offset_seconds, self._frozen_at)

    @setting.setter
    def setting(self, setting: ClockSetting) -> None:
        self._offset_seconds = setting.offset_seconds
        self._frozen_at = setting.frozen_at
        self._held_at: float | None = None

    @property
    def offset_seconds(self) -> float:
        """Its distance from real time; when frozen, from the real time at which it was frozen."""
        return self._offset_seconds

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen_at is not None

    def timestamp(self) -> float:
        """Return the emulated time in seconds since the epoch (UTC)."""
        if self._held_at is not None:
            return self._held_at
        return round(self._base() + self._offset_seconds, _DIGITS)

    def _base(self) -> float:
        return time.time() if self._frozen_at is None else self._frozen_at

    def now(self) -> datetime:
        """Return the emulated time, aware, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), tz=UTC)

    def isoformat(self) -> str:
        """Return the emulated time as ISO 8601 with microseconds, in UTC."""
        return self.now().isoformat()

    def advance(self, seconds: float) -> None:
        """Move time forward (or back) by so many seconds."""
        self.set_offset(self._offset_seconds + seconds)

    def set_offset(self, seconds: float) -> None:
        """Set the distance from real time."""
        self._offset_seconds = round(seconds, _DIGITS)

    def set(self, timestamp: float) -> None:
        """Make it so many seconds since the epoch now; time goes on, or stands still, from there."""
        self.set_offset(timestamp - self._base())

    def freeze(self, frozen: bool) -> None:
        """Stop time at the present instant, or let it run on from there."""
        if frozen and self._frozen_at is None:
            self._frozen_at = round(time.time(), _DIGITS)
        elif not frozen and self._frozen_at is not None:
            self.set_offset(self._offset_seconds + self._frozen_at - time.time())
            self._frozen_at = None

    def hold(self, timestamp: float) -> None:
        """Show one instant until :meth:`release`, whether the clock is frozen or not."""
        self._held_at = timestamp

    def release(self) -> None:
        """Show again what the setting says."""
        self._held_at = None


def moment(timestamp: float) -> float:
    """Return a time as the clock can show it."""
    return round(timestamp, _DIGITS)
