# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetItem, CreateItem, UpdateItem and DeleteItem of calendar items; the support validates each answer by the schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES
from tests.support.ews_items import (
    ANNA,
    BERT,
    TIMES,
    Calendar,
    Id,
    append_field,
    calendar,
    delete_field,
    set_field,
)

WEEKLY = (
    "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Tuesday Thursday</t:DaysOfWeek>"
    "<t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence><t:NumberedRecurrence>"
    "<t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>4</t:NumberOfOccurrences></t:NumberedRecurrence>"
    "</t:Recurrence>"
)
EVERYTHING = (
    "<t:Subject>Quarter</t:Subject><t:Sensitivity>Private</t:Sensitivity>"
    '<t:Body BodyType="HTML">&lt;p&gt;Hello&lt;br&gt;you&lt;/p&gt;</t:Body>'
    "<t:Categories><t:String>red</t:String><t:String>blue</t:String></t:Categories><t:Importance>High</t:Importance>"
    "<t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>20</t:ReminderMinutesBeforeStart>"
    '<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="lunch"'
    ' PropertyType="String"/><t:Value>pizza</t:Value></t:ExtendedProperty>'
    f"<t:UID>0123456789</t:UID>{TIMES}<t:IsAllDayEvent>false</t:IsAllDayEvent>"
    "<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus><t:Location>Room 1</t:Location><t:When>soon</t:When>"
    "<t:IsResponseRequested>false</t:IsResponseRequested>"
    '<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="Eastern Standard Time"/>'
    "<t:ConferenceType>1</t:ConferenceType><t:AllowNewTimeProposal>true</t:AllowNewTimeProposal>"
    "<t:NetShowUrl>http://example.com/</t:NetShowUrl>"
)
LUNCH = (
    '<t:AdditionalProperties><t:ExtendedFieldURI PropertySetId="00020329-0000-0000-C000-000000000046"'
    ' PropertyName="lunch" PropertyType="String"/></t:AdditionalProperties>'
)


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


def only(anna: Calendar, item: Id | str, path: str) -> str:
    """Return the text of an element of an item."""
    answer = anna.get(item if isinstance(item, str) else item.xml)
    assert answer.codes == ["NoError"], answer.response.text
    return answer.text(f".//t:CalendarItem/t:{path}")


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


PATTERNS = (
    "<t:DailyRecurrence><t:Interval>3</t:Interval></t:DailyRecurrence>",
    (
        "<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek>"
        "<t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence>"
    ),
    "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>",
    (
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek>"
        "<t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>"
    ),
    "<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month></t:AbsoluteYearlyRecurrence>",
    (
        "<t:RelativeYearlyRecurrence><t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex>"
        "<t:Month>March</t:Month></t:RelativeYearlyRecurrence>"
    ),
)
RANGES = (
    "<t:NoEndRecurrence><t:StartDate>2026-12-01</t:StartDate></t:NoEndRecurrence>",
    "<t:EndDateRecurrence><t:StartDate>2026-12-01</t:StartDate><t:EndDate>2036-12-01</t:EndDate></t:EndDateRecurrence>",
    (
        "<t:NumberedRecurrence><t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>5</t:NumberOfOccurrences>"
        "</t:NumberedRecurrence>"
    ),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_recurrence_is_answered_as_it_came_from_its_first_occurrence_on(anna: Calendar, pattern: str) -> None:
    for span in RANGES:
        item = anna.made(f"{TIMES}<t:Recurrence>{pattern}{span}</t:Recurrence>")
        answer = anna.get(item.xml)
        found = answer.find(".//t:Recurrence")
        assert found is not None
        first = answer.text(".//t:FirstOccurrence/t:Start")[:10]
        assert answer.text(".//t:Start")[:10] == first
        moved = span.replace("<t:StartDate>2026-12-01", f"<t:StartDate>{first}")
        # Dates come back with a zone, without which some clients take them for none.
        moved = moved.replace("</t:StartDate>", "Z</t:StartDate>").replace("</t:EndDate>", "Z</t:EndDate>")
        sent = etree.fromstring(f'<t:Recurrence xmlns:t="{NAMESPACES["t"]}">{pattern}{moved}</t:Recurrence>')
        assert [(child.tag, child.text) for child in found.iter()] == [(child.tag, child.text) for child in sent.iter()]


def occurrence(master: Id, index: int) -> str:
    return (
        f'<t:OccurrenceItemId RecurringMasterId="{master.id}" ChangeKey="{master.change_key}" InstanceIndex="{index}"/>'
    )


def test_a_series_its_occurrences_and_what_becomes_of_them(anna: Calendar) -> None:
    master = anna.made(f"<t:Subject>Twice</t:Subject>{TIMES}{WEEKLY}")
    second, third = (anna.id_of(anna.get(occurrence(master, index), shape="IdOnly")) for index in (2, 3))
    assert anna.update(second.xml, set_field("item:Subject", "<t:Subject>Once</t:Subject>")).codes == ["NoError"]
    assert anna.delete(third.xml).codes == ["NoError"]
    changed = anna.get(second.xml)
    assert changed.text(".//t:CalendarItemType") == "Exception"
    assert changed.text(".//t:OriginalStart") == "2026-12-03T09:00:00Z"
    assert changed.text(".//t:RecurrenceId") == "2026-12-03T09:00:00Z"
    told = anna.get(master.xml)
    assert told.text(".//t:CalendarItemType") == "RecurringMaster"
    assert told.text(".//t:FirstOccurrence/t:Start") == "2026-12-01T09:00:00Z"
    assert told.text(".//t:LastOccurrence/t:Start") == "2026-12-10T09:00:00Z"
    assert told.texts(".//t:ModifiedOccurrences/t:Occurrence/t:OriginalStart") == ["2026-12-03T09:00:00Z"]
    assert told.texts(".//t:DeletedOccurrences/t:DeletedOccurrence/t:Start") == ["2026-12-08T09:00:00Z"]
    view = anna.view("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert view.texts(".//t:CalendarItem/t:Subject") == ["Twice", "Once", "Twice"]
    assert view.texts(".//t:CalendarItem/t:CalendarItemType") == ["Occurrence", "Exception", "Occurrence"]
    back = anna.get(f'<t:RecurringMasterItemId OccurrenceId="{second.id}"/>')
    assert back.text(".//t:Subject") == "Twice"
    assert back.find(".//t:ItemId").attrib["Id"] == master.id  # type: ignore[union-attr]
    assert anna.delete(master.xml).codes == ["NoError"]
    assert anna.get(second.xml).codes == ["ErrorItemNotFound"]


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", "NoError"),
        ("2026-12-08T08:00:00Z", "2026-12-08T09:00:00Z", "NoError"),
        ("2026-12-08T08:30:00Z", "2026-12-08T09:30:00Z", "ErrorOccurrenceCrossingBoundary"),
        ("2026-12-08T11:00:00Z", "2026-12-08T12:00:00Z", "ErrorOccurrenceCrossingBoundary"),
        ("2026-12-01T09:30:00Z", "2026-12-01T10:30:00Z", "ErrorOccurrenceCrossingBoundary"),
        ("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z", "ErrorOccurrenceCrossingBoundary"),
    ],
)
def test_an_occurrence_stays_between_its_neighbours(anna: Calendar, start: str, end: str, code: str) -> None:
    master = anna.made(f"{TIMES}{WEEKLY}")
    anna.made("<t:Start>2026-12-02T09:00:00Z</t:Start><t:End>2026-12-09T10:00:00Z</t:End>")
    second = anna.id_of(anna.get(occurrence(master, 2), shape="IdOnly"))
    moved = set_field("calendar:Start", f"<t:Start>{start}</t:Start>") + set_field(
        "calendar:End", f"<t:End>{end}</t:End>"
    )
    assert anna.update(second.xml, moved).codes == [code]
    single = anna.made()
    assert anna.update(single.xml, moved).codes == ["NoError"]


def test_ids_of_the_wrong_kind(anna: Calendar) -> None:
    master, single = anna.made(f"{TIMES}{WEEKLY}"), anna.made()
    one = anna.id_of(anna.get(occurrence(master, 1), shape="IdOnly"))
    assert anna.delete(occurrence(master, 3)).codes == ["NoError"]
    answer = anna.get(
        occurrence(master, 0),
        occurrence(master, 5),
        occurrence(master, 3),
        occurrence(single, 1),
        occurrence(one, 1),
        f'<t:RecurringMasterItemId OccurrenceId="{single.id}"/>',
        '<t:ItemId Id=""/>',
        '<t:ItemId Id="bm9uc2Vuc2U="/>',
        master.xml,
    )
    assert answer.codes == [
        "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange",
        "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange",
        "ErrorCalendarOccurrenceIsDeletedFromRecurrence",
        "ErrorCalendarCannotUseIdForRecurringMasterId",
        "ErrorCalendarCannotUseIdForRecurringMasterId",
        "ErrorCalendarCannotUseIdForOccurrenceId",
        "ErrorInvalidIdEmpty",
        "ErrorInvalidIdMalformed",
        "NoError",
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


def test_properties_are_set_appended_to_and_deleted(anna: Calendar) -> None:
    attendee = "<t:Attendee><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:Attendee>"
    people = "<t:RequiredAttendees>{}</t:RequiredAttendees>"
    item = anna.made(f'<t:Body BodyType="Text">one</t:Body>{EVERYTHING.partition("</t:Body>")[2]}')
    changed = anna.update(
        item.xml,
        set_field("item:Subject", "<t:Subject>New</t:Subject>")
        + set_field("calendar:Start", "<t:Start>2026-12-01T11:00:00Z</t:Start>")
        + set_field("calendar:End", "<t:End>2026-12-01T12:30:00Z</t:End>")
        + set_field("calendar:RequiredAttendees", people.format(attendee.format("x@example.net")))
        + append_field("item:Body", '<t:Body BodyType="Text"> two</t:Body>')
        + delete_field("calendar:Location")
        + delete_field("item:Categories")
        + delete_field("item:ReminderIsSet")
        + delete_field("calendar:NetShowUrl")
        + '<t:DeleteItemField><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="lunch"'
        ' PropertyType="String"/></t:DeleteItemField>',
    )
    assert changed.text(".//m:ConflictResults/t:Count") == "0"
    after = anna.id_of(changed)
    assert (after.id, after.change_key != item.change_key) == (item.id, True)
    more = people.format(attendee.format("y@example.net"))
    assert anna.update(after.xml, append_field("calendar:RequiredAttendees", more)).codes == ["NoError"]
    answer = anna.get(item.xml, more=LUNCH)
    names = ("Subject", "Start", "End", "Body", "Duration", "ReminderIsSet", "Location", "NetShowUrl", "ConferenceType")
    assert [answer.text(f".//t:CalendarItem/t:{name}") for name in names] == [
        "New",
        "2026-12-01T11:00:00Z",
        "2026-12-01T12:30:00Z",
        "one two",
        "PT1H30M",
        "false",
        "",
        "",
        "1",
    ]
    assert answer.all(".//t:Categories") == []
    assert answer.all(".//t:ExtendedProperty") == []
    assert answer.texts(".//t:RequiredAttendees//t:EmailAddress") == ["x@example.net", "y@example.net"]


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (set_field("item:Subject", "<t:Location>x</t:Location>"), "ErrorUpdatePropertyMismatch"),
        (
            set_field("item:Subject", "<t:Subject>x</t:Subject><t:Location>x</t:Location>"),
            "ErrorUpdatePropertyMismatch",
        ),
        (set_field("message:From", "<t:Subject>x</t:Subject>"), "ErrorInvalidPropertyRequest"),
        (set_field("calendar:IsMeeting", "<t:IsMeeting>true</t:IsMeeting>"), "ErrorInvalidPropertySet"),
        (set_field("item:ItemClass", "<t:ItemClass>IPM.Note</t:ItemClass>"), "ErrorInvalidPropertySet"),
        (append_field("item:Subject", "<t:Subject>x</t:Subject>"), "ErrorInvalidPropertyAppend"),
        (append_field("item:Body", '<t:Body BodyType="HTML">x</t:Body>'), "ErrorInvalidPropertyAppend"),
        (delete_field("calendar:Start"), "ErrorInvalidPropertyDelete"),
        (delete_field("item:ItemId"), "ErrorInvalidPropertyDelete"),
        (
            set_field("calendar:End", "<t:End>2026-12-01T08:00:00Z</t:End>"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (set_field("calendar:Start", "<t:Start>never</t:Start>"), "ErrorSchemaValidation"),
    ],
)
def test_changes_that_cannot_be_made_change_nothing(anna: Calendar, update: str, code: str) -> None:
    item = anna.made(f'<t:Subject>As it was</t:Subject><t:Body BodyType="Text">b</t:Body>{TIMES}')
    first = set_field("item:Importance", "<t:Importance>High</t:Importance>")
    assert anna.update(item.xml, first + update).codes == [code]
    answer = anna.get(item.xml)
    assert [answer.text(f".//t:{name}") for name in ("Subject", "Importance")] == ["As it was", "Normal"]


def test_a_reminder_that_is_off_keeps_its_time(anna: Calendar) -> None:
    def state() -> list[str]:
        answer = anna.get(item.xml)
        return [answer.text(f".//t:{name}") for name in ("ReminderIsSet", "ReminderMinutesBeforeStart")]

    off, on = ("<t:ReminderIsSet>false</t:ReminderIsSet>", "<t:ReminderIsSet>true</t:ReminderIsSet>")
    minutes = "<t:ReminderMinutesBeforeStart>{}</t:ReminderMinutesBeforeStart>"
    item = anna.made(off + minutes.format(25) + TIMES)
    assert state() == ["false", "25"]
    anna.update(item.xml, set_field("item:ReminderMinutesBeforeStart", minutes.format(35)))
    assert state() == ["false", "35"]
    anna.update(item.xml, set_field("item:ReminderIsSet", on))
    assert state() == ["true", "35"]
    anna.update(item.xml, set_field("item:ReminderMinutesBeforeStart", minutes.format(5)))
    assert state() == ["true", "5"]
    item = anna.made(on + TIMES)
    assert state() == ["true", "15"]


def test_a_client_that_sends_all_it_has_read_moves_the_reminder_with_the_item(anna: Calendar) -> None:
    def due() -> str:
        return only(anna, item, "ReminderDueBy")

    element = "<t:ReminderDueBy>{}</t:ReminderDueBy>"
    item = anna.made(element.format("2026-12-01T09:00:00Z") + TIMES)
    start = set_field("calendar:Start", "<t:Start>2026-12-01T09:30:00Z</t:Start>")
    anna.update(item.xml, set_field("item:ReminderDueBy", element.format("2026-12-01T09:00:00Z")) + start)
    assert due() == "2026-12-01T09:30:00Z"
    anna.update(item.xml, set_field("item:ReminderDueBy", element.format("2026-12-02T00:00:00Z")))
    assert due() == "2026-12-02T00:00:00Z"


def test_conflicts(anna: Calendar) -> None:
    subject = set_field("item:Subject", "<t:Subject>{}</t:Subject>")
    old = anna.made()
    new = anna.id_of(anna.update(old.xml, subject.format("first")))
    assert anna.update(old.xml, subject.format("x"), resolution="NeverOverwrite").codes == ["ErrorIrresolvableConflict"]
    assert only(anna, old, "Subject") == "first"
    resolved = anna.update(old.xml, subject.format("second"), resolution="AutoResolve")
    assert (resolved.codes, resolved.text(".//m:ConflictResults/t:Count")) == (["NoError"], "1")
    assert anna.update(new.xml, subject.format("third"), resolution="AlwaysOverwrite").codes == ["NoError"]
    assert only(anna, old, "Subject") == "third"
    for resolution in ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite"):
        answer = anna.update(f'<t:ItemId Id="{old.id}"/>', subject.format("y"), resolution=resolution)
        assert answer.codes == ["ErrorChangeKeyRequiredForWriteOperations"]
        answer = anna.update(f'<t:ItemId Id="{old.id}" ChangeKey="x"/>', subject.format("y"), resolution=resolution)
        assert answer.codes == ["ErrorInvalidChangeKey"]


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
