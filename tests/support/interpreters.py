# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the Python interpreters of this machine by asking them, wherever they are installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def find_interpreter(version: str) -> Path | None:
    """Return the real executable of Python ``version`` (such as ``3.12``), or None when there is none that runs.

    A version manager puts shims on the path that exist for every version it knows and fail for all but the chosen one.
    So each candidate is started and says itself where it really is; the second attempt asks pyenv's shims for just this
    version, and means nothing to other interpreters.
    """
    for folder in os.get_exec_path():
        candidate = Path(folder, f"python{version}")
        if not os.access(candidate, os.X_OK):
            continue
        executable = _ask(candidate, version, dict(os.environ)) or _ask(
            candidate, version, os.environ | {"PYENV_VERSION": version}
        )
        if executable is not None:
            return executable
    return None


def _ask(candidate: Path, version: str, environment: dict[str, str]) -> Path | None:
    """Return the real executable that ``candidate`` starts, None when it fails or is another version."""
    # The base prefix is asked for too: a virtual environment's python is not an interpreter to build others on.
    program = "import sys; print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', sys.executable))"
    answer = subprocess.run(
        [candidate, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    found, _, executable = answer.stdout.strip().partition(" ")
    return Path(executable) if answer.returncode == 0 and found == version else None
