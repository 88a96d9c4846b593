# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engines share the event loop with the servers that they ask: they must not hold it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import uvloop

from imp_emulator.world.faults import Effect, EffectKind
from tests.support import presence_site
from tests.support.presence_site import running, scenario

USERS = 200
LONGEST_TURN = 0.05
"""Seconds of processor time."""


def test_following_two_hundred_users_of_slow_servers_holds_nobody_up(tmp_path: Path) -> None:
    wanted = scenario(USERS)
    seeded = presence_site.seed(tmp_path, wanted)
    (tmp_path / "run").mkdir()

    async def conversation() -> list[float]:
        turns: list[float] = []

        async def watch() -> None:
            while True:
                before = time.thread_time()
                await asyncio.sleep(0.001)
                turns.append(time.thread_time() - before)

        async with running(seeded, tmp_path / "run", wanted, begin=False) as site:
            site.fault(Effect(EffectKind.DELAY, seconds=0.02), protocol="ews")
            watching = asyncio.create_task(watch())
            await site.quiet()
            watching.cancel()
            found = site.followed()
            assert len(found) == USERS
            assert {(user.failure, user.subscription != "") for user in found} == {("", True)}
        return turns

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        turns = sorted(runner.run(conversation()))
    # One of them may have been held up by the collection of garbage, which is not the engine's doing.
    assert turns[-2] < LONGEST_TURN, turns[-5:]
