# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start an emulator in a process of its own and wait until it serves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from imp_emulator.client import ready_file
from imp_emulator.client.files import holder

COMMAND = (os.environ.get("IMP_EMULATOR_PYTHON") or sys.executable, "-m", "imp_emulator")
"""The command ``imp-emulator``. ``IMP_EMULATOR_PYTHON`` names another Python to run it, because tests may run on an
older one than the emulator needs."""

_POLL_SECONDS = 0.02
_LONGER = " (a state file that was not served for hours has much to catch up with: give it longer, or take a new one)"


class EmulatorError(Exception):
    """The emulator did not start, or did not stop cleanly; the text holds what it wrote to its standard error."""


def launch(
    state: Path,
    ready: Path,
    errors: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
) -> subprocess.Popen[bytes]:
    """Start ``imp-emulator serve`` and return its process when the ready file is there.

    It belongs to a session of its own, so that a Ctrl-C meant for the caller leaves it to whoever stops it.

    Args:
        state: The state file; its folder is made if need be.
        ready: The file that it writes when it serves. One that a killed predecessor has left is removed first.
        errors: The file that takes its standard error.
        arguments: Further ones of ``imp-emulator serve``.
        environment: Its environment variables; by default those of this process.
        seconds: How long to wait for it.
        popen: What starts the process, called as :class:`subprocess.Popen` is.

    Raises:
        EmulatorError: One runs already with this state file or ready file; or it ended, or was not ready in time
            and was stopped.
    """
    _make_way(state, ready)
    command = [*COMMAND, "serve", "--state", str(state), "--ready-file", str(ready), *arguments]
    state.parent.mkdir(parents=True, exist_ok=True)
    with errors.open("wb") as log:
        process = popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    try:
        return _ready(process, ready, errors, seconds)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _make_way(state: Path, ready: Path) -> None:
    """Remove an old ready file, unless an emulator that runs needs it, or the state file."""
    if (other := holder(state)) is not None:
        raise EmulatorError(f"{state} is in use by {other}")
    try:
        ready_file.require_free(ready)
    except FileExistsError as error:
        raise EmulatorError(str(error)) from None
    ready.unlink(missing_ok=True)


def _ready(process: subprocess.Popen[bytes], ready: Path, errors: Path, seconds: float) -> subprocess.Popen[bytes]:
    """Wait until a started process has written its ready file, and return it."""
    deadline = time.monotonic() + seconds
    while not ready.exists():
        ended = process.poll() is not None
        if ended or time.monotonic() >= deadline:
            what = (
                f"ended with status {process.returncode}"
                if ended
                else f"was not ready after {seconds:g} seconds{_LONGER}"
            )
            said = errors.read_text(encoding="utf-8", errors="replace").strip().removeprefix("imp-emulator: ")
            raise EmulatorError(f"the emulator {what}{': ' if said else ''}{said}")
        time.sleep(_POLL_SECONDS)
    return process
