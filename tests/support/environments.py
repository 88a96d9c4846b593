# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments of the checks that need other packages than ``.venv``, kept below ``.build`` and used again."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.support.interpreters import find_interpreter
from tests.support.project_files import ROOT

CORES = (("2.16", "3.10"), ("2.17", "3.10"), ("2.19", "3.11"), ("2.20", "3.12"), ("2.21", "3.13"))
"""Releases of ansible-core that the collection supports, each with the Python that it is checked on."""

CORE_PACKAGES = (
    "cryptography",
    "httpx",
    "hypothesis",
    "lxml",
    "pypsrp",
    "pyspnego",
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "requests",
)
"""What the collection's own tests need beside ansible-core; the emulator runs in ``.venv``."""

_NAME = re.compile(r"[A-Za-z][\w.-]*")


def requirements(listed: Path, names: Iterable[str] | None = None) -> list[str]:
    """Return the requirements (``name>=version``) in a list of pip's, all or those of these names.

    Raises ``KeyError`` when a name is not listed.
    """
    lines = (line.partition("#")[0].strip() for line in listed.read_text(encoding="utf-8").splitlines())
    found = {match[0]: line for line in lines if (match := _NAME.match(line))}
    return list(found.values()) if names is None else [found[name] for name in names]


def environment(venv: Path, interpreter: Path, packages: Iterable[str]) -> Path:
    """Return the virtual environment ``venv``, made anew when it is missing, unfinished or for other packages."""
    wanted = "\n".join([str(interpreter), *packages])
    # Written last, so that an interrupted installation counts for nothing.
    ready = venv / "installed.txt"
    if not ready.is_file() or ready.read_text(encoding="utf-8") != wanted:
        subprocess.run([interpreter, "-m", "venv", "--clear", venv], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        subprocess.run([venv / "bin" / "python", *install], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return venv


def core_environment(core: str, python: str) -> Path | None:
    """Return the virtual environment with ansible-core ``core`` on ``python``; None without such an interpreter."""
    interpreter = find_interpreter(python)
    if interpreter is None:
        return None
    packages = requirements(ROOT / "tests" / "requirements.txt", CORE_PACKAGES)
    return environment(
        ROOT / ".build" / "cores" / f"{core}-{python}", interpreter, [f"ansible-core~={core}.0", *packages]
    )


def left_to_the_matrix() -> list[str]:
    """Return, in words, which releases of ansible-core a quick check leaves out, and what runs them."""
    installed = ".".join(importlib.metadata.version("ansible-core").split(".")[:2])
    return [
        f"ansible-core {core} skipped: "
        + (f"make matrix runs it on Python {python}" if find_interpreter(python) else f"Python {python} is not found")
        for core, python in CORES
        if core != installed
    ]


def tool_environment(tool: str) -> Path:
    """Return the virtual environment of a tool, with what ``tests/requirements-<tool>.txt`` lists, on this Python."""
    packages = requirements(ROOT / "tests" / f"requirements-{tool}.txt")
    return environment(ROOT / ".build" / "tools" / tool, Path(sys.executable), packages)
