# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free and busy times of mailboxes, as the availability service of Exchange tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from imp_emulator.domain.exchange import calendars
from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.errors import InvalidValue
from imp_emulator.world.context import Context

LONGEST = timedelta(days=42)
"""How long a time may be asked about."""
INTERVALS = range(5, 1441)
"""How many minutes a digit of merged free and busy times may stand for."""
MOST_ENTRIES = 1000
"""How many entries of a mailbox are told at most."""

WORKING_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WORKING_MINUTES = (8 * 60, 17 * 60)
"""From and until when people work, in minutes of the day: the hours that a new mailbox of Exchange has."""

_DIGITS = {"Free": "0", "Tentative": "1", "Busy": "2", "OOF": "3", "WorkingElsewhere": "4", "NoData": "4"}
_RANKS = ("Free", "NoData", "WorkingElsewhere", "Tentative", "Busy", "OOF")
"""Where several are at a time, the last of these counts."""


def entries(context: Context, mailbox: int, start: datetime, end: datetime) -> tuple[CalendarItem, ...]:
    """Return what takes place in a calendar in a time, sorted by start.

    Raises:
        InvalidValue: The time does not end after its start (``interval-order``) or is longer than 42 days
            (``interval-too-long``), or there are more than a thousand entries (``too-many-entries``).
    """
    if end <= start:
        raise InvalidValue("interval-order", "The time must end after it starts.", "end")
    if end - start > LONGEST:
        raise InvalidValue("interval-too-long", f"The time must not be longer than {LONGEST.days} days.", "end")
    found = calendars.view(context, mailbox, start, end, MOST_ENTRIES)
    if not found.whole:
        raise InvalidValue("too-many-entries", f"There are more than {MOST_ENTRIES} entries in that time.", "end")
    return found.items


def merged(items: Sequence[CalendarItem], start: datetime, end: datetime, minutes: int) -> str:
    """Return a digit for each interval of a time: 0 free, 1 tentative, 2 busy, 3 out of office, 4 elsewhere or no data.

    Args:
        items: What takes place.
        start: When the first interval begins.
        end: When the time ends; the last interval may reach beyond.
        minutes: The length of an interval.

    Raises:
        InvalidValue: The length is not 5 to 1440 minutes (``interval-length``).
    """
    if minutes not in INTERVALS:
        text = f"An interval has {INTERVALS[0]} to {INTERVALS[-1]} minutes, not {minutes}."
        raise InvalidValue("interval-length", text, "minutes")
    length = timedelta(minutes=minutes)
    ranks = bytearray(-((start - end) // length))
    for item in sorted(items, key=lambda item: _RANKS.index(item.show_as)):
        first = max(0, (item.start - start) // length)
        behind = max(first, min(len(ranks), -((start - item.end) // length)))
        # All at once: a thousand long items over six weeks are millions of intervals.
        ranks[first:behind] = bytes([_RANKS.index(item.show_as)]) * (behind - first)
    return "".join(_DIGITS[_RANKS[rank]] for rank in ranks)
