# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the Presence Web Service: endpoints of applications hear that a contact's presence has changed."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from imp_emulator.catalogue.services import SIP_PROXY
from imp_emulator.domain.events import PresenceChanged, ServiceStarted, ServiceStopping, UserChanged
from imp_emulator.domain.imp import web_service, web_sessions
from imp_emulator.domain.imp.web_service import CALL, Call
from imp_emulator.engine import outgoing
from imp_emulator.store.jobs import Job
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import log_failure

_AT_A_TIME = 64
"""How many endpoints are called at a time; the others wait before their deadline begins."""


class CallBacks:
    """Calls endpoints when a job says so, which may be at once.

    Making one registers it. It also has the service forget everything when Cisco SIP Proxy stops.
    """

    def __init__(self, environment: Environment) -> None:
        self._context = context = environment.context
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        environment.scheduler.register(CALL, self._run)
        environment.events.subscribe(PresenceChanged, lambda event: web_service.note_change(context, event))
        environment.events.subscribe(UserChanged, self._end)
        environment.events.subscribe(ServiceStopping, self._forget)
        environment.events.subscribe(ServiceStarted, self._forget)

    def _forget(self, event: ServiceStopping | ServiceStarted) -> None:
        if event.service == SIP_PROXY:
            web_sessions.forget(self._context, event.cluster, event.node)

    def _end(self, event: UserChanged) -> None:
        web_sessions.end_of_user(self._context, event.cluster, event.pkid)

    async def _run(self, job: Job) -> None:
        await self._call(int(job.key))

    async def _call(self, subscription: int) -> None:
        """Call a subscription's endpoint, when that is due."""
        turn = self._turns.setdefault(subscription, asyncio.Lock())
        async with turn, self._slots:
            with self._context.database.transaction():
                call = web_service.due(self._context, subscription)
            if call is None:
                return
            good = await self._good(call)
            with self._context.database.transaction():
                if good:
                    web_service.answered(self._context, call)
                else:
                    web_service.not_answered(self._context, call)

    async def _good(self, call: Call) -> bool:
        try:
            answer = await outgoing.get(self._context, call.url)
        except outgoing.NoAnswer:
            return False
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the next try is a matter of the rules
            log_failure("a call of the Presence Web Service", error)
            return False
        return 200 <= answer.status < 300
