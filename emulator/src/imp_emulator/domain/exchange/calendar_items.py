# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a calendar: an item as it is written, as it is read, and as the state keeps it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from imp_emulator.domain.exchange import local_times, recurrence, texts
from imp_emulator.domain.exchange.recurrence import Recurrence
from imp_emulator.errors import InvalidValue

SHOW_AS = ("Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData")
SENSITIVITIES = ("Normal", "Personal", "Private", "Confidential")
IMPORTANCES = ("Low", "Normal", "High")
BODY_TYPES = ("Text", "HTML")
RESPONSES = ("Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived")
ROLES = ("required", "optional", "resource")
LONGEST_YEARS = 5
LONGEST_REMINDER = LONGEST_YEARS * 525_960
"""How many minutes before its start an item may be reminded of: as long as it may last, in mean years."""


class Kind(enum.Enum):
    """What an item is; the values are those of the element CalendarItemType of EWS."""

    SINGLE = "Single"
    OCCURRENCE = "Occurrence"
    EXCEPTION = "Exception"
    MASTER = "RecurringMaster"


@dataclass(frozen=True, slots=True)
class ItemRef:
    """What an item is found by.

    Attributes:
        mailbox: The row of the mailbox.
        item: The row of the item, of an occurrence that of its master.
        original_start: Of an occurrence the start that the pattern gives it, in UTC; it stays when the occurrence is
            moved.
    """

    mailbox: int
    item: int
    original_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody in a meeting; ``role`` is one of :data:`ROLES`, ``response`` one of :data:`RESPONSES`."""

    address: str
    name: str = ""
    role: str = "required"
    response: str = "Unknown"


@dataclass(frozen=True, slots=True)
class Draft:
    """What can be written of an item.

    Attributes:
        start: An aware time; with a recurrence it says the time of the day.
        end: An aware time.
        zone: The IANA name of the zone in which it was planned; the days of a series are days there.
        end_zone: The zone of the end, where it is another.
        all_day: Whether it takes whole days; start and end are then midnights of the zone.
        show_as: One of :data:`SHOW_AS`.
        body_type: One of :data:`BODY_TYPES`.
        sensitivity: One of :data:`SENSITIVITIES`.
        importance: One of :data:`IMPORTANCES`.
        reminder_minutes: How long before the start, 0 to :data:`LONGEST_REMINDER`, or ``None`` without a reminder.
        response: What the owner of the calendar has answered, one of :data:`RESPONSES`.
        recurrence: What repeats it, or ``None``.
        uid: Its identifier in iCalendar; ``None`` has one made.
        others: What else a client has sent, by names of elements, and gets back as it was.
    """

    start: datetime
    end: datetime
    _: KW_ONLY
    zone: str = "UTC"
    end_zone: str | None = None
    all_day: bool = False
    show_as: str = "Busy"
    subject: str = ""
    location: str = ""
    body: str = ""
    body_type: str = "Text"
    sensitivity: str = "Normal"
    importance: str = "Normal"
    categories: tuple[str, ...] = ()
    reminder_minutes: int | None = None
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    response: str = "Unknown"
    is_cancelled: bool = False
    recurrence: Recurrence | None = None
    uid: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarItem(Draft):
    """An item as it stands in a calendar; start and end are in UTC.

    Attributes:
        ref: What it is found by.
        change: Grows with each change of the item or, in a series, of any of its occurrences.
        created: When it came into the calendar, in virtual time, as ``modified`` is.
        original_start: Of an occurrence the start that the pattern gives it.
    """

    _: KW_ONLY
    ref: ItemRef
    kind: Kind
    change: int
    created: datetime
    modified: datetime

    @property
    def original_start(self) -> datetime | None:
        """Return the start that the pattern gives an occurrence; ``None`` for what is none."""
        return self.ref.original_start


@dataclass(frozen=True, slots=True)
class View:
    """What takes place in a time, sorted by start.

    Attributes:
        items: Single items, occurrences and exceptions; never masters.
        total: How many there are without a limit.
        whole: Whether the last of them is among the items.
    """

    items: tuple[CalendarItem, ...]
    total: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the items of a calendar, in the order in which they came.

    Attributes:
        items: Single items and masters.
        total: How many the calendar holds.
        next: The offset of the next page, ``None`` behind the last one.
    """

    items: tuple[CalendarItem, ...]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What a master tells of its series.

    Attributes:
        first: The first occurrence that is not deleted; ``None`` when all are.
        last: The last one; ``None`` also for a series without end.
        modified: Those that were changed, sorted by original start.
        deleted: The original starts of those that were deleted, in UTC.
    """

    first: CalendarItem | None
    last: CalendarItem | None
    modified: tuple[CalendarItem, ...]
    deleted: tuple[datetime, ...]


FIELDS = tuple(known.name for known in dataclasses.fields(Draft))
"""The names of what can be written."""


def settled(draft: Draft) -> Draft:
    """Return a draft as a calendar keeps it: in whole seconds, all-day items from midnight to midnight; or refuse it.

    The times of a single item are in UTC then, those of a series in its zone, where a time that the clock jumps over
    keeps its face.

    Raises:
        InvalidValue: It ends before it starts, lasts more than five years, has no such zone or none of the words.
    """
    _check_words(draft)
    for name, value in (("start", draft.start), ("end", draft.end)):
        if value.tzinfo is None:
            raise InvalidValue("time-without-zone", f"{name} must be a time with a zone.", name)
        if not local_times.EARLIEST < value < local_times.LATEST:
            years = f"{local_times.EARLIEST.year} to {local_times.LATEST.year}"
            raise InvalidValue("time-out-of-range", f"{name} must be in the years {years} of a calendar.", name)
    local_times.zone(draft.end_zone or draft.zone)
    start, end = (local_times.wall(value, draft.zone) for value in (draft.start, draft.end))
    if draft.end < draft.start:
        raise InvalidValue("end-before-start", "The end must not be before the start.", "end")
    if draft.end > _years_later(draft.start, LONGEST_YEARS):
        text = f"An item must not last more than {LONGEST_YEARS} years."
        raise InvalidValue("duration-too-long", text, "end")
    if draft.recurrence is not None:
        recurrence.check(draft.recurrence)
    times = {"start": draft.start.replace(microsecond=0), "end": draft.end.replace(microsecond=0)}
    if draft.all_day:
        zone = local_times.zone(draft.zone)
        first, last = _midnight(start), _midnight(end)
        last += timedelta(days=1) if last < end or last == first else timedelta()
        times = {"start": first.replace(tzinfo=zone), "end": last.replace(tzinfo=zone)}
    if draft.recurrence is None:
        times = {name: value.astimezone(UTC) for name, value in times.items()}
        # Where the start is jumped over on the wall and the end is not, the end would come before it.
        if times["end"] < times["start"]:
            times["end"] = times["start"] + (draft.end - draft.start)
    end_zone = None if draft.end_zone == draft.zone else draft.end_zone
    return dataclasses.replace(draft, start=times["start"], end=times["end"], end_zone=end_zone)


def _check_words(draft: Draft) -> None:
    for name, known in (
        ("show_as", SHOW_AS),
        ("sensitivity", SENSITIVITIES),
        ("importance", IMPORTANCES),
        ("body_type", BODY_TYPES),
        ("response", RESPONSES),
    ):
        if getattr(draft, name) not in known:
            text = f"{name} must be one of {', '.join(known)}, not {getattr(draft, name)!r}."
            raise InvalidValue("calendar-item-value", text, name)
    if not 0 <= (draft.reminder_minutes or 0) <= LONGEST_REMINDER:
        text = f"A reminder comes 0 to {LONGEST_REMINDER} minutes before the start, not {draft.reminder_minutes}."
        raise InvalidValue("calendar-item-value", text, "reminder_minutes")
    for name, text in _texts(draft):
        texts.check(name, text, "calendar-item-text")
    for person in _people(draft):
        if any(letter < " " for letter in person.address):
            text = "The address of somebody in a meeting holds no line break or tab; remove it."
            raise InvalidValue("calendar-item-text", text, "attendees")
    for attendee in draft.attendees:
        if attendee.role not in ROLES or attendee.response not in RESPONSES:
            text = f"An attendee has a role of {', '.join(ROLES)} and a response of {', '.join(RESPONSES)}."
            raise InvalidValue("calendar-item-value", text, "attendees")


def _texts(draft: Draft) -> Iterator[tuple[str, str]]:
    for name in ("subject", "location", "body"):
        yield name, getattr(draft, name)
    yield "uid", draft.uid or ""
    yield from (("categories", category) for category in draft.categories)
    for person in _people(draft):
        yield from (("attendees", person.address), ("attendees", person.name))


def _people(draft: Draft) -> tuple[Attendee, ...]:
    return draft.attendees if draft.organizer is None else (draft.organizer, *draft.attendees)


def _midnight(face: datetime) -> datetime:
    return face.replace(hour=0, minute=0, second=0, microsecond=0)


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # The 29th of February.
        return moment + timedelta(days=366 * years)


def _recurrence_content(found: Recurrence) -> dict[str, str]:
    return {"rule": recurrence.rule_of(found), "start_date": found.start_date.isoformat()}


def _recurrence(content: Mapping[str, str]) -> Recurrence:
    return recurrence.stored(content["rule"], date.fromisoformat(content["start_date"]))


def _attendee_content(attendee: Attendee) -> list[str]:
    return [attendee.address, attendee.name, attendee.role, attendee.response]


_ENCODE: dict[str, Callable[[Any], Any]] = {
    "start": lambda value: value.astimezone(UTC).isoformat(),
    "end": lambda value: value.astimezone(UTC).isoformat(),
    "categories": list,
    "organizer": _attendee_content,
    "attendees": lambda value: [_attendee_content(attendee) for attendee in value],
    "recurrence": _recurrence_content,
    "others": dict,
}
_DECODE: dict[str, Callable[[Any], Any]] = {
    "start": datetime.fromisoformat,
    "end": datetime.fromisoformat,
    "organizer": lambda value: Attendee(*value),
    "attendees": lambda value: tuple(Attendee(*attendee) for attendee in value),
    "recurrence": _recurrence,
    "categories": tuple,
}
_DEFAULTS = {
    known.name: known.default_factory() if callable(known.default_factory) else known.default
    for known in dataclasses.fields(Draft)
}


def content_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a draft as JSON can hold them."""
    return {
        name: _ENCODE[name](value) if name in _ENCODE and value is not None else value for name, value in values.items()
    }


def full_content(draft: Draft) -> dict[str, Any]:
    """Return a whole draft as JSON can hold it, without the identifier; what has its default is left out."""
    values = {name: getattr(draft, name) for name in FIELDS if name != "uid"}
    return content_of({name: value for name, value in values.items() if value != _DEFAULTS[name]})


def values_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a draft that JSON holds."""
    return {
        name: _DECODE[name](value) if name in _DECODE and value is not None else value
        for name, value in content.items()
        if name in _DEFAULTS
    }
