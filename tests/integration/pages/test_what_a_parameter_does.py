# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/what-a-parameter-does.md``, from its top: each command prints what the page says that it prints."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.support.collection_tree import ensure_collection_tree
from tests.support.pages import Block, Shell, blocks
from tests.support.project_files import ROOT

PAGE = "docs/what-a-parameter-does.md"
FILES = ("company.yml", "parameters.yml", "company.py")
"""The files that the page shows, in its order; each is a block that is no command and no output."""


def words(printed: str) -> list[list[str]]:
    """Return the words of each line: a page sets them in columns."""
    return [line.split() for line in printed.splitlines() if line.strip()]


def steps(found: list[Block]) -> list[tuple[Block, Block | None]]:
    """Return the console blocks, each with the block below that shows what it prints, if there is one."""
    following = [*found, Block("", "")]
    return [
        (block, after if after.language == "text" else None)
        for block, after in pairwise(following)
        if block.language == "console"
    ]


def test_each_command_shows_what_the_page_says(tmp_path: Path) -> None:
    found = blocks(PAGE)
    files = [block for block in found if block.language in ("yaml", "python")]
    for name, block in zip(FILES, files, strict=True):
        (tmp_path / name).write_text(block.text, encoding="utf-8")
    terminal = Shell(tmp_path, more={"ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT))})
    *told, (stop, _none) = steps(found)
    try:
        for block, shown in told:
            printed = terminal.run(*block.commands)
            if shown is not None:
                assert words(printed) == words(shown.text), block.text
    finally:
        terminal.run(*stop.commands)
    assert not (tmp_path / "ready.json").exists()
