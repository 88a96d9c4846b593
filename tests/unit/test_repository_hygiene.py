# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold across files: licence headers, versions, action groups, documentation pages, nothing left behind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.pages import commands, pages
from tests.support.project_files import ROOT, project_files

# This file's own first lines: quoted again they would count as its licence.
HEADER = Path(__file__).read_text(encoding="utf-8").splitlines()[:3]
SOURCES = ("*.py", "*.yml", "*.yaml", "*.toml", "*.sh", "*.j2", "Makefile", ".ci/run", ".yamllint", ".ansible-lint")
GENERATED = {Path("changelogs/changelog.yaml")}

# Written so that no pattern matches itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.}/-])/(?:root|home|work|farm|Users)/\w"),
    "a package registry's host": re.compile(r"pypi[.]org/simple|files[.]pythonhosted|registry[.]npmjs|deb[.]debian"),
    "unfinished work": re.compile(r"\b(?:TO[D]O|FIX[M]E|X{3})\b"),
    "a stub": re.compile(r"\braise NotImplemented[E]rror\b|pragma: no\s[c]over"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE\sKEY-----"),
}
PINNED = re.compile(r"^\s*\"?(?P<name>[A-Za-z][\w.-]*)(?:\[[\w,]+\])?(?:>=|<\d)")


def _yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def _text(path: Path) -> str | None:
    """Return the text of a project file, None for a binary one."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_every_source_file_has_the_licence_header() -> None:
    without = [
        str(path)
        for path in project_files(*SOURCES)
        if path not in GENERATED and _text(path) != "" and not set(HEADER) <= set((_text(path) or "").splitlines()[:10])
    ]
    assert not without


def test_nothing_forbidden_is_written_anywhere() -> None:
    found = [
        f"{path}:{number}: {what}"
        for path in project_files()
        for number, line in enumerate((_text(path) or "").splitlines(), start=1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert not found


def test_changelog_and_galaxy_name_the_same_version() -> None:
    version = _yaml("galaxy.yml")["version"]
    newest = max(
        _yaml("changelogs/changelog.yaml")["releases"], key=lambda release: tuple(map(int, release.split(".")))
    )
    assert newest == version
    assert f'id="v{version.replace(".", "-")}"' in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_audit_group_lists_the_modules_that_report_what_nobody_asked_for() -> None:
    fragment = re.compile(r"^  - ucops\.imp\.audit$", re.MULTILINE)
    reporting = [path.stem for path in project_files("plugins/modules/*.py") if fragment.search(_text(path) or "")]
    assert _yaml("meta/runtime.yml")["action_groups"]["audit"] == sorted(reporting)


def test_every_dependency_is_explained() -> None:
    explained = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    lines = [
        line
        for path in project_files("tests/requirements*.txt", "emulator/pyproject.toml")
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines()
    ]
    names = {match["name"].lower() for match in map(PINNED.match, lines) if match}
    assert names, "the pattern finds no dependency at all"
    assert not [name for name in sorted(names) if f"`{name}`" not in explained]


def test_what_a_page_has_made_can_be_made() -> None:
    """Make says of the name of a folder that nothing is to be done, and makes nothing."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    printed = {str(path): (ROOT / path).read_text(encoding="utf-8") for path in project_files("*.md")}
    named = {(path, target) for path, text in printed.items() for target in re.findall(r"`make ([a-z-]+)", text)}
    typed = {(page, words[1]) for page in pages() for line in commands(page) if (words := line.split())[0] == "make"}
    assert len(named) > 20
    assert len(typed) > 5
    assert sorted(pair for pair in named | typed if pair[1] not in targets) == []
