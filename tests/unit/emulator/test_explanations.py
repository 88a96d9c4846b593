# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a user is not in a meeting: each condition of the chain, with what is known and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from imp_emulator.domain.cucm import parameters, users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.imp import (
    explanations,
    following,
    gateway_credentials,
    gateways,
    presence_list,
    services,
    trust,
)
from imp_emulator.domain.imp.calendar_conditions import CONDITIONS
from imp_emulator.domain.imp.explanations import Condition
from imp_emulator.domain.imp.gateways import Draft
from imp_emulator.domain.imp.next_steps import silent_at
from imp_emulator.domain.imp.presence import offset
from imp_emulator.domain.imp.presence_list import Query
from imp_emulator.domain.imp.presence_rules import Inputs, Manual, SignIn, compose
from imp_emulator.domain.imp.services import Action
from imp_emulator.errors import NotFound
from imp_emulator.store.cucm import users as user_store
from imp_emulator.store.imp import engine
from imp_emulator.store.imp import presence as presence_store
from imp_emulator.store.imp.engine import EngineUser, Loaded
from imp_emulator.store.imp.presence import StoredPresence
from imp_emulator.world.environment import Environment
from tests.support.certificates import issue

ENGINE = "Cisco Presence Engine"
USER, NAMES = "user0001", list(CONDITIONS)
RESTART = "Restart Cisco Presence Engine on imp-pub (module services)."
ENABLED = {"home_cluster": True, "im_and_presence": True, "meeting_information": True}
DRAFT = Draft("mail1.example.com", account=r"EXAMPLE\svc-imp", password="canary-of-explanations")


def pkid(environment: Environment) -> str:
    return users.find(environment.context, "dc1", UserKey("userid", USER)).pkid


def know(environment: Environment, **known: Any) -> None:
    user = engine.user(environment.database, "dc1", pkid(environment))
    assert user is not None
    assert engine.change(environment.database, user, **known)


def show(environment: Environment, inputs: Inputs) -> None:
    now = environment.clock.timestamp()
    shown = asdict(compose(inputs, ""))
    row = StoredPresence("dc1", pkid(environment), inputs.sign_in, inputs.on_the_phone, None, shown, now)
    presence_store.put(environment.database, row)


def load(environment: Environment, pool: list[gateways.Gateway], kind: str = gateways.EWS_SERVER) -> None:
    """Have the engine of imp-pub have loaded these gateways, just now."""
    fields = {"timeout": 3, "queue": 2200, "threads": 60, "pull_minutes": 60, "out_of_office_minutes": 60}
    switches = {"account": r"EXAMPLE\svc-imp", "display_out_of_office": True, "basic_only": False}
    loaded = [{"id": one.id, "type": kind, "name": one.name, "port": one.port} for one in pool]
    settings = {**fields, **switches, "gateways": loaded}
    engine.put_loaded(environment.database, Loaded("dc1", "imp-pub", environment.clock.timestamp(), settings, "", {}))
    environment.database.execute("DELETE FROM pending_restart")


@pytest.fixture
def meeting(emulated: Environment) -> Environment:
    """A user in a meeting, by all that the engine of its node knows."""
    context, now = emulated.context, emulated.clock.timestamp()
    with emulated.database.transaction():
        gateway = gateways.add(context, "dc1", DRAFT)
        users.update(context, "dc1", UserKey("userid", USER), ENABLED)
    load(emulated, [gateway])
    user = EngineUser(
        "dc1",
        pkid(emulated),
        "imp-pub",
        "user0001@example.com",
        "token",
        gateway=gateway.id,
        subscription="id",
        minutes=60,
        port=50020,
        spread=50,
        subscribed_at=now - 60,
        heard_at=now - 60,
        read_at=now - 60,
        window_start=now - 86400,
        window_end=now + 7 * 86400,
        busy=((now - 600, now + 600, "Busy"),),
    )
    engine.put(emulated.database, user)
    show(emulated, Inputs(SignIn.AVAILABLE, calendar="Busy"))
    return emulated


def chain(environment: Environment) -> dict[str, Condition]:
    found = explanations.explain(environment.context, "dc1", USER)
    assert [one.name for one in found] == NAMES
    return {one.name: one for one in found}


def unmet(environment: Environment) -> Condition:
    """Return the condition that is not met; those before it are, those behind it were not reached."""
    found = explanations.explain(environment.context, "dc1", USER)
    (place,) = [number for number, one in enumerate(found) if one.met is False]
    assert all(one.met and one.detail and not one.remedy for one in found[:place])
    assert all(one.met is None and not one.detail and not one.remedy for one in found[place + 1 :])
    return found[place]


def test_a_user_in_a_meeting_meets_them_all(meeting: Environment) -> None:
    assert {name: one.met for name, one in chain(meeting).items()} == dict.fromkeys(NAMES, True)
    assert {one.remedy for one in chain(meeting).values()} == {""}
    assert 'The row "meeting" of the table of states decides: Busy (In a meeting).' in chain(meeting)["rule"].detail


def disable(environment: Environment) -> None:
    users.update(environment.context, "dc1", UserKey("userid", USER), {"meeting_information": False})


def without_mail(environment: Environment) -> None:
    users.update(environment.context, "dc1", UserKey("userid", USER), {"mail": ""})


def homeless(environment: Environment) -> None:
    environment.database.execute("UPDATE end_user SET presence_node = NULL")


def stopped(environment: Environment) -> None:
    services.control(environment.context, "dc1", "imp-pub", Action.STOP, ENGINE)


def forgotten(environment: Environment) -> None:
    engine.remove(environment.database, "dc1", pkid(environment))


def empty_pool(environment: Environment) -> None:
    load(environment, [])
    gateways.delete(environment.context, "dc1", gateways.gateways(environment.context, "dc1")[0].id)


def nothing_given(environment: Environment) -> None:
    know(environment, gateway="", subscription="")


def fails(code: str) -> Callable[[Environment], None]:
    def fail(environment: Environment) -> None:
        know(environment, failure=code, failure_detail=f"The words of {code}.", subscription="")

    return fail


def without_subscription(environment: Environment) -> None:
    know(environment, subscription="")


def silent(environment: Environment) -> None:
    long_ago = environment.clock.timestamp() - 2 * 60 * 60 - 1
    know(environment, heard_at=long_ago, subscribed_at=long_ago)


def pulled(read_ago: float | None) -> Callable[[Environment], None]:
    """The engine has loaded the gateway as one of Office 365, which has no subscriptions."""

    def pull(environment: Environment) -> None:
        load(environment, gateways.gateways(environment.context, "dc1"), kind="Office 365 Server")
        read_at = None if read_ago is None else environment.clock.timestamp() - read_ago
        know(environment, subscription="", subscribed_at=None, heard_at=None, read_at=read_at, busy=())

    return pull


def fails_online(code: str) -> Callable[[Environment], None]:
    def fail(environment: Environment) -> None:
        pulled(60)(environment)
        fails(code)(environment)

    return fail


def unread(environment: Environment) -> None:
    know(environment, window_end=environment.clock.timestamp())


def nothing_now(environment: Environment) -> None:
    know(environment, busy=())


def out_of_town(environment: Environment) -> None:
    now = environment.clock.timestamp()
    know(
        environment,
        busy=((now - 600, now + 600, "Busy"), (now - 600, now + 600, "OOF"), (now + 900, now + 960, "Busy")),
    )


def just_begun(environment: Environment) -> None:
    now = environment.clock.timestamp()
    assert offset(pkid(environment), 50) > 1
    know(environment, busy=((now - 1, now + 600, "Busy"),))


def shown(**inputs: Any) -> Callable[[Environment], None]:
    return lambda environment: show(environment, Inputs(**{"sign_in": SignIn.AVAILABLE, "calendar": "Busy", **inputs}))


CASES: dict[str, tuple[Callable[[Environment], None], str, str, str]] = {
    "disabled": (disable, "enabled", "Include meeting information in Presence", "module calendar_users"),
    "no mail address": (without_mail, "enabled", "no mail address", "End User Configuration"),
    "no node": (homeless, "node", "No IM and Presence node", "Presence Topology"),
    "stopped": (stopped, "node", "on imp-pub is Stopped", "Start Cisco Presence Engine on imp-pub"),
    "empty pool": (empty_pool, "gateway", "has loaded no presence gateway", "module presence_gateways"),
    "not followed": (forgotten, "gateway", "does not follow", RESTART),
    "no gateway given": (nothing_given, "gateway", "no gateway of its pool", RESTART),
    "unreachable": (fails("unreachable"), "gateway", "The words of unreachable.", "Make mail1.example.com reachable"),
    "timeout": (fails("timeout"), "gateway", "mail1.example.com fails.", "exchange_timeout"),
    "busy": (fails("busy"), "gateway", "The words of busy.", "exchange_threads"),
    "queue": (fails("queue"), "gateway", "The words of queue.", "exchange_queue"),
    "answer": (fails("answer"), "gateway", "The words of answer.", "Exchange Web Services"),
    "trust": (
        fails("trust"),
        "trust",
        "The words of trust.",
        "of the CA to cup-trust of imp-pub",
    ),
    "login": (fails("login"), "account", "The words of login.", "module presence_gateways"),
    "no mailbox": (fails("mailbox"), "mailbox", "user0001@example.com", "mail address in Unified CM"),
    "no calendar": (fails("folder"), "mailbox", "The words of folder.", "mail address in Unified CM"),
    "no right": (fails("right"), "right", "The words of right.", "module exchange_impersonation"),
    "unknown failure": (fails("else"), "subscription", "The words of else.", RESTART),
    "trust online": (fails_online("trust"), "trust", "The words of trust.", "to cup-trust and tomcat-trust of imp-pub"),
    "login online": (fails_online("login"), "account", "application of mail1.example.com", "the secret of the"),
    "no right online": (fails_online("right"), "right", "may not read user0001", "Grant the application"),
    "no subscription": (without_subscription, "subscription", "no subscription yet", "Look again in a minute"),
    "silence": (silent, "event", "120 minutes ago", "reaches port 50020 of imp-pub"),
    "never pulled": (pulled(None), "subscription", "has not been read yet", RESTART),
    "not pulled of late": (pulled(2 * 60 * 60 + 1), "event", "The calendar was read last at", RESTART),
    "pulled": (pulled(60), "window", "none begins until", "calendar of user0001@example.com"),
    "window over": (unread, "window", "has not read the calendar of this time", RESTART),
    "no meeting": (nothing_now, "window", "none begins until", "calendar of user0001@example.com"),
    "away by calendar": (
        out_of_town,
        "window",
        "is shown as OOF, which goes before Busy; one begins at",
        "and not OOF",
    ),
    "spread": (just_begun, "window", "A meeting has begun", "Wait for the calendar spread."),
    "override": (
        shown(manual=Manual("DND", True)),
        "rule",
        '"override_do_not_disturb"',
        "module presence",
    ),
    "offline": (shown(sign_in=SignIn.OFFLINE), "rule", '"offline"', "Sign the user in"),
    "on the phone": (shown(on_the_phone=True), "rule", "Busy (On the phone)", "end of the call"),
    "not yet": (shown(calendar=None), "rule", '"available"', "Look again"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_that_is_not_met_is_told_with_what_to_do(case: str, meeting: Environment) -> None:
    change, name, detail, remedy = CASES[case]
    with meeting.database.transaction():
        # What the user shows follows from the calendar; here it is no meeting any more.
        show(meeting, Inputs(SignIn.AVAILABLE))
        change(meeting)
    condition = unmet(meeting)
    assert condition.name == name
    assert detail in condition.detail
    assert remedy in condition.remedy


def upload(environment: Environment) -> None:
    trust.upload(environment.context, "dc1", "imp-pub", ["cup"], [issue("New CA", ca=True).pem])


def new_password(environment: Environment) -> None:
    gateway_credentials.replace(environment.context, "dc1", r"EXAMPLE\svc-imp", "another canary")


def longer_timeout(environment: Environment) -> None:
    found = parameters.find(environment.context, "dc1", "imp-pub", ENGINE, "ExchangeTimeout")
    parameters.change(environment.context, "dc1", found, "9")


def other_port(environment: Environment) -> None:
    known = gateways.gateways(environment.context, "dc1")[0]
    gateways.replace(environment.context, "dc1", known.id, Draft(known.name, port=444))


@pytest.mark.parametrize(
    ("failure", "change", "name", "told"),
    [
        ("trust", upload, "trust", "cup-trust certificate New_CA.pem uploaded"),
        ("login", new_password, "account", "Presence gateway credentials updated"),
        ("timeout", longer_timeout, "gateway", "Cisco Presence Engine: ExchangeTimeout changed"),
        ("unreachable", other_port, "gateway", "Presence gateway mail1.example.com updated"),
    ],
)
def test_what_the_engine_has_not_loaded_is_told_with_the_condition_that_it_explains(
    failure: str, change: Callable[[Environment], None], name: str, told: str, meeting: Environment
) -> None:
    with meeting.database.transaction():
        show(meeting, Inputs(SignIn.AVAILABLE))
        fails(failure)(meeting)
        change(meeting)
    condition = unmet(meeting)
    assert (condition.name, condition.remedy) == (name, RESTART)
    assert f"The words of {failure}. It has not loaded what was changed since: {told}." in condition.detail
    assert f"{told}." in chain(meeting)["node"].detail


def test_a_gateway_that_was_added_since_the_engine_started(meeting: Environment) -> None:
    load(meeting, [])
    with meeting.database.transaction():
        gateways.add(meeting.context, "dc1", Draft("mail2.example.com"))
        show(meeting, Inputs(SignIn.AVAILABLE))
    assert "Presence gateway mail2.example.com added" in unmet(meeting).detail
    assert unmet(meeting).remedy == RESTART


def test_a_meeting_that_was_set_by_hand_needs_no_calendar(meeting: Environment) -> None:
    with meeting.database.transaction():
        fails("trust")(meeting)
        show(meeting, Inputs(SignIn.AVAILABLE, manual=Manual("AVAILABLE", True, activity="meeting")))
    found = chain(meeting)
    assert [name for name, one in found.items() if one.met is False] == []
    assert (found["trust"].met, found["trust"].remedy, found["mailbox"].met) == (None, "", None)
    assert found["rule"].met
    assert '"override_meeting"' in found["rule"].detail


def test_nobody_is_explained_who_does_not_exist(meeting: Environment) -> None:
    with pytest.raises(NotFound):
        explanations.explain(meeting.context, "dc1", "nobody")
    with pytest.raises(NotFound):
        presence_list.of_user(meeting.context, "dc1", "nobody")


def test_a_long_way_of_the_clock_is_no_silence_for_a_subscription_that_was_made_after_a_silence(
    meeting: Environment,
) -> None:
    now = meeting.clock.timestamp()
    know(meeting, heard_at=now - 7200, subscribed_at=now)
    following.leap(meeting.context, 86400.0)
    user = engine.user(meeting.database, "dc1", pkid(meeting))
    assert user is not None
    assert silent_at(user) == now + 86400 + 7200


def listed(environment: Environment, **query: Any) -> list[str]:
    return [found.user.userid for found in presence_list.find(environment.context, "dc1", Query(**query))[1]]


def test_the_list_is_filtered_and_paged(meeting: Environment) -> None:
    with meeting.database.transaction():
        users.update(meeting.context, "dc1", UserKey("userid", "user0002"), {"im_and_presence": True})
    assert listed(meeting) == listed(meeting, userids=["USER0002", "user0001", "nobody"]) == ["user0001", "user0002"]
    nodes = {user.userid: user.presence_node for user in user_store.presence_users(meeting.database, "dc1")}
    assert set(nodes.values()) == {"imp-pub", "imp-sub"}
    assert listed(meeting, node="imp-pub") == [USER]
    assert listed(meeting, node="imp-pub", userids=["user0002"]) == []
    assert listed(meeting, presence="Busy") == [USER]
    assert presence_list.find(meeting.context, "dc1", Query(skip=1, first=1))[0] == 2
    assert listed(meeting, skip=1, first=1) == ["user0002"]
    assert listed(meeting, failing=True) == []
    without_subscription(meeting)
    assert listed(meeting, failing=True) == [USER]


def test_a_pulled_calendar_is_followed_once_it_was_read_and_while_the_engine_runs(meeting: Environment) -> None:
    with meeting.database.transaction():
        pulled(None)(meeting)
        assert listed(meeting, failing=True) == [USER]
        pulled(60)(meeting)
        assert listed(meeting, failing=True) == []
        stopped(meeting)
    assert listed(meeting, failing=True) == [USER]


def test_a_user_that_no_node_serves_is_found_by_its_id_alone(meeting: Environment) -> None:
    assert listed(meeting) == [USER]
    (found,) = presence_list.find(meeting.context, "dc1", Query(["user0002"], explain=True))[1]
    assert (found.shown, found.followed, found.gateway) == (None, None, "")
    assert found.chain[0].detail == (
        "Not set: Enable User for Unified CM IM and Presence, Include meeting information in Presence."
    )
