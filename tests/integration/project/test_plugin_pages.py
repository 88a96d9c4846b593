# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each plugin and role has a page that names all its options, built from its own documentation without an error."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.collection_tree import ensure_collection_tree
from tests.support.project_files import ROOT, project_files

OPTIONS = ("--use-current", "--squash-hierarchy", "--output-format", "simplified-rst", "--fail-on-error")


def build(target: Path) -> None:
    """Write the pages as ``make docs`` does; the tool leaves a log in the home directory and calls ansible by name."""
    programs = Path(sys.executable).parent
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(ensure_collection_tree(ROOT)),
        "ANSIBLE_HOME": str(ROOT / ".build" / "ansible"),
        "HOME": str(target),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(programs / "antsibull-docs"), "collection", *OPTIONS, "--dest-dir", str(target), "ucops.imp"]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _plugin_options(path: Path) -> set[str]:
    """Return the options in a plugin's DOCUMENTATION, those of its documentation fragments not among them."""
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            return set(yaml.safe_load(ast.literal_eval(node.value)).get("options", {}))
    return set()


def _role_options(path: Path) -> set[str]:
    entry_points = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))["argument_specs"].values()
    return {option for entry_point in entry_points for option in entry_point.get("options", {})}


def test_every_plugin_and_role_has_a_documentation_page_that_names_all_its_options(tmp_path: Path) -> None:
    build(tmp_path)
    pages = {path.stem: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.rst")}
    options = {f"{path.stem}_module": _plugin_options(path) for path in project_files("plugins/modules/*.py")}
    others = project_files(*(f"plugins/{kind}/*.py" for kind in ("callback", "filter", "inventory", "lookup")))
    options |= {f"{path.stem}_{path.parent.name}": _plugin_options(path) for path in others}
    specs = project_files("roles/*/meta/argument_specs.yml")
    options |= {f"{path.parts[1]}_role": _role_options(path) for path in specs}
    assert set(pages) - {"index"} == set(options)
    missing = [f"{page}: {name}" for page, names in options.items() for name in names if name not in pages[page]]
    assert not missing
