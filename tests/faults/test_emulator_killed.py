# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator killed at any moment while several clients write: nothing that was acknowledged is lost.

CI kills it at some points of the seed, ``make all-cases`` at all twenty, half of them with ``--durable``.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable

import pytest
import requests

from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator

WRITERS = 4
POINTS = sorted(random.Random(20261126).sample(range(5, 400), 20))
"""After so many acknowledged writes the process is killed, while others are under way."""
TRIED = POINTS if "ALL_CASES" in os.environ else POINTS[3::8]


class Writers:
    """Clients that write numbers into the departments of users, each into its own, until the server is gone."""

    def __init__(self, emulator: Emulator, point: int) -> None:
        self._emulator = emulator
        self._point = point
        self._lock = threading.Lock()
        self._count = 0
        self.acknowledged: dict[str, int] = {}
        self.refused: list[int] = []

    def run(self) -> None:
        """Write until the point is reached and the server is killed."""
        threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _write(self, number: int) -> None:
        axl = OverTheWire(self._emulator)
        for turn in range(1000):
            userid = f"user{number * 200 + turn % 50 + 1:04d}"
            try:
                answer = axl.ask("updateUser", f"<userid>{userid}</userid><department>{turn}</department>")
            except requests.RequestException:
                return
            if answer.status != 200:
                self.refused.append(answer.status)
                return
            self._acknowledge(userid, turn)

    def _acknowledge(self, userid: str, department: int) -> None:
        with self._lock:
            self.acknowledged[userid] = department
            self._count += 1
            if self._count == self._point:
                self._emulator.process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("point", TRIED)
def test_what_was_acknowledged_is_there(start_emulator: Callable[..., Emulator], point: int, durable: bool) -> None:
    options = ("--durable",) if durable else ()
    first = start_emulator(*options)
    writers = Writers(first, point)
    writers.run()
    assert writers.refused == []
    assert first.process.wait(30) == -signal.SIGKILL
    again = start_emulator(*options)
    found = OverTheWire(again).ask("executeSQLQuery", "<sql>SELECT userid, department FROM enduser</sql>")
    stored = dict(zip(found.values("row/userid"), found.values("row/department"), strict=True))
    assert len(writers.acknowledged) > 0
    # One more of the same user may have been stored, and nobody was told.
    assert {user: turn for user, turn in writers.acknowledged.items() if int(stored[user]) < turn} == {}
