# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Series over EWS: their recurrence, their occurrences, and the ids of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES
from tests.support.ews_items import TIMES, WEEKLY, Calendar, calendar, occurrence, set_field


@pytest.fixture
def anna(environment: Emulator) -> Iterator[Calendar]:
    yield from calendar(environment)


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
