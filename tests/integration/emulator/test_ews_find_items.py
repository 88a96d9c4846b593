# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FindItem: calendar views, pages, restrictions and orders; the support validates each answer by the schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.ews_items import TIMES, Calendar, calendar

ALL = '<m:IndexedPageItemView Offset="0" BasePoint="Beginning"/>'
SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'
MORE = f"<t:AdditionalProperties>{SUBJECT}</t:AdditionalProperties>"


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


def item(subject: str, start: str = "2026-12-01T09:00:00Z", end: str = "2026-12-01T10:00:00Z", more: str = "") -> str:
    return f"<t:Subject>{subject}</t:Subject>{more}<t:Start>{start}</t:Start><t:End>{end}</t:End>"


def fill(anna: Calendar, *items: str) -> None:
    made = "".join(f"<t:CalendarItem>{properties}</t:CalendarItem>" for properties in items)
    answer = anna.ask(f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{made}</m:Items></m:CreateItem>')
    assert set(answer.codes) == {"NoError"}


def subjects(anna: Calendar, view: str = ALL, rest: str = "") -> list[str]:
    answer = anna.find(view, more=MORE, rest=rest)
    assert answer.codes == ["NoError"], answer.response.text
    return answer.texts(".//t:Subject")


def root(anna: Calendar, view: str, rest: str = "") -> dict[str, str]:
    answer = anna.find(view, rest=rest)
    found = answer.find(".//m:RootFolder")
    assert found is not None, answer.response.text
    return {
        **{str(name): str(value) for name, value in found.items()},
        "items": str(len(answer.all(".//t:CalendarItem"))),
    }


def test_a_view_shows_what_overlaps_it_sorted_by_start(anna: Calendar) -> None:
    fill(
        anna,
        item("behind", "2026-12-02T00:00:00Z", "2026-12-02T01:00:00Z"),
        item("late", "2026-12-01T23:00:00Z", "2026-12-02T01:00:00Z"),
        item("before", "2026-11-30T23:00:00Z", "2026-12-01T00:00:00Z"),
        item("long", "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z"),
        item("early", "2026-11-30T23:00:00Z", "2026-12-01T00:00:01Z"),
        item("moment", "2026-12-01T12:00:00Z", "2026-12-01T12:00:00Z"),
    )
    answer = anna.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    assert answer.texts(".//t:Subject") == ["long", "early", "moment", "late"]


def test_a_view_is_of_the_zone_of_its_header_when_it_names_none(anna: Calendar) -> None:
    fill(anna, item("x", "2026-11-30T23:30:00Z", "2026-11-30T23:45:00Z"))
    request = (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:CalendarView StartDate="2026-12-01T00:00:00" EndDate="2026-12-02T00:00:00"/><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
    )
    zone = '<t:TimeZoneContext><t:TimeZoneDefinition Id="W. Europe Standard Time"/></t:TimeZoneContext>'
    assert len(anna.ask(request).all(".//t:CalendarItem")) == 0
    assert len(anna.ask(request, anna.header() + zone).all(".//t:CalendarItem")) == 1


def test_a_view_says_how_much_it_leaves_out(anna: Calendar) -> None:
    fill(anna, *(item(f"{number}") for number in range(5)))
    view = '<m:CalendarView {}StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-02T00:00:00Z"/>'
    whole = {"TotalItemsInView": "5", "IncludesLastItemInRange": "true", "items": "5"}
    assert root(anna, view.format("")) == whole
    assert root(anna, view.format('MaxEntriesReturned="5" ')) == whole
    part = {"TotalItemsInView": "5", "IncludesLastItemInRange": "false", "items": "3"}
    assert root(anna, view.format('MaxEntriesReturned="3" ')) == part
    assert anna.find(view.format('MaxEntriesReturned="0" ')).codes == ["ErrorInvalidPagingMaxRows"]


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2026-12-01T00:00:00Z", "2028-12-01T00:00:00Z", "NoError"),
        ("2026-12-01T00:00:00Z", "2028-12-01T00:00:01Z", "ErrorCalendarViewRangeTooBig"),
        ("2028-02-29T00:00:00Z", "2030-03-01T00:00:00Z", "NoError"),
        ("2026-12-01T00:00:00Z", "2026-11-30T00:00:00Z", "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "NoError"),
        ("2026-12-01", "2026-12-02", "ErrorSchemaValidation"),
    ],
)
def test_the_range_of_a_view(anna: Calendar, start: str, end: str, code: str) -> None:
    assert anna.view(start, end).codes == [code]


def test_only_a_calendar_is_viewed(anna: Calendar) -> None:
    view = '<m:CalendarView StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-02T00:00:00Z"/>'
    assert anna.find(view, folder="inbox").codes == ["ErrorCalendarFolderIsInvalidForCalendarView"]
    assert root_of(anna, "inbox") == ("0", [])
    fill(anna, item("x"))
    assert root_of(anna, "calendar") == ("1", ["NoError"])


def root_of(anna: Calendar, folder: str) -> tuple[str, list[str]]:
    answer = anna.find(ALL, folder=folder)
    found = answer.find(".//m:RootFolder")
    assert found is not None
    return str(found.get("TotalItemsInView")), answer.codes * len(answer.all(".//t:CalendarItem"))


def test_a_view_takes_no_restriction_and_no_order(anna: Calendar) -> None:
    view = '<m:CalendarView StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-02T00:00:00Z"/>'
    order = f'<m:SortOrder><t:FieldOrder Order="Ascending">{SUBJECT}</t:FieldOrder></m:SortOrder>'
    restriction = f"<m:Restriction><t:Exists>{SUBJECT}</t:Exists></m:Restriction>"
    assert anna.find(view, rest=order).codes == ["ErrorInvalidOperation"]
    assert anna.find(view, rest=restriction).codes == ["ErrorInvalidOperation"]


def test_each_folder_is_answered_by_itself(anna: Calendar) -> None:
    answer = anna.ask(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/><t:DistinguishedFolderId Id="publicfoldersroot"/>'
        '<t:DistinguishedFolderId Id="tasks"/></m:ParentFolderIds></m:FindItem>'
    )
    assert answer.codes == ["NoError", "ErrorFolderNotFound", "NoError"]


def test_pages_from_the_beginning(anna: Calendar) -> None:
    fill(anna, *(item(f"{number}") for number in range(7)))
    page = '<m:IndexedPageItemView MaxEntriesReturned="3" Offset="{}" BasePoint="Beginning"/>'
    assert subjects(anna, page.format(0)) == ["0", "1", "2"]
    assert root(anna, page.format(3)) == {
        "TotalItemsInView": "7",
        "IncludesLastItemInRange": "false",
        "IndexedPagingOffset": "6",
        "items": "3",
    }
    assert subjects(anna, page.format(6)) == ["6"]
    last = root(anna, page.format(6))
    assert (last["IncludesLastItemInRange"], last["IndexedPagingOffset"]) == ("true", "7")
    beyond = root(anna, page.format(70))
    assert (beyond["items"], beyond["IncludesLastItemInRange"]) == ("0", "true")


def test_pages_from_the_end(anna: Calendar) -> None:
    fill(anna, *(item(f"{number}") for number in range(7)))
    page = '<m:IndexedPageItemView MaxEntriesReturned="3" Offset="{}" BasePoint="End"/>'
    assert subjects(anna, page.format(0)) == ["4", "5", "6"]
    assert root(anna, page.format(0))["IndexedPagingOffset"] == "3"
    assert subjects(anna, page.format(6)) == ["0"]
    assert [root(anna, page.format(offset))["IncludesLastItemInRange"] for offset in (0, 6)] == ["false", "true"]


def test_pages_by_fractions(anna: Calendar) -> None:
    fill(anna, *(item(f"{number}") for number in range(9)))
    page = '<m:FractionalPageItemView MaxEntriesReturned="3" Numerator="{}" Denominator="{}"/>'
    assert subjects(anna, page.format(1, 3)) == ["3", "4", "5"]
    found = root(anna, page.format(2, 3))
    assert (found["NumeratorOffset"], found["AbsoluteDenominator"]) == ("9", "9")
    assert found["IncludesLastItemInRange"] == "true"
    for numerator, denominator in ((1, 0), (-1, 2), (3, 2)):
        answer = anna.find(page.format(numerator, denominator))
        assert answer.codes == ["ErrorInvalidFractionalPagingParameters"]


def test_parameters_of_pages_that_cannot_be(anna: Calendar) -> None:
    page = "<m:IndexedPageItemView {}/>"
    for attributes, code in (
        ('Offset="-1" BasePoint="Beginning"', "ErrorInvalidIndexedPagingParameters"),
        ('Offset="0" BasePoint="Beginning" MaxEntriesReturned="0"', "ErrorInvalidPagingMaxRows"),
        ('Offset="0" BasePoint="Middle"', "ErrorSchemaValidation"),
        ('Offset="x" BasePoint="End"', "ErrorSchemaValidation"),
        ('BasePoint="End"', "ErrorSchemaValidation"),
    ):
        assert anna.find(page.format(attributes)).codes == [code], attributes


RESTRICTED = (
    item("Alpha", more="<t:Importance>High</t:Importance>"),
    item(
        "alphabet soup",
        "2026-12-02T09:00:00Z",
        "2026-12-02T10:00:00Z",
        "<t:ReminderIsSet>true</t:ReminderIsSet>",
    ),
    item(
        "Beta", "2026-12-03T09:00:00Z", "2026-12-03T10:00:00Z", "<t:Categories><t:String>Red</t:String></t:Categories>"
    ),
    item(
        "Gamma",
        "2026-12-04T09:00:00Z",
        "2026-12-04T10:00:00Z",
        '<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="n"'
        ' PropertyType="Integer"/><t:Value>12</t:Value></t:ExtendedProperty>',
    ),
)
START = '<t:FieldURI FieldURI="calendar:Start"/>'
REMINDER_SET, REMINDER_TIME = (
    f'<t:FieldURI FieldURI="item:{name}"/>' for name in ("ReminderIsSet", "ReminderNextTime")
)
NUMBER = (
    '<t:ExtendedFieldURI PropertySetId="00020329-0000-0000-C000-000000000046" PropertyName="n" PropertyType="Integer"/>'
)


def compare(operator: str, path: str, value: str) -> str:
    constant = f'<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant>'
    return f"<t:{operator}>{path}{constant}</t:{operator}>"


def against(operator: str, path: str, other: str) -> str:
    return f"<t:{operator}>{path}<t:FieldURIOrConstant>{other}</t:FieldURIOrConstant></t:{operator}>"


def contains(value: str, mode: str, comparison: str = "IgnoreCase", path: str = SUBJECT) -> str:
    return (
        f'<t:Contains ContainmentMode="{mode}" ContainmentComparison="{comparison}">{path}<t:Constant Value="{value}"/>'
        "</t:Contains>"
    )


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (compare("IsEqualTo", SUBJECT, "alpha"), ["Alpha"]),
        (compare("IsNotEqualTo", SUBJECT, "Alpha"), ["alphabet soup", "Beta", "Gamma"]),
        (compare("IsGreaterThan", START, "2026-12-03T09:00:00Z"), ["Gamma"]),
        (compare("IsGreaterThanOrEqualTo", START, "2026-12-03T10:00:00+01:00"), ["Beta", "Gamma"]),
        (compare("IsLessThan", START, "2026-12-02T09:00:00Z"), ["Alpha"]),
        (compare("IsLessThanOrEqualTo", START, "2026-12-02T09:00:00Z"), ["Alpha", "alphabet soup"]),
        (compare("IsEqualTo", '<t:FieldURI FieldURI="item:Importance"/>', "High"), ["Alpha"]),
        (compare("IsEqualTo", '<t:FieldURI FieldURI="item:Categories"/>', "red"), ["Beta"]),
        (compare("IsEqualTo", '<t:FieldURI FieldURI="calendar:IsAllDayEvent"/>', "true"), []),
        (compare("IsGreaterThan", NUMBER, "9"), ["Gamma"]),
        (compare("IsEqualTo", REMINDER_SET, "1"), ["alphabet soup"]),
        (compare("IsLessThan", REMINDER_SET, "true"), ["Alpha", "Beta", "Gamma"]),
        (compare("IsLessThan", REMINDER_TIME, "2026-12-02T09:45:00+01:00"), []),
        (compare("IsEqualTo", REMINDER_TIME, "2026-12-02T09:45:00+01:00"), ["alphabet soup"]),
        # Of different kinds: unlike, and none is the greater.
        (against("IsLessThan", SUBJECT, START), []),
        (against("IsGreaterThan", SUBJECT, START), []),
        (against("IsNotEqualTo", SUBJECT, START), ["Alpha", "alphabet soup", "Beta", "Gamma"]),
        (against("IsLessThan", SUBJECT, '<t:FieldURI FieldURI="item:Categories"/>'), []),
        (f"<t:Exists>{NUMBER}</t:Exists>", ["Gamma"]),
        (f"<t:Not><t:Exists>{NUMBER}</t:Exists></t:Not>", ["Alpha", "alphabet soup", "Beta"]),
        (
            (
                f'<t:IsEqualTo>{START}<t:FieldURIOrConstant><t:FieldURI FieldURI="calendar:End"/>'
                "</t:FieldURIOrConstant></t:IsEqualTo>"
            ),
            [],
        ),
        (contains("alpha", "FullString"), ["Alpha"]),
        (contains("alpha", "Prefixed"), ["Alpha", "alphabet soup"]),
        (contains("alpha", "Prefixed", "Exact"), ["alphabet soup"]),
        (contains("soup", "PrefixOnWords"), ["alphabet soup"]),
        (contains("oup", "PrefixOnWords"), []),
        (contains("ETA", "Substring"), ["Beta"]),
        (contains("red", "Substring", path='<t:FieldURI FieldURI="item:Categories"/>'), ["Beta"]),
        (
            (
                f"<t:And>{contains('a', 'Substring')}<t:Or>{compare('IsEqualTo', SUBJECT, 'beta')}"
                f"{compare('IsEqualTo', SUBJECT, 'gamma')}</t:Or></t:And>"
            ),
            ["Beta", "Gamma"],
        ),
    ],
)
def test_restrictions(anna: Calendar, expression: str, found: list[str]) -> None:
    fill(anna, *RESTRICTED)
    assert subjects(anna, rest=f"<m:Restriction>{expression}</m:Restriction>") == found


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (compare("IsEqualTo", START, "soon"), "ErrorInvalidValueForProperty"),
        (
            compare("IsEqualTo", '<t:FieldURI FieldURI="calendar:IsAllDayEvent"/>', "yes"),
            "ErrorInvalidValueForProperty",
        ),
        (compare("IsEqualTo", '<t:FieldURI FieldURI="item:Size"/>', "1"), "ErrorUnsupportedPathForQuery"),
        (compare("IsEqualTo", '<t:FieldURI FieldURI="message:From"/>', "1"), "ErrorUnsupportedPathForQuery"),
        (contains("x", "Substring", path=START), "ErrorContainsFilterWrongType"),
        (f'<t:Excludes>{SUBJECT}<t:Bitmask Value="1"/></t:Excludes>', "ErrorUnsupportedQueryFilter"),
        ("<t:Or>" + compare("IsEqualTo", SUBJECT, "x") * 255 + "</t:Or>", "ErrorRestrictionTooLong"),
        (contains("x", "Sometimes"), "ErrorSchemaValidation"),
        (f"<t:IsEqualTo>{SUBJECT}</t:IsEqualTo>", "ErrorSchemaValidation"),
        ("<t:And/>", "ErrorSchemaValidation"),
        ("<t:Or/>", "ErrorSchemaValidation"),
        ("<t:Not/>", "ErrorSchemaValidation"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_never_left_out(anna: Calendar, expression: str, code: str) -> None:
    fill(anna, item("x"))
    assert anna.find(ALL, rest=f"<m:Restriction>{expression}</m:Restriction>").codes == [code]


def order(*fields: tuple[str, str]) -> str:
    inside = "".join(
        f'<t:FieldOrder Order="{way}"><t:FieldURI FieldURI="{path}"/></t:FieldOrder>' for path, way in fields
    )
    return f"<m:SortOrder>{inside}</m:SortOrder>"


def test_orders(anna: Calendar) -> None:
    fill(anna, *RESTRICTED, item("Alpha", "2026-12-05T09:00:00Z", "2026-12-05T10:00:00Z"))
    assert subjects(anna, rest=order(("item:Subject", "Descending"))) == [
        "Gamma",
        "Beta",
        "alphabet soup",
        "Alpha",
        "Alpha",
    ]
    both = order(("item:Subject", "Ascending"), ("calendar:Start", "Descending"))
    answer = anna.find(ALL, shape="Default", rest=both)
    assert answer.texts(".//t:Start")[:3] == ["2026-12-05T09:00:00Z", "2026-12-01T09:00:00Z", "2026-12-02T09:00:00Z"]
    page = '<m:IndexedPageItemView MaxEntriesReturned="1" Offset="1" BasePoint="Beginning"/>'
    assert subjects(anna, page, order(("calendar:Start", "Descending"))) == ["Gamma"]
    # One of a client's own properties is no number in one of the items, which is ordered all the same.
    odd = RESTRICTED[3].replace("Gamma", "Odd").replace(">12<", ">twelve<")
    fill(anna, odd)
    by_number = f'<m:SortOrder><t:FieldOrder Order="Descending">{NUMBER}</t:FieldOrder></m:SortOrder>'
    assert subjects(anna, rest=by_number)[:2] == ["Odd", "Gamma"]
    more = f"<m:Restriction>{compare('IsGreaterThan', NUMBER, '9')}</m:Restriction>"
    assert subjects(anna, rest=more) == ["Gamma"]
    assert anna.find(ALL, rest=order(("item:Body", "Sideways"))).codes == ["ErrorSchemaValidation"]
    assert anna.find(ALL, rest=order(("calendar:Organizer", "Ascending"))).codes == ["ErrorUnsupportedPathForSortGroup"]


@pytest.mark.parametrize(
    ("view", "rest", "code"),
    [
        ("<m:ContactsView/>", "", "ErrorInvalidOperation"),
        (
            '<m:SeekToConditionPageItemView BasePoint="Beginning"><t:Condition/></m:SeekToConditionPageItemView>',
            "",
            "ErrorCalendarSeekToConditionNotSupported",
        ),
        (ALL, '<m:DistinguishedGroupBy StandardGroupBy="ConversationTopic"/>', "ErrorInvalidOperation"),
    ],
)
def test_what_is_not_emulated_says_so(anna: Calendar, view: str, rest: str, code: str) -> None:
    assert anna.find(view, rest=rest).codes == [code]


def test_words_to_look_for_are_refused(anna: Calendar) -> None:
    answer = anna.ask(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds>'
        "<m:QueryString>subject:x</m:QueryString></m:FindItem>"
    )
    assert answer.codes == ["ErrorContentIndexingNotEnabled"]


def test_masters_come_unexpanded_in_pages_and_what_is_long_is_left_to_getitem(anna: Calendar) -> None:
    fill(
        anna,
        f'<t:Subject>daily</t:Subject><t:Body BodyType="Text">long</t:Body>{TIMES}<t:Recurrence><t:DailyRecurrence>'
        "<t:Interval>1</t:Interval></t:DailyRecurrence><t:NoEndRecurrence><t:StartDate>2026-12-01</t:StartDate>"
        "</t:NoEndRecurrence></t:Recurrence>",
    )
    answer = anna.find(ALL, shape="AllProperties")
    assert answer.texts(".//t:CalendarItemType") == ["RecurringMaster"]
    assert not any(answer.all(f".//t:{name}") for name in ("Body", "Recurrence", "FirstOccurrence"))
    view = anna.view("2026-12-01T00:00:00Z", "2026-12-11T00:00:00Z")
    assert view.texts(".//t:CalendarItemType") == ["Occurrence"] * 10


@pytest.mark.parametrize("traversal", ["SoftDeleted", "Associated"])
def test_nothing_is_deleted_softly_or_associated(anna: Calendar, traversal: str) -> None:
    fill(anna, item("x"))
    request = (
        '<m:FindItem Traversal="{}"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
    )
    assert anna.ask(request.format(traversal)).all(".//t:CalendarItem") == []
    assert anna.ask(request.format("Deep")).codes == ["ErrorSchemaValidation"]


def test_at_most_a_thousand_results_at_a_time(anna: Calendar) -> None:
    for _ in range(3):
        fill(anna, *(item("x") for _ in range(334)))
    assert root(anna, ALL) == {
        "TotalItemsInView": "1002",
        "IncludesLastItemInRange": "false",
        "IndexedPagingOffset": "1000",
        "items": "1000",
    }
    day = 'StartDate="2026-12-01T00:00:00Z" EndDate="2026-12-02T00:00:00Z"'
    assert anna.find(f"<m:CalendarView {day}/>").codes == ["ErrorExceededFindCountLimit"]
    assert root(anna, f'<m:CalendarView MaxEntriesReturned="2000" {day}/>')["items"] == "1000"
    assert anna.find("").codes == ["ErrorExceededFindCountLimit"]
    anna.version = "Exchange2010"
    for view in (ALL, "", f"<m:CalendarView {day}/>"):
        assert anna.find(view).codes == ["ErrorServerBusy"]
