#!/usr/bin/env python3
# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say in one sentence what is missing when this Python cannot carry the project's virtual environment.

Kept to what Python 3.6 understands, because it is an old python3 that has to print the message.
"""

import importlib.util
import sys

OLDEST = (3, 11)


def problem() -> str:
    """Return what is wrong with the running interpreter as a sentence, or an empty text."""
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if tuple(sys.version_info) < OLDEST:
        return (
            f"python3 is {running} ({sys.executable}), but {OLDEST[0]}.{OLDEST[1]} or newer is needed. "
            "Install one and name it: make PYTHON=python3.12 venv"
        )
    if importlib.util.find_spec("ensurepip") is None:
        return (
            f"Python {running} ({sys.executable}) cannot make virtual environments, it has no ensurepip. "
            f"On Debian and Ubuntu install it with: apt-get install python{running}-venv"
        )
    return ""


if __name__ == "__main__":
    sys.exit(problem() or 0)
