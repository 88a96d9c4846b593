# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state on disk: the state file and the folder beside it with its lock, snapshots and published certificates."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from imp_emulator.client.files import Holder, holder, lock, state_folder
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import journal, meta
from imp_emulator.store.database import Database, StateError
from imp_emulator.world import seeding
from imp_emulator.world.clock import Clock
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced
from imp_emulator.world.pace import ServicePace

FORMAT = "10"
INITIAL = "initial"
"""The snapshot taken after seeding, which a reset goes back to."""

_OF_THE_PROCESS = ("ports", "started")


class StateFolder:
    """The folder ``<state file>.d``, private to the user, and the lock in it that keeps a second emulator out.

    Args:
        state: The state file.
        ready_file: The ready file of the emulator that takes it, for the message to the second one.

    Raises:
        StateError: Another emulator serves this state file; the text says how to stop it.
    """

    def __init__(self, state: Path, ready_file: Path | None = None) -> None:
        self.path = state_folder(state)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock = lock(state, ready_file)
        except BlockingIOError:
            raise StateError(f"{state} is in use by {holder(state) or Holder()}") from None

    def release(self) -> None:
        """Let another emulator use the state file."""
        os.close(self._lock)


class Snapshots:
    """Named copies of the whole state, with the jobs that are due and the clock.

    The journal is no part of them: it is about requests, not about the state.

    Raises:
        KeyError: From :meth:`restore` and :meth:`remove`, for an unknown name.
        ValueError: From :meth:`take`, for a name that cannot be a file's or is reserved.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite3"

    def _existing(self, name: str) -> Path:
        if name not in self.names():
            raise KeyError(name)
        return self._file(name)

    def names(self) -> list[str]:
        """Return the names of all snapshots."""
        return sorted(file.stem for file in self._folder.glob("*.sqlite3"))

    def take(self, name: str) -> None:
        """Take a snapshot; an older one of the same name is replaced."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
            raise ValueError("a snapshot's name is made of 1 to 64 letters, digits, hyphens and underscores")
        if name == INITIAL:
            raise ValueError(f"the snapshot {INITIAL!r} is the scenario's and cannot be replaced")
        self._database.copy_to(self._file(name))

    def take_initial(self) -> None:
        """Take the snapshot that a reset goes back to."""
        self._database.copy_to(self._file(INITIAL))

    def restore(self, name: str) -> None:
        """Go back to a snapshot while the scheduler is halted; the ports stay those in use, the journal starts anew."""
        kept = {fact: meta.get(self._database, fact) for fact in _OF_THE_PROCESS}
        # All of it is made in a copy, so that a process that is killed meanwhile has gone back wholly or not at all.
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            copy = Database(Path(shutil.copy(self._existing(name), folder)))
            try:
                with copy.transaction():
                    journal.clear(copy)
                    for fact, value in kept.items():
                        if value is not None:
                            meta.put(copy, fact, value)
            finally:
                copy.close()
            self._database.replace_from(copy.path)

    def remove(self, name: str) -> None:
        """Delete a snapshot."""
        if name == INITIAL:
            raise ValueError(f"the snapshot {INITIAL!r} is the scenario's and cannot be removed")
        self._existing(name).unlink()

    def remove_all(self) -> None:
        """Delete every snapshot, those of an earlier state file of the same name."""
        for file in self._folder.glob("*.sqlite3*"):
            file.unlink()


def prepare(
    database: Database, snapshots: Snapshots, scenario: Scenario, complete: Callable[[Context], None] = lambda _: None
) -> None:
    """Seed a new state file from its scenario; check that an old one was made by this format and scenario.

    Args:
        database: The state file.
        snapshots: Its snapshots.
        scenario: What it is made from.
        complete: Adds to a new state file what rules have to make of the scenario.

    Raises:
        StateError: It was not, or its initial snapshot is gone.
        ScenarioError: A rule refuses something of the scenario.
    """
    if meta.get(database, "format") is None:
        snapshots.remove_all()
        with database.transaction():
            seeding.seed(database, scenario, Clock().timestamp())
            complete(Environment(database, Clock(), ServicePace(), scenario).context)
            meta.put(database, "scenario", scenario.fingerprint)
            meta.put(database, "format", FORMAT)
    elif (found := meta.get(database, "format")) != FORMAT:
        raise StateError(
            f"{database.path} was made by another version of the emulator (format {found}, this one has {FORMAT});"
            " use a new state file"
        )
    elif meta.get(database, "scenario") != scenario.fingerprint:
        raise StateError(f"{database.path} was made from another scenario; use that one or a new state file")
    # Nothing can have changed before the first start is complete, so a snapshot that is missing until then is taken
    # now; later on it would hold whatever the state has become.
    if INITIAL not in snapshots.names():
        if meta.get(database, "started") is not None:
            raise StateError(f"the initial snapshot of {database.path} is missing; use a new state file")
        snapshots.take_initial()
    meta.put(database, "started", "yes")


async def restore(environment: Environment, snapshots: Snapshots, name: str) -> None:
    """Go back to a snapshot with its clock and its jobs; what was under way is given up. Raises as Snapshots does."""
    async with environment.scheduler.halted():
        snapshots.restore(name)
    environment.events.publish(StateReplaced())
    await environment.scheduler.catch_up()


async def reset(environment: Environment, snapshots: Snapshots) -> None:
    """Go back to the scenario: state, pace of services, faults and journal; keys, passwords and ports stay.

    The initial snapshot has no job, and its clock shows real time.
    """
    async with environment.scheduler.halted():
        snapshots.restore(INITIAL)
        environment.pace.reset()
        environment.faults.clear()
    environment.events.publish(StateReplaced())
