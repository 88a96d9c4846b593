# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engine's client asks the emulated Office 365 over TLS: Graph, or Exchange Web Services before 15SU4."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.catalogue.office_365 import default_resource
from imp_emulator.domain.exchange import automatic_replies, calendars, mailboxes, online
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendar_items import Draft
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.imp.office_365 import Office365
from imp_emulator.engine import graph_client
from imp_emulator.engine.exchange_client import ExchangeFailure, Failure, Requests
from imp_emulator.engine.online_client import OnlineAccess, OnlineClient
from imp_emulator.engine.online_connection import Answer, OnlineHost
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST
from imp_emulator.store import accounts, keys
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from tests.support import office_365 as support
from tests.support import states
from tests.support.engine_clients import run

CONTENT = support.content(users=1)
SCENARIO = scenario_file.read(
    yaml.safe_dump(CONTENT | {"clusters": [c | {"admin_api": False} for c in CONTENT["clusters"]]})
)
HOUR = timedelta(hours=1)
GRAPH, EWS = "graph", "ews"
BOTH = pytest.mark.parametrize("cluster", [GRAPH, EWS])
PROXY: dict[str, Any] = {
    "proxy_url": "http://192.0.2.99:3128",
    "proxy_username": "imp",
    "proxy_password": "canary-of-the-proxy",
}
SECRETS = ("canary-of-the-proxy", "canary-wrong-secret")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("online"), SCENARIO)


@pytest.fixture
def emulated(seeded: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, SCENARIO) as environment:
        yield environment


def address(cluster: str) -> str:
    return SCENARIO.cluster(cluster).users[0].mail


def mailbox(environment: Environment, cluster: str) -> Mailbox:
    found = mailboxes.find(environment.context, address(cluster))
    assert found is not None
    return found


def access(environment: Environment, cluster: str, **changes: Any) -> OnlineAccess:
    """Return how the gateway is spoken to; by default so that all is well."""
    known = {one.label: one for one in accounts.accounts(environment.database, accounts.ONLINE)}["presence"]
    pairs = (keys.get(environment.database, keys.NO_CLUSTER, host) for host in (LOGIN_HOST, GRAPH_HOST, OUTLOOK_HOST))
    trusted = "".join(sorted({pair.issuers for pair in pairs}))
    resource = default_resource(SCENARIO.cluster(cluster))
    fields = Office365(known.username, support.TENANT_ID, "", "", support.LOGIN_URL, resource)
    online_changes = {name: value for name, value in changes.items() if name in Office365.__slots__}
    found = OnlineAccess(replace(fields, **online_changes), known.password, "", (trusted, trusted), 10.0)
    return replace(found, **{name: value for name, value in changes.items() if name not in online_changes})


@asynccontextmanager
async def connected(
    environment: Environment, cluster: str, requests: Requests | None = None, **changes: Any
) -> AsyncIterator[OnlineClient]:
    client = OnlineClient(
        environment.context,
        cluster,
        "imp-pub",
        OUTLOOK_HOST,
        443,
        access(environment, cluster, **changes),
        requests or Requests(threads=4, queue=100),
    )
    try:
        yield client
    finally:
        await client.close()


async def failure(request: Awaitable[object]) -> tuple[Failure, str]:
    """Return why a request fails; it must, and quote no secret."""
    with pytest.raises(ExchangeFailure) as failed:
        await request
    assert not any(secret in str(failed.value) for secret in SECRETS)
    return failed.value.failure, failed.value.detail


def fault(environment: Environment, protocol: str, **values: Any) -> None:
    faults, effect = environment.faults, Effect(EffectKind.STATUS, **values)
    faults.active.append(Fault(faults.next_id(), effect, protocol=protocol))


def asked(environment: Environment) -> list[str]:
    """Return the operations that were asked of Office 365, with the status of those that failed."""
    entries = environment.journal.entries({})[0]
    listed = [f"{entry.operation} {entry.status}".removesuffix(" 200") for entry in entries if entry.write is not True]
    environment.journal.clear()
    return listed


@BOTH
def test_all_that_the_engine_asks_with_one_token(emulated: Environment, cluster: str) -> None:
    now = emulated.clock.now().replace(minute=0, second=0, microsecond=0)
    at, who = now.timestamp(), address(cluster)
    box, context = mailbox(emulated, cluster), emulated.context
    with emulated.database.transaction():
        kinds = {0: "Busy", 1: "OOF", 2: "Tentative", 3: "Free", 4: "WorkingElsewhere", -9: "Busy"}
        for hours, shown in kinds.items():
            begin = now + hours * HOUR
            calendars.create(context, box.id, Draft(begin, begin + HOUR, show_as=shown, zone="Asia/Tokyo"))
        mailboxes.change(context, box, time_zone="Asia/Tokyo")

    async def conversation() -> None:
        async with connected(emulated, cluster) as client:
            await client.check()
            assert await client.calendar(who, "", at - 1, at + 86_400) == tuple(
                (at + hours * 3600, at + (hours + 1) * 3600, shown) for hours, shown in kinds.items() if hours >= 0
            )
            before = await client.calendar(who, "a folder of another server", at - 86_400, at - 7 * 3600)
            assert before == ((at - 9 * 3600, at - 8 * 3600, "Busy"),)
            assert await client.out_of_office(who, at) is None
            scheduled = AutomaticReplies("Scheduled", "All", now + HOUR, now + 24 * HOUR, "x", "x")
            for replies in (replace(scheduled, state="Enabled"), scheduled):
                with emulated.database.transaction():
                    automatic_replies.set(context, box.id, replies)
                period = {"start": at + 3600, "end": at + 86_400}
                expected = period if replies is scheduled else {"start": None, "end": None}
                assert await client.out_of_office(who, at) == expected
            assert await client.out_of_office(who, at + 86_400) is None, "over"
            assert await client.time_zone(who) == "Asia/Tokyo"

    run(emulated, conversation)
    graph = ["listCalendarView"] * 2 + ["getMailboxSettings"] * 5
    ews = ["GetFolder", "FindItem", "FindItem", *["GetUserOofSettings"] * 4, "GetUserConfiguration"]
    assert asked(emulated) == ["acquireToken", *(graph if cluster == GRAPH else ews)]


def test_pages_are_followed(emulated: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_client, "PAGE", 2)
    now = emulated.clock.now()
    box = mailbox(emulated, GRAPH)
    with emulated.database.transaction():
        for hours in range(5):
            calendars.create(emulated.context, box.id, Draft(now + hours * HOUR, now + (hours + 1) * HOUR))

    async def conversation() -> None:
        async with connected(emulated, GRAPH) as client:
            found = await client.calendar(address(GRAPH), "", now.timestamp(), now.timestamp() + 86_400)
            assert len(found) == 5
            monkeypatch.setattr(graph_client, "MOST_PAGES", 2)
            why, detail = await failure(client.calendar(address(GRAPH), "", now.timestamp(), now.timestamp() + 86_400))
            assert (why, "more than 2 pages" in detail) == (Failure.ANSWER, True)

    run(emulated, conversation)
    assert asked(emulated) == ["acquireToken", *["listCalendarView"] * 5]


@BOTH
def test_a_token_is_kept_until_it_expires_and_taken_anew_when_it_is_refused(
    emulated: Environment, cluster: str
) -> None:
    async def conversation() -> None:
        async with connected(emulated, cluster) as client:
            for seconds in (0, 3598, 1):
                emulated.clock.advance(seconds)
                await client.out_of_office(address(cluster), 0)
            # Set back, the clock makes the token one of the future.
            emulated.clock.advance(-7200)
            await client.out_of_office(address(cluster), 0)
            pair = keys.get(emulated.database, keys.NO_CLUSTER, keys.TOKEN_SIGNING)
            emulated.database.execute("UPDATE account SET username = username || '0' WHERE label = 'presence'")
            assert (await failure(client.out_of_office(address(cluster), 0)))[0] is Failure.LOGIN
            assert pair == keys.get(emulated.database, keys.NO_CLUSTER, keys.TOKEN_SIGNING)

    run(emulated, conversation)
    ask = "getMailboxSettings" if cluster == GRAPH else "GetUserOofSettings"
    listed = asked(emulated)
    assert listed[:7] == ["acquireToken", ask, ask, "acquireToken", ask, "acquireToken", ask]
    assert [one.partition(" ")[2] for one in listed[7:]] == ["401", "400"], "refused, and no other one to be had"


def test_who_waits_for_a_token_waits_no_longer_than_for_an_answer(emulated: Environment) -> None:
    slow = Fault(1, Effect(EffectKind.DELAY, seconds=3), node=LOGIN_HOST)

    async def conversation() -> None:
        async with connected(emulated, GRAPH, timeout=1) as client:
            await client.check()
            emulated.clock.advance(HOUR.total_seconds() * 2)
            emulated.faults.active.append(slow)
            found = await asyncio.gather(*(failure(client.time_zone(address(GRAPH))) for _ in range(4)))
            assert set(found) == {(Failure.TIMEOUT, f"{LOGIN_HOST} did not answer within 1 seconds.")}

    run(emulated, conversation)
    assert 1 <= slow.hits <= 2, "not one after the other"


@BOTH
def test_a_refused_application_is_not_asked_for_again_for_each_user(emulated: Environment, cluster: str) -> None:
    async def conversation() -> None:
        async with connected(emulated, cluster, client_secret="canary-wrong-secret") as client:
            found = await asyncio.gather(*(failure(client.time_zone(address(cluster))) for _ in range(20)))
            assert {why for why, _ in found} == {Failure.LOGIN}
            said = (
                f"login.microsoftonline.com gives no token to the application {support.CLIENT_ID} of the tenant "
                f"{support.TENANT_ID} (invalid_client, AADSTS7000215)."
            )
            assert {detail for _, detail in found} == {said}
            assert asked(emulated) == ["acquireToken 401"]
            emulated.clock.advance(61)
            assert (await failure(client.check()))[0] is Failure.LOGIN
            assert asked(emulated) == ["acquireToken 401"]

    run(emulated, conversation)


@BOTH
def test_mailboxes_and_rights(emulated: Environment, cluster: str) -> None:
    async def conversation() -> None:
        async with connected(emulated, cluster) as client:
            why, detail = await failure(client.calendar("nobody@example.com", "", 0, 1))
            assert (why, detail.startswith("There is no mailbox nobody@example.com (")) == (Failure.MAILBOX, True)
            for odd in ("", "nobody", "a@b\r\nHost: c", "../users@b\x00"):
                assert (await failure(client.time_zone(odd)))[0] is Failure.MAILBOX
            # What has a meaning in a URL has none in an address.
            assert (await failure(client.out_of_office("a?x#y&z@example.com", 0)))[0] is Failure.MAILBOX
        # The application "forgotten" has full access for Exchange Web Services, and is on no list for them.
        other = {one.label: one for one in accounts.accounts(emulated.database, accounts.ONLINE)}["forgotten"]
        async with connected(emulated, cluster, client_id=other.username, client_secret=other.password) as client:
            why, detail = await failure(client.calendar(address(cluster), "", 0, 1))
            assert why is Failure.LOGIN
            assert ("NoPermissionsInAccessToken" if cluster == GRAPH else "HTTP 403") in detail
        other = {one.label: one for one in accounts.accounts(emulated.database, accounts.ONLINE)}["writer"]
        async with connected(emulated, cluster, client_id=other.username, client_secret=other.password) as client:
            if cluster == EWS:
                why, detail = await failure(client.calendar(address(cluster), "", 0, 1))
                assert (why, "full_access_as_app" in detail) == (Failure.LOGIN, True)
            else:
                await client.calendar(address(cluster), "", 0, 1)

    run(emulated, conversation)


def test_a_missing_permission_is_the_right_that_is_missing(emulated: Environment) -> None:
    emulated.database.execute(
        "UPDATE account SET roles = replace(roles, 'MailboxSettings.Read', 'x') WHERE label = 'presence'"
    )

    async def conversation() -> None:
        async with connected(emulated, GRAPH) as client:
            await client.calendar(address(GRAPH), "", 0, 1)
            why, detail = await failure(client.out_of_office(address(GRAPH), 0))
            assert why is Failure.RIGHT
            assert detail.endswith(f"may not read the mailbox {address(GRAPH)} (ErrorAccessDenied).")

    run(emulated, conversation)


def test_exchange_web_services_end_and_microsoft_graph_goes_on(emulated: Environment) -> None:
    seconds = (online.END_OF_EWS - emulated.clock.now()).total_seconds()

    async def conversation() -> None:
        async with connected(emulated, EWS) as old, connected(emulated, GRAPH) as new:
            await old.time_zone(address(EWS))
            emulated.clock.advance(seconds)
            why, detail = await failure(old.time_zone(address(EWS)))
            assert (why, "refuses Exchange Web Services" in detail) == (Failure.LOGIN, True)
            await new.time_zone(address(GRAPH))

    run(emulated, conversation)


@BOTH
@pytest.mark.parametrize("status", [429, 503])
def test_who_has_no_time_says_until_when(emulated: Environment, cluster: str, status: int) -> None:
    async def conversation() -> None:
        async with connected(emulated, cluster) as client:
            await client.check()
            fault(emulated, cluster, status=status, retry_after=17)
            why, detail = await failure(client.time_zone(address(cluster)))
            assert (why, f"(HTTP {status}) and asks to wait 17 seconds" in detail) == (Failure.BUSY, True)
        fault(emulated, "token", status=status)
        async with connected(emulated, cluster) as client:
            assert (await failure(client.check()))[0] is Failure.BUSY

    run(emulated, conversation)


@BOTH
def test_both_trust_stores_count_for_both_hosts(emulated: Environment, cluster: str) -> None:
    good = access(emulated, cluster).trust[0]
    calendars_host = GRAPH_HOST if cluster == GRAPH else OUTLOOK_HOST

    async def conversation() -> None:
        for trust in (("", good), (good, ""), ("", "")):
            async with connected(emulated, cluster, trust=trust) as client:
                why, detail = await failure(client.check())
                assert why is Failure.TRUST
                assert LOGIN_HOST in detail
        wrong: dict[str, Any] = {"resource": "https://192.0.2.42"}
        if cluster == GRAPH:
            async with connected(emulated, cluster, authentication_endpoint=f"https://{LOGIN_HOST}", **wrong) as client:
                assert (await failure(client.check()))[0] is Failure.LOGIN, "no such resource"
        for place in (LOGIN_HOST, calendars_host):
            removed = {at: emulated.network.pop(at) for at in list(emulated.network) if at[0] in addresses(place)}
            async with connected(emulated, cluster) as client:
                why, detail = await failure(client.check())
                assert (why, place in detail) == (Failure.UNREACHABLE, True)
            emulated.network.update(removed)

    run(emulated, conversation)


def addresses(host: str) -> list[str]:
    assert SCENARIO.online is not None
    return [SCENARIO.online.hosts[host]]


def test_requests_wait_for_their_turn(emulated: Environment) -> None:
    async def conversation() -> None:
        async with connected(emulated, GRAPH, Requests(threads=1, queue=2)) as client:
            await client.check()
            requests = (client.time_zone(address(GRAPH)) for _ in range(8))
            found = await asyncio.gather(*requests, return_exceptions=True)
            failures = [one for one in found if isinstance(one, ExchangeFailure)]
            assert {one.failure for one in failures} == {Failure.QUEUE}
            assert (len(failures), found.count("UTC")) == (5, 3)

    run(emulated, conversation)


class Proxy:
    """A proxy of the emulated network: connects where it is asked to, with a password."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.asked: list[str] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        self._environment.network["192.0.2.99", 3128] = (host, port)
        try:
            yield
        finally:
            server.close()
            del self._environment.network["192.0.2.99", 3128]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split()[1]
        self.asked.append(target)
        login = "Proxy-Authorization: Basic aW1wOmNhbmFyeS1vZi10aGUtcHJveHk="
        if login not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        name, _, number = target.rpartition(":")
        to_server = await asyncio.open_connection(*self._environment.network[addresses(name)[0], int(number)])
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, to_server[1]), _pipe(to_server[0], writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while received := await reader.read(65536):
            writer.write(received)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@BOTH
def test_everything_goes_through_the_proxy(emulated: Environment, cluster: str) -> None:
    proxy = Proxy(emulated)

    async def conversation() -> None:
        async with connected(emulated, cluster, **PROXY) as client:
            why, detail = await failure(client.check())
            assert (why, detail) == (
                Failure.UNREACHABLE,
                "The proxy http://192.0.2.99:3128 cannot be reached: Nothing listens on port 3128 of 192.0.2.99.",
            )
        async with proxy.listening():
            async with connected(emulated, cluster, **PROXY) as client:
                await client.check()
                assert await client.out_of_office(address(cluster), 0) is None
                hosts = {f"{LOGIN_HOST}:443", f"{GRAPH_HOST if cluster == GRAPH else OUTLOOK_HOST}:443"}
                assert set(proxy.asked) == hosts
            async with connected(emulated, cluster, **{**PROXY, "proxy_password": "canary-wrong-secret"}) as client:
                why, detail = await failure(client.check())
                assert (why, "HTTP 407" in detail) == (Failure.UNREACHABLE, True)
            async with connected(emulated, cluster, **PROXY) as client:
                await client.check()
                proxy._environment.network.pop(("192.0.2.99", 3128))
                emulated.network["192.0.2.99", 3128] = ("127.0.0.1", 1)
                await client.out_of_office(address(cluster), 0)

    run(emulated, conversation)


NEXT = "@odata.nextLink"
WALL = {"dateTime": "2026-11-24T09:00:00.0000000", "timeZone": "UTC"}
EVENT = {"start": WALL, "end": WALL, "showAs": "busy", "isCancelled": False}
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"value": [EVENT]}, ((NOON, NOON, "Busy"),)),
        ({"value": [EVENT | {"isCancelled": True}]}, ()),
        ({"value": [EVENT | {"showAs": "surprise"}]}, ((NOON, NOON, "NoData"),)),
        ({"value": [EVENT | {"start": WALL | {"timeZone": "Tokyo Standard Time"}}]}, ((NOON - 32_400, NOON, "Busy"),)),
        ({"value": [EVENT | {"start": {**WALL, "timeZone": "Nowhere"}}]}, "a time that is none"),
        ({"value": [EVENT | {"start": None}]}, "a time that is none"),
        ({"value": [EVENT | {"start": WALL | {"dateTime": "yesterday"}}]}, "a time that is none"),
        ({"value": [EVENT | {"showAs": None}]}, "an event without"),
        ({"value": {}}, "no list of events"),
        ({"value": ["x"]}, "no list of events"),
        ({}, "no JSON object"),
        (["x"], "no JSON object"),
        ({"value": [], NEXT: "https://evil.example.com/v1.0/users/a@b/calendarView?x"}, "on another host"),
        ({"value": [], NEXT: "http://graph.microsoft.com/v1.0/x"}, "on another host"),
        ({"value": [], NEXT: "https://user@graph.microsoft.com/v1.0/x"}, "on another host"),
        ({"value": [], NEXT: "https://graph.microsoft.com:99999/"}, "is none"),
        ({"value": [], NEXT: 5}, "on another host"),
        ({"value": [], NEXT: "https://graph.microsoft.com:443/v1.0/x?$skip=1"}, "more than 200 pages"),
    ],
)
def test_odd_answers_of_graph(emulated: Environment, monkeypatch: pytest.MonkeyPatch, body: Any, expected: Any) -> None:
    async def send(self: OnlineHost, *_: Any) -> Answer:
        token = {"access_token": "x", "expires_in": 3599}
        return Answer(200, json.dumps(token if self.name == LOGIN_HOST else body).encode(), "")

    monkeypatch.setattr(OnlineHost, "send", send)

    async def conversation() -> None:
        async with connected(emulated, GRAPH) as client:
            if isinstance(expected, str):
                why, detail = await failure(client.calendar("a@b", "", 0, 1))
                assert (why, expected in detail) == (Failure.ANSWER, True), detail
            else:
                assert await client.calendar("a@b", "", 0, 1) == expected

    asyncio.run(conversation())


@BOTH
def test_what_is_under_way_when_the_client_is_closed_fails(emulated: Environment, cluster: str) -> None:
    slow = Fault(1, Effect(EffectKind.DELAY, seconds=0.5), protocol=cluster)
    emulated.faults.active.append(slow)

    async def conversation() -> None:
        async with connected(emulated, cluster) as client:
            asking = asyncio.create_task(failure(client.calendar(address(cluster), "", 0.0, 1.0)))
            while not slow.hits:  # noqa: ASYNC110 - it is the server that counts them
                await asyncio.sleep(0)
            await client.close()
            assert (await asking)[0] is Failure.UNREACHABLE

    run(emulated, conversation)
