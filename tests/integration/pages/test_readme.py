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

import pytest

from tests.support import tarball
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.galaxy import galaxy
from tests.support.headquarters import files, headquarters, passwords, shell
from tests.support.modules import run_module
from tests.support.pages import RUN_BY, Block, Shell, blocks, commands, pages
from tests.support.project_files import ROOT, copy_project

README = blocks("README.md")
CONSOLE = [block for block in README if block.language == "console"]
SEE, INSTALL, RUN, DRIFT = CONSOLE
"""The README's console blocks; one more or less is seen here."""
VAULT, PLAY = (block for block in README if block.language == "yaml")


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


def test_the_first_two_commands(checkout: Shell) -> None:
    """The demonstration runs here; that everything is tested is what runs this test."""
    demo, test = SEE.commands
    told = checkout.run(demo, folder=checkout.folder / "imp")
    lines = told.splitlines()
    assert "=== Done" in lines
    waited = [line for line in lines if re.match(r" *\d+ s  \w", line)]
    assert len(lines) - len(waited) <= 95, "a story, not the output of ansible"
    assert "  The emulator's journal: 0 writes." in lines
    for said in (
        "  NEXT",
        "  RESULT  GATEWAY            WHAT THE CLUSTER SAYS",
        "  2 gateways: 0 failed, 0 unknown, 2 ok.",
    ):
        assert said in lines
    outputs = [line.partition("the output of ansible is in ")[2] for line in lines if "of ansible is in" in line]
    assert all("PLAY RECAP" in (checkout.folder / "imp" / output).read_text(encoding="utf-8") for output in outputs)
    assert len(outputs) == 6
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_commands_for_contributors_exist(checkout: Shell) -> None:
    """What they run is this very test run, so they are only looked up."""
    for command in sorted(set(commands("CONTRIBUTING.md"))):
        program, *target = command.partition("#")[0].split()
        assert program == "make"
        checkout.run(f"make -n {' '.join(target)}", folder=checkout.folder / "imp")


def test_the_play_for_a_real_cluster_runs_exactly_as_printed(tmp_path: Path) -> None:
    """From the empty folder of a newcomer: installed from Galaxy, the play saved, run, and run again."""
    built = tarball.build(tmp_path / "tarball")
    folder = tmp_path / "work"
    folder.mkdir()
    with headquarters(tmp_path / "cluster") as environment, galaxy(built) as server:
        in_the_console(environment)
        terminal = shell(environment, folder, ANSIBLE_GALAXY_SERVER=server)
        assert "ucops.imp" in terminal.run(INSTALL.text)
        assert (folder / "home/.ansible/collections/ansible_collections/ucops/imp/MANIFEST.json").is_file()
        fill(folder, VAULT, passwords(environment, "vault"))
        files(environment, folder / "files")
        (folder / "headquarters.yml").write_text(PLAY.text)

        *before, check, run = RUN.commands
        predicted = terminal.run(*before, check)
        assert environment.journal(writes=True) == []
        assert "changed=4" in predicted
        done = terminal.run(before[0], run)
        assert "changed=4" in done
        warnings = [line for line in done.splitlines() if "WARNING" in line]
        assert all("localhost" in line for line in warnings), "no warning but core's own, that there is no inventory"
        assert {entry["operation"] for entry in environment.journal(writes=True)} >= {"updateUser"}
        environment.control.clear_journal()
        assert "changed=0" in terminal.run(before[0], run)
        assert environment.journal(writes=True) == []


def in_the_console(environment: Emulator) -> None:
    """Add a presence gateway, as the page tells the reader to do first; that is no write of the play."""
    there = connection(environment, "imp", node="imp1", cluster="headquarters")
    account = {"account": "EXAMPLE\\svc-imp", "account_password": environment.ready["exchange_account"]["password"]}
    added = run_module("presence_gateways", {**there, **account, "gateways": [{"name": "mail1.example.com"}]})
    assert not added.failed, added.msg
    environment.control.clear_journal()


def fill(folder: Path, shown: Block, content: str) -> None:
    """Write the vault with the passwords of the emulated accounts, under the names that the page shows."""
    names = {line.partition(":")[0] for line in shown.text.splitlines()}
    assert all(f'"{name}"' in content for name in names)
    (folder / "vault.yml").write_text(content)
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / ".vault-password").write_text("of the vault itself\n")


def test_nothing_of_the_working_copy_helps_the_newcomer(tmp_path: Path) -> None:
    """The shell of these tests finds no collection by itself, so what it ran was what it had installed."""
    alone = Shell(tmp_path).run("ansible-doc -t module ucops.imp.services || echo not found")
    assert "not found" in alone
    assert not os.environ.get("UCOPS_CUCM_PASSWORD")
    assert shutil.which("ansible-doc", path=Shell(tmp_path).environment()["PATH"])
