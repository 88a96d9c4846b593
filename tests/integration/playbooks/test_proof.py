# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof at the end of the role ``calendar_integration``: a test user's meeting is shown, or why it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.playbooks import Played, play

OPERATION = "listPresence"


def prove(environment: Emulator, folder: Path, *runs: dict[str, Any]) -> Played:
    """Run nothing of the role but its proof, once for each of these variables, and go on when one fails.

    Each shows its number and its failure in one line.
    """
    common = {"calendar_integration_parts": [], "calendar_integration_proof_retries": 1}
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": "ucops.imp.calendar_integration"}, "vars": variables}],
            "rescue": [{"ansible.builtin.debug": {"msg": f"RUN {number} {{{{ ansible_failed_result.msg }}}} END"}}],
        }
        for number, variables in enumerate(runs, start=1)
    ]
    module_defaults = {"group/ucops.imp.imp": "{{ here | default(ucops_imp_publisher) }}"}
    fixed = {**common, "calendar_integration_proof_delay": 0}
    book = {"hosts": "imp_publisher", "gather_facts": False, "module_defaults": module_defaults, "vars": fixed}
    (folder / "proof.yml").write_text(json.dumps([{**book, "tasks": tasks}]))
    return play(environment.ready_file, folder, str(folder / "proof.yml"))


def said(played: Played, run: int) -> str:
    """Return the failure of a run of the role, on one line."""
    return " ".join(played.output.partition(f"RUN {run} ")[2].partition(" END")[0].split())


def test_what_the_proof_fails_for(environment: Emulator, tmp_path: Path) -> None:
    other = connection(environment, "imp", node="cucm-pub")
    played = prove(
        environment,
        tmp_path,
        {"calendar_integration_proof_user": "user0999"},
        {"calendar_integration_proof_user": "nobody"},
        {"calendar_integration_proof_user": "user0001", "here": other},
    )
    assert said(played, 1) == (
        "proof: user0999 is not shown in a meeting. The condition enabled is not met: Not set: Enable User for Unified"
        " CM IM and Presence, Include meeting information in Presence. Enable the user with the module calendar_users."
    )
    assert said(played, 2) == "proof: calendar_integration_proof_user: there is no user nobody."
    assert "proof: Nothing tells users' presence here." in said(played, 3)
    # Two looks at a user who may still come into a meeting, one at nobody, none again where nothing tells.
    assert len(environment.journal(operation=OPERATION)) == 3
