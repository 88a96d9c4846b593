# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streaming connections: one answer of many messages, as long as its client asked for."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

from imp_emulator.domain.events import (
    MailboxChanged,
    MailboxEventsRecorded,
    StreamOpened,
    StreamTick,
    SubscriptionEnded,
    WebServicesRestarted,
)
from imp_emulator.domain.exchange import streaming, subscriptions
from imp_emulator.domain.exchange.subscriptions import Notification, Subscription
from imp_emulator.wire.exchange.ews import notifications
from imp_emulator.wire.exchange.ews.envelope import encode_streamed
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, error, m, response, success
from imp_emulator.world.context import Context
from imp_emulator.world.events import StateReplaced

OPERATION = "GetStreamingEvents"


class EventStream:
    """The messages of one connection: that it is open, what happens, each minute that it still is, and that it is over.

    Made inside the request's transaction. It is over when its time on the virtual clock is, when one of its
    subscriptions ends or gets another connection, and when its server's web services restart or the state is replaced.
    """

    def __init__(self, context: Context, server: str, found: Sequence[Subscription], minutes: int) -> None:
        self._context = context
        self._server = server
        self._mailboxes = {subscription.id: subscription.mailbox for subscription in found}
        self._identifier = uuid.uuid4().hex
        self._woken = asyncio.Event()
        self._begun = self._minute_passed = self._over = self._gone = False
        self._failure: tuple[str, str] | None = None
        self._deaf: list[Callable[[], None]] = []
        streaming.open_connection(context, self._identifier, list(self._mailboxes), minutes)
        context.events.publish(StreamOpened(self._identifier, frozenset(self._mailboxes)))
        context.database.on_commit(self._listen)

    def _listen(self) -> None:
        subscribe = self._context.events.subscribe
        self._deaf = [
            subscribe(MailboxEventsRecorded, self._recorded),
            subscribe(StreamTick, self._ticked),
            subscribe(SubscriptionEnded, self._ended),
            subscribe(StreamOpened, self._opened),
            subscribe(MailboxChanged, self._mailbox_changed),
            subscribe(WebServicesRestarted, self._restarted),
            subscribe(StateReplaced, lambda _: self._break()),
        ]

    def _recorded(self, event: MailboxEventsRecorded) -> None:
        if event.mailbox in self._mailboxes.values():
            self._woken.set()

    def _ticked(self, event: StreamTick) -> None:
        if event.stream == self._identifier:
            self._minute_passed, self._over = True, event.over
            self._woken.set()

    def _ended(self, event: SubscriptionEnded) -> None:
        if event.subscription in self._mailboxes:
            self._fail(
                "ErrorSubscriptionUnsubscribed" if event.unsubscribed else "ErrorSubscriptionNotFound",
                event.subscription,
            )

    def _opened(self, event: StreamOpened) -> None:
        shared = event.subscriptions & self._mailboxes.keys()
        if event.stream != self._identifier and shared:
            self._fail("ErrorNewEventStreamConnectionOpened", min(shared))

    def _mailbox_changed(self, event: MailboxChanged) -> None:
        for subscription, mailbox in self._mailboxes.items():
            if mailbox == event.mailbox and event.action == "removed":
                self._fail("ErrorSubscriptionNotFound", subscription)

    def _fail(self, code: str, subscription: str) -> None:
        self._failure = self._failure or (code, subscription)
        self._woken.set()

    def _restarted(self, event: WebServicesRestarted) -> None:
        if event.server.lower() == self._server.lower():
            self._break()

    def _break(self) -> None:
        self._gone = True
        self._woken.set()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return _message(m.ConnectionStatus("OK"))
        while not self._gone:
            message = self._next()
            if message is not None:
                return message
            await self._woken.wait()
            self._woken.clear()
        raise StopAsyncIteration

    def _next(self) -> bytes | None:
        """Return the next message; ``None`` when there is nothing to say."""
        if self._failure is not None:
            self._gone = True
            code, identifier = self._failure
            return encode_streamed(refused(EwsError(code), [identifier], m.ConnectionStatus("Closed")))
        told = self._tell()
        if told:
            return _message(m.Notifications(*[notifications.notification(one, streaming=True) for one in told]))
        if self._over:
            self._gone = True
            return _message(m.ConnectionStatus("Closed"))
        return None

    def _tell(self) -> list[Notification]:
        """Return what there is to tell, and note that it is told; after a minute without events that there are none."""
        found: list[Notification] = []
        with self._context.database.transaction():
            for identifier in self._mailboxes:
                news = subscriptions.stream(self._context, identifier)
                if news is not None and (self._minute_passed or not news.is_status):
                    found.append(news)
                    subscriptions.told(self._context, news)
        self._minute_passed = False
        return found

    async def aclose(self) -> None:
        for stop in self._deaf:
            stop()
        self._deaf = []
        streaming.close_connection(self._context, self._identifier)


def refused(why: EwsError, identifiers: Sequence[str], *status: Element) -> Element:
    """Return the answer that subscriptions cannot be read, or not any more."""
    content = m.ErrorSubscriptionIds(*[m.SubscriptionId(identifier) for identifier in identifiers])
    return response(OPERATION, [error(OPERATION, why, content, *status)])


def _message(*content: Element) -> bytes:
    return encode_streamed(response(OPERATION, [success(OPERATION, *content)]))
