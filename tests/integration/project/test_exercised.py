# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule that no operation of the emulator is left out by the complete test run, tried on small runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project_files import ROOT

CONFTEST = "from tests.support.exercised import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown\n"
SETTINGS = f"[pytest]\ntestpaths = small\npythonpath = {ROOT}\n"
TESTS = """
import pytest
from tests.support import exercised

PROTOCOLS = {"axl": ["getUser", "listUser"], "certsrv": ["GET /"]}

@pytest.mark.parametrize("answered", [%s])
def test_one(answered):
    exercised.note({"protocols": PROTOCOLS, "control": ["POST /reset"], "answered": answered})
"""
SOME = ['{"axl": {"getUser": 3}}', '{"axl": {"getUser": 1}, "control": {"POST /reset": 1}}']
REST = '{"axl": {"listUser": 1}, "certsrv": {"GET /": 1}}'


def run(folder: Path, answered: list[str], *arguments: str) -> tuple[int, str]:
    """Run pytest over tests whose emulators have answered this; returns its exit status and output."""
    (folder / "small").mkdir()
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "small" / "conftest.py").write_text(CONFTEST)
    (folder / "small" / "test_small.py").write_text(TESTS % ", ".join(answered))
    command = [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider", *arguments]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "--numprocesses=2"]], ids=["alone", "xdist"])
def test_a_complete_run_that_leaves_an_operation_out_fails(tmp_path: Path, processes: list[str]) -> None:
    status, output = run(tmp_path, SOME, *processes)
    assert status == 1, output
    assert "2 passed" in output
    assert "axl: listUser\ncertsrv: GET /\n" in output
    assert "getUser\n" not in output


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "--numprocesses=2"]], ids=["alone", "xdist"])
def test_what_any_process_has_seen_counts(tmp_path: Path, processes: list[str]) -> None:
    status, output = run(tmp_path, [*SOME, REST], *processes)
    assert status == 0, output
    assert "4 operations of the emulator, each of them answered to a test" in output


def test_a_complete_run_without_an_emulator_fails(tmp_path: Path) -> None:
    status, output = run(tmp_path, [])
    assert status == 1, output
    assert "no emulator was asked" in output


@pytest.mark.parametrize("arguments", [["small/test_small.py"], ["-k", "test_one"], ["--deselect", "elsewhere"]])
def test_a_part_of_the_tests_is_not_judged(tmp_path: Path, arguments: list[str]) -> None:
    status, output = run(tmp_path, SOME, *arguments)
    assert status == 0, output
    assert "operations of the emulator" not in output


def test_a_failed_run_is_not_judged(tmp_path: Path) -> None:
    status, output = run(tmp_path, [*SOME, "None"])
    assert status != 0
    assert "operations of the emulator" not in output
