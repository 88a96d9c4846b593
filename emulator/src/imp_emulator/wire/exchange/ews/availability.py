# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetUserAvailability: free and busy times of several mailboxes, in the time zone of who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from imp_emulator.domain.exchange import availability, mailboxes, zone_rules
from imp_emulator.domain.exchange.calendars import CalendarItem, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.zone_rules import ClockChange, ZoneRules
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, required, schema_violation
from imp_emulator.wire.exchange.ews.id_formats import hexadecimal
from imp_emulator.wire.exchange.ews.item_parts import text_element
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, bare_error, bare_success, m, t
from imp_emulator.wire.exchange.ews.values import boolean_text, local_text, read_integer, read_time
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9]):([0-5][0-9])")
_MINUTE = timedelta(minutes=1)
_DEFAULT_INTERVAL = 30
_MOST_MAILBOXES = 100
_EVENTS, _DETAILS, _MERGED = "events", "details", "merged"
_VIEWS: Mapping[str, frozenset[str]] = {
    "MergedOnly": frozenset({_MERGED}),
    "FreeBusy": frozenset({_EVENTS}),
    "FreeBusyMerged": frozenset({_EVENTS, _MERGED}),
    "Detailed": frozenset({_EVENTS, _DETAILS}),
    "DetailedMerged": frozenset({_EVENTS, _DETAILS, _MERGED}),
}
_CODES: Mapping[str, str] = {
    "interval-order": "ErrorInvalidTimeInterval",
    "interval-too-long": "ErrorTimeIntervalTooBig",
    "interval-length": "ErrorInvalidMergedFreeBusyInterval",
    "too-many-entries": "ErrorResultSetTooBig",
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of each mailbox.

    Attributes:
        zone: The time zone in which times are answered.
        minutes: The length of an interval of merged times.
        view: One of :data:`_VIEWS`.
    """

    zone: tzinfo
    start: datetime
    end: datetime
    minutes: int
    view: str


def _get_user_availability(context: Context, call: Call) -> Element:
    wanted = required(call.body, "MailboxDataArray")
    if len(wanted) == 0:
        raise EwsError("ErrorMailboxDataArrayEmpty", "The request names no mailbox.", fault=True)
    if len(wanted) > _MOST_MAILBOXES:
        text = f"The request names more than {_MOST_MAILBOXES} mailboxes."
        raise EwsError("ErrorMailboxDataArrayTooBig", text, fault=True)
    options = soap.child(call.body, "FreeBusyViewOptions")
    suggestions = soap.child(call.body, "SuggestionsViewOptions")
    answer = m.GetUserAvailabilityResponse()
    if options is None and suggestions is None:
        raise EwsError("ErrorMissingArgument", "The request has no FreeBusyViewOptions.", fault=True)
    if options is not None:
        question = _question(call, options)
        answer.append(m.FreeBusyResponseArray(*(_response(context, call, data, question) for data in wanted)))
    if suggestions is not None:
        why = EwsError("ErrorMeetingSuggestionGenerationFailed", "Suggestions for meetings are not emulated.")
        answer.append(m.SuggestionsResponse(bare_error(why)))
    return answer


def _response(context: Context, call: Call, data: Element, question: _Question) -> Element:
    """Return the answer about one mailbox; what cannot be told of it fails alone."""
    try:
        address = soap.content(data.find("{*}Email/{*}Address"))
        mailbox = mailboxes.find(context, address)
        if mailbox is None:
            raise EwsError("ErrorMailRecipientNotFound", f"There is no mailbox {address[:80]!r}.")
        return m.FreeBusyResponse(bare_success(), _view(context, call, mailbox, question))
    except InvalidValue as refused:
        return m.FreeBusyResponse(bare_error(EwsError(_CODES[refused.code], refused.message)))
    except EwsError as why:
        return m.FreeBusyResponse(bare_error(why))


def _view(context: Context, call: Call, mailbox: Mailbox, question: _Question) -> Element:
    found = availability.entries(context, mailbox.id, question.start, question.end)
    parts = _VIEWS[question.view]
    view = m.FreeBusyView(t.FreeBusyViewType(question.view))
    if _MERGED in parts:
        digits = availability.merged(found, question.start, question.end, question.minutes)
        view.append(t.MergedFreeBusy(digits))
    if _EVENTS in parts and found:
        own = call.mailbox is not None and call.mailbox.id == mailbox.id
        events = (_event(item, question.zone, details=_DETAILS in parts, own=own) for item in found)
        view.append(t.CalendarEventArray(*events))
    view.append(_working_hours(mailbox, context.clock.now().year))
    return view


def _event(item: CalendarItem, zone: tzinfo, *, details: bool, own: bool) -> Element:
    event = t.CalendarEvent(
        t.StartTime(local_text(item.start.astimezone(zone))),
        t.EndTime(local_text(item.end.astimezone(zone))),
        t.BusyType(item.show_as),
    )
    if details:
        private = item.sensitivity == "Private"
        told = t.CalendarEventDetails(t.ID(hexadecimal(ids.item_id(item.ref))))
        if own or not private:
            told.extend([text_element("Subject", item.subject), text_element("Location", item.location)])
        flags = {
            "IsMeeting": bool(item.attendees),
            "IsRecurring": item.kind is not Kind.SINGLE,
            "IsException": item.kind is Kind.EXCEPTION,
            "IsReminderSet": item.reminder_minutes is not None,
            "IsPrivate": private,
        }
        told.extend(t(name, boolean_text(value)) for name, value in flags.items())
        event.append(told)
    return event


def _working_hours(mailbox: Mailbox, year: int) -> Element:
    first, last = availability.WORKING_MINUTES
    return t.WorkingHours(
        _zone_element(zone_rules.rules_of(mailbox.time_zone, year)),
        t.WorkingPeriodArray(
            t.WorkingPeriod(
                t.DayOfWeek(" ".join(availability.WORKING_DAYS)),
                t.StartTimeInMinutes(str(first)),
                t.EndTimeInMinutes(str(last)),
            )
        ),
    )


# Time zones by their rules

_NEVER = {
    "StandardTime": ClockChange(timedelta(), 10, 5, 6, timedelta(hours=2)),
    "DaylightTime": ClockChange(timedelta(), 4, 1, 6, timedelta(hours=2)),
}
"""What is told of a zone whose clocks are never set: changes by nothing, on some days."""


def _zone_element(rules: ZoneRules) -> Element:
    changes = {"StandardTime": rules.standard, "DaylightTime": rules.daylight}
    parts = (_change_element(name, change or _NEVER[name]) for name, change in changes.items())
    return t.TimeZone(t.Bias(str(rules.bias // _MINUTE)), *parts)


def _change_element(name: str, change: ClockChange) -> Element:
    hours, minutes = divmod(change.at // _MINUTE, 60)
    return t(
        name,
        t.Bias(str(change.bias // _MINUTE)),
        t.Time(f"{hours % 24:02d}:{minutes:02d}:00"),
        t.DayOrder(str(change.occurrence)),
        t.Month(str(change.month)),
        t.DayOfWeek(_DAYS[change.weekday]),
    )


def _read_zone(element: Element) -> tzinfo:
    """Return the zone of a ``TimeZone`` element; raises ``ValueError``."""
    bias = read_integer(soap.content(soap.child(element, "Bias"))) * _MINUTE
    standard, daylight = (_read_change(soap.child(element, name)) for name in ("StandardTime", "DaylightTime"))
    return zone_rules.zone_of(ZoneRules(bias, standard, daylight))


def _read_change(element: Element | None) -> ClockChange | None:
    if element is None:
        return None
    values = {soap.local_name(child): soap.content(child) for child in element}
    hours, minutes, seconds = _clock(values.get("Time", ""))
    year = read_integer(values.get("Year", "0"))
    return ClockChange(
        read_integer(values.get("Bias")) * _MINUTE,
        read_integer(values.get("Month")),
        read_integer(values.get("DayOrder")),
        0 if year else _weekday(values.get("DayOfWeek", "")),
        timedelta(hours=hours, minutes=minutes, seconds=seconds),
        year,
    )


def _clock(text: str) -> tuple[int, int, int]:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a valid time")
    hours, minutes, seconds = map(int, found.groups())
    return hours, minutes, seconds


def _weekday(name: str) -> int:
    if name not in _DAYS:
        raise ValueError(f"{name[:40]!r} is no day of the week")
    return _DAYS.index(name)


def _question(call: Call, options: Element) -> _Question:
    view = soap.content(soap.child(options, "RequestedView"))
    if view not in _VIEWS:
        text = f"RequestedView is one of {', '.join(_VIEWS)}, not {view[:40]!r}."
        raise EwsError("ErrorInvalidFreeBusyViewType", text, fault=True)
    window = required(options, "TimeWindow")
    interval = soap.child(options, "MergedFreeBusyIntervalInMinutes")
    given = soap.child(call.body, "TimeZone")
    try:
        zone: tzinfo = ZoneInfo(call.zone) if given is None else _read_zone(given)
        start, end = (read_time(soap.content(required(window, name)), zone) for name in ("StartTime", "EndTime"))
        minutes = _DEFAULT_INTERVAL if interval is None else read_integer(interval.text)
    except ValueError as why:
        raise schema_violation(f"{why}.", options) from None
    return _Question(zone, start, end, minutes, view)


OPERATIONS: Mapping[str, Handler] = {"GetUserAvailability": Handler(write=False, run=_get_user_availability)}
