# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How calendar items are read from XML and written to it, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from imp_emulator.domain.exchange.calendars import CalendarItem, Draft, ItemRef, Kind
from imp_emulator.domain.exchange.recurrence import (
    AbsoluteMonthly,
    AbsoluteYearly,
    Daily,
    EndDate,
    NoEnd,
    Numbered,
    Pattern,
    Range,
    Recurrence,
    RelativeMonthly,
    RelativeYearly,
    Weekly,
)
from imp_emulator.wire.exchange.ews import item_parts, recurrence, values
from imp_emulator.wire.exchange.ews.item_changes import read_draft, read_updates
from imp_emulator.wire.exchange.ews.item_properties import PROPERTIES
from imp_emulator.wire.exchange.ews.messages import EwsError, T, t
from tests.support import ews_schema, ews_schema_folder

TIMES = "<Start>2026-12-01T09:00:00Z</Start><End>2026-12-01T10:00:00Z</End>"


def element(name: str, inside: str) -> etree._Element:
    return etree.fromstring(f'<{name} xmlns="{T}">{inside}</{name}>')


def draft(inside: str, zone: str = "UTC") -> Draft:
    return read_draft(element("CalendarItem", inside), zone)


def item(**fields: object) -> CalendarItem:
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    known = {
        "start": start,
        "end": start + timedelta(hours=1),
        "ref": ItemRef(1, 2),
        "kind": Kind.SINGLE,
        "change": 1,
        "created": start,
        "modified": start,
    }
    return CalendarItem(**{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-07-01T09:00:00Z", "Europe/Berlin", (9, 0)),
        (" 2026-07-01T09:00:00.1234567Z ", "UTC", (9, 0)),
        ("2026-07-01T09:00:00-03:30", "UTC", (12, 30)),
        ("2026-07-01T09:00:00", "Europe/Berlin", (7, 0)),
        ("2026-12-01T09:00:00", "Europe/Berlin", (8, 0)),
    ],
)
def test_times_are_read(text: str, zone: str, expected: tuple[int, int]) -> None:
    found = values.read_time(text, zone)
    assert (found.tzinfo, (found.hour, found.minute)) == (UTC, expected)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2026-07-01",
        "2026-07-01 09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-07-01T25:00:00Z",
        "20260701T090000Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time(text: str | None) -> None:
    with pytest.raises(ValueError, match=r"dateTime|range|month|hour"):
        values.read_time(text, "UTC")


@pytest.mark.parametrize("text", ["2026-07-01", "2026-07-01Z", "2026-07-01+02:00", "2026-07-01T00:00:00Z"])
def test_dates_are_read(text: str) -> None:
    assert values.read_date(text) == date(2026, 7, 1)


@pytest.mark.parametrize("text", [None, "", "01.07.2026", "2026-02-30"])
def test_what_is_no_date(text: str | None) -> None:
    with pytest.raises(ValueError, match=r"date|day"):
        values.read_date(text)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "PT0S"), (30, "PT30M"), (60, "PT1H"), (90, "PT1H30M"), (1440, "P1D"), (1530, "P1DT1H30M"), (2880, "P2D")],
)
def test_durations(minutes: int, text: str) -> None:
    assert values.duration_text(timedelta(minutes=minutes)) == text


@pytest.mark.parametrize("text", ["1", "true", " true "])
def test_booleans(text: str) -> None:
    assert values.read_boolean(text) is True
    for wrong in ("True", "yes", "", None):
        with pytest.raises(ValueError, match="boolean"):
            values.read_boolean(wrong)


def test_integers() -> None:
    assert values.read_integer(" -12 ") == -12
    for wrong in ("1.5", "", None, "9999999999", "\u0661"):
        with pytest.raises(ValueError, match="int"):
            values.read_integer(wrong)


PATTERNS: tuple[Pattern, ...] = (
    Daily(3),
    Weekly(2, ("Sunday", "Friday"), "Monday"),
    AbsoluteMonthly(1, 31),
    RelativeMonthly(4, "WeekendDay", "Third"),
    AbsoluteYearly(29, 2),
    RelativeYearly("Day", "Last", 12),
)
RANGES: tuple[Range, ...] = (NoEnd(), EndDate(date(2030, 1, 1)), Numbered(5))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("span", RANGES)
def test_a_recurrence_is_read_as_it_is_written(pattern: Pattern, span: Range) -> None:
    known = Recurrence(pattern, date(2026, 12, 1), span)
    assert recurrence.read(recurrence.element(known)) == known


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<DailyRecurrence><Interval>1</Interval></DailyRecurrence>",
        "<NoEndRecurrence><StartDate>2026-12-01</StartDate></NoEndRecurrence>",
        (
            "<DailyRecurrence><Interval>1</Interval></DailyRecurrence><DailyRecurrence><Interval>2</Interval>"
            "</DailyRecurrence><NoEndRecurrence><StartDate>2026-12-01</StartDate></NoEndRecurrence>"
        ),
        "<DailyRecurrence/><NoEndRecurrence><StartDate>2026-12-01</StartDate></NoEndRecurrence>",
        (
            "<DailyRecurrence><Interval>x</Interval></DailyRecurrence><NoEndRecurrence><StartDate>2026-12-01</StartDate>"
            "</NoEndRecurrence>"
        ),
        (
            "<AbsoluteYearlyRecurrence><DayOfMonth>1</DayOfMonth><Month>Mai</Month></AbsoluteYearlyRecurrence>"
            "<NoEndRecurrence><StartDate>2026-12-01</StartDate></NoEndRecurrence>"
        ),
    ],
)
def test_what_is_no_recurrence(inside: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        recurrence.read(element("Recurrence", inside))


def test_the_table_is_in_the_order_of_the_schema_and_has_no_name_of_its_own() -> None:
    if ews_schema.schema() is None:
        pytest.skip(f"there is no schema in {ews_schema_folder.folder()}")
    types = etree.parse(str(Path(ews_schema_folder.folder()) / "types.xsd")).getroot()
    known = {part.get("name"): part for part in types}
    names = [
        part.get("name")
        for kind in ("ItemType", "CalendarItemType")
        for part in known[kind].iter("{http://www.w3.org/2001/XMLSchema}element")
    ]
    paths = {part.get("value") for part in known["UnindexedFieldURIType"].iter()}
    positions = [names.index(found.element) for found in PROPERTIES]
    assert positions == sorted(positions)
    assert {found.path for found in PROPERTIES} - paths == {"item:ExtendedProperty"}


def test_an_item_has_the_zone_of_the_request_unless_it_names_one() -> None:
    assert draft(TIMES, "Asia/Tokyo").zone == "Asia/Tokyo"
    assert draft(TIMES + '<StartTimeZone Id="Eastern Standard Time"/>', "Asia/Tokyo").zone == "America/New_York"
    both = draft(TIMES + '<StartTimeZone Id="UTC"/><EndTimeZone Id="Tokyo Standard Time"/>')
    assert (both.zone, both.end_zone) == ("UTC", "Asia/Tokyo")
    old = draft(TIMES + '<MeetingTimeZone TimeZoneName="Tokyo Standard Time"/>')
    assert (old.zone, old.end_zone) == ("Asia/Tokyo", None)
    with pytest.raises(EwsError) as caught:
        draft(TIMES + "<MeetingTimeZone><BaseOffset>PT1H</BaseOffset></MeetingTimeZone>")
    assert caught.value.code == "ErrorCalendarInvalidTimeZone"


def test_fractions_of_a_second_are_dropped() -> None:
    assert draft(TIMES.replace("09:00:00Z", "09:00:00.9990000Z")).start == datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_people_are_kept_by_their_roles() -> None:
    def people(name: str, *addresses: str) -> str:
        inside = "".join(
            f"<Attendee><Mailbox><Name>N</Name><EmailAddress> {address} </EmailAddress></Mailbox>"
            "<ResponseType>Accept</ResponseType></Attendee>"
            for address in addresses
        )
        return f"<{name}>{inside}</{name}>"

    known = draft(people("Resources", "r@x") + people("RequiredAttendees", "a@x", "b@x") + TIMES)
    assert [(one.address, one.role, one.response) for one in known.attendees] == [
        ("a@x", "required", "Accept"),
        ("b@x", "required", "Accept"),
        ("r@x", "resource", "Accept"),
    ]
    changed = read_updates(
        element(
            "Updates",
            '<SetItemField><FieldURI FieldURI="calendar:OptionalAttendees"/><CalendarItem>'
            f"{people('OptionalAttendees', 'o@x')}</CalendarItem></SetItemField>"
            '<DeleteItemField><FieldURI FieldURI="calendar:Resources"/></DeleteItemField>',
        ),
        "UTC",
        item(attendees=known.attendees),
    )
    assert [one.address for one in changed["attendees"]] == ["a@x", "b@x", "o@x"]


def test_what_is_kept_is_replaced_and_deleted_one_by_one() -> None:
    known = draft("<When>a</When><NetShowUrl>http://x/</NetShowUrl>" + TIMES)
    assert set(known.others) == {"When", "NetShowUrl"}
    changed = read_updates(
        element(
            "Updates",
            '<SetItemField><FieldURI FieldURI="calendar:When"/><CalendarItem><When>b</When></CalendarItem>'
            "</SetItemField>"
            '<DeleteItemField><FieldURI FieldURI="calendar:NetShowUrl"/></DeleteItemField>'
            '<SetItemField><FieldURI FieldURI="calendar:ConferenceType"/><CalendarItem>'
            "<ConferenceType>1</ConferenceType></CalendarItem></SetItemField>",
        ),
        "UTC",
        item(others=known.others),
    )
    kept = item(others=changed["others"])
    assert {name: item_parts.kept_text(kept, name, "") for name in kept.others} == {"When": "b", "ConferenceType": "1"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('PropertyTag="0x3007"', 'PropertyTag="12295"', True),
        ('PropertyTag="0x3007"', 'PropertyTag="0x3008"', False),
        (
            'DistinguishedPropertySetId="Appointment" PropertyId="33288"',
            'PropertySetId="00062002-0000-0000-C000-000000000046" PropertyId="33288"',
            True,
        ),
        (
            'DistinguishedPropertySetId="Common" PropertyName="x"',
            'DistinguishedPropertySetId="Common" PropertyName="y"',
            False,
        ),
    ],
)
def test_an_extended_property_has_one_key(one: str, other: str, same: bool) -> None:
    keys = [
        item_parts.extended_key(etree.fromstring(f'<ExtendedFieldURI {names} PropertyType="String"/>'))
        for names in (one, other)
    ]
    assert (keys[0] == keys[1]) is same


@pytest.mark.parametrize("names", ["", 'PropertyTag="x"', 'PropertySetId="a"', 'PropertyName="n"'])
def test_an_extended_property_needs_a_name(names: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        item_parts.extended_key(etree.fromstring(f'<ExtendedFieldURI {names} PropertyType="String"/>'))


@pytest.mark.parametrize("xml", ["", "nonsense", "<When", "<Other/>", "<!DOCTYPE x><When>a</When>"])
def test_what_is_not_the_kept_element_is_not_given_back(xml: str) -> None:
    assert item_parts.given_back(xml, "When") is None
    assert item_parts.extended_back("<ExtendedProperty/>") is None


def test_characters_that_xml_cannot_carry_are_left_out() -> None:
    found = item_parts.text_element("Subject", "a\x00\x0bb\ud800c\ufffe\U0001f600\r\n")
    assert found.text == "abc\U0001f600\r\n"
    assert etree.fromstring(etree.tostring(found)).tag == t.Subject().tag


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &amp; b<br>c</p><p>d</p>", "a & b\nc\nd"),
        ("plain", "plain"),
        ("", ""),
        ("<!-- nothing -->", ""),
        ("<style>p {}</style><p>a<!-- b --></p><script>c()</script>d", "a\nd"),
        ("<p>unclosed <b>and ü", "unclosed and ü"),
        ('<?xml version="1.0" encoding="utf-8"?><p>x</p>', "x"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    found = item_parts.body_element(html, "HTML", "Text")
    assert (found.get("BodyType"), found.text or "") == ("Text", text)
