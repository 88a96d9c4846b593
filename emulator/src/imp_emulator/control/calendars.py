# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the calendars: single meetings, and whole calendars as iCalendar files (RFC 5545)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from imp_emulator.control.mailboxes import Text, Word, mailbox_of
from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.exchange import calendars, icalendar_files, local_times, recurrence, time_zones
from imp_emulator.domain.exchange.calendar_items import LONGEST_REMINDER
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, Draft, ItemRef
from imp_emulator.errors import NotFound
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.messages import EwsError
from imp_emulator.world.context import Context

router = APIRouter(prefix="/mailboxes/{address}")

MOST_BYTES = 8 * 2**20
"""What a calendar file may have, as any other request body."""

LONGEST_VIEW = timedelta(days=731)
"""Two years, as in Exchange; a series without end has no end of occurrences."""

FORMAT = "text/calendar"
_FILE: dict[str, Any] = {FORMAT: {"schema": {"type": "string"}}}
ShowAs = Literal["Free", "Tentative", "Busy", "OOF", "WorkingElsewhere"]


class Person(BaseModel):
    """Somebody who takes part in a meeting."""

    model_config = ConfigDict(extra="forbid")

    address: Word
    name: Text = ""
    role: Literal["required", "optional", "resource"] = "required"
    response: Literal["Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived"] = "Unknown"


class Meeting(BaseModel):
    """What can be said of a meeting; in a change, what is left out stays as it is.

    Times without an offset are those on the wall in ``time_zone``, which is by default the mailbox's. ``recurrence`` is
    an RRULE of RFC 5545 without its name.
    """

    model_config = ConfigDict(extra="forbid")

    start: datetime | None = None
    end: datetime | None = None
    time_zone: Word | None = None
    all_day: bool = False
    show_as: ShowAs = "Busy"
    subject: Text = ""
    location: Text = ""
    body: Text = ""
    body_type: Literal["Text", "HTML"] = "Text"
    sensitivity: Literal["Normal", "Personal", "Private", "Confidential"] = "Normal"
    importance: Literal["Low", "Normal", "High"] = "Normal"
    categories: list[Word] = []
    reminder_minutes: Annotated[int, Field(ge=0, le=LONGEST_REMINDER)] | None = None
    organizer: Person | None = None
    attendees: list[Person] = []
    is_cancelled: bool = False
    recurrence: Word | None = None


class NewMeeting(Meeting):
    """A meeting to add; it has a start and an end."""

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        if self.start is None or self.end is None:
            raise ValueError("a meeting has a start and an end")
        return self


@router.get("/meetings")
async def list_meetings(
    request: Request,
    address: str,
    start: Annotated[AwareDatetime, Query()],
    end: Annotated[AwareDatetime, Query()],
) -> dict[str, list[dict[str, Any]]]:
    """What a calendar shows between two times, each occurrence of a series by itself, sorted by start."""
    if not timedelta() < end - start <= LONGEST_VIEW:
        raise HTTPException(422, f"a view ends after its start, and covers {LONGEST_VIEW.days} days at most")
    context = context_of(request)
    with refusals():
        mailbox = mailbox_of(context, address)
        found = calendars.view(context, mailbox.id, start, end)
    return {"meetings": [_described(item) for item in found.items]}


@router.post("/meetings", status_code=201)
async def add_meeting(request: Request, address: str, new: NewMeeting) -> dict[str, Any]:
    """Put a meeting or a series into a calendar; nobody is invited."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        mailbox = mailbox_of(context, address)
        given = {"time_zone": mailbox.time_zone, **new.model_dump(exclude_none=True, exclude_unset=True)}
        draft = Draft(**_values(given, given["time_zone"], given["start"]))
        return _described(calendars.create(context, mailbox.id, draft))


@router.get("/meetings/{meeting:path}")
async def read_meeting(request: Request, address: str, meeting: str) -> dict[str, Any]:
    """A meeting, a series or an occurrence; ``meeting`` is its identifier in EWS."""
    context = context_of(request)
    with refusals():
        return _described(_item(context, address, meeting))


@router.patch("/meetings/{meeting:path}")
async def change_meeting(request: Request, address: str, meeting: str, change: Meeting) -> dict[str, Any]:
    """Change a meeting, a series, or one occurrence, which becomes an exception."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        item = _item(context, address, meeting)
        given = change.model_dump(exclude_unset=True)
        values = _values(given, given.get("time_zone") or item.zone, item.start)
        return _described(calendars.update(context, item.ref, values, None))


@router.delete("/meetings/{meeting:path}", status_code=204)
async def delete_meeting(request: Request, address: str, meeting: str) -> None:
    """Delete a meeting, a series, or one occurrence."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        calendars.delete(context, _item(context, address, meeting).ref)


@router.get(
    "/calendar", response_class=Response, responses={200: {"content": {FORMAT: {"schema": {"type": "string"}}}}}
)
async def read_calendar(request: Request, address: str) -> Response:
    """The whole calendar as an iCalendar file."""
    context = context_of(request)
    with refusals():
        content = icalendar_files.export_file(context, mailbox_of(context, address))
    return Response(content, media_type=f"{FORMAT}; charset=utf-8")


@router.put(
    "/calendar",
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def put_calendar(request: Request, address: str, replace: bool = True) -> dict[str, Any]:
    """Put the events of an iCalendar file into the calendar, by default in place of all that it has.

    Answers with how many items were ``created``, ``updated``, ``unchanged`` and ``deleted``, with the ``problems`` of
    events that no calendar of Exchange can hold and that were left out, and with what else was ``ignored``.
    """
    context = context_of(request)
    content = await request.body()
    if len(content) > MOST_BYTES:
        raise HTTPException(413, f"a calendar file may have {MOST_BYTES} bytes")
    with refusals(), context.database.transaction():
        mailbox = mailbox_of(context, address)
        return asdict(icalendar_files.import_file(context, mailbox, content, replace=replace))


def _item(context: Context, address: str, meeting: str) -> CalendarItem:
    mailbox = mailbox_of(context, address)
    try:
        ref = ids.parse_item_id(meeting)
    except EwsError:
        ref = ItemRef(0, 0)
    if ref.mailbox != mailbox.id:
        raise NotFound("meeting-not-found", f"The calendar of {mailbox.address} has no meeting {meeting}.")
    return calendars.get(context, ref)


def _values(given: dict[str, Any], zone: str, start: datetime) -> dict[str, Any]:
    """Return what was given as the fields of a draft.

    Args:
        given: What the caller has said; nothing else is changed.
        zone: The time zone of times without an offset, by any of its names.
        start: When the item starts, if nothing else is given.

    Raises:
        InvalidValue: There is no such time zone, or the recurrence cannot be read.
    """
    place = ZoneInfo(time_zones.iana(zone))
    values = dict(given)
    if "time_zone" in values:
        values.pop("time_zone")
        values |= {"zone": place.key, "end_zone": None}
    for name in ("start", "end"):
        moment = values.get(name)
        if moment is None:
            values.pop(name, None)
        elif moment.tzinfo is None:
            values[name] = moment.replace(tzinfo=place)
    if values.get("organizer") is not None:
        values["organizer"] = Attendee(**values["organizer"])
    for name, made in (("attendees", lambda one: Attendee(**one)), ("categories", str)):
        if name in values:
            values[name] = tuple(map(made, values[name]))
    if values.get("recurrence") is not None:
        first = local_times.wall(values.get("start") or start, place.key)
        values["recurrence"] = recurrence.recurrence_of(values["recurrence"], first, place.key)
    return values


def _described(item: CalendarItem) -> dict[str, Any]:
    """Return an item as an answer shows it; times are in UTC."""
    rule = item.recurrence and recurrence.rule_of(item.recurrence, None if item.all_day else item.zone)
    return {
        "id": ids.item_id(item.ref),
        "uid": item.uid,
        "kind": item.kind.value,
        "start": item.start.isoformat(),
        "end": item.end.isoformat(),
        "original_start": item.original_start and item.original_start.isoformat(),
        "time_zone": item.zone,
        "recurrence": rule,
        "organizer": item.organizer and asdict(item.organizer),
        "attendees": [asdict(attendee) for attendee in item.attendees],
        "created": item.created.isoformat(),
        "modified": item.modified.isoformat(),
    } | {name: getattr(item, name) for name in _PLAIN}


_PLAIN = (
    "all_day",
    "show_as",
    "subject",
    "location",
    "body",
    "body_type",
    "sensitivity",
    "importance",
    "categories",
    "reminder_minutes",
    "response",
    "is_cancelled",
)
