# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones by the names of Windows, and their rules as Exchange tells them: computed from tzdata.

Which name of Windows means which place is CLDR's table, as the package tzlocal carries it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from imp_emulator.errors import InvalidValue
from imp_emulator.scenario.mailboxes import time_zone

STANDARD, DAYLIGHT = "Standard", "Daylight"
LAST = -1
"""The occurrence of a weekday in a month that is its last, whichever that is."""

_YEARS = 5
"""So many years before and behind the present one are looked at; the rule of the last goes on for ever."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time that clocks show for a part of the year.

    Attributes:
        name: ``Standard`` or ``Daylight``.
        bias: What is to be added to it to get UTC.
    """

    id: str
    name: str
    bias: timedelta


@dataclass(frozen=True, slots=True)
class Change:
    """When in a year the clocks are set to another period.

    Attributes:
        to: The id of the period.
        weekday: 0 for Monday to 6 for Sunday.
        occurrence: Which one of the month, from 1, or :data:`LAST`.
        at: The time of the day that clocks show just before.
    """

    to: str
    month: int
    weekday: int
    occurrence: int
    at: timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """A number of years with the same rule.

    Attributes:
        begin: From when it is in force, as clocks show it; ``None`` for the first.
        standard: The id of its standard period.
        changes: The one to daylight time and the one back; none where clocks are never set.
    """

    begin: datetime | None
    standard: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """A time zone with its rules, in the order of time."""

    id: str
    name: str
    periods: tuple[Period, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Jump:
    """A moment at which the distance of a zone from UTC changes."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def face(self) -> datetime:
        """What clocks show just before, as a naive time."""
        return (self.at + self.before).replace(tzinfo=None)


_Rule = tuple[int, int, int, timedelta]
"""Month, weekday, occurrence, time of the day."""


@dataclass(slots=True)
class _Open:
    """A span as it is found; the rules are those that fit all its years so far."""

    begin: datetime | None
    standard: timedelta
    daylight: timedelta | None = None
    forward: frozenset[_Rule] = frozenset()
    back: frozenset[_Rule] = frozenset()


def iana(name: str) -> str:
    """Return the IANA name of a time zone that is given by its name of Windows, or by that itself.

    Raises:
        InvalidValue: There is no such zone.
    """
    try:
        return time_zone(name)
    except ValueError:
        raise InvalidValue("time-zone", f"There is no time zone {name[:80]!r}.", "time_zone") from None


def windows(iana_name: str) -> str:
    """Return the name that Windows has for an IANA time zone; one that it does not know keeps its own."""
    return "UTC" if iana_name in ("UTC", "Etc/UTC") else tz_win.get(iana_name, iana_name)


def names() -> list[str]:
    """Return the names of all time zones of Windows, sorted."""
    return sorted(win_tz)


@lru_cache(maxsize=512)
def definition(name: str, year: int) -> Definition:
    """Return the rules of a time zone as they are around a year.

    Args:
        name: Its name of Windows, or an IANA name; the definition keeps it.
        year: The present one.

    Raises:
        InvalidValue: There is no such zone.
    """
    key = iana(name)
    zone = ZoneInfo(key)
    found = _spans(zone, range(year - _YEARS, year + _YEARS + 1))
    periods: dict[str, Period] = {}
    for span in found:
        for kind, offset in ((STANDARD, span.standard), (DAYLIGHT, span.daylight)):
            if offset is not None:
                identifier = _period_id(kind, offset)
                periods[identifier] = Period(identifier, kind, -offset)
    shown = _offset_words(found[-1].standard)
    return Definition(name, f"(UTC{shown}) {key}", tuple(periods.values()), tuple(map(_closed, found)))


def _closed(span: _Open) -> Span:
    standard = _period_id(STANDARD, span.standard)
    if span.daylight is None:
        return Span(span.begin, standard, ())
    changes = (_change(_period_id(DAYLIGHT, span.daylight), span.forward), _change(standard, span.back))
    return Span(span.begin, standard, changes)


def _change(to: str, rules: frozenset[_Rule]) -> Change:
    # "The last one" comes before "the fourth one" where both fit.
    return Change(to, *min(rules))


def _spans(zone: ZoneInfo, years: range) -> list[_Open]:
    spans: list[_Open] = []
    for year in years:
        start = datetime(year, 1, 1, tzinfo=UTC)
        jumps = list(_jumps(zone, start, datetime(year + 1, 1, 1, tzinfo=UTC)))
        begin = datetime(year, 1, 1) if spans else None  # noqa: DTZ001 - what clocks show, wherever they are
        if len(jumps) == 2 and jumps[0].before == jumps[1].after:
            _add_year_with_daylight(spans, begin, jumps)
            continue
        _add_fixed(spans, begin, _offset(zone, start))
        for jump in jumps:
            _add_fixed(spans, jump.face, jump.after)
    return spans


def _add_year_with_daylight(spans: list[_Open], begin: datetime | None, jumps: list[_Jump]) -> None:
    forward, back = sorted(jumps, key=lambda jump: jump.before)
    year = _Open(begin, forward.before, forward.after, _rules(forward), _rules(back))
    last = spans[-1] if spans else None
    if last is not None and (last.standard, last.daylight) == (year.standard, year.daylight):
        same = last.forward & year.forward, last.back & year.back
        if all(same):
            last.forward, last.back = same
            return
    spans.append(year)


def _add_fixed(spans: list[_Open], begin: datetime | None, offset: timedelta) -> None:
    last = spans[-1] if spans else None
    if last is None or last.standard != offset or last.daylight is not None:
        spans.append(_Open(begin, offset))


def _rules(jump: _Jump) -> frozenset[_Rule]:
    """Return the rules that this jump alone could follow."""
    face = jump.face
    at = face - face.replace(hour=0, minute=0, second=0, microsecond=0)
    occurrences = {(face.day - 1) // 7 + 1}
    if (face + timedelta(days=7)).month != face.month:
        occurrences.add(LAST)
    return frozenset((face.month, face.weekday(), occurrence, at) for occurrence in occurrences - {5})


def _jumps(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[_Jump]:
    step = timedelta(days=8)
    while start < end:
        until = min(start + step, end)
        before, after = _offset(zone, start), _offset(zone, until)
        if before != after:
            yield _Jump(_moment(zone, start, until), before, after)
        start = until


def _moment(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the minute between two times at which the distance from UTC changes."""
    before = _offset(zone, low)
    minutes = [0, int((high - low) / timedelta(minutes=1))]
    while minutes[1] - minutes[0] > 1:
        middle = sum(minutes) // 2
        same = _offset(zone, low + timedelta(minutes=middle)) == before
        minutes[0 if same else 1] = middle
    return low + timedelta(minutes=minutes[1])


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _period_id(kind: str, offset: timedelta) -> str:
    return f"{kind}{_offset_words(offset)}"


def _offset_words(offset: timedelta) -> str:
    minutes = int(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
