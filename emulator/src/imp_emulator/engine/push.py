# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange's push notifications: sent to the listeners of push subscriptions, one at a time to each."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from imp_emulator.domain.exchange import push
from imp_emulator.domain.exchange.subscriptions import DELIVER, Notification
from imp_emulator.engine import outgoing
from imp_emulator.store.jobs import Job
from imp_emulator.wire.exchange.ews import notifications
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import log_failure

_AT_A_TIME = 16
"""How many listeners are asked at a time, because each takes a socket, and those in this process time of the others;
the others wait before their deadline begins."""


class Push:
    """Sends notifications when a job says so, which may be at once.

    Making one registers it. A delivery is a job until it is answered: after a killed process it is made again.
    """

    def __init__(self, environment: Environment) -> None:
        self._context = environment.context
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        environment.scheduler.register(DELIVER, self._run)

    async def _run(self, job: Job) -> None:
        await self._deliver(job.key)

    async def _deliver(self, identifier: str) -> None:
        """Send a subscription's next notification, when one is due."""
        turn = self._turns.setdefault(identifier, asyncio.Lock())
        async with turn:
            with self._context.database.transaction():
                notification = push.due(self._context, identifier)
            if notification is None:
                return
            began = self._context.clock.timestamp()
            async with self._slots:
                answer = await self._send(notification)
            with self._context.database.transaction():
                if answer is None:
                    push.not_answered(self._context, notification, began)
                else:
                    push.answered(self._context, notification, unsubscribe=answer is notifications.Status.UNSUBSCRIBE)

    async def _send(self, notification: Notification) -> notifications.Status | None:
        """Return what the listener answers; ``None`` when that is nothing it may say."""
        body = notifications.send_notification(notification)
        try:
            answer = await outgoing.post(self._context, notification.subscription.url, body, notifications.HEADERS)
        except outgoing.NoAnswer:
            return None
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the next try is a matter of the schedule
            log_failure("a push notification", error)
            return None
        return notifications.status(answer.body) if answer.status == 200 else None
