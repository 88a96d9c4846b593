# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running emulator with users whose calendars are followed: what tests of the way from Exchange to presence need.

Its clock stands still, half a day before the clocks are set in New York.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imp_emulator.client.control import Control
from tests.support.axl import OverTheWire
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE, Api, body, restart, trust_exchange
from tests.support.modules import ModuleResult, run_module

SNAPSHOT = "presence-chain"
NODES = ("imp-pub", "imp-sub")
MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
ONE, TWO, THREE, _, FIVE = USERS = tuple(f"user{number:04}" for number in range(1, 6))
"""Every other one is at home on the first node: the first, the third and the fifth."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
IN_A_MEETING = "Busy: In a meeting"
NEW_YORK = ZoneInfo("America/New_York")


def clocks_are_set(after: datetime) -> datetime:
    """Return the next hour, in UTC, from which on New York's distance from UTC is another one."""
    hour = after.astimezone(timezone.utc).replace(minute=0, second=0, microsecond=0)
    while hour.astimezone(NEW_YORK).utcoffset() == (hour - timedelta(hours=1)).astimezone(NEW_YORK).utcoffset():
        hour += timedelta(hours=1)
    return hour


def address(userid: str) -> str:
    return f"{userid}@example.com"


def japanese(at: datetime) -> str:
    """Write a time as a Japanese user is told it."""
    return f"{at.year}/{at.month:02}/{at.day:02} {at.hour}:{at.minute:02}"


class Chain:
    """The environment, and what its users, calendars and engines are asked and told."""

    def __init__(self, environment: Emulator) -> None:
        self.environment = environment
        self.control: Control = environment.control

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.control.clock()["now"])

    def at(self, seconds: float) -> datetime:
        """Return a time so many seconds from now."""
        return self.now + timedelta(seconds=seconds)

    def shown(self, userid: str = ONE) -> str:
        """Return presence and activity of a user in one text."""
        found = self.control.presence(userid)
        return f"{found['presence']}: {found['activity']}" if found["activity"] else str(found["presence"])

    def known(self, userid: str = ONE) -> dict[str, Any]:
        """Return what the engine knows of a user, whom it follows."""
        found: dict[str, Any] | None = self.control.presence(userid)["calendar"]
        assert found is not None, f"{userid} is not followed"
        return found

    def offset(self, userid: str = ONE) -> int:
        """Return how many seconds after the minute a user's meetings are shown."""
        return int(self.known(userid)["offset"])

    def meeting(self, userid: str, begin: float, end: float) -> str:
        """Put a meeting into a calendar, from and to so many seconds from now; returns its identifier."""
        return str(self.control.add_meeting(address(userid), self.at(begin), self.at(end))["id"])

    def quiet(self) -> None:
        """Wait until all that was caused has ended."""
        self.control.advance(0)

    def notices(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the notifications that Exchange has sent to the engines, behind an entry of the journal."""
        found: list[dict[str, Any]] = self.control.journal(operation="SendNotification", after=after)
        return found

    def asked(self) -> list[str]:
        """Return which operations of Exchange Web Services were asked for, and forget the journal."""
        found = [str(entry["operation"]) for entry in self.control.journal(protocol="ews")]
        self.control.clear_journal()
        return found

    def restart(self, *names: str) -> None:
        """Restart the Presence Engine of these nodes, by default of both."""
        for name in names or NODES:
            restart(self.environment, name, ENGINE)
        self.quiet()

    def set_parameters(self, **parameters: Any) -> None:
        """Set parameters with the module that users have for them; nothing is restarted."""
        assert self.module("calendaring_parameters", "cucm", **parameters).changed
        self.quiet()

    def module(self, name: str, kind: str = "imp", **options: Any) -> ModuleResult:
        """Run a module against the environment; it must not fail."""
        result = run_module(name, {**connection(self.environment, kind), **options})
        assert not result.failed, result.msg
        return result

    def nodes(self, port: int, *names: str) -> list[dict[str, Any]]:
        """Return the option ``nodes`` of a module."""
        return nodes(self.environment, port, *names)


def _follow(environment: Emulator) -> None:
    """Set an environment up in which both engines follow their users at two gateways, and take a snapshot of it."""
    control, account = environment.control, environment.ready["exchange_account"]
    control.reset()
    now = datetime.fromisoformat(control.clock(frozen=True)["now"])
    control.clock(now=(clocks_are_set(now + timedelta(days=1)) - timedelta(hours=12)).isoformat())
    control.impersonation(allowed=True)
    for name in (MAIL1, MAIL2):
        Api(environment).add(body(name, account=account["username"], password=account["password"]))
    axl = OverTheWire(environment)
    for userid in USERS:
        locale = "<userLocale>Japanese Japan</userLocale>" if userid == ONE else ""
        flags = "<imAndPresenceEnable>t</imAndPresenceEnable><calendarPresence>t</calendarPresence>"
        axl.ask("updateUser", f"<userid>{userid}</userid>{locale}<homeCluster>t</homeCluster>{flags}").done()
    for node in NODES:
        trust_exchange(environment, node)
        restart(environment, node, ENGINE)
    control.advance(0)
    assert {control.presence(userid)["calendar"]["failure"] for userid in USERS} == {""}
    control.snapshot(SNAPSHOT)


@pytest.fixture(scope="module", name="followed")
def followed_fixture(emulator: Emulator) -> Iterator[Emulator]:
    """The shared emulator, while it has the snapshot."""
    _follow(emulator)
    yield emulator
    assert emulator.control.request("DELETE", f"/snapshots/{SNAPSHOT}").status_code == 204


@pytest.fixture(name="environment")
def environment_fixture(followed: Emulator) -> Emulator:
    """The shared emulator as the snapshot has it, without faults; for fixtures that open something in it."""
    followed.control.reset()
    followed.control.restore(SNAPSHOT)
    followed.control.clear_journal()
    return followed


@pytest.fixture(name="chain")
def chain_fixture(environment: Emulator) -> Chain:
    return Chain(environment)
