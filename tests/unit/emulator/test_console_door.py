# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets to the console: the link, the cookie, the header Host, the origin of a form; and what every answer says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from imp_emulator import cli
from imp_emulator.console.app import Front, application
from imp_emulator.console.live import Live
from imp_emulator.console.pages import PAGES
from imp_emulator.control.app import Control
from imp_emulator.control.app import application as control_plane
from imp_emulator.world.environment import Environment
from imp_emulator.world.snapshots import Snapshots

TOKEN = "token-of-the-test"
HOST = "127.0.0.1:8080"
LINK = f"/?token={TOKEN}"

Use = Callable[[httpx.AsyncClient], Awaitable[None]]
Visit = Callable[[Use], None]


@asynccontextmanager
async def client(environment: Environment, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    plane = Control(environment, Snapshots(environment.database, folder / "snapshots"), {}, TOKEN)
    front = Front(application(plane, Live(environment), f"http://{HOST}"), control_plane(plane))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url=f"http://{HOST}") as found:
        yield found


@pytest.fixture
def visit(emulated: Environment, tmp_path: Path) -> Visit:
    """A function that has a visitor do something; the visitor keeps cookies, and follows no redirect."""

    async def come(use: Use) -> None:
        async with client(emulated, tmp_path) as visitor:
            await use(visitor)

    return lambda use: asyncio.run(come(use))


def test_the_link_gives_a_cookie_that_is_not_the_token(visit: Visit) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        entered = await visitor.get(LINK)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/")
        (given,) = entered.headers.get_list("set-cookie")
        assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in given.split(";")}
        assert TOKEN not in given
        assert not re.search("max-age|expires", given, re.IGNORECASE), "it would stay when the run is over"
        assert (await visitor.get("/console/state")).status_code == 200
        assert (await visitor.get("/")).headers["location"] == "/console/"
        # It opens the page and no call of the control plane.
        assert (await visitor.get("/clock")).status_code == 401

    visit(use)


def test_nobody_gets_in_without_link_or_cookie(visit: Visit) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        for path in ("/", "/console", "/?token=wrong", "/?token=", *(f"/console{page.path}" for page in PAGES)):
            refused = await visitor.get(path)
            assert (refused.status_code, "set-cookie" in refused.headers) == (401, False), path
        for path in ("/console/events", "/console/language/ja", "/console/nothing", "/console/static/nothing"):
            assert (await visitor.get(path)).status_code == 401, path
        assert (await visitor.post("/console/do/reset")).status_code == 401

    visit(use)


@pytest.mark.parametrize("host", ["emulator.example.com:8080", "127.0.0.1.example.com", "192.0.2.1", "", "[::1"])
def test_another_name_than_this_machines_own_is_refused(visit: Visit, host: str) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        for method, path in (("GET", LINK), ("GET", "/console/"), ("POST", "/console/do/reset")):
            refused = await visitor.request(method, path, headers={"Host": host})
            assert (refused.status_code, "set-cookie" in refused.headers) == (421, False), path

    visit(use)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.2"])
def test_this_machines_own_names_are_not(visit: Visit, host: str) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        assert (await visitor.get(LINK, headers={"Host": host})).status_code == 303

    visit(use)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # Let in, where there is no such action.
        ({"Origin": f"http://{HOST}"}, 422),
        ({}, 422),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_of_another_site_does_nothing(visit: Visit, headers: dict[str, str], status: int) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        answer = await visitor.post("/console/do/no-such-action", data={}, headers=headers)
        assert answer.status_code == status

    visit(use)


def test_every_answer_forbids_what_the_page_does_not_need(visit: Visit) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        answers = [await visitor.get("/console/"), await visitor.get(LINK)]
        answers += [await visitor.get(path) for path in ("/console/state", "/console/language/en")]
        answers.append(await visitor.post("/console/do/no-such-action"))
        for answer in answers:
            policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
            assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
            assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"

    visit(use)


@pytest.mark.parametrize(
    ("back", "place"),
    [
        ("/console/journal?writes=yes", "/console/journal?writes=yes"),
        ("//elsewhere.example", "/console/"),
        ("https://elsewhere.example/console/", "/console/"),
        ("", "/console/"),
    ],
)
def test_a_language_leads_back_to_the_page_and_nowhere_else(visit: Visit, back: str, place: str) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        answer = await visitor.get("/console/language/ja", params={"back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        assert 'lang="ja"' in (await visitor.get("/console/state")).text

    visit(use)


@pytest.mark.parametrize("language", ["tlh", "%E6%97%A5%E6%9C%AC", "a%0d%0aSet-Cookie:%20x=y"])
def test_a_language_that_there_is_not_is_not_found(visit: Visit, language: str) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        answer = await visitor.get(f"/console/language/{language}")
        assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)

    visit(use)


@pytest.mark.parametrize(
    "body", [b"\xff=1", b"x" * 70_000, b"&".join(b"a=1" for _ in range(60)), b"back=javascript:alert(1)"]
)
def test_a_form_that_says_nothing_does_nothing(visit: Visit, body: bytes) -> None:
    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        answer = await visitor.post("/console/do/advance-clock", content=body)
        assert answer.status_code == 422
        assert "javascript:" not in answer.text

    visit(use)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"http://{HOST}", f"http://{HOST}{LINK}"),
        ("http://[::1]:8080", f"http://[::1]:8080{LINK}"),
        ("http://192.0.2.2:8080", "none, it opens at a loopback address only"),
    ],
)
def test_a_link_that_would_be_refused_is_not_told(url: str, told: str) -> None:
    places: dict[str, object] = {key: {} for key in ("clusters", "exchange", "certification_authorities")}
    content = {"pid": 1, "control": {"url": url, "token": TOKEN}, "exchange_online": None, **places}
    (line,) = [line for line in cli._told(Path("ready.json"), content) if line.startswith("Console:")]
    assert line == f"Console:       {told}"


def test_two_emulators_are_open_in_one_browser(visit: Visit, emulated: Environment, tmp_path: Path) -> None:
    """A browser gives cookies to every port of a machine; the second one must not put out the first."""

    async def use(visitor: httpx.AsyncClient) -> None:
        await visitor.get(LINK)
        plane = Control(emulated, Snapshots(emulated.database, tmp_path / "snapshots"), {}, "another")
        other = application(plane, Live(emulated), "http://127.0.0.1:9090")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://127.0.0.1:9090") as second:
            second.cookies = visitor.cookies
            await second.get("/?token=another")
            assert (await second.get("/console/state")).status_code == 200
            visitor.cookies = second.cookies
        assert (await visitor.get("/console/state")).status_code == 200

    visit(use)
