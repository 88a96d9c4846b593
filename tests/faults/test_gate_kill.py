# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator killed between a write and its journal entry: both are there afterwards, or neither, at every door."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator.client import launch
from tests.support.doors import BROKEN, DOORS, Door
from tests.support.dying_emulator import BEFORE, BEHIND, STORED, VARIABLE
from tests.support.emulator import Emulator

SECONDS = 30


class Mortal:
    """An emulator that dies when it is told to, and is started again on its state when it is next asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._moment = folder / "moment"
        self._emulator: Emulator | None = None

    def running(self) -> Emulator:
        """Return it, started when it does not run."""
        if self._emulator is None or self._emulator.process.poll() is not None:
            self._emulator = Emulator(
                self._folder, "--scenario", "default", environment={**os.environ, VARIABLE: str(self._moment)}
            )
        return self._emulator

    def dies_at(self, moment: str, door: Door) -> None:
        """Have the door's write kill it."""
        emulator = self.running()
        self._moment.write_text(moment, encoding="utf-8")
        with pytest.raises(BROKEN):
            door.write(emulator)
        assert emulator.process.wait(SECONDS) == -signal.SIGKILL
        self._moment.unlink()


@pytest.fixture(name="mortal", scope="module")
def mortal_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    mortal = Mortal(tmp_path_factory.mktemp("mortal"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "COMMAND", (launch.COMMAND[0], "-m", "tests.support.dying_emulator"))
        yield mortal
        mortal.running().stop()


# Behind the entry nothing of the doors is left, so one of them is enough there.
CASES = [(door, moment) for door in DOORS for moment in (BEFORE, STORED)] + [(DOORS[0], BEHIND)]


@pytest.mark.parametrize(("door", "moment"), CASES, ids=[f"{door.protocol}, {moment}" for door, moment in CASES])
def test_a_write_and_its_entry_are_stored_together(mortal: Mortal, door: Door, moment: str) -> None:
    mortal.running().control.reset()
    door.prepare(mortal.running())
    assert not door.stored(mortal.running())
    mortal.dies_at(moment, door)
    again = mortal.running()
    entries = [entry["status"] < 400 for entry in again.journal(protocol=door.protocol, operation=door.operation)]
    assert (door.stored(again), entries) == ((True, [True]) if moment == STORED else (False, []))
