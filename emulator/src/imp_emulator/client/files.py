# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold secrets or that others wait for, and the lock that tells which process serves a state file."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 that appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def state_folder(state: Path) -> Path:
    """Return the folder beside a state file, with its lock, snapshots and published certificates; absolute."""
    return state.with_name(f"{state.name}.d").absolute()


@dataclass(frozen=True)
class Holder:
    """The process that serves a state file.

    Attributes:
        pid: Its process ID; 0 when it has not said so yet.
        host: The machine, or the container, that it runs on.
        ready_file: Its ready file, absolute; empty when it is not known.
    """

    pid: int = 0
    host: str = ""
    ready_file: str = ""

    def here(self) -> bool:
        """Tell whether its process ID means something on this machine."""
        return self.pid > 0 and self.host == socket.gethostname()

    def __str__(self) -> str:
        """Return who it is and how to stop it, in words that go on a sentence."""
        process = f", process {self.pid}" if self.pid else ""
        place = f" on {self.host}" if self.host and not self.here() else ""
        how = (
            f"; stop it first: imp-emulator stop --ready-file {shlex.quote(self.ready_file)}" if self.ready_file else ""
        )
        return f"another emulator{process}{place}{how}"


def lock(state: Path, ready_file: Path | None) -> int:
    """Take the lock of a state file and write into it who has it; the system gives it back when the process ends.

    Returns the open file of the lock.

    Raises:
        BlockingIOError: Another process has it; :func:`holder` tells which.
    """
    taken = os.open(state_folder(state) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(taken)
        raise
    here = Holder(os.getpid(), socket.gethostname(), str(ready_file.absolute()) if ready_file else "")
    os.ftruncate(taken, 0)
    os.write(taken, json.dumps(asdict(here)).encode())
    return taken


def holder(state: Path) -> Holder | None:
    """Return who has the lock of a state file, or ``None`` when nobody has it, or it cannot be read."""
    try:
        with (state_folder(state) / "lock").open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Holder(**json.load(file))
    except OSError:
        return None
    except (TypeError, ValueError):
        return Holder()
    return None
