# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collection and emulator tell their users names things that they know, not ids of the project's own tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.project_files import ROOT, project_files

CODE = re.compile(r"(?<![\w:])[GCUPOR]\d{1,2}a?\b")
"""An id of ``docs/coverage.md``: G1, C6a, P2, ...; not two digits of a fingerprint."""
FIELD = re.compile(r"^ *requirement: \S+$", re.MULTILINE)
"""How an example of a result shows the field in which programs find the id."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a Python file and their lines, but for docstrings: those that a message may be made of."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.lineno, node.value


def test_no_message_names_a_requirement_by_its_id() -> None:
    """A text that is nothing but an id is a key of a table."""
    found = [
        f"{path}:{line}: {text.strip()[:80]}"
        for path in project_files("plugins/*.py", "emulator/src/*.py")
        for line, text in texts(path)
        if CODE.search(FIELD.sub("", text)) and not CODE.fullmatch(text)
    ]
    assert found == []


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
