# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler: jobs at virtual times, in order, one due time after the other, stored with the clock."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from imp_emulator.store import jobs as store
from imp_emulator.store import meta
from imp_emulator.store.clock import ClockSetting
from imp_emulator.store.clock import load as stored_clock
from imp_emulator.store.database import NotStored
from imp_emulator.store.jobs import Job
from imp_emulator.world import scheduler
from imp_emulator.world.scheduler import HaltedError
from tests.support.scheduled import NOON, World, running_from_noon


def test_jobs_run_in_the_order_of_time_then_of_adding_and_the_clock_shows_their_time(world: World) -> None:
    for key, seconds in (("c", 20), ("b", 10), ("d", 20), ("late", 60.000001), ("a", 10)):
        world.add(key, seconds)
    world.advance(60)
    assert world.ran == [("b", 10), ("a", 10), ("c", 20), ("d", 20)]
    assert world.now == 60
    world.advance(0.000001)
    assert [key for key, _ in world.ran[4:]] == ["late"]


def test_a_clock_that_is_set_later_runs_what_is_due_and_one_that_is_set_back_runs_nothing(world: World) -> None:
    world.add("a", 10)
    world.add("b", 50)
    world.change(lambda clock: clock.set(NOON - 100))
    assert (world.ran, world.now) == ([], -100)
    world.change(lambda clock: clock.set(NOON + 10))
    assert world.ran == [("a", 10)]
    world.change(lambda clock: clock.set_offset(clock.offset_seconds + 90))
    assert world.ran[1:] == [("b", 50)]
    world.add("past", 20)
    world.advance(-10)
    assert (len(world.ran), world.now) == (2, 90)
    world.advance(0)
    assert world.ran[2:] == [("past", 90)], "what is overdue does not turn the clock back"


def test_fractions_of_seconds_add_up(world: World) -> None:
    world.add("a", 0.1 + 0.2 + 0.7)
    for seconds in (0.1, 0.2, 0.7):
        world.advance(seconds)
    assert world.ran == [("a", 1)]
    for seconds in (1 / 3, 2 / 3, 1e-6 / 3):
        world.add(f"{seconds}", world.now + seconds)
        world.advance(seconds)
        assert store.first(world.database) is None


def test_a_job_may_add_jobs_that_are_due_on_the_same_way(world: World) -> None:
    def again(job: Job) -> None:
        world.ran.append((job.key, world.now))
        world.add(job.key, world.now + 10, kind="again")

    world.scheduler.register("again", again)
    world.add("tick", 10, kind="again")
    world.add("between", 25)
    world.advance(45)
    assert world.ran == [("tick", 10), ("tick", 20), ("between", 25), ("tick", 30), ("tick", 40)]


def test_a_job_of_the_same_kind_and_key_is_replaced_and_one_can_be_cancelled(world: World) -> None:
    world.add("a", 10)
    world.add("b", 10)
    world.add("a", 5)
    world.add("c", 7)
    assert world.scheduler.jobs.cancel("note", "c")
    assert not world.scheduler.jobs.cancel("note", "c")
    world.add("a", 10)
    world.advance(60)
    assert world.ran == [("b", 10), ("a", 10)], "the order is that of the last adding"


async def _input_and_output(world: World, name: str, rounds: int = 3) -> None:
    """Something that really waits, several times."""
    for _ in range(rounds):
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(b"x\n")
        await reader.readline()
        writer.close()
    world.ran.append((f"{name} ended", world.now))


async def _serving(world: World, work: Coroutine[Any, Any, None]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        world.port = server.sockets[0].getsockname()[1]
        await work


def test_the_next_due_time_waits_for_all_that_the_one_before_has_caused(world: World) -> None:
    async def first(job: Job) -> None:
        await _input_and_output(world, job.key)
        world.scheduler.track(caused(), "what it caused")

    async def caused() -> None:
        await _input_and_output(world, "caused")
        world.scheduler.track(_input_and_output(world, "caused by that"), "what that caused")

    def second(job: Job) -> None:
        world.scheduler.track(_input_and_output(world, job.key), "what a function caused")

    world.scheduler.register("first", first)
    world.scheduler.register("second", second)
    world.add("a", 10, kind="first")
    world.add("b", 10, kind="second")
    world.add("c", 20)
    asyncio.run(_serving(world, world.scheduler.advance(60)))
    assert world.ran == [
        ("a ended", 10),
        ("caused ended", 10),
        ("caused by that ended", 10),
        ("b ended", 10),
        ("c", 20),
    ]


def test_the_first_due_time_waits_for_what_requests_have_caused(world: World) -> None:
    async def work() -> None:
        world.scheduler.track(_input_and_output(world, "before"), "what a request caused")
        await world.scheduler.advance(60)

    world.add("a", 10)
    asyncio.run(_serving(world, work()))
    assert world.ran == [("before ended", 0), ("a", 10)]


def test_a_job_that_fails_is_undone_and_logged_without_what_it_carries(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "swordfish"

    def fails(job: Job) -> None:
        meta.put(world.database, "half", "done")
        raise ValueError(f"with {job.payload}")

    async def fails_later(job: Job) -> None:
        await asyncio.sleep(0)
        raise ValueError(f"with {job.payload}")

    async def fails_beside() -> None:
        raise ValueError(f"with {secret}")

    world.scheduler.register("fails", fails)
    world.scheduler.register("fails_later", fails_later)
    world.scheduler.register("tracks", lambda job: world.scheduler.track(fails_beside(), "the work beside"))
    for kind in ("fails", "fails_later", "tracks", "unknown"):
        world.add("x", 10, secret, kind)
    world.add("a", 10)
    with caplog.at_level(logging.ERROR):
        world.advance(60)
    assert world.ran == [("a", 10)]
    assert meta.get(world.database, "half") is None
    assert store.first(world.database) is None
    said = [record.getMessage().splitlines()[0] for record in caplog.records]
    assert said == [
        "internal error in the job fails x: ValueError",
        "internal error in the job fails_later x: ValueError",
        "internal error in the work beside: ValueError",
        "internal error: nothing carries out the job unknown x",
    ]
    assert secret not in caplog.text


def test_a_job_that_cannot_be_stored_stays(world: World) -> None:
    """No fault of the job: the disk is full, for example."""

    def full(job: Job) -> None:
        world.database.execute("PRAGMA query_only=ON")
        meta.put(world.database, "half", "done")

    world.add("a", 10)
    world.scheduler.register("note", full)
    with pytest.raises(NotStored):
        world.advance(60)
    world.scheduler.register("note", world.note)
    with pytest.raises(NotStored):
        world.advance(60)
    assert (world.ran, world.now) == ([], 0)
    world.database.execute("PRAGMA query_only=OFF")
    world.advance(60)
    assert [key for key, _ in world.ran] == ["a"]


def test_work_that_cannot_be_stored_is_begun_with_again(world: World) -> None:
    async def work(job: Job) -> None:
        world.ran.append((job.key, world.now))
        if len(world.ran) == 1:
            world.database.execute("PRAGMA query_only=ON")
            try:
                meta.put(world.database, "work", "done")
            finally:
                world.database.execute("PRAGMA query_only=OFF")

    world.scheduler.register("work", work)
    world.add("a", 10, kind="work")
    world.advance(10)
    assert world.ran == [("a", 10)]
    world.advance(60)
    assert world.ran == [("a", 10), ("a", 70)]
    assert store.first(world.database) is None


def test_clock_and_jobs_are_found_again(world: World) -> None:
    world.advance(5)
    world.add("a", 10, {"text": "ü", "numbers": [1, None]})
    world.add("b", 7)
    again = world.again()
    assert (again.clock.frozen, again.now) == (True, 5)
    found = store.first(again.database)
    assert found is not None
    assert (found.key, found.due_at) == ("b", NOON + 7)
    payloads: list[Any] = []
    again.scheduler.register("note", lambda job: payloads.append(job.payload))
    again.advance(5)
    assert payloads == [None, {"text": "ü", "numbers": [1, None]}]
    again.change(lambda clock: clock.freeze(False))
    again.change(lambda clock: clock.set_offset(3600))
    assert stored_clock(again.database) == ClockSetting(3600, None)


class Killed(BaseException):
    """What ends a process in the middle of a transaction; nothing catches it."""


@pytest.mark.parametrize("frozen", [True, False])
def test_a_process_that_ends_on_the_way_leaves_the_clock_at_what_has_run(world: World, frozen: bool) -> None:
    def kill(job: Job) -> None:
        raise Killed

    if not frozen:
        world.change(lambda clock: clock.freeze(False))
    world.scheduler.register("kill", kill)
    for key, seconds, kind in (("a", 1000, "note"), ("b", 2000, "kill"), ("c", 3000, "note")):
        world.add(key, seconds, kind=kind)
    with pytest.raises(Killed):
        world.advance(3600)
    assert world.clock.frozen is frozen
    again = world.again()
    assert again.clock.frozen is frozen
    assert again.now == (1000 if frozen else pytest.approx(1000, abs=500)), "the time of the last job that has ended"
    again.scheduler.register("kill", again.note)
    again.advance(2500)
    assert [key for key, _ in again.ran] == ["b", "c"]


def test_a_coroutine_that_was_cut_short_begins_anew(world: World) -> None:
    begun = asyncio.Event()

    async def lasting(job: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work() -> None:
        way = asyncio.create_task(world.scheduler.advance(60))
        await begun.wait()
        assert store.first(world.database) is None
        await world.scheduler.stop()
        with pytest.raises(HaltedError):
            await way

    world.scheduler.register("lasting", lasting)
    world.add("a", 10, kind="lasting")
    asyncio.run(work())
    again = world.again()
    assert again.now == 10
    again.scheduler.register("lasting", again.note)
    again.advance(0)
    assert again.ran == [("a", 10)]


def test_a_state_that_is_replaced_cuts_the_way_short(world: World) -> None:
    begun = asyncio.Event()

    async def lasting(job: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work() -> None:
        way = asyncio.create_task(world.scheduler.advance(60))
        await begun.wait()
        async with world.scheduler.halted():
            with world.database.transaction():
                world.database.execute("DELETE FROM job")
                world.database.execute("DELETE FROM clock")
            world.add("of the new state", 10)
        with pytest.raises(HaltedError):
            await way

    world.scheduler.register("lasting", lasting)
    world.add("a", 10, kind="lasting")
    world.add("b", 20)
    asyncio.run(work())
    assert world.ran == []
    assert not world.clock.frozen
    assert world.clock.timestamp() == pytest.approx(time.time(), abs=60)


async def _noted(world: World, count: int) -> None:
    """Wait until so many notes have been taken."""
    async with asyncio.timeout(30):
        while len(world.ran) < count:
            world.noted.clear()
            await world.noted.wait()


def test_a_start_does_not_wait_for_what_takes_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did not wait for goes on, also when a part of that cannot be stored at the first try."""
    monkeypatch.setattr(scheduler, "PATIENCE", 0.0)
    full, error = iter([True]), sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"

    async def work() -> None:
        long = asyncio.Event()

        async def follow_thousands(job: Job) -> None:
            await long.wait()
            world.note(job)

        def store(job: Job) -> None:
            if next(full, False):
                raise NotStored(error)
            world.note(job)

        world.scheduler.register("long", follow_thousands)
        world.scheduler.register("storing", store)
        await world.scheduler.change_clock(lambda clock: clock.freeze(False))
        world.add("thousands", -2, kind="long")
        world.add("after it", -1, kind="storing")
        await world.scheduler.start()
        assert world.ran == []
        long.set()
        await _noted(world, 2)
        assert [key for key, _ in world.ran] == ["thousands", "after it"]
        await world.scheduler.stop()

    asyncio.run(work())


def test_while_the_clock_runs_jobs_run_when_their_time_comes(world: World) -> None:
    async def work() -> None:
        await world.scheduler.start()
        world.add("later", 3600)
        await asyncio.sleep(0)
        # One that is due earlier wakes the scheduler, and so does a clock that begins to run.
        world.add("soon", 0.05)
        await asyncio.sleep(0.1)
        assert world.ran == [], "the clock stands still"
        await world.scheduler.change_clock(lambda clock: clock.freeze(False))
        await _noted(world, 1)
        await asyncio.sleep(0.01)  # By now it waits for what is due in an hour.
        world.add("now", -1)
        await _noted(world, 2)
        await world.scheduler.advance(3600)
        assert [key for key, _ in world.ran] == ["soon", "now", "later"]
        world.add("never", world.now + 0.01)
        await world.scheduler.stop()
        await asyncio.sleep(0.05)

    asyncio.run(work())
    assert [key for key, _ in world.ran] == ["soon", "now", "later"]
    assert world.ran[0][1] == pytest.approx(0.05, abs=5)
    assert world.ran[2][1] == 3600, "on the way the clock shows a job's time, whether it runs or not"


def test_a_running_clock_does_not_wait_for_a_slow_job_but_advancing_it_does(world: World) -> None:
    async def slow(job: Job) -> None:
        await gate.wait()
        world.ran.append((job.key, 0))

    async def work() -> None:
        await world.scheduler.start()
        await world.scheduler.change_clock(lambda clock: clock.freeze(False))
        world.add("slow", -2, kind="slow")
        world.add("quick", -1)
        await _noted(world, 1)
        way = asyncio.create_task(world.scheduler.advance(100))
        world.add("last", 50)
        await asyncio.sleep(0.02)
        assert [key for key, _ in world.ran] == ["quick"]
        gate.set()
        await way
        await world.scheduler.stop()

    gate = asyncio.Event()
    world.scheduler.register("slow", slow)
    asyncio.run(work())
    assert [key for key, _ in world.ran] == ["quick", "slow", "last"]


def test_what_became_due_while_nobody_was_there_runs_at_its_own_time(world: World) -> None:
    world.change(running_from_noon)
    world.change(lambda clock: clock.freeze(False))
    world.database.execute("UPDATE clock SET offset_seconds = offset_seconds + 1000")
    world.add("b", 900)
    world.add("a", 300)
    again = world.again()
    setting = stored_clock(again.database)

    async def work() -> None:
        await again.scheduler.start()
        await again.scheduler.stop()

    asyncio.run(work())
    assert again.ran == [("a", 300), ("b", 900)]
    assert again.now == pytest.approx(1000, abs=60)
    assert stored_clock(again.database) == again.clock.setting == setting, "time has passed, nobody has moved the clock"


def test_a_clock_that_stands_still_runs_nothing_at_the_next_start_either(world: World) -> None:
    world.add("a", -1)
    again = world.again()

    async def work() -> None:
        await again.scheduler.start()
        await asyncio.sleep(0.02)
        await again.scheduler.stop()

    asyncio.run(work())
    assert again.ran == []


# Jobs that run at once


def test_a_job_that_is_to_run_at_once_runs_also_on_a_clock_that_stands_still_and_only_once(world: World) -> None:
    async def conversation() -> None:
        with world.database.transaction():
            world.scheduler.jobs.at_once("note", "a")
            assert world.ran == []
        assert world.ran == [("a", 0)]
        await world.scheduler.advance(0)
        assert world.ran == [("a", 0)]

    asyncio.run(conversation())


def test_work_that_has_begun_at_once_is_waited_for_and_begins_anew_after_a_kill(world: World) -> None:
    begun: list[str] = []

    async def forever(job: Job) -> None:
        begun.append(job.key)
        await asyncio.Event().wait()

    async def conversation() -> None:
        world.scheduler.register("wait", forever)
        world.scheduler.jobs.at_once("wait", "a")
        way = asyncio.ensure_future(world.scheduler.advance(60))
        await asyncio.sleep(0.01)
        assert (begun, world.now, way.done()) == (["a"], 0, False)
        way.cancel()

    asyncio.run(conversation())
    again = world.again()
    found = store.waiting(again.database, "wait", "a")
    again.database.close()
    assert found is not None
