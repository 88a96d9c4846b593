# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter of imports sees it when a room imports what it must not, in either tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from tests.support.project_files import ROOT

EMULATOR = "emulator/src/imp_emulator"
UTILS = "ansible_collections.ucops.imp.plugins.module_utils"
BREAKS = {
    "emulator-layers": (f"{EMULATOR}/store/meta.py", "import imp_emulator.domain.imp.restarts"),
    "emulator-acyclic": (f"{EMULATOR}/store/database.py", "import imp_emulator.store.meta"),
    "wire-without-store": (f"{EMULATOR}/wire/axl/imp_operations.py", "import imp_emulator.store.nodes"),
    "sqlite-in-store": (f"{EMULATOR}/domain/imp/ipv6.py", "import sqlite3"),
    "narrow-context": (f"{EMULATOR}/domain/imp/restarts.py", "import imp_emulator.world.environment"),
    "web-frameworks": (f"{EMULATOR}/domain/cucm/users.py", "import fastapi"),
    "client-alone": (f"{EMULATOR}/client/control.py", "import yaml"),
    "apart": (f"{EMULATOR}/testing.py", "import ansible_collections.ucops.imp.plugins.module_utils._core.errors"),
    "apart-too": ("plugins/module_utils/_core/errors.py", "import imp_emulator"),
    "collection-layers": (
        "plugins/module_utils/_core/plan.py",
        "import ansible_collections.ucops.imp.plugins.modules.services",
    ),
    "module-utils-layers": ("plugins/module_utils/_http/soap.py", f"import {UTILS}._clients.axl"),
    "collection-acyclic": ("plugins/module_utils/_core/errors.py", f"import {UTILS}._core.options"),
}
"""For each contract of pyproject.toml, by its id: a file, and the import that breaks the contract there."""


@pytest.fixture(name="broken", scope="module")
def broken_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of both trees that breaks every contract once."""
    copy = tmp_path_factory.mktemp("broken")
    collection = copy / "ansible_collections" / "ucops" / "imp" / "plugins"
    shutil.copytree(ROOT / EMULATOR, copy / "imp_emulator")
    shutil.copytree(ROOT / "plugins", collection)
    for file, line in BREAKS.values():
        path = copy / file.removeprefix("emulator/src/") if file.startswith(EMULATOR) else collection.parent / file
        with path.open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    return copy


def lint(tree: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), ROOT / "pyproject.toml", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": tree, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def contracts() -> dict[str, str]:
    """Return the names of the contracts by their ids."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["id"]: contract["name"] for contract in settings["contracts"]}


def test_both_trees_keep_every_contract(tmp_path: Path) -> None:
    result = lint(os.environ["ANSIBLE_COLLECTIONS_PATH"], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(contracts())} kept, 0 broken." in result.stdout


def test_each_contract_notices_when_it_is_broken(broken: Path) -> None:
    result = lint(str(broken), broken)
    assert result.returncode == 1, result.stdout + result.stderr
    said = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", result.stdout, re.MULTILINE))
    kept = [name for name in contracts().values() if said.get(name) != "BROKEN"]
    assert set(BREAKS) == set(contracts()), "say how each contract is broken"
    assert not kept, result.stdout
