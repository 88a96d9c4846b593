# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""High availability of the emulator's cluster dc1, quick enough for tests."""

from __future__ import annotations

import time
from typing import Any

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module

GROUP = "DefaultCUPSubcluster"
MANAGER = "Cisco Server Recovery Manager"
PATIENCE = 20.0
QUICK = {"CriticalServiceDelay": 1, "KeepAliveInterval": 1}
"""Seconds after which users are moved, and after which nodes have heard each other; Cisco's are 90 and 15."""


def groups(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """Return the groups by name, as the cluster's own interface tells them."""
    result = run_module("cluster_info", {**connection(emulator, "cucm"), "imp": connection(emulator, "imp")})
    assert not result.failed, result.msg
    return {group["name"]: group for group in result["presence_redundancy_groups"]}


def is_on(emulator: Emulator) -> bool:
    return bool(groups(emulator)[GROUP]["ha_enabled"])


def states(emulator: Emulator) -> list[str]:
    return [node["state"] for node in groups(emulator)[GROUP]["nodes"]]


def wait_for_states(emulator: Emulator, *wanted: str) -> None:
    """Return when the nodes are in these states."""
    deadline = time.monotonic() + PATIENCE
    while states(emulator) != list(wanted):
        assert time.monotonic() < deadline, f"the nodes are {states(emulator)}, not {wanted}"
        time.sleep(0.05)


def switch_on(emulator: Emulator) -> None:
    """Switch high availability on, with short times; both nodes are Normal afterwards, and the journal is empty."""
    connected = connection(emulator, "cucm")
    parameters = [{"name": name, "value": str(seconds)} for name, seconds in QUICK.items()]
    done = run_module("service_parameters", {**connected, "service": MANAGER, "parameters": parameters})
    assert not done.failed, done.msg
    switch(emulator, on=True)
    wait_for_states(emulator, "Normal", "Normal")
    emulator.control.clear_journal()


def switch(emulator: Emulator, *, on: bool) -> None:
    """Do what an administrator does on the page of the group."""
    client = emulator.client("cucm-pub", account="application")
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<a:updatePresenceRedundancyGroup xmlns:a="http://www.cisco.com/AXL/API/14.0">'
        f"<name>{GROUP}</name><haEnabled>{'true' if on else 'false'}</haEnabled>"
        "</a:updatePresenceRedundancyGroup></s:Body></s:Envelope>"
    )
    headers = {"SOAPAction": '"CUCM:DB ver=14.0 updatePresenceRedundancyGroup"', "Content-Type": "text/xml"}
    answer = client.post("/axl/", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
