# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendars of mailboxes: items, series, what became of occurrences, and what is told of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imp_emulator.domain.events import CalendarItemChanged
from imp_emulator.domain.exchange import calendars, mailboxes, meetings, occurrence_order
from imp_emulator.domain.exchange.calendar_items import Attendee, CalendarItem, Draft, ItemRef, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.recurrence import (
    AbsoluteYearly,
    Daily,
    EndDate,
    NoEnd,
    Numbered,
    Range,
    Recurrence,
    Weekly,
)
from imp_emulator.errors import Conflict, DomainError, InvalidValue, NotFound
from imp_emulator.store.exchange import calendars as store
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def context(unseeded: Environment) -> Context:
    return unseeded.context


@pytest.fixture
def box(context: Context) -> Mailbox:
    return mailboxes.add(context, "anna@example.com", "Anna Abel", time_zone="Europe/Berlin")


@pytest.fixture
def told(unseeded: Environment, box: Mailbox) -> Iterator[list[tuple[int, str]]]:
    """What the events say: item and action."""
    found: list[tuple[int, str]] = []
    unseeded.events.subscribe(CalendarItemChanged, lambda event: found.append((event.item, event.action)))
    yield found
    found.clear()


def at(day: int, hour: int = 9, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def series(start: datetime, limit: Range | None = None, **values: Any) -> Draft:
    repeats = Recurrence(Daily(), start.date(), limit or NoEnd())
    return Draft(start, start + HOUR, zone="Europe/Berlin", subject="Standup", recurrence=repeats, **values)


def starts(context: Context, box: Mailbox, first: datetime, last: datetime) -> list[str]:
    found = calendars.view(context, box.id, first, last).items
    return [f"{item.start.astimezone(BERLIN):%d %H:%M}" for item in found]


def test_a_view_shows_what_overlaps_it_and_nothing_that_only_touches_it(context: Context, box: Mailbox) -> None:
    for name, start, end in (
        ("before", at(30, 8), at(30, 9)),
        ("into it", at(30, 8), at(30, 9, 1)),
        ("around it", at(29), at(30, 23)),
        ("long before", at(1, month=1), at(30, 9, 1)),
        ("no length at its start", at(30), at(30)),
        ("out of it", at(30, 9, 59), at(30, 11)),
        ("after", at(30, 10), at(30, 11)),
        ("no length at its end", at(30, 10), at(30, 10)),
    ):
        calendars.create(context, box.id, Draft(start, end, subject=name))
    found = calendars.view(context, box.id, at(30, 9), at(30, 10))
    expected = ["long before", "around it", "into it", "no length at its start", "out of it"]
    assert [item.subject for item in found.items] == expected
    assert (found.total, found.whole) == (5, True)
    cut = calendars.view(context, box.id, at(30, 9), at(30, 10), limit=2)
    assert ([item.subject for item in cut.items], cut.total, cut.whole) == (expected[:2], 5, False)


def test_an_occurrence_that_only_touches_a_view_is_not_in_it(context: Context, box: Mailbox) -> None:
    calendars.create(context, box.id, series(at(1)))
    moment = series(at(1, 10))
    calendars.create(context, box.id, dataclasses.replace(moment, end=moment.start))
    assert starts(context, box, at(20, 10), at(21, 9)) == ["20 10:00"]
    assert starts(context, box, at(20, 9, 59), at(20, 10)) == ["20 09:00"]
    assert starts(context, box, at(20, 10, 1), at(21, 9, 1)) == ["21 09:00"]


def test_a_meeting_stays_at_nine_when_the_clock_is_changed(context: Context, box: Mailbox) -> None:
    calendars.create(context, box.id, series(at(23, month=10)))
    found = calendars.view(context, box.id, at(24, month=10), at(27, month=10)).items
    assert [item.start for item in found] == [
        datetime(2026, 10, 24, 7, tzinfo=UTC),
        datetime(2026, 10, 25, 8, tzinfo=UTC),
        datetime(2026, 10, 26, 8, tzinfo=UTC),
    ]
    assert {item.kind for item in found} == {Kind.OCCURRENCE}
    assert {item.recurrence for item in found} == {None}


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        # The clock jumps from 2 to 3 on the 29th of March 2026: 2:30 is as long after 2 as it says, 4:30 is 4:30.
        (datetime(2026, 3, 28, tzinfo=BERLIN), (1, 30), (2, 30)),
        # It shows 2 to 3 twice on the 25th of October: 2:30 is the first one, 4:30 is two hours and another one later.
        (datetime(2026, 10, 24, tzinfo=BERLIN), (0, 30), (3, 30)),
    ],
)
def test_faces_that_are_jumped_over_or_shown_twice(
    context: Context, box: Mailbox, day: datetime, start: tuple[int, int], end: tuple[int, int]
) -> None:
    draft = dataclasses.replace(series(day.replace(hour=2, minute=30)), end=day.replace(hour=4, minute=30))
    second = calendars.occurrence(context, calendars.create(context, box.id, draft).ref, 2)
    assert [(found.hour, found.minute) for found in (second.start, second.end)] == [start, end]


def test_an_occurrence_does_not_end_before_it_starts_because_the_clock_jumps(context: Context, box: Mailbox) -> None:
    start = datetime(2026, 3, 28, 2, 45, tzinfo=BERLIN)
    draft = dataclasses.replace(series(start), end=start + timedelta(minutes=15))
    second = calendars.occurrence(context, calendars.create(context, box.id, draft).ref, 2)
    assert second.end - second.start == timedelta(minutes=15)
    single = dataclasses.replace(draft, start=start + DAY, end=start + DAY + timedelta(minutes=15), recurrence=None)
    item = calendars.create(context, box.id, single)
    assert item.end - item.start == timedelta(minutes=15)


def test_all_day_items_are_days_of_their_zone(context: Context, box: Mailbox) -> None:
    draft = Draft(at(24, 8), at(25, 7), zone="Europe/Berlin", all_day=True)
    item = calendars.create(context, box.id, draft)
    assert (item.start, item.end) == (at(24, 0), at(26, 0))
    one = calendars.create(context, box.id, Draft(at(3, 0), at(3, 0), zone="Europe/Berlin", all_day=True))
    assert (one.start, one.end) == (at(3, 0), at(4, 0))
    repeats = Recurrence(Weekly(1, ("Saturday",)), date(2026, 10, 24))
    weekly = Draft(at(24, 0, month=10), at(26, 0, month=10), zone="Europe/Berlin", all_day=True, recurrence=repeats)
    first = calendars.occurrence(context, calendars.create(context, box.id, weekly).ref, 1)
    assert first.end - first.start == timedelta(hours=49)


def test_a_series_starts_where_its_pattern_first_does(context: Context, box: Mailbox) -> None:
    repeats = Recurrence(Weekly(1, ("Wednesday",)), date(2026, 11, 26))
    item = calendars.create(context, box.id, dataclasses.replace(series(at(26)), recurrence=repeats))
    assert item.start == at(2, month=12)
    assert item.recurrence is not None
    assert item.recurrence.start_date == date(2026, 12, 2)
    assert item.kind is Kind.MASTER


def test_occurrences_are_changed_moved_and_deleted(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23), Numbered(5)))
    second, third, fourth = (calendars.occurrence(context, master.ref, index) for index in (2, 3, 4))
    calendars.delete(context, second.ref)
    calendars.update(context, third.ref, {"start": third.start + 10 * DAY, "end": third.end + 10 * DAY})
    calendars.update(context, fourth.ref, {"subject": "Retrospective"})
    assert starts(context, box, at(22), at(28)) == ["23 09:00", "26 09:00", "27 09:00"]
    assert starts(context, box, at(1, month=12), at(30, month=12)) == ["05 09:00"]
    changed = calendars.get(context, fourth.ref)
    assert (changed.kind, changed.subject, changed.start) == (Kind.EXCEPTION, "Retrospective", fourth.start)
    known = calendars.occurrences_of(context, master.ref)
    assert known.deleted == (second.start,)
    assert [item.original_start for item in known.modified] == [third.start, fourth.start]
    assert (known.first and known.first.start, known.last and known.last.start) == (at(23), at(27))
    # An exception that is taken back is none any more.
    back = calendars.update(context, fourth.ref, {"subject": "Standup"})
    assert back.kind is Kind.OCCURRENCE


def test_an_occurrence_is_numbered_as_the_pattern_counts(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23), Numbered(3)))
    calendars.delete(context, calendars.occurrence(context, master.ref, 2).ref)
    assert calendars.occurrence(context, master.ref, 3).start == at(25)
    for index, code in ((2, "occurrence-deleted"), (4, "occurrence-out-of-range"), (0, "occurrence-out-of-range")):
        with pytest.raises(NotFound) as raised:
            calendars.occurrence(context, master.ref, index)
        assert raised.value.code == code
    with pytest.raises(NotFound) as missing:
        calendars.get(context, dataclasses.replace(master.ref, original_start=at(24, 10)))
    assert missing.value.code == "occurrence-not-found"


def test_what_changes_in_the_series_changes_in_its_exceptions_unless_they_differ(
    context: Context, box: Mailbox
) -> None:
    master = calendars.create(context, box.id, series(at(23), location="Room 1"))
    second = calendars.occurrence(context, master.ref, 2)
    calendars.update(context, second.ref, {"subject": "Retrospective"})
    calendars.update(context, master.ref, {"subject": "Daily", "location": "Room 2"})
    changed = calendars.get(context, second.ref)
    assert (changed.subject, changed.location, changed.kind) == ("Retrospective", "Room 2", Kind.EXCEPTION)


@pytest.mark.parametrize(
    "values",
    [
        {"start": at(23, 10), "end": at(23, 11)},
        {"recurrence": Recurrence(Daily(2), date(2026, 11, 23))},
        {"zone": "America/New_York"},
    ],
)
def test_another_time_or_pattern_undoes_all_exceptions(context: Context, box: Mailbox, values: dict[str, Any]) -> None:
    master = calendars.create(context, box.id, series(at(23)))
    calendars.update(context, calendars.occurrence(context, master.ref, 2).ref, {"subject": "other"})
    calendars.delete(context, calendars.occurrence(context, master.ref, 3).ref)
    calendars.update(context, master.ref, values)
    known = calendars.occurrences_of(context, master.ref)
    assert (known.modified, known.deleted) == ((), ())


def test_a_series_that_moves_takes_its_beginning_along(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23), EndDate(date(2026, 11, 27))))
    moved = calendars.update(context, master.ref, {"start": at(25, 14), "end": at(25, 15)})
    assert moved.recurrence is not None
    assert moved.recurrence.start_date == date(2026, 11, 25)
    assert starts(context, box, at(20), at(30)) == ["25 14:00", "26 14:00", "27 14:00"]
    with pytest.raises(InvalidValue, match="ends on 2026-11-27 and begins on 2026-11-28"):
        calendars.update(context, master.ref, {"start": at(28), "end": at(28, 10)})


def test_a_single_item_becomes_a_series_and_back(context: Context, box: Mailbox) -> None:
    item = calendars.create(context, box.id, dataclasses.replace(series(at(23)), recurrence=None))
    assert item.kind is Kind.SINGLE
    repeated = calendars.update(context, item.ref, {"recurrence": Recurrence(Daily(), date(2026, 11, 23))})
    assert (repeated.kind, repeated.ref) == (Kind.MASTER, item.ref)
    assert calendars.update(context, item.ref, {"recurrence": None}).kind is Kind.SINGLE
    assert starts(context, box, at(20), at(30)) == ["23 09:00"]
    with pytest.raises(InvalidValue, match="does not recur"):
        calendars.master(context, item.ref)


def test_a_series_is_gone_with_its_last_occurrence(context: Context, box: Mailbox, told: list[tuple[int, str]]) -> None:
    master = calendars.create(context, box.id, series(at(23), Numbered(2)))
    for index in (1, 2):
        calendars.delete(context, calendars.occurrence(context, master.ref, index).ref)
    with pytest.raises(NotFound):
        calendars.get(context, master.ref)
    assert told == [(master.ref.item, action) for action in ("created", "modified", "deleted")]


def test_a_moved_occurrence_is_found_outside_the_series(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23), Numbered(2)))
    for index, days in ((1, -100), (2, 400)):
        item = calendars.occurrence(context, master.ref, index)
        calendars.update(context, item.ref, {"start": item.start + days * DAY, "end": item.end + days * DAY})
    calendars.update(context, master.ref, {"subject": "renamed"})
    for days in (-100, 401):
        found = calendars.view(context, box.id, at(23, 0) + days * DAY, at(24, 0) + days * DAY).items
        assert [(item.kind, item.subject) for item in found] == [(Kind.EXCEPTION, "renamed")]
    assert starts(context, box, at(20), at(30)) == []


def test_a_stale_change_number_is_a_conflict(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23)))
    second = calendars.occurrence(context, master.ref, 2)
    changed = calendars.update(context, second.ref, {"subject": "other"}, second.change)
    assert changed.change > second.change
    for ref in (master.ref, second.ref):
        with pytest.raises(Conflict):
            calendars.update(context, ref, {"subject": "again"}, second.change)
    assert calendars.update(context, master.ref, {"subject": "again"}, changed.change).subject == "again"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"end": at(22)}, "end-before-start"),
        ({"end": at(24, month=12) + 5 * 366 * DAY}, "duration-too-long"),
        ({"start": datetime(2026, 11, 23)}, "time-without-zone"),  # noqa: DTZ001 - that is what is wrong
        ({"start": datetime(1, 1, 1, tzinfo=UTC)}, "time-out-of-range"),
        ({"zone": "Europe/Nowhere"}, "time-zone"),
        ({"end_zone": "W. Europe Standard Time"}, "time-zone"),
        ({"show_as": "Away"}, "calendar-item-value"),
        ({"sensitivity": "Secret"}, "calendar-item-value"),
        ({"attendees": (Attendee("b@example.com", role="chair"),)}, "calendar-item-value"),
        ({"subject": "a\x0bb"}, "calendar-item-text"),
        ({"attendees": (Attendee("b@example.com", name="\ud800"),)}, "calendar-item-text"),
        ({"recurrence": Recurrence(Daily(0), date(2026, 11, 23))}, "invalid-recurrence"),
        (
            {"recurrence": Recurrence(Weekly(1, ("Monday",)), date(2026, 11, 24), EndDate(date(2026, 11, 25)))},
            "no-occurrence",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    context: Context, box: Mailbox, told: list[tuple[int, str]], values: dict[str, Any], code: str
) -> None:
    item = calendars.create(context, box.id, Draft(at(23), at(23, 10), zone="Europe/Berlin"))
    told.clear()
    with pytest.raises(InvalidValue) as raised:
        calendars.create(context, box.id, dataclasses.replace(Draft(at(23), at(23, 10)), **values))
    assert raised.value.code == code
    with pytest.raises(InvalidValue):
        calendars.update(context, item.ref, values)
    assert (calendars.get(context, item.ref), calendars.page(context, box.id, 0, 9).total, told) == (item, 1, [])


def test_an_occurrence_has_no_recurrence_and_no_uid_of_its_own(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(23)))
    ref = calendars.occurrence(context, master.ref, 1).ref
    for values in ({"recurrence": None}, {"uid": "x"}, {"colour": "red"}):
        with pytest.raises(InvalidValue) as raised:
            calendars.update(context, ref, values)
        assert raised.value.code == "calendar-item-field"


def test_everything_that_was_written_is_read(context: Context, box: Mailbox) -> None:
    draft = Draft(
        at(23),
        at(23, 10),
        zone="Europe/Berlin",
        end_zone="America/New_York",
        show_as="WorkingElsewhere",
        subject="Größe",
        location="Room",
        body="<p>Hi</p>",
        body_type="HTML",
        sensitivity="Private",
        importance="High",
        categories=("Red", "Blue"),
        reminder_minutes=0,
        organizer=Attendee("o@example.com", "O", "required", "Organizer"),
        attendees=(Attendee("b@example.com", "B", "optional", "Tentative"),),
        response="Accept",
        is_cancelled=True,
        uid="my-uid",
        others={"Culture": "<t:Culture>en-US</t:Culture>"},
    )
    item = calendars.create(context, box.id, draft)
    expected = {name: getattr(draft, name) for name in (known.name for known in dataclasses.fields(Draft))}
    assert {name: getattr(calendars.get(context, item.ref), name) for name in expected} == expected
    assert item.created == item.modified == context.clock.now()
    assert calendars.by_uid(context, box.id, "my-uid") == [item]
    made = calendars.create(context, box.id, Draft(at(23), at(23)))
    assert made.uid is not None
    assert made.uid.startswith("040000008200E00074C5B7101A82E008")


def test_pages_go_through_all_items_once(context: Context, box: Mailbox) -> None:
    for number in range(5):
        calendars.create(context, box.id, series(at(20 + number)) if number == 2 else Draft(at(1), at(1)))
    offset: int | None = 0
    seen: list[CalendarItem] = []
    while offset is not None:
        page = calendars.page(context, box.id, offset, 2)
        assert page.total == 5
        seen.extend(page.items)
        offset = page.next
    assert [item.kind for item in seen].count(Kind.MASTER) == 1
    assert len({item.ref for item in seen}) == 5
    assert calendars.page(context, box.id, 9, 2).next is None


def test_another_mailbox_has_not_the_item(context: Context, box: Mailbox) -> None:
    item = calendars.create(context, box.id, Draft(at(23), at(23, 10)))
    other = mailboxes.add(context, "ben@example.com", "Ben")
    for ref in (ItemRef(other.id, item.ref.item), ItemRef(box.id, item.ref.item + 1)):
        with pytest.raises(NotFound) as raised:
            calendars.get(context, ref)
        assert raised.value.code == "calendar-item-not-found"
    assert calendars.view(context, other.id, at(1), at(30)).items == ()


def test_each_change_is_told_once_after_the_commit(
    unseeded: Environment, context: Context, box: Mailbox, told: list[tuple[int, str]]
) -> None:
    with unseeded.database.transaction():
        master = calendars.create(context, box.id, series(at(23)))
        item = calendars.occurrence(context, master.ref, 1)
        calendars.update(context, item.ref, {"subject": "x"})
        assert told == []
    assert told == [(master.ref.item, "created"), (master.ref.item, "modified")]
    told.clear()
    calendars.restore_pattern(context, master.ref)
    calendars.delete(context, item.ref)
    calendars.delete(context, master.ref)
    assert told == [(master.ref.item, action) for action in ("modified", "modified", "deleted")]


def test_the_ends_of_the_calendar_are_no_trouble(context: Context, box: Mailbox) -> None:
    calendars.create(context, box.id, series(at(23)))
    late = datetime(4500, 8, 20, 9, tzinfo=UTC)
    calendars.create(
        context, box.id, Draft(late, late + HOUR, subject="late", recurrence=Recurrence(Daily(), late.date()))
    )
    ends = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    found = calendars.view(context, box.id, late, ends[1])
    assert {item.subject for item in found.items} == {"Standup", "late"}
    assert calendars.view(context, box.id, ends[0], ends[0] + DAY).items == ()
    for limit in (EndDate(date(4500, 8, 31)), Numbered(999)):
        with pytest.raises(InvalidValue, match="its last occurrence is not before 4500-08-31"):
            calendars.create(context, box.id, series(late, limit))
    with pytest.raises(InvalidValue, match="leave it without an end"):
        calendars.create(context, box.id, series(late, EndDate(date(9999, 12, 31))))
    with pytest.raises(NotFound, match="no occurrence number 2147483647"):
        calendars.occurrence(context, calendars.create(context, box.id, series(at(23))).ref, 2**31 - 1)


def test_a_view_reads_by_time_however_much_a_calendar_holds(context: Context, box: Mailbox) -> None:
    plan = context.database.all("EXPLAIN QUERY PLAN " + store.IN_VIEW, {"mailbox": box.id, "start": 0.0, "end": 1.0})
    searches = [row["detail"] for row in plan if "calendar_item" in row["detail"]]
    assert len(searches) == 2
    assert all("calendar_item_by_time (mailbox=? AND wide=? AND starts" in search for search in searches)


def test_errors_name_a_code_and_a_sentence(context: Context, box: Mailbox) -> None:
    with pytest.raises(DomainError) as raised:
        calendars.get(context, ItemRef(box.id, 0))
    assert raised.value.message == "The calendar has no such item."


def test_a_series_has_a_day_that_a_calendar_has(context: Context, box: Mailbox) -> None:
    late = Recurrence(AbsoluteYearly(31, 12), date(4500, 8, 1))
    with pytest.raises(InvalidValue) as raised:
        calendars.create(context, box.id, Draft(at(30), at(30, 10), recurrence=late))
    assert raised.value.code == "no-occurrence"


@pytest.mark.parametrize("minutes", [-1, 2_629_801])
def test_a_reminder_has_its_range(context: Context, box: Mailbox, minutes: int) -> None:
    """The range of the schema of EWS; further away it would come before the years of a calendar."""
    with pytest.raises(InvalidValue) as raised:
        calendars.create(context, box.id, Draft(at(30), at(30, 10), reminder_minutes=minutes))
    assert raised.value.field == "reminder_minutes"
    item = calendars.create(context, box.id, Draft(at(30), at(30, 10), reminder_minutes=2_629_800))
    assert item.reminder_minutes == 2_629_800


def test_occurrences_are_deleted_in_one_change(context: Context, box: Mailbox, told: list[tuple[int, str]]) -> None:
    master = calendars.create(context, box.id, series(at(30), Numbered(3)))
    originals = [calendars.occurrence(context, master.ref, number).start for number in (1, 2, 3)]
    calendars.delete_occurrences(context, master.ref, originals[:2])
    assert told == [(master.ref.item, "created"), (master.ref.item, "modified")]
    assert calendars.occurrences_of(context, master.ref).deleted == tuple(originals[:2])
    assert calendars.get(context, master.ref).change == 2
    with pytest.raises(NotFound):
        calendars.delete_occurrences(context, master.ref, originals)
    calendars.delete_occurrences(context, master.ref, originals[2:])
    assert told[2:] == [(master.ref.item, "deleted")]
    with pytest.raises(NotFound):
        calendars.get(context, master.ref)


def test_a_move_by_centuries_is_refused_at_once(context: Context, box: Mailbox) -> None:
    master = calendars.create(context, box.id, series(at(30)))
    calendars.create(context, box.id, series(at(30)))
    first = calendars.occurrence(context, master.ref, 1)
    began = process_time()
    with pytest.raises(InvalidValue, match="moved up to another one"):
        occurrence_order.check(context, first, first.start.replace(year=4000), first.end.replace(year=4000))
    assert process_time() - began < 1
    occurrence_order.check(context, first, first.start - DAY, first.end - DAY)


def test_an_answer_is_noted_by_whichever_address_somebody_was_invited(context: Context, box: Mailbox) -> None:
    ben = mailboxes.add(context, "ben@example.com", "Ben", aliases=["b@example.com"])
    invited = (Attendee("B@example.com", "Ben"), Attendee("c@example.com"))
    draft = meetings.organized(box, Draft(at(30), at(30, 10), attendees=invited))
    item = calendars.create(context, box.id, draft)
    meetings.invite(context, item, meetings.Recipients.ALL)
    (received,) = calendars.page(context, ben.id, 0, 9).items
    meetings.respond(context, received, "Accept", tell=True)
    assert [one.response for one in calendars.get(context, item.ref).attendees] == ["Accept", "Unknown"]


def test_an_address_is_one_line(context: Context, box: Mailbox) -> None:
    """No calendar file can hold another one, so that the whole calendar could not be written."""
    odd = Attendee("a@example.com\nb@example.com")
    for draft in (Draft(at(30), at(30, 10), organizer=odd), Draft(at(30), at(30, 10), attendees=(odd,))):
        with pytest.raises(InvalidValue, match="no line break"):
            calendars.create(context, box.id, draft)


def test_who_is_invited_again_is_asked_again(context: Context, box: Mailbox) -> None:
    ben = mailboxes.add(context, "ben@example.com", "Ben")
    draft = meetings.organized(box, Draft(at(30), at(30, 10), subject="Plan", attendees=(Attendee("ben@example.com"),)))
    item = calendars.create(context, box.id, draft)
    meetings.invite(context, item, meetings.Recipients.ALL)
    meetings.respond(context, calendars.page(context, ben.id, 0, 9).items[0], "Accept", tell=False)
    shown = []
    for attendees in ((), item.attendees):
        before = calendars.get(context, item.ref)
        after = calendars.update(context, item.ref, {"attendees": attendees})
        meetings.tell_changes(context, before, after, meetings.Recipients.CHANGED)
        (copy,) = calendars.page(context, ben.id, 0, 9).items
        shown.append((copy.subject, copy.show_as, copy.response, copy.is_cancelled))
    assert shown == [("Canceled: Plan", "Free", "Accept", True), ("Plan", "Tentative", "NoResponseReceived", False)]
