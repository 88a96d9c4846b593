# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notification port must be unused (P2): refused where it can be known, and told when the engine does not start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.scenarios import shipped, write_scenario

ENGINE = "Cisco Presence Engine"


def set_port(emulator: Emulator, port: int) -> ModuleResult:
    return run_module("calendaring_parameters", {**connection(emulator, "cucm"), "exchange_notification_port": port})


def restart(emulator: Emulator, *names: str, state: str = "restarted") -> ModuleResult:
    options = {"services": [ENGINE], "state": state, "wait_timeout": 1, "poll_interval": 0.1}
    return run_module("services", {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443, *names), **options})


@pytest.mark.parametrize(
    ("port", "used_by"),
    [
        (5060, "Cisco SIP Proxy (SIP)"),
        (5080, "Cisco Presence Engine (SIP)"),
        (5222, "XMPP clients"),
        (8443, "Cisco Tomcat (HTTPS)"),
        (50000, "Cisco Presence Engine (LiveBus)"),
    ],
)
def test_a_port_that_the_product_uses_is_refused(environment: Emulator, port: int, used_by: str) -> None:
    result = set_port(environment, port)
    assert (result.failed, result["code"]) == (True, "invalid-input")
    assert f"exchange_notification_port: {port} is used by {used_by} on every IM and Presence node" in result.msg
    assert "50020, the product's default" in result.msg
    assert environment.journal() == []


@pytest.mark.parametrize("port", [22, 443, 1023, 65536])
def test_a_port_out_of_range_is_refused(environment: Emulator, port: int) -> None:
    result = set_port(environment, port)
    assert f"exchange_notification_port: {port} is not in the range 1024 to 65535" in result.msg
    assert environment.journal() == []


@pytest.mark.parametrize("port", [1024, 50019, 50021, 65535])
def test_a_port_that_nothing_uses_is_set_and_the_engine_starts(environment: Emulator, port: int) -> None:
    assert_contract(set_port(environment, port), changed=True)
    assert_contract(restart(environment), changed=True)


def test_a_notification_port_that_is_taken(environment: Emulator) -> None:
    environment.control.occupy_port("imp-sub", 50021, "a backup agent")
    assert environment.control.occupied_ports("imp-sub") == {50021: "a backup agent"}
    assert_contract(set_port(environment, 50021), changed=True)
    result = restart(environment)
    assert result.failed
    (failure,) = result["failures"]
    assert failure["id"] == f"imp-sub:{ENGINE}"
    assert "is Stopped after 1 s; it should be Started" in failure["message"]
    assert "Microsoft Exchange Notification Port 50021 is in use by a backup agent" in failure["message"]
    assert "see exchange_notification_port of ucops.imp.calendaring_parameters" in failure["message"]
    told = run_module("services_info", {**connection(environment, "imp"), "nodes": nodes(environment, 8443, "imp-sub")})
    (engine,) = [service for service in told["services"] if service["service"] == ENGINE]
    assert (engine["status"], engine["activated"]) == ("Stopped", True)
    assert "50021 is in use by a backup agent" in engine["reason"]

    # Another port, and it comes back.
    assert_contract(set_port(environment, 50022), changed=True)
    assert_contract(restart(environment, state="started"), changed=True)
    environment.control.release_port("imp-sub", 50021)
    assert environment.control.occupied_ports("imp-sub") == {}


def test_a_value_set_past_the_module_is_found_when_the_engine_starts(environment: Emulator) -> None:
    """Unified CM itself knows the range only."""
    place = {"service": ENGINE, "node": "EnterpriseWideData"}
    parameter = {**place, "name": "ExchangeNotificationPort", "value": "5070"}
    options = {**connection(environment, "cucm"), "parameters": [parameter]}
    assert_contract(run_module("service_parameters", options), changed=True)
    (failure, *_others) = restart(environment)["failures"]
    assert "Microsoft Exchange Notification Port 5070 is in use by Cisco SIP Proxy" in failure["message"]


def test_a_scenario_with_a_taken_port(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    content = shipped()
    (publisher,) = [node for node in content["clusters"][0]["nodes"] if node["name"] == "imp-pub"]
    publisher["occupied_ports"] = [50020]
    environment = start_emulator("--scenario", str(write_scenario(tmp_path, content)))
    assert environment.control.occupied_ports("imp-pub") == {50020: "another program"}
    result = restart(environment, "imp-pub")
    assert "50020 is in use by another program" in result["failures"][0]["message"]
    environment.control.release_port("imp-pub", 50020)
    assert_contract(restart(environment, "imp-pub", state="started"), changed=True)
