# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The occurrences of a series, as its pattern gives them.

Start and length are times on the wall of the zone of the item, so that a meeting at nine stays at nine when the clock
is changed, and one that ends at ten ends at ten.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from imp_emulator.domain.exchange import local_times, recurrence
from imp_emulator.domain.exchange.calendar_items import Draft
from imp_emulator.domain.exchange.recurrence import Recurrence

_MARGIN = timedelta(days=2)
"""More than any zone is from UTC, with what the clock is changed by."""
_LAST = local_times.LATEST.replace(tzinfo=None)
_MOST = 100_000
"""Further occurrences cannot be asked for by number: to count them would take the time of all others."""
Span = tuple[datetime, datetime]
"""Start and end in UTC."""


@dataclass(frozen=True, slots=True)
class Series:
    """A pattern with its place on the wall.

    Attributes:
        zone: An IANA name.
        first: The naive start of the first occurrence.
        length: How long each one lasts, on the wall.
        last: The naive start of the last occurrence; ``None`` when there is none.
    """

    recurrence: Recurrence
    zone: str
    first: datetime
    length: timedelta
    last: datetime | None

    @classmethod
    def of(cls, draft: Draft, found: Recurrence) -> Series:
        """Return the series that a draft begins with its recurrence.

        Raises:
            InvalidValue: The recurrence has no occurrence (``no-occurrence``).
        """
        start, end = (local_times.wall(value, draft.zone) for value in (draft.start, draft.end))
        # Within the hour that a clock shows twice, the end may stand before the start on the wall.
        length = end - start if end >= start else draft.end - draft.start
        first = next(recurrence.faces(found, start.time()), None)
        if first is None or first >= _LAST:
            raise recurrence.invalid("it has no occurrence", "no-occurrence")
        # From its first occurrence on the pattern gives the same dates; a calendar file cannot say another beginning.
        found = dataclasses.replace(found, start_date=first.date())
        last = recurrence.last_face(found, start.time())
        if last is not None and last.date() >= local_times.LATEST.date():
            raise recurrence.invalid(f"its last occurrence is not before {local_times.LATEST:%Y-%m-%d}")
        return cls(found, draft.zone, first, length, last)

    @classmethod
    def from_content(cls, content: Mapping[str, Any], found: Recurrence) -> Series:
        """Return a series as :meth:`content` has it."""
        first, last = datetime.fromisoformat(content["first"]), content["last"]
        length = datetime.fromisoformat(content["end"]) - first
        return cls(found, content["zone"], first, length, last and datetime.fromisoformat(last))

    def content(self) -> dict[str, Any]:
        """Return the series as JSON can hold it, without its recurrence."""
        return {
            "zone": self.zone,
            "first": self.first.isoformat(),
            "end": (self.first + self.length).isoformat(),
            "last": self.last and self.last.isoformat(),
        }

    def span(self, face: datetime) -> Span:
        """Return start and end of the occurrence that begins at a time on the wall."""
        start, end = local_times.moment(face, self.zone), local_times.moment(face + self.length, self.zone)
        # Where the start is jumped over and the end is not, the end would come before it.
        return start, end if end >= start else start + self.length

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Return the occurrences that may overlap a time, in order; the caller looks which do."""
        after = local_times.clamped(start).replace(tzinfo=None)
        before = local_times.clamped(end).replace(tzinfo=None) + _MARGIN
        reach = self.length + _MARGIN
        after = after - reach if after - self.first > reach else self.first
        last = min(before, _LAST - self.length)
        for face in self.faces(after):
            if face > last:
                return
            yield self.span(face)

    def faces(self, after: datetime | None = None) -> Iterator[datetime]:
        """Return the naive starts of the occurrences from a time on the wall on."""
        for face in recurrence.faces(self.recurrence, self.first.time(), after):
            if face > (self.last or _LAST):
                return
            yield face

    def holds(self, original: datetime) -> bool:
        """Tell whether the pattern gives an occurrence that starts at a moment."""
        return any(start == original for start, _ in self.spans(original, original))

    def nth(self, index: int) -> datetime | None:
        """Return the start of an occurrence, counted from 1, in UTC; ``None`` when there are not so many."""
        if index > _MOST:
            return None
        face = next(itertools.islice(self.faces(), index - 1, None), None)
        return None if face is None else local_times.moment(face, self.zone)
