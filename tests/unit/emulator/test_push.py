# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push notifications on their way: to whom, what counts as an answer, and what happens while the clock stands still."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from imp_emulator.crypto.certificates import tls_context
from imp_emulator.domain.exchange import mailboxes, subscriptions
from imp_emulator.domain.exchange.event_log import EventKind
from imp_emulator.domain.exchange.subscriptions import DELIVER, PUSH, Subscription, Wanted
from imp_emulator.engine import outgoing
from imp_emulator.store import jobs, keys
from imp_emulator.store.exchange import subscriptions as store
from imp_emulator.world.environment import Environment
from tests.support.push_listener import OK, UNSUBSCRIBE, PushListener, Received, listening, result

CALLER = r"EXAMPLE\svc-imp"


@pytest.fixture
def mailbox(emulated: Environment) -> int:
    with emulated.database.transaction():
        return mailboxes.add(emulated.context, "watched@example.com", "Watched").id


def subscribe(environment: Environment, mailbox: int, url: str, **changes: Any) -> Subscription:
    wanted = Wanted(mailbox, CALLER, "mail1.example.com", PUSH, "Exchange2013_SP1", tuple(EventKind), url=url)
    with environment.database.transaction():
        return subscriptions.subscribe(environment.context, replace(wanted, **changes))


def change(environment: Environment, mailbox: int, kind: EventKind = EventKind.MODIFIED) -> None:
    with environment.database.transaction():
        subscriptions.record(environment.context, mailbox, [kind], 7, 3)


async def came(listener: PushListener) -> Received:
    return await asyncio.to_thread(listener.next)


async def quiet(environment: Environment) -> None:
    """Wait until all that was caused has ended; a clock that stands still is moved nowhere."""
    await environment.scheduler.advance(0)


def run(conversation: Callable[[PushListener], Awaitable[None]], tls: ssl.SSLContext | None = None) -> None:
    """Hold a conversation with a listener; the clock stands still but where the conversation moves it."""

    async def held() -> None:
        with listening(tls) as listener:
            await conversation(listener)
            assert listener.received.empty(), "nothing else was sent"

    asyncio.run(held())


def test_a_subscription_and_a_change_are_told_at_once_also_on_a_clock_that_stands_still(
    emulated: Environment, mailbox: int
) -> None:
    async def conversation(listener: PushListener) -> None:
        made = subscribe(emulated, mailbox, listener.url)
        first = await came(listener)
        assert (first.path, first.events) == ("/notifications?of=mine", ["StatusEvent"])
        assert first.headers["content-type"] == "text/xml; charset=utf-8"
        assert first.headers["soapaction"].endswith('/SendNotification"')
        assert first.headers["host"] == f"127.0.0.1:{listener.port}"
        assert first.text("SubscriptionId") == made.id
        assert first.text("PreviousWatermark") == made.watermark
        await quiet(emulated)
        change(emulated, mailbox)
        second = await came(listener)
        assert second.events == ["ModifiedEvent"]
        assert second.text("PreviousWatermark") == first.watermarks[-1]
        await quiet(emulated)

    run(conversation)


def test_the_next_status_follows_the_virtual_clock(emulated: Environment, mailbox: int) -> None:
    async def conversation(listener: PushListener) -> None:
        subscribe(emulated, mailbox, listener.url, minutes=5)
        await came(listener)
        await quiet(emulated)
        await emulated.scheduler.advance(299)
        assert listener.received.empty()
        await emulated.scheduler.advance(1)
        assert (await came(listener)).events == ["StatusEvent"]

    run(conversation)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, OK, {}),
        (201, OK, {}),
        (307, b"", {"Location": "/elsewhere"}),
        (200, b"", {}),
        (200, b"<html/>", {}),
        (200, result("ok"), {}),
        (200, OK.replace(b"SendNotificationResult", b"Other"), {}),
        (200, b'<!DOCTYPE x [<!ENTITY e "OK">]>' + OK.replace(b">OK<", b">&e;<"), {}),
        (200, OK + b" " * outgoing.LONGEST_ANSWER, {}),
    ],
)
def test_anything_but_a_plain_answer_is_a_failed_try(
    emulated: Environment, mailbox: int, status: Any, body: bytes, headers: dict[str, str]
) -> None:
    failed_try(emulated, mailbox, lambda listener: listener.will_answer(status, body, **headers))


def failed_try(emulated: Environment, mailbox: int, prepare: Callable[[PushListener], None]) -> None:
    async def conversation(listener: PushListener) -> None:
        prepare(listener)
        made = subscribe(emulated, mailbox, listener.url)
        await came(listener)
        await quiet(emulated)
        found = store.find(emulated.database, made.id)
        assert found is not None
        assert (found.tries, found.failing_since) == (1, emulated.clock.timestamp())
        await emulated.scheduler.advance(29)
        assert listener.received.empty()
        await emulated.scheduler.advance(1)
        assert (await came(listener)).events == ["StatusEvent"]
        found = store.find(emulated.database, made.id)
        assert found is not None
        assert found.tries == 0

    run(conversation)


def test_a_connection_that_is_closed_is_a_failed_try(emulated: Environment, mailbox: int) -> None:
    failed_try(emulated, mailbox, lambda listener: listener.answers.put(None))


def test_a_listener_that_unsubscribes_is_left_alone(emulated: Environment, mailbox: int) -> None:
    async def conversation(listener: PushListener) -> None:
        listener.will_answer(200, UNSUBSCRIBE)
        subscribe(emulated, mailbox, listener.url)
        await came(listener)
        await quiet(emulated)
        change(emulated, mailbox)
        await emulated.scheduler.advance(86400)
        assert subscriptions.subscriptions(emulated.context) == []

    run(conversation)


def test_what_happens_while_a_listener_is_asked_is_told_next_and_once(emulated: Environment, mailbox: int) -> None:
    async def conversation(listener: PushListener) -> None:
        listener.hold()
        subscribe(emulated, mailbox, listener.url)
        assert (await came(listener)).events == ["StatusEvent"]
        for kind in (EventKind.CREATED, EventKind.MODIFIED, EventKind.DELETED):
            change(emulated, mailbox, kind)
        listener.go_on()
        assert (await came(listener)).events == ["CreatedEvent", "ModifiedEvent", "DeletedEvent"]
        await quiet(emulated)

    run(conversation)


def test_a_host_of_the_scenario_is_reached_in_the_emulated_network(emulated: Environment, mailbox: int) -> None:
    address = "192.0.2.77"

    async def conversation(listener: PushListener) -> None:
        emulated.network[address, 50020] = ("127.0.0.1", listener.port)
        subscribe(emulated, mailbox, f"http://{address}:50020/x")
        first = await came(listener)
        assert (first.path, first.headers["host"]) == ("/x", f"{address}:50020")
        await quiet(emulated)
        emulated.network["127.0.0.1", 50020] = ("127.0.0.1", listener.port)
        made = subscribe(emulated, mailbox, listener.url)
        await quiet(emulated)
        found = store.find(emulated.database, made.id)
        assert found is not None
        assert found.tries == 1, "nothing of the scenario listens at that port, whatever the machine has there"

    run(conversation)


def test_a_listener_may_speak_tls(emulated: Environment, mailbox: int) -> None:
    pair = keys.get(emulated.database, keys.NO_CLUSTER, keys.management("mail1.example.com"))

    async def conversation(listener: PushListener) -> None:
        subscribe(emulated, mailbox, listener.url)
        assert (await came(listener)).events == ["StatusEvent"]
        await quiet(emulated)

    run(conversation, tls_context(pair.private_key + pair.served))


def test_an_unanswered_notification_is_still_a_job(emulated: Environment, mailbox: int) -> None:
    """Without a loop nothing is sent, as if the process had been killed right after the commit."""
    made = subscribe(emulated, mailbox, "http://127.0.0.1:1/")
    found = jobs.first(emulated.database)
    assert found is not None
    assert (found.kind, found.key, found.due_at) == (DELIVER, made.id, emulated.clock.timestamp())

    async def conversation(listener: PushListener) -> None:
        emulated.database.execute("UPDATE subscription SET url = ?", (listener.url,))
        await emulated.scheduler.advance(0)
        assert (await came(listener)).events == ["StatusEvent"]

    run(conversation)
