# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a playbook at a moment that the emulator's journal or faults tell."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support.emulator import Emulator
from tests.support.playbooks import command, settings

PATIENCE = 120  # seconds
_POLL = 0.02  # seconds


def kill_when(
    environment: Emulator,
    folder: Path,
    playbook: str,
    moment: Callable[[], bool],
    *options: str,
    variables: Mapping[str, Any] | None = None,
) -> None:
    """Run a playbook and kill it and all its children as soon as ``moment`` is true; it must not end before."""
    process = subprocess.Popen(
        command(playbook, *options, *(["--extra-vars", json.dumps(variables)] if variables else [])),
        cwd=folder,
        env=settings(environment.ready_file),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not moment():
        assert process.poll() is None, "the playbook ended before it could be killed"
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(_POLL)
    _kill_tree(process.pid)
    process.wait(PATIENCE)


def _kill_tree(root: int) -> None:
    """Kill a process and its descendants: ansible-core puts each of its workers into a session of its own.

    Each is stopped before its children are looked for, so that none is started or orphaned meanwhile.
    """
    found: list[int] = []
    waiting = [root]
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
            found.append(process)
            waiting += _children(process)
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, of in pairs if int(of) == parent]
