# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes no file of the runbook is refused before the cluster is asked anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.playbooks import play


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("runbook_cluster", "dc1\n", "cannot be part of a file's name"),
        ("runbook_cluster", "../dc1", "cannot be part of a file's name"),
        ("runbook_cluster", "x" * 101, "100 at most"),
        ("runbook_directory", "", "it is an empty text"),
        ("runbook_languages", [], "it is an empty list"),
    ],
    ids=["line-break", "other-folder", "long", "no-folder", "no-language"],
)
def test_what_makes_no_file(tmp_path: Path, name: str, value: Any, said: str) -> None:
    task = {"ansible.builtin.include_role": {"name": "ucops.imp.runbook"}, "vars": {name: value}}
    playbook = tmp_path / "play.json"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    played = play(Path("/no/such/ready.json"), tmp_path, str(playbook), inventory=Path("localhost,"))
    assert played.status == 2
    assert any(f"{name}: " in line and said in line for line in played.output.splitlines()), played.output
    assert played.module_calls == []
