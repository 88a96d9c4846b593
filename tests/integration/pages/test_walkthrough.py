# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contributor page holds what it says: its diffs apply to a copy, one after another, and its commands succeed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project_files import ROOT, project_files

PAGE = ROOT / "docs" / "walkthrough.md"
STEP = re.compile(r"^```(diff|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES_OF_A_STEP = 32
"""More than that is no step that a reader follows."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's files in a repository of their own, with this virtual environment."""
    folder = tmp_path / "imp"
    for path in project_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    (folder / ".venv").symlink_to(sys.prefix)
    run(folder, "git", "init", "--quiet")
    return folder


def run(folder: Path, *command: str, given: str | None = None) -> None:
    ours = ("ANSIBLE_", "MAKE", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # The package is installed from this tree, the copy has its own.
    environment |= {"PYTHONPATH": str(folder / "emulator" / "src")}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{given or ''}{done.stdout}{done.stderr}"


def test_every_step_of_the_page_can_be_done(copy: Path) -> None:
    steps = STEP.findall(PAGE.read_text(encoding="utf-8"))
    assert {kind for kind, _ in steps} == {"diff", "console"}
    for kind, text in steps:
        if kind == "diff":
            added = [line for line in text.splitlines() if re.match(r"\+(?!\+\+ )", line)]
            assert len(added) <= LINES_OF_A_STEP, text
            run(copy, "git", "apply", "-C1", "-", given=text)
            continue
        for line in text.splitlines():
            program, *arguments = line.split()
            # The virtual environment is there: it is not for make to install anything.
            run(copy, program, *(["-o", ".venv/.ready"] if program == "make" else []), *arguments)
