# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendar files of other programs go into a mailbox, and what is odd in one fails alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from imp_emulator.domain.exchange import calendars, mailboxes
from imp_emulator.domain.exchange.calendar_items import Attendee, Draft, Kind
from imp_emulator.domain.exchange.icalendar_files import Imported, export_file, import_file
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.recurrence import Daily, EndDate, NoEnd, Numbered, Recurrence
from imp_emulator.errors import InvalidValue
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from tests.support.calendar_files import GOOD, RULES, calendar, only

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def context(unseeded: Environment) -> Context:
    return unseeded.context


@pytest.fixture
def box(context: Context) -> Mailbox:
    return mailboxes.add(context, "anna@example.com", "Anna Abel", time_zone="Europe/Berlin")


def counts(done: Imported) -> tuple[int, int, int, int]:
    return done.created, done.updated, done.unchanged, done.deleted


def test_an_event_is_an_item(context: Context, box: Mailbox) -> None:
    item = only(
        context,
        box,
        "UID:one\nDTSTART;TZID=Europe/Berlin:20261130T090000\nDTEND;TZID=Europe/London:20261130T090000\n"
        "SUMMARY:Größe\\, Farbe\\; und\\nForm\nLOCATION:Raum 1\nDESCRIPTION:Text\nCLASS:PRIVATE\nPRIORITY:1\n"
        "CATEGORIES:Red,Blue\\, dark\nCATEGORIES:Green\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\n"
        "ORGANIZER;CN=Olga:MAILTO:olga@example.com\n"
        'ATTENDEE;CN="Abel, Anna";PARTSTAT=TENTATIVE:mailto:Anna@example.com\n'
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION:mailto:ben@example.com\n"
        "ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room1@example.com\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM",
    )
    assert (item.start, item.end) == (datetime(2026, 11, 30, 8, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert (item.zone, item.end_zone, item.uid, item.kind) == ("Europe/Berlin", "Europe/London", "one", Kind.SINGLE)
    assert (item.subject, item.location, item.body) == ("Größe, Farbe; und\nForm", "Raum 1", "Text")
    assert (item.sensitivity, item.importance, item.show_as) == ("Private", "High", "OOF")
    assert (item.categories, item.reminder_minutes) == (("Red", "Blue, dark", "Green"), 15)
    assert item.organizer == Attendee("olga@example.com", "Olga")
    assert item.attendees == (
        Attendee("Anna@example.com", "Abel, Anna", "required", "Tentative"),
        Attendee("ben@example.com", "", "optional", "NoResponseReceived"),
        Attendee("room1@example.com", "", "resource", "Accept"),
    )
    assert item.response == "Tentative"


@pytest.mark.parametrize(
    ("start", "zone", "utc"),
    [
        ("DTSTART:20261130T090000Z", "UTC", 9),
        ("DTSTART:20261130T090000", "Europe/Berlin", 8),
        ("DTSTART;TZID=W. Europe Standard Time:20261130T090000", "Europe/Berlin", 8),
        ('DTSTART;TZID="GMT Standard Time":20261130T090000', "Europe/London", 9),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/America/New_York:20261130T090000", "America/New_York", 14),
        (
            "DTSTART;TZID=/mozilla.org/20070129_1/America/Argentina/Ushuaia:20261130T090000",
            "America/Argentina/Ushuaia",
            12,
        ),
        ('DTSTART;TZID="tzone://Microsoft/Utc":20261130T090000', "UTC", 9),
        ("DTSTART;TZID=My zone:20261130T090000", "Europe/Berlin", 8),
        ("DTSTART;TZID=Fewer:20261130T090000", "UTC", 7),
    ],
)
def test_zones_are_known_by_many_names_and_by_rules(
    context: Context, box: Mailbox, start: str, zone: str, utc: int
) -> None:
    rules = [RULES.format(name="My zone", winter="+0100", summer="+0200")]
    rules.append(RULES.format(name="Fewer", winter="+0200", summer="+0317"))
    item = only(context, box, *rules, f"UID:a\n{start}\nDURATION:PT1H")
    assert (item.zone, item.start) == (zone, datetime(2026, 11, 30, utc, tzinfo=UTC))
    assert item.end == item.start + HOUR


def test_rules_that_change_the_clock_on_other_days_are_another_zone(context: Context, box: Mailbox) -> None:
    rules = RULES.format(name="Mine", winter="+0100", summer="+0200").replace("-1SU;BYMONTH=10", "4SU;BYMONTH=10")
    item = only(context, box, rules, "UID:a\nDTSTART;TZID=Mine:20260320T090000")
    assert (item.zone, item.start) == ("UTC", datetime(2026, 3, 20, 8, tzinfo=UTC))


def test_rules_of_the_same_name_are_those_of_their_file(context: Context, box: Mailbox) -> None:
    event = "UID:a\nDTSTART;TZID=Mine:20261130T090000"
    first = only(context, box, RULES.format(name="Mine", winter="+0100", summer="+0200"), event)
    second = import_file(context, box, calendar(RULES.format(name="Mine", winter="+0200", summer="+0300"), event))
    assert counts(second) == (0, 1, 0, 0)
    assert calendars.get(context, first.ref).start == first.start - HOUR


@pytest.mark.parametrize(
    ("lines", "start", "end", "all_day"),
    [
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", (23, 23), (26, 23), True),
        ("DTSTART;VALUE=DATE:20261224", (23, 23), (24, 23), True),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", (23, 23), (24, 23), True),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", (23, 23), (25, 23), True),
        ("DTSTART:20261224T000000\nDTEND:20261225T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", (23, 23), (24, 23), True),
        ("DTSTART:20261224T090000", (24, 8), (24, 8), False),
        ("DTSTART:20261224T090000\nDURATION:P1DT1H", (24, 8), (25, 9), False),
    ],
)
def test_dates_and_durations(
    context: Context, box: Mailbox, lines: str, start: tuple[int, int], end: tuple[int, int], all_day: bool
) -> None:
    item = only(context, box, f"UID:a\n{lines}")
    assert [(face.day, face.hour) for face in (item.start, item.end)] == [start, end]
    assert item.all_day is all_day


def test_until_the_end_of_all_years_is_no_end(context: Context, box: Mailbox) -> None:
    item = only(context, box, "UID:a\nDTSTART;TZID=America/New_York:20261201T230000\nRRULE:FREQ=DAILY;UNTIL=99991231")
    assert item.recurrence is not None
    assert item.recurrence.range == NoEnd()


def test_days_of_a_duration_are_days_on_the_wall_and_hours_are_hours(context: Context, box: Mailbox) -> None:
    lengths = {"P1D": timedelta(hours=25), "PT24H": timedelta(hours=24), "P1W": timedelta(hours=169)}
    for number, duration in enumerate(lengths):
        event = f"UID:{number}\nSUMMARY:{duration}\nDTSTART:20261024T120000\nDURATION:{duration}"
        import_file(context, box, calendar(event))
    found = calendars.page(context, box.id, 0, 9).items
    assert {item.subject: item.end - item.start for item in found} == lengths


@pytest.mark.parametrize(
    ("lines", "show_as", "cancelled"),
    [
        ("", "Busy", False),
        ("TRANSP:OPAQUE", "Busy", False),
        ("TRANSP:TRANSPARENT", "Free", False),
        ("STATUS:TENTATIVE", "Tentative", False),
        ("STATUS:CONFIRMED", "Busy", False),
        ("STATUS:CANCELLED", "Free", True),
        ("TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "WorkingElsewhere", False),
        ("TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:tentative", "Tentative", False),
    ],
)
def test_how_an_event_shows_its_owner(
    context: Context, box: Mailbox, lines: str, show_as: str, cancelled: bool
) -> None:
    item = only(context, box, f"UID:a\nDTSTART:20261224T090000\n{lines}".rstrip())
    assert (item.show_as, item.is_cancelled) == (show_as, cancelled)


@pytest.mark.parametrize(
    ("trigger", "minutes"),
    [
        ("TRIGGER:-P1D", 1440),
        ("TRIGGER;RELATED=END:-PT75M", 15),
        ("TRIGGER;VALUE=DATE-TIME:20261224T073000Z", 30),
        ("TRIGGER:PT15M", None),
        ("TRIGGER:PT0S", 0),
    ],
)
def test_alarms_are_minutes_before_the_start(context: Context, box: Mailbox, trigger: str, minutes: int | None) -> None:
    alarm = f"BEGIN:VALARM\nACTION:AUDIO\n{trigger}\nEND:VALARM"
    assert only(context, box, f"UID:a\nDTSTART:20261224T090000\nDURATION:PT1H\n{alarm}").reminder_minutes == minutes


def test_a_series_with_its_exceptions(context: Context, box: Mailbox) -> None:
    done = import_file(
        context,
        box,
        calendar(
            "UID:a\nRECURRENCE-ID;TZID=W. Europe Standard Time:20261203T090000\nDTSTART:20261203T110000Z\n"
            "SUMMARY:moved",
            "UID:a\nDTSTART;TZID=Europe/Berlin:20261201T090000\nDURATION:PT1H\nSUMMARY:Standup\n"
            "RRULE:FREQ=DAILY;UNTIL=20261206T080000Z\nEXDATE;TZID=Europe/Berlin:20261202T090000,20261224T090000\n"
            "EXDATE;VALUE=DATE:20261204",
            "UID:a\nRECURRENCE-ID;VALUE=DATE:20261205\nDTSTART:20261205T080000Z\nDURATION:PT2H\nSUMMARY:longer",
        ),
    )
    assert (done.created, done.problems) == (1, ())
    found = calendars.view(context, box.id, datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)).items
    assert [(item.start.day, item.start.hour, item.subject, item.kind.value) for item in found] == [
        (1, 8, "Standup", "Occurrence"),
        (3, 11, "moved", "Exception"),
        (5, 8, "longer", "Exception"),
        (6, 8, "Standup", "Occurrence"),
    ]
    assert found[1].end == found[1].start


def test_a_file_that_comes_again_changes_nothing_and_another_one_what_differs(context: Context, box: Mailbox) -> None:
    series = "UID:a\nDTSTART:20261201T090000\nRRULE:FREQ=DAILY;COUNT=5\nCATEGORIES:x\nATTENDEE:mailto:b@example.com"
    other = "UID:b\nDTSTART:20261201T090000"
    exception = "UID:a\nRECURRENCE-ID:20261202T090000\nDTSTART:20261202T100000"
    assert counts(import_file(context, box, calendar(series, other, exception))) == (2, 0, 0, 0)
    before = calendars.page(context, box.id, 0, 9).items
    assert counts(import_file(context, box, calendar(exception, series, other), replace=True)) == (0, 0, 2, 0)
    assert calendars.page(context, box.id, 0, 9).items == before
    assert counts(import_file(context, box, calendar(series))) == (0, 1, 0, 0)
    assert calendars.occurrences_of(context, before[0].ref).modified == ()
    assert counts(import_file(context, box, calendar(series + "\nEXDATE:20261203T090000"), replace=True)) == (
        0,
        1,
        0,
        1,
    )
    assert counts(import_file(context, box, calendar("UID:a\nDTSTART:20261201T090000"))) == (0, 1, 0, 0)
    (item,) = calendars.page(context, box.id, 0, 9).items
    assert (item.ref, item.kind) == (before[0].ref, Kind.SINGLE)


def test_an_event_without_uid_is_the_same_when_it_comes_again(context: Context, box: Mailbox) -> None:
    file = calendar("DTSTART:20261201T090000\nSUMMARY:a", "DTSTART:20261201T090000\nSUMMARY:b")
    assert counts(import_file(context, box, file)) == (2, 0, 0, 0)
    assert counts(import_file(context, box, file)) == (0, 0, 2, 0)


def test_the_last_revision_counts(context: Context, box: Mailbox) -> None:
    revisions = [f"UID:a\nSEQUENCE:{number}\nDTSTART:20261201T090000\nSUMMARY:{number}" for number in (1, 3, 2)]
    assert only(context, box, *revisions).subject == "3"


def test_an_occurrence_without_its_series_is_an_item(context: Context, box: Mailbox) -> None:
    event = "UID:a\nRECURRENCE-ID:20261202T090000Z\nDTSTART:20261202T100000Z"
    item = only(
        context,
        box,
        event,
    )
    assert (item.kind, item.uid) == (Kind.SINGLE, "a/20261202T090000Z")
    assert counts(import_file(context, box, calendar(event), replace=True)) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ("UID:x", "it must have one DTSTART, not 0"),
        ("UID:x\nDTSTART:20261201T090000Z\nDTSTART:20261202T090000Z", "it must have one DTSTART, not 2"),
        ("UID:x\nDTSTART:tomorrow", "DTSTART must be a date or a time like 20261130T090000, not 'tomorrow'"),
        ("UID:x\nDTSTART:20261201T090000Z\nDTEND:20261201T080000Z", "The end must not be before the start."),
        ("UID:x\nDTSTART:20261201T090000Z\nDTEND;VALUE=DATE:20261202", "must both be dates or both be times"),
        ("UID:x\nDTSTART:20261201T090000Z\nDURATION:1 hour", "DURATION must be like PT30M"),
        ("UID:x\nDTSTART;TZID=Nowhere:20261201T090000", "nobody knows the time zone 'Nowhere'; give an IANA name"),
        ("UID:x\nDTSTART;TZID=Broken:20261201T090000", "the VTIMEZONE 'Broken' on line 3 is broken"),
        (
            "UID:x\nDTSTART;TZID=Odd:20261201T090000\nRRULE:FREQ=DAILY",
            "no time zone has the rules of the VTIMEZONE 'Odd'",
        ),
        ("UID:x\nDTSTART:20261201T090000Z\nRRULE:FREQ=SECONDLY", "FREQ must be one of"),
        ("UID:x\nDTSTART:20261201T090000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "more than one RRULE"),
        (
            "UID:x\nDTSTART:20261201T090000Z\nRRULE:FREQ=WEEKLY;BYDAY=WE",
            "whose first is 2026-12-02; have it start there",
        ),
        (
            "UID:x\nDTSTART:20261201T090000Z\nRDATE:20261202T090000Z",
            "RDATE; make an event of its own of each such date",
        ),
        ("UID:x\nDTSTART:20261201T090000Z\nEXRULE:FREQ=DAILY", "EXRULE; use EXDATE"),
        ("UID:x\nDTSTART:20261201T090000Z\nRRULE:FREQ=DAILY;COUNT=1\nEXDATE:20261201T090000Z", "leaves nothing"),
        ("UID:x\nDTSTART:20261201T090000Z\nRRULE:FREQ=DAILY\nEXDATE:x", "EXDATE must be a date or a time"),
        ("UID:x\nDTSTART:20261201T090000Z\nX-MICROSOFT-CDO-BUSYSTATUS:AWAY", "must be one of FREE, TENTATIVE"),
        ("UID:x\nDTSTART:20261201T090000Z\nSUMMARY:a\x07b", "a character that XML cannot carry"),
        ("UID:x\nDTSTART:20261201T090000Z\nBEGIN:VALARM\nTRIGGER:soon\nEND:VALARM", "TRIGGER must be like -PT15M"),
        ("UID:x\nDTSTART:20261201T090000Z\nno line", "'no line' is no line of a calendar"),
        ("UID:x\nDTSTART:20261201T090000Z\nBEGIN:VALARM\nno line\nEND:VALARM", "'no line' is no line of a calendar"),
        ("UID:x\nDTSTART:20261201T090000Z\nEND:VALARM", "END:VALARM has no BEGIN:VALARM"),
        ("UID:x\nDTSTART:20261201T090000Z\nBEGIN:VALARM", "BEGIN:VALARM has no END:VALARM"),
        ("UID:x\nDTSTART:20261201T090000Z\nBEGIN:VEVENT\nUID:y", "BEGIN:VEVENT has no END:VEVENT"),
        ("UID:good\nDTSTART:20261201T100000Z", "has the same UID; give each event a UID of its own"),
        ("UID:good\nRECURRENCE-ID:20261201T090000Z\nDTSTART:20261201T090000Z", "does not recur"),
        ("UID:x\nDTSTART:99991231T000000Z", "DTSTART must be in the years 1601 to 4500"),
        ("UID:x\nDTSTART;TZID=Asia/Tokyo:00010101T000000", "DTSTART must be in the years 1601 to 4500"),
        ("UID:x\nDTSTART:20261201T090000Z\nDURATION:P99999999D", "must not last more than 5 years"),
        ("UID:x\nDTSTART:20261201T090000Z\nBEGIN:VALARM\nTRIGGER:-P99999999D\nEND:VALARM", "TRIGGER is more than"),
        ("UID:x\nDTSTART:20350101T000000Z\nDTEND:20400102T000000Z", "more than 5 years"),
    ],
)
def test_one_odd_event_fails_alone_and_is_named(context: Context, box: Mailbox, event: str, named: str) -> None:
    broken = "BEGIN:VTIMEZONE\nTZID:Broken\nBEGIN:STANDARD\nTZOFFSETTO:late\nEND:STANDARD\nEND:VTIMEZONE"
    odd = RULES.format(name="Odd", winter="+0217", summer="+0317")
    file = calendar(broken, odd, GOOD, event, "UID:later\nDTSTART:20261201T090000Z")
    done = import_file(context, box, file)
    problem = done.problems[0]
    assert named in problem.reason
    assert problem.uid == event.partition("\n")[0].removeprefix("UID:")
    first = file.decode().split("\n").index("UID:later") - event.count("\n") - 3
    assert first <= problem.line <= first + event.count("\n") + 1
    assert str(problem).startswith(f"line {problem.line}, event {problem.uid}: ")
    assert {item.uid for item in calendars.page(context, box.id, 0, 9).items} >= {"good", "later"}


@pytest.mark.parametrize(
    ("exception", "named"),
    [
        (
            "RECURRENCE-ID:20261201T100000Z\nDTSTART:20261201T100000Z",
            "has no occurrence at RECURRENCE-ID 20261201T100000Z",
        ),
        ("RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T090000Z\nDTSTART:20261202T100000Z", "RANGE; end the series there"),
        ("RECURRENCE-ID:20261202T090000Z\nDTSTART:20261202T100000Z\nRRULE:FREQ=DAILY", "cannot recur itself"),
        ("RECURRENCE-ID:20261202T090000Z\nDTSTART:never", "DTSTART must be"),
    ],
)
def test_an_odd_exception_leaves_its_series_as_it_is(
    context: Context, box: Mailbox, exception: str, named: str
) -> None:
    series = "UID:a\nDTSTART:20261201T090000Z\nRRULE:FREQ=DAILY;COUNT=3"
    good = "UID:a\nRECURRENCE-ID:20261203T090000Z\nDTSTART:20261203T100000Z"
    done = import_file(context, box, calendar(series, f"UID:a\n{exception}", good))
    assert done.created == 1
    (problem,) = done.problems
    assert named in problem.reason
    assert problem.line == 8
    (item,) = calendars.page(context, box.id, 0, 9).items
    assert len(calendars.occurrences_of(context, item.ref).modified) == 1


def test_exceptions_of_an_odd_series_are_named_too(context: Context, box: Mailbox) -> None:
    series = "UID:a\nDTSTART:20261201T090000Z\nRRULE:FREQ=HOURLY"
    exception = "UID:a\nRECURRENCE-ID:20261203T090000Z\nDTSTART:20261203T100000Z"
    done = import_file(context, box, calendar(series, exception))
    assert [problem.line for problem in done.problems] == [3, 8]
    assert "its series on line 3 was not taken" in done.problems[1].reason
    assert calendars.page(context, box.id, 0, 9).total == 0


def test_an_odd_event_of_a_file_that_replaces_all_does_not_delete_what_is_there(context: Context, box: Mailbox) -> None:
    import_file(context, box, calendar(GOOD, "UID:gone\nDTSTART:20261201T090000Z"))
    done = import_file(context, box, calendar("UID:good\nDTSTART:tomorrow"), replace=True)
    assert counts(done) == (0, 0, 0, 1)
    assert [item.uid for item in calendars.page(context, box.id, 0, 9).items] == ["good"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_breaks_marks_and_folds(context: Context, box: Mailbox, line_break: str, mark: bytes) -> None:
    text = calendar("UID:a\nDTSTART:20261201T090000Z\nSUMMARY:long").decode().replace("\n", line_break).encode()
    folded = text.replace(b"long", "lä".encode()[:2] + f"{line_break} ".encode() + "ä".encode()[1:] + b"nger")
    done = import_file(context, box, mark + folded)
    assert (done.created, done.problems) == (1, ())
    assert calendars.page(context, box.id, 0, 9).items[0].subject == "länger"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_utf_16_is_read(context: Context, box: Mailbox, encoding: str) -> None:
    file = calendar(GOOD).decode().encode(encoding)
    done = import_file(context, box, file)
    assert (done.created, done.problems) == (1, ())


def test_what_is_no_utf_8_fails_where_it_stands(context: Context, box: Mailbox) -> None:
    file = calendar(GOOD, "UID:a\nDTSTART:20261201T090000Z\nSUMMARY:GROESSE").replace(
        b"GROESSE", "Größe".encode("latin-1")
    )
    done = import_file(context, box, file)
    assert [(problem.uid, problem.line, problem.reason) for problem in done.problems] == [
        ("a", 10, "is not UTF-8; save the file as UTF-8")
    ]
    assert done.created == 1


def test_a_file_that_is_cut_off_gives_its_whole_events(context: Context, box: Mailbox) -> None:
    file = calendar(GOOD, "UID:cut\nDTSTART:20261201T090000Z")
    done = import_file(context, box, file[: file.rindex(b"END:VEVENT")])
    assert (done.created, [problem.uid for problem in done.problems]) == (1, ["cut"])


@pytest.mark.parametrize("content", [b"", b"hello", b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"\xff\xfe", b"<html>\n</html>\n"])
def test_what_is_no_calendar_is_refused_whole(context: Context, box: Mailbox, content: bytes) -> None:
    with pytest.raises(InvalidValue, match="BEGIN:VCALENDAR"):
        import_file(context, box, content)


def test_what_is_no_event_is_counted(context: Context, box: Mailbox) -> None:
    done = import_file(context, box, calendar("BEGIN:VTODO\nUID:t\nEND:VTODO", GOOD, "BEGIN:VJOURNAL\nEND:VJOURNAL"))
    assert (done.created, done.problems, done.ignored) == (1, (), {"VTODO": 1, "VJOURNAL": 1})


def test_what_is_written_is_read_to_the_same_items(context: Context, box: Mailbox) -> None:
    start = datetime(2026, 11, 30, 8, tzinfo=UTC)
    full = Draft(
        start,
        start + HOUR,
        zone="Asia/Tokyo",
        end_zone="America/New_York",
        show_as="WorkingElsewhere",
        subject="A; b, c\\ d\nnew: line",
        location="Räume",
        body='<p style="x">a;b</p>',
        body_type="HTML",
        sensitivity="Personal",
        importance="Low",
        categories=("Red, dark", "b;c"),
        reminder_minutes=20,
        organizer=Attendee("anna@example.com", 'A "b"', "required", "Organizer"),
        attendees=(
            Attendee("b@example.com", "Ä, B: c", "optional", "Decline"),
            Attendee("r@example.com", "", "resource"),
        ),
        response="NoResponseReceived",
        is_cancelled=True,
        uid="full",
        others={"Culture": '<t:Culture xmlns:t="urn:t" a="b">en-US;\n</t:Culture>', "Other": "<x>&lt;</x>"},
    )
    all_day = Draft(start, start + DAY, zone="Asia/Tokyo", all_day=True, uid="far")
    second_face = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    twice = Draft(second_face, second_face + HOUR, zone="Europe/Berlin", uid="twice")
    repeats = Recurrence(Daily(3), date(2026, 11, 30), EndDate(date(2027, 11, 30)))
    series = Draft(start, start + HOUR, zone="America/New_York", end_zone="Asia/Tokyo", uid="s", recurrence=repeats)
    days = Recurrence(Daily(), date(2026, 11, 30), Numbered(4))
    for draft in (full, all_day, twice, series, Draft(start, start, zone="Asia/Tokyo", all_day=True, recurrence=days)):
        calendars.create(context, box.id, draft)
    master = calendars.by_uid(context, box.id, "s")[0]
    calendars.update(
        context, calendars.occurrence(context, master.ref, 2).ref, {"all_day": True, "reminder_minutes": 5}
    )
    calendars.delete(context, calendars.occurrence(context, master.ref, 3).ref)
    other = mailboxes.add(context, "same@example.com", "Same", time_zone="Europe/Berlin")
    mailboxes.change(context, box, address="old@example.com")
    mailboxes.change(context, other, address="anna@example.com")
    file = export_file(context, mailboxes.get(context, box.id))
    done = import_file(context, mailboxes.get(context, other.id), file)
    assert (counts(done), done.problems) == ((5, 0, 0, 0), ())
    assert _told(context, other) == _told(context, box)
    assert import_file(context, mailboxes.get(context, box.id), file, replace=True).unchanged == 5
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))


def _told(context: Context, box: Mailbox) -> list[object]:
    found: list[object] = []
    for item in calendars.page(context, box.id, 0, 99).items:
        found.append([getattr(item, name) for name in Draft.__dataclass_fields__])
        if item.kind is Kind.MASTER:
            known = calendars.occurrences_of(context, item.ref)
            found.append(known.deleted)
            found.extend([getattr(changed, name) for name in Draft.__dataclass_fields__] for changed in known.modified)
    return found
