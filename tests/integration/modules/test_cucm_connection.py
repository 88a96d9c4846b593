# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with the connection, the same for every module that talks AXL; and that no secret ever shows."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module

MODULES: dict[str, dict[str, Any]] = {
    "calendaring_parameters": {"calendar_spread": 10},
    "calendaring_parameters_info": {},
    "service_parameters": {"parameters": [{"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}]},
    "service_parameters_info": {"parameters": [{"service": "Enterprise Wide"}]},
    "calendar_users": {"users": [{"userid": "user0001"}]},
    "calendar_users_info": {},
    "cluster_info": {},
}
CANARY = "Canary-c2d4-4c1d"

every_module = pytest.mark.parametrize("module", MODULES)


@every_module
def test_wrong_password(environment: Emulator, module: str) -> None:
    result = run_module(module, {**connection(environment, "cucm"), **MODULES[module], "password": CANARY})
    assert (result.failed, result["code"]) == (True, "unauthorized")
    assert "axladmin" in result.msg
    assert CANARY not in result.output
    assert len(environment.journal()) == 1, "a wrong password was tried again"


@every_module
def test_wrong_role(environment: Emulator, module: str) -> None:
    options = connection(environment, "cucm", account="readonly")
    result = run_module(module, {**options, **MODULES[module]})
    assert (result.failed, result["code"]) == (True, "forbidden")
    assert "Standard AXL API Access" in result.msg
    assert options["password"] not in result.output


@every_module
def test_wrong_authority(environment: Emulator, module: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(issue("Another CA", ca=True).pem)
    result = run_module(module, {**connection(environment, "cucm"), **MODULES[module], "ca_path": str(other)})
    assert (result.failed, result["code"]) == (True, "tls-failed")
    assert "ca_path" in result.msg
    assert environment.journal() == []


@every_module
def test_nobody_listens(environment: Emulator, module: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {**connection(environment, "cucm"), **MODULES[module], "port": port, "retries": 0}
    result = run_module(module, options)
    assert (result.failed, result["code"]) == (True, "connection-failed")
    assert str(port) in result.msg


@every_module
def test_bad_connection_options(environment: Emulator, module: str) -> None:
    options = {**connection(environment, "cucm"), **MODULES[module]}
    for option, value in {
        "hostname": "no host",
        "port": 0,
        "username": " ",
        "password": "abc",
        "ca_path": "/none",
    }.items():
        result = run_module(module, {**options, option: value})
        assert (result.failed, result["code"]) == (True, "invalid-input")
        assert result.msg.startswith(f"{option}: ")
    assert environment.journal() == []


@every_module
def test_a_node_that_is_no_publisher(environment: Emulator, module: str) -> None:
    """An IM and Presence node answers, but not as AXL of Unified CM."""
    result = run_module(module, {**connection(environment, "cucm", node="imp-pub"), **MODULES[module]})
    assert result.failed
    assert result["code"] != "unexpected", result.msg


@every_module
def test_a_busy_server_is_waited_for(environment: Emulator, module: str) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="axl", times=2)
    result = run_module(module, {**connection(environment, "cucm"), **MODULES[module]}, check=True)
    assert not result.failed, result.msg
    assert [entry["status"] for entry in environment.journal()][:2] == [503, 503]


@every_module
def test_a_server_that_stays_busy_is_given_up(environment: Emulator, module: str) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="axl")
    result = run_module(module, {**connection(environment, "cucm"), **MODULES[module], "retries": 1})
    assert (result.failed, result["code"]) == (True, "busy")
    assert len(environment.journal()) == 2


@every_module
def test_the_password_never_shows(environment: Emulator, module: str) -> None:
    options = connection(environment, "cucm")
    result = run_module(module, {**options, **MODULES[module]}, check=True)
    assert not result.failed, result.msg
    assert options["password"] not in result.output
    assert options["password"] not in str(environment.journal())
