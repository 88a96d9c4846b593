# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc says about the whole collection, fragments joined in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.playbooks import settings

ANSIBLE_DOC = Path(sys.executable).parent / "ansible-doc"


@pytest.fixture(scope="session")
def documented() -> dict[str, dict[str, Any]]:
    """All plugins and roles of the collection: kind of plugin -> name without the collection -> documentation."""
    command = [str(ANSIBLE_DOC), "--metadata-dump", "ucops.imp"]
    done = subprocess.run(command, env=settings(Path()), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    everything = json.loads(done.stdout)["all"]
    del everything["keyword"]
    return {kind: {name.split(".")[-1]: found for name, found in names.items()} for kind, names in everything.items()}
