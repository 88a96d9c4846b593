# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recurrence of a calendar item on the wire: one element for the pattern, one for the range."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from imp_emulator.domain.exchange import recurrence as domain
from imp_emulator.domain.exchange.recurrence import (
    AbsoluteMonthly,
    AbsoluteYearly,
    Daily,
    EndDate,
    NoEnd,
    Numbered,
    Recurrence,
    RelativeMonthly,
    RelativeYearly,
    Weekly,
)
from imp_emulator.wire.exchange.ews.messages import EwsError, t
from imp_emulator.wire.exchange.ews.values import read_date, read_integer

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAY_NAMES = (*domain.DAYS, *domain.GROUPS)


def read(element: etree._Element) -> Recurrence:
    """Return what a ``Recurrence`` element says.

    Raises:
        ValueError: It is not as the schema wants it.
        EwsError: ``ErrorCalendarInvalidDayForWeeklyRecurrence``: a week repeats on "weekdays" and the like.
    """
    parts = {etree.QName(child).localname: child for child in element}
    pattern = next((_PATTERNS[name](part) for name, part in parts.items() if name in _PATTERNS), None)
    span = next(((part, _RANGES[name](part)) for name, part in parts.items() if name in _RANGES), None)
    if pattern is None or span is None or len(element) != 2:
        raise ValueError("a Recurrence has one pattern and one range")
    return Recurrence(pattern, read_date(_text(span[0], "StartDate")), span[1])


def element(recurrence: Recurrence) -> etree._Element:
    """Return the ``Recurrence`` element."""
    return t("Recurrence", _pattern_element(recurrence.pattern), _range_element(recurrence))


def _weekly(part: etree._Element) -> Weekly:
    days = _text(part, "DaysOfWeek").split()
    if any(day in domain.GROUPS for day in days):
        text = "A weekly recurrence names single days of the week."
        raise EwsError("ErrorCalendarInvalidDayForWeeklyRecurrence", text)
    for day in days:
        _one_of(day, domain.DAYS)
    first = part.findtext("{*}FirstDayOfWeek")
    named = tuple(day for day in domain.DAYS if day in days)
    return Weekly(_interval(part), named, _one_of(first.strip(), domain.DAYS) if first else "Sunday")


def _day(part: etree._Element) -> str:
    return _one_of(_text(part, "DaysOfWeek"), _DAY_NAMES)


def _index(part: etree._Element) -> str:
    return _one_of(_text(part, "DayOfWeekIndex"), tuple(domain.INDEXES))


def _month(part: etree._Element) -> int:
    return MONTHS.index(_one_of(_text(part, "Month"), MONTHS)) + 1


def _month_day(part: etree._Element) -> int:
    return read_integer(_text(part, "DayOfMonth"))


def _interval(part: etree._Element) -> int:
    return read_integer(_text(part, "Interval"))


_PATTERNS: dict[str, Callable[[etree._Element], domain.Pattern]] = {
    "DailyRecurrence": lambda part: Daily(_interval(part)),
    "WeeklyRecurrence": _weekly,
    "AbsoluteMonthlyRecurrence": lambda part: AbsoluteMonthly(_interval(part), _month_day(part)),
    "RelativeMonthlyRecurrence": lambda part: RelativeMonthly(_interval(part), _day(part), _index(part)),
    "AbsoluteYearlyRecurrence": lambda part: AbsoluteYearly(_month_day(part), _month(part)),
    "RelativeYearlyRecurrence": lambda part: RelativeYearly(_day(part), _index(part), _month(part)),
}
_RANGES: dict[str, Callable[[etree._Element], domain.Range]] = {
    "NoEndRecurrence": lambda _: NoEnd(),
    "EndDateRecurrence": lambda part: EndDate(read_date(_text(part, "EndDate"))),
    "NumberedRecurrence": lambda part: Numbered(read_integer(_text(part, "NumberOfOccurrences"))),
}


def _pattern_element(pattern: domain.Pattern) -> etree._Element:
    match pattern:
        case Daily(interval=interval):
            return _filled("DailyRecurrence", Interval=interval)
        case Weekly(interval=interval, days=days, first_day=first):
            days_text = " ".join(days)
            return _filled("WeeklyRecurrence", Interval=interval, DaysOfWeek=days_text, FirstDayOfWeek=first)
        case AbsoluteMonthly(interval=interval, day=day):
            return _filled("AbsoluteMonthlyRecurrence", Interval=interval, DayOfMonth=day)
        case RelativeMonthly(interval=interval, day=name, index=index):
            return _filled("RelativeMonthlyRecurrence", Interval=interval, DaysOfWeek=name, DayOfWeekIndex=index)
        case AbsoluteYearly(day=day, month=month):
            return _filled("AbsoluteYearlyRecurrence", DayOfMonth=day, Month=MONTHS[month - 1])
        case RelativeYearly(day=name, index=index, month=month):
            month_text = MONTHS[month - 1]
            return _filled("RelativeYearlyRecurrence", DaysOfWeek=name, DayOfWeekIndex=index, Month=month_text)


def _range_element(recurrence: Recurrence) -> etree._Element:
    # A date without a zone is no date to some clients: exchangelib makes a midnight of it, ews-java-api an error.
    start = f"{recurrence.start_date.isoformat()}Z"
    match recurrence.range:
        case NoEnd():
            return _filled("NoEndRecurrence", StartDate=start)
        case EndDate(date=last):
            return _filled("EndDateRecurrence", StartDate=start, EndDate=f"{last.isoformat()}Z")
        case Numbered(count=count):
            return _filled("NumberedRecurrence", StartDate=start, NumberOfOccurrences=count)


def _filled(name: str, **parts: object) -> etree._Element:
    return t(name, *(t(part, str(value)) for part, value in parts.items()))


def _text(part: etree._Element, name: str) -> str:
    text = part.findtext(f"{{*}}{name}")
    if text is None:
        raise ValueError(f"{etree.QName(part).localname} has no {name}")
    return text.strip()


def _one_of(word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise ValueError(f"{word[:40]!r} is none of {', '.join(words)}")
    return word
