# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection ``awx.awx``: what its modules take. The package ansible has it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.environments import requirements
from tests.support.project_files import ROOT

FOLDER = ROOT / ".build" / "awx"
_INSIDE = "ansible_collections/awx/awx/"


def collections() -> Path:
    """Return the folder of collections with ``awx.awx`` in it, fetched once."""
    wanted = requirements(ROOT / "tests" / "requirements-awx.txt")
    # Written last, so that an interrupted download counts for nothing.
    ready = FOLDER / "ready.txt"
    if not ready.is_file() or ready.read_text(encoding="utf-8") != "\n".join(wanted):
        FOLDER.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(FOLDER), *wanted]
        subprocess.run(fetch, check=True)
        (wheel,) = FOLDER.glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as package:
            package.extractall(FOLDER, [name for name in package.namelist() if name.startswith(_INSIDE)])
        wheel.unlink()
        ready.write_text("\n".join(wanted), encoding="utf-8")
    return FOLDER


def options_of(modules: Iterable[str], environment: dict[str, str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the options of modules as their documentation has them, by name of the module."""
    program = Path(sys.executable).with_name("ansible-doc")
    told = subprocess.run(
        [program, "-t", "module", "--json", *modules],
        env={**environment, "ANSIBLE_COLLECTIONS_PATH": str(collections())},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: found["doc"]["options"] for name, found in json.loads(told.stdout).items()}
