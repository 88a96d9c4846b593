# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/exchange.md``, from its top: the emulator of Exchange alone, for somebody else's program."""

from __future__ import annotations

from pathlib import Path

from tests.support.pages import Block, Shell, blocks
from tests.support.project_files import ROOT

PAGE = "docs/exchange.md"
FILES = ("exchange.yml", "read.py", "anna.ics", "fill.py", "fill.yml", "fail.py")
"""The files that the page shows, in its order; each is a block that is no command."""
READ = ["Stand-up 09:00 Busy", "Bert: Enabled"]
FILLED = [
    "2026-06-01T07:00:00+00:00 Occurrence Busy",
    "2026-06-08T07:00:00+00:00 Exception OOF",
    "2026-06-15T07:00:00+00:00 Occurrence Busy",
    "2026-06-22T07:00:00+00:00 Occurrence Busy",
]


def printed() -> tuple[dict[str, Block], list[list[str]]]:
    """Return the files of the page, and the commands of its console blocks."""
    found = blocks(PAGE)
    files = [block for block in found if block.language != "console"]
    return dict(zip(FILES, files, strict=True)), [block.commands for block in found if block.language == "console"]


def test_the_page(tmp_path: Path) -> None:
    """The emulator comes from the address that the page prints, which git finds in this repository, as committed."""
    files, (install, start, read, calendar, fill, play, fail, stop) = printed()
    for name, block in files.items():
        (tmp_path / name).write_text(block.text, encoding="utf-8", newline="\r\n" if name.endswith(".ics") else None)
    ours = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{ROOT}.insteadOf"}
    ours["GIT_CONFIG_VALUE_0"] = "https://github.com/ucops/ucops.imp"
    # Most of what is installed is never imported here. pip takes this as the value of ``compile``.
    ours["PIP_NO_COMPILE"] = "0"
    terminal = Shell(tmp_path, more=ours | {"PYTHONPATH": ""})
    terminal.run(*install)
    environment, password, serve = install[0].partition("&& ")[2], *start

    def run(*commands: str) -> list[str]:
        return terminal.run(environment, password, *commands).splitlines()

    run(serve)
    try:
        told = run(*read)
        assert set(told) >= set(READ), told
        put, *got = run(*calendar)
        assert put == "anna@example.com: 1 created, 0 updated, 0 unchanged, 1 deleted"
        assert "SUMMARY:Review" in got
        assert run(*fill) == FILLED[1:]
        assert "changed=0" in "\n".join(run(*play))
        assert run(*fail) == ["3 faults"]
    finally:
        run(*stop)
    assert not (tmp_path / "ready.json").exists()
