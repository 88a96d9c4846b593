# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End a playbook at a moment that the emulator's journal or faults tell, and see that nothing of it goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support.emulator import Emulator
from tests.support.playbooks import command, settings
from tests.support.programs import start_ansible

PATIENCE = 120  # seconds
_POLL = 0.02  # seconds


def kill_when(
    environment: Emulator,
    folder: Path,
    playbook: str,
    moment: Callable[[], bool],
    *options: str,
    variables: Mapping[str, Any] | None = None,
    whom: str = "everything",
) -> None:
    """Run a playbook and kill it as soon as ``moment`` is true; it must not end before.

    ``whom``: ``everything``, ansible's ``main`` process alone, its ``workers`` alone, or ``term``: the main process is
    told to end. Whichever it is, no process of the run is there in the end.
    """
    extra = ["--extra-vars", json.dumps(variables)] if variables else []
    # Its modules are its descendants, as in a user's run: no server forks for them.
    process = start_ansible(command(playbook, *options, *extra), settings(environment.ready_file), folder)
    deadline = time.monotonic() + PATIENCE
    while not moment():
        assert process.poll() is None, "the playbook ended before it could be killed"
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(_POLL)
    family = frozen_family(process.pid)
    doomed = {"everything": family, "workers": _children(process.pid)}.get(whom, [process.pid])
    for one in doomed:
        _send(one, signal.SIGTERM if whom == "term" else signal.SIGKILL)
    for one in family:
        _send(one, signal.SIGCONT)
    process.wait(PATIENCE)
    wait_until_gone(family)


def frozen_family(root: int) -> list[int]:
    """Stop a process and its descendants and return them: ansible-core has a session for each of its workers.

    Each is stopped before its children are looked for, so that none is started or orphaned meanwhile.
    """
    found: list[int] = []
    waiting = [root]
    while waiting:
        process = waiting.pop()
        _send(process, signal.SIGSTOP)
        found.append(process)
        waiting += _children(process)
    return found


def family_of(root: int) -> list[int]:
    """Return a process and its descendants as they are at this moment."""
    found = frozen_family(root)
    for one in found:
        _send(one, signal.SIGCONT)
    return found


def wait_until_gone(processes: Iterable[int]) -> None:
    """Return when none of these processes is alive."""
    deadline = time.monotonic() + PATIENCE
    while left := _alive().intersection(processes):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(_POLL)


def _send(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _children(parent: int) -> list[int]:
    return [int(child) for child, of, _state in _processes() if int(of) == parent]


def _alive() -> set[int]:
    """Return all processes but those that nobody has asked yet how they ended."""
    return {int(process) for process, _parent, state in _processes() if not state.startswith("Z")}


def _processes() -> list[list[str]]:
    command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split() for line in listed.splitlines()]
