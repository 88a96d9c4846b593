# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler on a long way of the clock: what only repeats is left out until the end of it."""

from __future__ import annotations

from imp_emulator.store.jobs import Job
from tests.support.scheduled import NOON, World


def test_of_what_repeats_a_long_way_sees_its_end_only_and_in_order(world: World) -> None:
    """A watch of each user would ring if a sign of life were left out and the watch were not."""
    users, minute = 2_000, 60.0
    rung: list[str] = []

    def sign(job: Job) -> None:
        jobs.add("sign", job.key, world.now + NOON + 60 * minute, repeats=True)
        jobs.add("watch", job.key, world.now + NOON + 120 * minute, repeats=True)
        world.ran.append((job.key, world.now))

    jobs = world.scheduler.jobs
    leaps: list[tuple[float, int]] = []
    world.scheduler.when_left_out(lambda seconds: leaps.append((seconds, len(world.ran))))
    world.scheduler.register("sign", sign)
    world.scheduler.register("watch", lambda job: rung.append(job.key))
    for number in range(users):
        jobs.add("watch", f"{number}", NOON + 120 * minute, repeats=True)
        jobs.add("sign", f"{number}", NOON + 60 * minute, repeats=True)
    world.add("once", 100)
    world.advance(30 * 86_400)
    assert rung == []
    assert world.ran[:1] == [("once", 100)], "what does not repeat happens when it is due"
    seen = [at for _, at in world.ran[1:]]
    end = 2 * 3600 + 5_000 * 3600 / (2 * users)
    assert min(seen) >= 30 * 86_400 - end
    assert users * 3 <= len(seen) <= users * 4
    assert leaps == [(30 * 86_400 - end, 1)], "it is told before what repeats comes again"
    assert world.now == 30 * 86_400


def test_what_comes_again_behind_the_end_of_a_long_way_only_is_told_too(world: World) -> None:
    leaps: list[float] = []
    world.scheduler.when_left_out(leaps.append)
    world.scheduler.register("daily", lambda job: world.ran.append((job.key, world.now)))
    for number in range(2_000):
        world.scheduler.jobs.add("daily", f"{number}", NOON + 86_400, repeats=True)
    seen = 2 * 3600 + 5_000 * 3600 / 2_000
    world.advance(3 * 86_400)
    assert leaps == [3 * 86_400 - seen]
    world.advance(86_400 - seen - 1)
    ran = [len(world.ran)]
    world.advance(1)
    assert [*ran, len(world.ran)] == [0, 2_000]


def test_few_that_repeat_are_all_seen(world: World) -> None:
    def again(job: Job) -> None:
        world.ran.append((job.key, world.now))
        world.scheduler.jobs.add("again", job.key, world.now + NOON + 3600, repeats=True)

    leaps: list[float] = []
    world.scheduler.when_left_out(leaps.append)
    world.scheduler.register("again", again)
    world.scheduler.jobs.add("again", "tick", NOON + 3600, repeats=True)
    world.advance(30 * 86_400)
    assert len(world.ran) == 30 * 24
    assert leaps == []
