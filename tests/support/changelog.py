# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make changelog``: write the changelog of the version in ``galaxy.yml`` from the fragments, and tell a stale one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.support.project_files import ROOT, copy_project

WRITTEN = ("CHANGELOG.md", "changelogs/changelog.yaml")


def releases(root: Path) -> dict[str, Any]:
    """Return the releases in the changelog of the project at ``root``, by version."""
    return dict(yaml.safe_load((root / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"])


def version(root: Path) -> str:
    """Return the version in ``galaxy.yml``."""
    return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def write(root: Path, *options: str) -> None:
    """Write the changelog of the project at ``root``; ``options`` are further ones of ``antsibull-changelog``."""
    program = Path(sys.executable).with_name("antsibull-changelog")
    arguments = ["release", "--update-existing", "--reload-plugins", "--refresh-plugins", "--refresh-fragments"]
    # It starts ansible-doc by name.
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([program, *arguments, *options], cwd=root, env=os.environ | {"PATH": path}, check=True)


def is_current(root: Path) -> bool:
    """Tell whether the changelog is what its fragments and the plugins make; its release must be in it already."""
    with tempfile.TemporaryDirectory(prefix="ucops-changelog-") as folder:
        # The tool looks for plugins in a collection, which it knows by its path.
        fresh = Path(folder, "ansible_collections", "ucops", "imp")
        copy_project(fresh, root=root)
        write(fresh, "--date", releases(root)[version(root)]["release_date"])
        return all((fresh / name).read_bytes() == (root / name).read_bytes() for name in WRITTEN)


if __name__ == "__main__":
    write(ROOT)
