# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the running emulator whose calendars the Presence Engines follow, on a clock that stands still."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE, Api, body, restart, trust_exchange
from tests.support.modules import run_module

IN_A_MEETING, WITHOUT_MAILBOX = "user0001", "user0002"
GATEWAY = "mail1.example.com"
NODES = ("imp-pub", "imp-sub")
"""The nodes of the two users, in this order."""


def follow(environment: Emulator) -> None:
    """Have one user be in a meeting of an hour before and after now, and enable another one who has no mailbox.

    Exchange is trusted on the first one's node only.
    """
    control, account = environment.control, environment.ready["exchange_account"]
    now = datetime.fromisoformat(control.clock(frozen=True)["now"])
    control.impersonation(allowed=True)
    control.remove_mailbox(f"{WITHOUT_MAILBOX}@example.com")
    control.add_meeting(f"{IN_A_MEETING}@example.com", now - timedelta(hours=1), now + timedelta(hours=1))
    Api(environment).add(body(GATEWAY, account=account["username"], password=account["password"]))
    users = [{"userid": userid} for userid in (IN_A_MEETING, WITHOUT_MAILBOX)]
    # One after the other, or it would be chance who gets which node.
    place = {**connection(environment, "cucm"), "concurrency": 1}
    assert run_module("calendar_users", {**place, "users": users}).changed
    trust_exchange(environment, NODES[0])
    for node in NODES:
        restart(environment, node, ENGINE)
    control.advance(1)
    control.clear_journal()
