# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's stream: it tells what is new, once, to all who look, and ends; and methods that nobody expects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from imp_emulator.console.live import Live
from imp_emulator.console.pages import PAGES
from imp_emulator.console.session import is_own_origin
from imp_emulator.store.journal import Entry
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import Pace, Rule
from tests.support import console_door
from tests.support.console_door import Visitor

CHANGED = "event: changed\ndata: \n\n"
LONG = 20
"""Seconds; nothing here takes that long unless it never comes."""
Change = Callable[[Environment], Awaitable[None]]


async def next_of(events: AsyncIterator[str], wanted: str) -> list[str]:
    """Return what comes before an event."""
    before: list[str] = []
    async with asyncio.timeout(LONG):
        async for event in events:
            if event.startswith(wanted):
                return before
            before.append(event)
    raise AssertionError(f"the stream has ended before {wanted}")


async def journal(environment: Environment) -> None:
    environment.journal.append(Entry(0.0, "dc1", "imp-pub", "axl", "POST", "getUser", None, False, 200))


async def fault(environment: Environment) -> None:
    environment.faults.active.append(Fault(id=1, effect=Effect(EffectKind.DROP)))


async def hit(environment: Environment) -> None:
    await fault(environment)
    environment.faults.strike("dc1", "imp-pub", "axl", "getUser")


async def pace(environment: Environment) -> None:
    environment.pace.set(Rule(Pace.HANG, 0, None, None))


async def clock(environment: Environment) -> None:
    await environment.scheduler.advance(60)


async def run(environment: Environment) -> None:
    await environment.scheduler.change_clock(lambda clock: clock.freeze(False))


@pytest.mark.parametrize("change", [journal, fault, hit, pace, clock, run])
def test_whatever_changes_is_told(emulated: Environment, change: Change) -> None:
    live = Live(emulated)

    async def look() -> None:
        async with aclosing(live.events(live.stamp())) as events:
            await next_of(events, "event: clock")
            await change(emulated)
            await next_of(events, CHANGED)

    asyncio.run(look())


def test_a_page_that_is_up_to_date_is_left_alone(emulated: Environment) -> None:
    live = Live(emulated)

    async def look() -> None:
        async with aclosing(live.events(live.stamp())) as events, aclosing(live.events("an old page")) as old:
            await next_of(events, "event: clock")
            now = f"{emulated.clock.now():%Y-%m-%d %H:%M:%S}"
            assert await next_of(old, CHANGED) == ["retry: 1000\n\n", f"event: clock\ndata: {now}\n\n"]
            await fault(emulated)
            assert await next_of(events, CHANGED) == []
            await next_of(old, CHANGED)
            live.close()
            assert [event async for event in events] == []

    asyncio.run(look())


def test_all_streams_end_when_the_emulator_does(emulated: Environment) -> None:
    live = Live(emulated)

    async def read(number: int) -> int:
        return len([event async for event in live.events(f"page {number}")])

    async def look() -> list[int]:
        readers = [asyncio.create_task(read(number)) for number in range(5)]
        await asyncio.sleep(0)
        live.close()
        async with asyncio.timeout(LONG):
            return await asyncio.gather(*readers)

    assert all(asyncio.run(look()))


def test_another_run_makes_every_page_old(emulated: Environment) -> None:
    assert Live(emulated).stamp() != Live(emulated).stamp()
    live = Live(emulated)
    assert live.stamp() == live.stamp()


def test_the_stream_is_one_of_events_and_ends_with_the_server(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        async with visitor.client.stream("GET", "/console/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            lines = answer.aiter_lines()
            await next_of(lines, "event: changed")
            visitor.live.close()
            assert [line async for line in lines if line] == ["data: "]

    console_door.visit(emulated, tmp_path, use)


@pytest.mark.parametrize("path", ["/console/do/reset", "/clock/advance"])
def test_what_the_end_cuts_off_makes_no_noise(
    emulated: Environment, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """A request that does not end by itself is given up, at console and control plane: a word, and no traceback."""

    async def use() -> bytes:
        async with console_door.opened(emulated, tmp_path) as visitor:
            url = visitor.client.base_url
            reader, writer = await asyncio.open_connection(url.host, url.port)
            cookies = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
            who = f"Cookie: {cookies}\r\nAuthorization: Bearer {console_door.TOKEN}"
            head = f"POST {path} HTTP/1.1\r\nHost: {url.host}\r\n{who}\r\nContent-Length: 9\r\n\r\n"
            writer.write(f"{head}{{".encode())
            # What comes after it was begun after it.
            await visitor.client.get("/console/state")
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    assert asyncio.run(use()) == b""
    assert [found.getMessage() for found in caplog.records if found.exc_info] == []
    assert "Cancel 1 running task" in caplog.text


def test_a_head_request_ends_everywhere(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        paths = ["/console/events", *(f"/console{page.path}" for page in PAGES if "{" not in page.path)]
        for path in [*paths, "/console/journal/export.har", "/console/static/style.css"]:
            async with asyncio.timeout(LONG):
                answer = await visitor.client.head(path)
            assert (answer.status_code, answer.content) == (200, b""), path

    console_door.visit(emulated, tmp_path, use)


def test_a_page_is_only_read(emulated: Environment, tmp_path: Path) -> None:
    async def use(visitor: Visitor) -> None:
        for path in (
            "/console/events",
            "/console/",
            "/console/state",
            "/console/language/en",
            "/console/journal/export.har",
        ):
            for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
                answer = await visitor.client.request(method, path)
                assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
                assert "This address can only be read." in answer.text, (method, path)
                assert "content-security-policy" in answer.headers
        for path in (
            "/console/nothing",
            "/console/do/",
            "/console/do/reset/x",
            "/console/static/../app.py",
            "/console/static/",
        ):
            answer = await visitor.client.get(path, headers={"Accept-Language": "ja"})
            assert answer.status_code == 404, path
            assert "このページはありません。" in answer.text, path
            assert '<a href="/console/">' in answer.text
            assert "content-security-policy" in answer.headers
        assert visitor.calls == []

    console_door.visit(emulated, tmp_path, use)


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "x", "", "http://127.0.0.1:8080.example.com", "//"])
def test_an_odd_origin_is_another_site(origin: str) -> None:
    assert not is_own_origin({"origin": origin, "host": "127.0.0.1:8080"})
