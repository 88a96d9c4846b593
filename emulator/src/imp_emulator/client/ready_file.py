# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ready file: where everything listens, and with which passwords; it exists while the emulator serves."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Any

from imp_emulator.client.control import Control, ControlError
from imp_emulator.client.files import Holder, holder, write_private

FORMAT = 1
_POLL_SECONDS = 0.05
_KILL_SECONDS = 5
_EXIT_SECONDS = 0.5
"""How long a process may take from giving back its lock to being gone."""


class Stopped(Enum):
    """How :func:`stop` went: nothing ran, it ended by itself, or it had to be killed."""

    NOTHING = auto()
    CLEANLY = auto()
    KILLED = auto()


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the ready file with mode 0600; it appears complete or not at all."""
    write_private(path, json.dumps(content, indent=2) + "\n")


def remove(path: Path) -> None:
    """Remove the ready file if it is this process's."""
    content = read(path)
    if content is not None and content["pid"] == os.getpid():
        path.unlink()


def read(path: Path) -> dict[str, Any] | None:
    """Return the ready file's content, or ``None`` when there is no such file or it is not one of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None


def running(path: Path) -> dict[str, Any] | None:
    """Return the ready file's content if the emulator that wrote it runs, be it one that answers nothing any more."""
    content = read(path)
    if content is None:
        return None
    return content if _locks(content) or answers(content) else None


def require_free(path: Path) -> None:
    """See that no emulator that runs has written this ready file.

    Raises:
        FileExistsError: One has; the text says how to stop it.
    """
    if (content := running(path)) is not None:
        raise FileExistsError(f"{path} is the ready file of {Holder(content['pid'], ready_file=str(path.absolute()))}")


def answers(content: dict[str, Any]) -> bool:
    """Tell whether the emulator that wrote a ready file is running: its control plane answers with its process ID."""
    try:
        return bool(Control(**content["control"], timeout=5).about()["pid"] == content["pid"])
    except (ControlError, OSError, ValueError):
        return False


def wait(path: Path, timeout: float) -> bool:
    """Wait until the emulator of a ready file answers; tell whether it did within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        content = read(path)
        if content is not None and answers(content):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)


def stop(path: Path, timeout: float) -> Stopped:
    """Stop the emulator of a ready file, and return when its process is gone.

    One that has not ended after ``timeout`` seconds is killed: whatever a client was told is done has been stored. A
    ready file that a killed one leaves behind is removed.

    Raises:
        TimeoutError: Not even that ended it within a few seconds.
        OSError: The process is not the caller's to end.
    """
    content = running(path)
    if content is None:
        if read(path) is not None:
            path.unlink(missing_ok=True)
        return Stopped.NOTHING
    pid = content["pid"]
    os.kill(pid, signal.SIGTERM)
    if _gone(content, timeout):
        return Stopped.CLEANLY
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if not _gone(content, _KILL_SECONDS):
        raise TimeoutError(f"process {pid} has not ended {_KILL_SECONDS} seconds after it was killed")
    path.unlink(missing_ok=True)
    return Stopped.KILLED


def _gone(content: dict[str, Any], timeout: float) -> bool:
    """Wait for the end of an emulator, whoever has started it; tell whether it came in time.

    A process that has ended is found under its number until its parent asks for it, but its lock is gone.
    """
    deadline = time.monotonic() + timeout
    locked, unlocked_since = _locks(content), 0.0
    while True:
        try:
            os.kill(content["pid"], 0)
        except ProcessLookupError:
            return True
        now = time.monotonic()
        if locked and not _locks(content):
            unlocked_since = unlocked_since or now
            if now - unlocked_since >= _EXIT_SECONDS:
                return True
        if now >= deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _locks(content: dict[str, Any]) -> bool:
    """Tell whether the process that wrote a ready file has the lock of its state file, on this machine."""
    served_by = holder(Path(content["state"])) if "state" in content else None
    return served_by is not None and served_by.here() and served_by.pid == content["pid"]


def link(content: dict[str, Any]) -> str:
    """Return the address that opens the console in a browser; it holds the token."""
    return f"{content['control']['url']}/?token={content['control']['token']}"


def doors(content: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return what listens: the name of each host, what it is, and each port of the product with the real one."""
    nodes = [node for cluster in content["clusters"].values() for node in cluster["nodes"].values()]
    online = (content["exchange_online"] or {"hosts": {}})["hosts"]
    products = {"cucm": "Unified CM", "imp": "IM and Presence"}
    return [
        *((node["fqdn"], f"{products[node['role']]} {node['usage']}", _ports(node)) for node in nodes),
        *((name, "Exchange server", _ports(place)) for name, place in content["exchange"].items()),
        *((name, f"{place['kind']} CA", _ports(place)) for name, place in content["certification_authorities"].items()),
        *((name, "Exchange Online", _ports(place)) for name, place in online.items()),
    ]


def _ports(place: dict[str, Any]) -> list[str]:
    return [f"{port}: {real}" for port, real in place["ports"].items()]
