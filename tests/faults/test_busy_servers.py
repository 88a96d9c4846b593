# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a server says "not now", met by a module that reads and writes: it is waited for, and done once.

The ways are those that the emulator can inject, which lists them; a new one there is tested here without more ado.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._module import progress

from imp_emulator.wire import certmgr_refusals, control_center_refusals
from imp_emulator.wire.axl import refusals as axl
from imp_emulator.wire.ca.certsrv import refusals as certsrv
from imp_emulator.wire.exchange.powershell import refusals as powershell
from tests.support.certificates import issue
from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.exchange import exchange_connection
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.signing_requests import pem, signing_request

RETRIES = 2
ROOT = issue("Example Root CA", ca=True)
SPREAD = {"service": "Cisco Presence Engine", "name": "CalendarSpread", "value": "10"}
ENGINE = "Cisco Presence Engine"
COMMANDS = [code for code in control_center_refusals.REFUSALS if code.startswith("-")]
FAULTS = [code for code in control_center_refusals.REFUSALS if code not in COMMANDS]
PENDING = "-1029"
"""It may be the very same command, so it is not sent again: what counts is where the service arrives."""


@pytest.fixture(name="pauses")
def pauses_fixture(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes any time."""
    made: list[float] = []

    def wait(self: Backoff, attempt: int, *asked: Any) -> bool:
        made.append(self.seconds(attempt, *asked[:1]))
        return True

    monkeypatch.setattr(Backoff, "wait", wait)
    return made


def strike(emulator: Emulator, protocol: str, operation: str, code: str, times: int = 1, **values: str) -> None:
    effect = {"code": code, "values": values}
    emulator.control.fault("error", effect=effect, protocol=protocol, operation=operation, times=times)


def all_met(emulator: Emulator) -> bool:
    return all(fault["hits"] == fault["times"] for fault in emulator.control.faults())


def set_parameter(emulator: Emulator, **more: Any) -> ModuleResult:
    return run_module(
        "service_parameters", {**connection(emulator, "cucm"), "parameters": [SPREAD], "retries": RETRIES, **more}
    )


def restart(emulator: Emulator, **more: Any) -> ModuleResult:
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443, "imp-pub"), "ignore_other_nodes": True}
    wanted = {"services": [ENGINE], "state": "restarted", "poll_interval": 0.02, "retries": RETRIES}
    return run_module("services", {**place, **wanted, **more})


def upload(emulator: Emulator, **more: Any) -> ModuleResult:
    place = {**connection(emulator, "platform"), "certificates": [{"content": ROOT.pem}], "retries": RETRIES}
    return run_module("trust_certificates", {**place, **more})


def assign(emulator: Emulator, **more: Any) -> ModuleResult:
    account = emulator.ready["exchange_account"]["username"]
    return run_module(
        "exchange_impersonation", {**exchange_connection(emulator), "account": account, "retries": RETRIES, **more}
    )


def submit(emulator: Emulator, folder: Path, **more: Any) -> ModuleResult:
    request = {"csr": pem(signing_request("mail1.example.com")), "template": "WebServer"}
    place = ca_connection(emulator, "eca.example.com", account="requester")
    path = {"path": str(folder / "mail1.cer"), "retries": RETRIES, "poll_interval": 1}
    return run_module("adcs_certificate", {**place, **request, **path, **more})


def carried_out(emulator: Emulator, protocol: str, operation: str) -> list[tuple[int, str | None]]:
    return [(entry["status"], entry["fault"]) for entry in emulator.journal(protocol=protocol, operation=operation)]


@pytest.mark.parametrize("code", axl.REFUSALS)
def test_axl(environment: Emulator, pauses: list[float], code: str) -> None:
    strike(environment, "axl", "listServiceParameter", code)
    strike(environment, "axl", "updateServiceParameter", code)
    assert_contract(set_parameter(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 2
    updates = carried_out(environment, "axl", "updateServiceParameter")
    assert [fault for _status, fault in updates] == ["error", None], "sent again, and carried out once"


@pytest.mark.parametrize("code", FAULTS)
def test_the_control_center(environment: Emulator, pauses: list[float], code: str) -> None:
    strike(environment, "control_center", "soapGetServiceStatus", code)
    strike(environment, "control_center", "soapDoControlServices", code)
    assert_contract(restart(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 2
    if code == control_center_refusals.RATE_CONTROL:
        assert pauses == [15.0, 15.0], "asked less often in the minute for which requests are counted"
    commands = carried_out(environment, "control_center", "soapDoControlServices")
    assert commands == [(500, "error"), (200, None)]


@pytest.mark.parametrize("code", [code for code in COMMANDS if code != PENDING])
def test_a_command_that_the_control_center_cannot_take_now(
    environment: Emulator, pauses: list[float], code: str
) -> None:
    strike(environment, "control_center", "soapDoControlServices", code)
    assert_contract(restart(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 1
    commands = carried_out(environment, "control_center", "soapDoControlServices")
    assert commands == [(200, "error"), (200, None)]


@pytest.mark.parametrize("code", certmgr_refusals.REFUSALS)
def test_the_certificate_management(environment: Emulator, pauses: list[float], code: str) -> None:
    strike(environment, "certmgr", "GET /trust/certificate", code)
    strike(environment, "certmgr", "POST /trust/certificates", code)
    assert_contract(upload(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 2
    status = certmgr_refusals.REFUSALS[code][0]
    assert carried_out(environment, "certmgr", "POST /trust/certificates") == [(status, "error"), (201, None)]


@pytest.mark.parametrize("code", [*powershell.QUOTAS, *powershell.CONNECTIONS])
def test_a_session_of_remote_powershell(environment: Emulator, pauses: list[float], code: str) -> None:
    for operation in ("Create", "Get-ManagementRoleAssignment", "New-ManagementRoleAssignment"):
        strike(environment, "powershell", operation, code, milliseconds="2500", seconds="3")
    assert_contract(assign(environment), changed=True)
    assert all_met(environment)
    asked = {"QUOTA_USER": 3.0, "QUOTA_SYSTEM": 3.0, "MaxConcurrency": 3.0, "Budget": 3.0}.get(code)
    assert len(pauses) == 3
    if asked is not None:
        assert pauses == [asked] * 3
    assert carried_out(environment, "powershell", "New-ManagementRoleAssignment") == [(500, "error"), (200, None)]


@pytest.mark.parametrize("code", powershell.CMDLETS)
def test_a_cmdlet_of_remote_powershell(environment: Emulator, pauses: list[float], code: str) -> None:
    for operation in ("Get-ManagementRoleAssignment", "New-ManagementRoleAssignment"):
        strike(environment, "powershell", operation, code)
    assert_contract(assign(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 2
    reads = carried_out(environment, "powershell", "Get-ManagementRoleAssignment")
    compared = "Transient" in code
    assert len(reads) == (4 if compared else 3), "a cmdlet that may have done something is compared first"
    assert carried_out(environment, "powershell", "New-ManagementRoleAssignment") == [(200, "error"), (200, None)]


@pytest.mark.parametrize("code", certsrv.REFUSALS)
def test_web_enrollment(environment: Emulator, pauses: list[float], tmp_path: Path, code: str) -> None:
    strike(environment, "certsrv", "GET /", code)
    strike(environment, "certsrv", "POST /certfnsh.asp", code)
    strike(environment, "certsrv", "GET /certnew.cer", code)
    assert_contract(submit(environment, tmp_path), changed=True)
    assert all_met(environment)
    assert len(pauses) == 3
    assert carried_out(environment, "certsrv", "POST /certfnsh.asp") == [(200, "error"), (200, None)]
    assert len(environment.control.ca_requests("eca.example.com")) == 1


def test_a_denial_is_no_busy_server(environment: Emulator, pauses: list[float], tmp_path: Path) -> None:
    result = submit(environment, tmp_path, template="Nothing")
    assert (result.failed, pauses) == (True, [])
    assert len(carried_out(environment, "certsrv", "POST /certfnsh.asp")) == 1


@pytest.mark.parametrize("date", [False, True])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507])
def test_a_status_with_a_pause(environment: Emulator, pauses: list[float], status: int, date: bool) -> None:
    # An hour ahead of the controller: a date is one of the server's own clock.
    environment.control.clock(offset_seconds=3600, frozen=True)
    effect = {"status": status, "retry_after": 7, "date": date}
    for operation in ("listServiceParameter", "updateServiceParameter"):
        environment.control.fault("status", effect=effect, protocol="axl", operation=operation, times=1)
    assert_contract(set_parameter(environment), changed=True)
    assert all_met(environment)
    assert pauses[0] == 7.0
    updates = carried_out(environment, "axl", "updateServiceParameter")
    assert updates == [(status, "status"), (200, None)]


@pytest.mark.parametrize(("retry_after", "date"), [(7, False), (7, True), (None, False)])
def test_a_web_server_before_remote_powershell(
    environment: Emulator, pauses: list[float], retry_after: int | None, date: bool
) -> None:
    environment.control.clock(offset_seconds=3600, frozen=True)
    asks = {} if retry_after is None else {"retry_after": retry_after, "date": date}
    environment.control.fault("status", effect={"status": 503, **asks}, protocol="powershell", times=1)
    assert_contract(assign(environment), changed=True)
    assert all_met(environment)
    assert len(pauses) == 1
    assert (pauses[0] == 7.0) is (retry_after is not None)


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_lost_the_answer(environment: Emulator, pauses: list[float], status: int) -> None:
    """The change was made, and is not made again."""
    effect = {"status": status, "after": True}
    environment.control.fault("status", effect=effect, protocol="axl", operation="updateServiceParameter", times=1)
    assert_contract(set_parameter(environment), changed=True)
    assert len(carried_out(environment, "axl", "updateServiceParameter")) == 1
    assert pauses == []


BUSY = {
    "axl": (set_parameter, "memory", "Maximum AXL Memory Allocation Consumed"),
    "control_center": (restart, "RateControl", "asked too often"),
    "certmgr": (upload, "busy", "Another certificate operation is in progress"),
    "powershell": (assign, "QUOTA_MAX_SHELLS", "too many sessions"),
}


@pytest.mark.parametrize("protocol", BUSY)
def test_one_that_stays_busy_is_told_with_its_own_reason(
    environment: Emulator, pauses: list[float], protocol: str
) -> None:
    run, code, words = BUSY[protocol]
    environment.control.fault("error", effect={"code": code}, protocol=protocol)
    result = run(environment)
    assert result.failed
    told = result["failures"][0] if result.data.get("failures") else result.data
    assert told["code"] == "busy"
    assert words in result.msg
    assert "raise retries" in result.msg
    assert len(pauses) <= RETRIES * 3, "the budget ends it"
    assert environment.journal(writes=True) == [] or protocol == "control_center"


def test_preflight_waits_like_every_other_reader(environment: Emulator, pauses: list[float]) -> None:
    struck = {"axl": "memory", "control_center": "RateControl", "certmgr": "busy"}
    for protocol, code in struck.items():
        environment.control.fault("error", effect={"code": code}, protocol=protocol, times=1)
    environment.control.fault("status", protocol="imp_admin", times=1)
    kinds = {kind: connection(environment, kind) for kind in ("imp", "platform")}
    result = run_module("preflight_info", {**connection(environment, "cucm"), **kinds})
    assert not result.failed
    assert all_met(environment)
    assert len(pauses) == len(struck) + 1
    assert "busy" not in str(result["checks"])


def test_waiting_for_a_service_ends_in_time(environment: Emulator) -> None:
    """The pause that a node asks for is longer than the task waits for its service."""
    where = {"protocol": "control_center", "operation": "soapGetServiceStatus"}
    environment.control.fault("error", effect={"code": "RateControl"}, skip=1, times=2, **where)
    began = time.monotonic()
    result = restart(environment, wait_timeout=1, poll_interval=1)
    assert time.monotonic() - began < 10
    assert result.failed
    assert "asked too often" in result.msg
    assert "after 1 s" in result.msg
    assert all_met(environment)


def test_waiting_for_a_certificate_ends_in_time(environment: Emulator, tmp_path: Path) -> None:
    effect = {"status": 503, "retry_after": 30}
    environment.control.fault("status", effect=effect, protocol="certsrv", operation="GET /certnew.cer", times=1)
    began = time.monotonic()
    result = submit(environment, tmp_path, wait_timeout=1)
    assert time.monotonic() - began < 10
    assert (result.failed, result["failures"][0]["code"]) == (True, "busy")
    assert_contract(submit(environment, tmp_path), changed=True)
    assert len(environment.control.ca_requests("eca.example.com")) == 1, "the next run goes on with the same request"


def test_what_is_waited_for_goes_to_the_system_log(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, text, **_more: logged.append(text))
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LOGS", 0)
    strike(environment, "axl", "listServiceParameter", "memory")
    assert_contract(set_parameter(environment), changed=True)
    assert any(re.match(r"try 2 in 0\.\d s: \S+ answered Maximum AXL Memory", text) for text in logged), logged


@pytest.mark.parametrize(
    ("code", "kind"), [("5003", ""), ("ErrorServerBusy", "axl"), ("-243", "ews"), ("memory", "graph")]
)
def test_an_error_of_another_protocol_is_refused(environment: Emulator, code: str, kind: str) -> None:
    fault = {"effect": {"kind": "error", "code": code}, **({"protocol": kind} if kind else {})}
    answer = environment.control.request("POST", "/faults", json=fault)
    assert answer.status_code == 422
    assert "known are" in str(answer.json()) or "no errors of its own" in str(answer.json())


def test_the_errors_are_listed(environment: Emulator) -> None:
    listed = environment.control.errors()
    assert listed["axl"] == dict(axl.REFUSALS)
    assert {"certmgr", "certsrv", "control_center", "ews", "powershell", "presence_web_service"} <= listed.keys()
    assert all(words.strip() for known in listed.values() for words in known.values())
