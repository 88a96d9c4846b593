# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on architecture says of each folder once what it is for."""

from __future__ import annotations

import re

from tests.support.project_files import ROOT, project_files

ALL_LEVELS = ("plugins/", "emulator/src/imp_emulator/", "tests/")
"""Below these, every folder is named; elsewhere those at the top."""
PURPOSE = re.compile(r"^(\S+/) +\S.*$", re.MULTILINE)


def test_each_folder_has_its_purpose_said_once() -> None:
    parents = {f"{parent}/" for path in project_files() for parent in path.parents if parent.name}
    folders = {folder for folder in parents if folder.count("/") == 1 or folder.startswith(ALL_LEVELS)}
    named = PURPOSE.findall((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(folders), "name them under Folders in docs/architecture.md"
