# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ready file: where everything listens, and with which passwords; it exists while the emulator serves."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from imp_emulator.client.control import Control, ControlError
from imp_emulator.client.files import write_private

FORMAT = 1
_POLL_SECONDS = 0.05


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


def stop(path: Path, timeout: float) -> bool:
    """Stop the emulator of a ready file and wait until it is done.

    Returns whether there was one to stop; a ready file that a killed one left behind is removed.

    Raises:
        TimeoutError: It did not stop within ``timeout`` seconds.
    """
    content = read(path)
    if content is None:
        return False
    if not answers(content):
        path.unlink(missing_ok=True)
        return False
    os.kill(content["pid"], signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while path.exists():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"process {content['pid']} did not stop within {timeout:g} seconds")
        time.sleep(_POLL_SECONDS)
    return True
