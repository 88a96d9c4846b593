# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example for role authors elsewhere, run as they would: a copy of its own, with installed packages only."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from imp_emulator.testing import Control, Emulator
from tests.support.collection_tree import COLLECTIONS_PATH
from tests.support.module_server import served
from tests.support.playbooks import CALLBACKS, FASTER, PROGRAMS
from tests.support.programs import FORKED
from tests.support.project_files import ROOT, project_files

EXAMPLE = Path("examples/acme_presence")
PAGE = ROOT / "docs" / "testing-roles.md"
NOT_SHOWN = {"defaults/main.yml", "meta/main.yml", "tasks/main.yml"}
BLOCK = re.compile(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```(?!console$)\w", re.MULTILINE)
HEADER = re.compile(r"\A(?:---\n)?(?:# .*\n){3}")


@pytest.fixture
def role(tmp_path: Path) -> Path:
    for path in project_files(str(EXAMPLE)):
        copy = tmp_path / "acme_presence" / path.relative_to(EXAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy)
    return tmp_path / "acme_presence"


def run(role: Path, *command: str) -> str:
    """Run a command of the virtual environment in the role's folder and return its output; it must succeed."""
    ours = ("ANSIBLE_", "IMP_EMULATOR_", "MOLECULE_", "PYTEST_", "PYTHONPATH", "UCOPS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        **FASTER,
        "ANSIBLE_CONFIG": str(role / "ansible.cfg"),
        "PATH": os.pathsep.join([str(FORKED), str(PROGRAMS), os.environ["PATH"]]),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / COLLECTIONS_PATH),
        "ANSIBLE_HOME": str(role.parent / "ansible"),
        "NO_COLOR": "1",
    }
    environment = served(environment)
    done = subprocess.run(command, cwd=role, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_example_passes_molecule_and_leaves_nothing_running(role: Path) -> None:
    output = run(role, "molecule", "test")
    assert "Require that there is none" in output
    assert "successful=5" in output
    assert not list(role.parent.rglob("ready.json"))


def test_the_example_passes_pytest(role: Path) -> None:
    assert "2 passed" in run(role, "pytest", "-q")


def test_the_page_shows_the_files_of_the_example_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(BLOCK.findall(page))
    assert len(shown) == len(CODE.findall(page)), "a block of code does not say which file it is"
    files = {str(path.relative_to(EXAMPLE)) for path in project_files(str(EXAMPLE))}
    assert set(shown) == files - NOT_SHOWN
    for name, text in shown.items():
        assert text == HEADER.sub("", (ROOT / EXAMPLE / name).read_text(encoding="utf-8")), name


def test_the_page_names_calls_that_exist() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## What a test can ask and do")[2]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    calls = re.findall(r"`(control\.)?(\w+)(?:\(.*?\))?`", " ".join(rows))
    assert len(calls) >= len(rows) >= 9
    attributes = set(dir(Control)), set(dir(Emulator)) | set(re.findall(r"self\.(\w+)", inspect.getsource(Emulator)))
    assert not [name for control, name in calls if name not in attributes[0 if control else 1]]
