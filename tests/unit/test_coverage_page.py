# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The coverage page names tests, modules and roles that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| [A-Z]\d", line)
]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_everything_named_in_a_row_exists(row: list[str]) -> None:
    _requirement, _text, modules, roles, tests = row
    for module in names(modules):
        assert (ROOT / "plugins" / "modules" / f"{module}.py").is_file(), module
    for role in names(roles):
        assert (ROOT / "roles" / role / "tasks" / "main.yml").is_file(), role
    assert names(tests)
    for test in names(tests):
        path, _, function = test.partition("::")
        assert function in functions(ROOT / path), test


def test_no_requirement_is_listed_twice() -> None:
    listed = [row[0] for row in ROWS]
    assert listed
    assert len(listed) == len(set(listed))
