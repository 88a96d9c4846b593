# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk takes nothing more: at every door reads are answered, writes undone, and later all goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pypsrp.exceptions import WinRMError

from tests.support.doors import DOORS, INTERNAL_ERROR, Door, Refused
from tests.support.emulator import Emulator

ROOM = 4096  # bytes; less than SQLite writes for any commit, enough for the first lines of the emulator's log


@pytest.fixture(name="own", scope="module")
def own_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator of this file's own: one that has reported internal errors does not stop cleanly."""
    emulator = Emulator(tmp_path_factory.mktemp("full"), "--scenario", "default")
    yield emulator
    emulator.kill()


@contextmanager
def full_disk(emulator: Emulator) -> Iterator[None]:
    """No file may be written beyond its first bytes; SQLite notices when it commits."""
    unlimited = resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (ROOM, unlimited[1]))
    try:
        yield
    finally:
        resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.mark.parametrize("door", DOORS, ids=[door.protocol for door in DOORS])
def test_reads_are_answered_and_writes_are_undone(own: Emulator, door: Door) -> None:
    own.control.reset()
    door.prepare(own)
    before = own.journal()
    with full_disk(own):
        assert not door.stored(own)
        with pytest.raises((Refused, WinRMError), match=INTERNAL_ERROR):
            door.write(own)
        assert not door.stored(own)
        assert own.journal() == before
    door.write(own)
    assert door.stored(own)
    entries = own.journal(protocol=door.protocol, operation=door.operation)
    assert [entry["status"] < 400 for entry in entries if entry not in before] == [True]


def test_a_missed_entry_is_logged_once(own: Emulator) -> None:
    with full_disk(own):
        for door in DOORS:
            door.stored(own)
    assert own.stderr.count("requests are answered without an entry in the journal: SQLITE_IOERR_WRITE") == 1
