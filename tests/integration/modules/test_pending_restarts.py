# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts that are written down, on a cluster that does not remember them and on one that does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.real_cluster import scenario

ENGINE = "Cisco Presence Engine"
PROXY = "Cisco SIP Proxy"
BOTH = ("imp-pub", "imp-sub")
UNSEEN = "Restarts that an earlier run on another controller left open cannot be seen here"


@pytest.fixture(name="shared", scope="module")
def shared_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("real")
    emulator = Emulator(folder / "own", "--scenario", str(scenario(folder)))
    yield emulator
    emulator.stop()


@pytest.fixture(name="bare")
def bare_fixture(shared: Emulator) -> Emulator:
    """A cluster without the admin API."""
    shared.control.reset()
    return shared


@pytest.fixture(name="path")
def path_fixture(tmp_path: Path) -> Path:
    return tmp_path / "made on demand" / "dc1.json"


def trust(emulator: Emulator, path: Path | str | None, **more: Any) -> ModuleResult:
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443)}
    wanted = {"certificates": [{"content": issue("New CA", ca=True).pem}], "pending_restarts_path": path and str(path)}
    return run_module("trust_certificates", {**place, **wanted, **more})


def set_parameter(emulator: Emulator, path: Path, value: int = 10, **more: Any) -> ModuleResult:
    options = {**connection(emulator, "cucm"), "calendar_spread": value, "pending_restarts_path": str(path)}
    return run_module("calendaring_parameters", {**options, **more})


def restart(emulator: Emulator, path: Path | str | None, *, check: bool = False, **more: Any) -> ModuleResult:
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443), "poll_interval": 0.02}
    wanted = {"services": [ENGINE, PROXY], "state": "restarted", "only_if_required": True}
    options = {**place, **wanted, "pending_restarts_path": None if path is None else str(path), **more}
    return run_module("services", options, check=check)


def noted(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["restarts"])


def done(result: ModuleResult) -> list[str]:
    return [change["id"] for change in result["changes"]]


def everywhere(*services: str) -> list[str]:
    return [f"{node}:{service}" for node in BOTH for service in services]


def test_a_change_is_noted_and_restarted_once(bare: Emulator, path: Path) -> None:
    assert_contract(trust(bare, path, nodes=nodes(bare, 443, "imp-sub")), changed=True)
    assert [(note["node"], note["service"], note["action"]) for note in noted(path)] == [
        ("imp-sub", ENGINE, "create"),
        ("imp-sub", PROXY, "create"),
    ]
    wanted = {**connection(bare, "imp"), "nodes": nodes(bare, 8443), "services": [ENGINE, PROXY]}
    steps = assert_four_steps(
        "services",
        {**wanted, "state": "restarted", "only_if_required": True, "pending_restarts_path": str(path)},
        lambda: bare.journal(protocol="control_center", writes=True),
    )
    assert done(steps.done) == [f"imp-sub:{ENGINE}", f"imp-sub:{PROXY}"]
    assert noted(path) == []


def test_check_mode_writes_nothing_down(bare: Emulator, path: Path) -> None:
    options = {**connection(bare, "cucm"), "calendar_spread": 10, "pending_restarts_path": str(path)}
    assert run_module("calendaring_parameters", options, check=True).changed
    assert restart(bare, path, check=True).warnings
    assert not path.parent.exists()


def test_a_change_for_every_node_is_due_on_each_until_it_has_restarted(bare: Emulator, path: Path) -> None:
    set_parameter(bare, path)
    assert done(restart(bare, path, nodes=nodes(bare, 8443, "imp-pub"))) == [f"imp-pub:{ENGINE}"]
    assert done(restart(bare, path, check=True)) == [f"imp-sub:{ENGINE}"]
    assert done(restart(bare, path)) == [f"imp-sub:{ENGINE}"]
    assert not restart(bare, path).changed
    set_parameter(bare, path, 20)
    assert done(restart(bare, path)) == everywhere(ENGINE)


def age(path: Path, seconds: float) -> None:
    """Have the changes made so long ago."""
    data = json.loads(path.read_text(encoding="utf-8"))
    for note in data["restarts"]:
        for name in ("noted", "made"):
            note[name] = (datetime.fromisoformat(note[name]) - timedelta(seconds=seconds)).isoformat()
    path.write_text(json.dumps(data), encoding="utf-8")


def test_somebody_else_restarts(bare: Emulator, path: Path) -> None:
    """Seen by the start that the control center tells, whoever made it."""
    bare.control.advance(3600)
    set_parameter(bare, path)
    age(path, 60)
    by_hand: dict[str, Any] = {"only_if_required": False, "services": [ENGINE], "nodes": nodes(bare, 8443, "imp-pub")}
    assert restart(bare, None, **by_hand).changed
    assert done(restart(bare, path)) == [f"imp-sub:{ENGINE}"]
    assert not restart(bare, path).changed


def test_an_older_start_is_no_restart(bare: Emulator, path: Path) -> None:
    bare.control.advance(3600)
    set_parameter(bare, path)
    assert done(restart(bare, path, check=True)) == everywhere(ENGINE)


def test_a_clock_that_was_set_forward_does_not_pass_for_a_restart(bare: Emulator, path: Path) -> None:
    """The start time is the same text as before the change, whatever the clocks say."""
    restart(bare, path)
    set_parameter(bare, path)
    data = json.loads(path.read_text(encoding="utf-8"))
    for note in data["restarts"]:
        note.update(noted="2020-01-01T10:00:00+00:00", made="2020-01-01T10:00:01+00:00")
    for seen in data["seen"]:
        seen.update(at="2019-12-31T10:00:00+00:00")
    path.write_text(json.dumps(data), encoding="utf-8")
    assert done(restart(bare, path)) == everywhere(ENGINE)


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_lost_answer_leaves_the_restart_due(bare: Emulator, path: Path, kind: str) -> None:
    bare.control.fault(kind, protocol="certmgr", operation="POST /trust/certificates")
    trust(bare, path)
    assert {note["node"] for note in noted(path)} == set(BOTH)
    assert done(restart(bare, path)) == everywhere(ENGINE, PROXY)


def test_what_was_refused_leaves_nothing(bare: Emulator, path: Path) -> None:
    set_parameter(bare, path)
    before = noted(path)
    bare.control.fault("status", effect={"status": 403}, protocol="certmgr", operation="POST /trust/certificates")
    assert trust(bare, path).failed
    assert noted(path) == before


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_or_proxy_that_breaks_down_leaves_the_restart_due(bare: Emulator, path: Path, status: int) -> None:
    bare.control.fault("status", effect={"status": status}, protocol="certmgr", operation="POST /trust/certificates")
    assert trust(bare, path).failed
    assert {note["node"] for note in noted(path)} == set(BOTH)
    assert done(restart(bare, path)) == everywhere(ENGINE, PROXY)


def test_a_value_that_axl_refuses_leaves_nothing(bare: Emulator, path: Path) -> None:
    """AXL sends every refusal with HTTP 500."""
    wrong = {"service": ENGINE, "name": "CalendarSpread", "value": "9999"}
    options = {**connection(bare, "cucm"), "parameters": [wrong], "pending_restarts_path": str(path)}
    result = run_module("service_parameters", options)
    assert (result.failed, result["failures"][0]["id"]) == (True, f"EnterpriseWideData/{ENGINE}/CalendarSpread")
    assert noted(path) == []


def test_no_path_is_as_before(bare: Emulator) -> None:
    assert trust(bare, None).changed
    refused = restart(bare, None)
    assert (refused.failed, refused["code"]) == (True, "no-public-api")
    assert "pending_restarts_path" in refused.msg
    assert done(restart(bare, None, required_services=[ENGINE])) == everywhere(ENGINE)


@pytest.mark.parametrize("place", ["", "{folder}/file/dc1.json"], ids=["empty", "no-folder"])
def test_a_place_that_cannot_be_written_is_told(bare: Emulator, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    where = place.format(folder=tmp_path)
    changed = trust(bare, where)
    assert_contract(changed, changed=True)
    assert len(changed.warnings) == 1
    assert "cannot be noted" in changed.warnings[0]
    restarted = restart(bare, where, required_services=changed["restart_required"])
    assert_contract(restarted, changed=True)
    assert done(restarted) == everywhere(ENGINE, PROXY)
    assert UNSEEN in restarted.warnings[0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        '{"format": 1}',
        '{"format": 1, "restarts": [{}], "seen": []}',
        '{"format": 2}',
        "\0",
        "[" * 9999,
    ],
    ids=["empty", "cut", "list", "number", "no-list", "no-fields", "newer", "binary", "deep"],
)
def test_a_damaged_file_is_told_and_left_alone(bare: Emulator, path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    for result in (trust(bare, path), restart(bare, path), restart(bare, path, check=True)):
        assert (result.failed, result["code"]) == (True, "pending-restarts-unreadable")
        assert str(path) in result.msg
        assert "delete it, and then restart" in result.msg
    assert bare.journal(writes=True) == []
    assert path.read_text(encoding="utf-8") == content


def test_a_folder_in_its_place_is_told(bare: Emulator, path: Path) -> None:
    path.mkdir(parents=True)
    assert trust(bare, path)["code"] == "pending-restarts-unreadable"


def test_a_relative_path_is_refused(bare: Emulator) -> None:
    refused = trust(bare, "restarts.json")
    assert (refused.failed, refused["code"]) == (True, "invalid-input")
    assert "absolute path" in refused.msg


def test_another_controller_says_once_what_it_cannot_know(bare: Emulator, path: Path) -> None:
    first, second = restart(bare, path), restart(bare, path)
    assert (first.changed, second.changed) == (False, False)
    assert UNSEEN in first.warnings[0]
    assert second.warnings == []


def test_what_other_tasks_have_to_restart_is_told(bare: Emulator, path: Path) -> None:
    restart(bare, path)
    trust(bare, path)
    partly = restart(bare, path, services=[ENGINE], nodes=nodes(bare, 8443, "imp-pub"))
    assert done(partly) == [f"imp-pub:{ENGINE}"]
    left, unseen = partly.warnings
    assert left == (
        "These restarts are due and not this task's, which names other services or nodes: "
        f"{ENGINE} on imp-sub, {PROXY} on imp-pub, {PROXY} on imp-sub."
    )
    assert "No other node than imp-pub is looked at" in unseen
    assert done(restart(bare, path)) == [f"imp-pub:{PROXY}", *everywhere(ENGINE, PROXY)[2:]]


def test_a_node_that_was_not_named_may_be_any(bare: Emulator, path: Path) -> None:
    """By address the cluster's node cannot be told from another: in doubt it restarts."""
    trust(bare, path)
    result = restart(bare, path, nodes=None)
    assert done(result) == [f"127.0.0.1:{ENGINE}", f"127.0.0.1:{PROXY}"]
    assert not restart(bare, path, nodes=None).changed
    assert done(restart(bare, path, check=True)) == everywhere(ENGINE, PROXY)


def test_a_cluster_that_remembers_decides_itself(environment: Emulator, path: Path) -> None:
    set_parameter(environment, path)
    trust(environment, path, nodes=nodes(environment, 443, "imp-sub"))
    assert {note["node"] for note in noted(path)} == {None, "imp-sub"}
    result = restart(environment, path)
    assert done(result) == [f"imp-pub:{ENGINE}", f"imp-sub:{ENGINE}", f"imp-sub:{PROXY}"]
    assert result.warnings == []
    assert noted(path) == []

    trust(environment, path)
    for service in (ENGINE, PROXY):
        assert restart(environment, None, only_if_required=False, services=[service]).changed
    assert not restart(environment, path).changed
    assert noted(path) == []


def test_a_cluster_that_remembers_knows_of_every_store(environment: Emulator, path: Path) -> None:
    changed = trust(environment, path, store="cup-xmpp-trust")
    assert done(restart(environment, path, services=changed["restart_required"])) == everywhere("Cisco XCP Router")
    assert noted(path) == []


def test_other_pages_of_the_cluster_are_as_they_were(bare: Emulator, environment: Emulator) -> None:
    """Without the admin API its addresses are as unknown to the web server as any other."""
    with bare.client("imp-pub") as client, bare.client("imp-sub", account=None) as stranger:
        pages = [one.get(f"/imp-admin/v1/{name}") for one in (client, stranger) for name in ("nodes", "openapi.json")]
        other = client.get("/no/such/page")
    with environment.client("imp-pub") as client:
        assert client.get("/imp-admin/v1/nodes").status_code == 200
    assert {(page.status_code, page.text) for page in pages} == {(404, other.text)}
    assert "HTTP Status 404" in other.text


def test_every_module_that_needs_a_restart_writes_it_down(bare: Emulator, path: Path) -> None:
    options = {**connection(bare, "cucm"), "pending_restarts_path": str(path)}
    parameter = {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}
    assert run_module("service_parameters", {**options, "parameters": [parameter]}).changed
    assert {note["service"] for note in noted(path)} >= {ENGINE, "Cisco XCP Router"}
    told = restart(bare, path)
    assert "Cisco XCP Router on every node" in " ".join(told.warnings)
    assert ENGINE in {change["id"].partition(":")[2] for change in told["changes"]}


@pytest.fixture(name="gateways")
def gateways_fixture(environment: Emulator) -> Callable[[Path], ModuleResult]:
    account = environment.ready["exchange_account"]
    wanted = {"account": account["username"], "account_password": account["password"]}
    options = {**connection(environment, "imp"), "gateways": [{"name": "mail1.example.com"}], **wanted}
    return lambda path: run_module("presence_gateways", {**options, "pending_restarts_path": str(path)})


def test_gateways_write_it_down(gateways: Callable[[Path], ModuleResult], path: Path) -> None:
    assert gateways(path).changed
    assert {(note["service"], note["node"]) for note in noted(path)} == {(ENGINE, None)}
