# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``calendar_users_info`` against the emulator (requirement U1)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from imp_emulator.client.launch import COMMAND
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module

MODULE = "calendar_users_info"


def user_ids(first: int, last: int) -> list[str]:
    return [f"user{number:04}" for number in range(first, last + 1)]


def test_info_reads_everybody(environment: Emulator, users_with_calendar: int) -> None:
    result = run_module(MODULE, {**connection(environment, "cucm"), "page_size": 99}, check=True)
    assert [user["userid"] for user in result["users"]] == user_ids(1, 1000)
    assert result["counts"] == {
        "selected": 1000,
        "home_cluster": 1000,
        "im_and_presence": users_with_calendar,
        "meeting_information": users_with_calendar,
    }
    assert environment.journal(writes=True) == []


def test_info_filters_and_finds(environment: Emulator, users_with_calendar: int) -> None:
    options = connection(environment, "cucm")
    wanted = {"users": ["USER0001", "user0500", "nobody"], "enabled_only": True}
    result = run_module(MODULE, {**options, **wanted})
    assert [user["userid"] for user in result["users"]] == ["user0001"]
    assert result["unknown"] == ["nobody"]
    assert result["counts"]["selected"] == 2
    both = run_module(MODULE, {**options, "users": [], "query": {"userid": "%"}})
    assert "mutually exclusive" in both.msg
    bad = run_module(MODULE, {**options, "query": {}})
    assert "query: give at least one of" in bad.msg


def test_a_page_that_is_too_large_is_asked_for_in_parts(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    """So many users do not fit into the 8 MB that AXL answers at most."""
    scenario = tmp_path / "scenario.yml"
    command = [*COMMAND, "scenario", "--users", "45000"]
    scenario.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    emulator = start_emulator("--scenario", str(scenario))
    result = run_module(MODULE, {**connection(emulator, "cucm"), "page_size": 100_000})
    assert result["counts"]["selected"] == len({user["userid"] for user in result["users"]}) == 45_000
    pages = [entry["status"] for entry in emulator.journal(operation="listUser")]
    assert pages == [500, 200, 200]
