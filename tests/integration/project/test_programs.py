# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that a process is forked for does what it does when it is started, and can be ended like it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from imp_emulator.client.control import ControlError
from tests.support import programs
from tests.support.emulator import Emulator
from tests.support.pages import Shell
from tests.support.playbooks import Played, play
from tests.support.programs import FORKED

LOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ [ansible_version.full, playbook_dir, hostvars[inventory_hostname].of_the_inventory, at_the_end] }}"
    - ansible.builtin.debug:
        msg: "{{ lookup('ansible.builtin.env', name) }}"
      loop: [HOME, IMP_EMULATOR_READY, PWD]
      loop_control: {loop_var: name}
    - ansible.builtin.command: {cmd: umask}
      changed_when: false
    - own:
    - ansible.builtin.fail: {msg: "{{ lookup('ansible.builtin.pipe', 'pwd') }}"}
"""
OWN = "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(changed=True)\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A playbook with a module of its own, and an inventory with variables in files, that end with a failure."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "own.py").write_text(OWN)
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("of_the_inventory: found\nansible_connection: local\n")
    (tmp_path / "hosts").write_text(f"one ansible_python_interpreter={sys.executable}\n")
    (tmp_path / "book.yml").write_text(LOOK)
    return tmp_path


def test_a_run_says_and_returns_the_same(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bool] = []
    start = programs.start

    def noted(*arguments: object) -> programs.Process | None:
        process = start(*arguments)  # type: ignore[arg-type]
        started.append(process is not None)
        return process

    def run() -> Played:
        return play(
            book / "ready.json",
            book,
            "book.yml",
            variables={"at_the_end": "Zürich"},
            inventory=book / "hosts",
            environment={"ANSIBLE_HOME": str(book / "home")},
        )

    with monkeypatch.context() as patched:
        patched.setattr(programs, "start", noted)
        runs = [run() for _ in range(3)]
    assert started == [False, True, True]
    assert runs[0].status == 2
    assert "Zürich" in runs[0].output
    assert str(book) in runs[0].output
    assert [one.status for one in runs] == [2, 2, 2]
    assert runs[1].output == runs[2].output == runs[0].output
    # Each has removed its own folder of temporary files; the server still has one.
    assert len(list((book / "home" / "tmp").iterdir())) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_emulator_is_ended_as_any_process(start_emulator: Callable[..., Emulator], number: signal.Signals) -> None:
    environment = {**os.environ, "A_NAME_THAT_IS": "NEW"}
    start_emulator(folder="first", environment=environment)
    emulator = start_emulator(folder="second", environment=environment)
    assert isinstance(emulator.process, programs.Process)
    assert emulator.ready["pid"] == emulator.process.pid
    assert emulator.process.poll() is None
    assert os.getsid(emulator.process.pid) == emulator.process.pid
    emulator.process.send_signal(number)
    assert emulator.process.wait(30) == emulator.process.poll() == (0 if number == signal.SIGTERM else -number)
    with pytest.raises((ControlError, OSError)):
        emulator.control.about()


def test_an_emulator_that_refuses_says_why(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    def refused() -> str:
        with pytest.raises(Exception, match="ended with status 2") as caught:
            start_emulator("--scenario", "missing", environment={**os.environ, "A_NAME_THAT_IS": "NEWER"})
        return str(caught.value)

    told: Sequence[str] = [refused() for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert "missing" in told[0]


def test_a_command_of_a_page_says_the_same(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    lines = ("imp-emulator calendar --help", "imp-emulator nonsense")
    ours = f"PATH={os.pathsep.join(one for one in shell.environment()['PATH'].split(os.pathsep) if one != str(FORKED))}"
    plain = shell.run(ours, *lines, expected=2)
    assert [shell.run(*lines, expected=2) for _ in range(3)] == [plain] * 3
    assert list(programs.FOLDER.glob("*.seen"))
    assert "imp-emulator calendar" in plain
