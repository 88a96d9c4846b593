# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift callback on playbooks of users: jobs in the background, attempts, and runs with nothing of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.drift_site import CALLBACK
from tests.support.emulator import Emulator
from tests.support.playbooks import Played, play

JOBS = """
- hosts: imp_publisher
  gather_facts: false
  module_defaults:
    group/ucops.imp.cucm: "{{ ucops_imp_cucm }}"
  tasks:
    - name: Set the spread in the background
      ucops.imp.calendaring_parameters:
        calendar_spread: 7
      async: 30
      poll: 0
      register: job
    - name: Wait for it
      ansible.builtin.async_status:
        jid: "{{ job.ansible_job_id }}"
      register: state
      until: state is finished
      retries: 60
      delay: 0.5
    - name: Set the frequency until it stays
      ucops.imp.calendaring_parameters:
        ews_status_frequency: 33
      register: set
      until: set is not changed
      retries: 3
      delay: 0
    - name: Set the queue, and wait
      ucops.imp.calendaring_parameters:
        exchange_queue: 2100
      async: 30
      poll: 1
"""
CHANGED = ["calendar_spread", "ews_status_frequency", "exchange_queue"]
THEIRS = """
- hosts: imp_publisher
  gather_facts: false
  tasks:
    - name: Keep a file
      ansible.builtin.copy:
        content: kept
        dest: "{{ playbook_dir }}/kept"
        mode: "0600"
    - name: Fail, which nobody minds
      ansible.builtin.fail:
      ignore_errors: true
"""


def run(environment: Emulator, folder: Path, content: str, **more: str) -> Played:
    book = folder / "own.yml"
    book.write_text(content)
    settings = {**CALLBACK, "UCOPS_IMP_DRIFT_DIR": "reports", **more}
    return play(environment.ready_file, folder, str(book), "--limit", "imp-pub.dc1", environment=settings)


def report(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "reports" / "drift.json").read_text()))


def test_the_end_of_a_job_counts_and_so_does_every_attempt(environment: Emulator, tmp_path: Path) -> None:
    done = run(environment, tmp_path, JOBS)

    assert done.status == 0, done.output
    assert [(record["status"], record["id"]) for record in report(tmp_path)["records"]] == [
        ("corrected", name) for name in CHANGED
    ]
    lines = JOBS.splitlines()
    assert [lines[record["line"] - 1].split(":")[0].strip() for record in report(tmp_path)["records"]] == CHANGED
    assert {record["path"] for record in report(tmp_path)["records"]} == {"own.yml"}
    assert report(tmp_path)["summary"]["checks"] == len(CHANGED)


def test_a_run_with_nothing_of_this_collection_is_left_alone(environment: Emulator, tmp_path: Path) -> None:
    done = run(environment, tmp_path, THEIRS, UCOPS_IMP_DRIFT_FORMATS="json,pdf")

    assert done.status == 0, done.output
    assert (tmp_path / "kept").exists()
    assert not (tmp_path / "reports").exists()
    assert "rift" not in done.output
