# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rolling restart across runs: one after the other, and at the same time (R1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.pending import change_parameter
from tests.support.playbooks import Played, play

ENGINE = "Cisco Presence Engine"
SECONDS = 1.0
"""How long a service takes to restart here."""


def restart(emulator: Emulator, folder: Path, **variables: Any) -> Played:
    folder.mkdir(exist_ok=True)
    wanted = {"presence_engine_wait_timeout": 5, **variables}
    return play(emulator.ready_file, folder, "ucops.imp.presence_engine", variables=wanted)


def accepted(emulator: Emulator) -> list[tuple[str, float]]:
    """Return node and time of the commands that were carried out; those to a service under way are refused."""
    found: list[tuple[str, float]] = []
    for entry in emulator.journal(protocol="control_center", writes=True):
        node, at = entry["node"], datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()
        if not any(other == node and at < since + SECONDS for other, since in found):
            found.append((node, at))
    return found


@pytest.fixture(name="changed")
def changed_fixture(environment: Emulator) -> Emulator:
    change_parameter(environment)
    return environment


def test_the_role_spares_the_second_node_in_the_second_run(changed: Emulator, tmp_path: Path) -> None:
    changed.control.transitions("hang", node="imp-pub", service=ENGINE)
    for _time in range(2):
        played = restart(changed, tmp_path, presence_engine_wait_timeout=2)
        assert played.status != 0
        assert "imp-sub carries the users" in played.output
    assert [entry["node"] for entry in changed.journal(protocol="control_center", writes=True)] == ["imp-pub"]
    explicit = restart(changed, tmp_path, presence_engine_wait_timeout=2, presence_engine_ignore_other_nodes=True)
    assert explicit.status != 0
    assert [node for node, _at in accepted(changed)] == ["imp-pub", "imp-sub"]


@pytest.mark.parametrize("every_time", [False, True])
def test_two_runs_at_once(changed: Emulator, tmp_path: Path, every_time: bool) -> None:
    changed.control.transitions("seconds", SECONDS)
    folders = [tmp_path / "first", tmp_path / "second"]
    with ThreadPoolExecutor() as pool:
        played = list(
            pool.map(
                lambda folder: restart(
                    changed,
                    folder,
                    presence_engine_services=[ENGINE],
                    presence_engine_only_if_required=not every_time,
                ),
                folders,
            )
        )
    assert [run.status for run in played] == [0, 0], played
    restarts = accepted(changed)
    assert {node for node, _at in restarts} == {"imp-pub", "imp-sub"}
    for (node, since), (other, at) in pairwise(restarts):
        assert node == other or at >= since + SECONDS, f"{other} was taken down while {node} was down: {restarts}"
