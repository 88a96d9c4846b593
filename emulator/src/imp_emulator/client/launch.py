# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start an emulator in a process of its own and wait until it serves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

COMMAND = (os.environ.get("IMP_EMULATOR_PYTHON") or sys.executable, "-m", "imp_emulator")
"""The command ``imp-emulator``. ``IMP_EMULATOR_PYTHON`` names another Python to run it, because tests may run on an
older one than the emulator needs."""

_POLL_SECONDS = 0.02


class EmulatorError(Exception):
    """The emulator did not start, or did not stop cleanly; the text holds what it wrote to its standard error."""


def launch(
    state: Path,
    ready_file: Path,
    errors: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> subprocess.Popen[bytes]:
    """Start ``imp-emulator serve`` and return its process when the ready file is there.

    It belongs to a session of its own, so that a Ctrl-C meant for the caller leaves it to whoever stops it.

    Args:
        state: The state file; its folder is made if need be.
        ready_file: The file that it writes when it serves. An old one is removed first: it could be a killed
            predecessor's.
        errors: The file that takes its standard error.
        arguments: Further ones of ``imp-emulator serve``.
        environment: Its environment variables; by default those of this process.
        seconds: How long to wait for it.

    Raises:
        EmulatorError: It ended, or was not ready in time and was stopped.
    """
    ready_file.unlink(missing_ok=True)
    command = [*COMMAND, "serve", "--state", str(state), "--ready-file", str(ready_file), *arguments]
    state.parent.mkdir(parents=True, exist_ok=True)
    with errors.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    deadline = time.monotonic() + seconds
    while not ready_file.exists():
        ended = process.poll() is not None
        if ended or time.monotonic() >= deadline:
            process.kill()
            process.wait()
            what = f"ended with status {process.returncode}" if ended else f"was not ready after {seconds:g} seconds"
            raise EmulatorError(f"the emulator {what}: {errors.read_text(encoding='utf-8').strip()}")
        time.sleep(_POLL_SECONDS)
    return process
