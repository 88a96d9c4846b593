# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pauses before another try."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import LONGEST_PAUSE, Asked, Backoff, NotNow

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc).timestamp()


def backoff(jitter: float = 1.0) -> Backoff:
    return Backoff(jitter=lambda: jitter, now=lambda: NOW)


def test_pauses_double_up_to_a_cap() -> None:
    assert [backoff().seconds(attempt) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff().seconds(5000) == LONGEST_PAUSE, "no number of tries is too large to count with"


def test_clients_do_not_march_in_step() -> None:
    assert (backoff(0.0).seconds(2), backoff(0.5).seconds(2), backoff(1.0).seconds(2)) == (1.0, 1.5, 2.0)
    one, other = (Backoff(jitter=random.Random(seed).random) for seed in (1, 2))
    assert [one.seconds(n) for n in range(5)] != [other.seconds(n) for n in range(5)]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("3600", 60.0),
        ("9" * 400, 60.0),
        (format_datetime(datetime.fromtimestamp(NOW + 20, timezone.utc), usegmt=True), 20.0),
        (format_datetime(datetime.fromtimestamp(NOW + 7200, timezone.utc), usegmt=True), 60.0),
    ],
)
def test_a_server_is_given_the_time_that_it_asks_for_within_reason(asked: str, seconds: float) -> None:
    assert backoff().seconds(0, Asked(asked)) == seconds


@pytest.mark.parametrize(
    "asked",
    ["", "0", "soon", "-5", "1.5", "nan", "inf", "Sun, 99 Foo 2026", "Sun, 01 Mar 2026 11:00:00 GMT", "\u00b2", "\x00"],
)
def test_what_is_no_time_to_wait_is_not_heeded(asked: str) -> None:
    assert backoff().seconds(1, Asked(asked)) == 1.0


def test_waiting_sleeps_that_long() -> None:
    slept: list[float] = []
    waiting = Backoff(sleep=slept.append, jitter=lambda: 1.0)
    waiting.wait(0)
    waiting.wait(1, Asked("3"))
    assert slept == [0.5, 3.0]


def test_no_pause_goes_past_the_end() -> None:
    slept: list[float] = []
    told: list[str] = []
    waiting = Backoff(sleep=slept.append, jitter=lambda: 1.0, clock=lambda: 100.0, report=told.append)
    with waiting.until(3):
        assert waiting.wait(0, Asked("3"), "the server rests")
        assert not waiting.wait(0, Asked("4"), "the server rests")
        with waiting.until(9):
            assert not waiting.wait(0, Asked("4")), "an end within is no later than the one around it"
        with waiting.until(1):
            assert not waiting.wait(0, Asked("2"))
        assert waiting.wait(0, Asked("2"))
    assert waiting.wait(0, Asked("60")), "after it there is no end any more"
    assert slept == [3.0, 2.0, 60.0]
    assert told == ["try 2 in 3.0 s: the server rests"]


def test_what_headers_ask_for_counts_before_words() -> None:
    words = NotNow("Please wait for 2 seconds", Asked("2"))
    assert words.after(Asked()) == words
    assert words.after(Asked("", "Sun, 01 Mar 2026 12:00:00 GMT")) == words
    assert words.after(Asked("9")).asked == Asked("9")
