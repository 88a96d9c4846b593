# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client writes: a new item as a draft, and the changes of one that is there.

Nothing that is sent is dropped. What has no field is kept; what cannot be set, deleted or appended to is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imp_emulator.domain.exchange.calendar_items import ROLES
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, Draft
from imp_emulator.wire.exchange.ews import item_parts
from imp_emulator.wire.exchange.ews.envelope import schema_violation
from imp_emulator.wire.exchange.ews.item_properties import (
    ATTENDEES,
    BY_ELEMENT,
    BY_PATH,
    DEFAULT_REMINDER,
    REMINDER_DUE,
    REMINDER_MINUTES,
    REMINDER_SET,
    Property,
)
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, t
from imp_emulator.wire.exchange.ews.values import time_text
from imp_emulator.wire.http import soap

_ONCE_ONLY = ("item:ItemClass",)
"""What can be given to a new item and not be changed any more."""
_REQUEST_SENT = "MeetingRequestWasSent"
REQUEST_SENT = {_REQUEST_SENT: item_parts.kept(t(_REQUEST_SENT, "true"))}
"""What is kept of an item once its attendees were invited."""


def read_draft(element: Element, zone: str) -> Draft:
    """Return the draft that a ``CalendarItem`` of CreateItem describes.

    Args:
        element: The element.
        zone: The IANA name of the zone of times without one, and of an item that names none.

    Raises:
        EwsError: A property is not as the schema wants it, or not one that can be set.
    """
    fields: dict[str, Any] = {"zone": zone}
    for child in element:
        _merge(fields, _read(child, zone))
    for name in ("start", "end"):
        if name not in fields:
            text = f"A calendar item needs the property calendar:{name.capitalize()}."
            raise EwsError("ErrorRequiredPropertyMissing", text)
    return Draft(**_completed(fields, None))


def read_updates(updates: Element, zone: str, item: CalendarItem) -> Mapping[str, Any]:
    """Return the fields that the ``Updates`` of an item change, with their new values.

    Raises:
        EwsError: A change is not as the schema wants it, or not one that can be made.
    """
    fields: dict[str, Any] = {}
    if len(updates) == 0:
        raise schema_violation("The element 'Updates' is empty.", updates)
    for change in updates:
        kind = soap.local_name(change)
        if kind not in _CHANGES or len(change) == 0:
            raise schema_violation(f"An update is one of {', '.join(_CHANGES)}.", change)
        _merge(fields, _CHANGES[kind](change, zone, item))
    return _completed(fields, item)


def _read(element: Element, zone: str) -> Mapping[str, Any]:
    """Return the fields that the element of one property sets."""
    name = soap.local_name(element)
    if name == item_parts.EXTENDED:
        return {"others": {_extended_key(element): item_parts.kept(element)}}
    known = BY_ELEMENT.get(name)
    if name == "MimeContent":
        raise EwsError("ErrorUnsupportedMimeConversion", "An item cannot be made of MIME content here.")
    if known is None:
        raise schema_violation(f"A CalendarItem has no element '{name}' that can be set.", element)
    return _valid(known, element, zone)


def _valid(known: Property, element: Element, zone: str) -> Mapping[str, Any]:
    if known.read is None:
        raise EwsError("ErrorInvalidPropertySet", f"The property {known.path} is the server's and cannot be set.")
    try:
        return known.read(element, zone)
    except ValueError as error:
        raise schema_violation(f"The element '{known.element}' is not valid: {error}.", element) from None


def _extended_key(element: Element) -> str:
    try:
        return item_parts.read_extended(element)
    except ValueError as error:
        raise schema_violation(f"{error}.", element) from None


def _set(change: Element, zone: str, _: CalendarItem) -> Mapping[str, Any]:
    return _read(_single_property(change), zone)


def _append(change: Element, zone: str, item: CalendarItem) -> Mapping[str, Any]:
    element = _single_property(change)
    known = BY_ELEMENT.get(soap.local_name(element))
    if known is None or not known.appends:
        text = f"The property {_path_name(change[0])} cannot be appended to."
        raise EwsError("ErrorInvalidPropertyAppend", text)
    fields = _valid(known, element, zone)
    if known.path == "item:Body":
        if item.body and fields["body_type"] != item.body_type:
            text = f"The body is {item.body_type}; what is appended must be so, too."
            raise EwsError("ErrorInvalidPropertyAppend", text)
        return {**fields, "body": item.body + fields["body"]}
    return {name: _people(item, name.removeprefix(ATTENDEES)) + added for name, added in fields.items()}


def _delete(change: Element, _zone: str, _item: CalendarItem) -> Mapping[str, Any]:
    path = change[0]
    if soap.local_name(path) == "ExtendedFieldURI":
        try:
            return {"others": {item_parts.extended_key(path): None}}
        except ValueError as error:
            raise schema_violation(f"{error}.", path) from None
    known = BY_PATH.get(path.get("FieldURI", ""))
    if known is None or known.cleared is None or known.path in _ONCE_ONLY:
        raise EwsError("ErrorInvalidPropertyDelete", f"The property {_path_name(path)} cannot be deleted.")
    return known.cleared


_CHANGES = {"SetItemField": _set, "AppendToItemField": _append, "DeleteItemField": _delete}


def _single_property(change: Element) -> Element:
    """Return the element of the property that a change names; it must hold that one and no other."""
    if len(change) != 2:
        raise schema_violation("A change names one property and has one item with it.", change)
    path, holder = change
    mismatch = EwsError(
        "ErrorUpdatePropertyMismatch", f"The item of the change must hold {_path_name(path)} and nothing else."
    )
    if len(holder) != 1:
        raise mismatch
    element = holder[0]
    name = soap.local_name(element)
    if soap.local_name(path) == "ExtendedFieldURI":
        if name != item_parts.EXTENDED or _extended_key(element) != _key_of(path):
            raise mismatch
        return element
    known = BY_PATH.get(path.get("FieldURI", ""))
    if known is None:
        raise EwsError("ErrorInvalidPropertyRequest", f"A calendar item has no property {_path_name(path)} to set.")
    if name != known.element:
        raise mismatch
    if known.path in _ONCE_ONLY:
        raise EwsError("ErrorInvalidPropertySet", f"The property {known.path} cannot be changed.")
    return element


def _key_of(path: Element) -> str:
    try:
        return item_parts.extended_key(path)
    except ValueError as error:
        raise schema_violation(f"{error}.", path) from None


def _path_name(path: Element) -> str:
    return path.get("FieldURI") or path.get("PropertyName") or path.get("PropertyTag") or soap.local_name(path)


def _merge(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    others = {**fields.get("others", {}), **more.get("others", {})}
    fields.update(more)
    if others:
        fields["others"] = others


def _completed(fields: dict[str, Any], item: CalendarItem | None) -> dict[str, Any]:
    """Return fields of a draft alone: those that several properties share are put together with what is there."""
    done = {name: value for name, value in fields.items() if name != REMINDER_SET and not name.startswith(ATTENDEES)}
    if REMINDER_SET in fields or "reminder_minutes" in fields:
        done.update(_reminder(fields, item))
    if any(name.startswith(ATTENDEES) for name in fields):
        done["attendees"] = tuple(
            one for role in ROLES for one in fields.get(ATTENDEES + role, () if item is None else _people(item, role))
        )
    if "others" in done:
        others = {**(item.others if item else {}), **done["others"]}
        if _is_start(done["others"].get(REMINDER_DUE), fields, item):
            others[REMINDER_DUE] = None
        done["others"] = {name: xml for name, xml in others.items() if xml is not None}
    return done


def _reminder(fields: Mapping[str, Any], item: CalendarItem | None) -> Mapping[str, Any]:
    """Return the fields of a reminder; the time of one that is switched off is kept beside them."""
    minutes = fields.get("reminder_minutes")
    before = None if item is None else item.reminder_minutes
    if fields.get(REMINDER_SET, item is None or before is not None):
        off = None if item is None else item_parts.kept_text(item, REMINDER_MINUTES, "")
        known = (minutes, before, int(off) if off and off.isdecimal() else None, DEFAULT_REMINDER)
        others: dict[str, str | None] = {REMINDER_MINUTES: None}
        at = next(number for number in known if number is not None)
    else:
        others = {} if minutes is None else {REMINDER_MINUTES: item_parts.kept(t(REMINDER_MINUTES, str(minutes)))}
        at = None
    return {"reminder_minutes": at, "others": {**fields.get("others", {}), **others}}


def _is_start(due: str | None, fields: Mapping[str, Any], item: CalendarItem | None) -> bool:
    """Tell whether what a client says of when a reminder is due is what it is anyhow, the start, before or after."""
    starts: list[datetime | None] = [fields.get("start"), None if item is None else item.start]
    element = item_parts.given_back(due or "", REMINDER_DUE)
    said = None if element is None else element.text
    return said is not None and any(start is not None and time_text(start) == said for start in starts)


def _people(item: CalendarItem, role: str) -> tuple[Attendee, ...]:
    return tuple(attendee for attendee in item.attendees if attendee.role == role)
