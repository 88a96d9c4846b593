# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engines: what they do when which job says so.

Everything they do is a job, also what they do at once, so it goes on after a killed process: following all users after
a start, what is due for one user, the end of a subscription, polling, recovery. What lives in memory (connections,
gateways that do not work, open ports) is made again from what is stored.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.events import ServiceStarted, ServiceStopping
from imp_emulator.domain.imp import engine_life, following
from imp_emulator.engine.exchange_client import ExchangeClient, ExchangeFailure
from imp_emulator.engine.followed_users import FollowedUsers
from imp_emulator.engine.notification_ports import NotificationPorts
from imp_emulator.engine.running_engine import RunningEngine
from imp_emulator.store.imp import engine as store
from imp_emulator.store.imp import homes
from imp_emulator.store.jobs import Job
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced


@dataclass(frozen=True, slots=True)
class _Engine:
    """An engine that runs, and its work."""

    running: RunningEngine
    users: FollowedUsers


class PresenceEngines:
    """The engines of all nodes. Making it registers it; :meth:`resume` is called when the listeners are there."""

    def __init__(self, environment: Environment) -> None:
        self._context = environment.context
        self._scheduler = environment.scheduler
        self._ports = NotificationPorts(environment)
        self._engines: dict[tuple[str, str], _Engine] = {}
        environment.events.subscribe(ServiceStarted, self._started)
        environment.events.subscribe(ServiceStopping, self._stops)
        environment.events.subscribe(StateReplaced, lambda _: self.resume())
        for kind, handler in (
            (engine_life.START, self._follow_all),
            (engine_life.STOPPED, self._show_all),
            (engine_life.MOVED, self._follow_moved),
            (engine_life.POLL, self._poll),
            (following.USER, self._attend),
            (following.UNSUBSCRIBE, self._unsubscribe),
            (following.RECOVER, self._recover),
        ):
            environment.scheduler.register(kind, handler)

    def resume(self) -> None:
        """Begin anew from the state as it is: what was in memory belongs to another one."""
        for place in tuple(self._engines):
            self._close(place)
        self._ports.reopen()

    async def close(self) -> None:
        """Close what is open to Exchange, because the emulator ends; the state stays as it is."""
        engines, self._engines = self._engines, {}
        for engine in engines.values():
            await engine.running.close()

    def _started(self, event: ServiceStarted) -> None:
        if event.service == PRESENCE_ENGINE:
            self._ports.listen_again(event.cluster, event.node)

    def _stops(self, event: ServiceStopping) -> None:
        if event.service == PRESENCE_ENGINE:
            self._ports.close(event.cluster, event.node)
            self._close((event.cluster, event.node))

    def _close(self, place: tuple[str, str]) -> None:
        engine = self._engines.pop(place, None)
        if engine is not None:
            engine.running.closed = True
            self._scheduler.track(engine.running.close(), "closing the connections of a Presence Engine")

    def _engine(self, cluster: str, node: str) -> _Engine | None:
        """Return the engine of a node; ``None`` when it does not run."""
        if not store.runs(self._context.database, cluster, node):
            return None
        if (cluster, node) not in self._engines:
            loaded = store.loaded(self._context.database, cluster, node)
            if loaded is None:
                return None
            running = RunningEngine(self._context, loaded)
            self._engines[cluster, node] = _Engine(running, FollowedUsers(self._context, running, self._ports))
        return self._engines[cluster, node]

    async def _follow_all(self, job: Job) -> None:
        """Have all users of a node followed, whose engine has started."""
        cluster, node = job.payload
        engine = self._engine(cluster, node)
        if engine is None:
            return
        if not await engine.running.look_at_gateways() and not engine.running.closed:
            following.recover_later(self._context, cluster, node)
        for _ in engine_life.adopt_all(self._context, cluster, node):
            await asyncio.sleep(0)
        await engine.users.attend_all(store.pkids(self._context.database, cluster, node))

    async def _follow_moved(self, job: Job) -> None:
        """Have the users of a home node followed by the engine of the node that serves them now."""
        cluster, home = job.payload
        for _ in engine_life.adopt_home(self._context, cluster, home):
            await asyncio.sleep(0)
        node = homes.serving(self._context.database, cluster, home)
        followed = store.pkids(self._context.database, cluster, node)
        engine = self._engine(cluster, node) if followed else None
        if engine is not None:
            await engine.users.attend_all(followed)

    async def _show_all(self, job: Job) -> None:
        """Show the users of a node whose engine has stopped."""
        for _ in engine_life.show_all(self._context, *job.payload):
            await asyncio.sleep(0)

    async def _poll(self, job: Job) -> None:
        """Ask for what no notification tells of."""
        cluster, node, name = job.payload
        engine = self._engine(cluster, node)
        if engine is None:
            return
        for polling in engine_life.pollings(engine.running.settings):
            if polling.name == name:
                pkids = store.pkids(self._context.database, cluster, node, gateways=polling.gateways)
                await engine.users.attend_all(pkids, polls=polling.steps)
                if not engine.running.closed:
                    engine_life.poll_later(self._context, cluster, node, polling, job.due_at)

    async def _attend(self, job: Job) -> None:
        """Do what is due for one user, because something has happened or its time has come."""
        cluster, pkid = job.payload
        user = store.user(self._context.database, cluster, pkid)
        engine = None if user is None else self._engine(cluster, user.node)
        if user is not None and engine is not None:
            caused_by_time = bool(user.subscription) and not user.news
            await engine.users.attend(pkid, patient=caused_by_time)

    async def _unsubscribe(self, job: Job) -> None:
        """End the subscription of a user who is followed no more; Exchange gives up one that it is not told of."""
        cluster, node, gateway, mail, subscription = job.payload
        engine = self._engine(cluster, node)
        if engine is None or engine.running.settings.gateway(gateway) is None:
            return
        with suppress(ExchangeFailure):
            client = engine.running.client(gateway)
            if isinstance(client, ExchangeClient):
                await client.unsubscribe(mail, subscription)

    async def _recover(self, job: Job) -> None:
        """Try again what went wrong, the gateways first; what goes wrong still has its next try later."""
        cluster, node = job.payload
        engine = self._engine(cluster, node)
        if engine is None:
            return
        works = await engine.running.look_at_gateways()
        await engine.users.attend_all(store.failed(self._context.database, cluster, node), recovers=True)
        still = not works or store.has_failed(self._context.database, cluster, node)
        if still and not engine.running.closed:
            following.recover_later(self._context, cluster, node)
