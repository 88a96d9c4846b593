# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/user-files.md``: its rehearsal as printed, with a canary that stops and one that goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.collection_tree import ensure_collection_tree
from tests.support.pages import Shell, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

START, SITE, FIRST, ALLOW, SECOND, FILE, STOP = commands("docs/user-files.md")


def test_the_rehearsal(tmp_path: Path) -> None:
    shutil.copytree(INVENTORY, tmp_path / "inventory" / "emulator")
    shutil.copytree(ROOT / "examples" / "users", tmp_path / "examples" / "users")
    ready = {"IMP_EMULATOR_READY": str(tmp_path / ".emulator" / "ready.json")}
    terminal = Shell(tmp_path, more={"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)), **ready})
    try:
        terminal.run(START, SITE)
        stopped = " ".join(terminal.run(FIRST, expected=2).split())
        assert "The first 20 users are not all as they should be. user0001, user0002, user0003 and 17 more: " in stopped
        assert "The other 980 users were left alone." in stopped
        terminal.run(ALLOW)
        assert "changed=2" in terminal.run(SECOND)
        shown = terminal.run(FILE)
        assert [f"user000{number}" in shown for number in (1, 2, 3)] == [False, True, True]
    finally:
        terminal.run(STOP)
