# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engines follow calendars: over real connections, in this process, on a clock that stands still."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imp_emulator.domain.cucm import users
from imp_emulator.domain.exchange import automatic_replies, mailboxes, management_roles, subscriptions
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.imp import engine_settings, following, notifications, presence, trust
from imp_emulator.domain.imp import gateways as presence_gateways
from imp_emulator.domain.imp.next_steps import Step
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine.followed_users import FollowedUsers
from imp_emulator.engine.notification_ports import NotificationPorts
from imp_emulator.engine.running_engine import RunningEngine
from imp_emulator.scenario.model import Scenario
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.imp import engine, gateways
from imp_emulator.world import scheduler
from imp_emulator.world.faults import Effect, EffectKind
from imp_emulator.world.snapshots import Snapshots, restore
from tests.support.presence_site import (
    CLUSTER,
    DAY,
    HOUR,
    MAIL1,
    MAIL2,
    MINUTE,
    NODE,
    ONE,
    THREE,
    TWO,
    USERS,
    Play,
    Site,
    address,
    running,
)

SUBSCRIBED = ["GetFolder", "Subscribe", "FindItem", "GetUserOofSettings"]


def server(site: Site, userid: str) -> str:
    """Return the name of a user's gateway."""
    stored = {found.id: found.name for found in gateways.gateways(site.environment.database, CLUSTER)}
    return stored[site.known(userid).gateway]


def of_mailbox(site: Site, userid: str) -> int:
    """Return how many subscriptions there are to a mailbox."""
    mailbox = mailboxes.find(site.environment.context, address(userid))
    assert mailbox is not None
    return subscriptions.count(site.environment.context, mailbox.id)


def lose_subscriptions(site: Site) -> None:
    """Have the Exchange servers lose their subscriptions, as a restart of their web services does."""
    with site.environment.database.transaction():
        for name in (MAIL1, MAIL2):
            subscriptions.lose(site.environment.context, name)


def active(site: Site, node: str = NODE) -> list[str]:
    found = notifications.active(site.environment.context, CLUSTER)
    return [entry.text for entry in found if entry.node == node]


# Following


def test_an_engine_that_starts_follows_its_users_at_gateways_that_it_gives_round_robin(play: Play) -> None:
    async def conversation(site: Site) -> None:
        asked = [operation for operation in site.asked() if operation in SUBSCRIBED]
        assert sorted(asked) == sorted(SUBSCRIBED * USERS)
        assert {user.node for user in site.followed()} == {"imp-pub", "imp-sub"}
        assert (server(site, ONE), server(site, THREE)) == (MAIL1, MAIL2)
        user = site.known(ONE)
        assert (user.minutes, user.port, user.spread) == (60, 50020, 50)
        assert user.subscription
        assert user.folder
        assert user.subscribed_at == user.heard_at == user.read_at == user.out_of_office_at == site.now
        assert (user.window_start, user.window_end) == (site.now - DAY, site.now + 7 * DAY)
        assert (user.failure, user.time_zone) == ("", "")
        assert active(site) == []

    play(conversation)


def test_a_meeting_is_shown_within_the_spread_and_gone_at_its_end(play: Play) -> None:
    async def conversation(site: Site) -> None:
        spread = presence.offset(site.known(ONE).pkid, site.known(ONE).spread)
        site.asked()
        site.meeting(address(ONE), HOUR, 2 * HOUR)
        await site.quiet()
        assert site.asked() == ["FindItem"]
        assert (site.known(ONE).event_at, site.known(ONE).news) == (site.now, 0)
        await site.advance(HOUR + spread - 1)
        assert site.shown(ONE) == "Available"
        await site.advance(1)
        assert site.shown(ONE) == "Busy: In a meeting"
        await site.advance(HOUR)
        assert site.shown(ONE) == "Available"

    play(conversation)


def test_automatic_replies_are_asked_for_once_an_hour_with_the_time_zone(play: Play) -> None:
    async def conversation(site: Site) -> None:
        with site.environment.database.transaction():
            mailbox = mailboxes.find(site.environment.context, address(ONE))
            assert mailbox is not None
            automatic_replies.set(site.environment.context, mailbox.id, AutomaticReplies("Enabled", "All"))
        await site.advance(HOUR - 1)
        assert site.known(ONE).out_of_office is None
        assert site.shown(ONE) == "Available"
        site.asked()
        await site.advance(1)
        assert site.known(ONE).out_of_office == {"start": None, "end": None}
        assert site.shown(ONE) == "Out of Office"
        asked = site.asked()
        assert asked.count("GetUserOofSettings") == USERS
        assert asked.count("GetUserConfiguration") == 1
        with site.environment.database.transaction():
            automatic_replies.set(site.environment.context, mailbox.id, AutomaticReplies("Disabled", "All"))
        await site.advance(HOUR)
        assert site.shown(ONE) == "Available"

    play(conversation)


def test_the_calendar_is_read_again_a_day_before_the_end_of_what_was_read(play: Play) -> None:
    async def conversation(site: Site) -> None:
        site.control(Action.STOP, "imp-sub")
        site.update_user(THREE, meeting_information=False)
        site.meeting(address(ONE), 10 * DAY, 10 * DAY + HOUR)
        await site.quiet()
        assert site.known(ONE).busy == ()
        await site.advance(6 * DAY - 1)
        assert site.known(ONE).busy == ()
        await site.advance(1)
        assert len(site.known(ONE).busy) == 1
        assert site.known(ONE).window_end == site.now + 7 * DAY

    play(conversation)


# Subscriptions


def test_a_subscription_that_exchange_has_lost_is_noticed_by_silence_and_made_at_the_next_gateway(play: Play) -> None:
    async def conversation(site: Site) -> None:
        await site.advance(HOUR + 1)
        assert site.known(ONE).heard_at == site.now - 1
        lose_subscriptions(site)
        site.meeting(address(ONE), 4 * HOUR, 5 * HOUR)
        await site.advance(2 * HOUR - 2)
        assert (server(site, ONE), site.known(ONE).busy) == (MAIL1, ())
        await site.advance(1)
        assert (server(site, ONE), server(site, THREE)) == (MAIL2, MAIL1)
        assert len(site.known(ONE).busy) == 1
        assert of_mailbox(site, ONE) == 1

    play(conversation)


def test_a_gateway_that_failed_is_tried_again_after_a_while_although_another_one_took_over(play: Play) -> None:
    async def conversation(site: Site) -> None:
        for down, up in ((MAIL1, MAIL2), (MAIL2, MAIL1)):
            site.environment.faults.clear()
            site.fault(Effect(EffectKind.DROP), node=down)
            # The hourly question finds it out, and is asked of the other one in the same hour.
            await site.advance(HOUR)
            for userid in (ONE, TWO, THREE):
                assert (server(site, userid), site.known(userid).failure) == (up, "")
                assert site.known(userid).out_of_office_at == site.now
        assert active(site) == []

    play(conversation)


def test_status_notifications_that_a_long_way_of_the_clock_leaves_out_are_not_missed(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_REPEATED_HOURS", 0)  # As with very many users.

    async def conversation(site: Site) -> None:
        before = {user.pkid: (user.gateway, user.subscription) for user in site.followed()}
        site.asked("presence_engine")
        await site.advance(30 * DAY)
        assert len(site.asked("presence_engine")) < 5 * USERS
        assert {user.pkid: (user.gateway, user.subscription) for user in site.followed()} == before
        assert all(site.now - HOUR <= (user.heard_at or 0) <= site.now for user in site.followed())
        lose_subscriptions(site)
        await site.advance(30 * DAY)
        after = {user.pkid: (user.gateway, user.subscription) for user in site.followed()}
        assert all(after[pkid][0] != before[pkid][0] for pkid in before), "a real loss is noticed"

    play(conversation)


def test_frequency_and_port_reach_a_user_with_its_next_notification(play: Play) -> None:
    async def conversation(site: Site) -> None:
        network = site.environment.network
        places = [place for place in network if place[1] == 50020]
        site.set_parameter("EWSStatusFrequency", 10)
        site.set_parameter("ExchangeNotificationPort", 50123)
        site.set_parameter("CalendarSpread", 7)
        await site.quiet()
        assert (site.known(ONE).minutes, site.known(ONE).port) == (60, 50020)
        assert [place for place in network if place[1] == 50123] == []
        before = {user.pkid: user.gateway for user in site.followed()}
        site.meeting(address(ONE), HOUR, 2 * HOUR)
        await site.quiet()
        found = site.known(ONE)
        assert (found.minutes, found.port, found.spread, len(found.busy)) == (10, 50123, 7, 1)
        assert (site.known(THREE).minutes, site.known(THREE).port) == (60, 50020)
        assert {place[1] for place in network if place[0] == places[0][0]} >= {50020, 50123}
        await site.advance(HOUR)
        assert {(user.minutes, user.port) for user in site.followed()} == {(10, 50123)}
        assert {user.pkid: user.gateway for user in site.followed()} == before
        assert [of_mailbox(site, userid) for userid in (ONE, TWO, THREE)] == [1, 1, 1]

    play(conversation)


def test_a_new_port_that_something_else_has_is_told(play: Play) -> None:
    async def conversation(site: Site) -> None:
        site.set_parameter("ExchangeNotificationPort", 8443)
        await site.advance(HOUR)
        assert len(active(site)) == 1
        assert "Microsoft Exchange Notification Port 8443 is in use" in active(site)[0]
        site.set_parameter("ExchangeNotificationPort", 50020)
        await site.advance(3 * HOUR)
        assert active(site) == []
        assert {user.port for user in site.followed()} == {50020}

    play(conversation)


# Users


def test_a_user_who_is_disabled_is_unsubscribed_at_once(play: Play) -> None:
    async def conversation(site: Site) -> None:
        site.meeting(address(ONE), 0, HOUR)
        await site.advance(MINUTE)
        assert site.shown(ONE) == "Busy: In a meeting"
        site.asked()
        site.update_user(ONE, meeting_information=False)
        assert (site.user(ONE), site.shown(ONE)) == (None, "Available")
        await site.quiet()
        assert (site.asked(), of_mailbox(site, ONE)) == (["Unsubscribe"], 0)
        site.update_user(ONE, meeting_information=True)
        await site.quiet()
        assert site.asked() == SUBSCRIBED
        assert site.shown(ONE) == "Busy: In a meeting"

    play(conversation)


def test_another_mail_address_is_another_mailbox_and_a_removed_user_is_forgotten(play: Play) -> None:
    async def conversation(site: Site) -> None:
        with site.environment.database.transaction():
            mailboxes.add(site.environment.context, "new@example.com", "New")
        site.update_user(ONE, mail="new@example.com")
        await site.quiet()
        assert (site.known(ONE).mail, site.known(ONE).failure, of_mailbox(site, ONE)) == ("new@example.com", "", 0)
        site.update_user(ONE, department="Sales")
        site.asked()
        with site.environment.database.transaction():
            users.remove(site.environment.context, CLUSTER, UserKey("userid", ONE))
        await site.quiet()
        assert site.asked() == ["Unsubscribe"]
        assert len(site.followed()) == USERS - 1

    play(conversation)


@pytest.mark.parametrize("cause", ["mailbox", "right"])
def test_what_is_wrong_with_a_user_is_no_reason_for_another_gateway_and_is_tried_again(play: Play, cause: str) -> None:
    async def conversation(site: Site) -> None:
        context, gateway = site.environment.context, site.known(ONE).gateway
        with site.environment.database.transaction():
            mailbox = mailboxes.find(context, address(ONE))
            assert mailbox is not None
            if cause == "mailbox":
                mailboxes.change(context, mailbox, address="elsewhere@example.com")
            else:
                for assigned in management_roles.assignments(context):
                    management_roles.unassign(context, assigned.name)
        site.control(Action.RESTART)
        await site.quiet()
        assert (site.known(ONE).failure, site.known(ONE).gateway) == (cause, gateway)
        assert address(ONE) in site.known(ONE).failure_detail
        with site.environment.database.transaction():
            if cause == "mailbox":
                mailboxes.change(context, mailboxes.get(context, mailbox.id), address=address(ONE))
            else:
                management_roles.assign(context, "ApplicationImpersonation", r"EXAMPLE\svc-imp")
        await site.advance(5 * MINUTE)
        assert (site.known(ONE).failure, site.known(ONE).gateway) == ("", gateway)
        assert site.known(ONE).subscription

    play(conversation)


# The engine


def test_an_engine_that_stops_knows_no_calendar_and_one_that_starts_keeps_the_gateways(play: Play) -> None:
    async def conversation(site: Site) -> None:
        site.meeting(address(ONE), 0, DAY)
        await site.advance(MINUTE)
        before = site.known(ONE)
        site.control(Action.STOP)
        await site.quiet()
        assert site.shown(ONE) == "Available"
        found = site.known(ONE)
        assert (found.subscription, found.busy, found.read_at, found.window_end) == ("", (), None, None)
        assert (found.gateway, found.folder) == (before.gateway, before.folder)
        assert found.token != before.token
        assert [place for place in site.environment.network if place == ("198.18.1.12", 50020)] == []
        assert site.known(TWO).subscription, "the other node's engine goes on"
        site.update_user(THREE, meeting_information=False)
        site.update_user(THREE, meeting_information=True)
        site.asked()
        await site.advance(10 * MINUTE)
        assert (site.user(THREE), site.asked()) == (None, []), "nobody asks for a stopped engine"
        site.control(Action.START)
        await site.quiet()
        assert site.shown(ONE) == "Busy: In a meeting"
        assert (site.known(ONE).gateway, site.known(ONE).folder) == (before.gateway, before.folder)
        assert (site.known(THREE).failure, site.asked().count("GetFolder")) == ("", 1)

    play(conversation)


def test_gateways_trust_and_limits_are_loaded_at_a_start_only(play: Play) -> None:
    async def conversation(site: Site) -> None:
        context = site.environment.context
        site.set_parameter("ExchangeThreads", 7)
        with site.environment.database.transaction():
            second = gateways.gateways(site.environment.database, CLUSTER)[1]
            presence_gateways.delete(context, CLUSTER, second.id)
            for certificate in trust.trusted(context, CLUSTER, NODE, trust.CUP):
                trust.delete(context, CLUSTER, NODE, trust.CUP, certificate.fingerprint)
        await site.advance(HOUR)
        assert {user.failure for user in site.followed()} == {""}
        loaded = engine_settings.settings(context, CLUSTER, NODE)
        assert loaded is not None
        assert (loaded.threads, len(loaded.gateways)) == (60, 2)
        site.control(Action.RESTART)
        await site.quiet()
        loaded = engine_settings.settings(context, CLUSTER, NODE)
        assert loaded is not None
        assert (loaded.threads, len(loaded.gateways)) == (7, 1)
        assert {user.failure for user in site.followed(NODE)} == {"trust"}
        assert "Certificate Missing From Chain" in site.known(ONE).failure_detail
        assert "Certificate Missing From Chain" in active(site)[0]
        assert {user.failure for user in site.followed("imp-sub")} == {""}

    play(conversation)


def test_what_an_engine_that_was_stopped_brings_back_is_worth_nothing(play: Play) -> None:
    async def conversation(site: Site) -> None:
        context, database = site.environment.context, site.environment.database
        with database.transaction():
            made = following.subscribing(context, site.known(ONE))
            before = site.known(ONE)
        assert made is not None
        site.control(Action.STOP)
        await site.quiet()
        stopped = site.known(ONE)
        with database.transaction():
            following.subscribed(context, made, "folder", "late")
            following.read(context, made.user, [(site.now, site.now + HOUR, "Busy")], 0.0, 1.0)
            following.replies(context, made.user, {"start": None, "end": None}, "")
            following.failed(context, made.user, "timeout", "late")
            following.change_gateway(context, before, "late")
        assert site.known(ONE) == stopped

    play(conversation)


def test_more_work_than_the_queue_holds_fails_and_is_made_up_for(play: Play) -> None:
    async def conversation(site: Site) -> None:
        for userid in (ONE, TWO, THREE, "user0004"):
            site.update_user(userid, meeting_information=False)
        site.set_parameter("ExchangeThreads", 1)
        site.set_parameter("ExchangeQueue", 1)
        for node in (NODE, "imp-sub"):
            site.control(Action.RESTART, node)
        await site.quiet()
        flags = {"last_name": "New", "im_and_presence": True, "meeting_information": True}
        with site.environment.database.transaction():
            for number in range(6):
                values = {"userid": f"new{number}", "mail": address(f"user000{number % USERS + 1}"), **flags}
                users.add(site.environment.context, CLUSTER, values)
        await site.quiet()
        # Of the three of each node one is asked for, and one waits.
        assert sorted(user.failure for user in site.followed(NODE)) == ["", "", "queue"]
        await site.advance(5 * MINUTE)
        assert {user.failure for user in site.followed()} == {""}

    play(conversation)


def test_what_an_engine_begins_by_itself_waits_while_the_queue_is_full(play: Play) -> None:
    async def conversation(site: Site) -> None:
        site.set_parameter("ExchangeThreads", 1)
        site.set_parameter("ExchangeQueue", 1)
        site.control(Action.RESTART)
        await site.advance(1)
        loaded = engine.loaded(site.environment.database, CLUSTER, NODE)
        assert loaded is not None
        running_engine = RunningEngine(site.environment.context, loaded)
        work = FollowedUsers(site.environment.context, running_engine, NotificationPorts(site.environment))
        pkids, polls = [site.known(ONE).pkid], [Step.ASK_REPLIES]

        async def turn() -> None:
            async with running_engine.requests.turn():
                pass

        async with running_engine.requests.turn():
            other = asyncio.create_task(turn())
            await asyncio.sleep(0)
            patient = asyncio.create_task(work.attend_all(pkids, polls=polls))
            for _ in range(10):
                await asyncio.sleep(0)
            assert (patient.done(), site.known(ONE).failure) == (False, "")
        await asyncio.gather(other, patient)
        assert (site.known(ONE).failure, site.known(ONE).out_of_office_at) == ("", site.now)
        async with running_engine.requests.turn():
            other = asyncio.create_task(turn())
            await asyncio.sleep(0)
            await work.attend(pkids[0], polls=polls)
            assert site.known(ONE).failure == "queue"
        await other
        await running_engine.close()

    play(conversation)


# What goes on


def test_a_killed_emulator_goes_on_where_it_was(seeded: Path, wanted: Scenario, tmp_path: Path) -> None:
    async def before() -> tuple[str, str]:
        async with running(seeded, tmp_path, wanted) as site:
            site.meeting(address(ONE), 0, 4 * HOUR)
            await site.advance(MINUTE)
            assert site.shown(ONE) == "Busy: In a meeting"
            # The process dies before anybody has told the engine of these.
            site.environment.events.publish = lambda event: None  # type: ignore[method-assign]
            site.environment.scheduler.begin = lambda kind, key: None  # type: ignore[method-assign]
            site.meeting(address(THREE), 0, HOUR)
            site.update_user(TWO, meeting_information=False)
            return site.known(ONE).subscription, site.known(ONE).token

    async def after(subscription: str, token: str) -> None:
        async with running(seeded, tmp_path, wanted, copy=False) as site:
            assert site.shown(ONE) == "Busy: In a meeting"
            assert (site.known(ONE).subscription, site.known(ONE).token) == (subscription, token)
            assert (of_mailbox(site, TWO), site.shown(TWO)) == (0, "Available")
            await site.advance(MINUTE)
            assert site.shown(THREE) == "Busy: In a meeting"
            await site.advance(2 * HOUR)
            assert site.known(ONE).heard_at is not None
            assert site.now - (site.known(ONE).heard_at or 0) < HOUR
            assert site.known(ONE).subscription == subscription
            await site.advance(2 * HOUR)
            assert site.shown(ONE) == "Available"

    asyncio.run(after(*asyncio.run(before())))


def test_a_restored_snapshot_brings_its_subscriptions_and_ports(play: Play, tmp_path: Path) -> None:
    async def conversation(site: Site) -> None:
        (tmp_path / "snapshots").mkdir()
        snapshots = Snapshots(site.environment.database, tmp_path / "folder")
        snapshots.take("followed")
        subscription = site.known(ONE).subscription
        site.control(Action.STOP)
        await site.quiet()
        await restore(site.environment, snapshots, "followed")
        assert site.known(ONE).subscription == subscription
        site.meeting(address(ONE), 0, HOUR)
        await site.advance(MINUTE)
        assert site.shown(ONE) == "Busy: In a meeting"

    play(conversation)
