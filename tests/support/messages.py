# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What collection and emulator tell their users, read from the sources: texts, codes of failures, tasks that refuse."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.project_files import ROOT, project_files

VALUE = "…"
"""Stands in a text for what is filled in."""
COMMAND = (
    "emulator/src/imp_emulator/cli.py",
    "emulator/src/imp_emulator/cli_groups.py",
    "emulator/src/imp_emulator/client/launch.py",
    "emulator/src/imp_emulator/client/ready_file.py",
    "emulator/src/imp_emulator/serving/server.py",
    "emulator/src/imp_emulator/store/database.py",
    "emulator/src/imp_emulator/world/snapshots.py",
)
"""Where the messages of ``imp-emulator`` stand, but for those about scenarios: each names its place and rule itself."""
_FAILURES = tuple(
    f"plugins/module_utils/{room}/*.py" for room in ("_certificates", "_clients", "_http", "_module", "_resources")
)
_SENTENCE = re.compile(rf"(?:[A-Z]|{VALUE} )(?:\S+ ){{3,}}.*[.:{VALUE}]$", re.DOTALL)
"""A text that begins like a sentence and ends like one. Names of options begin with a small letter: what follows one of
them says what is wrong with a value, and nothing was sent."""
_OTHERS = re.compile(r"[/_](?:errors|busy|faults|verdicts|shapes|secrets)\.py$")
"""Where the words of other products are explained one by one, and where all options are looked at."""
_REMARK = re.compile(
    "^(?:What ucops\\.imp has still to do|What a task of ucops\\.imp was about|The CA administration of …"
    "|… calls neither run|… (?:is neither|is no SHA-256|cannot be read))"
)
"""No message, or one that follows the name of an option."""


WORD = re.compile(r"[\w-]+")
FEWEST_WORDS = 3
"""Fewer would fit any message."""
_LONGEST = 1000
"""What is longer is a plugin's documentation."""


def _written(node: ast.AST) -> str | None:
    """Return the text of a literal, with ``VALUE`` for what an f-string fills in; ``None`` for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(part) or VALUE for part in node.values)
    return None


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def texts(path: Path) -> tuple[tuple[int, str], ...]:
    """Return the texts of a Python file and their lines, but for docstrings: those that a message may be made of."""
    return tuple(_texts(_tree(path)))


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    left_out: set[ast.AST] = set()
    # A node comes before what it is made of.
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(node.value)
        elif isinstance(node, ast.Constant | ast.JoinedStr) and node not in left_out:
            left_out.update(ast.iter_child_nodes(node))
            text = _written(node)
            if text is not None:
                yield node.lineno, text


def sentences(*pathspecs: str) -> dict[str, str]:
    """Return the sentences that failures and warnings are made of, each with the place where it stands."""
    return {
        " ".join(text.replace("{}", VALUE).split()): f"{path}:{line}"
        for path in project_files(*(pathspecs or _FAILURES))
        if not _OTHERS.search(str(path))
        for line, text in texts(path)
        if _SENTENCE.match(text) and not _REMARK.match(text) and len(WORD.findall(text)) >= FEWEST_WORDS
    }


def everything_written() -> list[str]:
    """Return all texts that messages of the collection may be made of, f-strings with ``VALUE``."""
    python = [text for path in project_files("plugins/*.py") for _line, text in texts(path) if len(text) < _LONGEST]
    other = [(ROOT / path).read_text(encoding="utf-8") for path in project_files("playbooks/*.yml", "roles/*.yml")]
    return [" ".join(text.replace("{}", VALUE).split()) for text in [*python, *other] if " " in text]


def codes() -> set[str]:
    """Return every code that a failure of the collection may have; of one that is made up, its begin."""
    found: set[str] = set()
    for path in project_files("plugins/module_utils/*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call):
                found |= {_code(word.value) for word in node.keywords if word.arg == "code"}
                if ast.unparse(node.func) == "Refusal":
                    found |= {_code(argument) for argument in node.args[1:2]}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "default_code":
                found.add(_code(node.value))
    return found - {""}


def _code(node: ast.expr) -> str:
    return (_written(node) or "").partition(VALUE)[0]


def refusing_tasks() -> dict[str, str]:
    """Return the names of the tasks of playbooks and roles that fail on purpose, each with its file."""
    return {
        task["name"]: str(path)
        for path in project_files("playbooks/*.yml", "playbooks/tasks/*.yml", "roles/*/tasks/*.yml")
        for task in _tasks(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))
        if {"ansible.builtin.fail", "ansible.builtin.assert"} & task.keys()
    }


def _tasks(listed: Any) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a list of plays, blocks or tasks."""
    for entry in listed if isinstance(listed, list) else []:
        yield entry
        for word in ("tasks", "block", "rescue", "always"):
            yield from _tasks(entry.get(word))


def commands_messages() -> dict[str, str]:
    """Return what ``imp-emulator`` says when something is wrong, each with the place where it stands."""
    found: dict[str, str] = {}
    for path in project_files(*COMMAND):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and _complains(node) and node.args and _written(node.args[0]):
                text = " ".join((_written(node.args[0]) or "").removeprefix("imp-emulator: ").split())
                # What begins with the words of others, such as a line of a file, has none of its own.
                if len(WORD.findall(text)) > 1:
                    found[text] = f"{path}:{node.lineno}"
    return found


def _complains(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    if name == "echo":
        return any(word.arg == "err" for word in call.keywords)
    return name in {
        "StateError",
        "EmulatorError",
        "FileExistsError",
        "FileNotFoundError",
        "TimeoutError",
        "BadParameter",
    }


def shown(pattern: str, text: str) -> bool:
    """Whether a text has what a page shows of it, piece by piece; ``VALUE`` may stand for anything."""
    place = 0
    for piece in filter(None, (part.strip() for part in pattern.split(VALUE))):
        found = text.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True
