# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/bulk-jobs.md``: its file and its play as printed, and its samples of cells against what the emulator takes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from imp_emulator.client.control import Control
from tests.support.collection_tree import ensure_collection_tree
from tests.support.pages import Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/bulk-jobs.md"


def test_the_play_of_the_page(tmp_path: Path) -> None:
    file, play = (next(block.text for block in blocks(PAGE) if block.language == name) for name in ("text", "yaml"))
    (tmp_path / "new.csv").write_text(file, encoding="utf-8")
    (tmp_path / "bulk.yml").write_text(play, encoding="utf-8")
    (tmp_path / "inventory").mkdir()
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    ready = tmp_path / ".emulator" / "ready.json"
    installed = {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), "IMP_EMULATOR_READY": str(ready)}
    terminal = Shell(tmp_path, more=installed)
    start, command, stop = commands(PAGE)
    try:
        terminal.run(start)
        told = terminal.run(command)
        assert "line 3, user0001: A user user0001 exists already." in told
        assert "Presence for Sales: Hold" in told
        assert "failed=0" in told
        assert "ignored=1" in told
        control = Control(**json.loads(ready.read_text(encoding="utf-8"))["control"])
        wanted = ["uploadBulkFile", "submitBulkJob", "submitBulkJob"]
        assert [entry["operation"] for entry in control.journal(protocol="cucm_admin", writes=True)] == wanted
        terminal.run(command)
        assert [entry["operation"] for entry in control.journal(protocol="cucm_admin", writes=True)] == wanted
    finally:
        terminal.run(stop)
