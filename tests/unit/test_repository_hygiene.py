# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold across files: licence headers, versions, action groups, documentation pages, nothing left behind."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import yaml

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
        if path not in GENERATED and not set(HEADER) <= set((_text(path) or "").splitlines()[:10])
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


def _plugin_options(path: Path) -> set[str]:
    """Return the options in a plugin's DOCUMENTATION, those of its documentation fragments not among them."""
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            return set(yaml.safe_load(ast.literal_eval(node.value)).get("options", {}))
    return set()


def _role_options(path: Path) -> set[str]:
    entry_points = _yaml(str(path))["argument_specs"].values()
    return {option for entry_point in entry_points for option in entry_point.get("options", {})}


def test_every_plugin_and_role_has_a_documentation_page_that_names_all_its_options() -> None:
    pages = {path.stem: _text(path) or "" for path in project_files("docs/plugins/*.rst")}
    options = {f"{path.stem}_module": _plugin_options(path) for path in project_files("plugins/modules/*.py")}
    others = project_files(*(f"plugins/{kind}/*.py" for kind in ("callback", "filter", "inventory")))
    options |= {f"{path.stem}_{path.parent.name}": _plugin_options(path) for path in others}
    specs = project_files("roles/*/meta/argument_specs.yml")
    options |= {f"{path.parts[1]}_role": _role_options(path) for path in specs}
    assert set(pages) - {"index"} == set(options), "run `make docs`"
    missing = [f"{page}: {name}" for page, names in options.items() for name in names if name not in pages[page]]
    assert not missing, "run `make docs`"


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
