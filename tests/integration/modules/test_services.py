# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``services`` against the emulator (requirements G5, C11, R1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.pending import change_parameter

MODULE = "services"
ENGINE = "Cisco Presence Engine"
PROXY = "Cisco SIP Proxy"
AXL = "Cisco AXL Web Service"
BOTH = ("imp-pub", "imp-sub")
QUICK = {"poll_interval": 0.02}


def options(emulator: Emulator, *services: str, **more: Any) -> dict[str, Any]:
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443)}
    return {**place, "services": list(services or (ENGINE,)), **QUICK, **more}


def run(emulator: Emulator, *services: str, check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *services, **more), check=check)


def if_required(emulator: Emulator, *services: str, check: bool = False, **more: Any) -> ModuleResult:
    return run(emulator, *services, check=check, state="restarted", only_if_required=True, **more)


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="control_center", writes=True)


def ids(result: ModuleResult, part: str = "changes") -> list[str]:
    return [entry["id"] for entry in result[part]]


def actions(result: ModuleResult) -> list[tuple[str, str]]:
    return [(change["action"], change["id"]) for change in result["changes"]]


def states(emulator: Emulator, service: str = ENGINE) -> dict[str, tuple[str, bool]]:
    """Return status and activation of a service by node."""
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443), "services": [service]}
    result = run_module(f"{MODULE}_info", place)
    assert not result.failed, result.msg
    return {entry["node"]: (entry["status"], entry["activated"]) for entry in result["services"]}


def pending(emulator: Emulator) -> list[tuple[str, str]]:
    place = {**connection(emulator, "imp"), "services": [ENGINE]}
    notifications = run_module(f"{MODULE}_info", place)["restart_notifications"]
    return [(entry["node"], entry["service"]) for entry in notifications]


@pytest.fixture(name="changed")
def changed_fixture(environment: Emulator) -> Emulator:
    """The emulator after a change that the Presence Engine of every node has not loaded yet."""
    change_parameter(environment)
    return environment


def test_stop_and_start(environment: Emulator) -> None:
    stopped = assert_four_steps(MODULE, options(environment, state="stopped"), lambda: writes(environment))
    assert stopped.done["diff"] == {
        "before": {"service": {f"{node}:{ENGINE}": {"status": "Started"} for node in BOTH}},
        "after": {"service": {f"{node}:{ENGINE}": {"status": "Stopped"} for node in BOTH}},
    }
    assert [entry["node"] for entry in writes(environment)] == list(BOTH)
    assert states(environment) == dict.fromkeys(BOTH, ("Stopped", True))

    started = assert_four_steps(MODULE, options(environment), lambda: writes(environment))
    assert actions(started.done) == [("start", f"{node}:{ENGINE}") for node in BOTH]
    assert started.done["current"] == [
        {"node": node, "service": ENGINE, "status": "Started", "activated": True} for node in BOTH
    ]


def test_activate_and_deactivate(environment: Emulator) -> None:
    assert states(environment, AXL) == dict.fromkeys(BOTH, ("Stopped", False))
    activated = assert_four_steps(MODULE, options(environment, AXL, state="activated"), lambda: writes(environment))
    assert activated.done["diff"] == {
        "before": {"service": {f"{node}:{AXL}": {"activated": False, "status": "Stopped"} for node in BOTH}},
        "after": {"service": {f"{node}:{AXL}": {"activated": True, "status": "Started"} for node in BOTH}},
    }
    assert states(environment, AXL) == dict.fromkeys(BOTH, ("Started", True))

    off = assert_four_steps(MODULE, options(environment, AXL, state="deactivated"), lambda: writes(environment))
    assert actions(off.done) == [("deactivate", f"{node}:{AXL}") for node in BOTH]
    assert states(environment, AXL) == dict.fromkeys(BOTH, ("Stopped", False))


def test_activated_starts_what_was_stopped(environment: Emulator) -> None:
    run(environment, state="stopped")
    result = run(environment, state="activated")
    assert actions(result) == [("start", f"{node}:{ENGINE}") for node in BOTH]


def test_restart_every_time(environment: Emulator) -> None:
    run(environment, PROXY, state="stopped", nodes=nodes(environment, 8443, "imp-sub"))
    environment.control.clear_journal()
    result = run(environment, ENGINE, PROXY, state="restarted")
    assert_contract(result, changed=True)
    # What is down comes up before anything is taken down.
    assert actions(result) == [
        ("start", f"imp-sub:{PROXY}"),
        ("restart", f"imp-pub:{ENGINE}"),
        ("restart", f"imp-pub:{PROXY}"),
        ("restart", f"imp-sub:{ENGINE}"),
    ]
    assert result["diff"]["after"]["service"][f"imp-pub:{ENGINE}"] == {"status": "Restarted"}
    assert len(writes(environment)) == 4
    assert run(environment, ENGINE, state="restarted").changed


def test_restart_where_required(changed: Emulator) -> None:
    wanted = options(changed, ENGINE, PROXY, state="restarted", only_if_required=True)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(changed))
    assert steps.done["diff"] == {
        "before": {"service": {f"{node}:{ENGINE}": {"restart_required": True} for node in BOTH}},
        "after": {"service": {f"{node}:{ENGINE}": {"restart_required": False} for node in BOTH}},
    }
    assert len(writes(changed)) == 2
    assert pending(changed) == []


def test_restart_on_the_node_that_requires_it(environment: Emulator) -> None:
    chain = environment.ready["exchange"]["mail1.example.com"]["chain_file"]
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443, "imp-sub")}
    assert run_module("trust_certificates", {**place, "certificates": [{"path": chain}]}).changed
    result = if_required(environment, ENGINE, PROXY)
    assert actions(result) == [("restart", f"imp-sub:{ENGINE}"), ("restart", f"imp-sub:{PROXY}")]


def test_a_required_service_that_is_stopped_is_started(changed: Emulator) -> None:
    place = nodes(changed, 8443, "imp-pub")
    run(changed, state="stopped", nodes=place)
    result = if_required(changed)
    assert actions(result) == [("start", f"imp-pub:{ENGINE}"), ("restart", f"imp-sub:{ENGINE}")]
    assert pending(changed) == []


@pytest.mark.parametrize("name", ["imp-pub", "imp-pub.dc1.example.com", "IMP-PUB", "192.0.2.12"])
def test_a_node_may_be_named_as_the_cluster_knows_it(changed: Emulator, name: str) -> None:
    (place,) = nodes(changed, 8443, "imp-pub")
    # The control center takes the name in the command too, so only the check is made with every form.
    result = if_required(changed, nodes=[{**place, "name": name}], check=True)
    assert ids(result) == [f"{name}:{ENGINE}"]


def test_a_node_that_the_cluster_does_not_know(changed: Emulator) -> None:
    result = run_module(
        MODULE,
        {**connection(changed, "imp"), "services": [ENGINE], "state": "restarted", "only_if_required": True},
    )
    assert (result.failed, result["code"]) == (True, "invalid-input")
    assert "no node called 127.0.0.1. Its IM and Presence nodes are imp-pub, imp-sub" in result.msg
    assert writes(changed) == []


def test_without_nodes_the_one_server_is_meant(environment: Emulator) -> None:
    wanted = {**connection(environment, "imp"), "services": [ENGINE], "state": "stopped", **QUICK}
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert ids(steps.done) == [f"127.0.0.1:{ENGINE}"]
    assert states(environment) == {"imp-pub": ("Stopped", True), "imp-sub": ("Started", True)}


def test_check_mode_predicts_restarts_of_predicted_changes(environment: Emulator) -> None:
    predicted = if_required(environment, ENGINE, PROXY, required_services=[ENGINE], check=True)
    assert_contract(predicted, changed=True)
    assert ids(predicted) == [f"{node}:{ENGINE}" for node in BOTH]
    assert_contract(if_required(environment, ENGINE, PROXY, required_services=[ENGINE]), changed=False)
    assert writes(environment) == []


def test_check_mode_predicts_the_start_of_what_will_be_activated(environment: Emulator) -> None:
    predicted = run(environment, AXL, check=True)
    assert_contract(predicted, changed=True)
    assert "earlier task" in predicted.warnings[0]
    result = run(environment, AXL)
    assert_contract(result, changed=False, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
        (f"{node}:{AXL}", "not-activated") for node in BOTH
    ]
    assert "state=activated" in result.msg


class TestClusterWithoutAdminApi:
    """As every real one: here the publisher of Unified CM, which has a control center too."""

    @staticmethod
    def options(emulator: Emulator, **more: Any) -> dict[str, Any]:
        place = {**connection(emulator, "cucm"), "nodes": nodes(emulator, 8443, "cucm-pub")}
        services = {"services": ["Cisco CallManager", "Cisco Tftp"], "state": "restarted", "only_if_required": True}
        return {**place, **services, **QUICK, **more}

    def test_it_is_said_plainly(self, environment: Emulator) -> None:
        result = run_module(MODULE, self.options(environment))
        assert (result.failed, result["code"]) == (True, "no-public-api")
        assert "required_services" in result.msg
        assert writes(environment) == []

    def test_the_users_list_stands_in(self, environment: Emulator) -> None:
        wanted = self.options(environment, required_services=["Cisco Tftp", "Cisco Presence Engine"])
        result = run_module(MODULE, wanted)
        assert_contract(result, changed=True)
        assert actions(result) == [("restart", "cucm-pub:Cisco Tftp")]
        assert not run_module(MODULE, self.options(environment, required_services=[])).changed

    def test_the_list_means_services_in_any_letter_case(self, environment: Emulator) -> None:
        result = run_module(MODULE, self.options(environment, required_services=["cisco TFTP"]))
        assert actions(result) == [("restart", "cucm-pub:Cisco Tftp")]

    def test_info_has_no_notifications(self, environment: Emulator) -> None:
        result = run_module(f"{MODULE}_info", {**connection(environment, "cucm"), "services": ["Cisco Tftp"]})
        assert result["restart_notifications"] is None
        assert result["services"][0]["status"] == "Started"


@pytest.mark.parametrize(("mode", "value"), [("polls", 3), ("seconds", 0.3)])
@pytest.mark.parametrize("state", ["stopped", "restarted", "activated", "deactivated"])
def test_slow_services_are_waited_for(environment: Emulator, mode: str, value: float, state: str) -> None:
    service = AXL if state == "activated" else ENGINE
    environment.control.transitions(mode, value)
    result = run(environment, service, state=state)
    assert_contract(result, changed=True)
    expected = {
        "stopped": ("Stopped", True),
        "restarted": ("Started", True),
        "activated": ("Started", True),
        "deactivated": ("Stopped", False),
    }
    assert states(environment, service) == dict.fromkeys(BOTH, expected[state])


def test_nodes_restart_one_after_another(changed: Emulator) -> None:
    changed.control.transitions("polls", 3)
    assert_contract(if_required(changed), changed=True)
    told = [(entry["node"], entry["write"]) for entry in changed.journal(protocol="control_center")]
    second = told.index(("imp-sub", True))
    assert told.index(("imp-pub", True)) < second
    after_first = [node for node, write in told[:second] if not write]
    assert after_first.count("imp-pub") >= 4, "imp-pub was not waited for before imp-sub"


def test_a_service_on_its_way_is_waited_for_first(changed: Emulator) -> None:
    """As after a run that was killed between the command and the end of the restart."""
    changed.control.transitions("polls", 30)
    place = nodes(changed, 8443, "imp-pub")
    assert if_required(changed, wait_timeout=1, poll_interval=0.2, nodes=place).failed
    result = if_required(changed, wait_timeout=30)
    assert_contract(result, changed=True)
    assert ids(result) == [f"imp-sub:{ENGINE}"], "imp-pub has restarted already"


def test_a_restart_that_hangs(changed: Emulator) -> None:
    changed.control.transitions("hang", node="imp-pub", service=ENGINE)
    result = if_required(changed, wait_timeout=1)
    assert_contract(result, changed=True, failed=True)
    assert actions(result) == [("restart", f"imp-pub:{ENGINE}")], "it was accepted, and the service is down"
    hung, spared = result["failures"]
    assert (hung["id"], hung["code"]) == (f"imp-pub:{ENGINE}", "wait-expired")
    for part in (ENGINE, "imp-pub", "Stopping", "1 s", "Started"):
        assert part in hung["message"]
    assert (spared["id"], spared["code"]) == (f"imp-sub:{ENGINE}", "not-tried")
    assert [entry["node"] for entry in writes(changed)] == ["imp-pub"], "imp-sub carries the users"
    assert result["current"][0]["status"] == "Stopping"

    changed.control.transitions("immediate")
    changed.control.transitions("immediate", node="imp-pub", service=ENGINE)
    assert_contract(if_required(changed), changed=True)
    assert pending(changed) == []


def test_a_start_that_hangs_does_not_stop_the_others(environment: Emulator) -> None:
    run(environment, state="stopped")
    environment.control.transitions("hang", node="imp-pub", service=ENGINE)
    result = run(environment, wait_timeout=1)
    assert_contract(result, changed=True, failed=True)
    assert ids(result, "failures") == [f"imp-pub:{ENGINE}"]
    assert ids(result) == [f"{node}:{ENGINE}" for node in BOTH], "both commands were accepted"


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize("mode", ["immediate", "polls"])
@pytest.mark.parametrize(
    "wanted",
    [
        {"state": "stopped"},
        {"state": "restarted"},
        {"state": "restarted", "only_if_required": True},
        {"state": "activated", "services": [AXL]},
        {"state": "deactivated"},
    ],
    ids=["stopped", "restarted", "if-required", "activated", "deactivated"],
)
def test_a_lost_answer_is_settled_by_looking(changed: Emulator, kind: str, mode: str, wanted: dict[str, Any]) -> None:
    changed.control.transitions(mode, 2)
    changed.control.fault(kind, protocol="control_center", node="imp-pub", times=1, operation=operation(wanted))
    result = run_module(MODULE, {**options(changed, nodes=nodes(changed, 8443, "imp-pub")), **wanted})
    assert_contract(result, changed=True)
    # Lost before it was carried out: sent again. Lost after: found to be done.
    assert len(writes(changed)) == (2 if kind == "drop" else 1)


def operation(wanted: dict[str, Any]) -> str:
    return "soapDoServiceDeployment" if wanted["state"].endswith("activated") else "soapDoControlServices"


def test_a_node_that_is_silent_while_it_restarts(changed: Emulator) -> None:
    """Its web server may be restarting too: what counts is where the service is in the end."""
    changed.control.fault("status", effect={"status": 503}, node="imp-pub", operation="soapGetServiceStatus", skip=1)
    result = if_required(changed, wait_timeout=1, retries=0, nodes=nodes(changed, 8443, "imp-pub"))
    assert result.failed
    assert "not to be seen" in result["failures"][0]["message"]
    changed.control.clear_faults()
    parameter = {**connection(changed, "cucm"), "calendar_spread": 20}
    run_module("calendaring_parameters", parameter)
    changed.control.fault(
        "status", effect={"status": 503}, node="imp-pub", operation="soapGetServiceStatus", skip=1, times=3
    )
    assert_contract(if_required(changed, retries=0, wait_timeout=30), changed=True)


@pytest.mark.parametrize("service", ["A Cisco DB", "Cisco Tomcat"])
def test_what_cannot_be_stopped_is_told(environment: Emulator, service: str) -> None:
    result = run(environment, service, ENGINE, state="stopped")
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
        (f"{node}:{service}", "reason-1042") for node in BOTH
    ]
    assert f"{service} on imp-pub: not accepted: the service does not permit this transition" in result.msg
    assert ids(result) == [f"{node}:{ENGINE}" for node in BOTH]


def test_what_cannot_be_deactivated_is_told(environment: Emulator) -> None:
    result = run(environment, "Cisco XCP Router", state="deactivated")
    assert_contract(result, changed=False, failed=True)
    assert {failure["code"] for failure in result["failures"]} == {"reason-1045"}


def test_an_unknown_service_is_told(environment: Emulator) -> None:
    for check in (True, False):
        result = run(environment, "Cisco Nothing", ENGINE, state="stopped", check=check)
        assert_contract(result, changed=True, failed=True)
        assert {failure["code"] for failure in result["failures"]} == {"no-such-service"}


def test_a_node_that_cannot_be_reached_does_not_stop_the_others(environment: Emulator) -> None:
    places = nodes(environment, 8443)
    places[0]["port"] = 1
    result = run(environment, state="stopped", nodes=places, retries=0)
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [("imp-pub", "connection-failed")]
    assert ids(result) == [f"imp-sub:{ENGINE}"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "services"),
        ({"services": []}, "services: give the names"),
        ({"services": [" "]}, "services[0]: it is an empty text"),
        ({"services": [ENGINE, "cisco presence engine"]}, "cisco presence engine is given more than once"),
        ({"services": [ENGINE], "state": "reloaded"}, "state"),
        ({"services": [ENGINE], "only_if_required": True}, "only_if_required: "),
        ({"services": [ENGINE], "required_services": [ENGINE]}, "required_services: "),
        ({"services": [ENGINE], "wait_timeout": 0}, "wait_timeout: 0 is not in the range 1 to 86400 seconds"),
        ({"services": [ENGINE], "poll_interval": -1}, "poll_interval: -1.0 is not in the range 0.01 to 86400 seconds"),
        ({"services": [ENGINE], "wait_timeout": "soon"}, "wait_timeout"),
        ({"services": [ENGINE], "nodes": []}, "nodes: the list is empty"),
        ({"services": [ENGINE], "nodes": [{"hostname": "imp-pub"}]}, "name"),
        ({"services": [ENGINE], "nodes": [{"name": "imp pub"}]}, "nodes[0].hostname"),
        ({"services": [ENGINE], "nodes": [{"name": "a", "port": 99999}]}, "nodes[0].port"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run_module(MODULE, {**connection(environment, "imp"), **wrong})
    assert result.failed
    assert said in result.msg
    assert environment.journal() == []
