# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many jobs in the store, jobs that run at once, and what is told when the state is another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fastapi import HTTPException

from imp_emulator.control import app
from imp_emulator.store import jobs as store
from imp_emulator.store.jobs import Job
from imp_emulator.world import snapshots
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced
from imp_emulator.world.snapshots import Snapshots
from tests.support.scheduled import NOON, World, running_from_noon, stopped_at_noon


def _fill(world: World, count: int) -> None:
    """Store jobs, a thousand of them due at each of the first seconds."""
    jobs = ((f"job {number}", NOON + 1 + number * 7919 % count // 1000) for number in range(count))
    with world.database.transaction():
        world.database.executemany("INSERT INTO job (kind, key, payload, due_at) VALUES ('note', ?, 'null', ?)", jobs)


def _work_of(world: World, action: Callable[[], object]) -> tuple[int, int]:
    """Return how many statements and how many hundred steps of SQLite's machine something takes."""
    statements: list[str] = []
    steps: list[int] = []
    connection = world.database._connection
    connection.set_trace_callback(statements.append)
    connection.set_progress_handler(partial(steps.append, 0), 100)
    action()
    connection.set_trace_callback(None)
    connection.set_progress_handler(None, 0)
    return len(statements), len(steps)


def test_among_a_hundred_thousand_jobs_each_costs_as_much_as_among_a_thousand(tmp_path: Path) -> None:
    taken = {}
    for count in (1000, 100_000):
        world = World(tmp_path / f"{count}.sqlite3")
        world.change(stopped_at_noon)
        _fill(world, count)
        running = _work_of(world, partial(world.advance, 1))
        assert len(world.ran) == 1000
        adding = _work_of(world, partial(world.add, "one more", 0.5 * count))
        replacing = _work_of(world, partial(world.add, "one more", 0.4 * count))
        cancelling = _work_of(world, partial(world.scheduler.jobs.cancel, "note", "one more"))
        taken[count] = [running, adding, replacing, cancelling]
        world.database.close()
    for few, many in zip(taken[1000], taken[100_000], strict=True):
        assert many[0] == few[0], "as many statements"
        assert many[1] <= few[1] * 1.5 + 2, "as many steps, but for the depth of the tables"
    assert taken[100_000][0][0] <= 1000 * 6


def test_no_statement_about_jobs_looks_at_all_of_them(world: World) -> None:
    statements: list[str] = []
    world.database._connection.set_trace_callback(statements.append)
    world.scheduler.register("later", _later)
    for kind in ("note", "later"):
        world.add("a", 10, kind=kind)
        world.scheduler.jobs.cancel(kind, "b")
    world.advance(60)
    store.release_all(world.database)
    world.database._connection.set_trace_callback(None)
    asked = {statement for statement in statements if " job " in f"{statement} "}
    assert {statement.split()[0] for statement in asked} == {"INSERT", "SELECT", "DELETE", "UPDATE"}
    for statement in asked:
        plan = " / ".join(row["detail"] for row in world.database.all(f"EXPLAIN QUERY PLAN {statement}"))
        assert "SCAN job" not in plan or "USING INDEX job_" in plan or "USING COVERING INDEX job_" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


async def _later(job: Job) -> None:
    await asyncio.sleep(0)


def test_the_control_plane_tells_that_the_way_was_cut_short(emulated: Environment, tmp_path: Path) -> None:
    control = app.Control(emulated, Snapshots(emulated.database, tmp_path / "snapshots"), {}, "token")
    asyncio.run(emulated.scheduler.stop())
    before = emulated.clock.timestamp()
    with pytest.raises(HTTPException) as refused:
        asyncio.run(app.advance_clock(control, app.Advance(seconds=60)))
    assert refused.value.status_code == 409
    assert emulated.clock.timestamp() == before


def test_who_listens_is_told_of_another_state_when_it_is_there(emulated: Environment, tmp_path: Path) -> None:
    async def lasting() -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        emulated.scheduler.track(lasting(), "what belongs to the state before")
        await snapshots.restore(emulated, taken, "one")
        await snapshots.reset(emulated, taken)

    taken = Snapshots(emulated.database, tmp_path / "snapshots")
    asyncio.run(emulated.scheduler.change_clock(lambda clock: clock.freeze(False)))
    taken.take_initial()
    asyncio.run(emulated.scheduler.change_clock(stopped_at_noon))
    emulated.scheduler.jobs.add("x", "x", NOON + 1)
    taken.take("one")
    told: list[tuple[bool, bool]] = []
    emulated.events.subscribe(
        StateReplaced, lambda _: told.append((emulated.clock.frozen, store.first(emulated.database) is None))
    )
    asyncio.run(emulated.scheduler.change_clock(running_from_noon))
    asyncio.run(work())
    assert told == [(True, False), (False, True)]


def test_a_job_of_a_transaction_that_is_undone_does_not_run_at_once(world: World) -> None:
    def undone() -> None:
        with world.database.transaction():
            world.scheduler.jobs.at_once("note", "a")
            raise RuntimeError("undone")

    async def conversation() -> None:
        with pytest.raises(RuntimeError, match="undone"):
            undone()
        await world.scheduler.advance(0)
        assert world.ran == []

    asyncio.run(conversation())


def test_a_job_that_cannot_run_at_once_has_its_turn(world: World) -> None:
    world.scheduler.jobs.at_once("note", "nobody serves")

    async def conversation() -> None:
        async with world.scheduler.halted():
            world.scheduler.jobs.at_once("note", "halted")
        world.scheduler.jobs.at_once("note", "replaced")
        assert world.ran == [("replaced", 0)]
        await world.scheduler.advance(5)

    asyncio.run(conversation())
    assert world.ran == [("replaced", 0), ("nobody serves", 0), ("halted", 0)]
