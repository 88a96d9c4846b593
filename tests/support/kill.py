# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a playbook at a moment that the emulator's journal or faults tell."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.playbooks import command, settings

PATIENCE = 120  # seconds
_POLL = 0.02  # seconds


def kill_when(environment: Emulator, folder: Path, playbook: str, moment: Callable[[], bool], *options: str) -> None:
    """Run a playbook and kill it and all its children as soon as ``moment`` is true; it must not end before."""
    process = subprocess.Popen(
        command(playbook, *options),
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
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
