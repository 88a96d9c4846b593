# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collection and emulator tell their users, read from the sources: texts, codes of failures, tasks that refuse."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.project_files import ROOT, project_files

VALUE = "…"
"""Stands in a text for what is filled in."""
_MODULES = ("plugins/module_utils/*.py", "plugins/inventory/*.py", "plugins/callback/*.py")
_SENTENCE = re.compile(rf"(?:[A-Z]|{VALUE} )(?:\S+ ){{3,}}.*[.:{VALUE}]$", re.DOTALL)
"""A text that begins like a sentence and ends like one. Names of options begin with a small letter: what follows one of
them says what is wrong with a value, and nothing was sent."""
_ANSWERS = re.compile(r"_(?:errors|busy|faults)\.py$|/verdicts\.py$|/_preflight/")
"""Where the words of other products are explained, one by one, and the rows of the preflight."""


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def _written(node: ast.AST) -> str | None:
    """Return the text of a literal, with ``VALUE`` for what an f-string fills in; ``None`` for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(part) or VALUE for part in node.values)
    return None


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a Python file and their lines, but for docstrings: those that a message may be made of."""
    tree = _tree(path)
    left_out = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    left_out |= {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if node not in left_out and isinstance(node, ast.Constant | ast.JoinedStr):
            text = _written(node)
            if text is not None:
                yield node.lineno, text


def sentences() -> dict[str, str]:
    """Return the sentences of modules, inventory and callback, each with the place where it stands."""
    return {
        " ".join(text.split()): f"{path}:{line}"
        for path in project_files(*_MODULES)
        if not _ANSWERS.search(str(path))
        for line, text in texts(path)
        if _SENTENCE.match(text)
    }
