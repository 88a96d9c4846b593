# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/rehearse.md``, from its top: each command as printed, and what the terminal and the console show of it."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import httpx

from imp_emulator.client import ready_file
from imp_emulator.console import language
from imp_emulator.console.pages import PAGES
from tests.support.collection_tree import ensure_collection_tree
from tests.support.console_reader import words_of
from tests.support.pages import Block, Shell, blocks, commands
from tests.support.playbooks import INVENTORY
from tests.support.project_files import ROOT

PAGE = "docs/rehearse.md"
TITLES = {language.said("en", f"page.{page.name}"): page.path for page in PAGES if page.menu}
SHOWN = re.compile(r"[Oo]n (?:its|the) page \*\*([\w ]+)\*\*:\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What the page says that a page of the console shows; any other text is what the terminal shows."""


def test_each_rehearsal_shows_what_the_page_says(tmp_path: Path) -> None:
    ready = tmp_path / "run" / "ready.json"
    terminal = stage(tmp_path, ready)
    in_console = {text: title for title, text in SHOWN.findall((ROOT / PAGE).read_text(encoding="utf-8"))}
    assert len(in_console) > 5
    assert commands("docs/certificates.md")[0] in commands(PAGE)
    *told, stop = steps(blocks(PAGE))
    try:
        for block, texts in told:
            fails = any(text.startswith("Cisco Presence Engine on") and text not in in_console for text in texts)
            printed = terminal.run(*block.commands, expected=2 if fails else 0)
            for text in texts:
                seen = console(ready, in_console[text]) if text in in_console else " ".join(printed.split())
                for line in text.splitlines():
                    assert " ".join(line.split()) in seen, (block.text, line, seen)
    finally:
        terminal.run(*stop[0].commands)
    assert not ready.exists()


def stage(folder: Path, ready: Path) -> Shell:
    """Set up what the page says: a checkout, as far as it needs one, and the scenario."""
    (scenario,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
    (folder / "company.yml").write_text(scenario, encoding="utf-8")
    shutil.copytree(INVENTORY, folder / "inventory" / "emulator")
    # A node that is away stays so; nobody need wait for it.
    source = folder / "inventory" / "emulator" / "imp_emulator.yml"
    source.write_text(f"{source.read_text()}retries: 0\n")
    collections, package = str(ensure_collection_tree(ROOT)), str(ROOT / "emulator" / "src")
    ours = {"ANSIBLE_COLLECTIONS_PATH": collections, "PYTHONPATH": package, "IMP_EMULATOR_READY": str(ready)}
    return Shell(folder, more=ours)


def steps(found: list[Block]) -> list[tuple[Block, list[str]]]:
    """Return the console blocks, each with the texts below that say what is seen then."""
    told: list[tuple[Block, list[str]]] = []
    for block in found:
        if block.language == "console":
            told.append((block, []))
        elif block.language == "text":
            told[-1][1].append(block.text)
    return told


def console(ready: Path, title: str) -> str:
    """Return the words of a page of the console."""
    content = json.loads(ready.read_text(encoding="utf-8"))
    with httpx.Client(trust_env=False, follow_redirects=True) as visitor:
        visitor.get(ready_file.link(content)).raise_for_status()
        page = visitor.get(f"{content['control']['url']}/console{TITLES[title]}")
    return html.unescape(words_of(page.text))
