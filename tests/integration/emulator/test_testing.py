# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator's package gives the tests of others: a running environment, a control client, pytest fixtures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imp_emulator.testing import ControlError, EmulatorError, running
from tests.support.emulator import Emulator

SCENARIO = """
format: 1
clusters:
  - name: here
    version: 15.0.1.10000-32
    domain: here.example.com
    nodes: [{name: pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}]
"""
FOREIGN_TESTS = """
import os

import pytest

@pytest.fixture
def told(imp_environment, request):
    with open(f"{os.environ['PYTEST_XDIST_WORKER']}.txt", "a") as file:
        print(imp_environment.process.pid, *imp_environment.ready["clusters"], file=file)

@pytest.mark.parametrize("number", range(4))
def test_one(told, imp_environment, number):
    assert imp_environment.control.faults() == []
    imp_environment.control.fault("drop")
"""


def test_an_environment_runs_as_long_as_its_block(tmp_path: Path) -> None:
    (tmp_path / "scenario.yml").write_text(SCENARIO, encoding="utf-8")
    with running(tmp_path / "scenario.yml") as environment:
        assert environment.url("pub").startswith(f"https://{environment.address('pub')}:{environment.port('pub')}")
        assert environment.account("os") == environment.account("os", cluster="here")
        assert environment.control.about()["pid"] == environment.process.pid
        with pytest.raises(ControlError, match=r"POST /snapshots/none/restore: 404 .*there is no 'none'"):
            environment.control.restore("none")
    assert environment.process.returncode == 0
    assert not environment.ready_file.parent.exists()


def test_an_environment_is_stopped_when_its_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), running() as environment:
        raise ZeroDivisionError
    assert environment.process.returncode == 0


def test_what_keeps_an_environment_from_starting_is_said() -> None:
    with (
        pytest.raises(EmulatorError, match=r"ended with status 2: .*no-such-scenario: cannot be read"),
        running("no-such-scenario"),
    ):
        pass


def test_an_error_of_the_emulators_own_is_said(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    emulator.kill()
    with (tmp_path / "stderr.txt").open("a", encoding="utf-8") as errors:
        errors.write("Traceback (most recent call last)\n")
    with pytest.raises(EmulatorError, match="an error of its own: Traceback"):
        emulator.stop()


def test_each_worker_has_a_process_of_its_own_with_the_scenario_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "scenario.yml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nimp_scenario = certificates\n", encoding="utf-8")
    (tmp_path / "test_foreign.py").write_text(FOREIGN_TESTS, encoding="utf-8")
    plugin = ("-p", "imp_emulator.pytest_plugin", "--imp-scenario", "scenario.yml")
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=2", "--dist=each", *plugin]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "8 passed" in done.stdout, done.stdout + done.stderr
    told = [(tmp_path / f"{worker}.txt").read_text(encoding="utf-8").splitlines() for worker in ("gw0", "gw1")]
    assert [len(set(lines)) for lines in told] == [1, 1]
    assert {line.split()[1] for lines in told for line in lines} == {"here"}
    assert told[0] != told[1]


def test_the_plugin_loads_nothing_before_a_fixture_is_used() -> None:
    code = "import sys, imp_emulator.pytest_plugin; print(*(name for name in sys.modules if name.startswith('imp_')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == ["imp_emulator", "imp_emulator.pytest_plugin"]
