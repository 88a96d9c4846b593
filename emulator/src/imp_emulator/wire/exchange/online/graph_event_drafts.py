# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client writes of an event, as the domain takes it.

A property that only the server sets may be sent and has no effect, as with Microsoft Graph, so that a client can send
back what it has read. One that is not known, or that cannot be kept, is refused: nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from imp_emulator.domain.exchange.calendar_items import LONGEST_REMINDER
from imp_emulator.domain.exchange.calendars import Attendee, Draft
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.online import graph_extended, graph_recurrence
from imp_emulator.wire.exchange.online.graph_call import GraphError
from imp_emulator.wire.exchange.online.graph_event_json import RESPONSES, SHOW_AS
from imp_emulator.wire.exchange.online.graph_event_switches import SWITCHES, boolean, with_switches
from imp_emulator.wire.exchange.online.graph_times import read_wall

_DEFAULT_REMINDER = 15
"""Minutes before the start; Microsoft Graph reminds of what it has created unless told not to."""
_READ_ONLY = frozenset(
    {
        "id",
        "createdDateTime",
        "lastModifiedDateTime",
        "changeKey",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "originalStart",
        "iCalUId",
        "uid",
        "occurrenceId",
        "hasAttachments",
        "bodyPreview",
        "isCancelled",
        "isOrganizer",
        "isDraft",
        "seriesMasterId",
        "type",
        "webLink",
        "onlineMeetingUrl",
        "onlineMeetingProvider",
        "onlineMeeting",
        "responseStatus",
        "organizer",
    }
)
_READ_TOGETHER = ("isReminderOn", "reminderMinutesBeforeStart", graph_extended.NAME)
"""What is not read by itself."""
_NEVER = {"transactionId": (None,), "hideAttendees": (None, False)}
"""Known properties that cannot be kept, with the values that ask for nothing."""
_OF_A_PLACE_NOT_KEPT = ("address", "coordinates", "locationEmailAddress", "locationUri")
_MEANT = {shown: kept for kept, shown in SHOW_AS.items()}
_ANSWERS = {shown: kept for kept, shown in RESPONSES.items()}
_SENSITIVITIES = {name.lower(): name for name in ("Normal", "Personal", "Private", "Confidential")}
_IMPORTANCES = {name.lower(): name for name in ("Low", "Normal", "High")}
_ROLES = ("required", "optional", "resource")


def draft(content: Mapping[str, Any], mailbox: Mailbox) -> Draft:
    """Return a new event of a mailbox, whose owner is the organiser.

    Raises:
        GraphError: A property is missing, unknown, or has no such value.
    """
    for name in ("start", "end"):
        if content.get(name) is None:
            raise _invalid(name, "is missing")
    values = changes({"isReminderOn": True, **content}, {})
    return Draft(**values, **organized_by(mailbox))


def organized_by(mailbox: Mailbox) -> dict[str, Any]:
    """Return the fields of an event that the owner of a mailbox organizes."""
    organizer = Attendee(mailbox.address, mailbox.display_name, "required", "Organizer")
    return {"organizer": organizer, "response": "Organizer"}


def changes(content: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of the domain that a client writes.

    Args:
        content: What it has sent.
        others: What is kept beside the fields of the event as it stands.

    Raises:
        GraphError: A property is unknown, or has no such value.
    """
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name in _READ_ONLY or name in SWITCHES or name in _READ_TOGETHER:
            continue
        if name in _NEVER:
            if value not in _NEVER[name]:
                text = f"The property '{name}' is not supported by this service with the value {value!r}."
                raise GraphError(501, "NotImplemented", text)
            continue
        if name not in _READERS:
            raise GraphError(
                400, "RequestBodyRead", f"The property '{name}' does not exist on type 'microsoft.graph.event'."
            )
        values |= _READERS[name](value)
    if content.get("locations") == [] and "location" not in content:
        values["location"] = ""
    values |= _reminder(content)
    kept = with_switches(others, content) | graph_extended.read(content.get(graph_extended.NAME) or [])
    if kept != others:
        values["others"] = kept
    _check_whole_days(values)
    return values


def _reminder(content: Mapping[str, Any]) -> dict[str, Any]:
    minutes = content.get("reminderMinutesBeforeStart")
    if minutes is not None and (type(minutes) is not int or not 0 <= minutes <= LONGEST_REMINDER):
        raise _invalid("reminderMinutesBeforeStart", f"must be a whole number between 0 and {LONGEST_REMINDER}")
    wanted = content.get("isReminderOn")
    if wanted is not None and not boolean("isReminderOn", wanted):
        return {"reminder_minutes": None}
    if wanted is not None or minutes is not None:
        return {"reminder_minutes": _DEFAULT_REMINDER if minutes is None else minutes}
    return {}


def _check_whole_days(values: Mapping[str, Any]) -> None:
    if not values.get("all_day") or "start" not in values or "end" not in values:
        return
    zones = values.get("zone"), values.get("end_zone") or values.get("zone")
    faces = [moment.astimezone(ZoneInfo(str(values["zone"]))).time() for moment in (values["start"], values["end"])]
    if zones[0] != zones[1] or any(face != time() for face in faces):
        text = "start and end of an event of whole days must be midnights of the same time zone"
        raise GraphError(400, "ErrorPropertyValidationFailure", f"The event is not valid: {text}.")


def _start(value: Any) -> dict[str, Any]:
    moment, zone = read_wall(value, "start")
    return {"start": moment, "zone": zone}


def _end(value: Any) -> dict[str, Any]:
    moment, zone = read_wall(value, "end")
    return {"end": moment, "end_zone": zone}


def _body(value: Any) -> dict[str, Any]:
    if value is None:
        return {"body": "", "body_type": "Text"}
    kind = str(value.get("contentType", "text")).lower() if isinstance(value, dict) else ""
    if kind not in ("text", "html"):
        raise _invalid("body", "must have a contentType of text or html")
    return {"body": _text("body", value.get("content")), "body_type": "HTML" if kind == "html" else "Text"}


def _location(value: Any) -> dict[str, Any]:
    if value is None:
        return {"location": ""}
    if not isinstance(value, dict):
        raise _invalid("location", "must be an object")
    for name in _OF_A_PLACE_NOT_KEPT:
        if value.get(name):
            text = f"The property 'location/{name}' is not supported by this service: only the name of a place is kept."
            raise GraphError(501, "NotImplemented", text)
    return {"location": _text("location", value.get("displayName"))}


def _locations(value: Any) -> dict[str, Any]:
    if not isinstance(value, list):
        raise _invalid("locations", "must be a list")
    return {"location": "; ".join(filter(None, (_location(one)["location"] for one in value)))} if value else {}


def _categories(value: Any) -> dict[str, Any]:
    if not isinstance(value, list):
        raise _invalid("categories", "must be a list")
    return {"categories": tuple(_text("categories", one) for one in value)}


def _attendees(value: Any) -> dict[str, Any]:
    if not isinstance(value, list):
        raise _invalid("attendees", "must be a list")
    return {"attendees": tuple(_attendee(one) for one in value)}


def _attendee(value: Any) -> Attendee:
    address = value.get("emailAddress") if isinstance(value, dict) else None
    if not isinstance(address, dict) or not isinstance(address.get("address"), str) or not address["address"].strip():
        raise _invalid("attendees", "must each have an emailAddress with an address")
    status = value.get("status") or {}
    if not isinstance(status, dict):
        raise _invalid("attendees", "must have an object as status")
    return Attendee(
        address["address"].strip(),
        _text("attendees", address.get("name")),
        _word("type", value.get("type", "required"), {role: role for role in _ROLES}),
        _word("response", status.get("response", "none"), _ANSWERS),
    )


def _recurrence(value: Any) -> dict[str, Any]:
    return {"recurrence": None if value is None else graph_recurrence.read(value)}


def _choice(field: str, name: str, known: Mapping[str, str]) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {field: _word(name, value, known)}


_READERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "subject": lambda value: {"subject": _text("subject", value)},
    "body": _body,
    "start": _start,
    "end": _end,
    "isAllDay": lambda value: {"all_day": boolean("isAllDay", value)},
    "showAs": _choice("show_as", "showAs", _MEANT),
    "sensitivity": _choice("sensitivity", "sensitivity", _SENSITIVITIES),
    "importance": _choice("importance", "importance", _IMPORTANCES),
    "categories": _categories,
    "location": _location,
    "locations": _locations,
    "attendees": _attendees,
    "recurrence": _recurrence,
}


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _invalid(name, "must be text")
    return value


def _word(name: str, value: Any, known: Mapping[str, str]) -> str:
    kept = {shown.lower(): meant for shown, meant in known.items()}
    if not isinstance(value, str) or value.lower() not in kept:
        raise _invalid(name, f"must be one of {', '.join(known)}")
    return kept[value.lower()]


def _invalid(name: str, rule: str) -> GraphError:
    return GraphError(400, "ErrorPropertyValidationFailure", f"The property '{name}' is not valid: it {rule}.")
