# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of a Presence Engine for its users: one step after the other, until nothing is due for a user."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar
from weakref import WeakValueDictionary

from imp_emulator.domain.imp import following
from imp_emulator.domain.imp.next_steps import AHEAD, BEHIND, Step
from imp_emulator.engine.exchange_client import ExchangeClient, ExchangeFailure
from imp_emulator.engine.exchange_requests import Failure
from imp_emulator.engine.notification_ports import NotificationPorts
from imp_emulator.engine.running_engine import RunningEngine
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.context import Context
from imp_emulator.world.events import log_failure

T = TypeVar("T")


class FollowedUsers:
    """Does what is due for the users of one running engine.

    Each step asks Exchange outside of every transaction and takes the answer in a short one. A gateway that fails a user
    is left for the next of the pool, at once; when all have failed, the user waits for the recovery.
    """

    def __init__(self, context: Context, engine: RunningEngine, ports: NotificationPorts) -> None:
        self._context = context
        self._engine = engine
        self._ports = ports
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def attend_all(
        self, pkids: Iterable[str], *, recovers: bool = False, polls: Sequence[Step] = ()
    ) -> None:
        """Do what is due for many users, as many at a time as there may be requests; this never fills the queue."""
        waiting = iter(pkids)

        async def work() -> None:
            for pkid in waiting:
                try:
                    await self.attend(pkid, patient=True, recovers=recovers, polls=polls)
                except Exception as error:  # noqa: BLE001 - the other users go on
                    log_failure("following a user's calendar", error)

        async with asyncio.TaskGroup() as workers:
            for _ in range(self._engine.settings.threads):
                workers.create_task(work())

    async def attend(
        self, pkid: str, *, patient: bool = False, recovers: bool = False, polls: Sequence[Step] = ()
    ) -> None:
        """Do what is due for a user, and then see to it that a job does what comes next.

        Args:
            pkid: The user.
            patient: Whether to wait while the queue is full; otherwise that is a failure.
            recovers: Whether to try again what failed before.
            polls: What is to be done even if it is not due.
        """
        async with self._turns.setdefault(pkid, asyncio.Lock()):
            failed: set[str] = set()
            more = list(polls)
            while (task := self._next_task(pkid, more, recovers=recovers)) is not None:
                step, user = task
                try:
                    await self._do(step, user, patient=patient)
                except ExchangeFailure as failure:
                    failed.add(user.gateway)
                    if not self._goes_on_elsewhere(user, failure, failed):
                        await self._wait_for_recovery(pkid, failure)
                        return

    def _next_task(self, pkid: str, polls: list[Step], *, recovers: bool) -> tuple[Step, EngineUser] | None:
        context, cluster = self._context, self._engine.loaded.cluster
        with context.database.transaction():
            task = following.next_task(context, cluster, pkid, recovers=recovers)
            if task is None and polls:
                task = following.poll_task(context, cluster, pkid, polls.pop(0))
        return task

    async def _do(self, step: Step, user: EngineUser, *, patient: bool) -> None:
        """Carry out a step; raises :class:`ExchangeFailure`."""
        if step is Step.CHANGE_GATEWAY:
            gateway = self._engine.next_gateway(user.gateway)
            with self._context.database.transaction():
                following.change_gateway(self._context, user, gateway or user.gateway)
        elif step is Step.SUBSCRIBE:
            await self._subscribe(user, patient=patient)
        elif step is Step.READ:
            await self._read(user, patient=patient)
        else:
            await self._ask_replies(user, patient=patient)

    async def _subscribe(self, user: EngineUser, *, patient: bool) -> None:
        context, exchange = self._context, self._engine.exchange(user.gateway)
        folder = user.folder or await self._ask(user, patient, lambda: exchange.calendar_folder(user.mail))
        with context.database.transaction():
            made = following.subscribing(context, user)
        if made is None:
            return
        self._ports.listen(user.cluster, user.node, made.terms.port)
        subscription = await self._ask(
            user, patient, lambda: exchange.subscribe(user.mail, folder, made.url, made.terms.minutes)
        )
        with context.database.transaction():
            following.subscribed(context, made, folder, subscription)

    async def _read(self, user: EngineUser, *, patient: bool) -> None:
        context, client = self._context, self._engine.client(user.gateway)
        now = context.clock.timestamp()
        start, end = now - BEHIND, now + AHEAD
        busy = await self._ask(user, patient, lambda: client.calendar(user.mail, user.folder, start, end))
        with context.database.transaction():
            following.read(context, user, busy, start, end)

    async def _ask_replies(self, user: EngineUser, *, patient: bool) -> None:
        context, client = self._context, self._engine.client(user.gateway)
        now = context.clock.timestamp()
        period = await self._ask(user, patient, lambda: client.out_of_office(user.mail, now))
        zone = "" if period is None else await self._ask(user, patient, lambda: client.time_zone(user.mail))
        with context.database.transaction():
            following.replies(context, user, period, zone)

    async def _ask(self, user: EngineUser, patient: bool, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request for a user; raises :class:`ExchangeFailure`."""
        while True:
            try:
                found = await request()
            except ExchangeFailure as failure:
                if patient and failure.failure is Failure.QUEUE:
                    await self._engine.requests.room()
                    continue
                self._engine.note(user.gateway, failure)
                raise
            self._engine.note(user.gateway, None)
            return found

    def _goes_on_elsewhere(self, user: EngineUser, failure: ExchangeFailure, failed: set[str]) -> bool:
        """Give a user the next gateway when its present one has failed; tell whether there is one that has not."""
        gateway = self._engine.next_gateway(user.gateway, failed) if failure.of_gateway else None
        if gateway is None:
            return False
        ...
