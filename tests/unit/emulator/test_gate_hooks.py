# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the choke point does for a protocol: count requests under way, undo a success, answer with its errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from imp_emulator.pipeline.gate import Gate
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import meta
from imp_emulator.store.database import Database
from imp_emulator.wire.http.iis import error_page
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import ServicePace


class Counting:
    """Lets one request at a time through; the operation is the path."""

    name = "counting"
    operations: ClassVar[Mapping[str, bool]] = {}

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.under_way = 0
        self.counted, self.run = asyncio.Event(), asyncio.Event()
        self.seen: list[int] = []

    def owns(self, path: str) -> bool:
        return path.startswith("/")

    def authenticate(self, request: Request) -> Response | None:
        return Response(401, challenges=("Negotiate", "NTLM")) if request.path == "/stranger" else None

    def route(self, request: Request) -> Operation:
        name = request.path.strip("/")

        def run() -> Response:
            self.seen.append(self.under_way)
            self.run.set()
            meta.put(self._environment.database, "fact", name)
            if name == "burst":
                raise RuntimeError
            return Response(200, name.encode(), undo=name == "undone")

        refuse = (lambda code, values: Response(500, f"{code} {dict(values)}".encode())) if name != "plain" else None
        return Operation(name, True, run, flight=self._flight(), refuse=refuse)

    def failure(self, _request: Request, status: int, message: str) -> Response:
        return Response(status, message.encode())

    @contextmanager
    def _flight(self) -> Iterator[Response | None]:
        if self.under_way:
            yield Response(503, b"too many")
            return
        self.under_way += 1
        self.counted.set()
        try:
            yield None
        finally:
            self.under_way -= 1


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(Database(tmp_path / "state.sqlite3"), Clock(), ServicePace(), Scenario((), ()))


class Client:
    """Sends requests through a gate; ``sending`` is awaited before the answer's body is taken."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.protocol = Counting(environment)
        self.sending: asyncio.Event | None = None
        self._gate = Gate(environment, "", "mail1", 443, [self.protocol], error_page)

    async def ask(self, path: str) -> tuple[int, bytes, list[bytes]]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        held = self.sending

        async def send(message: Any) -> None:
            if held is not None:
                await held.wait()
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "extensions": {}}
        await self._gate(scope, receive, send)
        challenges = [value for name, value in sent[0]["headers"] if name == b"www-authenticate"]
        return sent[0]["status"], sent[1]["body"], challenges


def journal(environment: Environment) -> list[tuple[Any, ...]]:
    return [(entry.operation, entry.status, entry.fault) for entry in environment.journal.entries({})[0]]


def inject(environment: Environment, effect: Effect) -> None:
    environment.faults.active.append(Fault(1, effect, times=1))


def test_a_request_that_a_fault_delays_is_under_way(environment: Environment) -> None:
    client = Client(environment)
    inject(environment, Effect(EffectKind.DELAY, seconds=0.05))

    async def both() -> None:
        held = asyncio.create_task(client.ask("/first"))
        await asyncio.wait_for(client.protocol.counted.wait(), 10)
        assert (await client.ask("/second"))[:2] == (503, b"too many")
        assert (await held)[0] == 200
        assert (await client.ask("/third"))[0] == 200

    asyncio.run(both())
    assert client.protocol.seen == [1, 1]
    assert journal(environment) == [("second", 503, None), ("first", 200, "delay"), ("third", 200, None)]


def test_a_request_is_under_way_until_its_answer_is_sent(environment: Environment) -> None:
    client = Client(environment)

    async def both() -> None:
        slow = client.sending = asyncio.Event()
        held = asyncio.create_task(client.ask("/first"))
        await asyncio.wait_for(client.protocol.run.wait(), 10)
        client.sending = None
        assert (await client.ask("/second"))[0] == 503
        slow.set()
        await held
        assert client.protocol.under_way == 0

    asyncio.run(both())


def test_a_request_that_breaks_is_under_way_no_more(environment: Environment) -> None:
    client = Client(environment)
    assert asyncio.run(client.ask("/burst"))[0] == 500
    assert client.protocol.under_way == 0


def test_an_answer_without_an_error_status_can_be_undone(environment: Environment) -> None:
    client = Client(environment)
    assert asyncio.run(client.ask("/undone"))[:2] == (200, b"undone")
    assert meta.get(environment.database, "fact") is None
    assert journal(environment) == [("undone", 200, None)]
    assert environment.answered == {}
    assert asyncio.run(client.ask("/done"))[0] == 200
    assert meta.get(environment.database, "fact") == "done"


def test_an_error_of_the_protocol_is_injected_where_it_has_such(environment: Environment) -> None:
    client = Client(environment)
    effect = Effect(EffectKind.ERROR, code="ErrorServerBusy", values={"a": "b"})
    inject(environment, effect)
    assert asyncio.run(client.ask("/x"))[:2] == (500, b"ErrorServerBusy {'a': 'b'}")
    environment.faults.clear()
    inject(environment, effect)
    assert asyncio.run(client.ask("/plain"))[:2] == (503, b"Injected fault")
    assert client.protocol.seen == []
    assert journal(environment) == [("x", 500, "error"), ("plain", 503, "error")]


def test_each_way_to_log_in_has_a_header_of_its_own(environment: Environment) -> None:
    status, _, challenges = asyncio.run(Client(environment).ask("/stranger"))
    assert (status, challenges) == (401, [b"Negotiate", b"NTLM"])
