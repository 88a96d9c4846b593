# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars and their events.

Sources: Microsoft's pages on listing, reading, creating, changing and deleting events, on calendarView and instances.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from imp_emulator.domain.exchange import calendars, mailboxes, meetings
from imp_emulator.domain.exchange.calendars import CalendarItem, ItemRef, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.meetings import Recipients
from imp_emulator.errors import Conflict, DomainError, InvalidValue, NotFound
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.item_changes import REQUEST_SENT
from imp_emulator.wire.exchange.ews.messages import EwsError
from imp_emulator.wire.exchange.online import graph_event_drafts, graph_event_json
from imp_emulator.wire.exchange.online.graph_call import (
    IN_PATHS,
    Call,
    GraphError,
    accepted,
    answer,
    mailbox_of,
    no_content,
)
from imp_emulator.wire.exchange.online.graph_event_json import KIND, event, event_id
from imp_emulator.wire.exchange.online.graph_event_switches import boolean
from imp_emulator.wire.exchange.online.graph_times import window
from imp_emulator.world.context import Context

_LONGEST_VIEW = timedelta(days=1825)
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')
_BY_START = ("start/datetime", False)
_ANSWERS = {"accept": "Accept", "tentativelyaccept": "Tentative", "decline": "Decline"}
_CODES = {
    "end-before-start": "ErrorCalendarEndDateIsEarlierThanStartDate",
    "duration-too-long": "ErrorCalendarDurationIsTooLong",
    "invalid-recurrence": "ErrorRecurrenceHasNoOccurrence",
    "no-occurrence": "ErrorRecurrenceHasNoOccurrence",
    "time-out-of-range": "ErrorCalendarOutOfRange",
}
"""What Exchange calls the refusals of the domain; the others are properties with a wrong value."""


def list_calendars(context: Context, call: Call) -> Response:
    """Return the calendars of a mailbox, which has one."""
    mailbox = mailbox_of(context, call)
    shown = call.query.projected(_calendar(mailbox), "Microsoft.OutlookServices.Calendar")
    return answer(call, {"@odata.context": call.metadata(f"{call.user_path()}/calendars"), "value": [shown]})


def get_calendar(context: Context, call: Call) -> Response:
    """Return a calendar."""
    shown = call.query.projected(_calendar(_owner(context, call)), "Microsoft.OutlookServices.Calendar")
    return answer(call, {"@odata.context": call.metadata(f"{call.user_path()}/calendar/$entity")} | shown)


def list_view(context: Context, call: Call) -> Response:
    """Return what takes place in a time: single events, occurrences and exceptions."""
    mailbox = _owner(context, call)
    return _collection(call, mailbox, _view(context, call, mailbox), "calendarView")


def list_instances(context: Context, call: Call) -> Response:
    """Return the occurrences and exceptions of a series in a time."""
    mailbox, item = _found(context, call)
    if item.kind is not Kind.MASTER:
        text = "The occurrences of an event can be listed only if it is the master of a series."
        raise GraphError(400, "ErrorInvalidRequest", text)
    items = [one for one in _view(context, call, mailbox) if one.ref.item == item.ref.item]
    return _collection(call, mailbox, items, f"events('{call.path['event']}')/instances")


def list_events(context: Context, call: Call) -> Response:
    """Return single events and masters, those that came last first."""
    mailbox = _owner(context, call)
    return _collection(call, mailbox, list(calendars.every(context, mailbox.id))[::-1], "events")


def get_event(context: Context, call: Call) -> Response:
    """Return one event."""
    mailbox, item = _found(context, call)
    return _one(call, mailbox, item)


def create_event(context: Context, call: Call) -> Response:
    """Add an event."""
    mailbox = _owner(context, call)
    draft = graph_event_drafts.draft(call.content(), mailbox)
    if draft.attendees:
        draft = dataclasses.replace(draft, others={**draft.others, **REQUEST_SENT})
    try:
        item = calendars.create(context, mailbox.id, draft)
        meetings.invite(context, item, Recipients.ALL)
    except InvalidValue as error:
        raise _refused(error) from None
    return _one(call, mailbox, item, 201)


def update_event(context: Context, call: Call) -> Response:
    """Change an event; what is not said stays. The header If-Match says which state the client has read."""
    mailbox, item = _found(context, call)
    changes = graph_event_drafts.changes(call.content(), item.others)
    if changes.get("attendees"):
        changes["others"] = {**changes.get("others", item.others), **REQUEST_SENT}
        if item.organizer is None:
            changes |= graph_event_drafts.organized_by(mailbox)
    try:
        changed = calendars.update(context, item.ref, changes, _expected(call))
        meetings.tell_changes(context, item, changed, Recipients.ALL)
    except Conflict:
        text = "The change key passed in the request does not match the current change key for the item."
        raise GraphError(412, "ErrorIrresolvableConflict", text) from None
    except InvalidValue as error:
        raise _refused(error) from None
    return _one(call, mailbox, changed)


def delete_event(context: Context, call: Call) -> Response:
    """Delete an event; of a master the series, of an occurrence that one."""
    _, item = _found(context, call)
    meetings.cancel(context, item, Recipients.ALL)
    calendars.delete(context, item.ref)
    return no_content(call)


def answer_invitation(context: Context, call: Call) -> Response:
    """Accept an invitation, accept it tentatively, or decline it, as the end of the path says."""
    _, item = _found(context, call)
    content = call.parameters("comment", "sendResponse", "proposedNewTime") if call.request.body else {}
    if content.get("proposedNewTime"):
        raise GraphError(501, "NotImplemented", "The parameter 'proposedNewTime' is not supported by this service.")
    response = _ANSWERS[call.path["answer"].lower()]
    try:
        meetings.respond(context, item, response, tell=boolean("sendResponse", content.get("sendResponse", True)))
    except InvalidValue as error:
        raise GraphError(400, "ErrorInvalidRequest", error.message) from None
    return accepted(call)


def _view(context: Context, call: Call, mailbox: Mailbox) -> Sequence[CalendarItem]:
    start, end = window(call)
    if end - start > _LONGEST_VIEW:
        text = f"The requested time window must not be longer than {_LONGEST_VIEW.days} days."
        raise GraphError(400, "ErrorCalendarViewRangeTooBig", text)
    return calendars.view(context, mailbox.id, start, end).items


def _collection(call: Call, mailbox: Mailbox, items: Sequence[CalendarItem], name: str) -> Response:
    """Return a page of events; without a condition or an order of their own only those are written."""
    query = call.query
    ordered = [(path.lower(), descending) for path, descending in query.order]
    if query.filter is None and (not ordered or (ordered == [_BY_START] and name != "events")):
        total = len(items)
        page = [event(item, mailbox, call) for item in items[query.skip : query.skip + query.top]]
    else:
        # A condition and an order are about times in UTC, whatever zone the client wants to see.
        known = {event_id(item.ref): item for item in items}
        in_utc = dataclasses.replace(call, zone="UTC", zone_name="UTC")
        chosen = query.chosen(event(item, mailbox, in_utc) for item in items)
        total, page = len(chosen), [event(known[one["id"]], mailbox, call) for one in query.page(chosen)]
    content: dict[str, Any] = {"@odata.context": call.metadata(f"{call.user_path()}/{name}")}
    if query.count:
        content["@odata.count"] = total
    hidden = graph_event_json.hidden(call)
    content["value"] = [query.projected(one, KIND, hidden) for one in page]
    following = query.next_link(call.base + quote(call.request.path.removeprefix("/v1.0"), safe=IN_PATHS), total)
    if following:
        content["@odata.nextLink"] = following
    return answer(call, content)


def _one(call: Call, mailbox: Mailbox, item: CalendarItem, status: int = 200) -> Response:
    shown = call.query.projected(event(item, mailbox, call), KIND, graph_event_json.hidden(call))
    content = {"@odata.context": call.metadata(f"{call.user_path()}/events/$entity")} | shown
    place = quote(f"{call.user_path()}/events('{event_id(item.ref)}')", safe=IN_PATHS)
    location = {"Location": f"{call.base}/{place}"} if status == 201 else {}
    return answer(call, content, status, location)


def _owner(context: Context, call: Call) -> Mailbox:
    """Return the mailbox of the calendar that a call is about.

    Raises:
        GraphError: There is no such user, mailbox or calendar.
    """
    mailbox = mailbox_of(context, call)
    if call.path.get("calendar", _calendar_id(mailbox)) != _calendar_id(mailbox):
        raise _missing()
    return mailbox


def _found(context: Context, call: Call) -> tuple[Mailbox, CalendarItem]:
    """Return the event that a call is about, and whose it is.

    Raises:
        GraphError: There is no such user or event.
    """
    mailbox = _owner(context, call)
    try:
        ref = graph_event_json.parse_event_id(call.path["event"])
    except EwsError:
        raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.") from None
    if mailboxes.owner_of(context, ref.mailbox) != mailbox.id:
        raise _missing()
    return mailbox, _stored(context, ref)


def _stored(context: Context, ref: ItemRef) -> CalendarItem:
    try:
        return calendars.get(context, ref)
    except (NotFound, InvalidValue):
        raise _missing() from None


def _expected(call: Call) -> int | None:
    """Return the state that the client says it has read; ``None`` when it says nothing."""
    header = call.request.headers.get("if-match", "*").strip()
    if header == "*":
        return None
    found = _ETAG.fullmatch(header)
    try:
        return ids.parse_change_key(found[1] if found else header)
    except EwsError:
        raise GraphError(400, "ErrorInvalidChangeKey", "The change key is invalid.") from None


def _refused(error: DomainError) -> GraphError:
    return GraphError(400, _CODES.get(error.code, "ErrorPropertyValidationFailure"), error.message)


def _missing() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _calendar_id(mailbox: Mailbox) -> str:
    return ids.folder_id(mailbox.id, "calendar").replace("/", "-").replace("+", "_")


def _calendar(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "id": _calendar_id(mailbox),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": ids.change_key(1),
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": [],
        "defaultOnlineMeetingProvider": "unknown",
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": mailbox.display_name, "address": mailbox.address},
    }
