# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When people are free and when not (getSchedule).

Source: Microsoft's page on the call. Of what is private only the time is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.availability import INTERVALS, merged
from imp_emulator.domain.exchange.calendars import CalendarItem, Kind
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, answer, mailbox_of
from imp_emulator.wire.exchange.online.graph_event_json import SHOW_AS
from imp_emulator.wire.exchange.online.graph_settings import working_hours
from imp_emulator.wire.exchange.online.graph_times import read_wall, wall
from imp_emulator.world.context import Context

_LONGEST = timedelta(days=62)
_MOST_SCHEDULES = 20
_READ_DETAILS = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
_USUAL_SLOT = 30


def run(context: Context, call: Call) -> Response:
    """Return the schedules of some addresses."""
    mailbox_of(context, call)
    content = call.parameters("schedules", "startTime", "endTime", "availabilityViewInterval")
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


def _slot(minutes: Any) -> int:
    if type(minutes) is not int or minutes not in INTERVALS:  # True is a number, too.
        text = f"availabilityViewInterval must be between {INTERVALS[0]} and {INTERVALS[-1]} minutes."
        raise GraphError(400, "ErrorInvalidParameter", text)
    return minutes


def _schedule(
    context: Context, call: Call, address: str, window: tuple[datetime, datetime], slot: int
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
    items = [item for item in calendars.view(context, mailbox.id, *window).items if not item.is_cancelled]
    return {
        "scheduleId": address,
        # What nobody knows the state of is free here; Exchange Web Services have a digit for it.
        "availabilityView": merged([item for item in items if item.show_as != "NoData"], *window, slot),
        "scheduleItems": [_shown(item, call) for item in items],
        "workingHours": working_hours(mailbox),
    }


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
