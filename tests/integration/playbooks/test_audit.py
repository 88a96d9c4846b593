# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of ``module_defaults`` makes every role report what nobody asked for."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.playbooks import play

RESULTS = ("trust_result", "presence_gateways_result", "calendar_users_result", "calendaring_result")


def test_the_action_group_reaches_the_modules_of_all_roles(environment: Emulator, tmp_path: Path) -> None:
    by_hand = {**connection(environment, "cucm"), "exchange_queue": 2000}
    assert not run_module("calendaring_parameters", by_hand).failed
    last = environment.control.last_journal_id()
    shown = {name: f"{{{{ {name}.undeclared }}}}" for name in RESULTS}
    kinds = {"cucm": "ucops_imp_cucm", "imp": "ucops_imp_publisher", "platform": "ucops_imp_platform"}
    book = {
        "hosts": "imp_publisher",
        "gather_facts": False,
        "module_defaults": {
            **{f"group/ucops.imp.{kind}": f"{{{{ {name} }}}}" for kind, name in kinds.items()},
            "group/ucops.imp.audit": {"report_undeclared": True},
        },
        "vars": {"calendar_integration_parts": ["trust", "presence_gateways", "calendar_users", "calendaring"]},
        "roles": [{"role": "ucops.imp.calendar_integration"}],
        "post_tasks": [
            {
                "name": "Show",
                "ansible.builtin.copy": {"content": shown, "dest": str(tmp_path / "shown.json")},
                "check_mode": False,
            }
        ],
    }
    (tmp_path / "audit.yml").write_text(json.dumps([book]))

    played = play(environment.ready_file, tmp_path, str(tmp_path / "audit.yml"), "--check")

    assert played.status == 0, played.output
    assert json.loads((tmp_path / "shown.json").read_text()) == {
        **{name: [] for name in RESULTS},
        "calendaring_result": [
            {"kind": "calendaring_parameter", "id": "exchange_queue", "fields": {"value": 2000, "default": 2200}}
        ],
    }
    assert environment.journal(writes=True, after=last) == []
