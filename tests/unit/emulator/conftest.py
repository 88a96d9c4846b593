# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment without listeners: a seeded state file of the test's own and a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator import scenario_file, seeding
from imp_emulator.environment import Environment
from imp_emulator.kernel.clock import Clock
from imp_emulator.kernel.transitions import Transitions
from imp_emulator.scenario_writer import generate
from imp_emulator.store.database import Database

SCENARIO = scenario_file.read(generate(users=2))


@pytest.fixture(scope="session")
def seeded_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file with cluster dc1 (cucm-pub, imp-pub, imp-sub); keys are made once, each test gets a copy."""
    path = tmp_path_factory.mktemp("seeded") / "state.sqlite3"
    database = Database(path)
    with database.transaction():
        seeding.seed(database, SCENARIO)
    database.close()
    return path


@pytest.fixture
def emulated(seeded_state: Path, tmp_path: Path) -> Iterator[Environment]:
    database = Database(Path(shutil.copy(seeded_state, tmp_path / "emulated.sqlite3")))
    environment = Environment(database, Clock(), Transitions(), SCENARIO)
    environment.clock.freeze(True)
    yield environment
    database.close()
