# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that begins something and does not go on loses its connection; one that is only idle keeps it for longer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from imp_emulator.pipeline.request import Receive, Scope, Send
from imp_emulator.serving import connection, listeners
from imp_emulator.serving.listeners import Server

SHORT = 0.2
LARGE = 64 * 1024 * 1024
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request, and answer with much where the path says so."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    size = LARGE if scope["path"] == "/much" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
    await send({"type": "http.response.body", "body": b"x" * size})


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(answer, listener)
    await server.start()
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.stop()


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "second"])
@pytest.mark.parametrize(
    "begun",
    [b"", b"\r\n", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"],
    ids=["nothing", "blank-line", "head", "body"],
)
def test_what_is_begun_has_to_arrive(before: bytes, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ARRIVAL_SECONDS", SHORT)
    monkeypatch.setattr(listeners, "_KEEP_ALIVE_SECONDS", SHORT)

    async def closed() -> bytes:
        async with connected() as (reader, writer):
            if before:
                writer.write(before)
                await reader.readuntil(b"xx")
            writer.write(begun)
            return await reader.read()

    assert asyncio.run(asyncio.wait_for(closed(), 30)) == b""


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ARRIVAL_SECONDS", SHORT)
    gone = asyncio.Event()

    class Watched(connection.HttpConnection):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            gone.set()

    monkeypatch.setattr("imp_emulator.serving.listeners.HttpConnection", Watched)

    async def lost() -> None:
        async with connected() as (_reader, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
            await gone.wait()

    asyncio.run(asyncio.wait_for(lost(), 30))


def test_an_idle_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ARRIVAL_SECONDS", SHORT)

    async def asked_twice() -> bytes:
        async with connected() as (reader, writer):
            writer.write(WHOLE)
            first = await reader.readuntil(b"xx")
            # Longer than a request may take to arrive: the time that passes is what is tested.
            await asyncio.sleep(2 * SHORT)
            writer.write(WHOLE)
            return first + await reader.readuntil(b"xx")

    assert asyncio.run(asyncio.wait_for(asked_twice(), 30)).count(b"200 OK") == 2
