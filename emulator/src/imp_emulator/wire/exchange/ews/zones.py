# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetServerTimeZones: the time zones that the server knows, with their rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.time_zones import Change, Definition, Span
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, flag, listed
from imp_emulator.wire.exchange.ews.messages import Element, m, response, success, t
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _get_server_time_zones(context: Context, call: Call) -> Element:
    full = flag(call.body.get("ReturnFullTimeZoneData"), default=True)
    wanted = time_zones.names()
    if soap.child(call.body, "Ids") is not None:
        # One that is named again is told once, so that an answer is no longer than all that there is.
        wanted = list(dict.fromkeys(soap.content(identifier) for identifier in listed(call.body, "Ids")))
    year = context.clock.now().year
    shown = []
    for name in wanted:
        try:
            shown.append(element(time_zones.definition(name, year), full=full))
        except InvalidValue:
            continue  # One that the server does not know is left out, as the others are still asked for.
    return response("GetServerTimeZones", [success("GetServerTimeZones", m.TimeZoneDefinitions(*shown))])


def element(zone: Definition, *, full: bool, tag: str = "TimeZoneDefinition") -> Element:
    """Return a time zone, with its rules or by its names alone; items have it under names of their own."""
    shown = t(tag, Id=zone.id, Name=zone.name)
    if full:
        periods = [t.Period(Bias=duration(period.bias), Name=period.name, Id=period.id) for period in zone.periods]
        shown.append(t.Periods(*periods))
        # Clients sort these ids as text.
        digits = len(str(len(zone.spans) - 1))
        names = [f"{number:0{digits}d}" for number in range(len(zone.spans))]
        shown.append(t.TransitionsGroups(*(_group(name, span) for name, span in zip(names, zone.spans, strict=True))))
        shown.append(t.Transitions(*(_begin(name, span) for name, span in zip(names, zone.spans, strict=True))))
    return shown


def _group(name: str, span: Span) -> Element:
    changes = [_change(change) for change in span.changes]
    return t.TransitionsGroup(*(changes or [t.Transition(t.To(span.standard, Kind="Period"))]), Id=name)


def _change(change: Change) -> Element:
    return t.RecurringDayTransition(
        t.To(change.to, Kind="Period"),
        t.TimeOffset(duration(change.at)),
        t.Month(str(change.month)),
        t.DayOfWeek(_DAYS[change.weekday]),
        t.Occurrence(str(change.occurrence)),
    )


def _begin(name: str, span: Span) -> Element:
    to = t.To(name, Kind="Group")
    if span.begin is None:
        return t.Transition(to)
    return t.AbsoluteDateTransition(to, t.DateTime(span.begin.isoformat()))


def duration(span: timedelta) -> str:
    """Write a span of whole minutes as xs:duration."""
    minutes = int(span / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}PT{hours}H{rest}M"


OPERATIONS: Mapping[str, Handler] = {"GetServerTimeZones": Handler(write=False, run=_get_server_time_zones)}
