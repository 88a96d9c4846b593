# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of a calendar item, one line for each, in the order in which the schema has their elements.

A line says how a property is written, how it is read, and what deleting it means. What a client may send and the domain
has no field for is kept as it came. What neither is the server's own (then it cannot be set) nor stands here is not
answered, and is no error in what a client asks for.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lxml import etree

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.calendar_items import IMPORTANCES, LONGEST_REMINDER, SENSITIVITIES, SHOW_AS
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, Kind
from imp_emulator.domain.exchange.meetings import is_organizer
from imp_emulator.wire.exchange.ews import ids, item_parts, recurrence
from imp_emulator.wire.exchange.ews.item_parts import printable, text_element
from imp_emulator.wire.exchange.ews.messages import Element, T, t
from imp_emulator.wire.exchange.ews.shown import Shown
from imp_emulator.wire.exchange.ews.values import (
    boolean_text,
    duration_text,
    read_boolean,
    read_integer,
    read_time,
    time_text,
)
from imp_emulator.wire.http import soap

Writer = Callable[[Shown], Iterable[Element]]
Reader = Callable[[Element, str], Mapping[str, Any]]
"""Reads an element with the zone of times without one, and returns fields; raises ValueError or EwsError."""

REMINDER_SET = "reminder_set"
ATTENDEES = "attendees:"
"""Fields that readers return and a draft does not have: see ``item_changes``."""

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")

DEFAULT_REMINDER = 15
"""Minutes, when a reminder is asked for without saying when."""
REMINDER_DUE = "ReminderDueBy"
REMINDER_MINUTES = "ReminderMinutesBeforeStart"
"""Also the name under which the time of a reminder is kept that is switched off."""


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """A property of a calendar item.

    Attributes:
        path: The FieldURI, for example ``calendar:Start``.
        write: Returns the elements of what is more than a text; none when an item has no such property.
        text: Returns the text of its one element, or ``None`` for no element.
        element: The name of its element.
        tag: The name with the namespace.
        read: Returns the fields that an element sets; ``None`` for what only the server sets.
        cleared: The fields that deleting the property sets; ``None`` when it cannot be deleted.
        appends: Whether a client may append to it.
        default: Whether it belongs to the shape Default.
        first_class: Whether it belongs to the shape AllProperties.
        found: Whether FindItem answers it too; what is long is GetItem's.
        value: What a restriction or an order compares; ``None`` when it can be used for neither.
    """

    path: str
    write: Writer | None = None
    read: Reader | None = None
    cleared: Mapping[str, Any] | None = None
    appends: bool = False
    default: bool = False
    first_class: bool = True
    found: bool = True
    value: Callable[[CalendarItem], Any] | None = None
    text: Callable[[Shown], str | None] | None = None

    element: str = field(init=False)
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "element", self.path.partition(":")[2])
        object.__setattr__(self, "tag", f"{{{T}}}{self.element}")

    def add_to(self, parent: Element, shown: Shown) -> None:
        """Add what an item has of it to the element of the item."""
        text = None if self.text is None else self.text(shown)
        if text is not None:
            etree.SubElement(parent, self.tag).text = printable(text)
        if self.write is not None:
            parent.extend(self.write(shown))


def _text(path: str, field: str, **more: Any) -> Property:
    """A property that is a text field."""
    return Property(
        path,
        read=lambda element, _: {field: element.text or ""},
        cleared={field: ""},
        value=lambda item: getattr(item, field),
        text=lambda shown: getattr(shown.item, field) or None,
        **more,
    )


def _one_of(name: str, words: tuple[str, ...], text: str | None) -> str:
    word = (text or "").strip()
    if word not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}, not {word[:40]!r}")
    return word


def _check_language(text: str | None) -> None:
    if not _LANGUAGE.fullmatch((text or "").strip()):
        raise ValueError(f"{(text or '')[:40]!r} is not a valid language")


def _word(path: str, field: str, words: tuple[str, ...], standard: str, **more: Any) -> Property:
    """A property that is one of a few words; ``standard`` is what deleting it leaves."""
    name = path.partition(":")[2]

    def read(element: Element, _: str) -> Mapping[str, Any]:
        return {field: _one_of(name, words, element.text)}

    return Property(
        path,
        read=read,
        cleared={field: standard},
        value=lambda item: getattr(item, field),
        text=lambda shown: getattr(shown.item, field),
        **more,
    )


def _own(path: str, value: Callable[[CalendarItem], str | None], **more: Any) -> Property:
    """A property of the server, which follows from the item alone."""
    return Property(path, value=value, text=lambda shown: value(shown.item), **more)


def _flag(path: str, value: Callable[[CalendarItem], bool], **more: Any) -> Property:
    """A property of the server that is true or false."""
    return Property(path, value=value, text=lambda shown: boolean_text(value(shown.item)), **more)


def _never(path: str) -> Property:
    """A property that no item of a calendar ever has set."""
    return _flag(path, lambda _: False)


def _time(path: str, field: str, *, start_or_end: bool = False, **more: Any) -> Property:
    """A property that is a time; those of the server cannot be set."""
    read: Reader | None = None
    if start_or_end:

        def read(element: Element, zone: str) -> Mapping[str, Any]:
            return {field: read_time(element.text, zone).replace(microsecond=0)}

    return Property(
        path,
        read=read,
        value=lambda item: getattr(item, field),
        text=lambda shown: time_text(getattr(shown.item, field)),
        **more,
    )


def _kept(
    path: str,
    standard: str | Callable[[CalendarItem], str] | None = None,
    check: Callable[[str | None], object] = str,
    **more: Any,
) -> Property:
    """A property that is kept as it came; ``standard`` is answered as long as none has come.

    ``check`` raises ``ValueError`` for a text that the schema does not let clients read back.
    """
    name = path.partition(":")[2]

    def read(element: Element, _: str) -> Mapping[str, Any]:
        check(element.text)
        return {"others": {name: item_parts.kept(element)}}

    def kept(item: CalendarItem) -> Element | None:
        return item_parts.given_back(item.others.get(name, ""), name)

    def write(shown: Shown) -> Iterator[Element]:
        element = kept(shown.item)
        if element is not None:
            yield element

    def text(shown: Shown) -> str | None:
        if standard is None or kept(shown.item) is not None:
            return None
        return standard if isinstance(standard, str) else standard(shown.item)

    return Property(
        path,
        write,
        read,
        {"others": {name: None}},
        text=text,
        **more,
    )


def _people(path: str, role: str) -> Property:
    """The attendees with a role."""
    name = path.partition(":")[2]
    return Property(
        path,
        lambda shown: item_parts.attendees_element(shown.context, name, of_role(shown.item, role)),
        lambda element, _: {ATTENDEES + role: item_parts.read_attendees(element, role)},
        {ATTENDEES + role: ()},
        appends=True,
        found=False,
    )


def of_role(item: CalendarItem, role: str) -> tuple[Attendee, ...]:
    """Return the attendees of an item with a role."""
    return tuple(attendee for attendee in item.attendees if attendee.role == role)


def _display(item: CalendarItem, role: str) -> str:
    return "; ".join(attendee.name or attendee.address for attendee in of_role(item, role))


def _organizer(shown: Shown) -> Iterator[Element]:
    if shown.item.organizer is None:
        yield t.Organizer(item_parts.owner_element(shown.mailbox))
    else:
        yield t.Organizer(item_parts.mailbox_element(shown.context, shown.item.organizer))


def _categories(shown: Shown) -> Iterator[Element]:
    if shown.item.categories:
        yield t.Categories(*(text_element("String", name) for name in shown.item.categories))


def _read_categories(element: Element, _: str) -> Mapping[str, Any]:
    return {"categories": tuple(child.text or "" for child in element)}


def _zone(path: str, field: str) -> Property:
    name = path.partition(":")[2]

    def write(shown: Shown) -> Iterator[Element]:
        if shown.has_zones:
            yield shown.zone_element(name, getattr(shown.item, field) or shown.item.zone)

    return Property(path, write, lambda element, _: {field: item_parts.read_zone(element)})


def _meeting_zone(shown: Shown) -> Iterator[Element]:
    if not shown.has_zones:
        yield t.MeetingTimeZone(TimeZoneName=time_zones.windows(shown.item.zone))


def _read_meeting_zone(element: Element, _: str) -> Mapping[str, Any]:
    return {"zone": item_parts.read_zone(element), "end_zone": None}


def _recurrence(shown: Shown) -> Iterator[Element]:
    if shown.item.recurrence is not None and shown.item.kind is Kind.MASTER:
        yield recurrence.element(shown.item.recurrence)


def _occurrence(name: str) -> Writer:
    return lambda shown: shown.occurrences(name)


def _minutes(element: Element, _: str) -> Mapping[str, Any]:
    minutes = read_integer(element.text)
    # Also of a reminder that is off, which no rule of calendars looks at.
    if not 0 <= minutes <= LONGEST_REMINDER:
        raise ValueError(f"a reminder is from 0 to {LONGEST_REMINDER} minutes before the start, not {minutes}")
    return {"reminder_minutes": minutes}


def _reminder_text(shown: Shown) -> str:
    minutes = shown.item.reminder_minutes
    return item_parts.kept_text(shown.item, REMINDER_MINUTES, "0") if minutes is None else str(minutes)


def _reminder_time(item: CalendarItem) -> datetime | None:
    minutes = item.reminder_minutes
    return None if minutes is None else item.start - timedelta(minutes=minutes)


def _reminder_time_text(shown: Shown) -> str | None:
    moment = _reminder_time(shown.item)
    return None if moment is None else time_text(moment)


def is_meeting(item: CalendarItem) -> bool:
    """Tell whether somebody else is in it."""
    return bool(item.attendees)


def _state(item: CalendarItem) -> str:
    """Return the bits of AppointmentState: 1 meeting, 2 received, 4 cancelled (MS-OXOCAL)."""
    return str(is_meeting(item) + 2 * (is_meeting(item) and not is_organizer(item)) + 4 * item.is_cancelled)


_RIGHTS = t.EffectiveRights(
    *(t(name, "false") for name in ("CreateAssociated", "CreateContents", "CreateHierarchy")),
    *(t(name, "true") for name in ("Delete", "Modify", "Read", "ViewPrivateItems")),
)


def _rights(_: Shown) -> Iterator[Element]:
    yield copy.deepcopy(_RIGHTS)


PROPERTIES: tuple[Property, ...] = (
    Property(
        "item:ItemId",
        lambda shown: [item_parts.item_id("ItemId", shown.item.ref, shown.item.change)],
        value=lambda item: ids.item_id(item.ref),
    ),
    Property(
        "item:ParentFolderId", lambda shown: [t.ParentFolderId(Id=ids.folder_id(shown.item.ref.mailbox, "calendar"))]
    ),
    _kept(
        "item:ItemClass",
        "IPM.Appointment",
        value=lambda item: item_parts.kept_text(item, "ItemClass", "IPM.Appointment"),
    ),
    _text("item:Subject", "subject", default=True),
    _word("item:Sensitivity", "sensitivity", SENSITIVITIES, "Normal"),
    Property(
        "item:Body",
        lambda shown: [item_parts.body_element(shown.item.body, shown.item.body_type, shown.body_type)],
        lambda element, _: item_parts.read_body(element),
        {"body": ""},
        appends=True,
        found=False,
        value=lambda item: item.body,
    ),
    _kept("item:Attachments", found=False),
    _time("item:DateTimeReceived", "created"),
    Property("item:Size", text=lambda shown: str(shown.size)),
    Property("item:Categories", _categories, _read_categories, {"categories": ()}, value=lambda item: item.categories),
    _word("item:Importance", "importance", IMPORTANCES, "Normal"),
    _kept("item:InReplyTo"),
    _never("item:IsSubmitted"),
    _never("item:IsDraft"),
    _never("item:IsFromMe"),
    _never("item:IsResend"),
    _never("item:IsUnmodified"),
    _time("item:DateTimeSent", "created"),
    _time("item:DateTimeCreated", "created"),
    _kept(f"item:{REMINDER_DUE}", lambda item: time_text(item.start), lambda text: read_time(text, "UTC")),
    Property(
        "item:ReminderIsSet",
        read=lambda element, _: {REMINDER_SET: read_boolean(element.text)},
        cleared={REMINDER_SET: False},
        value=lambda item: item.reminder_minutes is not None,
        text=lambda shown: boolean_text(shown.item.reminder_minutes is not None),
    ),
    Property("item:ReminderNextTime", value=_reminder_time, text=_reminder_time_text),
    Property(
        f"item:{REMINDER_MINUTES}",
        read=_minutes,
        cleared={"reminder_minutes": DEFAULT_REMINDER},
        value=lambda item: item.reminder_minutes,
        text=_reminder_text,
    ),
    _own("item:DisplayCc", lambda item: _display(item, "optional")),
    _own("item:DisplayTo", lambda item: _display(item, "required")),
    _flag("item:HasAttachments", lambda item: "Attachments" in item.others, default=True),
    Property(f"item:{item_parts.EXTENDED}", lambda shown: shown.extended(), first_class=False),
    _kept("item:Culture", check=_check_language),
    Property("item:EffectiveRights", _rights),
    Property("item:LastModifiedName", text=lambda shown: shown.mailbox.display_name),
    _time("item:LastModifiedTime", "modified"),
    _flag("item:IsAssociated", lambda _: False, default=True),
    _kept("item:Flag"),
    _kept("item:PolicyTag"),
    _kept("item:ArchiveTag"),
    Property(
        "calendar:UID",
        read=lambda element, _: {"uid": soap.content(element) or None},
        value=lambda item: item.uid,
        text=lambda shown: shown.item.uid,
    ),
    Property(
        "calendar:RecurrenceId",
        value=lambda item: item.original_start,
        text=lambda shown: _original_start(shown.item),
    ),
    _time("calendar:DateTimeStamp", "modified"),
    _time("calendar:Start", "start", start_or_end=True, default=True),
    _time("calendar:End", "end", start_or_end=True, default=True),
    Property(
        "calendar:OriginalStart",
        value=lambda item: item.original_start,
        text=lambda shown: _original_start(shown.item),
    ),
    Property(
        "calendar:IsAllDayEvent",
        read=lambda element, _: {"all_day": read_boolean(element.text)},
        cleared={"all_day": False},
        value=lambda item: item.all_day,
        text=lambda shown: boolean_text(shown.item.all_day),
    ),
    _word(
        "calendar:LegacyFreeBusyStatus",
        "show_as",
        SHOW_AS,
        "Busy",
        default=True,
    ),
    _text("calendar:Location", "location", default=True),
    _kept("calendar:When"),
    _flag("calendar:IsMeeting", is_meeting),
    _flag("calendar:IsCancelled", lambda item: item.is_cancelled),
    _flag("calendar:IsRecurring", lambda item: item.kind is not Kind.SINGLE),
    _kept("calendar:MeetingRequestWasSent", "false", read_boolean),
    _kept("calendar:IsResponseRequested", "true", read_boolean),
    _own("calendar:CalendarItemType", lambda item: item.kind.value, default=True),
    _own("calendar:MyResponseType", lambda item: "Organizer" if is_organizer(item) else item.response),
    Property("calendar:Organizer", _organizer, default=True),
    _people("calendar:RequiredAttendees", "required"),
    _people("calendar:OptionalAttendees", "optional"),
    _people("calendar:Resources", "resource"),
    _own("calendar:Duration", lambda item: duration_text(item.end - item.start)),
    _own("calendar:TimeZone", lambda item: time_zones.windows(item.zone)),
    _own("calendar:AppointmentSequenceNumber", lambda _: "0"),
    _own("calendar:AppointmentState", _state),
    Property(
        "calendar:Recurrence",
        _recurrence,
        lambda element, _: {"recurrence": recurrence.read(element)},
        {"recurrence": None},
        found=False,
    ),
    Property("calendar:FirstOccurrence", _occurrence("FirstOccurrence"), found=False),
    Property("calendar:LastOccurrence", _occurrence("LastOccurrence"), found=False),
    Property("calendar:ModifiedOccurrences", _occurrence("ModifiedOccurrences"), found=False),
    Property("calendar:DeletedOccurrences", _occurrence("DeletedOccurrences"), found=False),
    Property("calendar:MeetingTimeZone", _meeting_zone, _read_meeting_zone),
    _zone("calendar:StartTimeZone", "zone"),
    _zone("calendar:EndTimeZone", "end_zone"),
    _kept("calendar:ConferenceType", check=read_integer),
    _kept("calendar:AllowNewTimeProposal", check=read_boolean),
    _kept("calendar:IsOnlineMeeting", check=read_boolean),
    _kept("calendar:MeetingWorkspaceUrl"),
    _kept("calendar:NetShowUrl"),
    _kept("calendar:EnhancedLocation"),
    Property("calendar:StartWallClock", lambda shown: shown.wall_clock("StartWallClock"), first_class=False),
    Property("calendar:EndWallClock", lambda shown: shown.wall_clock("EndWallClock"), first_class=False),
    _own("calendar:StartTimeZoneId", lambda item: time_zones.windows(item.zone), first_class=False),
    _own("calendar:EndTimeZoneId", lambda item: time_zones.windows(item.end_zone or item.zone), first_class=False),
    _kept("meetingRequest:IntendedFreeBusyStatus", check=partial(_one_of, "IntendedFreeBusyStatus", SHOW_AS)),
    _kept("calendar:JoinOnlineMeetingUrl"),
    _kept("calendar:OnlineMeetingSettings"),
    _flag("calendar:IsOrganizer", is_organizer, first_class=False),
    _kept("calendar:InboxReminders"),
)
"""All of them, in the order of the schema."""


def _original_start(item: CalendarItem) -> str | None:
    return None if item.original_start is None else time_text(item.original_start)


BY_PATH: Mapping[str, Property] = {known.path: known for known in PROPERTIES}
BY_ELEMENT: Mapping[str, Property] = {known.element: known for known in PROPERTIES}
