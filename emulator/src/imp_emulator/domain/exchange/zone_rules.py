# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones that are given by their rules alone: the oldest form of Exchange, which availability still speaks.

A bias is what is to be added to the time on the wall to get UTC; a change of the clocks adds a further one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from dateutil.relativedelta import relativedelta, weekday

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.time_zones import LAST, Change

LAST_OF_MONTH = 5
"""The occurrence of a weekday in a month that stands for its last."""


@dataclass(frozen=True, slots=True)
class ClockChange:
    """When in a year the clocks are set to standard or to daylight time.

    Attributes:
        bias: What the zone's bias is different by from then on.
        month: 1 to 12.
        occurrence: Which of the month, 1 to 5, see :data:`LAST_OF_MONTH`; with a year the day of the month.
        weekday: 0 for Monday to 6 for Sunday; not looked at with a year.
        at: The time of the day that clocks show just before.
        year: The only year in which it happens, or 0 for every one.
    """

    bias: timedelta
    month: int
    occurrence: int
    weekday: int
    at: timedelta
    year: int = 0


@dataclass(frozen=True, slots=True)
class ZoneRules:
    """A time zone by its rules.

    Attributes:
        bias: The bias of the zone; what its changes say comes on top.
        standard: When standard time begins; ``None`` with ``daylight`` where the clocks are never set.
        daylight: When daylight time begins.
    """

    bias: timedelta
    standard: ClockChange | None = None
    daylight: ClockChange | None = None


class _RuleZone(tzinfo):
    """A time zone whose clocks are set on the same two days of each year."""

    def __init__(
        self, name: str, standard: timedelta, daylight: timedelta, days: tuple[ClockChange, ClockChange]
    ) -> None:
        self._name = name
        self._offsets = (standard, daylight)
        self._days = days

    def tzname(self, dt: datetime | None) -> str:
        return self._name

    def dst(self, dt: datetime | None) -> timedelta:
        return (self.utcoffset(dt) or timedelta()) - self._offsets[0]

    def utcoffset(self, dt: datetime | None) -> timedelta:
        if dt is None:
            return self._offsets[0]
        begin, end = self._faces(dt.year)
        # An hour that is skipped counts as before the change, one that is shown twice as its first (PEP 495).
        if dt.fold:
            end -= self._saved
        else:
            begin += self._saved
        return self._offsets[_between(dt.replace(tzinfo=None, fold=0), begin, end)]

    def fromutc(self, dt: datetime) -> datetime:
        standard, daylight = self._offsets
        begin, end = self._faces((dt + standard).year)
        moment = dt.replace(tzinfo=None)
        summer = _between(moment, begin - standard, end - daylight)
        twice = not summer and end - daylight <= moment < end - standard
        return (dt + self._offsets[summer]).replace(fold=twice)

    @property
    def _saved(self) -> timedelta:
        return self._offsets[1] - self._offsets[0]

    def _faces(self, year: int) -> tuple[datetime, datetime]:
        """Return what clocks show just before daylight time begins, and just before it ends."""
        begin, end = (_face(change, year) for change in self._days)
        return begin, end


def _between(moment: datetime, begin: datetime, end: datetime) -> bool:
    """Tell whether a moment is from one of a year until another; in the south that goes over the turn of the year."""
    return begin <= moment < end if begin < end else not end <= moment < begin


def _face(change: ClockChange, year: int) -> datetime:
    last = change.occurrence == LAST_OF_MONTH and not change.year
    if change.year:
        day = relativedelta(month=change.month, day=change.occurrence)
    else:
        which = weekday(change.weekday)(-1 if last else change.occurrence)
        day = relativedelta(month=change.month, day=31 if last else 1, weekday=which)
    return datetime(year, 1, 1) + day + change.at  # noqa: DTZ001 - what clocks show


def zone_of(rules: ZoneRules) -> tzinfo:
    """Return the time zone that keeps rules.

    Raises:
        ValueError: There is no such day, or a bias is a day or more.
    """
    standard, daylight = rules.standard, rules.daylight
    biases = [rules.bias + (change.bias if change else timedelta()) for change in (standard, daylight)]
    if any(abs(bias) >= timedelta(days=1) for bias in biases):
        raise ValueError("a bias is less than a day")
    if standard is None or daylight is None or not (standard.month and daylight.month) or biases[0] == biases[1]:
        return timezone(-biases[0])
    for change in (standard, daylight):
        most = 31 if change.year else LAST_OF_MONTH
        if not (1 <= change.month <= 12 and 1 <= change.occurrence <= most and 0 <= change.weekday <= 6):
            raise ValueError("clocks are set in a month from 1 to 12, on the weekday that is its 1st to 5th there")
    return _RuleZone(f"UTC{timezone(-biases[0])}", -biases[0], -biases[1], (daylight, standard))


def rules_of(name: str, year: int) -> ZoneRules:
    """Return the rules of a time zone, given by its IANA name, that are in force at the end of a year.

    Raises:
        InvalidValue: There is no such zone.
    """
    found = time_zones.definition(name, year)
    biases = {period.id: period.bias for period in found.periods}
    span = [span for span in found.spans if span.begin is None or span.begin.year <= year][-1]
    base = biases[span.standard]
    changes = {change.to == span.standard: _clock_change(change, biases[change.to] - base) for change in span.changes}
    return ZoneRules(base, changes.get(True), changes.get(False))


def _clock_change(change: Change, bias: timedelta) -> ClockChange:
    occurrence = LAST_OF_MONTH if change.occurrence == LAST else change.occurrence
    return ClockChange(bias, change.month, occurrence, change.weekday, change.at)
