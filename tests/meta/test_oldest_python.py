# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make matrix`` runs on the Python of the oldest ansible-core needs nothing that only newer ones have.

The emulator does; its client does not, and what is left of it to such tests runs in ``.venv``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.matrix import SUITES
from tests.support.project_files import ROOT

CLIENT = ("imp_emulator.client", "imp_emulator.testing", "imp_emulator.scenario.writer")
NEW_IN_3_11 = {"datetime.UTC", "enum.StrEnum", "typing.Self", "typing.assert_never", "tomllib", "asyncio.TaskGroup"}


def imported(path: Path) -> Iterator[str]:
    """Yield what a file imports at once, each name with its module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_tests_of_the_matrix_run_on_the_oldest_python() -> None:
    todo = [path for folders in SUITES.values() for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]
    seen: set[Path] = set()
    wrong: set[str] = set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imported(path):
            if name in NEW_IN_3_11 or (name.startswith("imp_emulator.") and not name.startswith(CLIENT)):
                wrong.add(f"{path.relative_to(ROOT)}: {name}")
            if name.startswith("tests."):
                module = ROOT / Path(*name.split("."))
                todo += [one for one in (module.with_suffix(".py"), module.parent.with_suffix(".py")) if one.is_file()]
    assert len(seen) > 100
    assert sorted(wrong) == []
