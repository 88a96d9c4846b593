# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new, told to the open pages as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator

from imp_emulator.world.environment import Environment

LOOK_SECONDS = 0.3
"""How often is looked whether something has changed, in real time; a page is made anew no more often."""


class Live:
    """Streams of events, open as long as a page is looked at.

    Much of what a page shows has no event of its own: every row of the state file counts, the journal's too, and what
    lives in memory. So whoever looks has the emulator compare a few numbers, and nobody pays who does not.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._closed = asyncio.Event()
        self._run = secrets.token_hex(8)

    def close(self) -> None:
        """End all streams, so that the server need not wait for them."""
        self._closed.set()

    def stamp(self) -> str:
        """Return what is another word whenever a page might show something else, and in another run."""
        environment = self._environment
        faults = tuple((fault.id, fault.hits) for fault in environment.faults.active)
        database = environment.database
        counted = database.generation, database.changes, environment.clock.setting, faults, environment.pace.rules
        return hashlib.sha256(f"{self._run} {counted}".encode()).hexdigest()[:16]

    async def events(self, seen: str) -> AsyncGenerator[str]:
        """Yield the text of the events: ``changed`` when a page is out of date, ``clock`` for each second.

        Args:
            seen: The stamp of when the page was made; it may be old, as that of a browser that has lost the stream is.
        """
        told = ""
        yield "retry: 1000\n\n"
        while not self._closed.is_set():
            now = self._environment.clock.now().strftime("%Y-%m-%d %H:%M:%S")
            if now != told:
                told = now
                yield f"event: clock\ndata: {now}\n\n"
            stamp = self.stamp()
            if stamp != seen:
                seen = stamp
                yield "event: changed\ndata: \n\n"
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._closed.wait()
            except TimeoutError:
                continue
