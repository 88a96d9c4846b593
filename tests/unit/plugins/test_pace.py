# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests go at once: the rule against servers that are played here, and threads that go by it."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.pace import FIRST, ROUNDS, Pace, Turns


def played(pace: Pace, limits: list[int]) -> tuple[list[int], int]:
    """Play a server that works at so many at once in each step; return what was allowed then, and whom it sent away.

    In a step as many begin as may, who come to a full house are sent away at once, and the oldest of the others is
    answered. The steps are all the time that there is.
    """
    under_way: deque[int] = deque()
    allowed: list[int] = []
    refused = 0
    for limit in limits:
        marks = [pace.begin() for _ in range(pace.now - len(under_way))]
        room = max(0, limit - len(under_way))
        under_way.extend(marks[:room])
        for mark in marks[room:]:
            refused += 1
            pace.busy(mark)
        under_way.popleft()
        pace.answered()
        allowed.append(pace.now)
    return allowed, refused


@pytest.mark.parametrize(("most", "first"), [(1, 1), (3, 3), (4, 4), (32, FIRST)])
def test_it_begins_with_few(most: int, first: int) -> None:
    assert Pace(most).now == first


def test_it_doubles_in_each_round_until_the_bound() -> None:
    pace = Pace(32)
    rounds = []
    while pace.now < 32:
        for _ in range(pace.now):
            pace.answered()
        rounds.append(pace.now)
    assert rounds == [8, 16, 32]
    pace.answered()
    assert pace.now == 32


def test_busy_halves_it_once_for_all_that_were_under_way_together() -> None:
    pace = Pace(4)
    marks = [pace.begin() for _ in range(4)]
    for mark in marks:
        pace.busy(mark)
    assert pace.now == 2
    pace.busy(pace.begin())
    assert pace.now == 1
    pace.busy(pace.begin())
    assert pace.now == 1, "one may always go, or nothing would ever be learned"


def test_after_the_first_busy_it_grows_more_slowly() -> None:
    pace = Pace(8)
    pace.busy(pace.begin())
    assert pace.now == 2
    rounds = []
    while pace.now < 8:
        for _ in range(ROUNDS * max(pace.now, FIRST)):
            pace.answered()
        rounds.append(pace.now)
    assert rounds == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 20])
def test_it_finds_the_limit_of_a_server_and_stays_there(limit: int) -> None:
    allowed, refused = played(Pace(32), [limit] * 4000)
    settled = allowed[500:]
    assert max(settled) <= limit + 1, "one more than it takes is how it asks"
    assert min(settled) >= (limit + 1) // 2
    assert sum(settled) / len(settled) >= limit * 0.7
    assert refused < 4000 * 0.15


def test_it_follows_a_server_that_gets_busy_and_free_again() -> None:
    allowed, _refused = played(Pace(16), [16] * 200 + [3] * 300 + [16] * 400)
    assert allowed[199] == 16
    assert max(allowed[300:500]) <= 4
    assert allowed[-1] == 16


def test_threads_go_by_it() -> None:
    pace = Pace(4)
    turns = Turns(pace)
    together, leave = threading.Barrier(5), threading.Event()
    with ThreadPoolExecutor(6) as pool:

        def meet() -> None:
            with turns.turn() as turn:
                together.wait(10)
                leave.wait(10)
                turn.busy = True

        first = [pool.submit(meet) for _ in range(4)]
        together.wait(10)
        assert turns.under_way == 4
        leave.set()
        for one in first:
            one.result(10)
    assert pace.now == 2, "four that were sent away together are one sign"
    most = []

    def count() -> None:
        with turns.turn() as turn:
            most.append((turns.under_way, pace.now))
            turn.busy = None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count(), range(200)))
    assert max(under_way for under_way, _now in most) <= 2
    assert pace.now == 2, "what told nothing of the server's time changes nothing"


def test_a_turn_ends_with_whatever_ends_it() -> None:
    turns = Turns(Pace(1))
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt), turns.turn():
            raise KeyboardInterrupt
    assert turns.under_way == 0
