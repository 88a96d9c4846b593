# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console blocks of the pages in docs/ and of the emulator's page, run as printed and in their order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.collection_tree import ensure_collection_tree
from tests.support.drift_site import Site, configured_site
from tests.support.emulator import Emulator
from tests.support.headquarters import headquarters, inventory, shell
from tests.support.pages import Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT, copy_project

DRIFT = 3
ROLE = Path("examples/acme_presence")


def installed(**more: str) -> dict[str, str]:
    """Return the settings with which a reader's ansible finds the collection."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), **more}


def test_preflight(tmp_path: Path) -> None:
    """``docs/preflight.md``: the company's servers and the emulator of the checkout, side by side."""
    both, report = (block for block in blocks("docs/preflight.md") if block.language == "console")
    company, emulated = both.commands
    folder = tmp_path / "work"
    folder.mkdir()
    with headquarters(tmp_path / "cluster") as environment:
        inventory(environment, folder)
        terminal = shell(environment, folder, **installed())
        told = terminal.run(company)
        assert "account-logs-in" in told
        assert "imp2.example.com" in told
        assert '"passed": true' in terminal.run(*report.commands)
        assert environment.journal(writes=True) == []
    assert "inventory/emulator" in emulated


def checkout_of(emulator: Emulator, folder: Path) -> Shell:
    """Return a terminal in a checkout, as far as the pages need one, beside a running emulator."""
    (folder / "inventory").mkdir()
    shutil.copytree(INVENTORY, folder / "inventory" / "emulator")
    return Shell(folder, more=installed(IMP_EMULATOR_READY=str(emulator.ready_file)))


def test_preflight_of_the_emulator(environment: Emulator, tmp_path: Path) -> None:
    command = commands("docs/preflight.md")[1]
    assert "0 failed" in checkout_of(environment, tmp_path).run(command)


def test_certificates(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    """``docs/certificates.md``, with the scenario that it names; its inventory decides for the authority."""
    emulator = start_emulator("--scenario", "certificates")
    (command,) = commands("docs/certificates.md")
    told = checkout_of(emulator, tmp_path).run(command)
    assert "failed=0" in told
    assert emulator.journal(writes=True)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with configured_site(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_drift(clusters: Site, tmp_path: Path) -> None:
    """``docs/drift.md`` and the README's block: clean, then drift, then the parts that have a public API alone."""
    clusters.reset()
    (tmp_path / "inventory").symlink_to(clusters.inventory)
    terminal = Shell(tmp_path, more=installed(IMP_EMULATOR_READY=str(clusters.emulator.ready_file)))
    everything, parts = commands("docs/drift.md")
    assert everything in commands("README.md")
    assert "Drift report: Clean" in terminal.run(everything)
    clusters.by_hand("calendaring_parameters", "cucm", ews_status_frequency=77)
    assert "77" in terminal.run(everything, expected=DRIFT)
    # The callback is that of the first block: a page is read from its top.
    setting = everything.partition(" ")[0]
    assert "77" in terminal.run(f"export {setting}", parts, expected=DRIFT)


def test_the_emulator(tmp_path: Path) -> None:
    """``emulator/README.md``: start and stop."""
    start, stop = commands("emulator/README.md")
    terminal = Shell(tmp_path)
    terminal.run(start)
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert ready["clusters"]
    terminal.run(stop)
    assert not (tmp_path / "ready.json").exists()


def test_testing_roles(tmp_path: Path) -> None:
    """``docs/testing-roles.md``: the role's environment, from nothing; what it runs then, another test runs.

    The emulator comes from the address that the page prints, which git finds in this repository, as it is committed.
    """
    (block,) = (block for block in blocks("docs/testing-roles.md") if block.language == "console")
    environment, requirements, collection = block.commands
    copy_project(tmp_path, str(ROLE))
    role = tmp_path / ROLE
    ours = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{ROOT}.insteadOf"}
    ours["GIT_CONFIG_VALUE_0"] = "https://github.com/ucops/ucops.imp"
    terminal = Shell(role, more=ours | {"PYTHONPATH": ""})
    told = terminal.run(environment, requirements, "imp-emulator --help", "command -v imp-emulator molecule pytest")
    assert told.count(f"{role}/.venv/bin/") == 3
    assert collection in commands("README.md")
