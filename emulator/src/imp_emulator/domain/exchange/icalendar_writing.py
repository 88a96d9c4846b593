# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An item of a calendar as an event of a calendar file (RFC 5545); reading it gives the same item again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Event, vCalAddress, vRecur, vText

from imp_emulator.domain.exchange import local_times, recurrence
from imp_emulator.domain.exchange.calendar_items import Attendee, CalendarItem
from imp_emulator.domain.exchange.icalendar_reading import (
    BUSY,
    CLASSES,
    ELEMENT,
    END_ZONE,
    PARTICIPATION,
    RESPONSE,
    ZONE,
    response_of,
)
from imp_emulator.domain.exchange.mailboxes import Mailbox

_BUSY = {name: word for word, name in BUSY.items()}
_CLASSES = {name: word for word, name in CLASSES.items()}
_PARTICIPATION = {name: word for word, name in PARTICIPATION.items()}
_ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}


def event_of(
    mailbox: Mailbox, item: CalendarItem, faces: tuple[datetime, datetime] | None, deleted: Iterable[datetime] = ()
) -> Event:
    """Return a single item or a master as an event.

    Args:
        mailbox: Whose calendar it is in.
        item: The item.
        faces: Of a master its start and end, naive, on the wall of its zone.
        deleted: Of a master the original starts of the occurrences that were deleted.
    """
    event = Event()
    event.add("uid", item.uid)
    start, end = faces or (item.start, item.end)
    _add_times(event, mailbox, item, start, end)
    if item.recurrence is not None:
        rule = recurrence.rule_of(item.recurrence, None if item.all_day else item.zone)
        event.add("rrule", vRecur.from_ical(rule))
        for original in deleted:
            event.add("exdate", _written(original, item.zone, all_day=item.all_day))
    _add_words(event, mailbox, item)
    return event


def exception_of(mailbox: Mailbox, master: CalendarItem, item: CalendarItem) -> Event:
    """Return a changed occurrence as an event."""
    event = Event()
    event.add("uid", master.uid)
    if item.original_start is not None:
        event.add("recurrence-id", _written(item.original_start, master.zone, all_day=master.all_day))
    _add_times(event, mailbox, item, item.start, item.end)
    _add_words(event, mailbox, item)
    return event


def _add_times(event: Event, mailbox: Mailbox, item: CalendarItem, start: datetime, end: datetime) -> None:
    written = [_written(value, item.zone, all_day=item.all_day) for value in (start, end)]
    event.add("dtstart", written[0])
    event.add("dtend", written[1])
    read = mailbox.time_zone if item.all_day else _zone_of(written[0])
    if read != item.zone:
        event.add(ZONE, vText(item.zone))
    if item.end_zone is not None or (not item.all_day and _zone_of(written[1]) != _zone_of(written[0])):
        event.add(END_ZONE, vText(item.end_zone or item.zone))
    event.add("dtstamp", item.modified.replace(microsecond=0))
    event.add("created", item.created.replace(microsecond=0))
    event.add("last-modified", item.modified.replace(microsecond=0))


def _written(moment: datetime, zone: str, *, all_day: bool) -> date:
    """Return a moment in UTC, or a naive time on the wall of a zone, as a date or a time that is read alike.

    The second of two times with the same face is written in UTC, because a face with a zone means the first.
    """
    if moment.tzinfo is None:
        if all_day:
            return moment.date()
        return moment.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    face = local_times.wall(moment, zone)
    if all_day:
        return face.date()
    if zone == "UTC" or local_times.moment(face, zone) != moment:
        return moment.astimezone(UTC)
    return face.replace(tzinfo=ZoneInfo(zone))


def _zone_of(written: date) -> str:
    zone = written.tzinfo if isinstance(written, datetime) else None
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"


def _add_words(event: Event, mailbox: Mailbox, item: CalendarItem) -> None:
    _add_texts(event, item)
    event.add("class", _CLASSES[item.sensitivity])
    event.add("transp", "TRANSPARENT" if item.show_as == "Free" else "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", _BUSY[item.show_as])
    event.add("x-microsoft-cdo-importance", str(("Low", "Normal", "High").index(item.importance)))
    if item.is_cancelled:
        event.add("status", "CANCELLED")
    if item.categories:
        event.add("categories", list(item.categories))
    _add_people(event, mailbox, item)
    for name, value in item.others.items():
        event.add(ELEMENT, _text(value), parameters={"X-NAME": name})
    if item.reminder_minutes is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", item.subject or "Reminder")
        alarm.add("trigger", timedelta(minutes=-item.reminder_minutes))
        event.add_component(alarm)


def _add_texts(event: Event, item: CalendarItem) -> None:
    for name, text in (("summary", item.subject), ("location", item.location)):
        if text:
            event.add(name, _text(text))
    if item.body_type == "HTML":
        event.add("x-alt-desc", _text(item.body), parameters={"FMTTYPE": "text/html"})
    elif item.body:
        event.add("description", _text(item.body))


def _text(text: str) -> vText:
    """Return a text with the only line break that a calendar file knows."""
    return vText(text.replace("\r\n", "\n").replace("\r", "\n"))


def _add_people(event: Event, mailbox: Mailbox, item: CalendarItem) -> None:
    if item.organizer is not None:
        event.add("organizer", _address(item.organizer))
    for attendee in item.attendees:
        event.add("attendee", _address(attendee, as_attendee=True))
    if item.response != response_of(mailbox, item.organizer, item.attendees):
        event.add(RESPONSE, vText(item.response))


def _address(attendee: Attendee, *, as_attendee: bool = False) -> vCalAddress:
    address = vCalAddress(f"mailto:{attendee.address}")
    if attendee.name:
        address.params["CN"] = attendee.name
    if as_attendee or attendee.role != "required":
        address.params["ROLE"] = _ROLES[attendee.role]
    if attendee.response in _PARTICIPATION:
        address.params["PARTSTAT"] = _PARTICIPATION[attendee.response]
    elif attendee.response != "Unknown":
        address.params[RESPONSE] = attendee.response
    return address
