# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engine's client asks the emulated Exchange servers, over TLS and with their accounts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from imp_emulator.domain.exchange import automatic_replies, calendars, mailboxes, management_roles
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendar_items import Draft
from imp_emulator.engine import ews_messages, exchange_connection
from imp_emulator.engine.exchange_client import ExchangeClient, ExchangeFailure, Failure, Requests
from imp_emulator.pipeline import gate
from imp_emulator.pipeline.gate import Gate
from imp_emulator.store.exchange import subscriptions
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from tests.support.engine_clients import ADDRESS, access, account, connected, journal, prepare, run

HOUR = timedelta(hours=1)


async def failure(request: Awaitable[object]) -> tuple[Failure, str]:
    """Return why a request fails; it must."""
    with pytest.raises(ExchangeFailure) as failed:
        await request
    return failed.value.failure, failed.value.detail


def fault(environment: Environment, kind: EffectKind, operation: str | None, **values: object) -> None:
    effect = {name: values.pop(name) for name in ("status", "seconds", "code", "values") if name in values}
    faults = environment.faults
    faults.active.append(
        Fault(faults.next_id(), Effect(kind, **effect), protocol="ews", operation=operation, **values)  # type: ignore[arg-type]
    )


def asked(environment: Environment) -> list[str]:
    """Return the operations that were asked, with the status of those that failed."""
    return [f"{entry.operation} {entry.status}".removesuffix(" 200") for entry in journal(environment)]


def test_all_that_the_engine_asks_over_one_connection_that_ntlm_has_signed_in(emulated: Environment) -> None:
    prepare(emulated)
    now = emulated.clock.now().replace(minute=0, second=0, microsecond=0)
    context = emulated.context
    with emulated.database.transaction():
        mailbox = mailboxes.find(context, ADDRESS)
        assert mailbox is not None
        calendars.create(context, mailbox.id, Draft(now + HOUR, now + 2 * HOUR, show_as="OOF"))
        calendars.create(context, mailbox.id, Draft(now, now + HOUR))
        calendars.create(context, mailbox.id, Draft(now - 9 * HOUR, now - 8 * HOUR))

    async def conversation() -> None:
        at = now.timestamp()
        async with connected(emulated) as client:
            await client.check()
            folder = await client.calendar_folder(ADDRESS)
            subscription = await client.subscribe(ADDRESS, folder, "http://192.0.2.12:50020/presence-engine", 30)
            stored = subscriptions.find(emulated.database, subscription)
            assert stored is not None
            assert (stored.minutes, stored.url) == (30, "http://192.0.2.12:50020/presence-engine")
            assert await client.calendar(ADDRESS, folder, at - 3600, at + 86_400) == (
                (at, at + 3600, "Busy"),
                (at + 3600, at + 7200, "OOF"),
            )
            assert await client.out_of_office(ADDRESS, at) is None
            await client.unsubscribe(ADDRESS, subscription)
            # One that there is no more has ended.
            await client.unsubscribe(ADDRESS, subscription)
        assert subscriptions.find(emulated.database, subscription) is None

    run(emulated, conversation)
    assert asked(emulated) == [
        *("authenticate 401", "authenticate 401", "page", "page"),
        *("GetFolder", "Subscribe", "FindItem", "GetUserOofSettings", "Unsubscribe", "Unsubscribe"),
    ]
    assert {entry.caller for entry in journal(emulated) if entry.status == 200} == {account(emulated)[0]}


def test_basic_alone_sends_no_ntlm(emulated: Environment) -> None:
    prepare(emulated)

    async def conversation() -> None:
        async with connected(emulated, basic_only=True) as client:
            await client.calendar_folder(ADDRESS)
            await client.calendar_folder(ADDRESS)

    run(emulated, conversation)
    assert asked(emulated) == ["page", "GetFolder", "GetFolder"]


def test_once_the_account_is_known_to_be_good_connections_are_signed_in_side_by_side(emulated: Environment) -> None:
    """One after the other would take longer than the timeout, which each request has for itself."""
    prepare(emulated)
    slow = Fault(1, Effect(EffectKind.DELAY, seconds=1.5), operation="page", skip=1)
    emulated.faults.active.append(slow)

    async def conversation() -> None:
        async with connected(emulated, Requests(threads=10, queue=100), basic_only=True) as client:
            together = exchange_connection.FIRST_CONNECTIONS
            asking = [asyncio.create_task(client.calendar_folder(ADDRESS)) for _ in range(together)]
            async with asyncio.timeout(30):
                while slow.hits < together - 1:  # noqa: ASYNC110 - it is the server that counts them
                    await asyncio.sleep(0)
            assert asked(emulated).count("page") == 1, "the others are being signed in at the same time"
            await asyncio.gather(*asking)

    run(emulated, conversation)


@pytest.mark.parametrize("basic_only", [False, True])
def test_a_refused_account_is_not_tried_again_for_each_user(emulated: Environment, basic_only: bool) -> None:
    """The domain would lock it."""
    prepare(emulated)
    name, password = account(emulated)
    wrong = access(emulated, password="wrong")

    async def conversation() -> None:
        async with connected(emulated, password=wrong.password, basic_only=basic_only) as client:
            found = await asyncio.gather(*(failure(client.calendar_folder(ADDRESS)) for _ in range(20)))
            assert {why for why, _ in found} == {Failure.LOGIN}
            assert all(name in detail and password not in detail and "wrong" not in detail for _, detail in found)
            refused = len(journal(emulated))
            assert refused == (1 if basic_only else 3), "one attempt"
            emulated.database.execute("UPDATE account SET password = 'wrong' WHERE username = ?", (name,))
            assert (await failure(client.check()))[0] is Failure.LOGIN
            assert len(journal(emulated)) == refused
            emulated.clock.advance(61)
            await client.check()
            await client.calendar_folder(ADDRESS)

    run(emulated, conversation)


def test_whom_the_account_may_act_for(emulated: Environment) -> None:
    async def conversation() -> None:
        async with connected(emulated) as client:
            assert await failure(client.calendar_folder(ADDRESS)) == (
                Failure.RIGHT,
                f"{account(emulated)[0]} may not act for {ADDRESS} (ErrorImpersonateUserDenied).",
            )
            with emulated.database.transaction():
                management_roles.assign(emulated.context, "ApplicationImpersonation", account(emulated)[0])
            folder = await client.calendar_folder(ADDRESS)
            nobody = "nobody@example.com"
            assert await failure(client.calendar_folder(nobody)) == (
                Failure.MAILBOX,
                f"There is no mailbox {nobody} (ErrorNonExistentMailbox).",
            )
            for odd in ("", "nobody", "a@b\r\nHost: c", "a@b\x00"):
                assert (await failure(client.calendar_folder(odd)))[0] is Failure.MAILBOX
            assert (await failure(client.calendar(ADDRESS, "none", 0, 1)))[0] is Failure.FOLDER
            assert (await failure(client.subscribe(ADDRESS, folder, "ftp://nowhere", 5)))[0] is Failure.ANSWER

    with emulated.database.transaction():
        if mailboxes.find(emulated.context, ADDRESS) is None:
            mailboxes.add(emulated.context, ADDRESS, "User")
    run(emulated, conversation)


def test_a_long_calendar_is_read_page_by_page(emulated: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ews_messages, "PAGE", 3)
    prepare(emulated)
    start = datetime(2027, 1, 15, 12, tzinfo=UTC)
    with emulated.database.transaction():
        mailbox = mailboxes.find(emulated.context, ADDRESS)
        assert mailbox is not None
        # One lasts so long that it is on every page.
        spans = [(start, start + 9 * HOUR), *((start + n * HOUR, start + n * HOUR + HOUR / 2) for n in range(1, 7))]
        for begin, end in spans:
            calendars.create(emulated.context, mailbox.id, Draft(begin, end))

    async def conversation() -> None:
        async with connected(emulated) as client:
            folder = await client.calendar_folder(ADDRESS)
            found = await client.calendar(ADDRESS, folder, start.timestamp(), start.timestamp() + 86_400)
            assert found == tuple((begin.timestamp(), end.timestamp(), "Busy") for begin, end in spans)
            # More at the same time than a page holds cannot be told apart from a server that goes round in circles.
            monkeypatch.setattr(ews_messages, "PAGE", 1)
            request = client.calendar(ADDRESS, folder, start.timestamp() + 3600, start.timestamp() + 86_400)
            assert (await failure(request))[0] is Failure.ANSWER

    run(emulated, conversation)
    assert Counter(asked(emulated))["FindItem"] > 3


def test_automatic_replies(emulated: Environment) -> None:
    prepare(emulated)
    now = emulated.clock.now().replace(microsecond=0)
    at = now.timestamp()

    def put(state: str, start: datetime | None = None, end: datetime | None = None) -> None:
        with emulated.database.transaction():
            mailbox = mailboxes.find(emulated.context, ADDRESS)
            assert mailbox is not None
            replies = AutomaticReplies(state, "All", start, end, "Away", "Away", "", "")
            automatic_replies.set(emulated.context, mailbox.id, replies)

    async def conversation() -> None:
        async with connected(emulated) as client:
            put("Enabled")
            assert await client.out_of_office(ADDRESS, at) == {"start": None, "end": None}
            put("Scheduled", now + HOUR, now + 2 * HOUR)
            period = {"start": at + 3600, "end": at + 7200}
            assert await client.out_of_office(ADDRESS, at) == period
            assert await client.out_of_office(ADDRESS, at + 7199) == period
            assert await client.out_of_office(ADDRESS, at + 7200) is None

    run(emulated, conversation)


def refused(environment: Environment) -> int:
    return sum(1 for name in asked(environment) if name.endswith("500"))


def test_more_threads_than_exchange_allows_requests_at_a_time(
    emulated: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default of 60 threads meets the default of 27 (EWSMaxConcurrency): all is done, and few are refused."""
    addresses = [f"many{number}@example.com" for number in range(200)]
    prepare(emulated, *addresses)

    others_refused = asyncio.Event()
    note = Gate._note

    def noted(*values: Any) -> None:
        note(*values)
        if refused(emulated) >= 60 - 27:
            others_refused.set()

    async def delayed(_seconds: float) -> None:
        await others_refused.wait()

    monkeypatch.setattr(Gate, "_note", noted)
    monkeypatch.setattr(gate, "asyncio", SimpleNamespace(sleep=delayed, CancelledError=asyncio.CancelledError))

    async def conversation() -> None:
        async with connected(emulated, Requests(threads=60, queue=200), timeout=60) as client:
            await asyncio.gather(*(client.check() for _ in range(60)))
            # All connections are signed in. Those that are let in stay until all others have come.
            fault(emulated, EffectKind.DELAY, "GetFolder", seconds=1, times=27)
            assert len(set(await asyncio.gather(*map(client.calendar_folder, addresses)))) == 200
            # What was found to be too many is tried again one by one.
            assert 27 <= client._connections._turns.most <= 31

    run(emulated, conversation)
    counted = Counter(asked(emulated))
    assert counted["GetFolder"] == 200
    assert 33 <= refused(emulated) <= 50


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": EffectKind.ERROR, "code": "ErrorServerBusy", "values": {"BackOffMilliseconds": "300000"}},
        {"kind": EffectKind.ERROR, "code": "ErrorExceededConnectionCount"},
        {"kind": EffectKind.STATUS, "status": 503, "retry_after": 3600},
    ],
    ids=lambda effect: effect.get("code", "503"),
)
def test_a_busy_server_is_asked_again_ten_times(
    emulated: Environment, effect: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_connection, "LONGEST_PAUSE", 0.001)
    prepare(emulated)

    async def conversation() -> None:
        async with connected(emulated) as client:
            for times, good in ((9, True), (10, False)):
                emulated.faults.clear()
                emulated.faults.active.append(
                    Fault(1, Effect(**effect), operation="GetFolder", times=times)  # type: ignore[arg-type]
                )
                if good:
                    await client.calendar_folder(ADDRESS)
                else:
                    assert (await failure(client.calendar_folder(ADDRESS)))[0] is Failure.BUSY
                assert emulated.faults.active[0].hits == times

    run(emulated, conversation)


def test_what_does_not_answer_in_time_is_given_up(emulated: Environment) -> None:
    prepare(emulated)
    fault(emulated, EffectKind.DELAY, "GetFolder", seconds=4, times=1)

    async def conversation() -> None:
        # Long enough for a new connection on a busy machine.
        async with connected(emulated, timeout=3) as client:
            await client.check()
            assert await failure(client.calendar_folder(ADDRESS)) == (
                Failure.TIMEOUT,
                "mail1.example.com did not answer within 3 seconds.",
            )
            await client.calendar_folder(ADDRESS)

    run(emulated, conversation)


def test_the_queue_bounds_what_waits_whichever_client_it_is_of(emulated: Environment) -> None:
    prepare(emulated)
    fault(emulated, EffectKind.DELAY, "GetFolder", seconds=0.1, times=1)
    requests = Requests(threads=1, queue=2)

    async def conversation() -> None:
        async with connected(emulated, requests) as one, connected(emulated, requests, host="mail2.example.com") as two:
            clients: list[ExchangeClient] = [one, two, one, two, one]
            found = await asyncio.gather(
                *(client.calendar_folder(ADDRESS) for client in clients), return_exceptions=True
            )
            kinds = [found.failure if isinstance(found, ExchangeFailure) else "done" for found in found]
            assert kinds == ["done", "done", "done", Failure.QUEUE, Failure.QUEUE]
            await two.calendar_folder(ADDRESS)

    run(emulated, conversation)


def test_who_waits_and_is_cancelled_takes_nobodys_turn() -> None:
    async def conversation() -> None:
        requests, order = Requests(threads=1, queue=5), []

        async def use(name: str) -> None:
            async with requests.turn():
                order.append(name)
                await asyncio.sleep(0)

        async with requests.turn():
            first, second, third = (asyncio.create_task(use(name)) for name in ("1", "2", "3"))
            await asyncio.sleep(0)
            first.cancel()
        # The second has been handed the turn by now, and is cancelled before it takes it.
        second.cancel()
        await third
        await use("4")
        assert order == ["3", "4"]
        full = Requests(threads=1, queue=1)
        async with full.turn():
            given_up = asyncio.create_task(full.turn().__aenter__())
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.sleep(0)
            waiting = asyncio.create_task(full.turn().__aenter__())
            await asyncio.sleep(0)
        await waiting

    asyncio.run(conversation())


def test_closed_clients_answer_nothing(emulated: Environment) -> None:
    async def conversation() -> None:
        async with connected(emulated) as client:
            await client.check()
        assert (await failure(client.check()))[0] is Failure.UNREACHABLE

    run(emulated, conversation)


def test_a_password_is_not_shown(emulated: Environment) -> None:
    found = access(emulated)
    assert account(emulated)[1] not in repr(found)
    assert "CERTIFICATE" not in repr(found)
