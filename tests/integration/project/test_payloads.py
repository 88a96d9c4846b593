# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible packs of a module, and compiles of a template, is made once for all playbooks of a test run."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.support.playbooks import play

TEXT = "[% word %] {{ word | upper }}"
BACKSLASHES = r"{{ 'a\\b' }}"
TASKS: list[dict[str, object]] = [
    {"ansible.builtin.ping": {"data": TEXT}, "register": "plain"},
    {
        "ansible.builtin.set_fact": {
            "other": "#jinja2: variable_start_string:'[%', variable_end_string:'%]'\n" + TEXT,
            "doubled": BACKSLASHES,
            "as_they_are": "{{ lookup('ansible.builtin.template', 'backslashes.j2') }}",
        }
    },
    {"ansible.builtin.assert": {"that": ["plain.ping == '[% word %] ' ~ word.upper()"]}},
    {"ansible.builtin.assert": {"that": ["doubled | length == 4", "as_they_are | length == 3"]}},
    {"ansible.builtin.assert": {"that": "other == word ~ ' ' ~ '{' ~ '{ word | upper }' ~ '}'"}},
]


def made(folder: Path, pattern: str) -> dict[str, int]:
    """Return files by path, and when each was written."""
    found = (path for path in folder.rglob(pattern) if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found}


def test_two_runs_share_what_is_made(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (tmp_path / "backslashes.j2").write_text(BACKSLASHES)
    book = tmp_path / "book.json"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": TASKS}]))

    def run(word: str, **environment: str) -> tuple[dict[str, int], dict[str, int]]:
        environment["PAYLOADS_FOLDER"] = str(shared)
        inventory = Path(os.devnull)
        done = play(
            tmp_path, tmp_path, str(book), variables={"word": word}, inventory=inventory, environment=environment
        )
        assert done.status == 0, done.output
        return made(shared, "*ping*"), made(shared, "templates-*/*")

    packed, compiled = run("one")
    assert len(packed) >= 1
    assert len(compiled) >= len(TASKS)
    assert run("two") == (packed, compiled)
    # The same name may be another module elsewhere.
    elsewhere, again = run("one", ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    assert (len(elsewhere), again) == (len(packed) + 1, compiled)
