# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane fills mailboxes: meetings, automatic replies, calendar files; it sets limits, restarts servers."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imp_emulator.testing import Control, ControlError
from tests.support.emulator import Emulator
from tests.support.exchange import powershell

ANNA = "anna@example.com"
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=BERLIN)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = (MONDAY - DAY, MONDAY + 29 * DAY)
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//A calendar//EN
BEGIN:VEVENT
UID:standup@example.com
DTSTAMP:20260501T000000Z
DTSTART;TZID=Europe/Berlin:20260601T090000
DTEND;TZID=Europe/Berlin:20260601T091500
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4
EXDATE;TZID=Europe/Berlin:20260608T090000
SUMMARY:Stand-up
END:VEVENT
BEGIN:VEVENT
UID:standup@example.com
RECURRENCE-ID;TZID=Europe/Berlin:20260615T090000
DTSTAMP:20260501T000000Z
DTSTART;TZID=Europe/Berlin:20260615T110000
DTEND;TZID=Europe/Berlin:20260615T111500
SUMMARY:Late stand-up
END:VEVENT
BEGIN:VEVENT
UID:holiday@example.com
DTSTAMP:20260501T000000Z
DTSTART;VALUE=DATE:20260604
DTEND;VALUE=DATE:20260606
SUMMARY:Away
X-MICROSOFT-CDO-BUSYSTATUS:OOF
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.fixture(name="control")
def control_fixture(environment: Emulator) -> Control:
    """The control plane of an environment with a mailbox in Berlin."""
    control: Control = environment.control
    control.add_mailbox(ANNA, "Anna Berg", time_zone="Europe/Berlin", language="de-DE", aliases=["a.berg@example.com"])
    return control


def refused(control: Control, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = control.request(method, path, body)
    return answer.status_code, str(answer.json()["detail"])


def starts(control: Control, address: str = ANNA) -> list[str]:
    return [meeting["start"] for meeting in control.meetings(address, *MONTH)]


def test_mailboxes_are_added_changed_and_removed(control: Control) -> None:
    anna = control.mailbox("SMTP:A.Berg@example.com")
    assert (anna["address"], anna["display_name"], anna["principal_name"]) == (ANNA, "Anna Berg", ANNA)
    assert (anna["time_zone"], anna["language"]) == ("Europe/Berlin", "de-DE")
    assert anna["aliases"] == ["a.berg@example.com"]
    assert anna["sid"].startswith("S-1-5-21-")
    changed = control.change_mailbox(ANNA, address="anna.berg@example.com", time_zone="Asia/Tokyo", aliases=[ANNA])
    assert changed == {**anna, "address": "anna.berg@example.com", "time_zone": "Asia/Tokyo", "aliases": [ANNA]}
    assert control.mailbox(ANNA) == changed
    control.remove_mailbox(ANNA)
    with pytest.raises(ControlError, match=r"404 .*There is no mailbox with the address anna@example\.com"):
        control.mailbox(ANNA)


def test_every_user_with_an_address_has_a_mailbox_and_so_has_the_account(control: Control) -> None:
    addresses = [mailbox["address"] for mailbox in control.mailboxes()]
    assert len(addresses) == len(set(addresses)) == 1002
    assert {"user0001@example.com", "user1000@example.com", "svc-imp@example.com", ANNA} <= set(addresses)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"address": "USER0001@example.com"}, 409, "has the address USER0001@example.com already"),
        ({"address": "b@example.com", "aliases": [ANNA]}, 409, "has the address anna@example.com already"),
        ({"address": "nobody"}, 422, "address"),
        ({"address": "b@example.com", "time_zone": "Mars/Base"}, 422, "time zone"),
        ({"address": "b@example.com", "language": "!"}, 422, "language"),
        ({"address": "b@example.com", "size": 3}, 422, "Extra inputs"),
        ({}, 422, "address"),
    ],
)
def test_a_mailbox_that_breaks_a_rule(control: Control, body: Any, status: int, said: str) -> None:
    before = len(control.mailboxes())
    code, text = refused(control, "POST", "/mailboxes", body)
    assert (code, said in text) == (status, True), text
    assert len(control.mailboxes()) == before


def test_a_meeting(control: Control) -> None:
    made = control.add_meeting(
        ANNA,
        MONDAY,
        MONDAY + HOUR,
        subject="Planning",
        location="Room 1",
        show_as="Tentative",
        body="Agenda",
        categories=["red"],
        reminder_minutes=5,
        attendees=[{"address": "user0001@example.com", "name": "User", "response": "Accept"}],
    )
    assert control.meeting(ANNA, made["id"]) == made
    assert control.meetings(ANNA, *MONTH) == [made]
    assert (made["start"], made["end"]) == ("2026-06-01T07:00:00+00:00", "2026-06-01T08:00:00+00:00")
    assert (made["kind"], made["show_as"], made["time_zone"]) == ("Single", "Tentative", "Europe/Berlin")
    assert made["attendees"][0]["role"] == "required"
    changed = control.change_meeting(ANNA, made["id"], subject="Review", start=MONDAY - HOUR)
    assert (changed["subject"], changed["start"]) == ("Review", "2026-06-01T06:00:00+00:00")
    assert changed["location"] == "Room 1"
    control.delete_meeting(ANNA, made["id"])
    assert control.meetings(ANNA, *MONTH) == []
    with pytest.raises(ControlError, match="404"):
        control.meeting(ANNA, made["id"])


def test_times_without_an_offset_are_on_the_wall_of_the_mailbox(control: Control) -> None:
    nine = {"start": "2026-06-01T09:00:00", "end": "2026-06-01T10:00:00"}
    answer = control.request("POST", f"/mailboxes/{ANNA}/meetings", nine).json()
    assert answer["start"] == "2026-06-01T07:00:00+00:00"
    tokyo = control.request("POST", f"/mailboxes/{ANNA}/meetings", {**nine, "time_zone": "Tokyo Standard Time"}).json()
    assert (tokyo["start"], tokyo["time_zone"]) == ("2026-06-01T00:00:00+00:00", "Asia/Tokyo")
    moved = control.request("PATCH", f"/mailboxes/{ANNA}/meetings/{tokyo['id']}", {"end": "2026-06-01T11:00:00"}).json()
    assert moved["end"] == "2026-06-01T02:00:00+00:00"


def test_a_series_and_its_exceptions(control: Control) -> None:
    rule = "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=MO;COUNT=3"
    series = control.add_meeting(
        ANNA, MONDAY, MONDAY + HOUR, subject="Weekly", recurrence="FREQ=WEEKLY;BYDAY=MO;COUNT=3"
    )
    assert (series["kind"], series["recurrence"]) == ("RecurringMaster", rule)
    first, second, third = control.meetings(ANNA, *MONTH)
    assert [one["kind"] for one in (first, second, third)] == 3 * ["Occurrence"]
    moved = control.change_meeting(ANNA, second["id"], start=MONDAY + 8 * DAY, end=MONDAY + 8 * DAY + HOUR)
    assert (moved["kind"], moved["original_start"]) == ("Exception", second["start"])
    control.delete_meeting(ANNA, third["id"])
    assert starts(control) == [first["start"], "2026-06-09T07:00:00+00:00"]
    control.delete_meeting(ANNA, series["id"])
    assert starts(control) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"end": "2026-06-01T08:00:00"}, "end"),
        ({"end": None}, "a start and an end"),
        ({"show_as": "Somewhere"}, "show_as"),
        ({"recurrence": "FREQ=HOURLY"}, "FREQ"),
        ({"time_zone": "Mars/Base"}, "time zone"),
        ({"end": "2040-06-01T08:00:00"}, "5 years"),
        ({"subject": "\x00"}, "pattern"),
        ({"surprise": True}, "Extra inputs"),
    ],
)
def test_a_meeting_that_breaks_a_rule(control: Control, body: dict[str, Any], said: str) -> None:
    whole = {"start": "2026-06-01T09:00:00", "end": "2026-06-01T10:00:00", **body}
    code, text = refused(control, "POST", f"/mailboxes/{ANNA}/meetings", whole)
    assert (code, said in text) == (422, True), text
    assert control.meetings(ANNA, *MONTH) == []


@pytest.mark.parametrize("days", [-1, 0, 732])
def test_a_view_of_a_time_that_cannot_be(control: Control, days: int) -> None:
    with pytest.raises(ControlError, match=r"422 .*731 days at most"):
        control.meetings(ANNA, MONDAY, MONDAY + days * DAY)


def test_nobody_reaches_into_another_mailbox(control: Control) -> None:
    made = control.add_meeting(ANNA, MONDAY, MONDAY + HOUR)
    for address, meeting in (("user0001@example.com", made["id"]), (ANNA, "nonsense"), (ANNA, made["id"][:-4])):
        code, text = refused(control, "DELETE", f"/mailboxes/{address}/meetings/{meeting}")
        assert (code, "has no meeting" in text) == (404, True), text
    assert control.meetings(ANNA, *MONTH) == [made]


def test_automatic_replies(control: Control) -> None:
    assert control.automatic_replies(ANNA)["state"] == "Disabled"
    now = datetime.now(UTC).replace(microsecond=0)
    given = control.set_automatic_replies(
        ANNA,
        "Scheduled",
        start=now,
        end=now + DAY,
        internal_reply="In.",
        external_reply="Out.",
        external_audience="Known",
    )
    assert control.automatic_replies(ANNA) == given
    assert (given["state"], given["external_audience"]) == ("Scheduled", "Known")
    assert datetime.fromisoformat(given["end"]) == now + DAY
    with pytest.raises(ControlError, match="422"):
        control.set_automatic_replies(ANNA, "Scheduled", start=now, end=now - DAY)
    assert control.automatic_replies(ANNA) == given


@pytest.mark.parametrize("state", ["Scheduled", "Enabled"])
def test_replies_at_the_ends_of_all_days(control: Control, state: str) -> None:
    body = {"state": state, "start": "0001-01-01T00:00:00+14:00", "end": "9999-12-31T23:59:59-14:00"}
    code, text = refused(control, "PUT", f"/mailboxes/{ANNA}/automatic-replies", body)
    assert (code, text) == (422, "The start of automatic replies is out of range.")


def test_a_calendar_file_goes_in_and_comes_out(control: Control) -> None:
    control.add_meeting(ANNA, MONDAY + 3 * HOUR, MONDAY + 4 * HOUR, subject="Gone")
    done = control.put_calendar(ANNA, CALENDAR.encode())
    assert (done["created"], done["updated"], done["deleted"], done["problems"]) == (2, 0, 1, [])
    found = [(one["start"], one["subject"], one["show_as"], one["kind"]) for one in control.meetings(ANNA, *MONTH)]
    assert found == [
        ("2026-06-01T07:00:00+00:00", "Stand-up", "Busy", "Occurrence"),
        ("2026-06-03T22:00:00+00:00", "Away", "OOF", "Single"),
        ("2026-06-15T09:00:00+00:00", "Late stand-up", "Busy", "Exception"),
        ("2026-06-22T07:00:00+00:00", "Stand-up", "Busy", "Occurrence"),
    ]
    written = control.calendar(ANNA)
    control.add_mailbox("bert@example.com", time_zone="Europe/Berlin")
    assert control.put_calendar("bert@example.com", written)["created"] == 2
    again = control.put_calendar("bert@example.com", written)
    assert (again["created"], again["updated"], again["unchanged"], again["deleted"]) == (0, 0, 2, 0)
    again = control.meetings("bert@example.com", *MONTH)
    assert [(one["start"], one["subject"], one["show_as"], one["kind"]) for one in again] == found


def test_an_event_that_no_calendar_can_hold_fails_alone(control: Control) -> None:
    kept = control.add_meeting(ANNA, MONDAY + 3 * HOUR, MONDAY + 4 * HOUR)
    done = control.put_calendar(ANNA, CALENDAR.replace("WEEKLY", "HOURLY").encode(), replace=False)
    assert {problem["uid"] for problem in done["problems"]} == {"standup@example.com"}
    assert any("FREQ" in problem["reason"] for problem in done["problems"])
    assert [one["subject"] for one in control.meetings(ANNA, *MONTH)] == [kept["subject"], "Away"]


@pytest.mark.parametrize("content", [b"nonsense", b"\xff\xfe", b""])
def test_what_is_no_calendar_changes_nothing(control: Control, content: bytes) -> None:
    made = control.add_meeting(ANNA, MONDAY, MONDAY + HOUR)
    with pytest.raises(ControlError, match="422"):
        control.put_calendar(ANNA, content)
    assert control.meetings(ANNA, *MONTH) == [made]


def test_the_command_line(environment: Emulator, control: Control, tmp_path: Path) -> None:
    file = tmp_path / "anna.ics"
    file.write_text(CALENDAR, newline="")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["imp-emulator", "calendar", *arguments, "--ready-file", str(environment.ready_file)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    put = run("put", ANNA, str(file))
    assert put.returncode == 0, put.stderr
    assert put.stdout == "anna@example.com: 2 created, 0 updated, 0 unchanged, 0 deleted\n"
    assert run("get", ANNA).stdout.count("BEGIN:VEVENT") == 3
    file.write_text(CALENDAR.replace("WEEKLY", "HOURLY"), newline="")
    odd = run("put", "--no-replace", ANNA, str(file))
    assert (odd.returncode, odd.stdout.count("1 unchanged")) == (1, 1)
    assert re.search(r"anna\.ics, line \d+: .*FREQ", odd.stderr)
    file.write_text(CALENDAR.replace("END:VCALENDAR", "BEGIN:VTODO\r\nUID:9\r\nEND:VTODO\r\nEND:VCALENDAR"), newline="")
    more = run("put", ANNA, str(file))
    assert (more.returncode, more.stderr.strip().endswith("anna.ics: 1 VTODO ignored, only events are taken")) == (
        0,
        True,
    )
    nobody = run("put", "nobody@example.com", str(file))
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert nobody.stderr.endswith(": 404 There is no mailbox with the address nobody@example.com.\n")
    command = ["imp-emulator", "calendar", "get", ANNA, "--ready-file", str(tmp_path / "none.json")]
    assert (
        "imp-emulator start writes one" in subprocess.run(command, capture_output=True, text=True, check=False).stderr
    )


def test_limits_of_an_account(environment: Emulator) -> None:
    control = environment.control
    account = environment.ready["exchange_account"]["username"]
    before = control.throttling_policy(account)
    assert before["max_concurrency"] == 27
    changed = control.throttling_policy(account, max_concurrency=3, find_count_limit=None)
    assert changed == {**before, "max_concurrency": 3, "find_count_limit": None}
    assert control.throttling_policy(account) == changed
    control.reset_throttling_policy(account)
    assert control.throttling_policy(account) == before
    assert refused(control, "GET", "/throttling-policies/nobody")[0] == 404
    assert refused(control, "PATCH", f"/throttling-policies/{account}", {"max_concurrency": -1})[0] == 422


def test_the_right_to_act_for_others(environment: Emulator) -> None:
    control = environment.control

    def allowed() -> bool:
        return bool(control.request("GET", "/impersonation").json()["allowed"])

    assert not allowed()
    for wanted in (True, True, False, False, True):
        control.impersonation(allowed=wanted)
        assert allowed() is wanted
    # It is the very assignment that an administrator sees.
    with powershell(environment) as session:
        (assignment,) = session.run("Get-ManagementRoleAssignment").output
        assert assignment["Role"] == "ApplicationImpersonation"
        session.run("Remove-ManagementRoleAssignment", Identity=assignment["Name"], Confirm=False)
    assert not allowed()


def test_a_restart_of_a_server(control: Control) -> None:
    assert control.restart_exchange("mail1.example.com") == 0
    assert refused(control, "POST", "/exchange-servers/nowhere.example.com/restart")[0] == 404


def test_a_reset_empties_the_mailboxes(environment: Emulator, control: Control) -> None:
    control.add_meeting("user0001@example.com", MONDAY, MONDAY + HOUR)
    environment.control.reset()
    assert starts(control, "user0001@example.com") == []
    assert refused(control, "GET", f"/mailboxes/{ANNA}")[0] == 404
