# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of the emulator that several modules' tests begin with."""

from __future__ import annotations

import pytest

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.office_365 import office_365_emulator, releases

__all__ = ["gateway", "office_365_emulator", "releases", "users_with_calendar"]


@pytest.fixture
def gateway(environment: Emulator) -> str:
    """A presence gateway, which users need before their meetings can be shown (requirement U3); its name."""
    account = environment.ready["exchange_account"]
    name = "mail1.example.com"
    gateway = {"type": "Exchange -- EWS Server", "name": name, "description": "", "port": 443}
    credentials = {"account": account["username"], "password": account["password"]}
    with environment.client("imp-pub") as client:
        client.post("/imp-admin/v1/presence-gateways", json={**gateway, **credentials}).raise_for_status()
    environment.control.clear_journal()
    return name


@pytest.fixture
def users_with_calendar(environment: Emulator, gateway: str) -> int:
    """So many users whose meeting information is included."""
    users = [{"userid": f"user{number:04}"} for number in range(1, 202)]
    result = run_module("calendar_users", {**connection(environment, "cucm"), "users": users})
    assert not result.failed, result.msg
    environment.control.clear_journal()
    return len(users)
