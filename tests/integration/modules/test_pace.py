# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``calendar_users`` sends fewer updates at once when Unified CM is busy, and as many as before some time later.

How many there are at once the emulator counts. It holds up some of them, so that all that the module sends are there.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import assert_contract, run_module

MOST = 8
"""So many updates are allowed at once."""
USERS = 100
ENABLED = {
    "users": [{"userid": f"user{number:04d}"} for number in range(1, USERS + 1)],
    "meeting_information": False,
}
HELD = 0.3
"""Seconds that an update is held up; it takes milliseconds otherwise."""
BEFORE = 2 * MOST
"""So many updates after which there are as many at once as allowed."""
BETWEEN = 48
"""So many answers of a server that has time again, and there are as many at once as before: 8 + 10 + 12 + 14 for one
more each, from four to eight, and a few to spare."""

BUSY: dict[str, dict[str, Any]] = {
    "a throttled write": {"kind": "error", "code": "change-notifications"},
    "no memory left": {"kind": "error", "code": "memory"},
    "a lock": {"kind": "error", "code": "-243"},
    "no memory of the database": {"kind": "error", "code": "-208"},
    "no connection to the database": {"kind": "error", "code": "-908"},
    "a connection to the database that broke": {"kind": "error", "code": "-25580"},
    "too many requests": {"kind": "status", "status": 429, "retry_after": 1},
    "unavailable": {"kind": "status", "status": 503, "retry_after": 1},
    "a proxy that has lost the server": {"kind": "status", "status": 502, "after": True},
    "a proxy that has waited": {"kind": "status", "status": 504},
}
"""Each way in which AXL, or what is before it, says that there is no time."""


def hold(emulator: Emulator, after: int, number: int) -> int:
    """Hold up so many of the updates that no other fault strikes; returns the number of the fault."""
    wanted = {"skip": after, "times": number, "protocol": "axl", "operation": "updateUser"}
    return emulator.control.fault("delay", effect={"seconds": HELD}, **wanted)


def at_once(emulator: Emulator) -> dict[int, int]:
    """Return how many updates were there at once, at most, by the fault that held them up."""
    return {fault["id"]: fault["at_once"] for fault in emulator.control.faults()}


@pytest.mark.parametrize("busy", BUSY)
def test_it_falls_when_the_server_is_busy_and_grows_again(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    monkeypatch.setattr(Backoff, "wait", lambda *_asked: True)
    place = {"protocol": "axl", "operation": "updateUser"}
    environment.control.inject_fault({**place, "effect": BUSY[busy], "skip": BEFORE + MOST, "times": 1})
    first = hold(environment, BEFORE, MOST)
    # Those that were sent before the module has read that the server is busy.
    hold(environment, BEFORE, MOST - 1)
    fallen = hold(environment, BEFORE, MOST)
    grown = hold(environment, BEFORE + BETWEEN, MOST)
    result = run_module("calendar_users", {**connection(environment, "cucm"), **ENABLED, "concurrency": MOST})
    assert_contract(result, changed=True)
    assert len(result["changes"]) == USERS
    counted = at_once(environment)
    assert counted[first] == MOST
    assert MOST / 2 <= counted[fallen] <= MOST / 2 + 2, "half, and one more for each eight or ten answers"
    assert counted[grown] == MOST
    sent = environment.journal(protocol="axl", operation="updateUser")
    assert [entry["fault"] for entry in sent].count("delay") == 4 * MOST - 1
