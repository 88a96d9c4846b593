# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulator in the test's process, listeners and all, whose clock stands still: what Presence Engines do there."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.cucm import parameters, users
from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.calendars import CalendarItem, Draft
from imp_emulator.domain.imp import presence, services, trust
from imp_emulator.domain.imp.services import Action
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.configured import GatewaySpec
from imp_emulator.scenario.model import Scenario
from imp_emulator.scenario.writer import generate
from imp_emulator.serving import background
from imp_emulator.serving.listeners import Listeners
from imp_emulator.store import clock as clock_store
from imp_emulator.store import keys
from imp_emulator.store.clock import ClockSetting
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.database import Database
from imp_emulator.store.imp import engine
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, Fault
from imp_emulator.world.pace import ServicePace
from tests.support import states

CLUSTER = "dc1"
NODE = "imp-pub"
MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

USERS = 4
"""Every other one is at home on the first node: user0001 and user0003."""
ONE, TWO, THREE = "user0001", "user0002", "user0003"


def address(userid: str) -> str:
    return f"{userid}@example.com"


def scenario(users: int, *, enabled: bool = True, gateways: tuple[str, ...] = (MAIL1, MAIL2)) -> Scenario:
    """Return a scenario whose users are enabled for calendars, or are not; their account may act for all mailboxes."""
    plain = scenario_file.read(generate(users=users))
    cluster = plain.clusters[0]
    people = tuple(replace(user, im_and_presence=enabled, meeting_information=enabled) for user in cluster.users)
    configured = replace(cluster, users=people, presence_gateways=tuple(map(GatewaySpec, gateways)))
    return replace(plain, clusters=(configured,), impersonation=True)


def seed(folder: Path, wanted: Scenario) -> Path:
    """Make a state file in which the clock stands still, the nodes trust Exchange, and the engines have loaded that."""
    path = states.seed(folder, wanted)
    database = Database(path)
    clock_store.save(database, ClockSetting(0.0, float(int(time.time()))))
    environment = Environment(database, Clock(), ServicePace(), wanted)
    root = keys.get(environment.database, keys.NO_CLUSTER, keys.EXCHANGE_ROOT).certificate
    with environment.database.transaction():
        for node in ("imp-pub", "imp-sub"):
            trust.upload(environment.context, CLUSTER, node, [trust.CUP], [root])
            services.control(environment.context, CLUSTER, node, Action.RESTART, PRESENCE_ENGINE)
    environment.database.close()
    return path


@dataclass
class Site:
    """The environment, and shorter words for what tests do with it."""

    environment: Environment

    @property
    def now(self) -> float:
        return self.environment.clock.timestamp()

    async def advance(self, seconds: float) -> None:
        """Let time pass, with all that it causes."""
        await self.environment.scheduler.advance(seconds)

    async def quiet(self) -> None:
        """Wait until all that was caused has ended."""
        await self.advance(0)

    def control(self, action: Action, node: str = NODE) -> None:
        with self.environment.database.transaction():
            services.control(self.environment.context, CLUSTER, node, action, PRESENCE_ENGINE)

    def set_parameter(self, name: str, value: int) -> None:
        with self.environment.database.transaction():
            found = parameters.find(self.environment.context, CLUSTER, NODE, PRESENCE_ENGINE, name)
            parameters.change(self.environment.context, CLUSTER, found, str(value))

    def update_user(self, userid: str, **changes: Any) -> None:
        with self.environment.database.transaction():
            users.update(self.environment.context, CLUSTER, UserKey("userid", userid), changes)

    def followed(self, node: str | None = None) -> list[EngineUser]:
        return list(engine.users(self.environment.database, CLUSTER, node))

    def user(self, userid: str) -> EngineUser | None:
        found = users.find(self.environment.context, CLUSTER, UserKey("userid", userid))
        return engine.user(self.environment.database, CLUSTER, found.pkid)

    def known(self, userid: str) -> EngineUser:
        """Return what an engine knows of a user, whom it follows."""
        found = self.user(userid)
        assert found is not None, f"{userid} is not followed"
        return found

    def meeting(self, address: str, begin: float, end: float, show_as: str = "Busy") -> CalendarItem:
        """Put a meeting into a calendar, from and to so many seconds from now."""
        with self.environment.database.transaction():
            mailbox = mailboxes.find(self.environment.context, address)
            assert mailbox is not None
            start, until = (datetime.fromtimestamp(self.now + seconds, UTC) for seconds in (begin, end))
            return calendars.create(self.environment.context, mailbox.id, Draft(start, until, show_as=show_as))

    def shown(self, userid: str) -> str:
        """Return presence and activity of a user in one text."""
        found = presence.of_user(self.environment.context, CLUSTER, userid).presence
        return f"{found.presence}: {found.activity}" if found.activity else found.presence

    def fault(self, effect: Effect, **where: Any) -> int:
        """Put a fault in force and return its identifier."""
        faults = self.environment.faults
        identifier = faults.next_id()
        faults.active.append(Fault(identifier, effect, **where))
        return identifier

    def asked(self, protocol: str = "ews") -> list[str]:
        """Return which operations were asked for, oldest first, and forget them."""
        entries, _ = self.environment.journal.entries({"protocol": protocol})
        self.environment.journal.clear()
        return [entry.operation for entry in entries]


@asynccontextmanager
async def running(
    seeded: Path, folder: Path, wanted: Scenario, *, copy: bool = True, begin: bool = True
) -> AsyncIterator[Site]:
    """Serve a state file while its clock stands still.

    Args:
        seeded: The state file.
        folder: Where the copy of it is that is served.
        wanted: Its scenario.
        copy: Whether to make that copy; otherwise it goes on as it was left.
        begin: Whether to do what is due.
    """
    path = folder / "state.sqlite3"
    if copy:
        shutil.copy(seeded, path)
    environment = Environment(Database(path), Clock(), ServicePace(), wanted)
    engines = background.wire(environment)
    listeners = Listeners(environment, "127.0.0.1")
    listeners.remember()
    await listeners.start()
    await background.start(environment, engines)
    if begin:
        await environment.scheduler.advance(0)
    try:
        yield Site(environment)
    finally:
        await environment.scheduler.stop()
        await engines.close()
        await listeners.stop()
        environment.database.close()


Conversation = Callable[[Site], Awaitable[None]]
Play = Callable[[Conversation], None]


@pytest.fixture(scope="session")
def wanted() -> Scenario:
    return scenario(USERS)


@pytest.fixture(scope="session")
def seeded(wanted: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seed(tmp_path_factory.mktemp("seeded"), wanted)


@pytest.fixture
def play(seeded: Path, wanted: Scenario, tmp_path: Path) -> Play:
    """Hold a conversation with a site whose engines have followed their users."""

    def held(conversation: Conversation) -> None:
        async def whole() -> None:
            async with running(seeded, tmp_path, wanted) as site:
                await conversation(site)

        asyncio.run(whole())

    return held
