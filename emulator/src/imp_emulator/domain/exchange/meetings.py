# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Meetings: what happens in the calendars of those who are invited.

There is no mail here. What a real organisation reaches by a request, an update, a cancellation and a response is done
at once in the calendars of those attendees who have a mailbox, as the calendar attendant of Exchange does it: an
invited one gets a tentative item, a cancelled one stays and says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, Draft, ItemRef
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.world.context import Context

_SHARED = (
    "start",
    "end",
    "zone",
    "end_zone",
    "all_day",
    "subject",
    "location",
    "body",
    "body_type",
    "sensitivity",
    "importance",
    "organizer",
    "attendees",
    "recurrence",
)
"""What the copy of an attendee has from the organizer's item."""
_TIMES = ("start", "end", "all_day", "recurrence")
_UNANSWERED: Mapping[str, Any] = {"response": "NoResponseReceived", "show_as": "Tentative"}
_ORGANIZERS_OWN = ("Unknown", "Organizer")
_CANCELLED = "Canceled: "
_SHOWN = {"Accept": "Busy", "Tentative": "Tentative"}


class Recipients(Enum):
    """Who is told of a meeting, or of what changes in it."""

    NONE = "none"
    ALL = "all"
    CHANGED = "changed"


def organized(mailbox: Mailbox, draft: Draft) -> Draft:
    """Return a draft as the owner of a mailbox makes it: with attendees it is a meeting that the owner organizes."""
    if not draft.attendees:
        return draft
    return dataclasses.replace(draft, organizer=organizer_of(mailbox), response="Organizer")


def organizer_of(mailbox: Mailbox) -> Attendee:
    """Return the owner of a mailbox as the organizer of a meeting."""
    return Attendee(mailbox.address, mailbox.display_name, "required", "Organizer")


def is_organizer(item: CalendarItem) -> bool:
    """Tell whether the owner of the calendar has made an item, and has not been invited to it."""
    return item.response in _ORGANIZERS_OWN


def invite(context: Context, item: CalendarItem, recipients: Recipients) -> None:
    """Put a new meeting into the calendars of its attendees."""
    if recipients is not Recipients.NONE and is_organizer(item):
        _deliver(context, item, item.attendees, new_times=True)


def tell_changes(context: Context, before: CalendarItem, after: CalendarItem, recipients: Recipients) -> None:
    """Bring the calendars of attendees up to date with a changed meeting.

    Those who are not invited any more find it cancelled. With :attr:`Recipients.CHANGED` the others are told only when
    more has changed than who is invited.
    """
    if recipients is Recipients.NONE or not is_organizer(after):
        return
    known = {ascii_lower(attendee.address) for attendee in before.attendees}
    invited = {ascii_lower(attendee.address) for attendee in after.attendees}
    for attendee in before.attendees:
        if ascii_lower(attendee.address) not in invited:
            _cancel(context, after, attendee)
    told: Iterable[Attendee] = after.attendees
    if recipients is Recipients.CHANGED and not _differs(before, after, set(_SHARED) - {"attendees", "organizer"}):
        told = [attendee for attendee in after.attendees if ascii_lower(attendee.address) not in known]
    _deliver(context, after, told, new_times=_differs(before, after, _TIMES))


def cancel(context: Context, item: CalendarItem, recipients: Recipients) -> None:
    """Mark a meeting, or an occurrence of one, that its organizer deletes as cancelled with its attendees."""
    if recipients is not Recipients.NONE and is_organizer(item):
        for attendee in item.attendees:
            _cancel(context, item, attendee)


def respond(context: Context, item: CalendarItem, response: str, *, tell: bool) -> CalendarItem | None:
    """Answer an invitation; one that is declined leaves the calendar, and ``None`` is returned.

    Args:
        context: The environment.
        item: The attendee's item.
        response: ``Accept``, ``Tentative`` or ``Decline``.
        tell: Whether the organizer gets to know.

    Raises:
        InvalidValue: The owner of the calendar organizes the meeting (``is-organizer``), or it is cancelled
            (``is-cancelled``).
    """
    if is_organizer(item):
        raise InvalidValue("is-organizer", "The organizer of a meeting does not answer an invitation to it.")
    if item.is_cancelled:
        raise InvalidValue("is-cancelled", "The meeting is cancelled.")
    if tell:
        _note_response(context, item, response)
    if response == "Decline":
        calendars.delete(context, item.ref)
        return None
    return calendars.update(context, item.ref, {"response": response, "show_as": _SHOWN[response]})


def _note_response(context: Context, item: CalendarItem, response: str) -> None:
    """Note an answer in the organizer's item, when the organizer has a mailbox and the item is still there."""
    owner = mailboxes.get(context, item.ref.mailbox)
    names = {ascii_lower(address) for address in (owner.address, *mailboxes.aliases(context, owner))}
    organizer = None if item.organizer is None else mailboxes.find(context, item.organizer.address)
    for known in () if organizer is None else _copies(context, organizer, item):
        attendees = tuple(
            dataclasses.replace(one, response=response) if ascii_lower(one.address) in names else one
            for one in known.attendees
        )
        calendars.update(context, known.ref, {"attendees": attendees})


def _deliver(context: Context, item: CalendarItem, attendees: Iterable[Attendee], *, new_times: bool) -> None:
    values: dict[str, Any] = {name: getattr(item, name) for name in _SHARED}
    again = {**values, **_UNANSWERED} if new_times else values
    if item.original_start is not None:
        again = {name: value for name, value in again.items() if name != "recurrence"}
    for mailbox in _invited(context, item, attendees):
        copies = list(_copies(context, mailbox, item))
        for copy in copies:
            # Who was left out before, and marked so, is invited anew.
            anew = _UNANSWERED if copy.is_cancelled else {}
            calendars.update(context, copy.ref, {**again, **anew, "is_cancelled": False})
        if not copies and item.original_start is None:
            draft = Draft(**values, **_UNANSWERED, uid=item.uid, reminder_minutes=item.reminder_minutes)
            calendars.create(context, mailbox.id, draft)


def _cancel(context: Context, item: CalendarItem, attendee: Attendee) -> None:
    for mailbox in _invited(context, item, [attendee]):
        for copy in _copies(context, mailbox, item):
            values = {"is_cancelled": True, "show_as": "Free", "subject": f"{_CANCELLED}{item.subject}"}
            calendars.update(context, copy.ref, values)


def _invited(context: Context, item: CalendarItem, attendees: Iterable[Attendee]) -> Iterator[Mailbox]:
    """Return the mailboxes of attendees, without that which the item itself is in."""
    for attendee in attendees:
        mailbox = mailboxes.find(context, attendee.address)
        if mailbox is not None and mailbox.id != item.ref.mailbox:
            yield mailbox


def _copies(context: Context, mailbox: Mailbox, item: CalendarItem) -> Iterator[CalendarItem]:
    """Return what a calendar has of a meeting, or of the same occurrence of it, if its owner has not deleted it."""
    for known in calendars.by_uid(context, mailbox.id, item.uid or ""):
        try:
            yield calendars.get(context, ItemRef(mailbox.id, known.ref.item, item.original_start))
        except (InvalidValue, NotFound):
            continue


def _differs(before: CalendarItem, after: CalendarItem, fields: Iterable[str]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in fields)
