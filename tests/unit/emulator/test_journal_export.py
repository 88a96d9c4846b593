# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a file for a bug report: as HAR and as JSON, all of it, and no secret in it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from imp_emulator.client.control import JournalForm
from imp_emulator.control import journal_export
from imp_emulator.domain.imp import following
from imp_emulator.store import accounts, known_secrets
from imp_emulator.store.journal import Entry
from imp_emulator.world.environment import Environment
from tests.support import console_door
from tests.support.console_door import TOKEN, Visitor

MASK = "***"
UNKNOWN = {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": -1, "bodySize": -1}
"""What HAR 1.2 wants of every request and answer, and the journal does not keep."""
Add = Callable[..., None]


@pytest.fixture(name="add")
def add_fixture(emulated: Environment) -> Add:
    """A function that puts an entry into the journal."""

    def add(**fields: Any) -> None:
        told = {
            "at": 1.5,
            "cluster": "dc1",
            "node": "imp-pub",
            "protocol": "axl",
            "method": "POST",
            "operation": "getUser",
        }
        about = {"caller": "admin", "write": False, "status": 200, "port": 8443, "path": "/axl/"}
        emulated.journal.append(Entry(**{**told, **about, **fields}))

    return add


def exported(environment: Environment, form: JournalForm, filters: dict[str, Any] | None = None, after: int = 0) -> str:
    async def read() -> str:
        parts = journal_export.exported(environment, form, filters or {}, [TOKEN], after)
        return "".join([part async for part in parts])

    return asyncio.run(read())


def har(environment: Environment) -> list[dict[str, Any]]:
    content = json.loads(exported(environment, JournalForm.HAR))
    assert (content.keys(), content["log"]["version"]) == ({"log"}, "1.2")
    assert content["log"]["creator"].keys() == {"name", "version"}
    entries: list[dict[str, Any]] = content["log"]["entries"]
    return entries


def plain(environment: Environment, *arguments: Any) -> Any:
    return json.loads(exported(environment, JournalForm.JSON, *arguments))


def test_an_entry_is_told_as_a_request_to_the_emulated_network(emulated: Environment, add: Add) -> None:
    add()
    (entry,) = har(emulated)
    assert entry == {
        "startedDateTime": "1970-01-01T00:00:01.500000+00:00",
        "time": 0,
        "request": {
            "method": "POST",
            "url": "https://imp-pub.dc1.example.com:8443/axl/",
            "queryString": [],
            **UNKNOWN,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            **UNKNOWN,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_id": 1,
        "_cluster": "dc1",
        "_node": "imp-pub",
        "_protocol": "axl",
        "_operation": "getUser",
        "_caller": "admin",
        "_write": False,
        "_fault": None,
    }


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"cluster": "", "node": "mail1.example.com", "port": 443}, "https://mail1.example.com/axl/"),
        ({"port": 8082, "path": "/presence-service/"}, "http://imp-pub.dc1.example.com:8082/presence-service/"),
        ({"cluster": "gone", "node": "2001:db8::1"}, "https://[2001:db8::1]:8443/axl/"),
        ({"path": '/a b?c#d%/é\n"<'}, "https://imp-pub.dc1.example.com:8443/a%20b%3Fc%23d%25/%C3%A9%0A%22%3C"),
        (
            {"port": 50020, "path": f"{following.PATH}nobody-can-guess/x"},
            f"http://imp-pub.dc1.example.com:50020{following.PATH}{MASK}",
        ),
    ],
)
def test_its_url_is_that_of_the_product(emulated: Environment, add: Add, fields: dict[str, Any], url: str) -> None:
    add(**fields)
    assert har(emulated)[0]["request"]["url"] == url


def test_a_connection_that_was_closed_has_no_answer(emulated: Environment, add: Add) -> None:
    add(status=0, fault="drop")
    add(status=299)
    closed, odd = har(emulated)
    assert (closed["response"]["status"], closed["response"]["statusText"], closed["_fault"]) == (0, "", "drop")
    assert "closed" in closed["comment"]
    assert (odd["response"]["statusText"], "comment" in odd) == ("", False)


def test_an_empty_journal_is_a_file_too(emulated: Environment) -> None:
    assert har(emulated) == []
    assert plain(emulated)["entries"] == []


def test_json_says_of_which_environment_and_which_part_it_is(emulated: Environment, add: Add) -> None:
    add()
    add(operation="updateUser", write=True)
    found = plain(emulated, {"operation": "updateUser", "node": None, "write": True})
    assert found["filters"] == {"operation": "updateUser", "write": True}
    assert found["clusters"] == {"dc1": emulated.scenario.clusters[0].version}
    assert datetime.fromisoformat(found["now"]) == emulated.clock.now()
    (entry,) = found["entries"]
    assert (entry["operation"], entry["id"], entry["port"], entry["path"]) == ("updateUser", 2, 8443, "/axl/")
    assert [one["id"] for one in plain(emulated, {}, 1)["entries"]] == [2]


@pytest.mark.parametrize("form", JournalForm)
def test_no_secret_is_in_it_wherever_it_stood(emulated: Environment, add: Add, form: JournalForm) -> None:
    with emulated.database.transaction():
        emulated.database.execute(
            "INSERT INTO gateway_credentials VALUES ('dc1', 'svc', 'pass/word é\"1', 1)",
        )
        emulated.database.execute("UPDATE engine SET secrets = ?", ('{"a": ["older-password", null, {"b": "tin"}]}',))
    account = accounts.accounts(emulated.database, "dc1")[0]
    secrets = [account.password, 'pass/word é"1', "older-password", TOKEN]
    for secret in secrets:
        add(caller=secret, operation=f"get{secret}", path=f"/x/{secret}/y", method=secret)
        add(caller=f"{account.username}:{secret}@", path=f"/{secret}")
    text = exported(emulated, form, {"operation": account.password, "node": None})
    text += exported(emulated, form)
    for secret in secrets:
        for written in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
            assert written not in text
    assert account.username in text
    assert text.count(MASK) >= 5 * len(secrets)


def test_a_short_secret_is_masked_where_it_is_the_whole(emulated: Environment, add: Add) -> None:
    with emulated.database.transaction():
        emulated.database.execute("INSERT INTO gateway_credentials VALUES ('dc1', 'svc', 'user', 1)")
    add(caller="user", operation="getUser", path="/users/user/x")
    (entry,) = plain(emulated)["entries"]
    assert (entry["caller"], entry["operation"], entry["path"]) == (MASK, "getUser", f"/users/{MASK}/x")


def test_every_column_that_holds_a_secret_is_known() -> None:
    """Hashes of passwords aside, and private keys, which are text of many lines; nobody logs in with either."""
    found = set()
    for script in (resources.files("imp_emulator.store") / "schema").iterdir():
        table = ""
        for line in script.read_text(encoding="utf-8").splitlines():
            if begun := re.match(r"CREATE TABLE IF NOT EXISTS (\w+)", line):
                table = begun[1]
            elif column := re.match(r" +(\w*(?:password|secret|secrets|session_key)) ", line):
                found.add((table, column[1]))
    assert found == {*known_secrets.COLUMNS, known_secrets.ENGINE}


@pytest.mark.parametrize("form", JournalForm)
def test_a_long_journal_is_written_bit_by_bit(emulated: Environment, add: Add, form: JournalForm) -> None:
    with emulated.database.transaction():
        for number in range(1_203):
            add(operation=f"op{number}")

    async def read() -> list[str]:
        parts = []
        async for part in journal_export.exported(emulated, form, {}, []):
            parts.append(part)
            # What comes while it is written is the next file's.
            add(operation="later")
        return parts

    parts = asyncio.run(read())
    content = json.loads("".join(parts))
    entries = content["log"]["entries"] if form is JournalForm.HAR else content["entries"]
    name = "_operation" if form is JournalForm.HAR else "operation"
    # The head was written before the first was added.
    assert [one[name] for one in entries if one[name] != "later"] == [f"op{number}" for number in range(1_203)]
    assert len(entries) <= 1_204
    assert len(parts) == 5
    assert max(map(len, parts)) < 500_000


def test_a_journal_that_is_cleared_meanwhile_ends_the_file(emulated: Environment, add: Add) -> None:
    with emulated.database.transaction():
        for number in range(600):
            add(operation=f"op{number}")

    async def read() -> str:
        text = ""
        async for part in journal_export.exported(emulated, JournalForm.HAR, {}, []):
            text += part
            if "op0" in text:
                emulated.journal.clear()
        return text

    assert len(json.loads(asyncio.run(read()))["log"]["entries"]) == 500


def test_page_and_control_plane_give_the_same_file(emulated: Environment, tmp_path: Path, add: Add) -> None:
    add(caller=TOKEN)
    add(operation="updateUser", write=True)

    async def use(visitor: Visitor) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for form in [one.value for one in JournalForm]:
            page = await visitor.client.get(f"/console/journal/export.{form}?writes=yes&node=imp-pub&protocol=")
            asked = f"/journal/export?format={form}&writes=true&node=imp-pub"
            plane = await visitor.client.get(asked, headers=headers)
            assert page.status_code == plane.status_code == 200
            assert page.headers["content-disposition"] == f'attachment; filename="journal.{form}"'
            assert page.headers["cache-control"] == "no-store"
            assert page.json() == plane.json()
            assert ("updateUser" in page.text, "getUser" in page.text) == (True, False)
            everything = await visitor.client.get(f"/journal/export?format={form}", headers=headers)
            assert ("getUser" in everything.text, TOKEN in everything.text) == (True, False)
            visitor.client.cookies.clear()
            assert (await visitor.client.get(f"/console/journal/export.{form}")).status_code == 401
            assert (await visitor.client.get(asked)).status_code == 401
            await visitor.client.get("/", params={"token": TOKEN})
        assert (await visitor.client.get("/journal/export?format=xml", headers=headers)).status_code == 422

    console_door.visit(emulated, tmp_path, use)
