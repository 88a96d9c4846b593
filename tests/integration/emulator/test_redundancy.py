# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups over the wire: admin API, control plane, command, faults, and a killed emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from imp_emulator import cli
from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE, Api, assert_problem, restart

GROUP = "DefaultCUPSubcluster"
PATH = "/presence-redundancy-groups"


def switch(emulator: Emulator, on: bool) -> None:
    content = f"<name>{GROUP}</name><haEnabled>{str(on).lower()}</haEnabled>"
    OverTheWire(emulator).ask("updatePresenceRedundancyGroup", content).done()


def nodes(emulator: Emulator, *fields: str) -> list[tuple[Any, ...]]:
    (group,) = Api(emulator).items(PATH)
    return [tuple(node[field] for field in fields) for node in group["nodes"]]


def states(emulator: Emulator) -> list[str]:
    return [str(state) for (state,) in nodes(emulator, "state")]


def act(api: Api, what: str, **body: Any) -> Any:
    return api("POST", f"{PATH}/{GROUP}/{what}", json=body or None)


@pytest.fixture(name="paired")
def paired_fixture(environment: Emulator) -> Emulator:
    environment.control.clock(frozen=True)
    switch(environment, on=True)
    environment.control.advance(15)
    return environment


def test_the_administrators_buttons(paired: Emulator) -> None:
    api = Api(paired)
    begun = act(api, "failover", node="imp-pub").json()
    assert [node["state"] for node in begun["nodes"]] == ["Failing Over", "Taking Over"]
    assert_problem(act(api, "failover", node="imp-pub"), 409, "redundancy-state", "node")
    paired.control.advance(5)
    assert states(paired) == ["Idle", "Running in Backup Mode"]
    assert act(api, "fallback", node="imp-pub.dc1.example.com").status_code == 200
    paired.control.advance(5)
    assert nodes(paired, "node", "state", "reason") == [
        ("imp-pub", "Normal", "Normal"),
        ("imp-sub", "Normal", "Normal"),
    ]
    assert_problem(act(api, "fallback", node="imp-pub"), 409, "redundancy-state", "node")
    assert_problem(act(api, "recover"), 409, "redundancy-state", "name")
    assert_problem(act(api, "failover", node="nowhere"), 404, "node-not-found", "node")
    assert_problem(api("POST", f"{PATH}/other/recover"), 404, "redundancy-group-not-found", "name")


def test_a_group_in_failed_mode_recovers(paired: Emulator) -> None:
    for node in ("imp-pub", "imp-sub"):
        restart(paired, node, ENGINE, what="Stop")
    paired.control.advance(90)
    assert states(paired) == ["Running in Failed Mode"] * 2
    assert act(Api(paired), "recover").status_code == 200
    paired.control.advance(15)
    assert states(paired) == ["Normal", "Normal"]


def test_the_control_plane_and_the_command_tell_the_same(paired: Emulator) -> None:
    (group,) = Api(paired).items(PATH)
    (told,) = paired.control.redundancy_groups("dc1")
    assert (told["cluster"], told["name"], told["ha_enabled"]) == ("dc1", group["name"], True)
    assert [{**node, "since": ""} for node in told["nodes"]] == [{**node, "since": ""} for node in group["nodes"]]
    assert paired.control.request("GET", "/presence-redundancy-groups?cluster=none").status_code == 404
    done = CliRunner().invoke(cli.app, ["redundancy", "list", "--ready-file", str(paired.ready_file)])
    assert done.output.splitlines() == [
        f"dc1\t{GROUP}\ton\t{node}\t0 of 0\tNormal\tNormal" for node in ("imp-pub", "imp-sub")
    ]


def test_a_fault_that_cuts_a_node_off_is_a_lost_heartbeat(paired: Emulator) -> None:
    fault = paired.control.fault("drop", node="imp-sub")
    paired.control.advance(65)
    assert nodes(paired, "state", "reason")[0] == ("Running in Backup Mode", "Peer Down")
    assert paired.control.request("DELETE", f"/faults/{fault}").status_code == 204
    assert states(paired)[1] == "Failed Over"
    paired.control.fault("drop", node="imp-sub")
    assert states(paired)[1] == "Failed Over with Critical Services Not Running"
    paired.control.clear_faults()
    assert states(paired)[1] == "Failed Over"


def test_a_killed_emulator_goes_on(start_emulator: Callable[..., Emulator]) -> None:
    emulator = start_emulator()
    emulator.control.clock(frozen=True)
    switch(emulator, on=True)
    emulator.control.advance(15)
    restart(emulator, "imp-pub", ENGINE, what="Stop")
    emulator.control.advance(60)
    emulator.kill()
    again = start_emulator()
    again.control.advance(29)
    assert states(again) == ["Normal", "Normal"]
    again.control.advance(6)
    assert nodes(again, "state", "users_here") == [
        ("Failed Over with Critical Services Not Running", 0),
        ("Running in Backup Mode", 0),
    ]
