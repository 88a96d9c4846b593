# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make up the project: what git tracks or would track, never what a build or a tool left behind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository root, which is the root of the collection."""


def project_files(*pathspecs: str, root: Path = ROOT) -> list[Path]:
    """Return the project's files that match git's ``pathspecs`` (all without any), relative to ``root``, sorted."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *pathspecs],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    # A file that was deleted and not yet committed is still listed.
    return sorted({Path(name) for name in listing.stdout.split("\0") if name and (root / name).is_file()})


def copy_project(target: Path, *pathspecs: str, root: Path = ROOT) -> None:
    """Copy the project's files, all or those that match, to ``target``, links as what they point at."""
    for name in project_files(*pathspecs, root=root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target / name)
