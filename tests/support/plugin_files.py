# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the files of the plugins: their texts for ansible-doc, their options, and what tests call."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.project_files import ROOT, project_files

PACKAGE = "ansible_collections.ucops.imp.plugins.modules"
SCREENS = ["screen", "summary"]
"""Actions that print on the controller and talk to no endpoint; their module is documentation only."""
MODULES = [path.stem for path in project_files("plugins/modules/*.py") if path.stem not in SCREENS]
STATE_MODULES = [module for module in MODULES if not module.endswith("_info")]
"""Modules that change something, by the rule that the others are called ``_info``."""


@cache
def _constants(path: Path) -> dict[str, str]:
    """Return the texts that a Python file gives to names at its top level."""
    return {
        target.id: node.value.value
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def plugin_source(path: Path, name: str) -> str:
    """Return the text ``DOCUMENTATION``, ``EXAMPLES`` or ``RETURN`` of a plugin, comments and all.

    Raises:
        KeyError: The plugin has no such text.
    """
    return _constants(path)[name]


def plugin_text(path: Path, name: str) -> Any:
    """Return what a YAML text of a plugin says, see :func:`plugin_source`."""
    return yaml.safe_load(plugin_source(path, name))


@cache
def module_text(module: str, name: str) -> Any:
    """Return what a text of a module says, see :func:`plugin_text`."""
    return plugin_text(Path("plugins", "modules", f"{module}.py"), name)


def kind_of(module: str) -> str:
    """Return the kind of endpoint that a module talks to."""
    return str(importlib.import_module(f"{PACKAGE}.{module}").ARGUMENTS.kind.name)


@cache
def utilities_of(path: Path) -> frozenset[str]:
    """Return the module_utils that a plugin's file imports, directly or through others, by their names."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    direct: set[Path] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and ".plugins.module_utils." in (node.module or ""):
            room = Path("plugins", "module_utils", *str(node.module).partition(".plugins.module_utils.")[2].split("."))
            direct |= {room.with_suffix(".py"), *(room / f"{alias.name}.py" for alias in node.names)}
    direct = {file for file in direct if (ROOT / file).is_file()}
    return frozenset(file.stem for file in direct).union(*map(utilities_of, direct))


def first_arguments(path: Path, function: str) -> set[str]:
    """Return the texts that a Python file passes first to a function, as literals or as constants of the file."""
    constants = _constants(path)
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function and node.args:
            found.add(_text(node.args[0], constants))
    return found


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    """Evaluate a literal, a name of a constant, or an f-string made of these; anything else is empty."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) for part in node.values)
    return ""
