# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's tarball from the project's files, and look into it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.support.project_files import copy_project

CONTENTS = frozenset(
    {
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "FILES.json",
        "LICENSE",
        "MANIFEST.json",
        "README.md",
        "SECURITY.md",
        "changelogs",
        "docs",
        "inventory/example",
        "meta",
        "playbooks",
        "plugins",
        "roles",
        "tests/config.yml",
    }
)
"""All that a tarball holds. ``ansible-galaxy`` packs whatever ``build_ignore`` in ``galaxy.yml`` does not name, so
everything new at the root of the repository belongs into one of the two lists."""

NEEDED = ("meta", "playbooks", "plugins", "roles")
"""The folders that the collection works with; everything else in the tarball is to be read."""


def build(target: Path) -> Path:
    """Build the tarball into the folder ``target`` and return its path.

    It is built from a copy of the project's files: what lies about in a working copy never gets into it.
    """
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.tar.gz"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="ucops-build-") as folder:
        copy_project(Path(folder))
        galaxy = Path(sys.executable).with_name("ansible-galaxy")
        built = subprocess.run(
            [galaxy, "collection", "build", "--force", "--output-path", target.resolve()],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if built.returncode:
        raise RuntimeError(f"ansible-galaxy builds no tarball:\n{built.stdout}{built.stderr}")
    (tarball,) = target.glob("*.tar.gz")
    return tarball


def install(tarball: Path, collections: Path) -> None:
    """Install a tarball into a folder of collections, over what is there."""
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    options = ["--force", "--no-deps", "--offline", "--collections-path", str(collections)]
    subprocess.run([galaxy, "collection", "install", tarball, *options], check=True, capture_output=True)


def contents(tarball: Path) -> set[str]:
    """Return the entries at the top of a tarball, and those of ``inventory`` and ``tests``, which go along in parts."""
    with tarfile.open(tarball) as archive:
        names = [Path(member.name) for member in archive.getmembers() if member.isfile()]
    return {"/".join(name.parts[: 2 if name.parts[0] in {"inventory", "tests"} else 1]) for name in names}


def problems(tarball: Path) -> list[str]:
    """Return what a tarball holds and should not, and what it lacks."""
    found = contents(tarball)
    return [
        f"{name} does not belong into the tarball: name it in build_ignore" for name in sorted(found - CONTENTS)
    ] + [f"{name} is missing in the tarball" for name in sorted(CONTENTS - found)]
