# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make venv`` runs: make the virtual environment, fill it, and say meanwhile what is happening."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from tests.support.watched import watch

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ("--requirement", "tests/requirements.txt", "--editable", "./emulator")
_SHOWN = 15
"""Lines of pip's output that are shown when it fails."""


def doing(line: str) -> str | None:
    """Return what a line of pip's output says it is at."""
    if found := re.match(r"Collecting ([\w.-]+)", line):
        return f"looking for {found[1]}"
    if found := re.match(r" *Downloading ([\w.]+)-\S+ \((.+)\)$", line):
        return f"fetching {found[1]}, {found[2]}"
    if line.startswith("Installing collected packages: "):
        return f"unpacking {len(line.split(','))} packages"
    return None


def main() -> int:
    """Install everything into the folder that is named, and return the exit status."""
    folder, log = Path(sys.argv[1]), ROOT / ".build" / "pip.txt"
    python, began = folder / "bin" / "python", time.monotonic()
    if not python.exists():
        print(f"Making the virtual environment {folder} with Python {sys.version.split()[0]}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    print(f"Installing what the project needs into {folder}; the first time takes a minute or two.", flush=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    # Of what is installed, less than half is ever imported; Python compiles that when it is.
    pip.append("--no-compile")
    status = watch([*pip, *REQUIREMENTS], log, doing, folder=ROOT)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if status:
        print("\n".join(lines[-_SHOWN:]))
        sys.exit(f"pip could not install everything: see above, all of its output is in {log.relative_to(ROOT)}.")
    print(f"Installed in {time.monotonic() - began:.0f} s; pip's output is in {log.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
