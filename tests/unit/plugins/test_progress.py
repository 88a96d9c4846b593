# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of a task that takes long, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._module.progress import Progress
from ansible_collections.ucops.imp.plugins.plugin_utils._progress.story import (
    Rhythm,
    Story,
    Told,
    duration,
    in_a_log,
    on_a_terminal,
)


def story(*told: tuple[float, Callable[[Progress], None]]) -> Story:
    """Return what a task has told that began at 100 s: at each time, by what it did."""
    lines: list[bytes] = []
    progress = Progress(lines.append, lambda _text: None)
    heard = Story(100.0)
    for at, does in told:
        does(progress)
        for line in lines:
            heard.hear(line, at)
        lines.clear()
    return heard


def begin(total: int, what: str = "users") -> Callable[[Progress], None]:
    return lambda progress: progress.begin(total, what)


def done(number: int, failed: int = 0) -> Callable[[Progress], None]:
    def count(progress: Progress) -> None:
        progress._counted = 0
        progress.count(done=number, failed=failed)

    return count


def say(text: str) -> Callable[[Progress], None]:
    return lambda progress: progress.say(text)


def test_how_many_of_how_many_how_fast_and_how_long() -> None:
    heard = story((102.0, begin(20_000)), (110.0, done(3267)))
    assert heard.words(110.0) == "3,267 of 20,000 users, 408 a second, about 41 s left"


@pytest.mark.parametrize(
    ("heard", "now", "words"),
    [
        (story(), 103.0, "3 s so far"),
        (story((101.0, say("Request 5 is pending."))), 230.0, "Request 5 is pending, 2 min 10 s so far"),
        (story((101.0, begin(20_000))), 102.0, "0 of 20,000 users"),
        (story((101.0, begin(20_000)), (102.0, done(4))), 102.0, "4 of 20,000 users"),
        (story((100.0, begin(500)), (160.0, done(20))), 160.0, "20 of 500 users, 20 a minute, about 24 min left"),
        (
            story((100.0, begin(500)), (110.0, done(100, 2))),
            110.0,
            "102 of 500 users, 2 failed, 10 a second, about 39 s left",
        ),
        (story((100.0, begin(4, "steps")), (160.0, done(1))), 160.0, "1 of 4 steps, about 3 min left"),
        (
            story((100.0, begin(4, "steps")), (160.0, done(1)), (161.0, say("The SIP Proxy is Starting"))),
            180.0,
            "1 of 4 steps, about 4 min left, The SIP Proxy is Starting",
        ),
        (story((100.0, begin(4)), (160.0, done(4))), 160.0, "4 of 4 users, reading back"),
        (story((100.0, begin(4)), (150.0, say("try 2")), (160.0, done(1))), 160.0, "1 of 4 users, about 3 min left"),
    ],
)
def test_words(heard: Story, now: float, words: str) -> None:
    assert heard.words(now) == words


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'"text"', b'{"done": 1}', b'{"text": "a", "done": "many"}', b"\xff"]
)
def test_what_is_no_message_is_not_heard(line: bytes) -> None:
    heard = story((101.0, begin(7)))
    heard.hear(line, 102.0)
    assert heard.told == Told(total=7, what="users")


def test_a_text_shows_no_secret_and_is_one_line_that_is_not_too_long() -> None:
    lines: list[bytes] = []
    logged: list[str] = []
    progress = Progress(lines.append, logged.append, lambda text: text.replace("canary-77aa", "********"))
    progress._logged = -100.0
    progress.say("\udcff canary-77aa\n" + "x" * 1000)
    (line,) = lines
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert len(line) < 300
    assert b"canary" not in line
    assert "canary" not in logged[0]


def test_words_of_a_server_neither_break_the_line_nor_steer_the_terminal() -> None:
    heard = story((101.0, say("try 2 in 0.5 s: \x1b[2J busy\nnow\u202e")))
    assert heard.words(103.0) == "try 2 in 0.5 s: \\u001b[2J busy now\\u202e, 3 s so far"


def test_counting_does_not_fill_the_line() -> None:
    lines: list[bytes] = []
    progress = Progress(lines.append, lambda _text: None)
    progress.begin(5000, "users")
    for _ in range(5000):
        progress.count(done=1)
    assert json.loads(lines[-1])["done"] == 5000, "the last one is told in any case"
    assert len(lines) < 100


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ([], "Nothing was changed."),
        ([begin(20_000), done(3267)], "3,267 of 20,000 users done."),
        ([begin(4, "steps"), done(1, 2)], "1 of 4 steps done, 2 failed."),
    ],
)
def test_what_is_told_of_a_task_that_was_stopped(does: list[Callable[[Progress], None]], told: str) -> None:
    progress = Progress(lambda _line: None, lambda _text: None)
    for do in does:
        do(progress)
    assert progress.told() == told


def shown(rhythm: Rhythm, seconds: Iterable[float], moves: bool) -> list[float]:
    return [second for second in seconds if rhythm.is_due(second, Told(done=int(second) if moves else 0))]


def test_a_log_gets_fewer_and_fewer_lines() -> None:
    ticks = [number / 5 for number in range(5 * 1500)]
    expected = [10, 30, 60, *range(120, 601, 60), 900, 1200]
    assert shown(in_a_log(), ticks, moves=True) == expected
    assert shown(in_a_log(), ticks, moves=False) == expected


def test_a_terminal_is_alive() -> None:
    ticks = [number / 5 for number in range(5 * 90)]
    assert shown(on_a_terminal(), ticks, moves=True)[:4] == [3, 5, 7, 9]
    assert len(shown(on_a_terminal(), ticks, moves=True)) == 35
    assert shown(on_a_terminal(), ticks, moves=False)[:3] == [3, 13, 23], "while nothing moves there is less to say"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
