# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers whose body is made while it is sent: how they begin, go on and end at the choke point."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from imp_emulator.pipeline.gate import ABORT, CLOSE, Gate
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import meta
from imp_emulator.store.database import Database
from imp_emulator.wire.http.tomcat import error_page
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import ServicePace


class Feed:
    """Pieces that a test puts in; ``None`` is the end, an error breaks it."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.closed = 0

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> bytes:
        piece = await self.pieces.get()
        if isinstance(piece, Exception):
            raise piece
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self.closed += 1


class Streaming:
    """A protocol with one operation, which sends the feed; it stores a fact when it begins."""

    name = "streaming"
    operations: ClassVar[Mapping[str, bool]] = {"feed": True}

    def __init__(self, environment: Environment, feed: Feed) -> None:
        self._environment = environment
        self._feed = feed

    def owns(self, path: str) -> bool:
        return True

    def authenticate(self, request: Request) -> Response | None:
        return None

    def route(self, request: Request) -> Operation:
        return Operation("feed", True, self._run)

    def _run(self) -> Response:
        meta.put(self._environment.database, "fact", "begun")
        return Response(200, content_type="text/xml", stream=self._feed)

    def failure(self, request: Request, status: int, message: str) -> Response:
        return Response(status, message.encode())


class Client:
    """Asks a gate, and sees what it sends when it is sent."""

    def __init__(self, environment: Environment) -> None:
        self.feed = Feed()
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.aborted: list[bool] = []
        self._left = asyncio.Event()
        self._asked = False
        self.gate = Gate(environment, "", "mail1", 443, [Streaming(environment, self.feed)], error_page)
        self.request: asyncio.Task[None]

    def ask(self) -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": b"",
            "headers": [],
            "extensions": {ABORT: self._abort, CLOSE: self._abort},
        }
        self.request = asyncio.create_task(self.gate(scope, self._receive, self.sent.put))

    def _abort(self) -> None:
        self.aborted.append(True)
        self.leave()

    def leave(self) -> None:
        self._left.set()

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def next(self) -> Any:
        return await asyncio.wait_for(self.sent.get(), 5)

    async def ended(self) -> None:
        await asyncio.wait_for(self.request, 5)
        assert self.feed.closed >= 1


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    database = Database(tmp_path / "state.sqlite3")
    yield Environment(database, Clock(), ServicePace(), Scenario((), ()))
    database.close()


def converse(environment: Environment, conversation: Callable[[Client], Awaitable[None]]) -> None:
    """Run a conversation with a gate."""

    async def run() -> None:
        await conversation(Client(environment))

    asyncio.run(run())


def journal(environment: Environment) -> list[tuple[str, int, str | None]]:
    return [(entry.operation, entry.status, entry.fault) for entry in environment.journal.entries({})[0]]


async def begin(client: Client) -> None:
    """Ask, and see the answer begin with a first piece."""
    client.ask()
    start = await client.next()
    assert start["status"] == 200
    names = [name for name, _ in start["headers"]]
    assert b"content-length" not in names
    assert b"content-type" in names
    client.feed.pieces.put_nowait(b"<one/>")
    assert await client.next() == {"type": "http.response.body", "body": b"<one/>", "more_body": True}


END = {"type": "http.response.body", "body": b""}


def test_each_piece_is_sent_when_it_is_made_and_the_journal_tells_of_the_beginning(environment: Environment) -> None:
    async def conversation(client: Client) -> None:
        await begin(client)
        assert journal(environment) == [("feed", 200, None)]
        assert meta.get(environment.database, "fact") == "begun"
        client.feed.pieces.put_nowait(b"<two/>")
        assert (await client.next())["body"] == b"<two/>"
        client.feed.pieces.put_nowait(None)
        assert await client.next() == END
        await client.ended()
        assert not client.aborted
        assert len(journal(environment)) == 1

    converse(environment, conversation)


def test_it_ends_when_its_client_goes_away(environment: Environment) -> None:
    async def conversation(client: Client) -> None:
        await begin(client)
        client.leave()
        await client.ended()

    converse(environment, conversation)


def test_it_ends_at_once_when_the_listener_ends(environment: Environment) -> None:
    async def conversation(client: Client) -> None:
        await begin(client)
        client.gate.end_streams()
        assert await client.next() == END
        await client.ended()

    converse(environment, conversation)


def test_one_that_begins_when_the_listener_has_ended_ends_at_once(environment: Environment) -> None:
    async def conversation(client: Client) -> None:
        client.gate.end_streams()
        client.feed.pieces.put_nowait(b"never sent")
        client.ask()
        assert (await client.next())["status"] == 200
        assert await client.next() == END
        await client.ended()

    converse(environment, conversation)


def test_one_that_breaks_closes_the_connection_and_keeps_its_message_out_of_the_log(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation(client: Client) -> None:
        await begin(client)
        client.feed.pieces.put_nowait(RuntimeError("canary"))
        await client.ended()
        assert client.aborted
        assert client.sent.empty()

    with caplog.at_level(logging.ERROR, "imp_emulator"):
        converse(environment, conversation)
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(("kind", "begun"), [(EffectKind.DROP, None), (EffectKind.DROP_AFTER, "begun")])
def test_a_fault_takes_it_away_before_it_begins(environment: Environment, kind: EffectKind, begun: str | None) -> None:
    environment.faults.active.append(Fault(0, Effect(kind)))

    async def conversation(client: Client) -> None:
        client.ask()
        await asyncio.wait_for(client.request, 5)
        assert client.aborted
        assert client.sent.empty()
        assert client.feed.closed == (1 if begun else 0)

    converse(environment, conversation)
    assert meta.get(environment.database, "fact") == begun
    assert journal(environment)[0][2] == kind.value


def test_an_injected_status_is_an_ordinary_answer(environment: Environment) -> None:
    environment.faults.active.append(Fault(0, Effect(EffectKind.STATUS, 503, 7)))

    async def conversation(client: Client) -> None:
        client.ask()
        start = await client.next()
        assert start["status"] == 503
        assert (b"Retry-After", b"7") in start["headers"]
        assert (await client.next())["body"] == b"Injected fault"
        await asyncio.wait_for(client.request, 5)

    converse(environment, conversation)
