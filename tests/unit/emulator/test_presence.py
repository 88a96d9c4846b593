# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown of users: what a change does at once, what time does, who is told, and when it is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imp_emulator.catalogue.services import AXL_WEB_SERVICE
from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.events import PresenceChanged
from imp_emulator.domain.imp import presence, services
from imp_emulator.domain.imp.engine_settings import Settings
from imp_emulator.domain.imp.presence_rules import Manual, SignIn
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.store import jobs
from imp_emulator.store.imp import engine
from imp_emulator.store.imp import presence as store
from imp_emulator.store.imp.engine import EngineUser, Loaded
from imp_emulator.wire.axl.imp import ImpAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess

CLUSTER, USERID, HOUR, DAY = "dc1", "user0001", 3600.0, 86400.0
AVAILABLE = ("Available", "", "")
IN_A_MEETING = ("Busy", "In a meeting", "")


class Watched:
    """An environment with one user of IM and Presence, and what was told of that user."""

    def __init__(self, environment: Environment, spread: int = 0) -> None:
        self.environment = environment
        self.context = environment.context
        self.spread = spread
        self.told: list[str] = []
        self.noon = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("UTC")).timestamp()
        environment.events.subscribe(PresenceChanged, lambda event: self.told.append(event.userid))
        self.clock(lambda clock: (clock.freeze(True), clock.set(self.noon)))
        self.pkid = self.change(im_and_presence=True, home_cluster=True)
        assert self.told == [USERID]
        self.told.clear()
        self.node = presence.of_user(self.context, CLUSTER, USERID).node

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with self.environment.database.transaction():
            return function(self.context, CLUSTER, *arguments)

    def change(self, **changes: Any) -> str:
        return str(self.do(users.update, UserKey("userid", USERID), changes))

    def clock(self, change: Callable[[Any], Any]) -> None:
        asyncio.run(self.environment.scheduler.change_clock(change))

    def advance(self, seconds: float) -> None:
        asyncio.run(self.environment.scheduler.advance(seconds))

    def starts_engine(self, *, display_out_of_office: bool = True) -> None:
        settings = Settings((), "svc", 60, 100, 60, display_out_of_office, False, 60, 60)
        loaded = Loaded(CLUSTER, self.node, self.noon, asdict(settings), "", {})
        with self.environment.database.transaction():
            engine.put_loaded(self.environment.database, loaded)
        self.do(presence.refresh, self.pkid)

    def stops_engine(self) -> None:
        with self.environment.database.transaction():
            engine.remove_loaded(self.environment.database, CLUSTER, self.node)
        self.do(presence.refresh, self.pkid)

    def follows(self, **known: Any) -> None:
        """What the engine has learned; times of meetings are hours from noon."""
        busy = tuple((self.noon + a * HOUR, self.noon + b * HOUR, how) for a, b, how in known.pop("busy", ()))
        user = EngineUser(CLUSTER, self.pkid, self.node, "user0001@example.com", "token", busy=busy, spread=self.spread)
        with self.environment.database.transaction():
            engine.put(self.environment.database, replace(user, **known))
        self.do(presence.refresh, self.pkid)

    @property
    def shown(self) -> tuple[str, str, str]:
        found = presence.of_user(self.context, CLUSTER, USERID).presence
        return (found.presence, found.activity, found.message)

    @property
    def due(self) -> list[float]:
        found = jobs.first(self.environment.database)
        return [] if found is None else [found.due_at - self.noon]


@pytest.fixture
def watched(emulated: Environment) -> Watched:
    return Watched(emulated)


def test_a_user_of_whom_nothing_is_known_is_signed_in(watched: Watched) -> None:
    found = presence.of_user(watched.context, CLUSTER, USERID)
    assert (watched.shown, found.since, found.sign_in, found.manual) == (AVAILABLE, None, SignIn.AVAILABLE, None)
    watched.do(presence.refresh, watched.pkid)
    assert store.find(watched.environment.database, CLUSTER, watched.pkid) is None
    assert watched.told == []
    with pytest.raises(NotFound):
        presence.of_user(watched.context, CLUSTER, "user0002")
    with pytest.raises(NotFound):
        presence.of_user(watched.context, CLUSTER, "nobody")


def test_a_meeting_begins_and_ends_by_itself_each_after_the_users_own_offset(emulated: Environment) -> None:
    watched = Watched(emulated, spread=50)
    offset = presence.offset(watched.pkid, 50)
    assert 0 < offset <= 50, "of no use to this test otherwise"
    watched.starts_engine()
    watched.follows(busy=[(1, 2, "Busy"), (1, 3, "Free"), (4, 5, "Tentative")])
    assert (watched.shown, watched.due) == (AVAILABLE, [HOUR + offset])
    watched.advance(HOUR + offset - 1)
    watched.do(presence.refresh, watched.pkid)
    assert (watched.shown, watched.told) == (AVAILABLE, [])
    watched.advance(1)
    assert (watched.shown, watched.told) == (IN_A_MEETING, [USERID])
    assert presence.of_user(watched.context, CLUSTER, USERID).since == watched.noon + HOUR + offset
    watched.advance(HOUR - 1)
    watched.do(presence.refresh, watched.pkid)
    assert watched.shown == IN_A_MEETING
    watched.advance(1)
    assert (watched.shown, watched.told, watched.due) == (AVAILABLE, [USERID, USERID], [])


def test_offsets_spread_the_users_and_never_reach_the_next_minute() -> None:
    found = {presence.offset(f"user-{number}", 59) for number in range(1000)}
    assert found == set(range(60))
    assert {presence.offset(f"user-{number}", 0) for number in range(10)} == {0}


def test_what_ends_when_the_next_begins_changes_nothing_that_is_told(watched: Watched) -> None:
    watched.starts_engine()
    watched.follows(busy=[(1, 2, "Busy"), (2, 3, "Busy")])
    watched.advance(DAY)
    assert (watched.shown, watched.told) == (AVAILABLE, [USERID, USERID])


def test_absence_in_the_calendar_is_away_also_beside_a_meeting(watched: Watched) -> None:
    watched.starts_engine()
    watched.follows(busy=[(0, 2, "Busy"), (1, 2, "OOF")])
    assert watched.shown == IN_A_MEETING
    watched.advance(HOUR)
    assert watched.shown == ("Away", "", "")


def test_automatic_replies_come_and_go_in_the_language_and_zone_of_the_user(watched: Watched) -> None:
    watched.change(locale="Japanese Japan")
    watched.starts_engine()
    period = {"start": watched.noon + HOUR, "end": watched.noon + 2 * DAY}
    watched.follows(time_zone="Tokyo Standard Time", out_of_office=period)
    assert (watched.shown, watched.due) == (AVAILABLE, [HOUR])
    watched.advance(HOUR)
    # Clocks in Europe are set back in between.
    japanese = "2026/10/24 22:00 から 2026/10/26 21:00 まで不在です (JST)"
    assert watched.shown == ("Out of Office", "", japanese)
    assert presence.of_user(watched.context, CLUSTER, USERID).presence.icon == "orange"
    watched.change(locale="")
    assert watched.shown[2] == "Out of office from Oct 24, 2026, 10:00 PM to Oct 26, 2026, 9:00 PM (GMT+09:00)"
    watched.do(presence.sign_in, USERID, SignIn.OFFLINE)
    assert (watched.shown[0], watched.shown[2][:13]) == ("Offline", "Out of office")
    watched.advance(2 * DAY - HOUR)
    assert (watched.shown, watched.told) == (("Offline", "", ""), [USERID] * 4)


def test_replies_without_a_period_last_until_they_are_switched_off(watched: Watched) -> None:
    watched.starts_engine()
    watched.follows(out_of_office={"start": None, "end": None})
    assert (watched.shown, watched.due) == (("Out of Office", "", "Out of office"), [])
    watched.follows(out_of_office=None)
    assert watched.shown == AVAILABLE


def test_replies_show_only_where_the_engine_displays_them_and_runs(watched: Watched) -> None:
    watched.starts_engine(display_out_of_office=False)
    watched.follows(out_of_office={"start": None, "end": None}, busy=[(0, 1, "Busy")])
    assert watched.shown == IN_A_MEETING
    watched.starts_engine(display_out_of_office=True)
    assert watched.shown[0] == "Out of Office"
    watched.stops_engine()
    assert watched.shown == AVAILABLE


def test_a_manual_presence_overrides_and_is_given_back(watched: Watched) -> None:
    watched.starts_engine()
    watched.follows(out_of_office={"start": None, "end": None})
    watched.do(presence.set_manual, USERID, Manual("DND", override=True, note="writing"))
    watched.do(presence.set_phone, USERID, True)
    assert watched.shown == ("Do not disturb", "", "writing")
    watched.do(presence.set_phone, USERID, False)
    watched.do(presence.set_manual, USERID, None)
    assert watched.shown == ("Out of Office", "", "Out of office")
    watched.do(presence.set_phone, USERID, True)
    assert watched.shown == ("Busy", "On the phone", "")


def test_a_manual_presence_expires(watched: Watched) -> None:
    watched.do(presence.set_manual, USERID, Manual("AWAY", override=True, until=watched.noon + HOUR))
    assert watched.due == [HOUR]
    watched.advance(HOUR)
    found = presence.of_user(watched.context, CLUSTER, USERID)
    assert (watched.shown, found.manual, watched.told) == (AVAILABLE, None, [USERID, USERID])


def test_a_manual_presence_does_not_end_with_the_one_that_it_replaced(watched: Watched) -> None:
    watched.do(presence.set_manual, USERID, Manual("AWAY", override=True, until=watched.noon + HOUR))
    watched.do(presence.set_manual, USERID, Manual("DND", override=True))
    assert watched.due == []
    watched.advance(2 * HOUR)
    assert watched.shown == ("Do not disturb", "", "")


@pytest.mark.parametrize(
    "manual",
    [
        Manual("GONE", override=True),
        Manual("AWAY", override=True, activity="sleeping"),
        Manual("AWAY", override=True, note="x" * 1025),
        Manual("AWAY", override=True, until=1.0),
    ],
)
def test_what_cannot_be_set_by_hand(watched: Watched, manual: Manual) -> None:
    with pytest.raises(InvalidValue):
        watched.do(presence.set_manual, USERID, manual)
    assert watched.told == []


def test_a_user_that_is_disabled_or_removed_is_forgotten(watched: Watched) -> None:
    for ending in (
        lambda: watched.change(im_and_presence=False),
        lambda: watched.do(users.remove, UserKey("userid", USERID)),
    ):
        watched.do(presence.set_manual, USERID, Manual("AWAY", override=True, until=watched.noon + HOUR))
        assert watched.due == [HOUR]
        watched.told.clear()
        ending()
        assert (watched.told, watched.due) == ([USERID], [])
        assert store.find(watched.environment.database, CLUSTER, watched.pkid) is None
        if users.count(watched.context, CLUSTER, {"userid": USERID}):
            watched.change(im_and_presence=True)
            assert watched.shown == AVAILABLE


def test_users_are_found_by_node_name_and_page(watched: Watched) -> None:
    watched.do(users.update, UserKey("userid", "user0002"), {"im_and_presence": True})
    context = watched.context

    def names(*arguments: Any) -> list[str]:
        return [user.userid for user in presence.of_cluster(context, CLUSTER, *arguments)]

    assert names() == [USERID, "user0002"]
    assert names(["user0002", "nobody", "USER0002"]) == ["user0002"]
    assert names((), watched.node) == [USERID]
    assert names(["user0002"], watched.node) == []
    assert [user.userid for user in presence.page(context, CLUSTER, USERID, 5)] == ["user0002"]
    assert [user.userid for user in presence.page(context, CLUSTER, "", 1)] == [USERID]


def test_the_scenario_says_whether_users_are_signed_in(watched: Watched) -> None:
    scenario = watched.environment.scenario
    offline = tuple(replace(cluster, signed_in=False) for cluster in scenario.clusters)
    context = replace(watched.context, scenario=replace(scenario, clusters=offline))
    assert presence.of_user(context, CLUSTER, USERID).presence.presence == "Offline"
    with watched.environment.database.transaction():
        presence.sign_in(context, CLUSTER, USERID, SignIn.AVAILABLE)
    assert presence.of_user(context, CLUSTER, USERID).presence.presence == "Available"


VIEWER = "<userid>{}</userid><perspectiveuserid>{}</perspectiveuserid>"


def test_the_presence_viewer_of_axl(watched: Watched) -> None:
    axl = InProcess(watched.environment, ImpAxl, "imp-pub")
    with watched.environment.database.transaction():
        services.deploy(watched.context, CLUSTER, "imp-pub", AXL_WEB_SERVICE, activate=True)
    watched.do(presence.set_manual, USERID, Manual("BUSY", override=True, activity="meeting", note="a < b"))
    answer = axl.ask("getPresenceViewer", VIEWER.format(USERID, "user0002"))
    assert answer.values("PresenceViewerInfo/userstatus") == ["Busy - In a meeting - a < b"]
    assert answer.values("PresenceViewerInfo/node") == [watched.node]
    assert answer.values("PresenceViewerInfo/loginCupc") == ["true"]


@pytest.mark.parametrize(
    ("userid", "watcher", "checks"),
    [
        ("nobody", USERID, ["false", "true", "false"]),
        (USERID, "nobody", ["true", "false", "true"]),
        ("user0002", USERID, ["true", "true", "false"]),
    ],
)
def test_the_presence_viewer_of_whom_there_is_not(
    watched: Watched, userid: str, watcher: str, checks: list[str]
) -> None:
    axl = InProcess(watched.environment, ImpAxl, "imp-pub")
    with watched.environment.database.transaction():
        services.deploy(watched.context, CLUSTER, "imp-pub", AXL_WEB_SERVICE, activate=True)
    answer = axl.ask("getPresenceViewer", VIEWER.format(userid, watcher))
    names = ("userCheck", "perspectiveUserCheck", "isUserAssigned")
    assert [answer.returned.findtext(name) for name in names] == checks
    assert answer.returned.find("PresenceViewerInfo") is None
