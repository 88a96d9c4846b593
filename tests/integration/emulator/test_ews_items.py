# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetItem, CreateItem and DeleteItem of calendar items; the support validates each answer by the schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from tests.support.emulator import Emulator
from tests.support.ews_items import (
    ANNA,
    BERT,
    EVERYTHING,
    LUNCH,
    TIMES,
    WEEKLY,
    Calendar,
    calendar,
    delete_field,
    only,
    set_field,
)


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


def test_an_item_is_answered_as_it_was_made(anna: Calendar) -> None:
    item = anna.made(EVERYTHING)
    answer = anna.get(item.xml, more=LUNCH)
    found = {etree.QName(child).localname: child for child in answer.all(".//t:CalendarItem/*")}
    texts = {name: child.text for name, child in found.items() if len(child) == 0}
    expected = {
        "ItemClass": "IPM.Appointment",
        "Subject": "Quarter",
        "Sensitivity": "Private",
        "Body": "<p>Hello<br>you</p>",
        "Importance": "High",
        "ReminderDueBy": "2026-12-01T09:00:00Z",
        "ReminderIsSet": "true",
        "ReminderNextTime": "2026-12-01T08:40:00Z",
        "ReminderMinutesBeforeStart": "20",
        "HasAttachments": "false",
        "LastModifiedName": "Ben Baker",
        "UID": "0123456789",
        "Start": "2026-12-01T09:00:00Z",
        "End": "2026-12-01T10:00:00Z",
        "IsAllDayEvent": "false",
        "LegacyFreeBusyStatus": "OOF",
        "Location": "Room 1",
        "When": "soon",
        "IsMeeting": "false",
        "IsCancelled": "false",
        "IsRecurring": "false",
        "MeetingRequestWasSent": "false",
        "IsResponseRequested": "false",
        "CalendarItemType": "Single",
        "MyResponseType": "Organizer",
        "Duration": "PT1H",
        "TimeZone": "W. Europe Standard Time",
        "AppointmentState": "0",
        "ConferenceType": "1",
        "AllowNewTimeProposal": "true",
        "NetShowUrl": "http://example.com/",
    }
    assert {name: texts.get(name) for name in expected} == expected
    assert answer.texts(".//t:Categories/t:String") == ["red", "blue"]
    assert answer.text(".//t:Organizer/t:Mailbox/t:EmailAddress") == ANNA
    assert answer.texts(".//t:ExtendedProperty/t:Value") == ["pizza"]
    assert [found[name].get("Id") for name in ("StartTimeZone", "EndTimeZone")] == [
        "W. Europe Standard Time",
        "Eastern Standard Time",
    ]
    assert not {"Recurrence", "MeetingTimeZone", "StartWallClock"} & set(found)


def test_an_extended_property_is_told_only_to_who_asks_for_it(anna: Calendar) -> None:
    item = anna.made(EVERYTHING)
    assert anna.get(item.xml).all(".//t:ExtendedProperty") == []
    other = LUNCH.replace('"lunch"', '"dinner"')
    assert anna.get(item.xml, more=other).all(".//t:ExtendedProperty") == []
    path = '<t:ExtendedFieldURI PropertyTag="0x7101" PropertyType="Integer"/>'
    tag = f"<t:AdditionalProperties>{path}</t:AdditionalProperties>"
    stored = anna.made(
        f'<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="28929" PropertyType="Integer"/><t:Value>7</t:Value>'
        f"</t:ExtendedProperty>{TIMES}"
    )
    assert anna.get(stored.xml, more=tag).texts(".//t:ExtendedProperty/t:Value") == ["7"]


@pytest.mark.parametrize(
    ("shape", "elements"),
    [
        ("IdOnly", ["ItemId"]),
        (
            "Default",
            [
                "ItemId",
                "Subject",
                "HasAttachments",
                "IsAssociated",
                "Start",
                "End",
                "LegacyFreeBusyStatus",
                "Location",
                "CalendarItemType",
                "Organizer",
            ],
        ),
    ],
)
def test_base_shapes(anna: Calendar, shape: str, elements: list[str]) -> None:
    item = anna.made(EVERYTHING)
    found = anna.get(item.xml, shape=shape).all(".//t:CalendarItem/*")
    assert [etree.QName(child).localname for child in found] == elements


def test_paths_that_are_not_known_or_have_no_value_are_left_out(anna: Calendar) -> None:
    item = anna.made(TIMES)
    paths = ("message:From", "calendar:Location", "item:NoSuchThing", "calendar:IsOrganizer", "item:MimeContent")
    more = "".join(f'<t:FieldURI FieldURI="{path}"/>' for path in paths)
    header = '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="X-Spam"/>'
    more = f"<t:AdditionalProperties>{more}{header}</t:AdditionalProperties>"
    answer = anna.get(item.xml, shape="IdOnly", more=more)
    assert answer.codes == ["NoError"]
    assert [etree.QName(child).localname for child in answer.all(".//t:CalendarItem/*")] == ["ItemId", "IsOrganizer"]


@pytest.mark.parametrize(
    ("body", "wanted", "kind", "text"),
    [
        ('<t:Body BodyType="Text">a &lt; b\nc</t:Body>', None, "Text", "a < b\nc"),
        ('<t:Body BodyType="Text">a &lt; b\nc</t:Body>', "HTML", "HTML", "<html><body>a &lt; b<br>c</body></html>"),
        ('<t:Body BodyType="HTML">&lt;p&gt;a &amp;amp; b&lt;br&gt;c&lt;/p&gt;</t:Body>', "Text", "Text", "a & b\nc"),
        ('<t:Body BodyType="HTML">&lt;p&gt;a&lt;/p&gt;</t:Body>', "Best", "HTML", "<p>a</p>"),
        ('<t:Body BodyType="HTML"> </t:Body>', "Text", "Text", None),
    ],
)
def test_the_body_in_the_type_that_is_asked_for(
    anna: Calendar, body: str, wanted: str | None, kind: str, text: str | None
) -> None:
    item = anna.made(body + TIMES)
    answer = anna.get(item.xml, more=f"<t:BodyType>{wanted}</t:BodyType>" if wanted else "")
    found = answer.find(".//t:Body")
    assert found is not None
    assert (found.get("BodyType"), found.text) == (kind, text)


@pytest.mark.parametrize("version", ["Exchange2007_SP1", "Exchange2010", "Exchange2016"])
def test_zones_are_told_as_the_version_has_them(environment: Emulator, version: str) -> None:
    for anna in calendar(environment, version=version):
        old = version == "Exchange2007_SP1"
        name = "MeetingTimeZone TimeZoneName" if old else "StartTimeZone Id"
        item = anna.made(f'{TIMES}<t:{name}="Tokyo Standard Time"/>')
        answer = anna.get(item.xml)
        assert answer.text(".//t:TimeZone") == "Tokyo Standard Time"
        present = {tag: bool(answer.all(f".//t:{tag}")) for tag in ("MeetingTimeZone", "StartTimeZone", "EndTimeZone")}
        assert present == {"MeetingTimeZone": old, "StartTimeZone": not old, "EndTimeZone": not old}


@pytest.mark.parametrize(
    ("text", "header", "moment"),
    [
        ("2026-07-01T09:00:00Z", "", "2026-07-01T09:00:00Z"),
        ("2026-07-01T09:00:00.0000000Z", "", "2026-07-01T09:00:00Z"),
        ("2026-07-01T09:00:00+05:30", "", "2026-07-01T03:30:00Z"),
        ("2026-07-01T09:00:00", "", "2026-07-01T09:00:00Z"),
        ("2026-07-01T09:00:00", "W. Europe Standard Time", "2026-07-01T07:00:00Z"),
    ],
)
def test_a_time_without_a_zone_is_one_of_the_header_s(anna: Calendar, text: str, header: str, moment: str) -> None:
    zone = f'<t:TimeZoneContext><t:TimeZoneDefinition Id="{header}"/></t:TimeZoneContext>' if header else ""
    answer = anna.ask(
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>'
        f"<t:Start>{text}</t:Start><t:End>2026-07-01T12:00:00Z</t:End></t:CalendarItem></m:Items></m:CreateItem>",
        anna.header() + zone,
    )
    assert only(anna, anna.id_of(answer), "Start") == moment


def test_an_all_day_item_is_from_midnight_to_midnight_of_its_zone(anna: Calendar) -> None:
    item = anna.made(
        "<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-02T09:00:00Z</t:End><t:IsAllDayEvent>1</t:IsAllDayEvent>"
        '<t:StartTimeZone Id="W. Europe Standard Time"/>'
    )
    assert [only(anna, item, name) for name in ("Start", "End", "Duration")] == [
        "2026-11-30T23:00:00Z",
        "2026-12-02T23:00:00Z",
        "P2D",
    ]


def test_an_item_of_another_mailbox_is_refused(environment: Emulator, anna: Calendar) -> None:
    item = anna.made()
    with Calendar(environment, BERT) as bert:
        assert bert.get(item.xml).codes == ["ErrorAccessDenied"]
        assert bert.delete(item.xml).codes == ["ErrorAccessDenied"]
        assert bert.update(item.xml, delete_field("calendar:Location")).codes == ["ErrorAccessDenied"]
    assert anna.get(item.xml).codes == ["NoError"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ("<t:Start>2026-12-01T09:00:00Z</t:Start>", "ErrorRequiredPropertyMissing"),
        (
            "<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-01T08:00:00Z</t:End>",
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (
            "<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2031-12-01T09:00:01Z</t:End>",
            "ErrorCalendarDurationIsTooLong",
        ),
        (TIMES + '<t:StartTimeZone Id="Nowhere Standard Time"/>', "ErrorCalendarInvalidTimeZone"),
        (TIMES + WEEKLY.replace("Tuesday Thursday", "Weekday"), "ErrorCalendarInvalidDayForWeeklyRecurrence"),
        (TIMES + WEEKLY.replace(">4<", ">0<"), "ErrorCalendarInvalidRecurrence"),
        (
            TIMES
            + WEEKLY.replace("Tuesday Thursday", "Monday")
            .replace("Numbered", "EndDate")
            .replace("<t:NumberOfOccurrences>4</t:NumberOfOccurrences>", "<t:EndDate>2026-12-06</t:EndDate>"),
            "ErrorRecurrenceHasNoOccurrence",
        ),
        (f"{TIMES}<t:IsMeeting>true</t:IsMeeting>", "ErrorInvalidPropertySet"),
        ("<t:MimeContent>QQ==</t:MimeContent>" + TIMES, "ErrorUnsupportedMimeConversion"),
        (
            (
                f"{TIMES}<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>x</t:Name></t:Mailbox></t:Attendee>"
                "</t:RequiredAttendees>"
            ),
            "ErrorInvalidRecipients",
        ),
        (
            (
                f"{TIMES}<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>/o=x</t:EmailAddress>"
                "<t:RoutingType>EX</t:RoutingType></t:Mailbox></t:Attendee></t:RequiredAttendees>"
            ),
            "ErrorInvalidRoutingType",
        ),
    ],
)
def test_what_cannot_be_made_fails_alone(anna: Calendar, properties: str, code: str) -> None:
    answer = anna.ask(
        f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>{properties}</t:CalendarItem>'
        f"<t:CalendarItem>{TIMES}</t:CalendarItem></m:Items></m:CreateItem>"
    )
    assert (answer.status, answer.codes) == (200, [code, "NoError"])
    assert len(anna.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").all(".//t:CalendarItem")) == 1


@pytest.mark.parametrize(
    "properties",
    [
        "<t:Start>tomorrow</t:Start>",
        "<t:IsAllDayEvent>yes</t:IsAllDayEvent>",
        "<t:Sensitivity>Secret</t:Sensitivity>",
        '<t:Body BodyType="RTF">x</t:Body>',
        "<t:NoSuchElement>x</t:NoSuchElement>",
        "<t:ReminderMinutesBeforeStart>soon</t:ReminderMinutesBeforeStart>",
        "<t:ReminderMinutesBeforeStart>-1</t:ReminderMinutesBeforeStart>",
        "<t:ReminderMinutesBeforeStart>2629801</t:ReminderMinutesBeforeStart>",
        "<t:ReminderDueBy>soon</t:ReminderDueBy>",
        "<t:Culture>no language</t:Culture>",
        "<t:MeetingRequestWasSent>perhaps</t:MeetingRequestWasSent>",
        "<t:IsResponseRequested/>",
        "<t:ConferenceType>one</t:ConferenceType>",
        "<t:AllowNewTimeProposal>perhaps</t:AllowNewTimeProposal>",
        "<t:IsOnlineMeeting>perhaps</t:IsOnlineMeeting>",
        "<t:IntendedFreeBusyStatus>Away</t:IntendedFreeBusyStatus>",
        "<t:Recurrence><t:DailyRegeneration><t:Interval>1</t:Interval></t:DailyRegeneration></t:Recurrence>",
        WEEKLY.replace("Tuesday", "Tyrsday"),
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertyType="String"/><t:Value>x</t:Value></t:ExtendedProperty>',
    ],
)
def test_what_breaks_the_schema_fails_as_a_whole_and_leaves_nothing(anna: Calendar, properties: str) -> None:
    answer = anna.ask(
        f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>{TIMES}</t:CalendarItem>'
        f"<t:CalendarItem>{properties}</t:CalendarItem></m:Items></m:CreateItem>"
    )
    assert (answer.status, answer.codes) == (500, ["ErrorSchemaValidation"])
    assert anna.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").all(".//t:CalendarItem") == []


@pytest.mark.parametrize(
    ("minutes", "at"),
    [("2629800", "2021-12-01T03:00:00Z"), ("1051200", "2024-12-01T09:00:00Z"), ("0", "2026-12-01T09:00:00Z")],
)
def test_a_reminder_is_due_before_the_start(anna: Calendar, minutes: str, at: str) -> None:
    item = anna.made(f"<t:ReminderMinutesBeforeStart>{minutes}</t:ReminderMinutesBeforeStart>{TIMES}")
    assert only(anna, item, "ReminderMinutesBeforeStart") == minutes
    assert only(anna, item, "ReminderNextTime") == at


@pytest.mark.parametrize("name", ["Culture", "ItemClass", "ReminderDueBy", "ReminderMinutesBeforeStart"])
def test_a_calendar_file_may_bring_another_element_in_place_of_one(
    environment: Emulator, anna: Calendar, name: str
) -> None:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:x",
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTART:20261201T090000Z",
        "DTEND:20261201T100000Z",
        f"X-IMP-EMULATOR-ELEMENT;X-NAME={name}:<Other/>",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    environment.control.put_calendar(ANNA, "\r\n".join(lines).encode())
    view = anna.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    assert (view.codes, view.all(".//t:Culture")) == (["NoError"], [])
    assert view.texts(".//t:ItemClass") == ["IPM.Appointment"]
    item = anna.id_of(view)
    on = set_field("item:ReminderIsSet", "<t:ReminderIsSet>true</t:ReminderIsSet>")
    assert anna.update(item.xml, on).codes == ["NoError"]
    assert only(anna, item, "ReminderMinutesBeforeStart") == "15"


def test_only_calendar_items_in_the_calendar(anna: Calendar) -> None:
    def create(folder: str, item: str) -> list[str]:
        return anna.ask(
            '<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone"><m:SavedItemFolderId>'
            f'<t:DistinguishedFolderId Id="{folder}"/></m:SavedItemFolderId><m:Items>{item}</m:Items></m:CreateItem>'
        ).codes

    item = f"<t:CalendarItem>{TIMES}</t:CalendarItem>"
    assert create("calendar", item) == ["NoError"]
    assert create("inbox", item) == ["ErrorCannotCreateCalendarItemInNonCalendarFolder"]
    assert create("calendar", "<t:Message><t:Subject>x</t:Subject></t:Message>") == ["ErrorInvalidOperation"]


def test_whom_to_tell_must_be_said(anna: Calendar) -> None:
    item = anna.made()
    answer = anna.ask(f"<m:CreateItem><m:Items><t:CalendarItem>{TIMES}</t:CalendarItem></m:Items></m:CreateItem>")
    assert answer.codes == ["ErrorSendMeetingInvitationsRequired"]
    update = anna.update(item.xml, delete_field("calendar:Location"), send=None)
    assert update.codes == ["ErrorSendMeetingInvitationsOrCancellationsRequired"]
    assert anna.delete(item.xml, send=None).codes == ["ErrorSendMeetingCancellationsRequired"]
    assert anna.delete(item.xml, send="SendToChangedAndSaveCopy").codes == ["ErrorSchemaValidation"]
    assert anna.get(item.xml).codes == ["NoError"]


@pytest.mark.parametrize("kind", ["HardDelete", "SoftDelete", "MoveToDeletedItems"])
def test_items_are_deleted_in_order_and_one_that_is_not_there_fails_alone(anna: Calendar, kind: str) -> None:
    first, second = anna.made(), anna.made()
    assert anna.delete(first.xml, first.xml, second.xml, kind=kind).codes == ["NoError", "ErrorItemNotFound", "NoError"]
    assert anna.get(first.xml, second.xml).codes == ["ErrorItemNotFound"] * 2
    assert anna.delete(first.xml, kind="Shred").codes == ["ErrorSchemaValidation"]


def test_writes_are_in_the_journal_as_writes(environment: Emulator, anna: Calendar) -> None:
    item = anna.made()
    anna.get(item.xml)
    anna.update(item.xml, set_field("item:Subject", "<t:Subject>x</t:Subject>"))
    anna.delete(item.xml)
    rows = [(entry["operation"], entry["write"]) for entry in environment.journal(protocol="ews")]
    assert rows == [("CreateItem", True), ("GetItem", False), ("UpdateItem", True), ("DeleteItem", True)]
