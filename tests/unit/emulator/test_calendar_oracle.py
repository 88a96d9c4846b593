# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated series with exceptions: a view expands them as recurring-ical-events expands the exported file.

The library knows nothing of the emulator: it reads the file by itself and works out the occurrences by itself, in the
time zones of the system. All patterns and ranges of Exchange are among the series, in six zones whose clocks change on
different days, one of them by half an hour, with starts in the hours that are jumped over or shown twice.

In one case the two differ on purpose. Where the clock jumps over the start of an occurrence and not over its end, the
library has it end before it starts; here it is as long as the pattern says.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from imp_emulator.domain.exchange import calendars, icalendar_files, mailboxes
from imp_emulator.domain.exchange.calendar_items import CalendarItem, Draft, ItemRef
from imp_emulator.domain.exchange.recurrence import (
    DAYS,
    GROUPS,
    INDEXES,
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
from imp_emulator.errors import DomainError
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment

ALL_CASES = "ALL_CASES" in os.environ
"""Set by ``make all-cases``; otherwise a fixed sample is expanded, always the same."""
BATCHES = range(40 if ALL_CASES else 8)
SERIES = 50
"""In each batch, so that there are 2,000 in all of them."""
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
"""Sao Paulo jumped over midnight until 2019, Cairo does so since 2023; Lord Howe's clock is changed by half an hour."""
YEARS = (2016, 2026)
HOURS = (0, 0, 1, 1, 2, 2, 3, 9, 12, 17, 23)
"""Mostly those at which clocks are changed."""


@pytest.fixture
def context(unseeded: Environment) -> Context:
    return unseeded.context


def a_pattern(chosen: random.Random) -> Pattern:
    group = chosen.choice((*DAYS, *GROUPS))
    index = chosen.choice(tuple(INDEXES))
    day, month, interval = chosen.randint(1, 31), chosen.randint(1, 12), chosen.choice((1, 1, 2, 3, 7))
    return chosen.choice(
        (
            Daily(chosen.choice((1, 1, 2, 5, 40))),
            Weekly(interval, tuple(chosen.sample(DAYS, chosen.randint(1, 4))), chosen.choice(DAYS)),
            AbsoluteMonthly(interval, chosen.choice((day, 29, 30, 31))),
            RelativeMonthly(interval, group, index),
            AbsoluteYearly(chosen.choice((day, 29, 30, 31)), chosen.choice((month, 2))),
            RelativeYearly(group, index, month),
        )
    )


def a_draft(chosen: random.Random, zone: str) -> Draft:
    first = date(chosen.randint(*YEARS), chosen.randint(1, 12), chosen.randint(1, 28))
    limits: tuple[Range, ...] = (
        NoEnd(),
        Numbered(chosen.randint(1, 60)),
        EndDate(first + timedelta(days=chosen.randint(400, 2500))),
    )
    all_day = chosen.random() < 0.2
    start = datetime.combine(first, time() if all_day else time(chosen.choice(HOURS), chosen.choice((0, 15, 30))))
    length = (
        timedelta(days=chosen.randint(1, 3)) if all_day else timedelta(minutes=chosen.choice((0, 15, 60, 90, 1500)))
    )
    return Draft(
        start.replace(tzinfo=ZoneInfo(zone)),
        (start + length).replace(tzinfo=ZoneInfo(zone)),
        zone=zone,
        all_day=all_day,
        subject="as planned",
        recurrence=Recurrence(a_pattern(chosen), first, chosen.choice(limits)),
    )


def change_some(context: Context, chosen: random.Random, master: CalendarItem, counted: Counter[str]) -> None:
    """Move, shorten, rename and delete occurrences at the beginning of a series."""
    for index in sorted(chosen.sample(range(1, 13), chosen.randint(0, 4))):
        try:
            item = calendars.occurrence(context, master.ref, index)
        except DomainError:
            return  # The series has no more.
        kind = chosen.choice(("deleted", "renamed", "moved", "moved far", "made all-day"))
        moved = {"moved": timedelta(minutes=chosen.choice((-90, 45))), "moved far": timedelta(days=100)}.get(kind)
        if kind == "deleted":
            calendars.delete(context, item.ref)
        elif moved is not None:
            values = {"start": item.start + moved, "end": item.end + moved, "show_as": "OOF"}
            calendars.update(context, item.ref, values)
        elif kind == "renamed":
            calendars.update(context, item.ref, {"subject": "otherwise"})
        elif not item.all_day:
            calendars.update(context, item.ref, {"all_day": True})
        counted[kind] += 1


def windows(chosen: random.Random, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """Times of a day, a month, and of years; days at which the clock may be changed among them."""
    tz = ZoneInfo(zone)
    for year in range(YEARS[0], YEARS[1] + 2, 3):
        yield datetime(year, 1, 1, tzinfo=tz), datetime(year + 2, 1, 1, tzinfo=tz)
    for _ in range(6):
        day = datetime(chosen.randint(*YEARS), chosen.choice((3, 4, 10, 11)), chosen.randint(1, 28), tzinfo=tz)
        yield day, day + timedelta(days=chosen.choice((1, 7, 31)))


Occurrence = tuple[str, date, date, str]


def by_the_view(context: Context, mailbox: int, zone: str, start: datetime, end: datetime) -> list[Occurrence]:
    return sorted(
        (
            item.uid or "",
            told(item.start, zone, all_day=item.all_day),
            told(item.end, zone, all_day=item.all_day),
            item.subject,
        )
        for item in calendars.view(context, mailbox, start, end).items
    )


def told(moment: datetime, zone: str, *, all_day: bool) -> date:
    face = moment.astimezone(ZoneInfo(zone))
    return datetime.combine(face.date(), time(), UTC) if all_day else moment


def by_the_library(query: recurring_ical_events.CalendarQuery, start: datetime, end: datetime) -> list[Occurrence]:
    found: list[Occurrence] = []
    for event in query.between(start, end):
        first, last = event["DTSTART"].dt, event["DTEND"].dt
        begins, ends = (
            value.astimezone(UTC) if isinstance(value, datetime) else datetime.combine(value, time(), UTC)
            for value in (first, last)
        )
        if ends < begins:
            ends = begins + (last - first)  # On the wall, as both have the same zone.
        found.append((str(event["UID"]), begins, ends, str(event["SUMMARY"])))
    return sorted(found)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_view_expands_series_as_the_library_expands_the_file(batch: int, context: Context) -> None:
    chosen = random.Random(20261126 + batch)
    zone = ZONES[batch % len(ZONES)]
    counted: Counter[str] = Counter()
    with context.database.transaction():
        mailbox = mailboxes.add(context, f"oracle{batch}@example.com", "Oracle", time_zone=zone)
        for _ in range(SERIES):
            draft = a_draft(chosen, zone)
            try:
                master = calendars.create(context, mailbox.id, draft)
            except DomainError as error:
                assert "no occurrence" in error.message  # noqa: PT017 - an end before the pattern's first day
                assert isinstance(draft.recurrence and draft.recurrence.range, EndDate)
                continue
            change_some(context, chosen, master, counted)
    file = icalendar_files.export_file(context, mailbox)
    query = recurring_ical_events.of(icalendar.Calendar.from_ical(file), skip_bad_series=False)
    seen = 0
    for start, end in windows(chosen, zone):
        ours = by_the_view(context, mailbox.id, zone, start, end)
        assert ours == by_the_library(query, start, end), (zone, start, end)
        seen += len(ours)
    assert seen > 1000
    assert min(counted[kind] for kind in ("deleted", "renamed", "moved", "moved far")) > 0
    assert read_back(context, mailbox, file) == contents(context, mailbox)


def read_back(context: Context, mailbox: mailboxes.Mailbox, file: bytes) -> list[object]:
    """Return what a second mailbox holds that the file of the first was put into."""
    with context.database.transaction():
        other = mailboxes.add(context, f"other{mailbox.id}@example.com", "Other", time_zone=mailbox.time_zone)
        done = icalendar_files.import_file(context, other, file)
    assert (done.problems, done.updated, done.unchanged) == ((), 0, 0)
    return contents(context, other)


def contents(context: Context, mailbox: mailboxes.Mailbox) -> list[object]:
    """Return all that a calendar holds, without what tells when and where it was written."""
    found: list[object] = []
    for item in calendars.page(context, mailbox.id, 0, 1000).items:
        found.append(bare(item))
        known = calendars.occurrences_of(context, item.ref)
        found.append(([bare(changed) for changed in known.modified], known.deleted))
    return found


def bare(item: CalendarItem) -> CalendarItem:
    epoch = datetime.fromtimestamp(0, UTC)
    ref = ItemRef(0, 0, item.ref.original_start)
    return dataclasses.replace(item, ref=ref, change=0, created=epoch, modified=epoch)
