# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``exchange_impersonation`` against the emulator (requirement G2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.exchange import exchange_connection
from tests.support.modules import assert_contract, assert_four_steps, run_module

MODULE = "exchange_impersonation"


def options(emulator: Emulator, **more: Any) -> dict[str, Any]:
    account = emulator.ready["exchange_account"]["username"]
    return {**exchange_connection(emulator), "account": account, "retries": 1, **more}


def writes(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.journal(protocol="powershell", writes=True)]


def test_present_and_absent(environment: Emulator) -> None:
    account = environment.ready["exchange_account"]["username"]
    made = assert_four_steps(MODULE, options(environment), lambda: writes(environment))
    assert made.done["changes"] == [
        {
            "kind": "role_assignment",
            "id": account,
            "action": "create",
            "fields": [
                {"name": "role", "before": None, "after": "ApplicationImpersonation", "secret": False},
                {"name": "account", "before": None, "after": account, "secret": False},
            ],
        }
    ]
    (name,) = made.done["current"]["assignments"]
    gone = assert_four_steps(MODULE, options(environment, state="absent"), lambda: writes(environment))
    assert [(change["id"], change["action"]) for change in gone.done["changes"]] == [(name, "delete")]
    assert writes(environment) == ["New-ManagementRoleAssignment", "Remove-ManagementRoleAssignment"]


def test_a_name_of_ones_own(environment: Emulator) -> None:
    result = run_module(MODULE, options(environment, name="Presence"))
    assert result["current"]["assignments"] == ["Presence"]
    assert_contract(run_module(MODULE, options(environment)), changed=False)


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_lost_answer_is_settled_by_comparing(environment: Emulator, kind: str) -> None:
    operation = "New-ManagementRoleAssignment"
    environment.control.fault(kind, protocol="powershell", operation=operation, times=1)
    assert_contract(run_module(MODULE, options(environment)), changed=True)
    assert writes(environment) == [operation] * (2 if kind == "drop" else 1)


def test_an_unknown_account(environment: Emulator) -> None:
    result = run_module(MODULE, options(environment, account="nobody"))
    assert (result.failed, result["code"]) == (True, "not-found")
    assert "'nobody' couldn't be found" in result.msg
    assert_contract(run_module(MODULE, options(environment, account="nobody", state="absent")), changed=False)
