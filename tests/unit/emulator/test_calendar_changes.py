# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes in a calendar is told, whichever way it changes."""

from __future__ import annotations

from imp_emulator.domain.events import CalendarItemChanged
from imp_emulator.domain.exchange import calendars, icalendar_files, mailboxes
from imp_emulator.world.environment import Environment

SERIES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//A calendar//EN
BEGIN:VEVENT
UID:standup@example.com
DTSTAMP:20260501T000000Z
DTSTART:20260601T090000Z
DTEND:20260601T091500Z
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4
EXDATE:{0}T090000Z
SUMMARY:Stand-up
END:VEVENT
END:VCALENDAR
"""


def test_a_file_with_another_exception_changes_the_series_and_says_so(emulated: Environment) -> None:
    context = emulated.context
    mailbox = mailboxes.find(context, "user0001@example.com")
    assert mailbox is not None
    told: list[str] = []
    emulated.events.subscribe(CalendarItemChanged, lambda event: told.append(event.action))

    icalendar_files.import_file(context, mailbox, SERIES.format("20260608").encode())
    item = calendars.page(context, mailbox.id, 0, 1).items[0]
    icalendar_files.import_file(context, mailbox, SERIES.format("20260615").encode())
    changed = calendars.get(context, item.ref)

    assert [deleted.day for deleted in calendars.occurrences_of(context, item.ref).deleted] == [15]
    assert changed.change > item.change
    # Made, an occurrence deleted; all occurrences as the pattern has them, another one deleted.
    assert told == ["created", "modified", "modified", "modified"]


def test_each_change_makes_the_change_number_grow_by_one(emulated: Environment) -> None:
    """Of a master and of its occurrences alike: clients compare it, and a changed master has also other occurrences."""
    context = emulated.context
    mailbox = mailboxes.find(context, "user0001@example.com")
    assert mailbox is not None
    icalendar_files.import_file(context, mailbox, SERIES.format("20260608").encode())
    master = calendars.page(context, mailbox.id, 0, 1).items[0]
    third = calendars.occurrence(context, master.ref, 3)
    first = calendars.get(context, master.ref).change

    for grown, (ref, subject) in enumerate([(master.ref, "Daily"), (third.ref, "Moved"), (master.ref, "Weekly")], 1):
        calendars.update(context, ref, {"subject": subject})
        assert calendars.get(context, master.ref).change == first + grown
