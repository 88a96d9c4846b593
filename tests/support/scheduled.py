# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scheduler for the tests, on a clock that stands at noon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imp_emulator.store.database import Database
from imp_emulator.store.jobs import Job
from imp_emulator.world.clock import Clock
from imp_emulator.world.scheduler import Scheduler

NOON = 1_800_000_000.0
"""Where the clock stands when a test begins."""


class World:
    """A scheduler on a state file, with a handler that writes down what it ran and what the clock showed."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.clock = Clock()
        self.scheduler = Scheduler(self.database, self.clock)
        self.ran: list[tuple[str, float]] = []
        self.noted = asyncio.Event()
        self.port = 0
        self.scheduler.register("note", self.note)

    def note(self, job: Job) -> None:
        self.ran.append((job.key, self.clock.timestamp() - NOON))
        self.noted.set()

    def add(self, key: str, seconds: float, payload: Any = None, kind: str = "note") -> None:
        self.scheduler.jobs.add(kind, key, NOON + seconds, payload)

    def change(self, change: Callable[[Clock], None]) -> None:
        asyncio.run(self.scheduler.change_clock(change))

    def advance(self, seconds: float) -> None:
        asyncio.run(self.scheduler.advance(seconds))

    @property
    def now(self) -> float:
        return self.clock.timestamp() - NOON

    def again(self) -> World:
        """What the next process finds."""
        self.database.close()
        return World(self.database.path)


def stopped_at_noon(clock: Clock) -> None:
    clock.freeze(True)
    clock.set(NOON)


def running_from_noon(clock: Clock) -> None:
    clock.set(NOON)
