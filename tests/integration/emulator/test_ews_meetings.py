# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Meetings over EWS: invitations, updates, cancellations and answers, as the calendars of both sides show them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.ews_items import ANNA, BERT, TIMES, Calendar, Id, calendar, set_field

CARLA = "user0003@example.com"
ALL, CHANGED, NONE = "SendToAllAndSaveCopy", "SendToChangedAndSaveCopy", "SendToNone"
DAILY = (
    "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence>"
    "<t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences></t:NumberedRecurrence>"
    "</t:Recurrence>"
)


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


@pytest.fixture
def bert(environment: Emulator, anna: Calendar) -> Iterator[Calendar]:
    with Calendar(environment, BERT) as found:
        yield found


def attendees(*addresses: str, role: str = "RequiredAttendees") -> str:
    people = "".join(
        f"<t:Attendee><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>"
        for address in addresses
    )
    return f"<t:{role}>{people}</t:{role}>"


def meeting(*addresses: str, more: str = "") -> str:
    return f'<t:Subject>Plan</t:Subject><t:Body BodyType="Text">Agenda</t:Body>{TIMES}<t:Location>R1</t:Location>' + (
        attendees(*addresses) + more
    )


def shown(found: Calendar) -> list[dict[str, str]]:
    answer = found.view("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    names = ("Subject", "Start", "LegacyFreeBusyStatus", "MyResponseType", "IsCancelled", "AppointmentState")
    return [{name: item.findtext(f"{{*}}{name}", "") for name in names} for item in answer.all(".//t:CalendarItem")]


def copy_of(found: Calendar) -> Id:
    answer = found.view("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    element = answer.find(".//t:CalendarItem/t:ItemId")
    assert element is not None
    return Id(str(element.get("Id")), str(element.get("ChangeKey")))


def answer(
    found: Calendar, kind: str, item: Id, disposition: str | None = "SendAndSaveCopy", more: str = ""
) -> list[str]:
    how = f' MessageDisposition="{disposition}"' if disposition else ""
    reference = f'<t:ReferenceItemId Id="{item.id}" ChangeKey="{item.change_key}"/>'
    told = found.ask(f"<m:CreateItem{how}><m:Items><t:{kind}>{reference}{more}</t:{kind}></m:Items></m:CreateItem>")
    # Clients take a list without items for a broken answer.
    assert len(told.all(".//m:Items/t:CalendarItem/t:ItemId")) == (told.codes == ["NoError"])
    return told.codes


def test_an_invited_one_has_a_tentative_item(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT, ANNA, "guest@example.net"), ALL)
    own = anna.get(item.xml)
    assert [own.text(f".//t:{name}") for name in ("IsMeeting", "MeetingRequestWasSent", "AppointmentState")] == [
        "true",
        "true",
        "1",
    ]
    assert own.texts(".//t:RequiredAttendees//t:MailboxType") == ["Mailbox", "Mailbox", "OneOff"]
    assert own.texts(".//t:RequiredAttendees//t:Name")[0] == "Chiara Costa"
    assert shown(bert) == [
        {
            "Subject": "Plan",
            "Start": "2026-12-01T09:00:00Z",
            "LegacyFreeBusyStatus": "Tentative",
            "MyResponseType": "NoResponseReceived",
            "IsCancelled": "false",
            "AppointmentState": "3",
        }
    ]
    theirs = bert.get(copy_of(bert).xml)
    assert theirs.text(".//t:Organizer//t:EmailAddress") == ANNA
    assert theirs.text(".//t:UID") == own.text(".//t:UID")
    assert theirs.text(".//t:Body") == "Agenda"
    assert theirs.text(".//t:IsOrganizer") == ""


def test_nobody_is_told_when_nobody_is_to_be(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT), NONE)
    assert shown(bert) == []
    assert anna.get(item.xml).text(".//t:MeetingRequestWasSent") == "false"
    assert anna.delete(item.xml, send=ALL).codes == ["NoError"]
    assert shown(bert) == []


def test_a_changed_meeting_changes_with_all_and_asks_again(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert answer(bert, "AcceptItem", copy_of(bert)) == ["NoError"]
    later = anna.id_of(anna.update(item.xml, set_field("calendar:Location", "<t:Location>R2</t:Location>"), send=ALL))
    assert [entry["MyResponseType"] for entry in shown(bert)] == ["Accept"]
    assert bert.get(copy_of(bert).xml).text(".//t:Location") == "R2"
    moved = set_field("calendar:End", "<t:End>2026-12-01T11:00:00Z</t:End>")
    anna.update(later.xml, moved, send=ALL)
    assert [(entry["MyResponseType"], entry["LegacyFreeBusyStatus"]) for entry in shown(bert)] == [
        ("NoResponseReceived", "Tentative")
    ]


def test_who_is_added_is_invited_and_who_is_taken_away_finds_it_cancelled(
    environment: Emulator, anna: Calendar, bert: Calendar
) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert answer(bert, "AcceptItem", copy_of(bert)) == ["NoError"]
    with Calendar(environment, CARLA) as carla:
        both = set_field("calendar:RequiredAttendees", attendees(BERT, CARLA))
        item = anna.id_of(anna.update(item.xml, both, send=CHANGED))
        assert [entry["Subject"] for entry in shown(carla)] == ["Plan"]
        assert [entry["MyResponseType"] for entry in shown(bert)] == ["Accept"]
        anna.update(item.xml, set_field("calendar:RequiredAttendees", attendees(CARLA)), send=CHANGED)
        assert [(entry["Subject"], entry["IsCancelled"]) for entry in shown(bert)] == [("Canceled: Plan", "true")]
        assert [(entry["Subject"], entry["IsCancelled"]) for entry in shown(carla)] == [("Plan", "false")]


def test_a_cancelled_meeting_stays_with_those_who_were_invited(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert anna.delete(item.xml, send=ALL).codes == ["NoError"]
    assert [(entry["Subject"], entry["LegacyFreeBusyStatus"], entry["AppointmentState"]) for entry in shown(bert)] == [
        ("Canceled: Plan", "Free", "7")
    ]
    assert answer(bert, "AcceptItem", copy_of(bert)) == ["ErrorCalendarIsCancelledForAccept"]


def test_the_organizer_cancels_with_a_response_object(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert answer(bert, "CancelCalendarItem", copy_of(bert)) == ["ErrorCalendarIsNotOrganizer"]
    assert answer(anna, "CancelCalendarItem", item) == ["NoError"]
    assert anna.get(item.xml).codes == ["ErrorItemNotFound"]
    assert [entry["IsCancelled"] for entry in shown(bert)] == ["true"]


@pytest.mark.parametrize(
    ("kind", "response", "show_as"),
    [
        ("AcceptItem", "Accept", "Busy"),
        ("TentativelyAcceptItem", "Tentative", "Tentative"),
        ("DeclineItem", "Decline", ""),
    ],
)
def test_answers_reach_the_organizer(anna: Calendar, bert: Calendar, kind: str, response: str, show_as: str) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert answer(anna, kind, item) == [f"ErrorCalendarIsOrganizerFor{response}"]
    assert answer(bert, kind, copy_of(bert)) == ["NoError"]
    told = anna.get(item.xml)
    assert told.texts(".//t:RequiredAttendees//t:ResponseType") == [response]
    left = [(entry["MyResponseType"], entry["LegacyFreeBusyStatus"]) for entry in shown(bert)]
    assert left == ([(response, show_as)] if show_as else [])


def test_an_answer_that_is_only_saved_stays_with_who_gave_it(anna: Calendar, bert: Calendar) -> None:
    item = anna.made(meeting(BERT), ALL)
    assert answer(bert, "AcceptItem", copy_of(bert), "SaveOnly") == ["NoError"]
    assert [entry["MyResponseType"] for entry in shown(bert)] == ["Accept"]
    assert anna.get(item.xml).texts(".//t:RequiredAttendees//t:ResponseType") == ["Unknown"]


def test_answers_that_cannot_be(anna: Calendar, bert: Calendar) -> None:
    anna.made(meeting(BERT), ALL)
    item = copy_of(bert)
    assert answer(bert, "AcceptItem", item, None) == ["ErrorMessageDispositionRequired"]
    assert answer(bert, "AcceptItem", item, "Perhaps") == ["ErrorSchemaValidation"]
    other = "<t:ProposedStart>2026-12-01T10:00:00Z</t:ProposedStart>"
    assert answer(bert, "DeclineItem", item, more=other) == ["ErrorInvalidOperation"]
    request = (
        '<m:CreateItem MessageDisposition="SendOnly" SendMeetingInvitations="SendToNone"><m:Items><t:AcceptItem/>'
        "</m:Items></m:CreateItem>"
    )
    assert bert.ask(request).codes == ["ErrorMissingInformationReferenceItemId"]


def test_a_series_is_one_for_all_and_one_occurrence_is_changed_or_cancelled(anna: Calendar, bert: Calendar) -> None:
    master = anna.made(meeting(BERT, more=DAILY), ALL)
    assert [entry["Start"][:10] for entry in shown(bert)] == ["2026-12-01", "2026-12-02", "2026-12-03"]
    view = anna.view("2026-12-02T00:00:00Z", "2026-12-03T00:00:00Z")
    second = view.find(".//t:ItemId")
    assert second is not None
    new = anna.update(
        Id(str(second.get("Id")), str(second.get("ChangeKey"))).xml,
        set_field("item:Subject", "<t:Subject>Moved</t:Subject>"),
        send=ALL,
    )
    assert new.codes == ["NoError"]
    assert [entry["Subject"] for entry in shown(bert)] == ["Plan", "Moved", "Plan"]
    third = f'<t:OccurrenceItemId RecurringMasterId="{master.id}" InstanceIndex="3"/>'
    assert anna.delete(third, send=ALL).codes == ["NoError"]
    assert [entry["Subject"] for entry in shown(bert)] == ["Plan", "Moved", "Canceled: Plan"]
    assert [entry["Subject"] for entry in shown(anna)] == ["Plan", "Moved"]


def test_who_has_deleted_the_item_is_not_bothered_by_an_update_of_an_occurrence(anna: Calendar, bert: Calendar) -> None:
    master = anna.made(meeting(BERT, more=DAILY), ALL)
    assert bert.delete(copy_of(bert).xml).codes == ["NoError"]
    first = f'<t:OccurrenceItemId RecurringMasterId="{master.id}" ChangeKey="{master.change_key}" InstanceIndex="1"/>'
    subject = set_field("item:Subject", "<t:Subject>Moved</t:Subject>")
    assert anna.update(first, subject, send=ALL).codes == ["NoError"]
    assert [entry["Start"][:10] for entry in shown(bert)] == ["2026-12-02", "2026-12-03"]
