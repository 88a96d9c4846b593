# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times on the wall of a time zone, and what they are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from imp_emulator.errors import InvalidValue

_NOT_A_ZONE = (ValueError, KeyError, OSError)
EARLIEST, LATEST = datetime(1601, 1, 1, tzinfo=UTC), datetime(4500, 8, 31, 23, 59, tzinfo=UTC)
"""The first and the last time that a calendar of Exchange knows; what never ends, ends with the last (MS-OXOCAL)."""


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        InvalidValue: There is none of that name.
    """
    try:
        return ZoneInfo(name)
    except _NOT_A_ZONE:
        text = f"The time zone must be an IANA name like Europe/Berlin, not {name[:80]!r}."
        raise InvalidValue("time-zone", text, "time_zone") from None


def wall(moment: datetime, name: str) -> datetime:
    """Return what the clock on the wall shows at a moment, naive.

    A time that was given in this very zone keeps its face, also one that the clock jumps over.
    """
    if isinstance(moment.tzinfo, ZoneInfo) and moment.tzinfo.key == name:
        return moment.replace(tzinfo=None, fold=0)
    return clamped(moment).astimezone(zone(name)).replace(tzinfo=None, fold=0)


def moment(face: datetime, name: str) -> datetime:
    """Return when the clock on the wall shows a naive time, in UTC.

    A face that is shown twice is the first of both; one that is jumped over is as long after the last face before the
    jump as it says (PEP 495, fold 0).
    """
    return face.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


def clamped(moment: datetime) -> datetime:
    """Return a moment as UTC; one beyond the ends of the calendar is the end."""
    return max(EARLIEST, min(LATEST, moment)).astimezone(UTC)
