# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/getting-started.md``, from an empty folder to the first check run, and ``docs/own-playbook.md`` after it.

The emulator stands in for the company's servers, and a server on loopback, with the tarball of this tree, for Galaxy.
"""

from __future__ import annotations

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import tarball
from tests.support.emulator import Emulator
from tests.support.galaxy import galaxy
from tests.support.headquarters import files, headquarters, passwords, shell
from tests.support.pages import NAMES, Block, Shell, blocks, commands

PAGE = "docs/getting-started.md"
OWN = "docs/own-playbook.md"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The company's servers, as real ones are; there is a presence gateway, as both pages tell the reader to see to."""
    with headquarters(tmp_path_factory.mktemp("company") / "cluster", real=True) as environment:
        yield environment


@pytest.fixture(scope="module")
def newcomer(company: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A reader who has done the first step of Getting started in an empty folder."""
    folder = tmp_path_factory.mktemp("newcomer")
    listed, install, *_more = printed(PAGE)
    (folder / "requirements.yml").write_text(listed.text)
    # What this environment has installed counts as installed in the reader's, or pip would fetch it anew.
    packages = f"{NAMES}:{sysconfig.get_path('purelib')}"
    with galaxy(tarball.build(folder.with_name("tarball"))) as server:
        at_work = shell(company, folder, ANSIBLE_GALAXY_SERVER=server, PYTHONPATH=packages)
        told = at_work.run(*install.commands)
    assert "ucops.imp" in told
    assert (folder / "home/.ansible/collections/ansible_collections/ucops/imp/MANIFEST.json").is_file()
    assert (folder / ".venv" / "bin" / "activate").is_file()
    return shell(company, folder)


def printed(page: str) -> list[Block]:
    """Return the blocks of a page that a reader types or saves."""
    return [block for block in blocks(page) if block.language in {"console", "yaml"}]


def fill(vault: Path, shown: Block, content: str) -> None:
    """Write the vault with the passwords of the emulated accounts, under the names that the page shows."""
    assert {line.partition(":")[0] for line in shown.text.splitlines()} == json.loads(content).keys()
    vault.write_text(content)


def test_the_first_check_run(company: Emulator, newcomer: Shell) -> None:
    """Step by step: each block as printed. The names of the example are those of this company."""
    _listed, install, copy, password, vault, encrypt, preflight, check = printed(PAGE)
    entered, export = install.commands[1], password.commands[1]
    newcomer.run(*copy.commands)
    newcomer.run(*password.commands)
    assert (newcomer.folder / "home" / ".vault-password").stat().st_mode & 0o077 == 0
    inventory = newcomer.folder / "inventory"
    fill(inventory / "group_vars" / "all" / "vault.yml", vault, passwords(company, "vault_ucops_imp"))
    files(company, inventory / "group_vars" / "all" / "certificates")

    newcomer.run(entered, export, *encrypt.commands)
    assert "0 failed" in newcomer.run(entered, export, *preflight.commands)
    # As ``docs/troubleshooting.md`` says, too.
    assert commands("docs/troubleshooting.md") == preflight.commands
    predicted = newcomer.run(entered, export, *check.commands)
    assert "failed=0" in predicted
    assert "as an inventory source" not in predicted
    assert '+            "meeting_information": true' in predicted
    assert "Restart the services that have not loaded the configuration yet" in predicted
    assert company.journal(writes=True) == []


def test_a_playbook_of_ones_own(company: Emulator, newcomer: Shell) -> None:
    """``docs/own-playbook.md``: the play as printed, saved, checked and run."""
    vault, play, run = printed(OWN)
    fill(newcomer.folder / "vault.yml", vault, passwords(company, "vault"))
    home = newcomer.folder / "home"
    (home / ".vault-password").write_text("of the vault itself\n")
    files(company, newcomer.folder / "files")
    (newcomer.folder / "headquarters.yml").write_text(play.text)

    *before, check, make = run.commands
    company.control.clear_journal()
    assert "changed=4" in newcomer.run(*before, check)
    assert company.journal(writes=True) == []
    done = newcomer.run(before[0], make)
    assert "changed=4" in done
    warnings = [line for line in done.splitlines() if "WARNING" in line]
    assert all("localhost" in line for line in warnings), "no warning but core's own, that there is no inventory"
    assert {entry["operation"] for entry in company.journal(writes=True)} >= {"updateUser"}
