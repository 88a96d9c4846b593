# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs that a write is on the disk itself before it is acknowledged (``--durable``)."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.table import Measurement, show
from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator

WRITES = 2_000


def run(folder: Path) -> None:
    """Measure both, one after the other, and print them."""
    rows = [
        Measurement(name, _rate(folder / name, *options), "writes/s")
        for name, options in (("default", ()), ("durable", ("--durable",)))
    ]
    show("writes of one client over AXL", rows)


def _rate(folder: Path, *options: str) -> float:
    emulator = Emulator(folder, *options)
    try:
        axl = OverTheWire(emulator)
        begun = time.monotonic()
        for number in range(WRITES):
            content = f"<userid>user0001</userid><department>{number}</department>"
            axl.ask("updateUser", content).done()
        return WRITES / (time.monotonic() - begun)
    finally:
        emulator.stop()
