# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collection and emulator tell their users names things that they know, not ids of the project's own tables."""

from __future__ import annotations

import re

from tests.support.messages import texts
from tests.support.project_files import ROOT, project_files

CODE = re.compile(r"(?<![\w:])[GCUPOR]\d{1,2}a?\b")
"""An id of ``docs/coverage.md``: G1, C6a, P2, ...; not two digits of a fingerprint."""
TITLE = "Microsoft Outlook Calendar Integration for the IM and Presence Service"


def test_no_message_and_no_documentation_of_a_plugin_names_a_requirement_by_its_id() -> None:
    """A text that is nothing but an id is a key of a table."""
    found = [
        f"{path}:{line}: {text.strip()[:80]}"
        for path in project_files("plugins/*.py", "emulator/src/*.py")
        for line, text in texts(path)
        if CODE.search(text) and not CODE.fullmatch(text)
    ]
    assert found == []


def test_no_page_for_users_names_a_requirement_by_its_id() -> None:
    """The page on coverage has the table of them, and those for contributors show rows of it."""
    contributors = {"docs/coverage.md", "docs/walkthrough.md"}
    pages = [path for path in project_files("*.md") if str(path) not in contributors]
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in pages
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if CODE.search(line)
    ]
    assert found == []


def test_the_guide_is_named_once() -> None:
    """Its title stands where the ids do; elsewhere it is Cisco's guide."""
    files = project_files("*.md", "plugins/*", "roles/*", "playbooks/*")
    named = [path for path in files if TITLE in (ROOT / path).read_text(encoding="utf-8")]
    assert [str(path) for path in named] == ["docs/coverage.md"]


def test_no_role_or_playbook_names_a_requirement_by_its_id() -> None:
    files = project_files("roles/*.yml", "roles/*.j2", "roles/*.md", "playbooks/*.yml")
    assert len(files) > 30
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if CODE.search(line) and not line.lstrip().startswith("#")
    ]
    assert found == []
