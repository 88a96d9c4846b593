# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a series repeats: the patterns and ranges of Exchange, the same as rules of RFC 5545, and the dates they give.

A day of the month that a month does not have is its last day, as in Exchange; a rule of RFC 5545 leaves such a month
out. Therefore the rule that is made of such a pattern names all the days that it may fall on and takes the last.
"""

from __future__ import annotations

import calendar
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice

from dateutil.rrule import rrule, rruleset, rrulestr

from imp_emulator.domain.exchange import local_times
from imp_emulator.errors import InvalidValue

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
GROUPS = {"Day": DAYS, "Weekday": DAYS[1:6], "WeekendDay": (DAYS[0], DAYS[6])}
"""What EWS calls several days of the week."""
INDEXES = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}
CODES = dict(zip(DAYS, ("SU", "MO", "TU", "WE", "TH", "FR", "SA"), strict=True))
_SHORTEST = {month: calendar.monthrange(2023, month)[1] for month in range(1, 13)}
"""How many days each month has at least."""
MOST_OCCURRENCES = 999
_MOST_DAYS = 999
_MOST_PERIODS = 99


@dataclass(frozen=True, slots=True)
class Daily:
    """Each ``interval`` days."""

    interval: int = 1


@dataclass(frozen=True, slots=True)
class Weekly:
    """On some days, names of :data:`DAYS`, of each ``interval`` weeks; weeks begin with ``first_day``."""

    interval: int = 1
    days: tuple[str, ...] = ()
    first_day: str = "Sunday"


@dataclass(frozen=True, slots=True)
class AbsoluteMonthly:
    """On one day, 1 to 31, of each ``interval`` months."""

    interval: int
    day: int


@dataclass(frozen=True, slots=True)
class RelativeMonthly:
    """On the ``index``, of :data:`INDEXES`, of one of :data:`DAYS` or :data:`GROUPS` in each ``interval`` months."""

    interval: int
    day: str
    index: str


@dataclass(frozen=True, slots=True)
class AbsoluteYearly:
    """On one day, 1 to 31, of one month, 1 to 12."""

    day: int
    month: int


@dataclass(frozen=True, slots=True)
class RelativeYearly:
    """On the ``index``, of :data:`INDEXES`, of one of :data:`DAYS` or :data:`GROUPS` in one month, 1 to 12."""

    day: str
    index: str
    month: int


Pattern = Daily | Weekly | AbsoluteMonthly | RelativeMonthly | AbsoluteYearly | RelativeYearly


@dataclass(frozen=True, slots=True)
class NoEnd:
    """It goes on for ever."""


@dataclass(frozen=True, slots=True)
class EndDate:
    """The last day on which it may take place, in the zone of the item."""

    date: date


@dataclass(frozen=True, slots=True)
class Numbered:
    """So many times; those that are deleted later are counted."""

    count: int


Range = NoEnd | EndDate | Numbered


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What repeats an item.

    Attributes:
        start_date: The first day on which it may take place, in the zone of the item.
    """

    pattern: Pattern
    start_date: date
    range: Range = NoEnd()


def check(recurrence: Recurrence) -> None:
    """Refuse what no calendar of Exchange can hold.

    Raises:
        InvalidValue: A number or name is none of the pattern's.
    """
    pattern = recurrence.pattern
    interval = getattr(pattern, "interval", 1)
    most = _MOST_DAYS if isinstance(pattern, Daily) else _MOST_PERIODS
    if not 1 <= interval <= most:
        raise invalid(f"the interval must be between 1 and {most}, not {interval}")
    if isinstance(pattern, Weekly):
        if not pattern.days or set(pattern.days) - set(DAYS) or pattern.first_day not in DAYS:
            raise invalid(f"the days of a week must be some of {', '.join(DAYS)}")
    elif isinstance(pattern, AbsoluteMonthly | AbsoluteYearly):
        if not 1 <= pattern.day <= 31:
            raise invalid(f"the day of the month must be between 1 and 31, not {pattern.day}")
    elif isinstance(pattern, RelativeMonthly | RelativeYearly) and (
        pattern.day not in (*DAYS, *GROUPS) or pattern.index not in INDEXES
    ):
        raise invalid(f"a day is one of {', '.join(INDEXES)} and one of {', '.join((*DAYS, *GROUPS))}")
    if not 1 <= getattr(pattern, "month", 1) <= 12:
        raise invalid("the month must be between 1 and 12")
    _check_range(recurrence)


def _check_range(recurrence: Recurrence) -> None:
    if not local_times.EARLIEST.date() < recurrence.start_date < local_times.LATEST.date():
        years = f"{local_times.EARLIEST.year} to {local_times.LATEST.year}"
        raise invalid(f"it must begin in the years {years} of a calendar, not on {recurrence.start_date}")
    match recurrence.range:
        case EndDate(date=last) if last > local_times.LATEST.date():
            raise invalid(f"its last day must not be after {local_times.LATEST:%Y-%m-%d}; leave it without an end")
        case EndDate(date=last) if last < recurrence.start_date:
            raise invalid(f"it ends on {last} and begins on {recurrence.start_date}")
        case Numbered(count=count) if not 1 <= count <= MOST_OCCURRENCES:
            raise invalid(f"the number of occurrences must be between 1 and {MOST_OCCURRENCES}, not {count}")


def invalid(why: str, code: str = "invalid-recurrence") -> InvalidValue:
    """Return the error for a recurrence that cannot be."""
    return InvalidValue(code, f"The recurrence cannot be used: {why}.", "recurrence")


def rule_of(recurrence: Recurrence, zone: str | None = None) -> str:
    """Return the RRULE of RFC 5545, without its name.

    Args:
        recurrence: What repeats an item.
        zone: The zone of an item with times, whose last day is then a time in UTC, as the RFC wants it; ``None``
            for an item of whole days, whose last day is a date.
    """
    rule = _pattern_rule(recurrence.pattern)
    match recurrence.range:
        case Numbered(count=count):
            return f"{rule};COUNT={count}"
        case EndDate(date=last) if zone is None:
            return f"{rule};UNTIL={last:%Y%m%d}"
        case EndDate(date=last):
            until = local_times.moment(datetime.combine(last, time(23, 59, 59)), zone or "UTC")
            return f"{rule};UNTIL={until:%Y%m%dT%H%M%SZ}"
    return rule


@lru_cache(maxsize=1024)
def _pattern_rule(pattern: Pattern) -> str:
    match pattern:
        case Daily(interval=interval):
            return f"FREQ=DAILY;INTERVAL={interval}"
        case Weekly(interval=interval, days=days, first_day=first):
            listed = ",".join(CODES[day] for day in DAYS if day in days)
            return f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={listed};WKST={CODES[first]}"
        case AbsoluteMonthly(interval=interval, day=day):
            return f"FREQ=MONTHLY;INTERVAL={interval};{_month_day(day, 28)}"
        case RelativeMonthly(interval=interval, day=name, index=index):
            return f"FREQ=MONTHLY;INTERVAL={interval};{_week_day(name, index)}"
        case AbsoluteYearly(day=day, month=month):
            return f"FREQ=YEARLY;BYMONTH={month};{_month_day(day, _SHORTEST[month])}"
        case RelativeYearly(day=name, index=index, month=month):
            return f"FREQ=YEARLY;BYMONTH={month};{_week_day(name, index)}"


def _month_day(day: int, shortest: int) -> str:
    """Return the part of a rule for a day of the month, which is the last one in months that do not have it."""
    if day <= shortest:
        return f"BYMONTHDAY={day}"
    if day == 31:
        return "BYMONTHDAY=-1"
    return f"BYMONTHDAY={','.join(map(str, range(shortest, day + 1)))};BYSETPOS=-1"


def _week_day(name: str, index: str) -> str:
    if name in CODES:
        return f"BYDAY={INDEXES[index]}{CODES[name]}"
    return f"BYDAY={','.join(CODES[day] for day in GROUPS[name])};BYSETPOS={INDEXES[index]}"


def faces(recurrence: Recurrence, at: time, after: datetime | None = None) -> Iterator[datetime]:
    """Return the starts of the occurrences as naive times on the wall, in order, without regard to a number of them.

    Args:
        recurrence: What repeats an item.
        at: When on its days it takes place.
        after: From when on; what comes before is passed over without being counted.
    """
    anchor = datetime.combine(recurrence.start_date, at)
    last = recurrence.range.date if isinstance(recurrence.range, EndDate) else date.max
    from_when = anchor if after is None else max(anchor, after)
    rule = _expander(recurrence.pattern, _near(recurrence.pattern, anchor, from_when))
    for face in rule.xafter(from_when, inc=True):
        if face.date() > last:
            return
        yield face


def last_face(recurrence: Recurrence, at: time) -> datetime | None:
    """Return the start of the last occurrence as a naive time on the wall; ``None`` when there is none."""
    match recurrence.range:
        case Numbered(count=count):
            return deque(islice(faces(recurrence, at), count), maxlen=1)[0]
        case EndDate(date=last):
            # Two periods before the end there is one at least, unless the series is shorter than that.
            near = datetime.combine(max(last - 2 * _period(recurrence.pattern), recurrence.start_date), time.min)
            found = deque(faces(recurrence, at, near), maxlen=1)
            return found[0] if found else None
    return None


def _period(pattern: Pattern) -> timedelta:
    """Return a time in which the pattern has an occurrence for sure."""
    match pattern:
        case Daily(interval=interval):
            return timedelta(days=interval)
        case Weekly(interval=interval):
            return timedelta(weeks=interval + 1)
        case AbsoluteMonthly(interval=interval) | RelativeMonthly(interval=interval):
            return timedelta(days=31 * (interval + 1))
    return timedelta(days=2 * 366)


@lru_cache(maxsize=4096)
def _expander(pattern: Pattern, anchor: datetime) -> rrule | rruleset:
    return rrulestr(_pattern_rule(pattern), dtstart=anchor)


def _near(pattern: Pattern, anchor: datetime, after: datetime) -> datetime:
    """Return a later anchor that gives the same dates from a time on, because the library counts from the anchor."""
    match pattern:
        case Daily(interval=interval):
            return anchor + timedelta(days=(after - anchor).days // interval * interval)
        case Weekly(interval=interval):
            return anchor + timedelta(days=(after - anchor).days // (7 * interval) * 7 * interval)
        case AbsoluteMonthly(interval=interval) | RelativeMonthly(interval=interval):
            months = (after.year - anchor.year) * 12 + after.month - anchor.month
            if months < interval:
                return anchor
            total = anchor.year * 12 + anchor.month - 1 + months // interval * interval
            return anchor.replace(year=total // 12, month=total % 12 + 1, day=1)
        case _:
            return anchor if after.year == anchor.year else anchor.replace(year=after.year, month=1, day=1)


_KNOWN_PARTS = {
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY", "WKST"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_MEANINGLESS = {"WKST"}
"""What rules of any kind carry and only weekly ones mean."""


def recurrence_of(rule: str, start: date, zone: str | None = None) -> Recurrence:
    """Return what an RRULE of RFC 5545 says, when a calendar of Exchange can hold it.

    Args:
        rule: The rule without its name, for example ``FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10``.
        start: The date on which the series begins, or the naive time on the wall.
        zone: The IANA name of the zone of that time, for a last time that the rule gives in UTC.

    Raises:
        InvalidValue: It cannot, or it is no such rule; the message names the part.
    """
    parts = _parts(rule)
    frequency = parts.pop("FREQ", "")
    if frequency not in _KNOWN_PARTS:
        raise invalid(f"FREQ must be one of {', '.join(_KNOWN_PARTS)}, not {frequency[:20] or 'missing'}")
    interval = _number("INTERVAL", parts.pop("INTERVAL", "1"))
    until, count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    if until is not None and count is not None:
        raise invalid("a rule has either UNTIL or COUNT")
    _drop_time_of_day(parts, start)
    if unknown := parts.keys() - _KNOWN_PARTS[frequency] - _MEANINGLESS:
        raise invalid(f"no calendar of Exchange can hold {min(unknown)} in a rule with FREQ={frequency}")
    first = start.date() if isinstance(start, datetime) else start
    limit: Range = NoEnd()
    if count is not None:
        limit = Numbered(_number("COUNT", count))
    elif until is not None:
        last = _last_day(until, start, zone)
        limit = NoEnd() if last >= local_times.LATEST.date() else EndDate(last)
    recurrence = Recurrence(_pattern(frequency, interval, parts, first), first, limit)
    check(recurrence)
    return recurrence


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in filter(None, rule.strip().upper().split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise invalid(f"{part[:40]} is no part of a rule, or is there twice")
        parts[name] = value
    return parts


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid(f"{name} must be a number, not {text[:20]}")
    return int(text)


def _drop_time_of_day(parts: dict[str, str], start: date) -> None:
    """Parts that only repeat the time of the start say nothing."""
    for name in ("HOUR", "MINUTE", "SECOND"):
        if isinstance(start, datetime) and parts.get(f"BY{name}", "").lstrip("0") in (
            str(getattr(start, name.lower())),
            str(getattr(start, name.lower())).lstrip("0"),
        ):
            parts.pop(f"BY{name}", None)


def _last_day(until: str, start: date, zone: str | None) -> date:
    """Return the last day on which the series may take place; UNTIL is a date, a time on the wall or one in UTC."""
    try:
        if len(until) == 8:
            return datetime.strptime(until, "%Y%m%d").date()  # noqa: DTZ007 - a date only
        face = datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone comes below
    except ValueError:
        raise invalid(f"UNTIL must be a date or a time, not {until[:20]}") from None
    if until.endswith("Z") and zone is not None:
        face = local_times.wall(face.replace(tzinfo=UTC), zone)
    if isinstance(start, datetime) and face.time() < start.time() and face.date() > date.min:
        return face.date() - timedelta(days=1)
    return face.date()


def _pattern(frequency: str, interval: int, parts: dict[str, str], first: date) -> Pattern:
    match frequency:
        case "DAILY":
            return _daily(interval, parts)
        case "WEEKLY":
            days = _plain_days(parts["BYDAY"]) if "BYDAY" in parts else (DAYS[first.isoweekday() % 7],)
            return Weekly(interval, days, _plain_days(parts.get("WKST", "MO"))[0])
        case "MONTHLY":
            return _monthly(interval, parts, first, 28)
    if "BYDAY" in parts and "BYMONTH" not in parts:
        raise invalid("with FREQ=YEARLY a rule with BYDAY must have a BYMONTH")
    month = _number("BYMONTH", parts.pop("BYMONTH", str(first.month)))
    if not 1 <= month <= 12:
        raise invalid(f"BYMONTH must be between 1 and 12, not {month}")
    found = _monthly(12 * interval, parts, first, _SHORTEST[month])
    if interval > 1:
        # Exchange counts such years as months; they begin with the start, which is in that month.
        if first.month != month:
            raise invalid(f"with FREQ=YEARLY and INTERVAL={interval} it must begin in the month of BYMONTH, {month}")
        return found
    if isinstance(found, AbsoluteMonthly):
        return AbsoluteYearly(found.day, month)
    return RelativeYearly(found.day, found.index, month)


def _daily(interval: int, parts: dict[str, str]) -> Pattern:
    if "BYDAY" not in parts:
        return Daily(interval)
    if interval > 1:
        raise invalid("no calendar of Exchange can hold BYDAY in a rule with FREQ=DAILY and an INTERVAL over 1")
    return Weekly(1, _plain_days(parts["BYDAY"]))


def _monthly(interval: int, parts: dict[str, str], first: date, shortest: int) -> AbsoluteMonthly | RelativeMonthly:
    if "BYDAY" in parts:
        if "BYMONTHDAY" in parts:
            raise invalid("no calendar of Exchange can hold BYDAY together with BYMONTHDAY")
        return RelativeMonthly(interval, *_relative(parts))
    days = parts.get("BYMONTHDAY", str(first.day)).split(",")
    if days == ["-1"] and parts.get("BYSETPOS", "1") in ("1", "-1"):
        return AbsoluteMonthly(interval, 31)
    numbers = [_number("BYMONTHDAY", day) for day in days]
    last_of_several = numbers == list(range(shortest, shortest + len(numbers))) and parts.get("BYSETPOS") == "-1"
    if not last_of_several and (len(numbers) > 1 or parts.get("BYSETPOS", "1") not in ("1", "-1")):
        raise invalid("no calendar of Exchange can hold more than one BYMONTHDAY")
    return AbsoluteMonthly(interval, numbers[-1])


def _plain_days(text: str) -> tuple[str, ...]:
    names = {code: name for name, code in CODES.items()}
    codes = text.split(",")
    for code in codes:
        if code not in names:
            raise invalid(f"{code[:20]} is no day of the week; the days are {', '.join(names)}")
    return tuple(name for name, code in CODES.items() if code in codes)


def _relative(parts: dict[str, str]) -> tuple[str, str]:
    """Return the day, or the name of a group of days, and its index in the month."""
    text = parts["BYDAY"]
    place = text[:-2].removeprefix("+") or parts.get("BYSETPOS", "").removeprefix("+")
    if "," in text:
        place = parts.get("BYSETPOS", "").removeprefix("+")
        days = _plain_days(text)
        name = next((group for group, members in GROUPS.items() if members == days), "")
        if not name:
            raise invalid(f"BYDAY={text[:40]} is none of a day, all days, all weekdays and all days of a weekend")
    else:
        name = _plain_days(text[-2:])[0]
    index = next((word for word, number in INDEXES.items() if str(number) == place), "")
    if not index:
        raise invalid(
            f"BYDAY={text[:40]} must be the 1st, 2nd, 3rd, 4th or last (-1) of the month; say so with it or BYSETPOS"
        )
    return name, index


@lru_cache(maxsize=4096)
def stored(rule: str, start_date: date) -> Recurrence:
    """Return what :func:`rule_of` made a rule of, with a date as its end."""
    return recurrence_of(rule, start_date)
