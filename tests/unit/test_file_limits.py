# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and functions stay short enough to be read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.project_files import ROOT, project_files

FILE_LINES = 500
FUNCTION_LINES = 40
PLUGIN_DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _documentation_lines(tree: ast.Module) -> int:
    """Count the lines of the texts that ansible-doc reads out of a plugin."""
    return sum(
        _lines(node)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in PLUGIN_DOCUMENTATION for target in node.targets)
    )


def _function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from ``def`` to its end, without its docstring."""
    has_docstring = ast.get_docstring(function) is not None
    return _lines(function) - (_lines(function.body[0]) if has_docstring else 0)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_file_is_longer_than_the_limit() -> None:
    too_long = []
    for path in project_files("*.py"):
        source = (ROOT / path).read_text(encoding="utf-8")
        lines = len(source.splitlines()) - _documentation_lines(ast.parse(source))
        if lines > FILE_LINES:
            too_long.append(f"{path}: {lines} lines")
    assert not too_long, f"longer than {FILE_LINES} lines"


def test_no_function_is_longer_than_the_limit() -> None:
    too_long = [
        f"{path}:{function.lineno}: {function.name} has {_function_lines(function)} lines"
        for path in project_files("plugins/*.py", "emulator/src/*.py", "tests/support/*.py", "demo/*.py")
        for function in _functions(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if _function_lines(function) > FUNCTION_LINES
    ]
    assert not too_long, f"longer than {FUNCTION_LINES} lines"
