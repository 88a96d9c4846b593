# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command on a terminal of its own, as somebody does who sits before it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

PATIENCE = 120  # seconds
_TICK = 0.05  # seconds
CTRL_C = "\x03"


class OnATerminal:
    """A command that runs on a terminal; ``output`` is what it has shown so far."""

    def __init__(self, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._terminal, other = os.openpty()
        self.output = ""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=_sit_before_it,  # noqa: PLW1509 - the tests have no other threads at work
        )
        os.close(other)

    def __enter__(self) -> OnATerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._terminal)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def read_until(self, arrived: Callable[[str], bool]) -> str:
        """Read until the output is as awaited, and return it; it must not end before."""
        deadline = time.monotonic() + PATIENCE
        while not arrived(self.output):
            assert time.monotonic() < deadline, self.output
            assert self._read() or self.process.poll() is None, self.output
        return self.output

    def read_to_the_end(self) -> str:
        """Read until nobody writes to the terminal any more, and return all of the output."""
        deadline = time.monotonic() + PATIENCE
        while self._read() or self.process.poll() is None:
            assert time.monotonic() < deadline, self.output
        return self.output

    def _read(self) -> bool:
        """Read what is there; whether something was."""
        ready, _, _ = select.select([self._terminal], [], [], _TICK)
        try:
            found = os.read(self._terminal, 65536) if ready else b""
        except OSError:  # nobody has the other side open
            return False
        self.output += found.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(found)


def _sit_before_it() -> None:
    """Make the terminal that of the new session; a test that runs in the background may ignore Ctrl-C itself."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
