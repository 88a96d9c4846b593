# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's calls about nodes: their services, and the presence redundancy groups that they are in."""

from __future__ import annotations

from typing import Any

import pytest

from imp_emulator.catalogue.services import PRESENCE_ENGINE, XCP_ROUTER
from imp_emulator.testing import Control, ControlError
from tests.support.emulator import Emulator

GROUP = "DefaultCUPSubcluster"
SERVICE = "/clusters/dc1/nodes/imp-pub/services"


def state(control: Control, service: str = PRESENCE_ENGINE) -> dict[str, Any]:
    return next(one for one in control.services("imp-pub") if one["name"] == service)


def test_services_are_changed_as_by_the_control_center(environment: Emulator) -> None:
    control = environment.control
    started = state(control)
    assert (started["status"], started["activated"], started["detail"]) == ("Started", True, "")
    control.transitions("seconds", 30, service=PRESENCE_ENGINE)
    assert control.change_service("imp-pub", PRESENCE_ENGINE, "restart")["status"] == "Stopping"
    with pytest.raises(ControlError, match="409 start of Cisco Presence Engine on imp-pub was refused: Operation is"):
        control.change_service("imp-pub", PRESENCE_ENGINE, "start")
    control.advance(30)
    assert state(control)["started_at"] > started["started_at"]
    control.transitions("immediate", service=PRESENCE_ENGINE)
    control.occupy_port("imp-pub", 50020, "a backup agent")
    assert control.change_service("imp-pub.dc1.example.com", PRESENCE_ENGINE, "restart")["status"] == "Stopped"
    assert "in use by a backup agent" in state(control)["detail"]
    assert not control.change_service("imp-pub", PRESENCE_ENGINE, "deactivate")["activated"]
    assert control.journal() == [], "it is no request of a client"


def test_users_are_moved_as_by_the_administration(environment: Emulator) -> None:
    control = environment.control
    control.clock(frozen=True)
    assert control.set_high_availability(GROUP, enabled=True)["ha_enabled"]
    control.advance(600)
    moved = control.fail_over(GROUP, "imp-sub")
    assert [(node["node"], node["reason"]) for node in moved["nodes"]] == [
        ("imp-pub", "On Admin Request"),
        ("imp-sub", "On Admin Request"),
    ]
    control.advance(600)
    assert {node["state"] for node in control.redundancy_groups()[0]["nodes"]} == {"Running in Backup Mode", "Idle"}
    control.fall_back(GROUP, "imp-sub")
    control.advance(600)
    assert {node["state"] for node in control.redundancy_groups()[0]["nodes"]} == {"Normal"}
    with pytest.raises(ControlError, match=f"409 {GROUP} does not run in failed mode"):
        control.recover_group(GROUP)
    control.fail_over(GROUP, "imp-sub")
    control.change_service("imp-pub", XCP_ROUTER, "stop")
    control.advance(600)
    assert {node["state"] for node in control.redundancy_groups()[0]["nodes"]} == {"Running in Failed Mode"}
    assert {node["state"] for node in control.recover_group(GROUP)["nodes"]} == {"Initializing"}
    assert not control.set_high_availability(GROUP, enabled=False)["ha_enabled"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/clusters/dc9/nodes/imp-pub/services", None, 404),
        ("GET", "/clusters/dc1/nodes/imp-9/services", None, 404),
        ("POST", f"{SERVICE}/Cisco%20Nothing/start", None, 404),
        ("POST", f"{SERVICE}/Cisco%20SIP%20Proxy/explode", None, 422),
        ("POST", f"{SERVICE}/Cisco%20XCP%20Router/deactivate", None, 409),
        ("PUT", f"/presence-redundancy-groups/dc1/{GROUP}/high-availability", {"enabled": "perhaps"}, 422),
        ("PUT", "/presence-redundancy-groups/dc1/none/high-availability", {"enabled": True}, 404),
        ("PUT", f"/presence-redundancy-groups/dc9/{GROUP}/high-availability", {"enabled": True}, 404),
        ("POST", f"/presence-redundancy-groups/dc1/{GROUP}/failover", {"node": "imp-9"}, 404),
        ("POST", f"/presence-redundancy-groups/dc1/{GROUP}/failover", {}, 422),
        ("POST", f"/presence-redundancy-groups/dc1/{GROUP}/fallback", {"node": "imp-sub"}, 409),
        ("POST", f"/presence-redundancy-groups/dc9/{GROUP}/recover", None, 404),
    ],
)
def test_what_is_refused_of_nodes_and_groups(
    environment: Emulator, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = environment.control.request(method, path, body)
    assert answer.status_code == status
    assert answer.json()["detail"]
