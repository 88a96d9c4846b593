# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an emulator's process has used, and how long its clients wait for the cheapest answer."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from imp_emulator.testing import Emulator

_LOOK_SECONDS = 0.05


def processor_seconds(emulator: Emulator) -> float:
    """Return the seconds of processor time that the process has used, by itself and in the system (proc(5))."""
    fields = Path(f"/proc/{emulator.process.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(process: int, which: str = "VmRSS") -> float:
    """Return how much memory a process has in use, or (``VmHWM``) had at most, in MiB (proc(5))."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"^{which}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


class LongestWait:
    """Asks for the time of the clock again and again as long as a block lasts; ``milliseconds`` is the longest wait.

    On a machine that does something else, too, it is that one's wait as well.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.milliseconds = 0.0

    def __enter__(self) -> LongestWait:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            begun = time.perf_counter()
            self._emulator.control.clock()
            self.milliseconds = max(self.milliseconds, (time.perf_counter() - begun) * 1000)
