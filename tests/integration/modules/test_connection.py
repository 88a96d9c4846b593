# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with the connection, the same for every module; and that no secret ever shows."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import issue
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, run_module

CANARY = "Canary-c2d4-4c1d"
ROOT = issue("Example Root CA", ca=True)
EXCHANGE = {"account": r"EXAMPLE\svc", "account_password": CANARY}

MODULES: dict[str, tuple[str, dict[str, Any]]] = {
    "calendaring_parameters": ("cucm", {"calendar_spread": 10}),
    "calendaring_parameters_info": ("cucm", {}),
    "service_parameters": (
        "cucm",
        {"parameters": [{"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}]},
    ),
    "service_parameters_info": ("cucm", {"parameters": [{"service": "Enterprise Wide"}]}),
    "calendar_users": ("cucm", {"users": [{"userid": "user0001"}]}),
    "calendar_users_info": ("cucm", {}),
    "cluster_info": ("cucm", {}),
    "presence_gateways": ("imp", {"gateways": [{"name": "mail1.example.com"}], **EXCHANGE}),
    "presence_gateways_info": ("imp", {}),
    "services": ("imp", {"services": ["Cisco SIP Proxy"], "state": "stopped"}),
    "services_info": ("imp", {"services": ["Cisco SIP Proxy"]}),
    "trust_certificates": ("platform", {"certificates": [{"content": ROOT.pem}]}),
    "trust_certificates_info": ("platform", {}),
}
ROLES = {"cucm": "Standard AXL API Access", "imp": "Standard SERVICEABILITY"}

every_module = pytest.mark.parametrize("module", MODULES)


def run(emulator: Emulator, module: str, *, check: bool = False, **changes: Any) -> ModuleResult:
    kind, options = MODULES[module]
    return run_module(module, {**connection(emulator, kind), **options, **changes}, check=check)


def assert_failed(result: ModuleResult, code: str) -> None:
    """Assert that it failed for this reason, as a whole or on the one node that there is."""
    assert result.failed
    assert {result["code"], *(failure["code"] for failure in result["failures"])} - {"items-failed"} == {code}
    assert not result.changed


@every_module
def test_wrong_password(environment: Emulator, module: str) -> None:
    result = run(environment, module, password="wrong-" + CANARY)
    assert_failed(result, "unauthorized")
    assert connection(environment, MODULES[module][0])["username"] in result.msg
    assert CANARY not in result.output
    told = environment.journal()
    assert len(told) == len({entry["protocol"] for entry in told}), "a wrong password was tried again"


@pytest.mark.parametrize("module", [module for module, (kind, _options) in MODULES.items() if kind in ROLES])
def test_wrong_role(environment: Emulator, module: str) -> None:
    kind = MODULES[module][0]
    options = connection(environment, kind, account="readonly")
    result = run(environment, module, **options)
    assert_failed(result, "forbidden")
    assert ROLES[kind] in result.msg
    assert options["password"] not in result.output


@every_module
def test_wrong_authority(environment: Emulator, module: str, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(issue("Another CA", ca=True).pem)
    result = run(environment, module, ca_path=str(other))
    assert_failed(result, "tls-failed")
    assert "ca_path" in result.msg
    assert environment.journal() == []


@every_module
def test_nobody_listens(environment: Emulator, module: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run(environment, module, port=port, retries=0)
    assert_failed(result, "connection-failed")
    assert str(port) in result.msg


@every_module
def test_bad_connection_options(environment: Emulator, module: str) -> None:
    wrong: dict[str, Any] = {
        "hostname": "no host",
        "port": 0,
        "username": " ",
        "password": "abc",
        "ca_path": "/none",
        "timeout": 0,
        "retries": -1,
    }
    for option, value in wrong.items():
        result = run(environment, module, check=False, **{option: value})
        assert_failed(result, "invalid-input")
        assert result.msg.startswith(f"{option}: ")
    assert environment.journal() == []


@pytest.mark.parametrize("module", [module for module, (kind, _options) in MODULES.items() if kind == "cucm"])
def test_a_node_that_is_no_publisher(environment: Emulator, module: str) -> None:
    """An IM and Presence node answers, but not as AXL of Unified CM."""
    result = run(environment, module, **connection(environment, "cucm", node="imp-pub"))
    assert result.failed
    assert result["code"] != "unexpected", result.msg


@every_module
def test_a_busy_server_is_waited_for(environment: Emulator, module: str) -> None:
    environment.control.fault("status", effect={"status": 503}, times=2)
    result = run(environment, module, check=True)
    assert not result.failed, result.msg
    # In any order, because a module may ask with several connections at once.
    assert [entry["status"] for entry in environment.journal()].count(503) == 2


@every_module
def test_a_server_that_stays_busy_is_given_up(environment: Emulator, module: str) -> None:
    environment.control.fault("status", effect={"status": 503})
    result = run(environment, module, retries=1)
    assert_failed(result, "busy")
    told = environment.journal()
    assert len(told) == 2 * len({entry["protocol"] for entry in told})


@every_module
def test_a_server_that_does_not_answer_in_time(environment: Emulator, module: str) -> None:
    environment.control.fault("delay", effect={"seconds": 2}, times=1)
    result = run(environment, module, retries=0, timeout=1)
    assert_failed(result, "timeout")
    assert "did not answer within 1 s" in result.msg
    # The emulator still carries the request out: not in the middle of the next test.
    deadline = time.monotonic() + 10
    while not any(entry["fault"] for entry in environment.journal()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@every_module
def test_no_secret_ever_shows(environment: Emulator, module: str) -> None:
    options = connection(environment, MODULES[module][0])
    result = run(environment, module, check=True)
    assert not result.failed, result.msg
    for secret in (options["password"], CANARY):
        assert secret not in result.output
        assert secret not in str(environment.journal())
