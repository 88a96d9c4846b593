# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Console and control plane of an environment, listening in this process and who has its link."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from imp_emulator.console import app
from imp_emulator.console.app import Front
from imp_emulator.console.live import Live
from imp_emulator.control.app import Control, application
from imp_emulator.pipeline.request import Application, Message, Receive, Scope, Send
from imp_emulator.serving.listeners import Server
from imp_emulator.world.environment import Environment
from imp_emulator.world.snapshots import INITIAL, Snapshots

TOKEN = "token-of-the-test"


@dataclass
class Recorder:
    """Stands before the control plane, and keeps the calls that come."""

    app: Application
    calls: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep method, path as it was sent, and body; pass the call on."""
        message = await receive()
        self.calls.append((scope["method"], scope["raw_path"].decode(), message["body"]))
        waiting: list[Message] = [message]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, again, send)


@dataclass
class Visitor:
    """Somebody who has opened the link.

    Attributes:
        client: Keeps the cookies; follows no redirect.
        calls: What the control plane was asked: method, path as it was sent, body.
    """

    client: httpx.AsyncClient
    calls: list[tuple[str, str, bytes]]
    live: Live


@asynccontextmanager
async def opened(environment: Environment, folder: Path) -> AsyncIterator[Visitor]:
    """Serve and visit; ``folder`` is where snapshots may stand."""
    snapshots = Snapshots(environment.database, folder / "snapshots")
    if INITIAL not in snapshots.names():
        snapshots.take_initial()
    plane = Control(environment, snapshots, {"axl": ["getUser"]}, TOKEN)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        live, recorder = Live(environment), Recorder(application(plane))
        server = Server(Front(app.application(plane, live, url), recorder), listening)
        await server.start()
        try:
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
                await client.get("/", params={"token": TOKEN})
                yield Visitor(client, recorder.calls, live)
        finally:
            live.close()
            await server.stop()


def visit(environment: Environment, folder: Path, use: Callable[[Visitor], Awaitable[None]]) -> None:
    """Have a visitor do something."""

    async def come() -> None:
        async with opened(environment, folder) as visitor:
            await use(visitor)

    asyncio.run(come())
