# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make importer``: what Galaxy and Automation Hub check when a tarball is imported; a warning fails it too.

galaxy-importer itself ends well with warnings, so its log is read.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.support import tarball
from tests.support.environments import tool_environment
from tests.support.project_files import ROOT

FOLDER = ROOT / ".build" / "importer"
SETTINGS = {
    "CHECK_CHANGELOG": "true",
    "CHECK_REQUIRED_TAGS": "true",
    "OFFLINE_ANSIBLE_LINT": "true",
    "RUN_ANSIBLE_DOC": "true",
    "RUN_ANSIBLE_LINT": "true",
    # It would start a container; `make sanity` and `make matrix` run the same tests without one.
    "RUN_ANSIBLE_TEST": "false",
    # Ruff has checked the style, by rules that differ: its formatter writes what flake8 calls W503 and E203.
    "RUN_FLAKE8": "false",
}
FINISHED = "Importer processing completed successfully"
_BAD = re.compile(r"\b(?:WARNING|ERROR|CRITICAL)\b|^Traceback", re.MULTILINE)


def complaints(log: str) -> list[str]:
    """Return the lines of galaxy-importer's log that must not be there; that it did not finish is one more."""
    bad = [line for line in log.splitlines() if _BAD.search(line)]
    return bad if FINISHED in log else [*bad, "galaxy-importer did not finish"]


def main() -> int:
    """Build the tarball and import it; the exit status is 1 when anything is warned of."""
    programs = tool_environment("importer") / "bin"
    built = tarball.build(FOLDER)
    home = FOLDER / "home"
    home.mkdir(exist_ok=True)
    # Neither the working copy's collection nor the settings of this user may help.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    done = subprocess.run(
        [programs / "python", "-m", "galaxy_importer.main", built.resolve()],
        cwd=FOLDER,
        env={
            **inherited,
            **{f"GALAXY_IMPORTER_{name}": value for name, value in SETTINGS.items()},
            "HOME": str(home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = complaints(done.stdout)
    sys.stdout.write(done.stdout)
    sys.stdout.write("".join(f"importer: {line}\n" for line in found))
    sys.stdout.write(f"importer: {built.name} {'is refused' if found else 'is imported without a warning'}\n")
    return 1 if found or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
