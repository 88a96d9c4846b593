# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choke point, with a small protocol of the test's own behind it."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from imp_emulator.pipeline.gate import ABORT, Gate
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import meta
from imp_emulator.store.database import Database
from imp_emulator.wire.http import asgi
from imp_emulator.wire.http.tomcat import error_page
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import ServicePace

LIMIT = 1000
Trouble = Callable[[Environment], AbstractContextManager[None]]


class Echo:
    """Sets facts; the operation is the last part of the path, the caller the header ``user``."""

    name = "echo"
    operations: ClassVar[Mapping[str, bool]] = {"look": False, "put": True}

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def owns(self, path: str) -> bool:
        return path.startswith("/echo/")

    def authenticate(self, request: Request) -> Response | None:
        request.caller = request.headers.get("user")
        return None if request.caller else self.failure(request, 401, "who are you")

    def route(self, request: Request) -> Operation:
        operation = request.path.rsplit("/", 1)[1]
        run: Callable[[], Response] = getattr(self, f"_{operation}", lambda: self.failure(request, 404, "no such"))
        if operation in ("put", "fail", "burst"):
            return Operation(operation, True, lambda: self._change(request, operation))
        return Operation(operation, False, run)

    def _look(self) -> Response:
        return Response(200, b"seen")

    def _change(self, request: Request, operation: str) -> Response:
        meta.put(self._environment.database, "fact", request.body.decode())
        if operation == "burst":
            raise RuntimeError(request.body)
        return (
            self.failure(request, 409, "refused")
            if operation == "fail"
            else Response(200, b"done", cookies=("a=1", "b=2"))
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        return Response(status, json.dumps({"error": message}).encode(), "application/json")


class EchoApplication(Echo):
    """The same, decoded by an ASGI application."""

    name = "application"

    def owns(self, path: str) -> bool:
        return path.startswith("/app/")

    def route(self, request: Request) -> Operation:
        answers: list[Response | None] = []
        state = {"request": request}

        async def decode() -> None:
            answers.append(await asgi.ask(self._app, request, state))

        def run() -> Response:
            meta.put(self._environment.database, "fact", f"{request.caller} {request.body.decode()}")
            assert answers[0] is not None
            return answers[0]

        return Operation(request.path.rsplit("/", 1)[1], True, run, decode)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        request = scope["state"]["request"]
        assert request.body == body
        if request.path.endswith("burst"):
            raise RuntimeError(body)
        headers = [(b"Content-Type", b"text/x"), (b"etag", b"7"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        await send({"type": "http.response.body", "body": b"k"})
        assert (await receive())["type"] == "http.disconnect"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(Database(tmp_path / "state.sqlite3"), Clock(), ServicePace(), Scenario((), ()))


class Answer:
    """What came back; ``status`` 0 when the connection was closed."""

    def __init__(self, messages: list[Any]) -> None:
        start: Any = messages[0] if messages else {"status": 0, "headers": []}
        self.status: int = start["status"]
        self.headers: list[tuple[bytes, bytes]] = start["headers"]
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    def header(self, name: bytes) -> list[bytes]:
        return [value for found, value in self.headers if found.lower() == name]


def ask(
    environment: Environment, path: str, *chunks: bytes, user: str | None = "axladmin", gone: bool = False
) -> Answer:
    """Send one request through a gate."""
    gate = Gate(environment, "dc1", "node", 8443, [Echo(environment), EchoApplication(environment)], error_page, LIMIT)
    received = [{"type": "http.request", "body": c, "more_body": i < len(chunks)} for i, c in enumerate(chunks, 1)]
    received = received or [{"type": "http.request", "body": b"", "more_body": False}]
    if gone:
        received[-1] = {"type": "http.disconnect"}
    sent: list[Any] = []
    aborted: list[bool] = []

    async def receive() -> Any:
        return received.pop(0) if received else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"a=1&a=2&b=",
        "headers": [(b"user", user.encode())] if user else [],
        "extensions": {ABORT: lambda: aborted.append(True)},
    }
    asyncio.run(gate(scope, receive, send))
    assert not (sent and aborted)
    return Answer(sent)


def journal(environment: Environment) -> list[tuple[Any, ...]]:
    shown = ("protocol", "operation", "caller", "write", "status", "fault")
    return [tuple(getattr(entry, name) for name in shown) for entry in environment.journal.entries({})[0]]


def fact(environment: Environment) -> str | None:
    return meta.get(environment.database, "fact")


def inject(environment: Environment, effect: Effect, **match: Any) -> None:
    environment.faults.active.append(Fault(environment.faults.next_id(), effect, **match))


def test_a_request_is_handled_and_journaled(environment: Environment) -> None:
    answer = ask(environment, "/echo/put", b"re", b"d")
    assert (answer.status, answer.body) == (200, b"done")
    assert answer.header(b"set-cookie") == [b"a=1", b"b=2"]
    assert answer.header(b"content-length") == [b"4"]
    assert fact(environment) == "red"
    assert journal(environment) == [("echo", "put", "axladmin", True, 200, None)]


def test_a_refused_caller_is_journaled_and_changes_nothing(environment: Environment) -> None:
    assert ask(environment, "/echo/put", b"red", user=None).status == 401
    assert fact(environment) is None
    assert journal(environment) == [("echo", "authenticate", None, False, 401, None)]


def test_a_path_that_no_protocol_owns_is_not_found(environment: Environment) -> None:
    answer = ask(environment, "/other")
    assert answer.status == 404
    assert b"HTTP Status 404" in answer.body
    assert journal(environment) == [("", "", None, False, 404, None)]


def test_an_error_answer_undoes_what_the_call_did(environment: Environment) -> None:
    assert ask(environment, "/echo/fail", b"red").status == 409
    assert fact(environment) is None
    assert journal(environment) == [("echo", "fail", "axladmin", True, 409, None)]


@pytest.mark.parametrize(("path", "protocol"), [("/echo/burst", "echo"), ("/app/burst", "application")])
def test_an_internal_error_is_undone_answered_and_tells_nothing(
    environment: Environment, caplog: pytest.LogCaptureFixture, path: str, protocol: str
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = ask(environment, path, b"swordfish")
    assert answer.status == 500
    assert json.loads(answer.body) == {"error": "Internal error of the emulator"}
    assert fact(environment) is None
    assert journal(environment) == [(protocol, "burst", "axladmin", True, 500, None)]
    assert "RuntimeError" in caplog.text
    assert "swordfish" not in caplog.text


@pytest.mark.parametrize("chunks", [(b"x" * (LIMIT + 1),), (b"x" * 600, b"x" * 600), (b"x" * 900,) * 50])
def test_an_oversized_body_is_refused_in_the_protocols_form(
    environment: Environment, chunks: tuple[bytes, ...]
) -> None:
    answer = ask(environment, "/echo/put", *chunks)
    assert answer.status == 413
    assert b"exceeds 1000 bytes" in answer.body
    assert answer.header(b"connection") == [b"close"]
    assert fact(environment) is None
    assert journal(environment) == [("echo", "", None, False, 413, None)]
    assert ask(environment, "/other", *chunks).status == 413


def test_a_body_of_just_the_limit_passes(environment: Environment) -> None:
    assert ask(environment, "/echo/put", b"x" * LIMIT).status == 200


def test_a_client_that_goes_away_has_done_nothing(environment: Environment) -> None:
    assert ask(environment, "/echo/put", b"half", b"", gone=True).status == 0
    assert fact(environment) is None
    assert journal(environment) == []


def test_a_status_fault_answers_instead_of_handling(environment: Environment) -> None:
    inject(environment, Effect(EffectKind.STATUS, status=503, retry_after=2), operation="put", times=1)
    assert ask(environment, "/echo/other", b"").status == 404
    answer = ask(environment, "/echo/put", b"red")
    assert (answer.status, answer.header(b"retry-after")) == (503, [b"2"])
    assert fact(environment) is None
    assert ask(environment, "/echo/put", b"red").status == 200
    assert journal(environment)[1:] == [
        ("echo", "put", "axladmin", True, 503, "status"),
        ("echo", "put", "axladmin", True, 200, None),
    ]


@pytest.mark.parametrize("path", ["/echo/put", "/app/put"])
def test_a_drop_closes_before_and_a_drop_after_closes_behind_the_change(environment: Environment, path: str) -> None:
    inject(environment, Effect(EffectKind.DROP), times=1)
    assert ask(environment, path, b"red").status == 0
    assert fact(environment) is None
    inject(environment, Effect(EffectKind.DROP_AFTER), times=1)
    assert ask(environment, path, b"red").status == 0
    assert str(fact(environment)).endswith("red")
    assert [entry[4:] for entry in journal(environment)] == [
        (0, "drop"),
        (201 if path.startswith("/app") else 200, "drop_after"),
    ]


def test_a_delay_waits_and_then_handles(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("imp_emulator.pipeline.gate.asyncio.sleep", sleep)
    inject(environment, Effect(EffectKind.DELAY, seconds=1.5))
    assert ask(environment, "/echo/put", b"red").status == 200
    assert waited == [1.5]
    assert journal(environment) == [("echo", "put", "axladmin", True, 200, "delay")]


def test_a_fault_of_another_node_or_protocol_does_not_strike(environment: Environment) -> None:
    for match in ({"cluster": "dc2"}, {"node": "other"}, {"protocol": "axl"}, {"operation": "read"}):
        inject(environment, Effect(EffectKind.DROP), **match)
    assert ask(environment, "/echo/put", b"red").status == 200


def test_an_application_sees_call_and_body_and_its_answer_passes(environment: Environment) -> None:
    answer = ask(environment, "/app/put", b"re", b"d")
    assert (answer.status, answer.body) == (201, b"ok")
    assert answer.header(b"content-type") == [b"text/x"]
    assert answer.header(b"content-length") == [b"2"]
    assert answer.header(b"etag") == [b"7"]
    assert fact(environment) == "axladmin red"
    assert journal(environment) == [("application", "put", "axladmin", True, 201, None)]


def test_other_asgi_events_are_left_alone(environment: Environment) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError("nothing is to be read or sent")

    asyncio.run(Gate(environment, "dc1", "node", 8443, [], error_page)({"type": "websocket"}, never, never))


@contextmanager
def locked(environment: Environment) -> Iterator[None]:
    """Another process is writing the state file."""
    environment.database.execute("PRAGMA busy_timeout=0")
    with closing(sqlite3.connect(environment.database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def read_only(environment: Environment) -> Iterator[None]:
    environment.database.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        environment.database.execute("PRAGMA query_only=OFF")


@contextmanager
def full(environment: Environment) -> Iterator[None]:
    """No journal entry finds room: each needs a new page, and the file may not grow."""
    row = environment.database.one("PRAGMA page_count")
    assert row is not None
    environment.database.execute(f"PRAGMA max_page_count={row[0]}")
    try:
        yield
    finally:
        environment.database.execute("PRAGMA max_page_count=1000000")


@contextmanager
def full_at_the_end(environment: Environment) -> Iterator[None]:
    """The disk takes no byte more, which SQLite notices when it commits."""
    log = environment.database.path.with_name(environment.database.path.name + "-wal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


TROUBLES = [
    pytest.param(locked, "SQLITE_BUSY", id="locked"),
    pytest.param(read_only, "SQLITE_READONLY", id="read-only"),
    pytest.param(full, "SQLITE_FULL", id="full"),
    pytest.param(full_at_the_end, "SQLITE_IOERR_WRITE", id="full at the commit"),
]
LONG = "x" * 10_000
"""A caller whose name fills pages of the journal."""


def missed(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "without an entry" in record.getMessage()]


@pytest.mark.parametrize(("trouble", "kind"), TROUBLES)
def test_a_read_is_answered_without_its_entry_and_that_is_logged_once(
    environment: Environment, caplog: pytest.LogCaptureFixture, trouble: Trouble, kind: str
) -> None:
    assert ask(environment, "/echo/put", b"before").status == 200
    with trouble(environment), caplog.at_level(logging.ERROR):
        for _ in range(3):
            answer = ask(environment, "/echo/look", user=LONG)
            assert (answer.status, answer.body) == (200, b"seen")
        assert ask(environment, "/echo/look", user=None).status == 401
        assert ask(environment, "/nowhere", user=LONG).status == 404
        assert ask(environment, "/echo/look", b"x" * (LIMIT + 1), user=LONG).status == 413
    (text,) = missed(caplog)
    assert kind in text
    assert LONG not in text
    assert ask(environment, "/echo/look").status == 200
    assert environment.answered["echo", "look"] == 4
    looked = [entry for entry in journal(environment) if entry[1] == "look"]
    assert looked == [("echo", "look", "axladmin", False, 200, None)]


@pytest.mark.parametrize(("trouble", "kind"), TROUBLES)
@pytest.mark.parametrize("path", ["/echo/put", "/app/put"])
def test_a_write_whose_entry_cannot_be_written_is_undone_and_an_internal_error(
    environment: Environment, caplog: pytest.LogCaptureFixture, trouble: Trouble, kind: str, path: str
) -> None:
    assert ask(environment, path, b"before").status < 300
    before = fact(environment)
    with trouble(environment), caplog.at_level(logging.ERROR):
        answer = ask(environment, path, b"later", user=LONG)
    assert answer.status == 500
    assert json.loads(answer.body) == {"error": "Internal error of the emulator"}
    assert fact(environment) == before
    assert "internal error in" in caplog.text
    (text,) = missed(caplog)
    assert kind in text
    assert [entry[1:] for entry in journal(environment)] == [("put", "axladmin", True, 200 + ("app" in path), None)]
    assert ask(environment, path, b"after").status < 300
    assert str(fact(environment)).endswith("after")


def test_a_request_never_joins_the_transaction_of_another(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    with environment.database.transaction(), caplog.at_level(logging.ERROR):
        with pytest.raises(RuntimeError, match="transaction of another one was open"):
            ask(environment, "/echo/put", b"red")
        meta.put(environment.database, "other", "kept")
    assert meta.get(environment.database, "other") == "kept"
    assert fact(environment) is None
    assert "RuntimeError" in caplog.text


def test_others_are_answered_while_an_operation_is_prepared(environment: Environment) -> None:
    """What an operation awaits comes before its transaction, so a request in between has one of its own."""
    waiting, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Echo):
        def route(self, request: Request) -> Operation:
            async def prepare() -> None:
                waiting.set()
                await go_on.wait()

            operation = super().route(request)
            return Operation(operation.name, operation.write, operation.run, prepare)

    async def both() -> list[bytes]:
        slow = asyncio.create_task(answered(Gate(environment, "dc1", "n", 1, [Slow(environment)], error_page), b"slow"))
        await waiting.wait()
        quick = await answered(Gate(environment, "dc1", "n", 1, [Echo(environment)], error_page), b"quick")
        between = str(fact(environment)).encode()
        go_on.set()
        return [quick, between, await slow, str(fact(environment)).encode()]

    async def answered(gate: Gate, body: bytes) -> bytes:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await gate(
            {"type": "http", "method": "POST", "path": "/echo/put", "query_string": b"", "headers": [(b"user", b"u")]},
            receive,
            send,
        )
        return Answer(sent).body

    assert asyncio.run(both()) == [b"done", b"quick", b"done", b"slow"]
    assert [entry[4] for entry in journal(environment)] == [200, 200]
