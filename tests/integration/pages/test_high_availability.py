# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/high-availability.md``: its commands and its test, in its order, and the procedure of the collection."""

from __future__ import annotations

import json
import shutil
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from imp_emulator.client.control import Control
from tests.support.collection_tree import ensure_collection_tree
from tests.support.emulator import Emulator
from tests.support.high_availability import SWITCH, states, switch_on, time_flies
from tests.support.imp_admin import ENGINE, restart
from tests.support.pages import Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/high-availability.md"


def client(ready: dict[str, Any], node: str) -> httpx.Client:
    """Return a client of a node, logged in as the application user."""
    cluster = ready["clusters"]["acme"]
    place, account = cluster["nodes"][node], cluster["accounts"]["application"]
    return httpx.Client(
        base_url=f"https://{place['address']}:{place['ports']['8443']}",
        auth=(account["username"], account["password"]),
        verify=ssl.create_default_context(cafile=ready["ca_file"]),
        trust_env=False,
    )


def test_the_emulator_of_the_page(tmp_path: Path) -> None:
    scenario, test = (
        next(block.text for block in blocks(PAGE) if block.language == name) for name in ("yaml", "python")
    )
    (tmp_path / "pair.yml").write_text(scenario, encoding="utf-8")
    start, listed, stop = commands(PAGE)[:3]
    terminal = Shell(tmp_path)
    terminal.run(start)
    try:
        assert terminal.run(listed).splitlines() == [
            f"acme\theadquarters\ton\t{node}\t1 of 1\tNormal\tNormal" for node in ("imp-pub", "imp-sub")
        ]
        ready = json.loads((tmp_path / "run" / "ready.json").read_text())
        emulator: Any = SimpleNamespace(control=Control(**ready["control"]), client=lambda node: client(ready, node))
        exec(test, {"emulator": emulator, "restart_presence_engine": lambda node: restart(emulator, node, ENGINE)})
    finally:
        terminal.run(stop)


def test_the_procedure_of_the_page(environment: Emulator, tmp_path: Path) -> None:
    switch_on(environment)
    (procedure,) = commands(PAGE)[3:]
    (tmp_path / "inventory").mkdir()
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    collections = str(ensure_collection_tree(ROOT))
    settings = {"ANSIBLE_COLLECTIONS_PATH": collections, "IMP_EMULATOR_READY": str(environment.ready_file)}
    with time_flies(environment):
        told = Shell(tmp_path, more=settings).run(procedure)
    assert "failed=0" in told
    writes = [(entry["node"], entry["operation"]) for entry in environment.journal(writes=True)]
    assert writes[0] == writes[-1] == ("cucm-pub", SWITCH)
    assert [node for node, _operation in writes[1:-1]] == ["imp-pub", "imp-pub", "imp-sub", "imp-sub"]
    assert states(environment) == ["Normal", "Normal"]
