# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What is shown of a task that takes long, and when: pure, it asks no clock and shows nothing.

A terminal is there for somebody who waits: a line every two seconds while something moves, fewer while nothing does. A
log is read later: its lines come after 10, 30 and 60 seconds, then once a minute, and after ten minutes every five.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

FEW = 10
"""Of no more things than this a rate says nothing."""
SURE_AFTER = 3.0
"""Seconds after which the time that is left can be told."""


@dataclass(frozen=True)
class Told:
    """What a module has told last: how many of ``total`` are done or have failed, and what it waits for."""

    text: str = ""
    done: int = 0
    failed: int = 0
    total: int = 0
    what: str = "changes"

    @classmethod
    def of(cls, line: bytes) -> Told | None:
        """Return what a line of the module says; ``None`` for what is none of its lines."""
        try:
            said = json.loads(line)
            done, failed, total = (int(said.get(name, 0)) for name in ("done", "failed", "total"))
            return cls(str(said["text"]), done, failed, total, str(said.get("what", "changes")))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    @property
    def tried(self) -> int:
        """How many have come to their end."""
        return self.done + self.failed

    @property
    def counts(self) -> str:
        """How many of how many, in words."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.tried:,} of {self.total:,} {self.what}{failed}"


@dataclass
class Story:
    """What a module has told since it began, which was at the time ``since``, in seconds of any clock."""

    since: float
    told: Told = field(default_factory=Told)
    _counting_since: float | None = None

    def hear(self, line: bytes, now: float) -> None:
        """Take in a line of the module."""
        told = Told.of(line)
        if told is None:
            return
        self.told = told
        if told.total and self._counting_since is None:
            self._counting_since = now

    def words(self, now: float) -> str:
        """Return how far the module is, as one line of text."""
        parts = [self.told.counts, *self._speed(now)] if self.told.total else []
        parts += [self.told.text.rstrip(".")] if self.told.text else []
        return ", ".join([*parts, *([] if self.told.total else [f"{duration(now - self.since)} so far"])])

    def _speed(self, now: float) -> list[str]:
        took = now - (self._counting_since or now)
        if self.told.tried >= self.told.total:
            return ["reading back"]
        if not self.told.tried or took < SURE_AFTER:
            return []
        rate = self.told.tried / took
        speed = f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"
        said = [speed] if self.told.total > FEW else []
        left = (self.told.total - self.told.tried) / rate
        return [*said, f"about {duration(left)} left"]


@dataclass
class Rhythm:
    """When a line is due: ``pauses`` are (last line before so many seconds after the begin, seconds until the next)."""

    pauses: tuple[tuple[float, float], ...]
    moving: bool
    """Whether what has not moved since the last line may wait longer."""
    _shown: float = 0.0
    _last: Any = None

    def is_due(self, elapsed: float, told: Told) -> bool:
        """Whether a line is to be shown, so many seconds after the begin; it is taken as shown then."""
        pause = next((pause for until, pause in self.pauses if self._shown < until), self.pauses[-1][1])
        if self.moving and told == self._last:
            pause *= STILL
        # The first one comes after the first pause, so a task that ends before shows nothing.
        if elapsed - self._shown < pause:
            return False
        self._shown, self._last = elapsed, told
        return True


STILL = 5
"""So many times longer is the pause on a terminal while nothing moves."""


def on_a_terminal() -> Rhythm:
    """Return the rhythm for somebody who watches."""
    return Rhythm(((3.0, 3.0), (60.0, 2.0), (300.0, 5.0), (float("inf"), 15.0)), moving=True)


def in_a_log() -> Rhythm:
    """Return the rhythm for a log: at 10, 30, 60 seconds, then growing."""
    return Rhythm(((10.0, 10.0), (30.0, 20.0), (60.0, 30.0), (600.0, 60.0), (float("inf"), 300.0)), moving=False)


def duration(seconds: float) -> str:
    """Return a length of time in words: ``41 s``, ``3 min 20 s``, ``1 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
