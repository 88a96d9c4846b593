# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand users on a bad day: nobody is lost, nothing is sent in vain, and the next run has nothing to do.

``tests/benchmarks/bad_day.py`` does the same with ten thousand.
"""

from __future__ import annotations

from tests.support.axl import add_gateway
from tests.support.bad_day import FAULTS, MOST_REQUESTS, enable, right
from tests.support.emulator import Emulator

USERS = 1000


def test_a_thousand_users_on_a_bad_day(environment: Emulator) -> None:
    add_gateway(environment)
    enable(environment, USERS // 5)
    good = enable(environment, USERS)
    assert (good.changed, right(environment)) == (USERS - USERS // 5, USERS)
    environment.control.reset()

    add_gateway(environment)
    enable(environment, USERS // 5)
    for fault in FAULTS:
        environment.control.inject_fault(fault)
    bad = enable(environment, USERS)
    struck = {fault["effect"]["kind"]: fault["hits"] for fault in environment.control.faults()}
    environment.control.clear_faults()
    assert min(struck.values()) > 0, struck
    assert (bad.failed, right(environment)) == (False, USERS)
    assert bad.requests <= good.requests * MOST_REQUESTS
    again = enable(environment, USERS)
    assert (again.changed, again.writes) == (0, 0)
