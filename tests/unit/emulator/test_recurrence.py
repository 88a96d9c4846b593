# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patterns and ranges of Exchange as rules of RFC 5545 and back, and the dates they give."""

from __future__ import annotations

import tracemalloc
from datetime import date, datetime, time
from itertools import islice, takewhile

import pytest

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
    check,
    faces,
    last_face,
    recurrence_of,
    rule_of,
)
from imp_emulator.errors import InvalidValue

START = datetime(2025, 1, 31, 9)  # noqa: DTZ001 - a time on the wall
PATTERNS: tuple[Pattern, ...] = (
    Daily(),
    Daily(999),
    Weekly(2, ("Monday", "Friday"), "Sunday"),
    Weekly(1, DAYS, "Monday"),
    *(AbsoluteMonthly(interval, day) for interval in (1, 5, 99) for day in (1, 28, 29, 30, 31)),
    *(RelativeMonthly(2, day, index) for day in (*DAYS, *GROUPS) for index in INDEXES),
    *(AbsoluteYearly(day, month) for day in (1, 28, 29, 30, 31) for month in range(1, 13)),
    *(RelativeYearly(day, index, 11) for day in (*DAYS, *GROUPS) for index in INDEXES),
)
RANGES: tuple[Range, ...] = (NoEnd(), EndDate(date(2031, 1, 1)), Numbered(9))


def dates(rule: str, start: datetime, number: int) -> list[str]:
    found = recurrence_of(rule, start)
    return [f"{face:%Y-%m-%d}" for face in islice(faces(found, start.time()), number)]


@pytest.mark.parametrize("limit", RANGES)
def test_a_rule_says_what_the_pattern_says(limit: Range) -> None:
    for recurrence in (Recurrence(pattern, START.date(), limit) for pattern in PATTERNS):
        for zone in ("Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"):
            assert recurrence_of(rule_of(recurrence, zone), START, zone) == recurrence
        assert recurrence_of(rule_of(recurrence), START.date()) == recurrence


@pytest.mark.parametrize("later", [datetime(2026, 12, 31, 9), datetime(2027, 3, 15, 8)])  # noqa: DTZ001 - on the wall
def test_looking_from_later_on_changes_no_date(later: datetime) -> None:
    for recurrence in (Recurrence(pattern, START.date()) for pattern in PATTERNS):
        everything = takewhile(lambda face: face.year < 2045, faces(recurrence, time(9)))
        expected = list(islice((face for face in everything if face >= later), 3))
        assert list(islice(faces(recurrence, time(9), later), len(expected))) == expected, recurrence


@pytest.mark.parametrize("limit", RANGES[1:])
def test_the_last_date_is_found_from_the_end(limit: Range) -> None:
    for recurrence in (Recurrence(pattern, START.date(), limit) for pattern in PATTERNS):
        everything = list(islice(faces(recurrence, time(9)), 9 if isinstance(limit, Numbered) else None))
        assert last_face(recurrence, time(9)) == (everything[-1] if everything else None), recurrence


def test_a_day_that_a_month_does_not_have_is_its_last() -> None:
    assert dates("FREQ=MONTHLY;BYMONTHDAY=31", START, 4) == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]
    assert dates("FREQ=MONTHLY;BYMONTHDAY=30", START.replace(day=30), 3) == ["2025-01-30", "2025-02-28", "2025-03-30"]
    # Any program knows the last day of a month, fewer a choice of several days.
    assert rule_of(Recurrence(AbsoluteMonthly(1, 31), START.date())) == "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"
    leap = datetime(2024, 2, 29, 9)  # noqa: DTZ001 - a time on the wall
    assert dates("FREQ=YEARLY", leap, 3) == ["2024-02-29", "2025-02-28", "2026-02-28"]


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("FREQ=DAILY;INTERVAL=2", Daily(2)),
        ("freq=daily;byday=mo,tu,we,th,fr", Weekly(1, DAYS[1:6], "Sunday")),
        ("FREQ=WEEKLY", Weekly(1, ("Friday",), "Monday")),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=FR,MO", Weekly(1, ("Monday", "Friday"), "Sunday")),
        ("FREQ=WEEKLY;BYHOUR=9;BYMINUTE=0;BYSECOND=00", Weekly(1, ("Friday",), "Monday")),
        ("FREQ=MONTHLY", AbsoluteMonthly(1, 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", AbsoluteMonthly(1, 31)),
        ("FREQ=MONTHLY;BYDAY=-1FR", RelativeMonthly(1, "Friday", "Last")),
        ("FREQ=MONTHLY;BYDAY=+2TU", RelativeMonthly(1, "Tuesday", "Second")),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", RelativeMonthly(1, "Tuesday", "Second")),
        ("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1", RelativeMonthly(1, "WeekendDay", "Last")),
        ("FREQ=YEARLY", AbsoluteYearly(31, 1)),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=5FR", None),
        ("FREQ=YEARLY;INTERVAL=2", AbsoluteMonthly(24, 31)),
        ("FREQ=YEARLY;INTERVAL=3;BYMONTH=1;BYDAY=-1FR", RelativeMonthly(36, "Friday", "Last")),
    ],
)
def test_the_same_rule_may_be_said_otherwise(rule: str, pattern: Pattern | None) -> None:
    if pattern is None:
        with pytest.raises(InvalidValue, match="1st, 2nd, 3rd, 4th or last"):
            recurrence_of(rule, START)
    else:
        assert recurrence_of(rule, START).pattern == pattern


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("", "FREQ must be one of"),
        ("FREQ=HOURLY", "FREQ must be one of DAILY, WEEKLY, MONTHLY, YEARLY, not HOURLY"),
        ("FREQ=DAILY;INTERVAL=0", "interval must be between 1 and 999, not 0"),
        ("FREQ=WEEKLY;INTERVAL=100", "interval must be between 1 and 99, not 100"),
        ("FREQ=DAILY;INTERVAL=two", "INTERVAL must be a number"),
        ("FREQ=DAILY;COUNT=1000", "number of occurrences must be between 1 and 999"),
        ("FREQ=DAILY;COUNT=0", "number of occurrences"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "either UNTIL or COUNT"),
        ("FREQ=DAILY;UNTIL=2026", "UNTIL must be a date or a time"),
        ("FREQ=DAILY;UNTIL=20250101", "ends on 2025-01-01 and begins on 2025-01-31"),
        ("FREQ=DAILY;BYHOUR=9,10", "BYHOUR"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "BYDAY in a rule with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "1MO is no day of the week"),
        ("FREQ=WEEKLY;BYMONTH=1", "BYMONTH in a rule with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYDAY=MO", "1st, 2nd"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "is no day of the week"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "none of a day, all days"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "more than one BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "BYMONTHDAY must be a number"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "between 1 and 31"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=1", "BYDAY together with BYMONTHDAY"),
        ("FREQ=YEARLY;BYDAY=1MO", "must have a BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH must be between 1 and 12"),
        ("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=3", "must begin in the month of BYMONTH, 3"),
        ("FREQ=DAILY;FREQ=DAILY", "there twice"),
        ("FREQ", "is no part of a rule"),
    ],
)
def test_what_no_calendar_of_exchange_can_hold_is_named(rule: str, named: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        recurrence_of(rule, START)
    assert named in raised.value.message
    assert raised.value.code == "invalid-recurrence"


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20250210", date(2025, 2, 10)),
        ("20250210T090000", date(2025, 2, 10)),
        ("20250210T085959", date(2025, 2, 9)),
        ("20250210T080000Z", date(2025, 2, 10)),
        ("20250210T075959Z", date(2025, 2, 9)),
        ("20250209T233000Z", date(2025, 2, 9)),
    ],
)
def test_until_is_a_day_in_the_zone_of_the_start(until: str, last: date) -> None:
    found = recurrence_of(f"FREQ=DAILY;UNTIL={until}", START, "Europe/Berlin")
    assert found.range == EndDate(last)


@pytest.mark.parametrize(
    "pattern",
    [
        Weekly(1, ()),
        Weekly(1, ("Someday",)),
        Weekly(1, ("Monday",), "Someday"),
        AbsoluteYearly(1, 13),
        RelativeMonthly(1, "Monday", "Fifth"),
        RelativeYearly("Month", "First", 1),
    ],
)
def test_words_that_are_none_of_the_pattern_are_refused(pattern: Pattern) -> None:
    with pytest.raises(InvalidValue):
        check(Recurrence(pattern, START.date()))


def test_a_day_of_the_month_costs_no_memory_however_large_it_is() -> None:
    tracemalloc.start()
    with pytest.raises(InvalidValue, match="between 1 and 31"):
        recurrence_of("FREQ=MONTHLY;BYMONTHDAY=1000000", date(2026, 11, 30))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("start", [date(1, 1, 1), date(1600, 12, 31), date(4500, 9, 1), date(9999, 12, 31)])
def test_a_series_begins_where_a_calendar_has_days(start: date) -> None:
    with pytest.raises(InvalidValue, match="1601 to 4500"):
        check(Recurrence(Daily(), start))
