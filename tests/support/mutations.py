# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seeded sample of mutations of source files, made by cosmic-ray; runs in the environment of ``make mutants``.

Called as ``mutations.py SEED NUMBER`` with the files' paths on standard input. It prints a JSON object for each
mutation: ``path``, ``line``, ``operator``, ``before`` and ``after`` (the line) and ``source`` (the whole mutated file).
"""

from __future__ import annotations

import ast
import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

Span = tuple[tuple[int, int], tuple[int, int]]
"""From and to: line from 1, column from 0, in characters."""


_BY_IDENTITY = re.compile(r"_(?:Eq|NotEq|In|NotIn|Lt|LtE|Gt|GtE)_(?:Is|IsNot)$")
"""Whether equal texts are the same object is chance; a comparison that becomes one of identity proves nothing."""


@dataclass(frozen=True)
class Mutation:
    """One change of one file."""

    path: str
    line: int
    operator: str
    before: str
    after: str
    source: str


def without_effect(source: str) -> list[Span]:
    """Return the spans of a file that no run can notice: types, and what stands under ``TYPE_CHECKING``."""
    lines = source.splitlines()

    def span(node: Any) -> Span:
        def column(line: int, offset: int) -> int:
            return len(lines[line - 1].encode()[:offset].decode())

        start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        return (start[0], column(*start)), (end[0], column(*end))

    found = []
    for node in ast.walk(ast.parse(source)):
        types = (getattr(node, "annotation", None), getattr(node, "returns", None))
        found += [span(told) for told in types if isinstance(told, ast.AST)]
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            found.append(span(node))
        if isinstance(node, ast.Assign) and _is_alias(node):
            found.append(span(node))
    return found


def _is_alias(node: ast.Assign) -> bool:
    """Whether an assignment names a type: ``Rows = list[str] | None``."""
    name = node.targets[0]
    value = ast.unparse(node.value)
    return isinstance(name, ast.Name) and name.id[:1].isupper() and not name.id.isupper() and "[" in value


def sample(paths: list[Path], seed: int, number: int) -> Iterator[Mutation]:
    """Yield mutations: a file by its number of lines, a place in it, and one of the changes that are possible there."""
    chance = random.Random(seed)
    weights = [len(path.read_text(encoding="utf-8").splitlines()) for path in paths]
    seen: set[tuple[Path, str, int]] = set()
    made_so_far = 0
    while made_so_far < number:
        path = chance.choices(paths, weights)[0]
        places = _places(path, seed)
        if not places:
            continue
        place = chance.choice(sorted(places))
        operator, occurrence = chance.choice(places[place])
        if (path, operator, occurrence) not in seen:
            seen.add((path, operator, occurrence))
            made = _mutated(path, operator, occurrence)
            if made is not None:
                made_so_far += 1
                yield made


@cache
def _places(path: Path, seed: int) -> dict[Span, list[tuple[str, int]]]:
    """Return what can be changed where in a file: operators with the number of their occurrence."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path  # noqa: PLC0415 - not in the environment of the tests

    nodes = list(ast_nodes(get_ast_from_path(path)))
    skipped = without_effect(path.read_text(encoding="utf-8"))
    chance = random.Random(f"{seed} {path}")
    found: dict[Span, list[tuple[str, int]]] = {}
    for names in _families().values():
        name = chance.choice(names)
        operator = _operator(name)
        positions = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(positions):
            if not any(first <= start and end <= last for first, last in skipped):
                found.setdefault((start, end), []).append((name, occurrence))
    return found


@cache
def _families() -> dict[str, list[str]]:
    """Return the operators by what they replace: one for each other operator that a plus can become would be slow."""
    from cosmic_ray import plugins  # noqa: PLC0415

    found: dict[str, list[str]] = {}
    for name in sorted(plugins.operator_names()):
        if not plugins.get_operator(name).arguments() and not _BY_IDENTITY.search(name):
            found.setdefault(name.rpartition("_")[0] or name, []).append(name)
    return found


@cache
def _operator(name: str) -> Any:
    from cosmic_ray import plugins  # noqa: PLC0415

    return plugins.get_operator(name)()


def _mutated(path: Path, operator: str, occurrence: int) -> Mutation | None:
    """Return the mutation, unless it is no Python, as a minus before the mapping that a call unpacks."""
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415

    source = path.read_text(encoding="utf-8")
    changed = mutate_code(source, _operator(operator), occurrence)
    try:
        ast.parse(changed)
    except SyntaxError:
        return None
    old, new = source.splitlines(), changed.splitlines()
    at = next(number for number, pair in enumerate(zip(old, [*new, ""], strict=False)) if pair[0] != pair[1])
    return Mutation(str(path), at + 1, operator.rpartition("/")[2], old[at].strip(), new[at].strip(), changed)


if __name__ == "__main__":
    for mutation in sample([Path(line) for line in sys.stdin.read().splitlines()], int(sys.argv[1]), int(sys.argv[2])):
        print(json.dumps(asdict(mutation)), flush=True)
