# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that shows another certificate: nothing is sent to it, it is said clearly, and the next run goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.module_calls import call_of
from tests.support.modules import ModuleResult, assert_contract, run_module

SWAPPED = "tls-failed"
WORDS = (
    "The certificate of 127.0.0.1:",
    "is not trusted: unable to get local issuer certificate. Give its CA in ca_path",
)
PROXY = "Cisco SIP Proxy"
PUB, SUB = f"imp-pub:{PROXY}", f"imp-sub:{PROXY}"
SERVERS = {
    "calendar_users": ("axl", "cucm-pub"),
    "presence_gateways": ("imp_admin", "imp-pub"),
    "services_info": ("control_center", "imp-pub"),
    "trust_certificates_info": ("certmgr", "imp-pub"),
    "presence": ("presence_web_service", "imp-pub"),
    "exchange_impersonation": ("powershell", "mail1.example.com"),
    "adcs_certificate": ("certsrv", "ca.example.com"),
}
"""A module for each kind of server: a protocol that it speaks there, and the server's name."""


def said(result: ModuleResult) -> bool:
    """Whether a module, or the only item that failed, says that the certificate is not trusted, and nothing else."""
    told = [(failure["code"], failure["message"]) for failure in result.data.get("failures", [])]
    ((code, message),) = told or [(result["code"], result.msg)]
    return code == SWAPPED and all(words in message for words in WORDS)


@pytest.mark.parametrize("module", SERVERS)
def test_nothing_is_sent_to_a_server_with_another_certificate(
    environment: Emulator, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    protocol, server = SERVERS[module]
    options = call_of(module)(environment)
    environment.control.fault("certificate", node=server, protocol=protocol)
    struck = run_module(module, options)
    assert (struck.failed, struck.changed) == (True, False)
    assert said(struck), struck.output
    assert environment.journal() == []
    (fault,) = environment.control.faults()
    assert 0 < fault["hits"] == fault["matched"] <= 2, "it is no server to wait for; some have two connections to one"
    environment.control.clear_faults()
    run_module(module, options)
    assert environment.journal(protocol=protocol)


def stop_proxy(emulator: Emulator) -> ModuleResult:
    """Stop a service on both nodes."""
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443)}
    return run_module("services", {**place, "services": [PROXY], "state": "stopped", "poll_interval": 0.02})


def test_one_node_of_two_fails_alone_and_the_next_run_heals(environment: Emulator) -> None:
    environment.control.fault("certificate", node="imp-sub", times=1)
    struck = stop_proxy(environment)
    assert_contract(struck, changed=True, failed=True)
    assert [change["id"] for change in struck["changes"]] == [PUB]
    assert [failure["id"] for failure in struck["failures"]] == ["imp-sub"]
    assert said(struck), struck.output
    assert {entry["node"] for entry in environment.journal()} == {"imp-pub"}
    healed = stop_proxy(environment)
    assert_contract(healed, changed=True)
    assert [change["id"] for change in healed["changes"]] == [SUB]
    assert_contract(stop_proxy(environment), changed=False)


def enable(emulator: Emulator, *, check: bool = False, **more: Any) -> ModuleResult:
    """Enable forty users, one after another."""
    users = [{"userid": f"user{number:04d}"} for number in range(1, 41)]
    wanted = {"users": users, "meeting_information": False, "concurrency": 1}
    return run_module("calendar_users", {**connection(emulator, "cucm"), **wanted, **more}, check=check)


def test_in_the_middle_of_many_changes_nothing_more_is_sent(environment: Emulator) -> None:
    environment.control.fault("certificate", probability=0)
    enable(environment, check=True)
    (reading,) = environment.control.faults()
    environment.control.clear_faults()
    environment.control.fault("drop", protocol="axl", operation="updateUser", skip=10, times=1)
    # The connection that is made because the one before it was closed.
    environment.control.fault("certificate", protocol="axl", skip=reading["matched"])
    struck = enable(environment)
    assert_contract(struck, changed=True, failed=True)
    assert len(struck["changes"]) == 10
    unsent = [f"user{number:04d}" for number in range(11, 41)]
    assert [failure["id"] for failure in struck["failures"]] == [*unsent, "reading back"]
    assert {failure["code"] for failure in struck["failures"]} == {SWAPPED}
    assert [fault["hits"] for fault in environment.control.faults()] == [1, 1]
    environment.control.clear_faults()
    healed = enable(environment)
    assert_contract(healed, changed=True)
    assert len(healed["changes"]) == 30
    assert_contract(enable(environment), changed=False)


def test_who_accepts_any_certificate_accepts_this_one(environment: Emulator) -> None:
    environment.control.fault("certificate")
    assert_contract(enable(environment, validate_certs=False), changed=True)
    assert environment.control.faults()[0]["hits"] > 0
