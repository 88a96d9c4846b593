# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain over the wire, at a process that is killed on the way: from Unified CM to what is shown of a user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from tests.integration.emulator.test_durability import ask
from tests.support.emulator import Emulator
from tests.support.imp_admin import Api, body, restart, trust_exchange
from tests.support.scenarios import shipped, with_users, write_scenario

USER = "user0001"
HOUR = timedelta(hours=1)


def activity(emulator: Emulator) -> str:
    return str(emulator.control.presence(USER)["activity"])


def test_a_meeting_shows_and_goes_on_after_a_kill(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    scenario = str(write_scenario(tmp_path, with_users(shipped(), 2)))
    emulator = start_emulator("--scenario", scenario)
    control = emulator.control
    now = datetime.fromisoformat(control.clock(frozen=True)["now"])
    control.impersonation(allowed=True)
    account = emulator.ready["exchange_account"]
    api = Api(emulator)
    gateway = body("mail1.example.com", account=account["username"], password=account["password"])
    assert api.add(gateway).status_code == 201
    api.client.close()
    for node in ("imp-pub", "imp-sub"):
        trust_exchange(emulator, node)
        restart(emulator, node, PRESENCE_ENGINE)
    enabled = "<imAndPresenceEnable>true</imAndPresenceEnable><calendarPresence>true</calendarPresence>"
    with emulator.client("cucm-pub") as client:
        ask(client, "updateUser", f"<userid>{USER}</userid><homeCluster>true</homeCluster>{enabled}")
    control.add_meeting(f"{USER}@example.com", now, now + 2 * HOUR)
    control.advance(60)
    assert activity(emulator) == "In a meeting"
    emulator.kill()

    again = start_emulator("--scenario", scenario)
    assert activity(again) == "In a meeting"
    again.control.add_meeting(f"{USER}@example.com", now + 2 * HOUR, now + 4 * HOUR)
    again.control.advance(3 * 3600)
    assert activity(again) == "In a meeting"
    again.control.advance(3600)
    assert activity(again) == ""
