# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when the state file takes nothing: at the start, on the control plane, and by the scheduler."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from imp_emulator.control.app import Control, application
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.serving import server
from imp_emulator.store import jobs, meta
from imp_emulator.store.database import Database, NotStored, StateError
from imp_emulator.store.jobs import Job
from imp_emulator.world.environment import Environment
from imp_emulator.world.snapshots import Snapshots
from tests.support.scheduled import World, running_from_noon

TOKEN = "token"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is writing the state file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file may grow beyond a few pages."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for another process to end its transaction."""
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0))


def test_a_start_without_a_state_file_that_can_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    state, ready_file = tmp_path / "state.sqlite3", tmp_path / "ready.json"
    Database(state).close()
    options = server.Options(scenario_file.read(generate(users=0)), state, ready_file)
    with locked(state), pytest.raises(StateError) as refused:
        server.serve(options)
    assert str(refused.value) == f"{state} cannot be written: database is locked"
    assert not ready_file.exists()


CALLS = [
    pytest.param(locked, "PUT", "/clock", {"offset_seconds": 60}, "database is locked", id="clock"),
    pytest.param(locked, "DELETE", "/journal", None, "database is locked", id="journal"),
    pytest.param(locked, "POST", "/snapshots/one/restore", None, "database is locked", id="restore, locked"),
    pytest.param(locked, "POST", "/reset", None, "database is locked", id="reset, locked"),
    pytest.param(full_disk, "PUT", "/snapshots/two", None, "disk I/O error", id="snapshot"),
    pytest.param(full_disk, "POST", "/snapshots/one/restore", None, "File too large", id="restore, full"),
]


@pytest.mark.parametrize(("trouble", "method", "path", "body", "said"), CALLS)
def test_the_control_plane_says_that_nothing_can_be_stored(
    emulated: Environment,
    tmp_path: Path,
    trouble: Callable[[Path], AbstractContextManager[None]],
    method: str,
    path: str,
    body: dict[str, float] | None,
    said: str,
) -> None:
    snapshots = Snapshots(emulated.database, tmp_path / "snapshots")
    snapshots.take_initial()
    snapshots.take("one")
    transport = httpx.ASGITransport(application(Control(emulated, snapshots, {}, TOKEN)))
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://control", headers=headers) as client:
            return await client.request(method, path, json=body)

    before = emulated.clock.timestamp()
    with trouble(emulated.database.path):
        answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.json()["detail"].startswith("the state cannot be stored: ")
    assert said in answer.json()["detail"]
    assert emulated.clock.timestamp() == before
    assert snapshots.names() == ["initial", "one"]
    assert asyncio.run(ask()).status_code < 300


@pytest.mark.parametrize("trouble", ["writing", "reading"])
def test_the_scheduler_goes_on_when_the_state_file_can_be_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    world = World(tmp_path / "state.sqlite3")
    failed = asyncio.Event()
    monkeypatch.setattr("imp_emulator.world.scheduler.log_failure", lambda what, error: failed.set())
    first = jobs.first
    broken = sqlite3.OperationalError("disk I/O error")
    broken.sqlite_errorname = "SQLITE_IOERR_READ"

    def cannot_be_written(job: Job) -> None:
        world.database.execute("PRAGMA query_only=ON")
        meta.put(world.database, "half", "done")

    def cannot_be_read(database: Database) -> Job | None:
        raise NotStored(broken)

    async def work() -> None:
        await world.scheduler.change_clock(running_from_noon)
        await world.scheduler.start()
        if trouble == "writing":
            world.scheduler.register("note", cannot_be_written)
        else:
            monkeypatch.setattr(jobs, "first", cannot_be_read)
        world.add("a", -2)
        await failed.wait()
        world.database.execute("PRAGMA query_only=OFF")
        world.scheduler.register("note", world.note)
        monkeypatch.setattr(jobs, "first", first)
        world.add("b", -1)
        while len(world.ran) < 2:
            world.noted.clear()
            await world.noted.wait()
        await world.scheduler.stop()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert [key for key, _ in world.ran] == ["a", "b"]
    assert meta.get(world.database, "half") is None
