# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about the console: its commands, the link that they print, and the pages that it tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from demo.run import GO_ON, KEPT
from imp_emulator.console import language
from imp_emulator.console.pages import PAGES
from tests.support.pages import Shell, commands
from tests.support.project_files import ROOT

PAGE = "docs/console.md"
START, STOP = commands(PAGE)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path, more={"PYTHONPATH": str(ROOT / "emulator" / "src")})
    yield shell
    shell.run(STOP)


def test_start_prints_a_link_that_opens_it(shell: Shell) -> None:
    told = shell.run(START)
    (link,) = re.findall(r"^Console: +(http://127\.0\.0\.1:\d+/\?token=\S+)$", told, re.MULTILINE)
    with httpx.Client(trust_env=False, follow_redirects=True) as visitor:
        page = visitor.get(link)
    assert (page.status_code, page.url.path, page.url.query) == (200, "/console/", b"")
    assert "imp-pub.dc1.example.com" in page.text


def test_every_page_of_the_menu_is_told_in_its_order() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    table = text.partition("| page | what you see |\n|---|---|\n")[2].partition("\n\n")[0]
    told = [row.split("|")[1].strip() for row in table.splitlines()]
    assert told == [language.said("en", f"page.{page.name}") for page in PAGES if page.menu]


def test_the_demonstration_ends_with_a_way_to_it() -> None:
    """With the link itself where the emulator goes on (``test_readme.py`` opens it); else it would lead nowhere."""
    start, *_ = [line.strip() for line in GO_ON.splitlines() if "imp-emulator start" in line]
    assert START.split()[:2] == start.removeprefix(".venv/bin/").split()[:2]
    assert ("KEEP=1" in GO_ON, "prints the link" in GO_ON, "{console}" in KEPT) == (True, True, True)


def test_each_picture_of_the_documentation_is_taken_by_a_test_and_shown() -> None:
    tests = (ROOT / "tests" / "integration" / "browser").glob("test_*.py")
    taken = {name for test in tests for name in re.findall(r'picture\(\w+, "([\w-]+)"\)', test.read_text("utf-8"))}
    pictures = {path.stem for path in (ROOT / "docs" / "images").iterdir()}
    shown = {
        name
        for page in (PAGE, "README.md")
        for name in re.findall(r"images/([\w-]+)\.png", (ROOT / page).read_text("utf-8"))
    }
    assert taken == pictures == shown != set()
