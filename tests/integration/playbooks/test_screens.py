# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that show screens, of several hosts at once of which one drops out, run by ``ansible-playbook``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.playbooks import play

CHANGED = {"kind": "calendar_user", "id": "ada", "action": "update", "fields": []}
RESULT = {"changed": True, "changes": [CHANGED], "failures": [], "elapsed": 1.5}
SUMMARY = {"parts": ["calendar_users", "trust"], "cluster": "{{ inventory_hostname }}", "begun": "now?"}
PLAYS = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.fail": {"msg": "no such vault"}, "when": "inventory_hostname == 'hamburg'"},
            {"ansible.builtin.set_fact": {"calendar_users_result": RESULT, "ucops_imp_cluster": "capital"}},
            {
                "ucops.imp.summary": {**SUMMARY, "path": "tickets/{{ inventory_hostname }}.md"},
                "register": "calendar_integration_summary",
            },
            {"ucops.imp.summary": {**SUMMARY, "path": "tickets/hidden.md"}, "no_log": True},
            {"ucops.imp.summary": {"hosts": "{{ ansible_play_hosts_all }}"}, "run_once": True},
            # Nothing that it may be given makes a run fail that did its work.
            {"ansible.builtin.set_fact": {"calendar_users_result": {"changes": [17]}}},
            {"ucops.imp.summary": SUMMARY, "register": "odd"},
            {"ansible.builtin.assert": {"that": "odd is success"}},
            {"ucops.imp.screen": {"columns": ["GATEWAY"], "rows": [["mail1", "mail2"]]}},
        ],
    }
]


def test_each_host_has_a_screen_and_who_dropped_out_is_told(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(json.dumps({"all": {"hosts": {"berlin": {}, "hamburg": {}}}}))
    playbook = tmp_path / "screens.json"
    playbook.write_text(json.dumps(PLAYS))

    # No connection is needed: there is no such host.
    played = play(tmp_path / "none", tmp_path, str(playbook), inventory=hosts)

    assert played.output.count("berlin: 1 change") == 1, "the task with no_log shows nothing"
    assert "1 user changed  ada" in played.output
    told = " ".join(played.output.split())
    assert "LEFT ALONE WHY" in told
    assert "trust left out" in told
    assert "capital berlin 1 change hamburg hamburg dropped out, see its message above" in told
    assert (tmp_path / "tickets" / "berlin.md").read_text().startswith("# Calendar integration of berlin: 1 change\n")
    assert not (tmp_path / "tickets" / "hidden.md").exists()
    assert "hidden.md is not written, because the task has no_log" in told
    # The one that was meant to fail, and the rows that do not fit.
    assert "rows: each row must have as many cells as there are columns, 1." in told
    assert (played.recap["berlin"].failed, played.recap["hamburg"].failed) == (1, 1)
    assert (played.recap["berlin"].changed, played.recap["berlin"].unreachable) == (0, 0)
