# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a user's way to presence: each step with its change, so many of them, and nothing of what is gone."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from imp_emulator.domain import timelines
from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.exchange import automatic_replies, calendars, mailboxes
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendars import Draft
from imp_emulator.domain.imp import engine_life, engine_settings, following, presence
from imp_emulator.domain.imp.presence_rules import Manual, SignIn
from imp_emulator.errors import NotFound
from imp_emulator.store import history
from imp_emulator.store.imp import engine
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.environment import Environment

CLUSTER, USERID, ADDRESS = "dc1", "user0001", "user0001@example.com"
KEY = UserKey("userid", USERID)


@pytest.fixture(name="pkid")
def pkid_fixture(emulated: Environment) -> str:
    """A user of IM and Presence, of whom and of whose engine nothing has happened before."""
    with emulated.database.transaction():
        for node in ("imp-pub", "imp-sub"):
            engine_life.stops(emulated.context, CLUSTER, node)
            emulated.database.execute("DELETE FROM history")
    with emulated.database.transaction():
        return users.update(emulated.context, CLUSTER, KEY, {"im_and_presence": True, "home_cluster": True})


def told(environment: Environment, *steps: str) -> list[tuple[str, str]]:
    """Return step and name of what the timeline tells, or only of some steps."""
    found = timelines.of_user(environment.context, CLUSTER, USERID)
    return [(one.step, one.what) for one in found if not steps or one.step in steps]


def about(environment: Environment) -> dict[str, Any]:
    """Return the values of the newest step."""
    return dict(timelines.of_user(environment.context, CLUSTER, USERID)[-1].about)


def test_what_is_set_leads_to_a_rule_and_to_what_is_shown(emulated: Environment, pkid: str) -> None:
    context = emulated.context
    assert told(emulated) == [("options", "set")]
    assert about(emulated) == {"home_cluster": True, "im_and_presence": True, "meeting_information": False}
    with emulated.database.transaction():
        presence.set_manual(context, CLUSTER, USERID, Manual("DND", True, note="Not now"))
    assert told(emulated)[1:] == [("client", "set_by_hand"), ("rule", "decides"), ("presence", "shown")]
    assert about(emulated) == {
        "presence": "Do not disturb",
        "activity": "",
        "message": "Not now",
        "icon": "red",
        "before": "Available",
    }
    with emulated.database.transaction():
        presence.sign_in(context, CLUSTER, USERID, SignIn.AWAY)
    assert told(emulated)[4:] == [("client", "signed_in")]  # By hand counts more: nothing else is shown.
    with emulated.database.transaction():
        presence.set_manual(context, CLUSTER, USERID, None)
        presence.set_phone(context, CLUSTER, USERID, True)
        presence.set_phone(context, CLUSTER, USERID, False)
    rules = [one.about["rule"] for one in timelines.of_user(context, CLUSTER, USERID) if one.step == "rule"]
    assert rules == ["override_do_not_disturb", "away", "on_the_phone", "away"]
    with emulated.database.transaction():
        users.update(context, CLUSTER, KEY, {"im_and_presence": False})
    assert sorted(told(emulated)[-2:]) == [("options", "set"), ("presence", "gone")]


def test_what_happens_in_the_mailbox_is_told_between(emulated: Environment, pkid: str) -> None:
    context, now = emulated.context, emulated.clock.now().replace(microsecond=0)
    mailbox = mailboxes.find(context, ADDRESS)
    assert mailbox is not None
    with emulated.database.transaction():
        presence.sign_in(context, CLUSTER, USERID, SignIn.AVAILABLE)
        item = calendars.create(context, mailbox.id, Draft(now, now + timedelta(hours=1), subject="S" * 500))
        assert about(emulated) == {
            "subject": "S" * 200,
            "start": now.timestamp(),
            "end": now.timestamp() + 3600,
            "show_as": "Busy",
            "series": False,
        }
        calendars.update(context, item.ref, {"show_as": "Free"})
        calendars.delete(context, item.ref)
        automatic_replies.set(context, mailbox.id, AutomaticReplies("Enabled"))
        presence.sign_in(context, CLUSTER, USERID, SignIn.OFFLINE)
    assert told(emulated, "client", "meeting", "replies") == [
        ("client", "signed_in"),
        ("meeting", "created"),
        ("meeting", "modified"),
        ("meeting", "deleted"),
        ("replies", "Enabled"),
        ("client", "signed_in"),
    ]


def test_a_change_that_is_undone_leaves_no_step(emulated: Environment, pkid: str) -> None:
    before = told(emulated)
    with suppress(ZeroDivisionError), emulated.database.transaction():
        presence.sign_in(emulated.context, CLUSTER, USERID, SignIn.AWAY)
        assert told(emulated) != before
        raise ZeroDivisionError
    assert told(emulated) == before


def test_so_many_steps_are_kept_and_none_of_who_is_removed(emulated: Environment, pkid: str) -> None:
    context = emulated.context
    with emulated.database.transaction():
        for number in range(history.KEPT + 5):
            timelines.note_user(context, CLUSTER, pkid, "client", "phone_on" if number % 2 else "phone_off")
            timelines.note_user(context, CLUSTER, "another", "client", "phone_on")
    assert told(emulated, "options") == []
    assert len(told(emulated)) == history.KEPT
    mailbox = mailboxes.add(context, "one@example.com", "One")
    with emulated.database.transaction():
        automatic_replies.set(context, mailbox.id, AutomaticReplies("Enabled"))
        mailboxes.remove(context, mailbox)
        users.remove(context, CLUSTER, KEY)
    left = emulated.database.all("SELECT DISTINCT subject FROM history")
    assert [row["subject"] for row in left] == ["user/dc1/another"]
    with pytest.raises(NotFound):
        timelines.of_user(context, CLUSTER, USERID)


def test_a_step_has_the_values_that_readers_count_on(emulated: Environment, pkid: str) -> None:
    with pytest.raises(ValueError, match="signed_in is told with state"):
        timelines.note_user(emulated.context, CLUSTER, pkid, "client", "signed_in")
    assert told(emulated) == [("options", "set")]


class Engine:
    """What the engine of a user's node does for the user, step by step."""

    def __init__(self, environment: Environment, pkid: str) -> None:
        self.context = environment.context
        self.pkid = pkid
        self.node = presence.of_user(self.context, CLUSTER, USERID).node

    @property
    def user(self) -> EngineUser:
        found = engine.user(self.context.database, CLUSTER, self.pkid)
        assert found is not None
        return found

    def subscribes(self) -> None:
        made = following.subscribing(self.context, self.user)
        assert made is not None
        following.subscribed(self.context, made, "folder", "subscription")

    def reads(self, *busy: tuple[float, float, str]) -> None:
        following.read(self.context, self.user, busy, 0, 10**10)

    def hears(self, *, event: bool) -> None:
        user = self.user
        assert following.notified(self.context, CLUSTER, self.node, user.token, user.subscription, event=event)


def test_the_engine_tells_what_it_does_and_not_what_repeats(emulated: Environment, pkid: str) -> None:
    context = emulated.context
    with emulated.database.transaction():
        one = Engine(emulated, pkid)
        engine_life.started(context, CLUSTER, one.node)
        engine.put(context.database, EngineUser(CLUSTER, pkid, one.node, ADDRESS, "token", "gateway"))
        one.subscribes()
        one.reads()
        following.replies(context, one.user, None, "")
        one.hears(event=False)  # The status of the subscription.
        one.hears(event=True)
        one.reads((0.0, 10**10, "Busy"))
        one.reads((0.0, 10**10, "Busy"))  # In its turn, and there is nothing new.
        following.replies(context, one.user, None, "")
        following.replies(context, one.user, {"start": 1.0, "end": 2.0}, "UTC")
        one.reads()
        following.lost(context, one.user, "lost_ended")
        for _ in range(3):  # It is tried again and again.
            following.change_gateway(context, one.user, "other", "It does not answer.")
            following.failed(context, one.user, "unreachable", "It does not answer.")
        assert engine_settings.settings(context, CLUSTER, one.node) is not None
        engine_life.stops(context, CLUSTER, one.node)
    assert told(emulated, "engine", "notification") == [
        ("engine", "started"),
        ("engine", "subscribed"),
        ("engine", "read_subscribed"),
        ("engine", "no_replies"),
        ("notification", "event"),
        ("engine", "read_notified"),
        ("engine", "replies_period"),
        ("engine", "read_again"),
        ("engine", "lost_ended"),
        ("engine", "gateway_failed"),
        ("engine", "failed"),
        ("engine", "stopped"),
    ]
