# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program whose output goes to a file, and tell meanwhile what it is at: for ``make venv`` and ``make demo``.

The standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

_POLL_SECONDS = 0.2
_FIRST, _LONGEST = 10, 60
"""Seconds until the first line where there is no terminal, and the longest time between two: it doubles."""


def watch(
    command: Sequence[str | Path],
    output: Path,
    at: Callable[[str], str | None],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> int:
    """Run a program and return its exit status.

    On a terminal one line, which is gone at the end, says how long it has run and what it is at. Elsewhere, as in the
    log of CI, such a line comes after 10 seconds, then at growing intervals.

    Args:
        command: The program and its arguments.
        output: Takes all that it writes; what the file has is replaced.
        at: Returns what a line of that output says it is at, ``None`` when it says nothing of it.
        environment: Its environment variables; by default those of this process.
        folder: Its working directory; by default that of this process.

    Raises:
        OSError: The program cannot be run, or the file not be written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    told = _Told(sys.stdout)
    with output.open("wb") as file, output.open(encoding="utf-8", errors="replace") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=folder
        )
        try:
            while True:
                status = _ended(process)
                for line in written.read().splitlines():
                    told.doing = at(line) or told.doing
                if status is not None:
                    return status
                told.tell()
        except BaseException:
            # Ctrl-C has reached the program as well: it says what it has done, and ends.
            process.wait()
            raise
        finally:
            told.clear()


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


class _Told:
    """What is shown while a program runs.

    Attributes:
        doing: What it is at.
    """

    def __init__(self, out: TextIO) -> None:
        self.doing = ""
        self._out = out
        self._live = out.isatty() and os.environ.get("TERM") != "dumb"
        self._began = time.monotonic()
        self._next = float(_FIRST)

    def tell(self) -> None:
        seconds = time.monotonic() - self._began
        line = f"  {seconds:3.0f} s  {self.doing}".rstrip()
        if self._live:
            self._write(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}")
        elif seconds >= self._next:
            self._next += min(self._next, _LONGEST)
            self._write(f"{line}\n")

    def clear(self) -> None:
        if self._live:
            self._write("\r\033[K")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
