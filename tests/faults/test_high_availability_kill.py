# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role presence_engine killed between high availability off and on: the next run finds it, and switches it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.high_availability import SWITCH, group, states, switch_on, time_flies
from tests.support.kill import kill_when
from tests.support.pending import change_parameter
from tests.support.playbooks import Played, play

PLAYBOOK = "ucops.imp.presence_engine"
ENGINE = "Cisco Presence Engine"
VARIABLES: dict[str, Any] = {
    "presence_engine_services": [ENGINE],
    "presence_engine_high_availability": "off_while_restarting",
}
CONTROL = "soapDoControlServices"
HELD = 3600
"""Seconds for which a request is held up, so that the kill always comes before its answer."""


def writes(emulator: Emulator) -> list[tuple[str, str]]:
    return [(entry["node"], entry["operation"]) for entry in emulator.journal(writes=True)]


def again(emulator: Emulator, folder: Path, *options: str, **variables: Any) -> Played:
    emulator.control.clear_journal()
    with time_flies(emulator):
        return play(emulator.ready_file, folder, PLAYBOOK, *options, variables={**VARIABLES, **variables})


@pytest.mark.parametrize("moment", ["during the first restart", "before on is sent"])
def test_the_next_run_switches_it_on(environment: Emulator, tmp_path: Path, moment: str) -> None:
    switch_on(environment)
    change_parameter(environment)
    if moment == "during the first restart":
        environment.control.transitions("hang", node="imp-pub", service=ENGINE)
        done = [("cucm-pub", SWITCH), ("imp-pub", CONTROL)]
        kill_when(
            environment, tmp_path, PLAYBOOK, lambda: writes(environment) == done, variables=VARIABLES, whom="main"
        )
        environment.control.transitions("immediate", node="imp-pub", service=ENGINE)
        left = [("imp-sub", CONTROL), ("cucm-pub", SWITCH)]
    else:
        fault = environment.control.fault("delay", effect={"seconds": HELD}, operation=SWITCH, skip=1)
        rule = {"hits": 0}

        def held_up() -> bool:
            rule.update(next(one for one in environment.control.faults() if one["id"] == fault))
            return rule["hits"] > 0

        kill_when(environment, tmp_path, PLAYBOOK, held_up, variables=VARIABLES)
        environment.control.clear_faults()
        left = [("cucm-pub", SWITCH)]
    assert not group(environment)["ha_enabled"]

    # Whatever the next run is told to do with high availability itself.
    healed = again(environment, tmp_path, presence_engine_high_availability="keep")

    assert healed.status == 0, healed.output
    assert writes(environment) == left
    assert states(environment) == ["Normal", "Normal"]
