# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events through Microsoft Graph: written, read back, viewed, and kept where Exchange keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.online import Graph

ANNA, BEN = "user0001@example.com", "user0002@example.com"
EVENTS = f"/users/{ANNA}/events"
BERLIN = "W. Europe Standard Time"


@pytest.fixture(name="graph")
def graph_fixture(tenant: Emulator) -> Graph:
    tenant.control.clock(frozen=True, now="2026-11-01T12:00:00+00:00")
    return Graph(tenant)


def at(day: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": day, "timeZone": zone}


def meeting(start: str, end: str, zone: str = "UTC", **others: Any) -> dict[str, Any]:
    return {"subject": "Review", "start": at(start, zone), "end": at(end, zone), **others}


def create(graph: Graph, content: dict[str, Any], path: str = EVENTS) -> Any:
    answer = graph.call("POST", path, content)
    assert answer.status_code == 201, answer.text
    return answer.json()


def view(graph: Graph, start: str, end: str, **options: str) -> list[Any]:
    found: list[Any] = graph.get(f"/users/{ANNA}/calendarView", startDateTime=start, endDateTime=end, **options)[
        "value"
    ]
    return found


def test_what_is_written_is_read_back(graph: Graph) -> None:
    content = meeting(
        "2026-11-26T09:00:00",
        "2026-11-26T10:30:00",
        BERLIN,
        body={"contentType": "html", "content": "<p>Two &amp; two</p>"},
        location={"displayName": "Room 4"},
        showAs="oof",
        sensitivity="private",
        importance="high",
        categories=["red", "blue"],
        isReminderOn=True,
        reminderMinutesBeforeStart=5,
        allowNewTimeProposals=False,
        responseRequested=False,
        attendees=[
            {
                "type": "optional",
                "status": {"response": "accepted"},
                "emailAddress": {"address": BEN, "name": "Ben"},
            }
        ],
    )
    created = create(graph, content)
    read = graph.get(f"{EVENTS}/{created['id']}")
    assert read == {**created, "@odata.context": read["@odata.context"]}
    kept = ("subject", "body", "showAs", "sensitivity", "importance", "categories", "reminderMinutesBeforeStart")
    assert {name: read[name] for name in kept} == {name: content[name] for name in kept}
    assert (read["allowNewTimeProposals"], read["responseRequested"], read["isOnlineMeeting"]) == (False, False, False)
    assert read["start"] == at("2026-11-26T08:00:00.0000000")
    assert (read["originalStartTimeZone"], read["type"]) == (BERLIN, "singleInstance")
    assert (read["bodyPreview"], read["location"]["displayName"]) == ("Two & two", "Room 4")
    assert read["organizer"]["emailAddress"]["address"] == ANNA
    assert (read["isOrganizer"], read["responseStatus"]["response"]) == (True, "organizer")
    (attendee,) = read["attendees"]
    assert (attendee["type"], attendee["status"]["response"]) == ("optional", "accepted")
    assert attendee["emailAddress"] == {"name": "Ben", "address": BEN}


def test_times_come_in_the_zone_that_is_preferred(graph: Graph) -> None:
    create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00"))
    for zone, shown in ((BERLIN, "10:00"), ("America/New_York", "04:00"), ("Tokyo Standard Time", "18:00")):
        headers = {"Prefer": f'outlook.timezone="{zone}", outlook.body-content-type="text"'}
        answer = graph.call("GET", EVENTS, headers=headers)
        assert answer.headers["Preference-Applied"] == headers["Prefer"]
        (event,) = answer.json()["value"]
        assert event["start"] == at(f"2026-11-26T{shown}:00.0000000", zone)
        assert event["body"]["contentType"] == "text"
    answer = graph.call("GET", EVENTS, headers={"Prefer": 'outlook.timezone="Middle Earth"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "TimeZoneNotSupportedException")


def test_an_event_of_whole_days_is_midnights(graph: Graph) -> None:
    created = create(graph, meeting("2026-11-26T00:00:00", "2026-11-28T00:00:00", BERLIN, isAllDay=True))
    assert created["isAllDay"] is True
    assert [created[name]["dateTime"][:16] for name in ("start", "end")] == ["2026-11-26T00:00", "2026-11-28T00:00"]
    refused = graph.call("POST", EVENTS, meeting("2026-11-26T09:00:00", "2026-11-27T00:00:00", isAllDay=True))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorPropertyValidationFailure")


def test_an_event_is_changed_and_what_is_not_said_stays(graph: Graph) -> None:
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00", location={"displayName": "Room 4"}))
    path = f"{EVENTS}/{created['id']}"
    changed = graph.call("PATCH", path, {"showAs": "free", "isReminderOn": False, "subject": "Later"}).json()
    assert (changed["showAs"], changed["isReminderOn"], changed["subject"]) == ("free", False, "Later")
    assert (changed["location"]["displayName"], changed["start"]) == ("Room 4", created["start"])
    assert changed["changeKey"] != created["changeKey"]
    stale = graph.call("PATCH", path, {"subject": "Lost"}, {"If-Match": created["@odata.etag"]})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    fresh = graph.call("PATCH", path, {"subject": "Kept"}, {"If-Match": changed["@odata.etag"]})
    assert (fresh.status_code, fresh.json()["subject"]) == (200, "Kept")
    # A client may send back all that it has read.
    whole = {name: value for name, value in fresh.json().items() if name != "@odata.context"}
    assert graph.call("PATCH", path, whole).status_code == 200


def test_an_event_is_deleted(graph: Graph) -> None:
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00"))
    path = f"{EVENTS}/{created['id']}"
    assert graph.call("GET", f"/users/{BEN}/events/{created['id']}").json()["error"]["code"] == "ErrorItemNotFound"
    gone = graph.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    for method in ("GET", "DELETE", "PATCH"):
        answer = graph.call(method, path, {} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ErrorItemNotFound")


def test_a_view_holds_what_overlaps_the_time_sorted_by_start(graph: Graph) -> None:
    for hour in (12, 8, 10):
        create(graph, meeting(f"2026-11-26T{hour:02d}:00:00", f"2026-11-26T{hour + 1:02d}:00:00", subject=f"at {hour}"))
    shown = view(graph, "2026-11-26T09:00:00", "2026-11-26T12:00:00Z")
    assert [event["subject"] for event in shown] == ["at 10"]
    shown = view(graph, "2026-11-26T08:30:00+00:00", "2026-11-26T13:30:00+01:00")
    assert [event["subject"] for event in shown] == ["at 8", "at 10", "at 12"]
    assert [event["subject"] for event in view(graph, "2026-11-26T11:30:00+01:00", "2026-11-26T12:00:00")] == ["at 10"]
    backwards = view(graph, "2026-11-26", "2026-11-27", _orderby="start/dateTime desc", _select="subject,start")
    assert [event["subject"] for event in backwards] == ["at 12", "at 10", "at 8"]
    assert backwards[0].keys() == {"@odata.etag", "id", "subject", "start"}
    late = view(
        graph, "2026-11-26", "2026-11-27", _filter="start/dateTime ge '2026-11-26T10:00' and not contains(subject,'12')"
    )
    assert [event["subject"] for event in late] == ["at 10"]


def test_a_view_comes_in_pages(graph: Graph) -> None:
    for minute in range(25):
        create(graph, meeting(f"2026-11-26T09:{minute:02d}:00", "2026-11-26T11:00:00", subject=str(minute)))
    window = {"startDateTime": "2026-11-26T00:00:00Z", "endDateTime": "2026-11-27T00:00:00Z"}
    page = graph.get(f"/users/{ANNA}/calendarView", **window, _count="true")
    assert (len(page["value"]), page["@odata.count"]) == (10, 25)
    seen = page["value"]
    while "@odata.nextLink" in page:
        assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/users/")
        page = graph.get(page["@odata.nextLink"])
        seen += page["value"]
    assert [int(event["subject"]) for event in seen] == list(range(25))
    assert len(graph.get(f"/users/{ANNA}/calendarView", **window, _top="1000")["value"]) == 25
    last = graph.get(f"/users/{ANNA}/calendarView", **window, _top="10", _skip="20")
    assert (len(last["value"]), "@odata.nextLink" in last) == (5, False)
    preferred = graph.call("GET", EVENTS, headers={"Prefer": "odata.maxpagesize=3"}).json()
    assert len(preferred["value"]) == 3


PATTERNS: list[dict[str, Any]] = [
    {"type": "daily", "interval": 2},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "thursday"], "firstDayOfWeek": "monday"},
    {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 26},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["thursday"], "index": "last"},
    {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 26, "month": 11},
    {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["thursday"], "index": "fourth", "month": 11},
]
RANGES: list[dict[str, Any]] = [
    {"type": "noEnd", "startDate": "2026-11-26"},
    {"type": "endDate", "startDate": "2026-11-26", "endDate": "2027-06-30"},
    {"type": "numbered", "startDate": "2026-11-26", "numberOfOccurrences": 5},
]


@pytest.mark.parametrize("pattern", PATTERNS, ids=[pattern["type"] for pattern in PATTERNS])
@pytest.mark.parametrize("limits", RANGES, ids=[limits["type"] for limits in RANGES])
def test_a_series_says_its_pattern_again(graph: Graph, pattern: dict[str, Any], limits: dict[str, Any]) -> None:
    recurrence = {"pattern": pattern, "range": limits}
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00", BERLIN, recurrence=recurrence))
    shown = created["recurrence"]
    assert created["type"] == "seriesMaster"
    assert {name: shown["pattern"][name] for name in pattern} == pattern
    assert {name: shown["range"][name] for name in limits} == limits
    assert shown["range"]["recurrenceTimeZone"] == BERLIN
    (first,) = view(graph, "2026-11-26T00:00:00", "2026-11-27T00:00:00")
    assert (first["type"], first["seriesMasterId"]) == ("occurrence", created["id"])


def test_one_occurrence_is_moved_and_another_deleted(graph: Graph) -> None:
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-11-23", "numberOfOccurrences": 4},
    }
    master = create(graph, meeting("2026-11-23T09:00:00", "2026-11-23T10:00:00", recurrence=recurrence))
    window = {"startDateTime": "2026-11-01", "endDateTime": "2026-12-31"}
    path = f"{EVENTS}/{master['id']}/instances"
    monday, tuesday, wednesday, _ = graph.get(path, **window)["value"]
    moved = {"start": at("2026-11-24T15:00:00"), "end": at("2026-11-24T16:00:00")}
    changed = graph.call("PATCH", f"{EVENTS}/{tuesday['id']}", moved).json()
    assert (changed["type"], changed["originalStart"]) == ("exception", "2026-11-24T09:00:00.0000000Z")
    assert graph.call("DELETE", f"{EVENTS}/{wednesday['id']}").status_code == 204
    left = graph.get(path, **window)["value"]
    assert [(event["type"], event["start"]["dateTime"][:16]) for event in left] == [
        ("occurrence", "2026-11-23T09:00"),
        ("exception", "2026-11-24T15:00"),
        ("occurrence", "2026-11-26T09:00"),
    ]
    assert graph.call("GET", f"{EVENTS}/{monday['id']}/instances", params=window).status_code == 400
    assert graph.call("DELETE", f"{EVENTS}/{master['id']}").status_code == 204
    assert view(graph, "2026-11-01", "2026-12-31") == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"end": at("2026-11-26T08:00:00")}, 400, "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ({"end": at("2036-11-26T08:00:00")}, 400, "ErrorCalendarDurationIsTooLong"),
        ({"end": None}, 400, "ErrorPropertyValidationFailure"),
        ({"start": at("2026-11-26T08:00:00", "Middle Earth")}, 400, "TimeZoneNotSupportedException"),
        ({"start": at("soon")}, 400, "ErrorInvalidParameter"),
        ({"showAs": "asleep"}, 400, "ErrorPropertyValidationFailure"),
        ({"subject": 7}, 400, "ErrorPropertyValidationFailure"),
        ({"attendees": [{"type": "required"}]}, 400, "ErrorPropertyValidationFailure"),
        ({"recurrence": {"pattern": {"type": "hourly"}, "range": RANGES[0]}}, 400, "ErrorPropertyValidationFailure"),
        ({"recurrence": {"pattern": {"type": "daily"}}}, 400, "ErrorPropertyValidationFailure"),
        (
            {"recurrence": {"pattern": {**PATTERNS[3], "daysOfWeek": ["monday", "sunday"]}, "range": RANGES[0]}},
            400,
            "ErrorPropertyValidationFailure",
        ),
        ({"colour": "red"}, 400, "RequestBodyRead"),
        ({"transactionId": "7"}, 501, "NotImplemented"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_stored(
    graph: Graph, change: dict[str, Any], status: int, code: str
) -> None:
    answer = graph.call("POST", EVENTS, {**meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00"), **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert graph.get(EVENTS)["value"] == []


def test_a_body_that_is_no_json_is_refused(graph: Graph) -> None:
    answer = graph.call("POST", EVENTS, [1, 2])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_basic_reading_shows_no_body(tenant: Emulator, graph: Graph) -> None:
    body = {"contentType": "text", "content": "secret plans"}
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00", body=body))
    answer = Graph(tenant, "presence").call("GET", f"{EVENTS}/{created['id']}")
    assert answer.status_code == 200
    assert "secret plans" not in answer.text
    assert answer.json().keys() == created.keys() - {"body", "bodyPreview", "hasAttachments"}
    chosen = Graph(tenant, "presence").get(f"{EVENTS}/{created['id']}", _select="subject,body")
    assert chosen.keys() == {"@odata.context", "@odata.etag", "id", "subject"}


def test_a_calendar_is_named_by_its_id_too(graph: Graph) -> None:
    (calendar,) = graph.get(f"/users/{ANNA}/calendars")["value"]
    assert graph.get(f"/users/{ANNA}/calendar")["id"] == calendar["id"]
    assert (calendar["isDefaultCalendar"], calendar["owner"]["address"]) == (True, ANNA)
    path = f"/users/{ANNA}/calendars/{calendar['id']}/events"
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00"), path)
    assert graph.get(f"{EVENTS}/{created['id']}")["id"] == created["id"]
    assert [one["id"] for one in graph.get(f"/users/{ANNA}/calendar/events")["value"]] == [created["id"]]


def test_who_is_invited_finds_the_meeting_answers_and_is_told_of_its_end(graph: Graph) -> None:
    invited = [{"type": "required", "emailAddress": {"address": BEN}}]
    meeting_of_anna = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00", attendees=invited))
    path = f"{EVENTS}/{meeting_of_anna['id']}"
    (copy,) = graph.get(f"/users/{BEN}/events")["value"]
    assert (copy["iCalUId"], copy["showAs"], copy["isOrganizer"]) == (meeting_of_anna["iCalUId"], "tentative", False)
    assert (copy["responseStatus"]["response"], copy["organizer"]["emailAddress"]["address"]) == ("notResponded", ANNA)

    its_own = graph.call("POST", f"{path}/accept", {})
    assert (its_own.status_code, its_own.json()["error"]["code"]) == (400, "ErrorInvalidRequest")
    copy_path = f"/users/{BEN}/events/{copy['id']}"
    silent = graph.call("POST", f"{copy_path}/tentativelyAccept", {"sendResponse": False})
    assert (silent.status_code, silent.content) == (202, b"")
    assert graph.get(path)["attendees"][0]["status"]["response"] == "none"
    assert graph.call("POST", f"{copy_path}/accept", {"comment": "Yes"}).status_code == 202
    assert graph.get(path)["attendees"][0]["status"]["response"] == "accepted"
    assert graph.get(copy_path)["showAs"] == "busy"

    graph.call("PATCH", path, {"start": at("2026-11-26T11:00:00"), "end": at("2026-11-26T12:00:00")})
    moved = graph.get(copy_path)
    assert (moved["start"]["dateTime"][:16], moved["responseStatus"]["response"]) == (
        "2026-11-26T11:00",
        "notResponded",
    )
    graph.call("DELETE", path)
    cancelled = graph.get(copy_path)
    assert (cancelled["isCancelled"], cancelled["showAs"]) == (True, "free")
    late = graph.call("POST", f"{copy_path}/decline", {"sendResponse": True})
    assert (late.status_code, late.json()["error"]["code"]) == (400, "ErrorInvalidRequest")


def test_who_declines_has_the_meeting_no_more(graph: Graph) -> None:
    invited = [{"type": "optional", "emailAddress": {"address": BEN}}]
    created = create(graph, meeting("2026-11-26T09:00:00", "2026-11-26T10:00:00", attendees=invited))
    (copy,) = graph.get(f"/users/{BEN}/events")["value"]
    assert graph.call("POST", f"/users/{BEN}/events/{copy['id']}/decline").status_code == 202
    assert graph.get(f"/users/{BEN}/events")["value"] == []
    assert graph.get(f"{EVENTS}/{created['id']}")["attendees"][0]["status"]["response"] == "declined"
