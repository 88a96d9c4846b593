# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible packs of a module is packed once for all playbooks that a test process runs, and not beyond."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.support.playbooks import PAYLOADS, play


def packed(folder: str) -> dict[str, int]:
    """Return the packed modules by path, and when each was written."""
    found = (path for path in Path(folder).rglob("*ping*") if path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found}


def test_two_runs_share_what_is_packed(tmp_path: Path) -> None:
    ping: dict[str, object] = {"ansible.builtin.ping": {}}
    play_it = {"hosts": "localhost", "gather_facts": False, "tasks": [ping]}
    (tmp_path / "ping.json").write_text(json.dumps([play_it]))

    def run(**environment: str) -> dict[str, int]:
        done = play(tmp_path, tmp_path, "ping.json", inventory=Path(os.devnull), environment=environment)
        assert done.status == 0, done.output
        return packed(PAYLOADS.name)

    first = run()
    assert len(first) >= 1
    assert run() == first
    # The same name may be another module elsewhere.
    assert len(run(ANSIBLE_COLLECTIONS_PATH=str(tmp_path))) == len(first) + 1
