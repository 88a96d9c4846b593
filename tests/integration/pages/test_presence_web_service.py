# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/presence-web-service.md``, from its top to its bottom."""

from __future__ import annotations

from pathlib import Path

from tests.support.pages import Shell, blocks

PAGE = "docs/presence-web-service.md"
FILES = ("presence.yml", "presence.py", "fail.py")
"""The files that the page shows, in its order; each is a block that is no command."""


def test_the_page(tmp_path: Path) -> None:
    found = blocks(PAGE)
    files = [block.text for block in found if block.language != "console"]
    for name, text in zip(FILES, files, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    start, use, fail, stop = (block.commands for block in found if block.language == "console")
    terminal = Shell(tmp_path)
    terminal.run(*start)
    try:
        assert terminal.run(*use).split() == ["AVAILABLE", "DND", "AVAILABLE"]
        assert terminal.run(*fail) == "1 fault\n"
        assert "503 Server Error" in terminal.run(*use, expected=1)
        assert terminal.run(*use).split() == ["AVAILABLE", "DND", "AVAILABLE"]
    finally:
        terminal.run(*stop)
