# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Microsoft Graph writes what repeats an event (resource types patternedRecurrence and its parts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from imp_emulator.domain.exchange.recurrence import (
    DAYS,
    GROUPS,
    INDEXES,
    AbsoluteMonthly,
    AbsoluteYearly,
    Daily,
    EndDate,
    NoEnd,
    Numbered,
    Pattern,
    Range,
    Recurrence,
    RelativeMonthly,
    RelativeYearly,
    Weekly,
)
from imp_emulator.wire.exchange.online.graph_call import GraphError, zone

_NO_DATE = "0001-01-01"
_DAYS_OF = {name: frozenset(day.lower() for day in days) for name, days in GROUPS.items()}
_DAY_NAMES = {day.lower(): day for day in DAYS}
_INDEX_NAMES = {index.lower(): index for index in INDEXES}


def write(recurrence: Recurrence, zone_name: str) -> dict[str, Any]:
    """Return a recurrence as JSON has it; ``zone_name`` is the time zone of the event."""
    return {"pattern": _written_pattern(recurrence.pattern), "range": _written_range(recurrence, zone_name)}


def _written_pattern(pattern: Pattern) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": type(pattern).__name__[0].lower() + type(pattern).__name__[1:]}
    shown |= {"interval": getattr(pattern, "interval", 1), "month": getattr(pattern, "month", 0)}
    shown |= {"dayOfMonth": 0, "daysOfWeek": [], "firstDayOfWeek": "sunday", "index": "first"}
    match pattern:
        case Weekly(days=days, first_day=first):
            shown |= {"daysOfWeek": [day.lower() for day in DAYS if day in days], "firstDayOfWeek": first.lower()}
        case AbsoluteMonthly(day=number) | AbsoluteYearly(day=number):
            shown["dayOfMonth"] = number
        case RelativeMonthly(day=name, index=index) | RelativeYearly(day=name, index=index):
            shown |= {"daysOfWeek": [day.lower() for day in GROUPS.get(name, (name,))], "index": index.lower()}
    return shown


def _written_range(recurrence: Recurrence, zone_name: str) -> dict[str, Any]:
    shown = {
        "type": "noEnd",
        "startDate": recurrence.start_date.isoformat(),
        "endDate": _NO_DATE,
        "recurrenceTimeZone": zone_name,
        "numberOfOccurrences": 0,
    }
    match recurrence.range:
        case EndDate(date=last):
            shown |= {"type": "endDate", "endDate": last.isoformat()}
        case Numbered(count=count):
            shown |= {"type": "numbered", "numberOfOccurrences": count}
    return shown


def read(content: Any) -> Recurrence:
    """Return the recurrence that JSON describes; the domain says whether a calendar can hold it.

    Raises:
        GraphError: A part is missing or unknown.
    """
    pattern = _section(content, "pattern")
    limits = _section(content, "range")
    try:
        start = date.fromisoformat(str(limits.get("startDate")))
        return Recurrence(_pattern(pattern), start, _range(limits))
    except ValueError:
        raise _invalid("startDate and endDate must be dates like 2026-11-30") from None


def _pattern(pattern: dict[str, Any]) -> Pattern:
    kind, interval = str(pattern.get("type")), _number(pattern, "interval", 1)
    named = pattern.get("daysOfWeek") or []
    if not isinstance(named, list):
        raise _invalid("daysOfWeek must be a list")
    days = [_word("daysOfWeek", day, _DAY_NAMES) for day in named]
    if kind.endswith("Yearly") and interval != 1:
        raise _invalid("an interval of years other than 1 is not supported")
    match kind:
        case "daily":
            return Daily(interval)
        case "weekly":
            first = _word("firstDayOfWeek", pattern.get("firstDayOfWeek") or "sunday", _DAY_NAMES)
            return Weekly(interval, tuple(days), first)
        case "absoluteMonthly":
            return AbsoluteMonthly(interval, _number(pattern, "dayOfMonth"))
        case "absoluteYearly":
            return AbsoluteYearly(_number(pattern, "dayOfMonth"), _number(pattern, "month"))
        case "relativeMonthly":
            return RelativeMonthly(interval, _day(days), _index(pattern))
        case "relativeYearly":
            return RelativeYearly(_day(days), _index(pattern), _number(pattern, "month"))
    raise _invalid(f"{kind!r} is no type of a pattern")


def _range(limits: dict[str, Any]) -> Range:
    kind = limits.get("type")
    if limits.get("recurrenceTimeZone"):
        zone(str(limits["recurrenceTimeZone"]))
    if kind == "noEnd":
        return NoEnd()
    if kind == "endDate":
        return EndDate(date.fromisoformat(str(limits.get("endDate"))))
    if kind == "numbered":
        return Numbered(_number(limits, "numberOfOccurrences"))
    raise _invalid(f"{kind!r} is no type of a range")


def _day(days: list[str]) -> str:
    """Return the one day, or the name of the group, that the days of a relative pattern are."""
    if len(days) == 1:
        return days[0]
    wanted = frozenset(day.lower() for day in days)
    for name, group in _DAYS_OF.items():
        if wanted == group:
            return name
    raise _invalid("daysOfWeek must be one day, all days, the weekdays or the days of the weekend")


def _index(pattern: dict[str, Any]) -> str:
    return _word("index", pattern.get("index") or "first", _INDEX_NAMES)


def _number(section: dict[str, Any], name: str, default: int | None = None) -> int:
    found = section.get(name, default)
    if type(found) is not int:  # True is one, too.
        raise _invalid(f"{name} must be a whole number")
    return found


def _word(name: str, value: Any, known: Mapping[str, str]) -> str:
    if str(value).lower() not in known:
        raise _invalid(f"{name} must be one of {', '.join(known)}")
    return known[str(value).lower()]


def _section(content: Any, name: str) -> dict[str, Any]:
    found = content.get(name) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise _invalid(f"{name} is missing")
    return found


def _invalid(why: str) -> GraphError:
    return GraphError(400, "ErrorPropertyValidationFailure", f"The property 'recurrence' is not valid: {why}.")
