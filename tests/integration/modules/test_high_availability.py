# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups of the emulator, as the modules see them, switch them and wait for their users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.axl import activate_imp_axl
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.high_availability import GROUP, SWITCH, fall_back, group, states, switch, switch_on, time_flies
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.pending import change_parameter

ENGINE = "Cisco Presence Engine"
CONTROL = "soapDoControlServices"
FULL = [("cucm-pub", SWITCH), ("imp-pub", CONTROL), ("imp-sub", CONTROL), ("cucm-pub", SWITCH)]


@pytest.fixture(name="redundant")
def redundant_fixture(environment: Emulator) -> Emulator:
    """High availability is on, and every engine has a change to load."""
    switch_on(environment)
    change_parameter(environment)
    return environment


def run(emulator: Emulator, folder: Path, *, off: bool, check: bool = False, **more: Any) -> ModuleResult:
    options = {
        **connection(emulator, "imp"),
        "nodes": nodes(emulator, 8443),
        "services": [ENGINE],
        "state": "restarted",
        "only_if_required": True,
        "high_availability": "off_while_restarting" if off else "keep",
        "cucm": connection(emulator, "cucm"),
        "pending_restarts_path": str(folder / "notes.json"),
        "poll_interval": 0.05,
        "wait_timeout": 5,
    }
    return run_module("services", {**options, **more}, check=check)


def writes(emulator: Emulator) -> list[tuple[str, str]]:
    return [(entry["node"], entry["operation"]) for entry in emulator.journal(writes=True)]


def failures(result: ModuleResult) -> dict[str, str]:
    return {failure["id"]: failure["code"] for failure in result["failures"]}


def test_off_restart_on_and_nothing_the_second_time(redundant: Emulator, tmp_path: Path) -> None:
    predicted = run(redundant, tmp_path, off=True, check=True)
    assert_contract(predicted, changed=True)
    assert writes(redundant) == []
    with time_flies(redundant):
        done = run(redundant, tmp_path, off=True)
    assert_contract(done, changed=True)
    assert done["changes"] == predicted["changes"]
    assert writes(redundant) == FULL
    assert states(redundant) == ["Normal", "Normal"]
    assert_contract(run(redundant, tmp_path, off=True, check=True), changed=False)
    assert_contract(run(redundant, tmp_path, off=True), changed=False)
    assert writes(redundant) == FULL


def test_a_slow_restart_moves_users_unless_high_availability_is_off(redundant: Emulator, tmp_path: Path) -> None:
    """The reason for all this: Started is not enough, and the next node waits until the users are back."""
    redundant.control.transitions("seconds", 20, service=ENGINE)
    with time_flies(redundant):
        kept = run(redundant, tmp_path, off=False, wait_timeout=3)
    assert_contract(kept, changed=True, failed=True)
    assert failures(kept) == {f"imp-pub:{ENGINE}": "wait-expired", f"imp-sub:{ENGINE}": "not-tried"}
    assert f"imp-pub:{ENGINE} has restarted, but imp-pub is in the state Failed Over" in kept.msg
    assert [node["users_here"] > 0 for node in group(redundant)["nodes"]] == [False, True]
    assert failures(run(redundant, tmp_path, off=False, check=True)) == {f"imp-sub:{ENGINE}": "not-tried"}
    fall_back(redundant, "imp-pub")
    redundant.control.clear_journal()
    with time_flies(redundant):
        healed = run(redundant, tmp_path, off=True)
    assert_contract(healed, changed=True)
    assert writes(redundant) == [FULL[0], FULL[2], FULL[3]]
    assert states(redundant) == ["Normal", "Normal"]
    assert all(node["users_here"] == node["users_assigned"] for node in group(redundant)["nodes"])


def test_what_the_operator_has_off_stays_off(redundant: Emulator, tmp_path: Path) -> None:
    switch(redundant, on=False)
    redundant.control.clear_journal()
    assert_contract(run(redundant, tmp_path, off=True), changed=True)
    assert writes(redundant) == FULL[1:3]
    assert not group(redundant)["ha_enabled"]


def test_cluster_info_tells_what_it_is_told(redundant: Emulator) -> None:
    alone = run_module("cluster_info", connection(redundant, "cucm"))
    (found,) = alone["presence_redundancy_groups"]
    assert (found["name"], found["ha_enabled"], found["users"] > 0) == (GROUP, True, True)
    assert [(node["name"], node["state"]) for node in found["nodes"]] == [("imp-pub", None), ("imp-sub", None)]
    asked = {**connection(redundant, "cucm"), "imp": connection(redundant, "imp")}
    (found,) = run_module("cluster_info", asked)["presence_redundancy_groups"]
    assert [node["state"] for node in found["nodes"]] == ["Normal", "Normal"]
    assert all(node["users_here"] == node["users_assigned"] > 0 for node in found["nodes"])
    # As on a real cluster, where AXL of IM and Presence may tell.
    redundant.control.fault("status", protocol="imp_admin", effect={"status": 404})
    (found,) = run_module("cluster_info", asked)["presence_redundancy_groups"]
    assert [node["state"] for node in found["nodes"]] == [None, None]
    activate_imp_axl(redundant)
    (found,) = run_module("cluster_info", asked)["presence_redundancy_groups"]
    assert [(node["state"], node["users_here"]) for node in found["nodes"]] == [("Normal", None)] * 2


def test_cluster_info_does_without_the_groups(environment: Emulator) -> None:
    environment.control.fault("status", operation="listPresenceRedundancyGroup", effect={"status": 500})
    result = run_module("cluster_info", connection(environment, "cucm"))
    assert not result.failed, result.msg
    assert result["presence_redundancy_groups"] is None
    assert any("presence redundancy groups could not be read" in warning for warning in result.warnings)


def test_the_preflight_has_a_row(redundant: Emulator) -> None:
    wanted = {**connection(redundant, "cucm"), "imp": {**connection(redundant, "imp"), "nodes": nodes(redundant, 8443)}}

    def row() -> dict[str, str]:
        checks = run_module("preflight_info", wanted)["checks"]
        return next(dict(check) for check in checks if check["check"] == "redundancy-normal")

    assert (row()["result"], row()["found"]) == ("ok", "Normal")
    redundant.control.transitions("seconds", 3600, node="imp-sub", service=ENGINE)
    run_module(
        "services", {**connection(redundant, "imp"), "services": [ENGINE], "state": "stopped", "wait_timeout": 1}
    )
    redundant.control.advance(30)
    assert row()["result"] == "failed"
