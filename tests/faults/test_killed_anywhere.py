# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job killed after any of its writes, with all its processes or its main process alone: the next run ends it.

CI tries a point of the seed for each; ``make all-cases`` tries all twenty.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.support.emulator import Emulator
from tests.support.kill import kill_when
from tests.support.playbooks import play

SITE = "ucops.imp.site"
USERS = {"calendar_users_query": {"userid": "user00%"}}
"""Ninety-nine users, so that the points lie before, among and behind them."""
WRITES = 100
POINTS = sorted(random.Random(20261126).sample(range(1, WRITES), 20))
TRIED = POINTS if "ALL_CASES" in os.environ else POINTS[7::40]
RESTART = "soapDoControlServices"


def restarted(environment: Emulator) -> Counter[str]:
    return Counter(entry["node"] for entry in environment.journal(operation=RESTART))


@pytest.mark.parametrize("whom", ["everything", "main"])
@pytest.mark.parametrize("point", TRIED)
def test_the_next_run_ends_it(environment: Emulator, tmp_path: Path, point: int, whom: str) -> None:
    def reached() -> bool:
        return len(environment.journal(writes=True)) >= point

    kill_when(environment, tmp_path, SITE, reached, variables=USERS, whom=whom)
    before = restarted(environment)
    again = play(environment.ready_file, tmp_path, SITE, variables=USERS)
    assert again.status == 0, again.output
    # The Presence Engine and the SIP Proxy of each node; what the kill has met is restarted once more.
    assert restarted(environment) - before == Counter({"imp-pub": 2, "imp-sub": 2})
    last = environment.control.last_journal_id()
    assert play(environment.ready_file, tmp_path, SITE, variables=USERS).status == 0
    assert environment.journal(writes=True, after=last) == []
