# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar files that no program should write: what is odd in one is cheap, and costs nothing else in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from imp_emulator.domain.events import CalendarItemChanged
from imp_emulator.domain.exchange import calendars, icalendar_zones, mailboxes
from imp_emulator.domain.exchange.icalendar_files import import_file
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from tests.support.calendar_files import GOOD, RULES, calendar, only


@pytest.fixture
def context(unseeded: Environment) -> Context:
    return unseeded.context


@pytest.fixture
def box(context: Context) -> Mailbox:
    return mailboxes.add(context, "anna@example.com", "Anna Abel", time_zone="Europe/Berlin")


def test_components_without_an_end_are_refused_quickly(context: Context, box: Mailbox) -> None:
    with pytest.raises(InvalidValue, match="line 11 begins a component within 10 others"):
        import_file(context, box, b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 30_000)


@pytest.mark.parametrize("lost", ["BEGIN:VTODO", "BEGIN:VTIMEZONE\nBEGIN:STANDARD", "BEGIN:VCALENDAR", "BEGIN:VEVENT"])
def test_what_is_never_ended_takes_no_other_event_with_it(context: Context, box: Mailbox, lost: str) -> None:
    file = b"\n".join([b"BEGIN:VCALENDAR", *[lost.encode()] * 20, calendar(GOOD)])
    done = import_file(context, box, file)
    assert (done.created, [item.uid for item in calendars.page(context, box.id, 0, 9).items]) == (1, ["good"])


@pytest.mark.parametrize(
    ("said", "importance"),
    [
        ("1", "High"),
        ("4", "High"),
        ("5", "Normal"),
        ("9", "Low"),
        ("0", "Normal"),
        ("²", "Normal"),
        ("9" * 5000, "Normal"),
    ],
)
def test_a_priority_that_is_none_says_nothing(context: Context, box: Mailbox, said: str, importance: str) -> None:
    assert only(context, box, f"{GOOD}\nPRIORITY:{said}").importance == importance


def test_a_reminder_years_before_the_start_fails_alone(context: Context, box: Mailbox) -> None:
    alarm = "BEGIN:VALARM\nTRIGGER:-P{}D\nEND:VALARM"
    early = f"UID:early\nDTSTART:20261201T090000Z\n{alarm.format(1827)}"
    done = import_file(context, box, calendar(f"{GOOD}\n{alarm.format(1826)}", early))
    assert (done.created, [problem.uid for problem in done.problems]) == (1, ["early"])


def test_many_dates_that_are_left_out_are_one_change(context: Context, box: Mailbox) -> None:
    changed: list[CalendarItemChanged] = []
    context.events.subscribe(CalendarItemChanged, changed.append)
    left_out = ",".join(f"{date(2026, 12, 1) + timedelta(days=number):%Y%m%d}T090000Z" for number in range(600))
    item = only(context, box, f"UID:many\nDTSTART:20261201T090000Z\nRRULE:FREQ=DAILY\nEXDATE:{left_out}")
    assert len(calendars.occurrences_of(context, item.ref).deleted) == 600
    assert [event.action for event in changed] == ["created", "modified"]


@pytest.mark.parametrize("odd", ["SUMMARY:\n\xff", "no line of a calendar"])
def test_an_odd_event_without_a_uid_keeps_nothing_that_the_file_lacks(context: Context, box: Mailbox, odd: str) -> None:
    import_file(context, box, calendar(GOOD, GOOD.replace("good", "gone")))
    done = import_file(context, box, calendar(GOOD, odd), replace=True)
    assert (len(done.problems), done.unchanged, done.deleted) == (1, 1, 1)


@pytest.mark.parametrize(("uid", "deleted"), [("good/20261201T090000Z", 0), ("good/other", 1)])
def test_only_an_occurrence_is_kept_for_its_series(context: Context, box: Mailbox, uid: str, deleted: int) -> None:
    import_file(context, box, calendar(GOOD.replace("good", uid)))
    assert import_file(context, box, calendar(GOOD), replace=True).deleted == deleted


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "<t:a/>",
        "<a/><b/>",
        "<a>&#1\\;</a>",
        "<a>&b\\;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b\\;</a>",
        "<?xml version='1.0' encoding='UTF-16'?><a/>",
    ],
)
def test_an_element_that_no_client_could_read_fails_alone(context: Context, box: Mailbox, odd: str) -> None:
    event = f"UID:odd\nDTSTART:20261201T090000Z\nX-IMP-EMULATOR-ELEMENT;X-NAME=Culture:{odd}"
    done = import_file(context, box, calendar(GOOD, event))
    assert (done.created, [problem.uid for problem in done.problems]) == (1, ["odd"])


def test_rules_of_no_known_zone_are_compared_once_for_a_year(
    context: Context, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    candidates = icalendar_zones._candidates

    def look(preferred: str) -> Iterator[str]:
        looks.append(preferred)
        return candidates(preferred)

    monkeypatch.setattr(icalendar_zones, "_candidates", look)
    rules = RULES.format(name="Odd", summer="+0217", winter="+0117")
    events = [f"UID:{number}\nDTSTART;TZID=Odd:20261201T090000" for number in range(5)]
    assert import_file(context, box, calendar(rules, *events)).created == 5
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("sequences", "subject", "problems"),
    [(("0", "1"), "second", []), (("1", "0"), "first", []), (("1", "1"), "first", [15]), (("", "x"), "first", [15])],
)
def test_of_two_revisions_of_an_occurrence_the_last_counts(
    context: Context, box: Mailbox, sequences: tuple[str, str], subject: str, problems: list[int]
) -> None:
    start = "UID:s\nDTSTART:20261201T090000Z"
    events = [
        f"{start}\nRECURRENCE-ID:20261202T090000Z\nSUMMARY:{word}\nSEQUENCE:{sequence}"
        for word, sequence in zip(("first", "second"), sequences, strict=True)
    ]
    file = calendar(f"{start}\nRRULE:FREQ=DAILY;COUNT=3", *events)
    assert [problem.line for problem in import_file(context, box, file).problems] == problems
    assert import_file(context, box, file).unchanged == 1
    (master,) = calendars.page(context, box.id, 0, 9).items
    assert [changed.subject for changed in calendars.occurrences_of(context, master.ref).modified] == [subject]
