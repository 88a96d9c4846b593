# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar files for tests of what reads them."""

from __future__ import annotations

from imp_emulator.domain.exchange import calendars
from imp_emulator.domain.exchange.calendar_items import CalendarItem
from imp_emulator.domain.exchange.icalendar_files import import_file
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.world.context import Context

GOOD = "UID:good\nDTSTART:20261201T090000Z"
RULES = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""
"""As Outlook writes rules that its user has made."""


def calendar(*parts: str) -> bytes:
    """A file of events, each without its first and last line, and of other components as they are."""
    whole = [part if part.startswith("BEGIN:") else f"BEGIN:VEVENT\n{part}\nEND:VEVENT" for part in parts]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *whole, "END:VCALENDAR", ""]).encode()


def only(context: Context, box: Mailbox, *parts: str) -> CalendarItem:
    """The one item that a file of these parts gives."""
    done = import_file(context, box, calendar(*parts))
    assert (done.created, done.problems) == (1, ())
    (item,) = calendars.page(context, box.id, 0, 9).items
    return item
