# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account may ask at a time and in all, by a policy of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.scenario.writer import generate
from imp_emulator.testing import EmulatorError
from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, Answer, Ews

ASKED = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>'
)
FIND = (
    '<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>'
    '<m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds></m:FindFolder>'
)


def scenario(folder: Path, **limits: Any) -> str:
    content = yaml.safe_load(generate(users=2))
    content["exchange"]["throttling"] = limits
    file = folder / "scenario.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(file)


def ask(emulator: Emulator, content: str = ASKED, **options: Any) -> Answer:
    with Ews(emulator, **options) as ews:
        return ews.ask(content)


def busy_for(answer: Answer) -> int:
    """Return the milliseconds to wait; the answer must be that the server is busy."""
    assert (answer.status, answer.codes) == (500, ["ErrorServerBusy"])
    value = answer.body.find("detail/t:MessageXml/t:Value", NAMESPACES)
    assert value is not None
    assert value.get("Name") == "BackOffMilliseconds"
    return int(value.text or "")


def test_27_requests_at_a_time_by_default(environment: Emulator) -> None:
    environment.control.fault("delay", effect={"seconds": 6}, protocol="ews", operation="GetFolder", times=27)
    with ThreadPoolExecutor(27) as pool:
        held = [pool.submit(ask, environment) for _ in range(27)]
        while environment.control.faults()[0]["hits"] < 27:
            assert not any(one.done() for one in held)
        answer = ask(environment)
        assert (answer.status, answer.codes) == (500, ["ErrorExceededConnectionCount"])
        assert ask(environment, server="mail2.example.com").codes == ["NoError"]
        assert [one.result().codes for one in held] == [["NoError"]] * 27
    assert ask(environment).codes == ["NoError"]


def test_a_policy_of_the_scenario(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """Two requests at a time, five folders, and thirty milliseconds of which each request costs ten."""
    limits = {
        "max_concurrency": 2,
        "find_count_limit": 5,
        "max_burst": 20,
        "cutoff_balance": 10,
        "recharge_rate": 3_600,
    }
    emulator = start_emulator("--scenario", scenario(tmp_path, **limits))
    emulator.control.clock(frozen=True)

    page = '<m:IndexedPageFolderView MaxEntriesReturned="9" Offset="2" BasePoint="Beginning"/><m:ParentFolderIds>'
    find = FIND.replace("<m:ParentFolderIds>", page)
    found = ask(emulator, find).find(".//m:RootFolder")
    assert found is not None
    assert (len(found[0]), found.get("TotalItemsInView"), found.get("IncludesLastItemInRange")) == (5, "11", "false")

    assert ask(emulator).codes == ["NoError"]
    assert ask(emulator).codes == ["NoError"]
    # A hair below the cutoff there is room again; a millisecond is given back in a second.
    assert busy_for(ask(emulator)) == 1
    emulator.control.advance(9)
    assert ask(emulator).codes == ["NoError"]
    assert busy_for(ask(emulator)) == 1_000
    emulator.control.advance(3_600)
    assert [ask(emulator).codes for _ in range(3)] == [["NoError"]] * 3
    assert busy_for(ask(emulator)) == 1
    emulator.control.reset()
    emulator.control.clock(frozen=True)
    assert ask(emulator).codes == ["NoError"]

    emulator.control.fault("delay", effect={"seconds": 4}, protocol="ews", operation="GetFolder", times=1)
    emulator.control.fault("delay", effect={"seconds": 4}, protocol="ews", operation="FindFolder", times=1)
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(ask, emulator, content) for content in (ASKED, find)]
        while sum(fault["hits"] for fault in emulator.control.faults()) < 2:
            assert not any(one.done() for one in held)
        assert ask(emulator).codes == ["ErrorExceededConnectionCount"]
        assert [one.result().codes for one in held] == [["NoError"]] * 2


@pytest.mark.parametrize(
    ("version", "page", "codes"),
    [
        ("Exchange2010", "", ["ErrorServerBusy"]),
        ("Exchange2010_SP1", "", ["ErrorExceededFindCountLimit"]),
        ("Exchange2010", "6", ["ErrorServerBusy"]),
        ("Exchange2010", "5", ["NoError"]),
        ("Exchange2010_SP1", "6", ["NoError"]),
    ],
)
def test_more_results_than_an_account_may_have(
    few_results: Emulator, version: str, page: str, codes: list[str]
) -> None:
    view = f'<m:IndexedPageFolderView MaxEntriesReturned="{page}" Offset="0" BasePoint="Beginning"/>' if page else ""
    asked = FIND.replace("<m:ParentFolderIds>", f"{view}<m:ParentFolderIds>")
    assert ask(few_results, asked, version=version).codes == codes


@pytest.fixture(name="few_results", scope="module")
def few_results_fixture(
    imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("few")
    emulator = imp_emulator_class(folder, "--scenario", scenario(folder, find_count_limit=5))
    yield emulator
    emulator.stop()


def test_no_limits(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    names = ("max_concurrency", "hanging_connections", "max_subscriptions", "find_count_limit", "max_burst")
    emulator = start_emulator("--scenario", scenario(tmp_path, **dict.fromkeys(names, "unlimited"), request_cost=10**9))
    assert [ask(emulator).codes for _ in range(3)] == [["NoError"]] * 3


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ({"max_concurrency": -1}, "exchange.throttling.max_concurrency: must be between 0 and 2147483647, not -1"),
        (
            {"max_concurrency": "many"},
            "exchange.throttling.max_concurrency: must be a whole number or unlimited, not 'many'",
        ),
        ({"concurrency": 1}, "exchange.throttling.concurrency: is not known here"),
    ],
)
def test_a_limit_that_is_none(
    start_emulator: Callable[..., Emulator], tmp_path: Path, limits: dict[str, Any], rule: str
) -> None:
    with pytest.raises(EmulatorError, match=rule):
        start_emulator("--scenario", scenario(tmp_path, **limits))
