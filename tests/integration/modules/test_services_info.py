# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``services_info`` against the emulator: states of services, and the restarts that are pending (R1, G5)."""

from __future__ import annotations

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module

MODULE = "services_info"
ENGINE = "Cisco Presence Engine"
AXL = "Cisco AXL Web Service"


def test_info_lists_all_services(environment: Emulator) -> None:
    place = {**connection(environment, "imp"), "nodes": nodes(environment, 8443)}
    result = run_module(MODULE, place)
    assert not result.failed
    engines = [entry for entry in result["services"] if entry["service"] == ENGINE]
    assert [entry["node"] for entry in engines] == ["imp-pub", "imp-sub"]
    assert engines[0].keys() == {"node", "service", "status", "activated", "reason", "started", "up_time"}
    assert engines[0]["up_time"] >= 0
    (axl,) = (entry for entry in result["services"] if entry["service"] == AXL and entry["node"] == "imp-pub")
    assert (axl["status"], axl["activated"], axl["reason"]) == ("Stopped", False, "Service Not Activated")
    assert result["restart_notifications"] == []
    assert environment.journal(writes=True) == []
    assert run_module(MODULE, {**place, "nodes": []}).failed


def test_info_tells_what_has_to_restart_and_why(environment: Emulator) -> None:
    spread = {**connection(environment, "cucm"), "calendar_spread": 10}
    assert run_module("calendaring_parameters", spread).changed
    result = run_module(MODULE, {**connection(environment, "imp"), "services": [ENGINE]})
    first = result["restart_notifications"][0]
    assert (first["node"], first["service"]) == ("imp-pub", ENGINE)
    assert "CalendarSpread" in first["reasons"][0]["object"]
