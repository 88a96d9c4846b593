# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the README and the page for contributors tell a reader to type, as printed and in their order."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.pages import RUN_BY, Shell, blocks, commands, pages
from tests.support.project_files import ROOT, copy_project

README = blocks("README.md")
CONSOLE = [block for block in README if block.language == "console"]
SEE, INSTALL, DRIFT = CONSOLE
"""The README's console blocks; one more or less is seen here. ``test_docs.py`` runs that of drift."""


def test_every_page_with_something_to_type_is_run_by_a_test() -> None:
    roles = {page for page in pages() if page.startswith("roles/")}
    assert {*(set(pages()) - roles), "roles/*/README.md"} == set(RUN_BY)
    for page, tests in RUN_BY.items():
        for test in tests:
            assert page.partition("/*")[0].rpartition("/")[2] in (ROOT / test).read_text(encoding="utf-8"), page


@pytest.fixture
def checkout(tmp_path: Path) -> Shell:
    """A terminal in a copy of the project that has this virtual environment."""
    copy_project(tmp_path / "imp")
    (tmp_path / "imp" / ".venv").symlink_to(sys.prefix)
    (tmp_path / "imp" / ".venv" / ".ready").touch()
    return Shell(tmp_path, more={"PYTHONPATH": str(tmp_path / "imp" / "emulator" / "src")})


def test_the_demonstration(checkout: Shell) -> None:
    """It leaves its emulator running when it is asked to, and ends by printing the link to it."""
    demo, _test = SEE.commands
    checkout.more = {**checkout.more, "KEEP": "1"}
    told = checkout.run(demo, folder=checkout.folder / "imp")
    lines = told.splitlines()
    *_, console = re.findall(r"^  (http://\S+/\?token=\S+)$", told, re.MULTILINE)
    try:
        assert httpx.get(console, trust_env=False).headers["location"] == "/console/"
    finally:
        checkout.run(next(line for line in lines if "imp-emulator stop" in line), folder=checkout.folder / "imp")
    assert "=== Done" in lines
    waited = [line for line in lines if re.match(r" *\d+ s  \w", line)]
    assert len(lines) - len(waited) <= 95, "a story, not the output of ansible"
    assert "  The emulator's journal: 0 writes." in lines
    for said in ("NEXT", "RESULT  GATEWAY            WHAT THE CLUSTER SAYS", "2 gateways: 0 failed, 0 unknown, 2 ok."):
        assert said in lines
    outputs = [line.partition("the output of ansible is in ")[2] for line in lines if "of ansible is in" in line]
    assert all("PLAY RECAP" in (checkout.folder / "imp" / output).read_text(encoding="utf-8") for output in outputs)
    assert len(outputs) == 6


def test_the_installation_is_that_of_getting_started() -> None:
    """Which runs it, from a Galaxy server; there a file names the release."""
    collection, packages = INSTALL.commands
    told = " ".join(commands("docs/getting-started.md"))
    assert collection.rpartition(" ")[0] in told
    assert packages.partition("install ")[2] in told


def test_what_contributors_run_at_last_is_what_ci_runs() -> None:
    assert SEE.commands[-1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_commands_for_contributors_exist(checkout: Shell) -> None:
    """What they run is this very test run, so they are only looked up."""
    for command in sorted(set(commands("CONTRIBUTING.md"))):
        program, *target = command.partition("#")[0].split()
        assert program == "make"
        checkout.run(f"make -n {' '.join(target)}", folder=checkout.folder / "imp")


def test_nothing_of_the_working_copy_helps_the_newcomer(tmp_path: Path) -> None:
    """The shell of these tests finds no collection by itself, so what it ran was what it had installed."""
    alone = Shell(tmp_path).run("ansible-doc -t module ucops.imp.services || echo not found")
    assert "not found" in alone
    assert not os.environ.get("UCOPS_CUCM_PASSWORD")
    assert shutil.which("ansible-doc", path=Shell(tmp_path).environment()["PATH"])
