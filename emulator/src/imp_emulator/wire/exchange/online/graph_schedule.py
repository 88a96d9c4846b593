# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When people are free and when not (getSchedule).

Source: Microsoft's page on the call. Of what is private only the time is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.calendars import CalendarItem, Kind
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, answer, mailbox_of
from imp_emulator.wire.exchange.online.graph_event_json import SHOW_AS
from imp_emulator.wire.exchange.online.graph_settings import working_hours
from imp_emulator.wire.exchange.online.graph_times import read_wall, wall
from imp_emulator.world.context import Context

_DIGITS = {"Free": "0", "Tentative": "1", "Busy": "2", "OOF": "3", "WorkingElsewhere": "4", "NoData": "0"}
_WEIGHTS = ("0", "4", "1", "2", "3")
"""The digits, the one that counts least first: a slot has the digit of what counts most in it."""
_LONGEST = timedelta(days=62)
_MOST_SCHEDULES = 20
_READ_DETAILS = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
_SHORTEST_SLOT, _LONGEST_SLOT, _USUAL_SLOT = 5, 1440, 30


def run(context: Context, call: Call) -> Response:
    """Return the schedules of some addresses."""
    mailbox_of(context, call)
    content = call.content()
    start, end = (read_wall(content.get(name), name)[0] for name in ("startTime", "endTime"))
    if end <= start:
        raise GraphError(400, "ErrorInvalidParameter", "endTime must be after startTime.")
    if end - start > _LONGEST:
        text = f"The requested time duration must not be longer than {_LONGEST.days} days."
        raise GraphError(400, "ErrorInvalidParameter", text)
    addresses = content.get("schedules")
    if not isinstance(addresses, list) or not addresses or not all(isinstance(one, str) for one in addresses):
        raise GraphError(400, "ErrorInvalidParameter", "schedules must be a list of SMTP addresses.")
    if len(addresses) > _MOST_SCHEDULES:
        raise GraphError(400, "ErrorInvalidParameter", f"At most {_MOST_SCHEDULES} schedules can be asked for at once.")
    slot = _slot(content.get("availabilityViewInterval", _USUAL_SLOT))
    shown = [_schedule(context, call, address, (start, end), slot) for address in addresses]
    place = call.metadata("Collection(microsoft.graph.scheduleInformation)")
    return answer(call, {"@odata.context": place, "value": shown})


def _slot(minutes: Any) -> timedelta:
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not _SHORTEST_SLOT <= minutes <= _LONGEST_SLOT:
        text = f"availabilityViewInterval must be between {_SHORTEST_SLOT} and {_LONGEST_SLOT} minutes."
        raise GraphError(400, "ErrorInvalidParameter", text)
    return timedelta(minutes=minutes)


def _schedule(
    context: Context, call: Call, address: str, window: tuple[datetime, datetime], slot: timedelta
) -> dict[str, Any]:
    mailbox = mailboxes.find(context, address)
    if mailbox is None:
        error = {"message": f"The address {address} has no mailbox.", "responseCode": "ErrorMailRecipientNotFound"}
        return {
            "scheduleId": address,
            "availabilityView": "",
            "error": error,
            "scheduleItems": [],
            "workingHours": None,
        }
    items = calendars.view(context, mailbox.id, *window).items
    return {
        "scheduleId": address,
        "availabilityView": availability(items, window, slot),
        "scheduleItems": [_shown(item, call) for item in items if not item.is_cancelled],
        "workingHours": working_hours(mailbox),
    }


def availability(items: Sequence[CalendarItem], window: tuple[datetime, datetime], slot: timedelta) -> str:
    """Return a digit for each slot of a time: 0 free, 1 tentative, 2 busy, 3 out of office, 4 working elsewhere."""
    start, end = window
    digits = []
    while start < end:
        until = start + slot
        found = {
            _DIGITS[one.show_as] for one in items if one.start < until and one.end > start and not one.is_cancelled
        }
        digits.append(max(found, key=_WEIGHTS.index, default="0"))
        start = until
    return "".join(digits)


def _shown(item: CalendarItem, call: Call) -> dict[str, Any]:
    private = item.sensitivity != "Normal"
    shown: dict[str, Any] = {"isPrivate": private, "status": SHOW_AS[item.show_as]}
    if call.principal.permissions & _READ_DETAILS and not private:
        shown |= {"subject": item.subject, "location": item.location}
    return shown | {
        "isMeeting": bool(item.attendees),
        "isRecurring": item.kind is not Kind.SINGLE,
        "isException": item.kind is Kind.EXCEPTION,
        "isReminderSet": item.reminder_minutes is not None,
        "start": wall(item.start, call.zone, call.zone_name),
        "end": wall(item.end, call.zone, call.zone_name),
    }
