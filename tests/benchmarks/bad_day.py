# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""10,000 users, a fifth already right: what a bad day costs beside a good one, and whether anybody is lost.

``tests/faults/test_a_bad_day.py`` holds the same with a thousand.
"""

from __future__ import annotations

import time
from pathlib import Path

from imp_emulator.scenario.writer import generate
from tests.benchmarks.table import Measurement, show
from tests.support.axl import add_gateway
from tests.support.bad_day import FAULTS, MOST_REQUESTS, Day, enable, right
from tests.support.emulator import Emulator

USERS = 10_000


def run(folder: Path) -> None:
    """Measure, print, and end with an error when a user is lost or too much is sent."""
    place = folder / "bad-day"
    place.mkdir()
    (place / "scenario.yml").write_text(generate(USERS), encoding="utf-8")
    emulator = Emulator(place, "--scenario", str(place / "scenario.yml"))
    try:
        good, good_seconds = _day(emulator, faulty=False)
        emulator.control.reset()
        bad, bad_seconds = _day(emulator, faulty=True)
        emulator.control.clear_faults()
        users, again = right(emulator), enable(emulator, USERS)
    finally:
        emulator.stop()
    show(
        f"{USERS:,} users, a fifth already right: requests",
        [Measurement("a good day", good.requests, "requests"), Measurement("a bad day", bad.requests, "requests")],
    )
    show("and seconds", [Measurement("a good day", good_seconds, "s"), Measurement("a bad day", bad_seconds, "s")])
    print(f"  right afterwards: {users:,} of {USERS:,}; the next run wrote {again.writes} times")
    if users != USERS or again.writes or bad.requests > good.requests * MOST_REQUESTS:
        raise SystemExit("the bad day has lost something, or cost too much")


def _day(emulator: Emulator, *, faulty: bool) -> tuple[Day, float]:
    add_gateway(emulator)
    enable(emulator, USERS // 5)
    for fault in FAULTS if faulty else ():
        emulator.control.inject_fault(fault)
    begun = time.monotonic()
    return enable(emulator, USERS), time.monotonic() - begun
