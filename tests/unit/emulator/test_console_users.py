# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's pages of users and mailboxes, read in this process; and the calls that their forms make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from imp_emulator.console import language, show
from imp_emulator.console.actions import ACTIONS, Call
from imp_emulator.console.views import users as view
from imp_emulator.domain import timelines
from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.exchange import automatic_replies, calendars, mailboxes
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendar_items import SHOW_AS
from imp_emulator.domain.exchange.calendars import Draft
from imp_emulator.domain.imp import presence
from imp_emulator.domain.imp.calendar_conditions import CONDITIONS
from imp_emulator.domain.imp.presence_rules import (
    IN_A_MEETING,
    MANUAL_ACTIVITIES,
    MANUAL_PRESENCES,
    ON_THE_PHONE,
    PRESENCES,
    RULES,
    Manual,
    SignIn,
)
from imp_emulator.store.imp import engine
from imp_emulator.store.imp import presence as presence_store
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.store.imp.presence import StoredPresence
from imp_emulator.world.environment import Environment
from tests.support import console_door
from tests.support.console_door import Visitor
from tests.support.console_reader import Reader, rows_of, words_of

CLUSTER, USERID, ADDRESS = "dc1", "user0001", "user0001@example.com"
STRANGE = 'a/b c?#;<i>%_\\"'


@pytest.fixture(name="reader")
def reader_fixture(emulated: Environment, tmp_path: Path) -> Reader:
    return Reader(emulated, tmp_path)


def enabled(environment: Environment, userid: str = USERID, **fields: object) -> str:
    """Enable a user for IM and Presence, and return its UUID."""
    values = {"im_and_presence": True, "home_cluster": True, **fields}
    with environment.database.transaction():
        return users.update(environment.context, CLUSTER, UserKey("userid", userid), values)


def added(environment: Environment, userid: str, **fields: object) -> str:
    with environment.database.transaction():
        return users.add(environment.context, CLUSTER, {"userid": userid, "last_name": "L", **fields})


# The list


def test_users_are_chosen_by_name_department_presence_and_gateway(emulated: Environment, reader: Reader) -> None:
    enabled(emulated)
    added(emulated, "busy", first_name="Bo", last_name="Berg", department="Xsales", im_and_presence=True)
    pkid = added(emulated, STRANGE, department="50 % <b>", mail="x_y@example.com", im_and_presence=True)
    added(emulated, "off", department="Xsales")
    with emulated.database.transaction():
        presence.set_manual(emulated.context, CLUSTER, "busy", Manual("DND", True, note="Not <now>"))
        engine.put(emulated.database, EngineUser(CLUSTER, pkid, "imp-pub", "x", "t", "gone", subscription="s"))

    def found(query: str) -> list[str]:
        rows = rows_of(reader.page(f"/users?{query}"))
        return [
            name for name in ("user0001", "user0002", "busy", "off", "x", "a/b") if any(name in row for row in rows)
        ]

    everybody = reader.page("/users")
    assert len(rows_of(everybody)) == 5
    assert found("name=bo+berg") == found("name=Berg+Bo") == ["busy"]
    assert found("department=xsal") == ["busy", "off"]
    assert found("name=%25") == found("name=x_y") == found("department=50+%25+%3C") == ["a/b"]
    assert found("name=x%25y") == []
    assert found("presence=Do+not+disturb") == ["busy"]
    assert found("presence=Available") == ["user0001", "a/b"]
    assert found("presence=Available&name=user") == ["user0001"]
    assert found("gateway=nothing") == []
    assert "Not &lt;now&gt;" in everybody
    assert "<i>" not in everybody
    assert 'class="icon red"' in everybody
    assert any("off" in row and "not enabled for IM and Presence" in row for row in rows_of(everybody))
    assert reader.get("/users?cluster=nowhere")[0] == 404


def test_a_long_list_is_shown_page_by_page(emulated: Environment, reader: Reader) -> None:
    for number in range(103):
        added(emulated, f"many{number:03}", department="Many")
    first = reader.page("/users?name=many&department=Many")
    assert [row.split()[0] for row in rows_of(first)] == ["L"] * 50
    assert "1 to 50 of 103" in words_of(first)
    assert "/console/users?name=many&amp;department=Many&amp;page=2" in first
    assert 'rel="prev"' not in first
    last = reader.page("/users?name=many&page=3")
    assert ["many100" in row for row in rows_of(last)] == [True, False, False]
    assert "101 to 103 of 103" in words_of(last)
    assert 'rel="next"' not in last
    for odd in ("0", "-1", "x", "٣", "9" * 30, "9999999"):
        assert reader.get(f"/users?page={odd}")[0] == 200


def test_out_of_office_is_orange(emulated: Environment, reader: Reader) -> None:
    pkid = enabled(emulated)
    shown = {
        "presence": "Out of Office",
        "activity": "",
        "message": "Back soon",
        "icon": "orange",
        "rule": "out_of_office",
    }
    with emulated.database.transaction():
        presence_store.put(emulated.database, StoredPresence(CLUSTER, pkid, "available", False, None, shown, 1.0))
    for path in ("/users?presence=Out+of+Office", f"/users/{CLUSTER}/{USERID}"):
        text = reader.page(path)
        assert 'class="icon orange"' in text
        assert "Out of Office" in words_of(text)
        assert "Back soon" in words_of(text)


# One user


def test_a_user_is_told_with_the_steps_that_led_there_newest_first(emulated: Environment, reader: Reader) -> None:
    enabled(emulated)
    with emulated.database.transaction():
        presence.sign_in(emulated.context, CLUSTER, USERID, SignIn.DO_NOT_DISTURB)
    text = words_of(reader.page(f"/users/{CLUSTER}/{USERID}"))
    steps = [
        "presence Available became Do not disturb.",
        "rule A device says do not disturb, and none is available. (client: do not disturb;",
        "client The client says: do not disturb.",
        "options Unified CM: home cluster yes, IM and Presence yes, meeting information no.",
    ]
    assert [text.find(step) for step in steps] == sorted(text.find(step) for step in steps)
    assert -1 not in [text.find(step) for step in steps]
    assert "not met Options of the user" in text
    assert "Sign out" in text
    assert "Set to do not disturb" not in text  # That is what the client says already.


@pytest.mark.parametrize(
    ("manual", "told"),
    [
        (Manual("DND", False), "Set by hand: Do not disturb."),
        (Manual("VACATION", True), "Set by hand: On vacation, before everything else."),
        (Manual("BUSY", False, activity="on-the-phone"), "Set by hand: Busy, On the phone."),
        (
            Manual("AVAILABLE", True, 1_900_000_000.0, "meeting", "AWAY <i>"),
            "In a meeting, before everything else, with the message “AWAY &lt;i&gt;”, until 2030-03-17 17:46:40.",
        ),
    ],
)
def test_what_was_set_by_hand_is_told_in_words(
    emulated: Environment, reader: Reader, manual: Manual, told: str
) -> None:
    """Not in those of the interface; what people have typed stays as it is."""
    enabled(emulated)
    with emulated.database.transaction():
        presence.set_manual(emulated.context, CLUSTER, USERID, manual)
    assert told in words_of(reader.page(f"/users/{CLUSTER}/{USERID}"))


def test_presence_is_set_by_hand_and_given_back(emulated: Environment, reader: Reader, tmp_path: Path) -> None:
    enabled(emulated)
    who = {"cluster": CLUSTER, "userid": USERID}
    form = {**who, "presence": "DND", "activity": "", "note": "Writing", "until": "", "override": "yes"}

    async def use(visitor: Visitor) -> None:
        assert (await visitor.client.post("/console/do/set-presence", data=form)).status_code == 200
        page = (await visitor.client.get(f"/console/users/{CLUSTER}/{USERID}")).text
        assert "Do not disturb was set by hand and counts before everything else." in page
        assert ("Writing" in page, "give-back-presence" in page) == (True, True)
        for wrong in ({"presence": "HAPPY"}, {"activity": "dance"}, {"until": "soon"}, {"note": "x" * 1025}):
            answer = await visitor.client.post("/console/do/set-presence", data={**form, **wrong})
            assert answer.status_code == 422, wrong
        assert (await visitor.client.post("/console/do/give-back-presence", data=who)).status_code == 200

    console_door.visit(emulated, tmp_path, use)
    assert "give-back-presence" not in reader.page(f"/users/{CLUSTER}/{USERID}")


def test_a_user_with_a_strange_name_has_a_page_and_nobody_has_none(emulated: Environment, reader: Reader) -> None:
    added(emulated, STRANGE, im_and_presence=True, mail="nobody@example.com")
    listed = reader.page("/users")
    link = next(part for part in listed.split('"') if part.startswith("/console/users/dc1/a"))
    text = reader.page(link.removeprefix("/console"))
    assert "a/b c?#;&lt;i&gt;%_" in text
    assert "Exchange has no mailbox with this address." in text
    assert reader.get("/users/dc1/nobody")[0] == 404
    assert reader.get("/users/nowhere/user0001")[0] == 404


@pytest.mark.parametrize("userid", [STRANGE, "a%41", "100%", "%2F", "日本", "a+b&c=d"])
def test_a_page_made_anew_and_its_forms_lead_to_the_same_user(
    emulated: Environment, reader: Reader, userid: str
) -> None:
    added(emulated, userid, im_and_presence=True)
    asked = f"/users/dc1/{quote(userid, safe='')}?from=%2541%26"
    page = html.document_fromstring(reader.page(asked))
    (again,) = [one.get("hx-get") for one in page.iterfind(".//*[@id='live']")]
    assert again == f"/console{asked}"
    assert {one.get("value") for one in page.iterfind(".//input[@name='back']")} == {again}
    (link,) = [one.get("href") for one in page.iter("a") if one.get("hreflang") == "ja"]
    assert parse_qs(urlsplit(str(link)).query)["back"] == [again]


# Mailboxes


def test_mailboxes_are_found_by_name_and_address(emulated: Environment, reader: Reader) -> None:
    mailbox = mailboxes.add(emulated.context, "room_5@example.com", "Room <5>")
    with emulated.database.transaction():
        automatic_replies.set(emulated.context, mailbox.id, AutomaticReplies("Enabled"))
    (row,) = rows_of(reader.page("/mailboxes?name=room_"))
    assert row == "room_5@example.com Room &lt;5&gt; UTC on"
    assert rows_of(reader.page("/mailboxes?name=m%255")) == ["There is no such mailbox."]


def test_a_day_of_a_mailbox_is_that_of_its_own_time_zone(emulated: Environment, reader: Reader) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    mailbox = mailboxes.add(emulated.context, "kyo@example.com", "Kyo", time_zone=tokyo.key)
    late = datetime(2030, 5, 1, 23, 30, tzinfo=tokyo)
    with emulated.database.transaction():
        for start, hours, subject in ((late, 2, "Night"), (late - timedelta(hours=14), 1, "Morning <i>")):
            draft = Draft(start, start + timedelta(hours=hours), subject=subject, show_as="OOF", zone=tokyo.key)
            calendars.create(emulated.context, mailbox.id, draft)
    first = reader.page("/mailboxes/kyo@example.com?day=2030-05-01")
    assert [row.split(" out of office")[0] for row in rows_of(first)] == [
        "09:30 \N{EN DASH} 10:30 Morning &lt;i&gt;",
        "23:30 \N{EN DASH} 01:30 Night",
    ]
    assert '<rect x="1410" y="12" width="30" height="72" class="oof"/>' in first
    second = reader.page("/mailboxes/kyo@example.com?day=2030-05-02")
    assert '<rect x="0" y="12" width="90" height="72" class="oof"/>' in second
    assert len(rows_of(second)) == 1
    assert "Nothing on this day." in reader.page("/mailboxes/kyo@example.com?day=2030-05-03")
    today = emulated.clock.now().astimezone(tokyo).date()
    for odd in ("", "x", "0001-01-01", "9999-12-31"):
        assert f'value="{today}"' in reader.page(f"/mailboxes/kyo@example.com?day={odd}")
    assert reader.get("/mailboxes/nobody@example.com")[0] == 404


# Words and calls


@pytest.mark.parametrize("chosen", language.LANGUAGES)
def test_every_step_and_every_name_has_words(chosen: str) -> None:
    for step, names in timelines.STEPS.items():
        assert language.said(chosen, f"timeline.{step}")
        for what, fields in names.items():
            about = dict.fromkeys(fields) | {"rule": "meeting"} if "rule" in fields else dict.fromkeys(fields)
            assert view.in_words(chosen, timelines.Step(0.0, step, what, about))
    keys = [f"rule.{rule.name}" for rule in RULES]
    keys += [f"presence.{show.key(name)}" for name in PRESENCES]
    keys += [f"activity.{show.key(name)}" for name in (IN_A_MEETING, ON_THE_PHONE)]
    keys += [f"show_as.{show.key(name)}" for name in SHOW_AS]
    keys += [f"replies.{show.key(name)}" for name in automatic_replies.STATES]
    keys += [f"{place}.{state}" for state in SignIn for place in ("client", "user.sign_in")]
    keys += [f"manual.{show.key(name)}" for name in (*MANUAL_PRESENCES, *MANUAL_ACTIVITIES)]
    keys += [f"condition.{name}" for name in CONDITIONS]
    keys += [f"users.link.{name}" for name in ("off", "nobody", "failed", "subscribed", "asked", "begins")]
    assert all(language.said(chosen, key) for key in keys)


def test_the_forms_make_calls_of_the_control_plane() -> None:
    who = {"cluster": CLUSTER, "userid": "a/b"}
    box = {"address": ADDRESS, "zone": "Asia/Tokyo"}
    times = {"start": "2030-05-01T09:00", "end": "2030-05-01T10:00"}
    assert ACTIONS["sign-in"]({**who, "state": "away"}) == Call("PUT", "/presence/dc1/a%2Fb/sign-in", {"state": "away"})
    assert ACTIONS["set-phone"]({**who, "on": "no"}).body == {"on": False}
    hand = {**who, "presence": "DND", "activity": "", "note": "", "until": ""}
    assert ACTIONS["set-presence"](hand) == Call(
        "PUT", "/presence/dc1/a%2Fb/manual", {"presence": "DND", "override": False}
    )
    more = {"activity": "meeting", "note": "Lunch", "until": "2030-05-01T12:00", "override": "yes"}
    assert ACTIONS["set-presence"]({**hand, **more}).body == {
        "presence": "DND",
        "override": True,
        "activity": "meeting",
        "note": "Lunch",
        "until": "2030-05-01T12:00:00+00:00",
    }
    assert ACTIONS["give-back-presence"](who) == Call("DELETE", "/presence/dc1/a%2Fb/manual")
    replies = ACTIONS["set-replies"]({**box, **times, "state": "Scheduled", "reply": "Away"})
    assert replies.body == {
        "state": "Scheduled",
        "start": datetime(2030, 5, 1, 0, tzinfo=UTC).isoformat(),
        "end": datetime(2030, 5, 1, 1, tzinfo=UTC).isoformat(),
        "internal_reply": "Away",
        "external_reply": "Away",
    }
    assert "start" not in ACTIONS["set-replies"]({**box, **times, "state": "Disabled"}).body
    meeting = ACTIONS["add-meeting"]({**box, **times, "subject": "S", "show_as": "OOF"})
    assert (meeting.body["start"], meeting.body["time_zone"]) == ("2030-05-01T09:00:00", "Asia/Tokyo")
    assert (
        ACTIONS["delete-meeting"]({**box, "id": "a/+="}).path
        == f"/mailboxes/{ADDRESS.replace('@', '%40')}/meetings/a%2F%2B%3D"
    )
    for zone in ("Nowhere/City", "../etc", "Europe"):
        with pytest.raises(ValueError, match="time zone"):
            ACTIONS["set-replies"]({**box, **times, "state": "Scheduled", "zone": zone})


def test_the_next_meeting_is_one_that_decides_something() -> None:
    known = EngineUser(CLUSTER, "p", "n", "m", "t", busy=((0, 10, "Busy"), (20, 30, "Free"), (40, 50, "OOF")))
    assert [presence.next_meeting(known, now) for now in (5, 10, 50)] == [(0, 10, "Busy"), (40, 50, "OOF"), None]
    assert presence.next_meeting(None, 0) is None


def test_what_people_have_typed_is_no_word_of_ours() -> None:
    about = {"subject": "Busy", "start": 0.0, "end": 60.0, "show_as": "Busy", "series": True}
    told = view.in_words("ja", timelines.Step(0.0, "meeting", "created", about))
    assert "Busy" in told
    assert language.said("ja", "show_as.busy") in told
    assert language.said("ja", "timeline.series") in told


def test_a_step_tells_its_times_in_utc() -> None:
    noon = datetime.combine(date(2030, 5, 1), datetime.min.time(), UTC).timestamp() + 43_200
    step = timelines.Step(noon, "replies", "Scheduled", {"start": noon, "end": noon + 60})
    assert (
        view.in_words("en", step)
        == "Automatic replies were set for 2030-05-01 12:00:00 \N{EN DASH} 2030-05-01 12:01:00."
    )
