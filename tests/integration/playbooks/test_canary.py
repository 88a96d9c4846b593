# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary of the role ``calendar_users``: some users first, a look at them, and then the others or nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.followed_users import GATEWAY, NODES
from tests.support.imp_admin import ENGINE, Api, body, restart, trust_exchange
from tests.support.modules import run_module
from tests.support.playbooks import Played, play

NO_MAILBOX = (20, 40, 41, 42, 43, 44)
"""The numbers of users without a mailbox."""
VARIABLES = {
    # The inventory selects by a query.
    "calendar_users_query": None,
    "calendar_users_canary": 2,
    "calendar_users_canary_retries": 1,
    "calendar_users_canary_delay": 0,
}
FOLLOWED = {"calendar_users_canary_followed": True}


def ready(environment: Emulator) -> None:
    """Have both engines follow calendars at a gateway that they trust; some users have no mailbox."""
    control, account = environment.control, environment.ready["exchange_account"]
    control.clock(frozen=True)
    control.impersonation(allowed=True)
    for number in NO_MAILBOX:
        control.remove_mailbox(f"user{number:04}@example.com")
    Api(environment).add(body(GATEWAY, account=account["username"], password=account["password"]))
    for node in NODES:
        trust_exchange(environment, node)
        restart(environment, node, ENGINE)
    control.advance(1)
    control.clear_journal()


def enabled(environment: Emulator) -> list[str]:
    result = run_module("calendar_users_info", {**connection(environment, "cucm"), "enabled_only": True})
    return [user["userid"] for user in result["users"]]


def listed(*numbers: int) -> list[dict[str, str]]:
    return [{"userid": f"user{number:04}"} for number in numbers]


def rounds(environment: Emulator, folder: Path, *runs: dict[str, Any]) -> Played:
    """Run the role once for each of these variables, and go on when one fails; each shows its number and its result."""
    shown = "{{ calendar_users_result.changes | default([]) | map(attribute='id') | join(',') }}"
    tasks = [
        {
            "block": [
                {"ansible.builtin.include_role": {"name": "ucops.imp.calendar_users"}, "vars": variables},
                {"ansible.builtin.debug": {"msg": f"RUN {number} {shown} END"}},
            ],
            "rescue": [
                {"ansible.builtin.debug": {"msg": f"RUN {number} {shown} {{{{ ansible_failed_result.msg }}}} END"}}
            ],
        }
        for number, variables in enumerate(runs, start=1)
    ]
    connections = {"cucm": "{{ ucops_imp_cucm }}", "imp": "{{ ucops_imp_publisher }}"}
    book = {
        "hosts": "imp_publisher",
        "gather_facts": False,
        "module_defaults": {f"group/ucops.imp.{name}": value for name, value in connections.items()},
        "vars": VARIABLES,
        "tasks": tasks,
    }
    (folder / "canary.yml").write_text(json.dumps([book]))
    return play(environment.ready_file, folder, str(folder / "canary.yml"))


def said(played: Played, run: int) -> str:
    """Return what a run of the role has shown, on one line."""
    return " ".join(played.output.partition(f"RUN {run} ")[2].partition(" END")[0].split())


def test_some_users_first_and_the_others_when_these_are_well(environment: Emulator, tmp_path: Path) -> None:
    ready(environment)
    environment.control.fault("status", effect={"status": 403}, protocol="axl", operation="executeSQLQuery", times=1)
    played = rounds(
        environment,
        tmp_path,
        {"calendar_users_list": listed(30, 31, 32)},
        {"calendar_users_list": listed(10, 11, 12, 13, 14)},
        {"calendar_users_list": listed(21, 20, 22, 23)},
        {"calendar_users_list": listed(24, 25, 26), "calendar_users_max_changes": 2},
        {"calendar_users_list": [*listed(27, 28, 29), {"userid": "nobody"}]},
        {"calendar_users_list": listed(40, 41, 42, 43, 44, 45), "calendar_users_canary": 5},
    )
    assert played.status == 0, played.output
    # Who would change could not be read the first time: then there is no first user, and nobody is changed.
    assert said(played, 1).strip()
    assert "user00" not in said(played, 1)
    # Both batches are in the result, so that what is shown of a run is all of it.
    assert said(played, 2) == "user0010,user0011,user0012,user0013,user0014"
    assert said(played, 3).startswith("user0021,user0020 The first 2 users are not all as they should be. user0020: ")
    assert said(played, 3).endswith("The other 2 users were left alone. Put it right, and run it again.")
    # Nobody is changed when all of them would be more than the run may change.
    assert "3 users would change, more than max_changes allows (2)." in said(played, 4)
    # Also of a run in which one of the others fails.
    assert said(played, 5).startswith("user0027,user0028,user0029 ")
    assert "nobody" in said(played, 5)
    # What keeps all of them back is said once.
    many = "The first 5 users are not all as they should be. user0040, user0041, user0042 and 2 more: "
    assert many in said(played, 6)
    assert "user0044@" not in said(played, 6)
    assert said(played, 6).endswith(". The other user was left alone. Put it right, and run it again.")
    found = enabled(environment)
    done = (10, 11, 12, 13, 14, 20, 21, 27, 28, 29, 40, 41, 42, 43, 44)
    assert found == [f"user{number:04}" for number in done]
    updates = environment.journal(protocol="axl", operation="updateUser")
    assert len(updates) == len(found)


def test_nobody_waits_for_an_engine_that_wants_a_restart(environment: Emulator, tmp_path: Path) -> None:
    """As in the first run of a site, whose restart comes after the users."""
    account = environment.ready["exchange_account"]
    Api(environment).add(body(GATEWAY, account=account["username"], password=account["password"]))
    environment.control.clear_journal()
    some = {"calendar_users_list": listed(1, 2, 3), "calendar_users_canary_retries": 3}
    played = rounds(environment, tmp_path, some, {**some, **FOLLOWED, "calendar_users_list": listed(4, 5, 6)})
    assert said(played, 1) == "user0001,user0002,user0003"
    assert "has loaded no presence gateway" in said(played, 2)
    assert said(played, 2).endswith("The other user was left alone. Put it right, and run it again.")
    looks = [entry for entry in environment.journal(protocol="imp_admin") if entry["operation"] == "listPresence"]
    assert len(looks) == 2
