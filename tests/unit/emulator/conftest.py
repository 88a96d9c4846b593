# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment without listeners: a seeded state file of the test's own and a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import Scenario
from imp_emulator.scenario.writer import generate
from imp_emulator.store.database import Database
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace
from tests.support import states
from tests.support.scheduled import World, stopped_at_noon

SCENARIO = scenario_file.read(generate(users=2))


@pytest.fixture(scope="session")
def seeded_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file with cluster dc1 (cucm-pub, imp-pub, imp-sub); keys are made once, each test gets a copy."""
    return states.seed(tmp_path_factory.mktemp("seeded"), SCENARIO)


@pytest.fixture
def emulated(seeded_state: Path, tmp_path: Path) -> Iterator[Environment]:
    with states.environment(seeded_state, tmp_path, SCENARIO) as environment:
        yield environment


@pytest.fixture
def unseeded(tmp_path: Path) -> Iterator[Environment]:
    """An environment whose state file holds no row, with a frozen clock: for rules that need no cluster and no key."""
    database = Database(tmp_path / "state.sqlite3")
    found = Environment(database, Clock(), ServicePace(), Scenario((), ()))
    asyncio.run(found.scheduler.change_clock(lambda clock: clock.freeze(True)))
    yield found
    database.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A scheduler on a clock that stands at noon."""
    found = World(tmp_path / "state.sqlite3")
    found.change(stopped_at_noon)
    yield found
    found.database.close()
