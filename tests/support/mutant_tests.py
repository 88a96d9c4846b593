# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests to run for a change in a source file: those that would notice it soonest.

Unit tests are found by what they import. The others start processes, so no import tells what they reach: they are found
by the rare words that they share with the file, such as operations of a protocol, names of parameters and messages.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOTS = {"ansible_collections.ucops.imp.": "", "imp_emulator.": "emulator/src/imp_emulator/", "tests.": "tests/"}
"""What the name of a module begins with, and the folder that it stands for."""
UNIT, OTHERS = ("tests/unit",), ("tests/integration/emulator", "tests/integration/modules", "tests/conformance")
MOST_UNIT, MOST_OTHERS = 8, 5
LENGTH_COUNTS = 0.6
"""How much a long test, which has more words of everything, counts less than a short one."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,}")


class Choice:
    """The tests of a tree, by what they may notice."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def unit(self, path: str) -> list[str]:
        """Return the unit tests that import a file, the nearest first, at most :data:`MOST_UNIT`."""
        near = {test: self._distances(test)[path] for test in self._tests(UNIT) if path in self._distances(test)}
        alike = self._likeness(path, UNIT)
        return sorted(near, key=lambda test: (near[test], -alike[test]))[:MOST_UNIT]

    def others(self, path: str) -> list[str]:
        """Return the tests with processes that share the rarest words with a file, at most :data:`MOST_OTHERS`."""
        alike = self._likeness(path, OTHERS)
        return sorted((test for test in alike if alike[test]), key=lambda test: -alike[test])[:MOST_OTHERS]

    def _likeness(self, path: str, folders: tuple[str, ...]) -> dict[str, float]:
        """Return how much each test is about what a file is about: the rarer a shared word, the more it counts."""
        tests, common, words = self._tests(folders), self._common(folders), self._words(path)
        return {
            test: sum(math.log(len(tests) / common[word]) ** 2 for word in words & self._words(test))
            / len(self._words(test)) ** LENGTH_COUNTS
            for test in tests
        }

    @cache  # noqa: B019
    def _common(self, folders: tuple[str, ...]) -> Counter[str]:
        return Counter(word for test in self._tests(folders) for word in self._words(test))

    @cache  # noqa: B019 - one choice lives as long as the program
    def _words(self, path: str) -> frozenset[str]:
        text = (self._root / path).read_text(encoding="utf-8")
        return frozenset(word.lower() for word in _WORD.findall(f"{text} {Path(path).stem.replace('_', ' ')}"))

    @cache  # noqa: B019
    def _tests(self, folders: tuple[str, ...]) -> list[str]:
        found = (test for folder in folders for test in (self._root / folder).rglob("test_*.py"))
        return sorted(test.relative_to(self._root).as_posix() for test in found if "load" not in test.stem)

    @cache  # noqa: B019
    def _distances(self, test: str) -> dict[str, int]:
        """Return how many imports lead from a test to each file that it reaches."""
        found, next_ones = {test: 0}, [test]
        while next_ones:
            current = next_ones.pop(0)
            for imported in self._imports(current):
                if imported not in found:
                    found[imported] = found[current] + 1
                    next_ones.append(imported)
        return found

    @cache  # noqa: B019
    def _imports(self, path: str) -> list[str]:
        names: list[str] = []
        for node in ast.walk(ast.parse((self._root / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [item.name for item in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names += [node.module, *(f"{node.module}.{item.name}" for item in node.names)]
        return sorted(set(self._files(names)))

    def _files(self, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            for start, folder in ROOTS.items():
                if name.startswith(start):
                    path = f"{folder}{name.removeprefix(start).replace('.', '/')}.py"
                    if (self._root / path).is_file():
                        yield path
