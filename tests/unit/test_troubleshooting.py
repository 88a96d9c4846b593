# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docs/troubleshooting.md`` has every code, refusal and failure of the sources, and shows none that is gone."""

from __future__ import annotations

import re

from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import CHECKS

from tests.support.messages import (
    FEWEST_WORDS,
    WORD,
    codes,
    commands_messages,
    everything_written,
    refusing_tasks,
    sentences,
    shown,
)
from tests.support.project_files import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
REPORTS = ("plugins/callback/*.py", "plugins/inventory/*.py")
WANTED = "give it a row in docs/troubleshooting.md, with its cause and what to do"


def first_cells(section: str) -> list[str]:
    """Return what stands as code in the first cells of a section's tables."""
    rows = [line for line in SECTIONS[section].splitlines() if line.startswith("| `")]
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


PATTERNS = [
    code
    for section, text in SECTIONS.items()
    if "| message |" in text and section != "The emulator's command"
    for code in first_cells(section)
]


def test_every_code_is_explained() -> None:
    explained = first_cells("Codes")
    known = codes()
    assert {"unauthorized", "user-not-found", "too-many-changes", "items-failed", "request-"} <= known
    # A server's own numbers are told with the code of its refusal.
    missing = [code for code in sorted(known - {"reason"}) if not any(one.startswith(code) for one in explained)]
    assert not missing, "\n".join([WANTED, *missing])
    begun = tuple(code for code in known if code.endswith("-"))
    assert [one for one in explained if one not in known and not one.startswith(begun)] == []


def test_every_row_of_the_preflight_is_explained() -> None:
    assert sorted(first_cells("Checks of the preflight")) == sorted(CHECKS)


def test_every_task_that_fails_on_purpose_is_explained() -> None:
    assert sorted(first_cells("Tasks of the playbooks that fail on purpose")) == sorted(refusing_tasks()), WANTED


def test_every_failure_and_warning_of_a_module_is_explained() -> None:
    found = sentences() | sentences(*REPORTS)
    assert len(found) > 100
    missing = [f"{place}: {text}" for text, place in found.items() if not any(shown(one, text) for one in PATTERNS)]
    assert not missing, "\n".join([WANTED, *missing])


def test_every_complaint_of_the_emulators_command_is_explained() -> None:
    explained = first_cells("The emulator's command")
    found = commands_messages()
    assert len(found) > 10
    missing = [f"{place}: {text}" for text, place in found.items() if not any(shown(one, text) for one in explained)]
    assert not missing, "\n".join([WANTED, *missing])
    assert [one for one in explained if not any(shown(one, text) for text in found)] == []


def test_a_message_that_is_shown_is_one_that_can_come() -> None:
    written = everything_written()
    assert [one for one in PATTERNS if not any(shown(one, text) for text in written)] == []
    assert [one for one in PATTERNS if len(WORD.findall(one)) < FEWEST_WORDS] == []
