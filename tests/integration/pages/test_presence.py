# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/presence.md``: its commands and its test, in its order, and its tables against the rules."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from imp_emulator.client.control import Control
from imp_emulator.domain.imp import presence_words
from imp_emulator.domain.imp.presence_rules import RULES
from tests.support.pages import Shell, blocks, commands
from tests.support.project_files import ROOT

PAGE = "docs/presence.md"
START, END = (datetime(2026, 10, day, hour, tzinfo=UTC).timestamp() for day, hour in ((23, 22), (26, 9)))


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading."""
    text = (ROOT / PAGE).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)[1:]
    return [[cell.strip() for cell in re.split(r" ?\| ?", line)] for line in lines]


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    scenario, test = (
        next(block.text for block in blocks(PAGE) if block.language == name) for name in ("yaml", "python")
    )
    (tmp_path / "presence.yml").write_text(scenario, encoding="utf-8")
    start, listed, sign_in, show, stop = commands(PAGE)
    terminal = Shell(tmp_path)
    terminal.run(start)
    try:
        assert terminal.run(listed) == "acme\tanna\tAvailable\t-\nacme\tbert\tAvailable\t-\n"
        assert terminal.run(sign_in) == "acme\tbert\tOffline\t-\n"
        shown = json.loads(terminal.run(show))
        assert (shown["rule"], shown["sign_in"], shown["manual"]) == ("available", "available", None)
        assert {"on_the_phone", "calendar"} <= shown.keys()
        assert shown["why"][0]["name"] == "enabled"
        assert [found["name"] for found in shown["why"] if found["remedy"]] == ["trust"]
        control = Control(**json.loads((tmp_path / "run" / "ready.json").read_text())["control"])
        exec(test, {"emulator": SimpleNamespace(control=control)})
    finally:
        terminal.run(stop)


def test_the_table_of_the_page_is_that_of_the_rules() -> None:
    expected = [(f"`{rule.name}`", rule.presence, rule.activity, rule.icon, rule.period) for rule in RULES]
    found = [
        (name, presence, activity, icon, message.startswith("period"))
        for name, _when, presence, activity, icon, message in rows("What decides")
    ]
    assert found == expected


def test_the_messages_of_the_page_are_those_that_are_written() -> None:
    found = rows("The message of a period")
    assert len(found) == 4
    for language, zone, message in found:
        assert presence_words.out_of_office(START, END, zone, presence_words.locale(language)) == message
