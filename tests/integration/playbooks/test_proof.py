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
from tests.support.followed_users import IN_A_MEETING, WITHOUT_MAILBOX, follow
from tests.support.playbooks import Played, play

OPERATION = "listPresence"


def prove(environment: Emulator, folder: Path, *runs: dict[str, Any], check: bool = False) -> Played:
    """Run the role with nothing but its proof, once for each of these variables, and go on when one fails.

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
    return play(environment.ready_file, folder, str(folder / "proof.yml"), *(["--check"] if check else []))


def said(played: Played, run: int) -> str:
    """Return the failure of a run of the role, on one line."""
    return " ".join(played.output.partition(f"RUN {run} ")[2].partition(" END")[0].split())


def test_a_meeting_that_is_shown_and_what_the_proof_fails_for(environment: Emulator, tmp_path: Path) -> None:
    follow(environment)
    other = connection(environment, "imp", node="cucm-pub")
    played = prove(
        environment,
        tmp_path,
        {"calendar_integration_proof_user": IN_A_MEETING},
        {"calendar_integration_proof_user": WITHOUT_MAILBOX},
        {"calendar_integration_proof_user": "nobody"},
        {"calendar_integration_proof_user": IN_A_MEETING, "here": other},
    )
    assert played.status == 0, played.output
    assert len(played.module_calls) == 4
    assert said(played, 1) == ""
    assert "proof: user0002 is not shown in a meeting. The condition trust is not met: The certificate" in said(
        played, 2
    )
    assert "Upload the certificate of the CA to cup-trust of imp-sub (module trust_certificates)" in said(played, 2)
    assert said(played, 3) == "proof: calendar_integration_proof_user: there is no user nobody."
    assert "proof: The presence of users cannot be read here." in said(played, 4)
    # Two looks at a user who may still come into a meeting, one at each other; none again where nothing tells.
    assert len(environment.journal(operation=OPERATION)) == 4


def test_check_mode_proves_nothing(environment: Emulator, tmp_path: Path) -> None:
    played = prove(environment, tmp_path, {"calendar_integration_proof_user": "user0001"}, check=True)
    assert (played.status, played.module_calls) == (0, []), played.output
    assert environment.journal() == []
