# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of a Presence Engine for its users: one step after the other, until nothing is due for a user."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import TypeVar
from weakref import WeakValueDictionary

from imp_emulator.domain.imp import following
from imp_emulator.domain.imp.next_steps import AHEAD, BEHIND, Step
from imp_emulator.engine.exchange_client import ExchangeClient, ExchangeFailure
from imp_emulator.engine.exchange_requests import Failure
from imp_emulator.engine.notification_ports import NotificationPorts
from imp_emulator.engine.running_engine import Client, RunningEngine
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.context import Context
from imp_emulator.world.events import log_failure

T = TypeVar("T")

_AT_A_TIME = 8
"""For how many users the engine works at a time of its own accord. The servers that it asks share its processor: more
would not be faster, and each answer would come later, on a busy machine later than Exchange Timeout."""


class _StepFailed(Exception):
    """A request for a user has failed.

    Attributes:
        user: The user as it was then; what has become of another subscription is none of its business.
    """

    def __init__(self, user: EngineUser, failure: ExchangeFailure) -> None:
        super().__init__()
        self.user = user
        self.failure = failure


class FollowedUsers:
    """Does what is due for the users of one running engine.

    Each step asks Exchange outside of every transaction and takes the answer in a short one. When a gateway fails a
    user, it is given the next one of the pool at once; when all have failed, it waits for the recovery. When the engine
    ends, what is under way fails, and what comes next is the business of the one that starts.
    """

    def __init__(self, context: Context, engine: RunningEngine, ports: NotificationPorts) -> None:
        self._context = context
        self._engine = engine
        self._ports = ports
        self._at_a_time = min(_AT_A_TIME, engine.settings.threads)
        self._patient = asyncio.Semaphore(self._at_a_time)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def attend_all(self, pkids: Iterable[str], *, recovers: bool = False, polls: Sequence[Step] = ()) -> None:
        """Do what is due for many users, some at a time."""
        waiting = iter(pkids)

        async def work() -> None:
            for pkid in waiting:
                try:
                    await self.attend(pkid, patient=True, recovers=recovers, polls=polls)
                except Exception as error:  # noqa: BLE001 - the other users go on
                    log_failure("following a user's calendar", error)

        async with asyncio.TaskGroup() as workers:
            for _ in range(self._at_a_time):
                workers.create_task(work())

    async def attend(
        self, pkid: str, *, patient: bool = False, recovers: bool = False, polls: Sequence[Step] = ()
    ) -> None:
        """Do what is due for a user, and then see to it that a job does what comes next.

        Args:
            pkid: The user.
            patient: Whether to wait for the others, and while the queue is full; otherwise that is a failure.
            recovers: Whether to try again what failed before.
            polls: What is to be done even if it is not due.
        """
        async with self._patient if patient else nullcontext(), self._turns.setdefault(pkid, asyncio.Lock()):
            failed: set[str] = set()
            more = list(polls)
            while (task := self._next_task(pkid, more, recovers=recovers)) is not None:
                step, user = task
                try:
                    await self._do(step, user, patient=patient)
                    if step in more:
                        more.remove(step)
                except _StepFailed as error:
                    failed.add(user.gateway)
                    if not self._goes_on_elsewhere(error, failed):
                        await self._wait_for_recovery(error)
                        return

    def _next_task(self, pkid: str, polls: Sequence[Step], *, recovers: bool) -> tuple[Step, EngineUser] | None:
        context, cluster = self._context, self._engine.loaded.cluster
        if self._engine.closed:
            return None
        with context.database.transaction():
            task = following.next_task(context, cluster, pkid, recovers=recovers)
            if task is None and polls:
                task = following.poll_task(context, cluster, pkid, polls[0])
        return task

    async def _do(self, step: Step, user: EngineUser, *, patient: bool) -> None:
        """Carry out a step; raises ``_StepFailed``."""
        if step is Step.CHANGE_GATEWAY:
            gateway = self._engine.next_gateway(user.gateway) or user.gateway
            with self._context.database.transaction():
                following.change_gateway(self._context, user, gateway)
        elif step is Step.SUBSCRIBE:
            await self._subscribe(user, patient=patient)
        elif step is Step.READ:
            await self._read(user, patient=patient)
        else:
            await self._ask_replies(user, patient=patient)

    async def _subscribe(self, user: EngineUser, *, patient: bool) -> None:
        context = self._context
        folder = user.folder or await self._ask(
            user, lambda client: _exchange(client).calendar_folder(user.mail), patient=patient
        )
        with context.database.transaction():
            made = following.subscribing(context, user)
        if made is None:
            return
        self._ports.listen(user.cluster, user.node, made.terms.port)
        subscription = await self._ask(
            made.user,
            lambda client: _exchange(client).subscribe(user.mail, folder, made.url, made.terms.minutes),
            patient=patient,
        )
        with context.database.transaction():
            following.subscribed(context, made, folder, subscription)

    async def _read(self, user: EngineUser, *, patient: bool) -> None:
        context = self._context
        now = context.clock.timestamp()
        start, end = now - BEHIND, now + AHEAD
        busy = await self._ask(
            user, lambda client: client.calendar(user.mail, user.folder, start, end), patient=patient
        )
        with context.database.transaction():
            following.read(context, user, busy, start, end)

    async def _ask_replies(self, user: EngineUser, *, patient: bool) -> None:
        context = self._context
        now = context.clock.timestamp()
        period = await self._ask(user, lambda client: client.out_of_office(user.mail, now), patient=patient)
        zone = ""
        if period is not None:
            zone = await self._ask(user, lambda client: client.time_zone(user.mail), patient=patient)
        with context.database.transaction():
            following.replies(context, user, period, zone)

    async def _ask(self, user: EngineUser, request: Callable[[Client], Awaitable[T]], *, patient: bool) -> T:
        """Make a request to a user's gateway; raises ``_StepFailed``."""
        engine = self._engine
        while True:
            try:
                found = await request(engine.client(user.gateway))
            except ExchangeFailure as failure:
                if patient and failure.failure is Failure.QUEUE:
                    await engine.requests.room()
                    continue
                engine.note(user.gateway, failure)
                raise _StepFailed(user, failure) from None
            engine.note(user.gateway, None)
            return found

    def _goes_on_elsewhere(self, error: _StepFailed, failed: set[str]) -> bool:
        """Give a user the next gateway when the present one has failed; tell whether there is one that has not."""
        gateway = self._engine.next_gateway(error.user.gateway, failed) if error.failure.of_gateway else None
        if gateway is None:
            return False
        with self._context.database.transaction():
            following.change_gateway(self._context, error.user, gateway, error.failure.detail)
        return True

    async def _wait_for_recovery(self, error: _StepFailed) -> None:
        failure = error.failure
        with self._context.database.transaction():
            following.failed(self._context, error.user, failure.failure.value, failure.detail)
        if failure.of_gateway and not self._engine.closed:
            await self._engine.look_at_gateways()


def _exchange(client: Client) -> ExchangeClient:
    """Return the client of a gateway that notifies."""
    if not isinstance(client, ExchangeClient):
        raise TypeError("the gateway's type has no notifications")
    return client
