# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engines share the process with all servers: while Exchange is slow, AXL goes on.

What is compared is requests for each second of processor, not of time: other work of the machine does not count. What
is slow is so by the measure of this machine and moment, too.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from imp_emulator.domain.imp.services import Action
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import accounts
from imp_emulator.store.database import Database
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind
from imp_emulator.world.pace import ServicePace
from tests.support import axl, presence_site
from tests.support.presence_site import CLUSTER, HOUR, NODE, Site, running, scenario

USERS = 200
CUCM = ("198.18.1.11", 8443)
UNDISTURBED = 300
"""How many requests are a measure of AXL's speed."""
SLOW = 1_000
"""An answer of Exchange takes as long as so many of them, undisturbed."""
ROUNDS = 3
HALF = 0.5
"""The part of its speed that AXL must keep."""
LONGEST_TURN = 0.1
"""For so many seconds of processor nobody else is served, at most; it is 0.05, but a busy machine is slower."""


class Axl:
    """A client with one connection, which asks for the same user again and again; ``answered`` counts."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._body = axl.message("getUser", "<userid>user0001</userid><returnedTags><userid/></returnedTags>")
        self.answered = 0

    async def ask(self) -> None:
        headers = {"Content-Type": "text/xml", "SOAPAction": '"CUCM:DB ver=14.0 getUser"'}
        async with self._session.post(self._url, data=self._body, headers=headers, ssl=False) as answer:
            content = await answer.text()
        assert (answer.status, "<userid>user0001</userid>" in content) == (200, True), content
        self.answered += 1

    async def speed(self, more: Callable[[], bool]) -> tuple[float, float]:
        """Ask as long as there is ``more`` to wait for; return requests a second of processor, and of time."""
        before, processor, begun = self.answered, time.process_time(), time.monotonic()
        while more():
            await self.ask()
        asked = self.answered - before
        return asked / (time.process_time() - processor), asked / (time.monotonic() - begun)

    async def undisturbed(self) -> tuple[float, float]:
        goal = self.answered + UNDISTURBED
        return await self.speed(lambda: self.answered < goal)


@asynccontextmanager
async def client(site: Site) -> AsyncIterator[Axl]:
    known = accounts.accounts(site.environment.database, CLUSTER)
    account = next(found for found in known if found.label == "application")
    host, port = site.environment.network[CUCM]
    login = {"Authorization": aiohttp.encode_basic_auth(account.username, account.password)}
    async with aiohttp.ClientSession(headers=login, connector=aiohttp.TCPConnector(limit=1)) as session:
        yield Axl(session, f"https://{host}:{port}/axl/")


@contextmanager
def turns() -> Iterator[list[float]]:
    """Give the seconds of processor between the beats of the event loop; garbage of the tests is none of its work."""
    found = [0.0]

    async def beat() -> None:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0.001)
            found.append(time.thread_time() - begun)

    gc.disable()
    beats = asyncio.create_task(beat())
    try:
        yield found
    finally:
        beats.cancel()
        gc.enable()


def unread(site: Site, meetings: int) -> int:
    """Return how many users there are whose calendar the engines have not read since it has so many meetings."""
    sql = "SELECT count(*) AS n FROM engine_user WHERE json_array_length(busy) < ?"
    row = site.environment.database.one(sql, (meetings,))
    assert row is not None
    return int(row["n"])


def be_patient(seeded: Path, wanted: Scenario) -> None:
    """Have the engines of a state file, which have not begun yet, wait for Exchange as long as they can."""
    database = Database(seeded)
    site = Site(Environment(database, Clock(), ServicePace(), wanted))
    site.set_parameter("ExchangeTimeout", 20)
    for node in (NODE, "imp-sub"):
        site.control(Action.RESTART, node)
    database.close()


def invite_all(site: Site) -> None:
    """Put a meeting into every calendar at the same moment, as no client could."""
    with site.environment.database.transaction():
        for number in range(1, USERS + 1):
            site.meeting(f"user{number:04d}@example.com", HOUR, 2 * HOUR)


async def kept_speed(site: Site, axl_client: Axl, meetings: int) -> float:
    """Tell all engines of a meeting in each calendar while Exchange is slow; return what AXL keeps of its speed."""
    before, pace = await axl_client.undisturbed()
    slow = Effect(EffectKind.DELAY, seconds=min(SLOW / pace, 10.0))
    fault = site.fault(slow, protocol="ews", operation="FindItem")
    invite_all(site)
    begun, while_all_wait = axl_client.answered, 0

    def waits() -> bool:
        nonlocal while_all_wait
        waiting = unread(site, meetings)
        if waiting == USERS:
            while_all_wait = axl_client.answered - begun
        return waiting > 0

    meanwhile, _ = await axl_client.speed(waits)
    site.environment.faults.remove(fault)
    await site.quiet()
    after, _ = await axl_client.undisturbed()
    assert while_all_wait > 0, "nobody was answered while all users waited"
    return 2 * meanwhile / (before + after)


def test_axl_goes_on_while_exchange_is_slow_for_200_users(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wanted = scenario(USERS)
    seeded = presence_site.seed(tmp_path_factory.mktemp("seeded"), wanted)
    be_patient(seeded, wanted)

    async def conversation() -> None:
        async with running(seeded, tmp_path, wanted) as site, client(site) as found:
            await found.ask()
            kept: list[float] = []
            with turns() as held:
                # Another round only where the machine's speed has changed so much that it decided.
                while len(kept) < ROUNDS and max(kept, default=0) < HALF:
                    kept.append(await kept_speed(site, found, len(kept) + 1))
            assert [user.failure for user in site.followed()] == [""] * USERS, "slow is not broken"
            assert max(kept) >= HALF, kept
            assert max(held) < LONGEST_TURN

    asyncio.run(conversation())
