# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which time zone a calendar file means: by a name of IANA or Windows, or by rules that the file brings itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from tzlocal.windows_tz import win_tz

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.icalendar_lines import Component
from imp_emulator.errors import InvalidValue

_YEARS = 2
_MONTH, _DAY = 30, 1
"""How many days there are between two looks: a rough one, which most zones do not pass, and an exact one."""
_REMEDY = "give an IANA name like Europe/Berlin"
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What the libraries raise for rules that are none."""


class FileZones:
    """The time zones of one file.

    Args:
        parts: The components of the file.
        preferred: The IANA name of the zone that is taken first where several behave alike.
    """

    def __init__(self, parts: Iterable[Component], preferred: str) -> None:
        self._preferred = preferred
        self._rules = {part.text("TZID"): part for part in parts if part.name == "VTIMEZONE"}
        self._own: dict[str, tzinfo] = {}
        self._found: dict[tuple[str, int], str | None] = {}

    def name_of(self, identifier: str, face: datetime) -> str | None:
        """Return the IANA name of the zone that a TZID means.

        Args:
            identifier: The TZID.
            face: A naive time for which it is used; rules are compared for that year and the next.

        Returns:
            ``None`` when the file brings rules for it that no zone has, see :meth:`moment`.

        Raises:
            InvalidValue: Nobody knows the name, and the file brings no rules for it or broken ones.
        """
        named = _by_name(identifier)
        if named is not None:
            return named
        key = identifier, max(1970, min(2037, face.year))
        if key not in self._found:
            self._found[key] = self._by_rules(*key)
        return self._found[key]

    def moment(self, identifier: str, face: datetime) -> datetime:
        """Return a time on the wall of a zone that only the file knows as UTC."""
        return face.replace(tzinfo=self._zone(identifier)).astimezone(UTC)

    def _zone(self, identifier: str) -> tzinfo:
        if identifier not in self._own:
            rules = self._rules.get(identifier)
            if rules is None:
                text = f"nobody knows the time zone {identifier[:80]!r}; {_REMEDY}, or its VTIMEZONE"
                raise InvalidValue("time-zone", text, "TZID")
            try:
                self._own[identifier] = _zone_by(rules)
            except _BROKEN:
                text = f"the VTIMEZONE {identifier[:80]!r} on line {rules.line} is broken; {_REMEDY}"
                raise InvalidValue("time-zone", text, "TZID") from None
        return self._own[identifier]

    def _by_rules(self, identifier: str, year: int) -> str | None:
        own = self._zone(identifier)
        roughly, exactly = (_offsets(own, year, step) for step in (_MONTH, _DAY))
        for name in _candidates(self._preferred):
            if _known_offsets(name, year, _MONTH) == roughly and _known_offsets(name, year, _DAY) == exactly:
                return name
        return None


def _zone_by(rules: Component) -> tzinfo:
    parsed = Timezone.from_ical("\r\n".join(rules.lines) + "\r\n")
    if not isinstance(parsed, Timezone):
        raise TypeError(rules.name)
    zone: tzinfo = parsed.to_tz(lookup_tzid=False)
    # Rules that cannot be expanded are found only when they are used.
    zone.utcoffset(datetime(2020, 1, 1))  # noqa: DTZ001 - a time on its wall
    return zone


def _by_name(identifier: str) -> str | None:
    """Return the IANA name; some programs put a path of their own before it (RFC 5545, 3.8.3.1)."""
    bare = identifier.strip().strip("\"'")
    parts = [part for part in bare.split("/") if part]
    for start in range(len(parts)):
        name = "/".join(parts[start:])
        if start and not (bare.startswith("/") or "://" in bare):
            break
        try:
            return time_zones.iana(name)
        except InvalidValue:
            continue
    return None


def _candidates(preferred: str) -> Iterator[str]:
    yield preferred
    common = list(dict.fromkeys(win_tz.values()))
    yield from common
    yield from sorted(available_timezones() - set(common))


Offsets = tuple[timedelta | None, ...]


@lru_cache(maxsize=2048)
def _known_offsets(name: str, year: int, step: int) -> Offsets:
    return _offsets(ZoneInfo(name), year, step)


def _offsets(zone: tzinfo, year: int, step: int) -> Offsets:
    """Return how far a zone is from UTC on noons of some years; that tells on which days its clocks are changed."""
    first = datetime(year, 1, 1, 12)  # noqa: DTZ001 - a time on the wall of the zone
    return tuple(zone.utcoffset(first + timedelta(days=number)) for number in range(0, 365 * _YEARS, step))
