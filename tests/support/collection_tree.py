#!/usr/bin/env python3
# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give ansible and Python the checkout under the name that they look for, ``ansible_collections/ucops/imp``.

The repository root is the collection, but a checkout may lie anywhere. The tree made here is a real directory (ansible
refuses a collection that is itself a link) that holds one link for each entry of the collection, so what is tested is
always the working copy and never an older one in ``~/.ansible``.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

COLLECTIONS_PATH = Path(".build", "collections")
"""Where the tree stands, seen from the repository root; the value for ``ANSIBLE_COLLECTIONS_PATH``."""

ENTRIES = (
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "changelogs",
    "docs",
    "galaxy.yml",
    "meta",
    "playbooks",
    "plugins",
    "roles",
)
"""The collection's own files and folders; the emulator, the tests and the tooling do not belong to it."""


def ensure_collection_tree(root: Path) -> Path:
    """Make or mend the collection tree of the checkout at ``root``; doing it twice, or twice at once, is harmless.

    Returns the collections path (the directory that holds ``ansible_collections``), absolute. Raises ``OSError`` when
    the tree cannot be written.
    """
    root = root.resolve()
    collections = root / COLLECTIONS_PATH
    collection = collections / "ansible_collections" / "ucops" / "imp"
    collection.mkdir(parents=True, exist_ok=True)
    for entry in ENTRIES:
        _link(collection / entry, root / entry)
    return collections


def _link(link: Path, target: Path) -> None:
    """Point ``link`` at ``target``, or remove it when there is no such target."""
    if not target.exists():
        link.unlink(missing_ok=True)
        return
    if link.is_symlink() and link.readlink() == target:
        return
    # Test workers do this side by side: a rename is atomic, so nobody ever sees a missing or half-made link.
    fresh = link.with_name(f".{link.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.symlink_to(target)
    fresh.replace(link)


if __name__ == "__main__":
    sys.stdout.write(f"{ensure_collection_tree(Path(__file__).resolve().parents[2])}\n")
