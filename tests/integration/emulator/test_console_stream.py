# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new, told to an open console; and the end of the stream when the emulator is stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import httpx

from tests.support.emulator import Emulator


def until(lines: Iterator[str], event: str) -> None:
    """Read a stream until it tells of an event."""
    assert f"event: {event}" in lines


def test_it_tells_what_is_new_and_ends_with_the_emulator(start_emulator: Callable[..., Emulator]) -> None:
    """By itself, within the time that requests are given at the end, and not cut off when that is over."""
    emulator = start_emulator()
    url = emulator.ready["control"]["url"]
    with httpx.Client(base_url=url, trust_env=False, timeout=30, follow_redirects=True) as visitor:
        assert visitor.get(emulator.console).url.path == "/console/"
        page = visitor.get("/console/state").text
        emulator.control.clock(frozen=True)
        with visitor.stream("GET", page.partition('sse-connect="')[2].partition('"')[0]) as stream:
            lines = stream.iter_lines()
            until(lines, "clock")
            until(lines, "changed")  # between the page and its stream
            emulator.control.fault("status", operation="getUser")
            until(lines, "changed")
            emulator.process.send_signal(signal.SIGTERM)
            assert not [line for line in lines if line.startswith("event: ")]
    assert emulator.process.wait(30) == 0
    assert emulator.stderr == ""
