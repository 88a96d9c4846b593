# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as Microsoft Graph shows them (resource type event).

An application with no more than Calendars.ReadBasic.All gets them without body, preview of the body, attachments and
extensions; Microsoft's description of the permission names these.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, ItemRef, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.scenario.model import OUTLOOK_HOST
from imp_emulator.wire.exchange.ews import ids, item_parts
from imp_emulator.wire.exchange.online import graph_recurrence
from imp_emulator.wire.exchange.online.graph_call import Call
from imp_emulator.wire.exchange.online.graph_event_switches import switches
from imp_emulator.wire.exchange.online.graph_times import instant, wall

KIND = "Microsoft.OutlookServices.Event"
_OUTLOOK = f"https://{OUTLOOK_HOST}"
_PREVIEW = 255
_DETAILS = ("body", "bodyPreview", "hasAttachments")
_READ_DETAILS = frozenset({"Calendars.Read", "Calendars.ReadWrite"})

SHOW_AS = {
    "Free": "free",
    "Tentative": "tentative",
    "Busy": "busy",
    "OOF": "oof",
    "WorkingElsewhere": "workingElsewhere",
    "NoData": "unknown",
}
RESPONSES = {
    "Unknown": "none",
    "Organizer": "organizer",
    "Tentative": "tentativelyAccepted",
    "Accept": "accepted",
    "Decline": "declined",
    "NoResponseReceived": "notResponded",
}
"""What Exchange Web Services and the store call the values that Microsoft Graph writes differently."""

_TYPES = {
    Kind.SINGLE: "singleInstance",
    Kind.OCCURRENCE: "occurrence",
    Kind.EXCEPTION: "exception",
    Kind.MASTER: "seriesMaster",
}
_NO_TIME = "0001-01-01T00:00:00Z"


def event_id(ref: ItemRef) -> str:
    """Return an item's identifier: that of Exchange Web Services in the letters that a URL can hold."""
    return ids.item_id(ref).replace("/", "-").replace("+", "_")


def parse_event_id(text: str) -> ItemRef:
    """Return the item that an identifier names; raises as ``ids.parse_item_id`` does."""
    return ids.parse_item_id(text.replace("-", "/").replace("_", "+"))


def event(item: CalendarItem, mailbox: Mailbox, call: Call) -> dict[str, Any]:
    """Return an event with all that the application may see."""
    shown = {**_about_item(item), **_what(item, call), **_times(item, call), **_who(item, mailbox)}
    for name in hidden(call):
        del shown[name]
    return shown


def _about_item(item: CalendarItem) -> dict[str, Any]:
    """Return what identifies an event, and how it came to be."""
    identifier, key = event_id(item.ref), ids.change_key(item.change)
    return {
        "@odata.etag": f'W/"{key}"',
        "id": identifier,
        "createdDateTime": instant(item.created),
        "lastModifiedDateTime": instant(item.modified),
        "changeKey": key,
        "transactionId": None,
        "iCalUId": item.uid,
        "seriesMasterId": _master_id(item),
        "type": _TYPES[item.kind],
        "webLink": f"{_OUTLOOK}/owa/?itemid={quote(identifier, safe='')}&exvsurl=1&path=/calendar/item",
    }


def _what(item: CalendarItem, call: Call) -> dict[str, Any]:
    """Return what an event is about."""
    return {
        "subject": item.subject,
        "bodyPreview": _text(item.body, item.body_type)[:_PREVIEW],
        "body": _body(item, call.body_type),
        "categories": list(item.categories),
        "importance": item.importance.lower(),
        "sensitivity": item.sensitivity.lower(),
        "showAs": SHOW_AS[item.show_as],
        "isCancelled": item.is_cancelled,
        "hasAttachments": False,
        "reminderMinutesBeforeStart": item.reminder_minutes or 0,
        "isReminderOn": item.reminder_minutes is not None,
        **_places(item.location),
        **switches(item.others),
        "onlineMeeting": None,
        "onlineMeetingUrl": None,
        "onlineMeetingProvider": "unknown",
    }


def _who(item: CalendarItem, mailbox: Mailbox) -> dict[str, Any]:
    """Return who takes part in an event."""
    organizer = item.organizer or Attendee(mailbox.address, mailbox.display_name, "required", "Organizer")
    return {
        "isOrganizer": organizer.address.lower() == mailbox.address.lower(),
        "organizer": _recipient(organizer),
        "attendees": [_attendee(one) for one in item.attendees],
        "responseStatus": {"response": RESPONSES[item.response], "time": _NO_TIME},
    }


def hidden(call: Call) -> tuple[str, ...]:
    """Return the properties that the application may not see."""
    return () if call.principal.permissions & _READ_DETAILS else _DETAILS


def _times(item: CalendarItem, call: Call) -> dict[str, Any]:
    """Return when an event takes place; whole days are midnights, in whatever zone they are asked for."""
    zone = item.zone if item.all_day else call.zone
    zone_name, end_zone_name = time_zones.windows(item.zone), time_zones.windows(item.end_zone or item.zone)
    times = {
        "isAllDay": item.all_day,
        "start": wall(item.start, zone, call.zone_name),
        "end": wall(item.end, zone, call.zone_name),
        "originalStartTimeZone": zone_name,
        "originalEndTimeZone": end_zone_name,
        "recurrence": graph_recurrence.write(item.recurrence, zone_name) if item.recurrence else None,
    }
    if item.original_start is not None:
        times["originalStart"] = instant(item.original_start)
    return times


def _master_id(item: CalendarItem) -> str | None:
    if item.kind not in (Kind.OCCURRENCE, Kind.EXCEPTION):
        return None
    return event_id(ItemRef(item.ref.mailbox, item.ref.item))


def _body(item: CalendarItem, wanted: str) -> dict[str, str]:
    if wanted == "text":
        return {"contentType": "text", "content": _text(item.body, item.body_type)}
    if item.body_type == "HTML" or not item.body:
        return {"contentType": "html", "content": item.body}
    return {"contentType": "html", "content": item_parts.marked_up(item.body)}


def _text(body: str, body_type: str) -> str:
    """Return a body without its marks."""
    if body_type != "HTML":
        return body
    return item_parts.plain_text(body)


def _places(location: str) -> dict[str, Any]:
    place: dict[str, Any] = {"displayName": location, "locationType": "default"}
    if not location:
        return {"location": {**place, "uniqueIdType": "unknown", "address": {}, "coordinates": {}}, "locations": []}
    place |= {"uniqueId": location, "uniqueIdType": "private"}
    return {"location": place, "locations": [place]}


def _attendee(attendee: Attendee) -> dict[str, Any]:
    status = {"response": RESPONSES[attendee.response], "time": _NO_TIME}
    return {"type": attendee.role, "status": status, **_recipient(attendee)}


def _recipient(attendee: Attendee) -> dict[str, Any]:
    return {"emailAddress": {"name": attendee.name or attendee.address, "address": attendee.address}}
