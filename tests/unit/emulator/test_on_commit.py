# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for the end of a transaction: done after the commit, in order, and never when it was undone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from imp_emulator.store import meta
from imp_emulator.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "state.sqlite3")


def test_it_is_done_after_the_outermost_commit_in_order(database: Database) -> None:
    done: list[str] = []

    def note(name: str) -> None:
        # A transaction of its own begins and ends here, so the one that it waited for is over.
        with database.transaction():
            meta.put(database, name, "done")
        done.append(name)

    with database.transaction():
        with database.transaction():
            database.on_commit(partial(note, "inner"))
        database.on_commit(partial(note, "outer"))
        assert done == []
    assert done == ["inner", "outer"]
    with database.transaction():
        pass
    assert done == ["inner", "outer"], "each is done once"


def test_it_is_never_done_when_the_transaction_is_undone(database: Database) -> None:
    done: list[str] = []

    def broken() -> None:
        with database.transaction():
            database.on_commit(partial(done.append, "undone"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    with database.transaction():
        database.on_commit(partial(done.append, "next"))
    assert done == ["next"]


def test_without_a_transaction_it_is_done_at_once(database: Database) -> None:
    done: list[str] = []
    database.on_commit(partial(done.append, "now"))
    assert done == ["now"]
