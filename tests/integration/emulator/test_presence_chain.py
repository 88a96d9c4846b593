# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from Exchange to presence in the running emulator: replies, manual presence, parameters, failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.scenario.writer import generate
from tests.support.emulator import Emulator
from tests.support.ews_items import Calendar
from tests.support.imp_admin import ENGINE, restart, trust_exchange
from tests.support.presence_chain import (
    DAY,
    FIVE,
    HOUR,
    IN_A_MEETING,
    MAIL1,
    MAIL2,
    MINUTE,
    NEW_YORK,
    NODES,
    ONE,
    THREE,
    TWO,
    USERS,
    Chain,
    address,
    chain_fixture,
    environment_fixture,
    followed_fixture,
    japanese,
)
from tests.support.presence_web_client import Client
from tests.support.presence_web_service import rich

__all__ = ["chain_fixture", "environment_fixture", "followed_fixture"]

DOMAIN = "dc1.example.com"


# Automatic replies


def test_each_user_is_told_the_period_in_the_own_language_and_time(chain: Chain) -> None:
    """In New York the clocks are set meanwhile, in Japan they never are; who is offline stays so, with the message."""
    control, hour = chain.control, chain.now
    start, end = hour + timedelta(hours=1), hour + timedelta(hours=25)
    for userid, zone in ((ONE, "Asia/Tokyo"), (TWO, "America/New_York")):
        control.change_mailbox(address(userid), time_zone=zone)
        control.set_automatic_replies(address(userid), "Scheduled", start=start, end=end)
    control.sign_in(ONE, "offline")
    control.clock(now=(start + timedelta(hours=2)).isoformat())
    one, two = control.presence(ONE), control.presence(TWO)
    assert (one["presence"], one["icon"], two["presence"], two["icon"]) == (
        "Offline",
        "grey",
        "Out of Office",
        "orange",
    )
    first, last = (at + timedelta(hours=9) for at in (start, end))
    assert one["message"] == f"{japanese(first)} から {japanese(last)} まで不在です (JST)"
    first, last = (at.astimezone(NEW_YORK) for at in (start, end))
    assert {first.tzname(), last.tzname()} == {"EDT", "EST"}
    assert two["message"] == f"Out of office from {english(first)} to {english(last)}"
    control.sign_in(ONE, "available")
    assert (control.presence(ONE)["icon"], control.presence(ONE)["message"]) == ("orange", one["message"])
    control.clock(now=(end - timedelta(seconds=1)).isoformat())
    assert (chain.shown(ONE), chain.shown(TWO)) == ("Out of Office", "Out of Office")
    control.advance(1)
    assert (chain.shown(ONE), chain.shown(TWO)) == ("Available", "Available")


def english(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p (%Z)}"


# Set by hand


@pytest.mark.parametrize("way", ["web service", "module"])
def test_what_is_set_by_hand_goes_before_the_calendar_until_it_is_given_back(chain: Chain, way: str) -> None:
    set_presence = {"web service": by_web_service, "module": by_module}[way]
    control = chain.control
    chain.meeting(ONE, 0, 2 * HOUR)
    control.set_automatic_replies(address(THREE), "Enabled")
    control.advance(HOUR)
    assert (chain.shown(ONE), chain.shown(THREE)) == (IN_A_MEETING, "Out of Office")
    for userid, back in ((ONE, IN_A_MEETING), (THREE, "Out of Office")):
        set_presence(chain, userid, "available")
        assert chain.shown(userid) == "Available"
        set_presence(chain, userid, "do_not_disturb")
        assert chain.shown(userid) == "Do not disturb"
        set_presence(chain, userid, None)
        assert (chain.shown(userid), control.presence(userid)["manual"]) == (back, None)
    set_presence(chain, ONE, "do_not_disturb")
    control.advance(HOUR + MINUTE)
    set_presence(chain, ONE, None)
    assert chain.shown(ONE) == "Available", "the meeting has ended meanwhile"


def by_module(chain: Chain, userid: str, presence: str | None) -> None:
    user = {"userid": userid} | ({} if presence is None else {"presence": presence, "expires_minutes": 300})
    state = "absent" if presence is None else "present"
    options = {"domain": DOMAIN, "nodes": chain.nodes(8083), "state": state}
    assert chain.module("presence", "pws", users=[user], **options).changed


def by_web_service(chain: Chain, userid: str, presence: str | None) -> None:
    client = Client(chain.environment)
    key = client.user(userid, client.application())
    activity = {"available": "available", "do_not_disturb": "dnd", None: "clear"}[presence]
    path, override = f"/users/{userid}/presence/rich", str(presence is not None).lower()
    answer = client.ask("PUT", path, key, rich(activity), Presence_Override=override, Presence_Expiry=str(5 * HOUR))
    assert answer.status_code == 200, answer.text


# Parameters: what a running engine does, and what it does after a restart


def test_frequency_spread_and_port_reach_a_user_with_the_next_notification_and_all_with_a_restart(
    chain: Chain,
) -> None:
    old, new = (60, 50, 50020), (10, 0, 50123)
    chain.set_parameters(ews_status_frequency=10, calendar_spread=0, exchange_notification_port=50123)
    chain.control.advance(HOUR - 1)
    assert {terms(chain, userid) for userid in USERS} == {old}
    assert chain.notices() == []
    chain.meeting(ONE, 0, 10)
    chain.quiet()
    assert [terms(chain, userid) for userid in USERS] == [new, old, old, old, old]
    chain.meeting(ONE, 60, 120)
    chain.quiet()
    chain.restart("imp-pub")
    assert [terms(chain, userid) for userid in USERS] == [new, old, new, old, new]
    begun, last = chain.now, chain.control.last_journal_id()
    chain.control.advance(60)
    assert chain.shown(ONE) == IN_A_MEETING, "without a spread it is shown at once"
    chain.control.advance(1140)
    told = [(notice["node"], (time_of(notice) - begun).seconds) for notice in chain.notices(last)]
    # The restart has left a subscription of the first user behind, which ends when Exchange tells of it.
    assert [seconds for node, seconds in told if node == "imp-pub"] == [600] * 4 + [1200] * 3
    assert {terms(chain, userid) for userid in USERS} == {new}


def terms(chain: Chain, userid: str) -> tuple[int, int, int]:
    found = chain.known(userid)
    return found["status_frequency"], found["spread"], found["notification_port"]


def time_of(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def test_the_display_of_replies_is_switched_by_a_restart_on_every_node(chain: Chain) -> None:
    for userid in (ONE, TWO):
        chain.control.set_automatic_replies(address(userid), "Enabled")
    chain.control.advance(HOUR)
    shown = ["Out of Office", "Out of Office"]
    for switch, expected in (("do_not_display", "Available"), ("display", "Out of Office")):
        chain.set_parameters(out_of_office_information=switch)
        chain.control.advance(HOUR)
        assert [chain.shown(userid) for userid in (ONE, TWO)] == shown
        for number, node in enumerate(NODES):
            chain.restart(node)
            shown[number] = expected
            assert [chain.shown(userid) for userid in (ONE, TWO)] == shown


def test_the_timeout_counts_from_the_next_restart_on(chain: Chain) -> None:
    """It is the one parameter that limits real time: the server answers half a second late, the limit is one second."""
    chain.set_parameters(exchange_timeout=1)
    chain.control.fault("delay", effect={"seconds": 1.2}, protocol="ews", operation="FindItem")
    chain.meeting(ONE, 0, HOUR)
    chain.control.advance(MINUTE)
    assert chain.shown() == IN_A_MEETING
    chain.restart("imp-pub")
    assert (chain.shown(), chain.known()["failure"]) == ("Available", "timeout")
    assert MAIL2 in chain.known()["failure_detail"] or MAIL1 in chain.known()["failure_detail"]
    assert (chain.known(TWO)["failure"], chain.known(THREE)["failure"]) == ("", "timeout")


@pytest.mark.parametrize("operation", ["Subscribe", "FindItem", "GetUserOofSettings"])
def test_what_is_under_way_when_an_engine_restarts_is_done_with_what_it_has_loaded(
    chain: Chain, operation: str
) -> None:
    """The answers to the engine that has ended are worth nothing, and it asks for nothing more."""
    users = [{"userid": ONE, "meeting_information": False}]
    assert chain.module("calendar_users", "cucm", users=users).changed
    chain.meeting(ONE, 0, HOUR)
    trust = {"nodes": chain.nodes(443, "imp-pub"), "store": "cup-trust"}
    found = chain.module("trust_certificates_info", "platform", **trust)["certificates"]
    gone = [{"fingerprint": certificate["fingerprint"]} for certificate in found]
    options = {"nodes": trust["nodes"], "certificates": gone, "state": "absent"}
    assert chain.module("trust_certificates", "platform", **options).changed
    chain.control.fault("delay", effect={"seconds": 1}, protocol="ews", operation=operation, times=1)
    assert chain.module("calendar_users", "cucm", users=[{"userid": ONE}]).changed
    deadline = time.monotonic() + 60
    while not chain.control.faults()[0]["hits"]:
        assert time.monotonic() < deadline, "nothing is under way"
    chain.restart("imp-pub")
    chain.control.advance(MINUTE)
    assert (chain.shown(), chain.known()["subscribed"], chain.known()["failure"]) == ("Available", False, "trust")
    assert len(chain.control.notifications()) == 1


def test_queue_and_threads_count_from_the_next_restart_on(chain: Chain) -> None:
    """With one thread and one place in the queue, the third of three users is too much, until the recovery."""
    assert crowd(chain) == []
    chain.set_parameters(exchange_threads=1)
    assert crowd(chain) == []
    chain.restart("imp-pub")
    assert crowd(chain) == [], "they wait for each other"
    chain.set_parameters(exchange_queue=1)
    assert crowd(chain) == []
    chain.restart("imp-pub")
    assert crowd(chain) == ["queue"]
    chain.control.advance(5 * MINUTE)
    assert failures(chain) == []
    chain.set_parameters(exchange_threads=60)
    assert crowd(chain) == ["queue"]
    chain.restart("imp-pub")
    assert crowd(chain) == []


def test_a_user_of_an_engine_with_too_much_to_do_stays_subscribed(chain: Chain) -> None:
    chain.set_parameters(exchange_threads=1, exchange_queue=1)
    chain.restart("imp-pub")
    assert crowd(chain) == ["queue"]
    (late,) = (userid for userid in (ONE, THREE, FIVE) if chain.known(userid)["failure"])
    chain.meeting(late, 0, HOUR)
    chain.control.advance(5 * MINUTE)
    assert (chain.known(late)["failure"], chain.shown(late)) == ("", IN_A_MEETING)
    chain.meeting(late, 2 * HOUR, 3 * HOUR)
    chain.quiet()
    assert len(chain.known(late)["busy"]) == 3, (
        "the plan of all, and what came while there was too much to do, and after"
    )


def crowd(chain: Chain) -> list[str]:
    """Have the calendars of three users of a node told of while Exchange is slow; return what went wrong."""
    begin = chain.now + timedelta(hours=3)
    times = "".join(f"<t:{name}>{at.isoformat()}</t:{name}>" for name, at in (("Start", begin), ("End", begin)))
    people = "".join(
        f"<t:Attendee><t:Mailbox><t:EmailAddress>{address(userid)}</t:EmailAddress></t:Mailbox></t:Attendee>"
        for userid in (THREE, FIVE)
    )
    properties = f"<t:Subject>Plan</t:Subject>{times}<t:RequiredAttendees>{people}</t:RequiredAttendees>"
    chain.control.fault("delay", effect={"seconds": 0.1}, protocol="ews", operation="FindItem", times=1)
    with Calendar(chain.environment, address(ONE)) as calendar:
        calendar.made(properties, "SendToAllAndSaveCopy")
    chain.quiet()
    return failures(chain)


def failures(chain: Chain) -> list[str]:
    found = (chain.known(userid)["failure"] for userid in (ONE, THREE, FIVE))
    return [failure for failure in found if failure]


# Gateways and mailboxes


def test_the_users_of_a_gateway_that_is_down_are_moved_to_the_next_and_back(chain: Chain) -> None:
    before = {userid: chain.known(userid)["gateway"] for userid in USERS}
    assert set(before.values()) == {MAIL1, MAIL2}
    assert subscriptions(chain) == {MAIL1: 3, MAIL2: 2}
    for userid in USERS:
        chain.meeting(userid, 0, DAY)
    chain.control.advance(MINUTE)
    for down, up in ((MAIL1, MAIL2), (MAIL2, MAIL1)):
        chain.control.clear_faults()
        chain.control.fault("drop", node=down)
        # What is asked for by the hour finds it out; then the users at the other one are moved.
        chain.control.advance(HOUR + 5 * MINUTE)
        assert subscriptions(chain) == {down: 0, up: 5}
        assert {chain.shown(userid) for userid in USERS} == {IN_A_MEETING}
        assert chain.control.notifications() == []
    chain.control.fault("drop", node=MAIL1)
    chain.control.advance(HOUR)
    assert {chain.shown(userid) for userid in USERS} == {"Available"}
    told = chain.control.notifications()
    assert [(found["node"], found["severity"]) for found in told] == [(node, "Error") for node in NODES]
    assert all(MAIL1 in found["text"] and MAIL2 in found["text"] for found in told)
    chain.control.clear_faults()
    # It was found out 11 minutes ago and is tried again every 5 minutes.
    chain.control.advance(4 * MINUTE - 1)
    assert {chain.shown(userid) for userid in USERS} == {"Available"}
    chain.control.advance(1)
    assert {chain.shown(userid) for userid in USERS} == {IN_A_MEETING}
    assert chain.control.notifications() == []


def subscriptions(chain: Chain) -> dict[str, int]:
    """Return how many users have a subscription at each gateway."""
    found = chain.module("presence_gateways_info", status=False)["gateways"]
    return {gateway["name"]: gateway["subscriptions"] for gateway in found}


def test_a_moved_mailbox_is_not_noticed_until_the_user_is_disabled_and_enabled(chain: Chain) -> None:
    chain.meeting(ONE, 0, HOUR)
    chain.control.move_mailbox(address(ONE))
    item = chain.meeting(ONE, 2 * HOUR, 30 * HOUR)
    chain.control.advance(MINUTE)
    assert chain.shown() == IN_A_MEETING, "the copy that was left behind still shows what stood there before"
    chain.control.advance(2 * HOUR)
    chain.restart("imp-pub")
    chain.control.advance(DAY)
    assert (chain.shown(), chain.known()["failure"]) == ("Available", "")
    assert chain.control.meeting(address(ONE), item)["show_as"] == "Busy"
    for enabled in (False, True):
        users = [{"userid": ONE, "meeting_information": enabled}]
        assert chain.module("calendar_users", "cucm", users=users).changed
        chain.quiet()
    chain.control.advance(MINUTE)
    assert chain.shown() == IN_A_MEETING
    chain.control.delete_meeting(address(ONE), item)
    chain.quiet()
    assert chain.shown() == "Available", "it is notified of what happens in the new place"


# Deliveries


def test_a_delivery_that_fails_is_tried_again_by_the_schedule_and_loses_nothing(chain: Chain) -> None:
    begun = chain.now
    chain.control.clear_journal()
    chain.control.fault("status", effect={"status": 503}, node="imp-pub", protocol="presence_engine")
    chain.meeting(ONE, HOUR, 2 * HOUR)
    chain.control.advance(3 * MINUTE)
    deleted = chain.meeting(ONE, 3 * HOUR, 4 * HOUR)
    chain.meeting(ONE, 5 * HOUR, 6 * HOUR)
    chain.control.delete_meeting(address(ONE), deleted)
    chain.control.advance(10 * MINUTE)
    assert tries(chain, begun) == [(minutes, 503) for minutes in (0, 0.5, 1, 2, 4, 8)]
    assert chain.known()["busy"] == []
    chain.control.clear_faults()
    chain.control.advance(3 * MINUTE)
    assert tries(chain, begun)[6:] == [(16, 200)], "one notification tells of all"
    starts = [(datetime.fromisoformat(found["start"]) - begun).seconds for found in chain.known()["busy"]]
    assert starts == [HOUR, 5 * HOUR + 3 * MINUTE]
    chain.meeting(ONE, 0, HOUR)
    chain.control.advance(MINUTE)
    assert len(tries(chain, begun)) == 8
    assert chain.shown() == IN_A_MEETING


def tries(chain: Chain, begun: datetime) -> list[tuple[float, int]]:
    """Return after how many minutes each notification was sent, and how it was answered."""
    return [((time_of(notice) - begun).total_seconds() / 60, notice["status"]) for notice in chain.notices()]


def test_a_subscription_that_could_not_be_delivered_to_for_its_frequency_is_made_anew(chain: Chain) -> None:
    """After the status frequency Exchange gives up, and after twice that the engine has heard nothing for too long."""
    first = chain.known()["gateway"]
    chain.control.fault("status", effect={"status": 503}, node="imp-pub", protocol="presence_engine")
    chain.meeting(ONE, 2 * HOUR, 4 * HOUR)
    chain.control.advance(HOUR)
    chain.control.clear_faults()
    chain.meeting(ONE, 5 * HOUR, 6 * HOUR)
    chain.control.advance(HOUR - 1)
    assert (chain.known()["busy"], chain.known()["gateway"]) == ([], first)
    chain.control.advance(1)
    assert (len(chain.known()["busy"]), chain.known()["failure"]) == (2, "")
    assert chain.known()["gateway"] != first
    chain.control.advance(MINUTE)
    assert chain.shown() == IN_A_MEETING


# A killed emulator


@pytest.fixture(name="scenario")
def scenario_fixture(tmp_path: Path) -> Path:
    """A scenario of two users whose calendars are followed once their nodes trust Exchange."""
    content = yaml.safe_load(generate(users=1))
    (cluster,) = content["clusters"]
    cluster["presence_gateways"] = [MAIL1, MAIL2]
    flags = {"im_and_presence": True, "meeting_information": True}
    cluster["users"] = {
        "listed": [{"userid": userid, "last_name": "A", "mail": address(userid), **flags} for userid in (ONE, TWO)]
    }
    content["exchange"]["impersonation"] = True
    path = tmp_path / "scenario.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.fixture(name="killed")
def killed_fixture(start_emulator: Callable[..., Emulator], scenario: Path) -> Callable[[], Chain]:
    """A function that starts an emulator on the state of the one before, if there was one."""
    return lambda: Chain(start_emulator("--scenario", str(scenario)))


def test_a_killed_emulator_goes_on_with_clock_subscriptions_and_presence(killed: Callable[[], Chain]) -> None:
    first = killed()
    first.control.clock(frozen=True)
    for node in NODES:
        trust_exchange(first.environment, node)
        restart(first.environment, node, ENGINE)
    first.quiet()
    first.meeting(ONE, 0, 3 * HOUR)
    first.control.set_automatic_replies(address(TWO), "Enabled")
    first.control.advance(40 * MINUTE)
    begun, known = first.now, first.known()
    first.control.fault("status", node="imp-pub", protocol="presence_engine")
    first.meeting(ONE, 4 * HOUR, 5 * HOUR)
    first.quiet()
    kill_on_the_way(first, 20 * MINUTE)

    second = killed()
    assert (second.now, second.shown()) == (begun + timedelta(minutes=20), IN_A_MEETING)
    assert second.known() == known | {"subscription_age": HOUR}
    assert second.shown(TWO) == "Available"
    last = second.control.last_journal_id()
    second.quiet()
    assert second.shown(TWO) == "Out of Office", "what the engines were asking for is asked for again"
    assert {second.known(userid)["out_of_office_at"] for userid in (ONE, TWO)} == {second.now.isoformat()}
    second.control.advance(11 * MINUTE)
    assert len(second.known()["busy"]) == 1
    second.control.advance(MINUTE)
    assert len(second.known()["busy"]) == 2, "what could not be delivered is tried again by the same schedule"
    second.control.advance(2 * HOUR)
    assert second.shown() == "Available"
    assert (second.known()["failure"], second.known()["gateway"]) == ("", known["gateway"])
    assert "Subscribe" not in [entry["operation"] for entry in second.control.journal(protocol="ews", after=last)]
    assert {notice["status"] for notice in second.notices(last)} == {200}


def kill_on_the_way(chain: Chain, seconds: float) -> None:
    """Move the clock and kill the emulator when it has come so far and waits there for an answer of Exchange."""
    goal = chain.at(seconds)
    chain.control.fault("delay", effect={"seconds": 60}, protocol="ews", operation="GetUserOofSettings")

    def move() -> None:
        with suppress(OSError, HTTPException):
            chain.control.advance(2 * seconds)

    moving = threading.Thread(target=move)
    moving.start()
    deadline = time.monotonic() + 60
    while chain.now < goal:
        assert time.monotonic() < deadline, "the clock does not come so far"
    chain.environment.kill()
    moving.join()
