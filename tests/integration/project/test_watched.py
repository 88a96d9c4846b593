# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make venv`` and ``make demo`` tell while programs run whose output goes to files."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from demo.run import doing, explaining, screen
from tests.support import install, watched

WAITS = """
import pathlib, sys, time
print("at: the first thing", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("nothing of interest")
sys.exit(3)
"""


class Screen(io.StringIO):
    """Standard output that lets the program go on when it has been told what that is at."""

    def __init__(self, goes_on: Path, *, terminal: bool) -> None:
        super().__init__()
        self._goes_on, self._terminal = goes_on, terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        if "the first thing" in text:
            self._goes_on.touch()
        return super().write(text)


def at(line: str) -> str | None:
    return line.removeprefix("at: ") if line.startswith("at: ") else None


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    """Return what is told of a program that waits until it has been told."""
    out = Screen(folder / "go", terminal=terminal)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    command = [sys.executable, "-c", WAITS, str(folder / "go")]
    assert watched.watch(command, folder / "new" / "output.txt", at) == 3
    assert (folder / "new" / "output.txt").read_text() == "at: the first thing\nnothing of interest\n"
    return out.getvalue()


def test_on_a_terminal_one_line_says_what_it_is_at_and_is_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = told(tmp_path, monkeypatch, terminal=True).split("\r\033[K")
    assert any(line.endswith(" s  the first thing") for line in lines)
    assert lines[-1] == ""
    assert not any("\n" in line for line in lines)


def test_elsewhere_a_line_comes_at_growing_intervals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_FIRST", 0.1)
    assert told(tmp_path, monkeypatch, terminal=False).splitlines()[-1].endswith(" s  the first thing")
    monkeypatch.setattr(watched, "_FIRST", 3600)
    (tmp_path / "go").touch()
    assert told(tmp_path, monkeypatch, terminal=False) == "", "nothing of a program that ends quickly"


def test_what_pip_is_at() -> None:
    assert install.doing("Collecting ansible-core>=2.19 (from -r requirements.txt)") == "looking for ansible-core"
    assert install.doing("  Downloading mypy-2.4.1-cp311-none-any.whl (15.4 MB)") == "fetching mypy, 15.4 MB"
    assert install.doing("Installing collected packages: a, b, c") == "unpacking 3 packages"
    assert install.doing("  Preparing metadata (pyproject.toml): started") is None


OUTPUT = """
TASK [ucops.imp.trust : Trust them] ********
ok: [imp-pub.dc1]

TASK [Show it] ********

dc1: 2 changes

NEXT
1. Nothing.
ok: [imp-pub.dc1]

TASK [Do more] ********
[imp-pub.dc1] calendar_users: 3,267 of 20,000 users
[WARNING]: mind the step
fatal: [imp-pub.dc1]: FAILED! => {"msg": "It is not there."}

PLAY RECAP ********
""".splitlines()


def test_what_ansible_is_at() -> None:
    assert [found for found in map(doing, OUTPUT) if found] == [
        "Trust them",
        "Show it",
        "Do more",
        "[imp-pub.dc1] calendar_users: 3,267 of 20,000 users",
    ]


def test_of_a_failure_the_task_is_shown_and_without_one_the_end() -> None:
    assert explaining(OUTPUT) == OUTPUT[OUTPUT.index("TASK [Do more] ********") :]
    many = [f"line {number}" for number in range(100)]
    assert explaining(many) == many[-30:]


def test_a_screen_is_found_in_what_ansible_printed() -> None:
    """Where skipped tasks are not shown, ansible prints the name of the task after it."""
    shown = "dc1: 2 changes\n\nNEXT\n1. Nothing."
    assert screen(OUTPUT) == shown
    assert screen(["ok: [imp-pub.dc1]", "", *shown.splitlines(), "", "TASK [Show it] *****", "ok: "]) == shown
