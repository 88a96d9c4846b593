# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop that looks again and again, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling, Stopwatch


class Clock:
    """Time passes only while somebody sleeps, or looks for ``look`` seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.told: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def polling(self, timeout: float, interval: float) -> Polling:
        return Polling(timeout, interval, self.told.append, clock=lambda: self.now, sleep=self.sleep)

    def look_until(self, timeout: float, interval: float, *, found: int | None = None, look: float = 0) -> int:
        """Return the number of looks until the one that finds something, or until the time is over."""
        looks = 0
        for report in self.polling(timeout, interval).looks():
            looks += 1
            self.now += look
            if looks == found:
                break
            report(f"look {looks}")
        return looks


def test_the_first_look_is_at_once_and_what_is_there_is_not_waited_for() -> None:
    clock = Clock()
    assert clock.look_until(300, 5, found=1) == 1
    assert (clock.slept, clock.told) == ([], [])


def test_it_looks_once_in_an_interval_and_tells_what_each_look_showed() -> None:
    clock = Clock()
    assert clock.look_until(300, 5, found=3) == 3
    assert (clock.slept, clock.told) == ([5, 5], ["look 1", "look 2"])


def test_the_last_look_is_at_the_deadline_not_after_it() -> None:
    clock = Clock()
    assert clock.look_until(12, 5) == 4
    assert clock.slept == [5, 5, 2]
    assert clock.now == 1012.0
    assert clock.told == ["look 1", "look 2", "look 3", "look 4"]


def test_without_time_it_looks_once() -> None:
    clock = Clock()
    assert clock.look_until(0, 5) == 1
    assert clock.slept == []


def test_a_look_that_takes_long_counts() -> None:
    clock = Clock()
    assert clock.look_until(10, 1, look=7) == 2
    assert clock.slept == [1]


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 5.0), (0.5, 7.5), (1.0, 10.0)])
def test_who_gives_way_pauses_for_one_to_two_intervals(jitter: float, pause: float) -> None:
    clock = Clock()
    replace(clock.polling(300, 5), jitter=lambda: jitter).give_way()
    assert clock.slept == [pause]


def test_a_stopwatch_tells_the_time_of_its_blocks_and_nothing_before_the_first() -> None:
    times = iter([1.0, 3.5, 10.0, 11.0])
    watch = Stopwatch(lambda: next(times))
    assert watch.as_result() == {}
    with watch:
        pass
    with watch:
        pass
    assert watch.as_result() == {"elapsed": 3.5}
