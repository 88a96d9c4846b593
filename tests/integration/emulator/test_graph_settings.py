# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of mailboxes and schedules through Microsoft Graph."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.online import Graph

ANNA, BEN = "user0001@example.com", "user0002@example.com"
SETTINGS = f"/users/{ANNA}/mailboxSettings"
REPLIES = "automaticRepliesSetting"


@pytest.fixture(name="graph")
def graph_fixture(tenant: Emulator) -> Graph:
    tenant.control.clock(frozen=True, now="2026-11-01T12:00:00+00:00")
    return Graph(tenant)


def at(day: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": day, "timeZone": zone}


def test_automatic_replies_are_set_and_read(graph: Graph) -> None:
    assert graph.get(SETTINGS)[REPLIES]["status"] == "disabled"
    wanted = {
        "status": "scheduled",
        "externalAudience": "contactsOnly",
        "internalReplyMessage": "<p>Back on Monday</p>",
        "externalReplyMessage": "Away",
        "scheduledStartDateTime": at("2026-11-26T09:00:00", "W. Europe Standard Time"),
        "scheduledEndDateTime": at("2026-11-30T09:00:00", "W. Europe Standard Time"),
    }
    changed = graph.call("PATCH", SETTINGS, {REPLIES: wanted})
    assert changed.status_code == 200, changed.text
    read = graph.get(f"{SETTINGS}/{REPLIES}")
    words = ("status", "externalAudience", "internalReplyMessage", "externalReplyMessage")
    assert {name: read[name] for name in words} == {name: wanted[name] for name in words}
    assert read["scheduledStartDateTime"] == at("2026-11-26T08:00:00.0000000")
    graph.call("PATCH", SETTINGS, {REPLIES: {"status": "alwaysEnabled"}})
    read = graph.get(f"{SETTINGS}/{REPLIES}")
    assert (read["status"], read["internalReplyMessage"]) == ("alwaysEnabled", "<p>Back on Monday</p>")


def test_time_zone_and_language_are_set_and_read(graph: Graph) -> None:
    content = {"timeZone": "Tokyo Standard Time", "language": {"locale": "ja-JP"}}
    assert graph.call("PATCH", SETTINGS, content).status_code == 200
    read = graph.get(SETTINGS)
    assert (read["timeZone"], read["language"]["locale"]) == ("Tokyo Standard Time", "ja-JP")
    assert read["workingHours"]["timeZone"] == {"name": "Tokyo Standard Time"}
    assert graph.get(f"{SETTINGS}/timeZone")["value"] == "Tokyo Standard Time"
    assert graph.get(f"{SETTINGS}/userPurpose")["value"] == "user"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({REPLIES: {"status": "perhaps"}}, "ErrorInvalidRequest"),
        ({REPLIES: {"mood": "good"}}, "RequestBodyRead"),
        ({REPLIES: {"status": "scheduled"}}, "ErrorInvalidScheduledOofDuration"),
        (
            {
                REPLIES: {
                    "status": "scheduled",
                    "scheduledStartDateTime": at("2026-10-01T00:00:00"),
                    "scheduledEndDateTime": at("2026-10-02T00:00:00"),
                }
            },
            "ErrorInvalidScheduledOofDuration",
        ),
        ({"timeZone": "Middle Earth"}, "TimeZoneNotSupportedException"),
        ({"language": {"locale": "!"}}, "ErrorInvalidRequest"),
        ({"dateFormat": "dd.MM.yyyy"}, "ErrorInvalidRequest"),
    ],
)
def test_a_setting_is_refused_and_stays(graph: Graph, content: dict[str, Any], code: str) -> None:
    before = graph.get(SETTINGS)
    answer = graph.call("PATCH", SETTINGS, {"timeZone": "Tokyo Standard Time", **content})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert graph.get(SETTINGS) == before


def test_settings_want_their_own_permission(tenant: Emulator) -> None:
    answer = Graph(tenant, "forgotten").call("GET", SETTINGS)
    assert answer.status_code == 401
    assert Graph(tenant, "presence").call("GET", SETTINGS).status_code == 200
    assert Graph(tenant).call("PATCH", f"{SETTINGS}/timeZone", {}).status_code == 405
    assert Graph(tenant).call("GET", f"{SETTINGS}/shoeSize").status_code == 400


def schedule(graph: Graph, *addresses: str, **content: Any) -> Any:
    window = {"startTime": at("2026-11-26T08:00:00"), "endTime": at("2026-11-26T12:00:00")}
    return graph.call("POST", f"/users/{BEN}/calendar/getSchedule", {"schedules": addresses, **window, **content})


def test_a_schedule_has_a_digit_for_each_slot(graph: Graph) -> None:
    for start, end, shown in (
        ("08:00", "09:00", "tentative"),
        ("08:30", "09:30", "busy"),
        ("10:00", "10:15", "oof"),
        ("10:00", "10:30", "busy"),
        ("11:00", "11:30", "workingElsewhere"),
        ("11:30", "12:00", "free"),
    ):
        event = {"subject": shown, "showAs": shown, "start": at(f"2026-11-26T{start}:00")}
        graph.call("POST", f"/users/{ANNA}/events", event | {"end": at(f"2026-11-26T{end}:00")})
    answer = schedule(graph, ANNA, "nobody@example.com", BEN)
    assert answer.status_code == 200, answer.text
    anna, nobody, ben = answer.json()["value"]
    assert (anna["availabilityView"], ben["availabilityView"]) == ("12203040", "00000000")
    assert nobody["error"]["responseCode"] == "ErrorMailRecipientNotFound"
    assert [item["status"] for item in anna["scheduleItems"]][:2] == ["tentative", "busy"]
    assert anna["scheduleItems"][0]["subject"] == "tentative"
    assert schedule(graph, ANNA, availabilityViewInterval=60).json()["value"][0]["availabilityView"] == "2234"


def test_a_schedule_hides_what_is_private_or_not_permitted(tenant: Emulator, graph: Graph) -> None:
    times = {"start": at("2026-11-26T08:00:00"), "end": at("2026-11-26T09:00:00")}
    for sensitivity in ("normal", "private"):
        graph.call("POST", f"/users/{ANNA}/events", {"subject": "Plans", "sensitivity": sensitivity, **times})
    items = schedule(graph, ANNA).json()["value"][0]["scheduleItems"]
    assert [item.get("subject") for item in items] == ["Plans", None]
    assert "Plans" not in schedule(Graph(tenant, "presence"), ANNA).text


@pytest.mark.parametrize(
    "content",
    [
        {"schedules": []},
        {"schedules": [ANNA] * 21},
        {"availabilityViewInterval": 4},
        {"availabilityViewInterval": 1441},
        {"endTime": at("2026-11-26T08:00:00")},
        {"endTime": at("2027-02-26T08:00:00")},
    ],
)
def test_a_schedule_is_refused(graph: Graph, content: dict[str, Any]) -> None:
    answer = schedule(graph, ANNA, **content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidParameter")
