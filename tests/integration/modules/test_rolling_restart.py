# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``services``: nothing is restarted on a node while another node is in trouble, whoever has brought it there (R1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.pending import change_parameter
from tests.support.scenarios import shipped, write_scenario

MODULE = "services"
ENGINE = "Cisco Presence Engine"
PROXY = "Cisco SIP Proxy"
AXL = "Cisco AXL Web Service"
PUB, SUB = f"imp-pub:{ENGINE}", f"imp-sub:{ENGINE}"
QUICK = {"poll_interval": 0.02, "wait_timeout": 1, "retries": 0}
NO_ADMIN_API = {"status": 404}
WAYS = [{"only_if_required": True}, {}]
"""With restart notifications, and every time."""


def run(emulator: Emulator, *services: str, check: bool = False, **more: Any) -> ModuleResult:
    wanted = {
        **connection(emulator, "imp"),
        "nodes": nodes(emulator, 8443),
        "services": list(services or (ENGINE,)),
        "state": "restarted",
        **QUICK,
        **more,
    }
    return run_module(MODULE, wanted, check=check)


def commands(emulator: Emulator) -> list[str]:
    """Return the nodes that commands were sent to."""
    return [entry["node"] for entry in emulator.journal(protocol="control_center", writes=True)]


def actions(result: ModuleResult) -> list[tuple[str, str]]:
    return [(change["action"], change["id"]) for change in result["changes"]]


def failures(result: ModuleResult) -> list[tuple[str, str]]:
    return [(failure["id"], failure["code"]) for failure in result["failures"]]


def by_hand(emulator: Emulator, state: str, *names: str, service: str = ENGINE) -> None:
    """Do what a person does in the control center of these nodes."""
    result = run(emulator, service, state=state, nodes=nodes(emulator, 8443, *names))
    assert not result.failed, result.msg
    emulator.control.clear_journal()


def change_subscriber(emulator: Emulator) -> None:
    """Make a change that Presence Engine and SIP Proxy of the subscriber alone have to load."""
    chain = emulator.ready["exchange"]["mail1.example.com"]["chain_file"]
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443, "imp-sub")}
    assert run_module("trust_certificates", {**place, "certificates": [{"path": chain}]}).changed
    emulator.control.clear_journal()


def heal(emulator: Emulator, node: str = "imp-pub") -> None:
    emulator.control.transitions("immediate", node=node, service=ENGINE)


def refused(result: ModuleResult, identifier: str, *parts: str) -> bool:
    """Whether a restart was refused, with these words in the reason."""
    told = [item["message"] for item in result["failures"] if (item["id"], item["code"]) == (identifier, "not-tried")]
    return len(told) == 1 and all(part in told[0] for part in parts)


@pytest.fixture(name="changed")
def changed_fixture(environment: Emulator) -> Emulator:
    change_parameter(environment)
    return environment


@pytest.mark.parametrize("way", WAYS)
def test_the_second_run_spares_the_second_node_too(changed: Emulator, way: dict[str, Any]) -> None:
    changed.control.transitions("hang", node="imp-pub", service=ENGINE)
    first = run(changed, **way)
    assert_contract(first, changed=True, failed=True)
    assert actions(first) == [("restart", PUB)]
    assert failures(first) == [(PUB, "wait-expired"), (SUB, "not-tried")]
    for check in (True, False):
        again = run(changed, **way, check=check)
        assert_contract(again, changed=False, failed=True)
        assert failures(again) == [(PUB, "wait-expired"), (SUB, "not-tried")]
        assert refused(
            again, SUB, f"{ENGINE} is Stopping on imp-pub", "imp-sub carries the users", "ignore_other_nodes"
        )
    assert commands(changed) == ["imp-pub"]

    heal(changed)
    healed = run(changed, **way)
    assert_contract(healed, changed=True)
    assert actions(healed)[-1] == ("restart", SUB)


def test_once_it_is_healed_the_rest_is_restarted(changed: Emulator) -> None:
    changed.control.transitions("hang", node="imp-pub", service=ENGINE)
    assert run(changed, only_if_required=True).failed
    heal(changed)
    healed = run(changed, only_if_required=True)
    assert_contract(healed, changed=True)
    assert actions(healed) == [("restart", SUB)], "the publisher has loaded the change"
    assert_contract(run(changed, only_if_required=True), changed=False)


@pytest.mark.parametrize("check", [True, False])
def test_a_service_that_a_person_has_stopped_blocks_the_other_node(environment: Emulator, check: bool) -> None:
    change_subscriber(environment)
    by_hand(environment, "stopped", "imp-pub")
    result = run(environment, only_if_required=True, check=check)
    assert_contract(result, changed=False, failed=True)
    assert failures(result) == [(SUB, "not-tried")]
    assert refused(result, SUB, f"{ENGINE} is Stopped on imp-pub")
    assert commands(environment) == []
    by_hand(environment, "started", "imp-pub")
    assert actions(run(environment, only_if_required=True)) == [("restart", SUB)]


def test_what_the_task_starts_itself_comes_first_and_blocks_nothing(changed: Emulator) -> None:
    by_hand(changed, "stopped", "imp-sub")
    for check in (True, False):
        result = run(changed, only_if_required=True, check=check)
        assert_contract(result, changed=True)
        assert actions(result) == [("start", SUB), ("restart", PUB)]
    assert commands(changed) == ["imp-sub", "imp-pub"]


@pytest.mark.parametrize("way", WAYS)
def test_a_start_that_hangs_blocks_the_other_node(changed: Emulator, way: dict[str, Any]) -> None:
    by_hand(changed, "stopped", "imp-pub")
    changed.control.transitions("hang", node="imp-pub", service=ENGINE)
    result = run(changed, **way)
    assert_contract(result, changed=True, failed=True)
    assert actions(result) == [("start", PUB)]
    assert failures(result) == [(PUB, "wait-expired"), (SUB, "not-tried")]
    assert refused(run(changed, **way), SUB, f"{ENGINE} is Starting on imp-pub")
    assert commands(changed) == ["imp-pub"]


def test_a_start_that_is_not_accepted_blocks_the_other_node(changed: Emulator) -> None:
    by_hand(changed, "stopped", "imp-pub")
    changed.control.fault("status", node="imp-pub", operation="soapDoControlServices", effect={"status": 500})
    result = run(changed)
    assert_contract(result, changed=False, failed=True)
    assert refused(result, SUB, f"{ENGINE} is Stopped on imp-pub")


@pytest.mark.parametrize("state", ["started", "restarted", "activated"])
def test_nodes_that_are_all_down_are_started_one_after_another(environment: Emulator, state: str) -> None:
    by_hand(environment, "stopped")
    environment.control.transitions("hang", node="imp-pub", service=ENGINE)
    result = run(environment, state=state)
    assert actions(result) == [("start", PUB), ("start", SUB)]
    assert failures(result) == [(PUB, "wait-expired")], "starting takes nothing down"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_a_node_that_cannot_be_reached_blocks_the_others(changed: Emulator, way: dict[str, Any], check: bool) -> None:
    places = nodes(changed, 8443)
    places[0]["port"] = 1
    result = run(changed, **way, nodes=places, check=check)
    assert_contract(result, changed=False, failed=True)
    assert failures(result) == [("imp-pub", "connection-failed"), (SUB, "not-tried")]
    assert refused(result, SUB, "imp-pub cannot be asked", "No connection")
    assert commands(changed) == []


def test_a_node_that_goes_down_during_the_run_blocks_the_next(changed: Emulator) -> None:
    changed.control.fault("drop", node="imp-sub", protocol="control_center", skip=1)
    result = run(changed, only_if_required=True)
    assert_contract(result, changed=False, failed=True)
    assert refused(result, PUB, "imp-sub cannot be asked", "closed the connection")
    assert "imp-pub" not in commands(changed)


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_node_that_cannot_be_reached_does_not_keep_the_others_down(environment: Emulator, state: str) -> None:
    by_hand(environment, "stopped", "imp-sub")
    places = nodes(environment, 8443)
    places[0]["port"] = 1
    result = run(environment, state=state, nodes=places)
    assert actions(result) == [("start", SUB)]
    assert failures(result) == [("imp-pub", "connection-failed")]


def test_a_service_that_is_not_activated_blocks_nothing(changed: Emulator) -> None:
    by_hand(changed, "deactivated", "imp-pub")
    result = run(changed, only_if_required=True)
    assert_contract(result, changed=True)
    assert actions(result) == [("restart", SUB)]


def test_every_service_of_the_task_counts(environment: Emulator) -> None:
    change_subscriber(environment)
    by_hand(environment, "stopped", "imp-pub", service=PROXY)
    both = run(environment, ENGINE, PROXY, only_if_required=True)
    assert_contract(both, changed=False, failed=True)
    assert failures(both) == [(SUB, "not-tried"), (f"imp-sub:{PROXY}", "not-tried")]
    assert refused(both, SUB, f"{PROXY} is Stopped on imp-pub")
    assert actions(run(environment, ENGINE, only_if_required=True)) == [("restart", SUB)], "it was not asked about it"


def test_the_other_services_of_a_node_that_is_down_are_tried(environment: Emulator) -> None:
    """It carries nobody any more; the other node does, with all of its services."""
    environment.control.transitions("hang", node="imp-pub", service=ENGINE)
    result = run(environment, ENGINE, PROXY)
    assert actions(result) == [("restart", PUB), ("restart", f"imp-pub:{PROXY}")]
    assert failures(result) == [(PUB, "wait-expired"), (SUB, "not-tried"), (f"imp-sub:{PROXY}", "not-tried")]


def test_one_of_three_nodes(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    names = ("imp-pub", "imp-sub", "imp-sub2")
    content = shipped()
    third = {"name": "imp-sub2", "role": "imp", "usage": "subscriber", "ipv4": "192.0.2.14"}
    content["clusters"][0]["nodes"].append(third)
    emulator = start_emulator("--scenario", str(write_scenario(tmp_path, content)))
    places = nodes(emulator, 8443, *names)
    change_parameter(emulator)
    emulator.control.transitions("hang", node="imp-sub", service=ENGINE)
    first = run(emulator, only_if_required=True, nodes=places)
    assert actions(first) == [("restart", PUB), ("restart", SUB)]
    assert failures(first) == [(SUB, "wait-expired"), (f"imp-sub2:{ENGINE}", "not-tried")]
    every_time = run(emulator, nodes=places)
    assert_contract(every_time, changed=False, failed=True)
    for node in ("imp-pub", "imp-sub2"):
        assert refused(every_time, f"{node}:{ENGINE}", f"{ENGINE} is Stopping on imp-sub")
    assert commands(emulator) == ["imp-pub", "imp-sub"]


def test_where_the_cluster_has_no_admin_api(environment: Emulator) -> None:
    """As every real one; here because Unified CM's publisher is asked, which knows no IM and Presence node."""
    listed = {**connection(environment, "cucm"), "only_if_required": True, "required_services": [ENGINE]}
    environment.control.transitions("hang", node="imp-pub", service=ENGINE)
    assert actions(run(environment, **listed)) == [("restart", PUB)]
    for check in (True, False):
        again = run(environment, **listed, check=check)
        assert_contract(again, changed=False, failed=True)
        assert refused(again, SUB, f"{ENGINE} is Stopping on imp-pub")
        assert again.warnings == [], "the nodes that are listed are taken for the cluster"
    assert commands(environment) == ["imp-pub"]


class TestExplicitly:
    """With ignore_other_nodes."""

    def test_it_restarts_all_the_same(self, changed: Emulator) -> None:
        changed.control.transitions("hang", node="imp-pub", service=ENGINE)
        wanted = {"only_if_required": True, "ignore_other_nodes": True}
        assert actions(run(changed, **wanted, check=True)) == [("restart", PUB), ("restart", SUB)]
        result = run(changed, **wanted)
        assert actions(result) == [("restart", PUB), ("restart", SUB)]
        assert failures(result) == [(PUB, "wait-expired")]

    def test_also_in_the_second_run(self, changed: Emulator) -> None:
        changed.control.transitions("hang", node="imp-pub", service=ENGINE)
        assert refused(run(changed, only_if_required=True), SUB)
        assert actions(run(changed, only_if_required=True, ignore_other_nodes=True)) == [("restart", SUB)]

    def test_with_a_node_that_cannot_be_reached(self, changed: Emulator) -> None:
        places = nodes(changed, 8443)
        places[0]["port"] = 1
        for check in (True, False):
            result = run(changed, nodes=places, ignore_other_nodes=True, check=check)
            assert actions(result) == [("restart", SUB)]
            assert failures(result) == [("imp-pub", "connection-failed")]

    @pytest.mark.parametrize("state", ["started", "stopped", "activated", "deactivated"])
    def test_it_has_no_meaning_with_other_states(self, environment: Emulator, state: str) -> None:
        result = run(environment, state=state, ignore_other_nodes=True)
        assert result.failed
        assert "ignore_other_nodes: works with state=restarted only" in result.msg
        assert environment.journal() == []


class TestNodesThatAreNotListed:
    """The cluster tells how they are, through the server of the connection options."""

    @staticmethod
    def alone(emulator: Emulator, node: str = "imp-pub") -> list[dict[str, Any]]:
        return nodes(emulator, 8443, node)

    @pytest.fixture(name="who_tells", params=["admin API", "AXL"])
    def who_tells_fixture(self, environment: Emulator, request: pytest.FixtureRequest) -> str:
        """Who tells about the nodes; AXL of IM and Presence has to be switched on."""
        if request.param == "AXL":
            by_hand(environment, "activated", "imp-pub", service=AXL)
            environment.control.fault("status", protocol="imp_admin", effect=NO_ADMIN_API)
        return str(request.param)

    @pytest.mark.parametrize("check", [True, False])
    def test_a_service_that_is_stopped_there(self, environment: Emulator, who_tells: str, check: bool) -> None:
        by_hand(environment, "stopped", "imp-sub")
        result = run(environment, nodes=self.alone(environment), check=check)
        assert_contract(result, changed=False, failed=True)
        assert refused(result, PUB, f"{ENGINE} is Stopped on imp-sub")
        operation = "getClusterNodesAndCriticalServices" if who_tells == "AXL" else "getPresenceTopology"
        assert environment.journal(operation=operation)
        by_hand(environment, "started", "imp-sub")
        assert actions(run(environment, nodes=self.alone(environment), check=check)) == [("restart", PUB)]

    @pytest.mark.usefixtures("who_tells")
    @pytest.mark.parametrize("check", [True, False])
    def test_a_node_that_is_down(self, environment: Emulator, check: bool) -> None:
        environment.control.fault("drop", node="imp-sub")
        result = run(environment, nodes=self.alone(environment), check=check)
        assert_contract(result, changed=False, failed=True)
        assert refused(result, PUB, "imp-sub cannot be asked", "its cluster does not reach it")
        assert commands(environment) == []

    @pytest.mark.parametrize("check", [True, False])
    def test_a_cluster_that_cannot_tell_now(self, environment: Emulator, check: bool) -> None:
        environment.control.fault("status", protocol="imp_admin", effect={"status": 500})
        result = run(environment, nodes=self.alone(environment), check=check)
        assert result.failed
        assert "Not tried, because the state of the cluster's other nodes is not known" in result.msg
        assert "ignore_other_nodes=true" in result.msg
        assert commands(environment) == []
        assert run(environment, nodes=self.alone(environment), ignore_other_nodes=True).changed

    @pytest.mark.usefixtures("who_tells")
    @pytest.mark.parametrize("state", ["stopped", "deactivated"])
    def test_without_nodes(self, environment: Emulator, state: str) -> None:
        """The one server may be called by any name of it; here by an address that the cluster does not know."""
        by_hand(environment, "stopped", "imp-pub", service=PROXY)
        own = run(environment, ENGINE, nodes=None)
        assert_contract(own, changed=True)
        by_hand(environment, state, "imp-sub")
        result = run(environment, ENGINE, PROXY, nodes=None)
        started, restarted = (("start", f"127.0.0.1:{PROXY}"), ("restart", f"127.0.0.1:{ENGINE}"))
        # A node on which it is not activated does not have it.
        assert actions(result) == ([started] if state == "stopped" else [started, restarted])
        assert refused(result, f"127.0.0.1:{ENGINE}", "imp-sub") is (state == "stopped")

    def test_its_own_troubles_do_not_count_without_nodes(self, environment: Emulator) -> None:
        environment.control.transitions("hang", node="imp-pub", service=PROXY)
        result = run(environment, PROXY, ENGINE, nodes=None)
        assert actions(result) == [("restart", f"127.0.0.1:{PROXY}"), ("restart", f"127.0.0.1:{ENGINE}")]

    def test_the_server_of_the_connection_does_not_answer(self, environment: Emulator) -> None:
        place = connection(environment, "imp") | {"port": 1}
        result = run(environment, **place, nodes=self.alone(environment, "imp-sub"))
        assert_contract(result, changed=False, failed=True)
        assert refused(result, SUB, "127.0.0.1 cannot be asked")
        assert commands(environment) == []

    @pytest.mark.parametrize("check", [True, False])
    def test_nobody_tells(self, environment: Emulator, check: bool) -> None:
        environment.control.fault("status", protocol="imp_admin", effect=NO_ADMIN_API)
        result = run(environment, ENGINE, PROXY, nodes=self.alone(environment), check=check)
        assert_contract(result, changed=True)
        (warning,) = result.warnings
        assert "No other node than imp-pub is looked at" in warning
        assert run(environment, nodes=self.alone(environment), ignore_other_nodes=True, check=check).warnings == []

    def test_a_run_that_restarts_nothing_does_not_ask(self, environment: Emulator) -> None:
        for check in (True, False):
            assert_contract(run(environment, only_if_required=True, check=check), changed=False)
        assert environment.journal(operation="getPresenceTopology") == []


@pytest.mark.parametrize(
    ("state", "service", "action"),
    [
        ("stopped", ENGINE, "stop"),
        ("started", ENGINE, "start"),
        ("restarted", ENGINE, "restart"),
        ("activated", AXL, "activate"),
        ("deactivated", ENGINE, "deactivate"),
    ],
)
@pytest.mark.parametrize("kind", [None, "drop", "drop_after"])
def test_what_was_accepted_and_hangs_is_changed_and_failed(
    environment: Emulator, state: str, service: str, action: str, kind: str | None
) -> None:
    if state == "started":
        by_hand(environment, "stopped", "imp-pub")
    environment.control.transitions("hang", node="imp-pub", service=service)
    if kind is not None:
        environment.control.fault(kind, protocol="control_center", node="imp-pub", times=1, operation=operation(state))
    place = nodes(environment, 8443, "imp-pub")
    predicted = run(environment, service, state=state, nodes=place, check=True)
    result = run(environment, service, state=state, nodes=place)
    assert_contract(result, changed=True, failed=True)
    assert actions(result) == [(action, f"imp-pub:{service}")]
    assert (result["changes"], result["diff"]) == (predicted["changes"], predicted["diff"])
    assert failures(result) == [(f"imp-pub:{service}", "wait-expired")]
    assert result["current"][0]["status"] in ("Starting", "Stopping")


def operation(state: str) -> str:
    return "soapDoServiceDeployment" if state.endswith("activated") else "soapDoControlServices"


def test_a_node_that_is_not_seen_after_the_command_is_changed_and_failed(environment: Emulator) -> None:
    place = nodes(environment, 8443, "imp-pub")
    environment.control.fault("status", effect={"status": 503}, operation="soapGetServiceStatus", skip=1)
    result = run(environment, nodes=place)
    assert_contract(result, changed=True, failed=True)
    assert "not to be seen" in result["failures"][0]["message"]


@pytest.mark.parametrize("state", ["stopped", "restarted"])
def test_what_was_not_accepted_is_not_changed(environment: Emulator, state: str) -> None:
    result = run(environment, "Cisco Tomcat", state=state)
    assert_contract(result, changed=False, failed=True)
    assert {code for _node, code in failures(result)} == {"reason-1042"}
