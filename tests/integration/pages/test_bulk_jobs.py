# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/bulk-jobs.md``: its file and its play as printed, and its samples of cells against what the emulator takes."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.collection_tree import ensure_collection_tree
from tests.support.emulator import Emulator
from tests.support.pages import Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/bulk-jobs.md"


def test_the_play_of_the_page(environment: Emulator, tmp_path: Path) -> None:
    file, play = (next(block.text for block in blocks(PAGE) if block.language == name) for name in ("text", "yaml"))
    (tmp_path / "new.csv").write_text(file, encoding="utf-8")
    (tmp_path / "bulk.yml").write_text(play, encoding="utf-8")
    (tmp_path / "inventory").mkdir()
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    installed = {"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT))}
    terminal = Shell(tmp_path, more={**installed, "IMP_EMULATOR_READY": str(environment.ready_file)})
    (command,) = commands(PAGE)
    told = terminal.run(command)
    assert "line 3, user0001: A user user0001 exists already." in told
    assert "Presence for Sales: Hold" in told
    assert "failed=0" in told
    assert "ignored=1" in told
    done = [entry["operation"] for entry in environment.journal(protocol="cucm_admin", writes=True)]
    assert done == ["uploadBulkFile", "submitBulkJob", "submitBulkJob"]
