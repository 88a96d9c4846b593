# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State files of the emulator for tests in this process: keys are made once, each test gets a copy."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imp_emulator.scenario.model import Scenario
from imp_emulator.serving import background
from imp_emulator.store.database import Database
from imp_emulator.world import seeding
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace


def seed(folder: Path, scenario: Scenario) -> Path:
    """Make a state file with a scenario's first state."""
    path = folder / "seeded.sqlite3"
    database = Database(path)
    with database.transaction():
        seeding.seed(database, scenario, Clock().timestamp())
        background.complete(Environment(database, Clock(), ServicePace(), scenario).context)
    database.close()
    return path


@contextmanager
def environment(seeded: Path, folder: Path, scenario: Scenario) -> Iterator[Environment]:
    """An environment with a frozen clock, on a copy of a state file."""
    database = Database(Path(shutil.copy(seeded, folder / "state.sqlite3")))
    found = Environment(database, Clock(), ServicePace(), scenario)
    background.wire(found)
    asyncio.run(found.scheduler.change_clock(lambda clock: clock.freeze(True)))
    yield found
    database.close()


def advance(environment: Environment, seconds: float) -> None:
    """Let time pass, with all that is due on the way."""
    asyncio.run(environment.scheduler.advance(seconds))
