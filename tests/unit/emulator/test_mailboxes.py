# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes of the Exchange organisation: who has one, by which names they are found, and those of a scenario."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from imp_emulator.domain.events import MailboxChanged
from imp_emulator.domain.exchange import automatic_replies, calendars, first_contents, mailboxes
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendar_items import Draft, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.recurrence import recurrence_of
from imp_emulator.errors import Duplicate, InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.calendars import AutomaticRepliesSpec, LocalTime
from imp_emulator.scenario.model import Scenario, ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.store.database import Database
from imp_emulator.store.exchange import mailboxes as store
from imp_emulator.world.clock import Clock
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import ServicePace


@pytest.fixture
def context(unseeded: Environment) -> Context:
    return unseeded.context


@pytest.fixture
def anna(context: Context) -> Mailbox:
    names = ("a.abel@example.com", "aa@example.org")
    return mailboxes.add(context, "Anna@example.com", "Anna Abel", time_zone="Europe/Berlin", aliases=names)


@pytest.mark.parametrize(
    "name",
    ["anna@example.com", "ANNA@EXAMPLE.COM", "SMTP:anna@example.com", "smtp:A.Abel@example.com", " aa@example.org "],
)
def test_a_mailbox_is_found_by_all_its_addresses(context: Context, anna: Mailbox, name: str) -> None:
    assert mailboxes.find(context, name) == anna
    assert anna.address == "Anna@example.com"


def test_a_mailbox_is_found_by_the_names_of_its_account(context: Context, anna: Mailbox) -> None:
    other = mailboxes.add(context, "ben@example.com", "Ben")
    assert anna.sid != other.sid
    assert anna.sid.startswith("S-1-5-21-")
    assert mailboxes.by_sid(context, anna.sid.lower()) == anna
    assert mailboxes.by_principal_name(context, "anna@EXAMPLE.com") == anna
    for wrong in ("", "S-1-5-21", anna.sid + "9", anna.sid[:-1] + "²", "anna@example.com"):
        assert mailboxes.by_sid(context, wrong) is None
    assert mailboxes.find(context, "a") is mailboxes.by_principal_name(context, "a.abel@example.com") is None
    changed = mailboxes.change(context, anna, principal_name="u123@example.com")
    assert mailboxes.by_principal_name(context, "u123@example.com") == changed
    assert mailboxes.find(context, "u123@example.com") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna", ["Anna Abel"]),
        ("ABEL", ["Anna Abel"]),
        ("aa@", ["Anna Abel"]),
        ("b", ["Ben Abt", "Bo_b"]),
        ("ab", ["Anna Abel", "Ben Abt"]),
        ("nna", []),
        ("%", []),
        ("bo_b", ["Bo_b"]),
        ("be_", []),
        ("\\", []),
    ],
)
def test_search_looks_at_the_beginning_of_words(
    context: Context, anna: Mailbox, text: str, expected: list[str]
) -> None:
    mailboxes.add(context, "ben@example.com", "Ben Abt")
    mailboxes.add(context, "xob@example.com", "Bo_b")
    assert [found.display_name for found in mailboxes.search(context, text, 10)] == expected
    assert len(mailboxes.search(context, text, 1)) == min(1, len(expected))


def test_nobody_is_found_by_a_very_long_text(context: Context, anna: Mailbox) -> None:
    assert mailboxes.search(context, "a" * 60_000, 10) == []
    assert mailboxes.search(context, anna.display_name + " " * 60_000, 10) == [anna]


def test_a_principal_name_that_is_taken_is_named(context: Context, anna: Mailbox) -> None:
    ben = mailboxes.add(context, "ben@example.com", "Ben")
    with pytest.raises(Duplicate, match="principal name Anna@example") as raised:
        mailboxes.change(context, ben, principal_name="Anna@example.com", display_name="B")
    assert raised.value.field == "principal_name"
    mailboxes.change(context, anna, address="new@example.com")
    with pytest.raises(Duplicate, match="principal name anna@example"):
        mailboxes.add(context, "anna@example.com", "Second")


def test_no_two_mailboxes_share_an_address(context: Context, anna: Mailbox) -> None:
    ben = mailboxes.add(context, "ben@example.com", "Ben")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: mailboxes.add(context, "ANNA@example.com", "Other"),
        lambda: mailboxes.add(context, "aa@example.org", "Other"),
        lambda: mailboxes.add(context, "other@example.com", "Other", aliases=["Aa@example.org"]),
        lambda: mailboxes.change(context, ben, address="a.abel@example.com"),
        lambda: mailboxes.change(context, ben, aliases=["anna@example.com"]),
        lambda: mailboxes.change(context, ben, principal_name="anna@example.com"),
    )
    for attempt in attempts:
        with pytest.raises(Duplicate):
            attempt()
    assert mailboxes.get(context, ben.id) == ben
    swapped = mailboxes.change(context, anna, address="a.abel@example.com", aliases=["Anna@example.com"])
    assert (swapped.address, mailboxes.aliases(context, swapped)) == ("a.abel@example.com", ["Anna@example.com"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "anna"),
        ("address", "an na@example.com"),
        ("address", ""),
        ("display_name", " "),
        ("display_name", "x" * 257),
        ("display_name", "An\x00na"),
        ("display_name", "An\ud800na"),
        ("address", "an\x01na@example.com"),
        ("aliases", ["an\ufffena@example.com"]),
        ("time_zone", "Europe/Nowhere"),
        ("time_zone", ""),
        ("language", "english!"),
        ("aliases", ["x"]),
        ("aliases", ["b@example.com", "B@example.com"]),
        ("colour", "red"),
    ],
)
def test_values_that_break_a_rule_are_named(context: Context, anna: Mailbox, field: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as raised:
        mailboxes.change(context, anna, **{field: value})
    assert raised.value.field == field
    assert mailboxes.get(context, anna.id) == anna
    if field != "colour":
        values = {"address": "new@example.com", "display_name": "New", field: value}
        with pytest.raises(InvalidValue):
            mailboxes.add(context, **values)


def test_a_time_zone_may_have_the_name_of_windows(context: Context, anna: Mailbox) -> None:
    assert mailboxes.add(context, "b@example.com", "B", time_zone="Tokyo Standard Time").time_zone == "Asia/Tokyo"
    assert mailboxes.add(context, "c@example.com", "C", time_zone="tokyo standard time").time_zone == "Asia/Tokyo"
    assert mailboxes.change(context, anna, time_zone="UTC").time_zone == "UTC"
    assert mailboxes.change(context, anna, time_zone="GMT Standard Time").time_zone == "Europe/London"


def test_what_is_removed_is_gone_and_its_number_is_not_given_again(context: Context, anna: Mailbox) -> None:
    now = context.clock.now()
    calendars.create(context, anna.id, Draft(now, now))
    mailboxes.remove(context, anna)
    assert mailboxes.find(context, "aa@example.org") is None
    with pytest.raises(NotFound):
        mailboxes.get(context, anna.id)
    again = mailboxes.add(context, "anna@example.com", "Anna")
    assert again.id > anna.id
    assert calendars.page(context, anna.id, 0, 9).total == calendars.page(context, again.id, 0, 9).total == 0


def subjects(context: Context, mailbox: int) -> list[tuple[str, datetime]]:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    found = calendars.view(context, mailbox, start, start + timedelta(days=30)).items
    return [(item.subject, item.start) for item in found]


def test_a_mailbox_that_is_moved_leaves_a_copy_behind(context: Context, anna: Mailbox) -> None:
    nine, days = datetime(2026, 6, 1, 9, tzinfo=UTC), timedelta(days=1)
    weekly = recurrence_of("FREQ=WEEKLY;COUNT=3", nine, "UTC")
    series = calendars.create(context, anna.id, Draft(nine, nine, subject="Weekly", recurrence=weekly)).ref
    second, third = (dataclasses.replace(series, original_start=nine + weeks * 7 * days) for weeks in (1, 2))
    calendars.update(context, second, {"subject": "Late", "start": nine + 8 * days, "end": nine + 8 * days})
    calendars.delete(context, third)
    replies = AutomaticReplies("Enabled", internal_reply="Away")
    automatic_replies.set(context, anna.id, replies)
    aliases, shown = mailboxes.aliases(context, anna), subjects(context, anna.id)
    assert [subject for subject, _ in shown] == ["Weekly", "Late"]

    moved = mailboxes.move(context, anna)
    assert moved == dataclasses.replace(anna, id=moved.id)
    assert moved.id > anna.id
    for found in (
        *(mailboxes.find(context, name) for name in (anna.address, *aliases)),
        mailboxes.by_principal_name(context, anna.principal_name),
        mailboxes.by_sid(context, anna.sid),
        mailboxes.by_account(context, anna.account),
    ):
        assert found == moved
    assert mailboxes.mailboxes(context, 0, 9) == mailboxes.search(context, "anna", 9) == [moved]
    assert automatic_replies.get(context, moved.id) == replies
    assert subjects(context, moved.id) == subjects(context, anna.id) == shown

    left = mailboxes.get(context, anna.id)
    assert (left, mailboxes.aliases(context, left)) == (anna, aliases)
    (copied,) = calendars.every(context, moved.id)
    calendars.delete(context, copied.ref)
    assert (subjects(context, moved.id), subjects(context, anna.id)) == ([], shown)


def test_a_mailbox_may_be_moved_again_and_takes_its_copies_along_when_it_is_removed(
    context: Context, anna: Mailbox
) -> None:
    first = mailboxes.move(context, anna)
    last = mailboxes.change(
        context,
        mailboxes.move(context, first),
        display_name="Anna Berg",
        address="ab@example.com",
        principal_name="ab@example.com",
    )
    assert {mailboxes.owner_of(context, one.id) for one in (anna, first, last)} == {last.id}
    assert mailboxes.get(context, anna.id) == dataclasses.replace(last, id=anna.id)
    assert mailboxes.by_sid(context, anna.sid) == last
    second = mailboxes.add(context, "anna@example.com", "Second")
    assert mailboxes.by_sid(context, second.sid) == second
    mailboxes.remove(context, last)
    for gone in (anna, first, last):
        with pytest.raises(NotFound):
            mailboxes.get(context, gone.id)


def test_changes_of_mailboxes_are_told(unseeded: Environment, context: Context) -> None:
    told: list[tuple[str, str]] = []
    unseeded.events.subscribe(MailboxChanged, lambda event: told.append((event.address, event.action)))
    mailbox = mailboxes.add(context, "a@example.com", "A")
    mailbox = mailboxes.change(context, mailbox, address="b@example.com")
    mailboxes.remove(context, mailboxes.move(context, mailbox))
    assert told == [
        ("a@example.com", "added"),
        ("b@example.com", "updated"),
        ("b@example.com", "moved"),
        ("b@example.com", "removed"),
    ]


def scenario(section: dict[str, Any], users: int = 2, clusters: int = 1) -> Scenario:
    """A generated scenario with a section on mailboxes."""
    content = yaml.safe_load(generate(users=users, clusters=clusters))
    content["exchange"]["mailboxes"] = section
    return scenario_file.read(yaml.safe_dump(content))


def first_state(tmp_path: Path, found: Scenario) -> Context:
    """The mailboxes that a scenario begins with; the clock stands at noon on the 26th of November 2026, UTC."""
    database = Database(tmp_path / "scenario.sqlite3")
    clock = Clock()
    context = dataclasses.replace(Environment(database, clock, ServicePace(), found).context, clock=clock)
    clock.freeze(True)
    clock.set(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
    store.seed(database, found)
    first_contents.fill(context)
    return context


def addresses(context: Context) -> list[str]:
    return [mailbox.address for mailbox in mailboxes.mailboxes(context, 0, 100)]


def test_each_user_with_an_address_has_a_mailbox_and_the_service_account_too(tmp_path: Path) -> None:
    context = first_state(tmp_path, scenario({"time_zone": "w. europe standard Time", "language": "de-DE"}, clusters=2))
    assert addresses(context) == ["svc-imp@example.com", *(f"user000{number}@example.com" for number in range(1, 5))]
    user = mailboxes.find(context, "user0001@example.com")
    assert user is not None
    assert (user.display_name, user.time_zone, user.language) == ("Ben Baker", "Europe/Berlin", "de-DE")
    assert mailboxes.of_service_account(context) == mailboxes.find(context, "svc-imp@example.com")
    assert mailboxes.mailboxes(context, user.id, 2)[0].address == "user0002@example.com"


def test_listed_mailboxes_come_first_and_users_may_have_none(tmp_path: Path) -> None:
    listed = [{"address": "USER0002@example.com", "display_name": "Chief", "aliases": ["user0001@example.com"]}]
    context = first_state(tmp_path, scenario({"listed": listed}))
    assert addresses(context) == ["USER0002@example.com", "svc-imp@example.com"]
    (tmp_path / "scenario.sqlite3").unlink()
    assert addresses(first_state(tmp_path, scenario({"of_users": False}))) == ["svc-imp@example.com"]


def test_meetings_are_there_from_the_start(tmp_path: Path) -> None:
    meetings = [
        {"subject": "Standup", "start": "+0 09:00", "end": "+0 09:15", "recurrence": "FREQ=DAILY;COUNT=3"},
        {"subject": "Fair", "start": 1, "end": "+2", "all_day": True, "show_as": "OOF", "location": "Bonn"},
        {"subject": "Past", "start": datetime(2026, 11, 20, 9), "end": "2026-11-20T10:00"},  # noqa: DTZ001 - as YAML has it
        {"subject": "Day", "start": date(2026, 12, 24), "end": date(2026, 12, 24), "all_day": True},
    ]
    listed = [{"address": "anna@example.com", "time_zone": "Europe/Berlin", "meetings": meetings}]
    context = first_state(tmp_path, scenario({"listed": listed}))
    box = mailboxes.find(context, "anna@example.com")
    assert box is not None
    found = calendars.view(context, box.id, datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)).items
    assert [(item.subject, f"{item.start:%m-%d %H}", f"{item.end:%m-%d %H}", item.kind) for item in found] == [
        ("Past", "11-20 08", "11-20 09", Kind.SINGLE),
        ("Standup", "11-26 08", "11-26 08", Kind.OCCURRENCE),
        ("Fair", "11-26 23", "11-27 23", Kind.SINGLE),
        ("Standup", "11-27 08", "11-27 08", Kind.OCCURRENCE),
        ("Standup", "11-28 08", "11-28 08", Kind.OCCURRENCE),
        ("Day", "12-23 23", "12-24 23", Kind.SINGLE),
    ]
    assert (found[2].show_as, found[2].location, found[2].all_day) == ("OOF", "Bonn", True)


def test_automatic_replies_are_read(tmp_path: Path) -> None:
    replies = {"state": "Scheduled", "start": "+0 08:00", "end": "+5 18:00", "internal_reply": "Away"}
    listed = [{"address": "anna@example.com", "automatic_replies": replies}]
    (mailbox,) = scenario({"listed": listed}).mailboxes.listed
    assert mailbox.automatic_replies == AutomaticRepliesSpec(
        "Scheduled",
        "All",
        LocalTime(0, datetime(1, 1, 1, 8).time()),  # noqa: DTZ001 - a time of the day
        LocalTime(5, datetime(1, 1, 1, 18).time()),  # noqa: DTZ001
        "Away",
    )


@pytest.mark.parametrize(
    ("listed", "place", "rule"),
    [
        ({"address": "anna"}, "address", "an address like anna@example.com"),
        ({}, "address", "is missing"),
        ({"time_zone": "Mars"}, "time_zone", "an IANA name like Europe/Berlin or a Windows name"),
        ({"language": "x"}, "language", "a language tag"),
        ({"display_name": ""}, "display_name", "1 to 256 characters"),
        ({"aliases": ["b"]}, "aliases[0]", "an address like"),
        ({"aliases": ["ANNA@example.com"]}, "aliases", "twice"),
        ({"colour": "red"}, "colour", "is not known here"),
        ({"meetings": [{"start": "+0 09:00"}]}, "meetings[0].end", "is missing"),
        ({"meetings": [{"start": "nine", "end": "+0 10:00"}]}, "meetings[0].start", "a time without a zone"),
        ({"meetings": [{"start": "2026-11-30T09:00Z", "end": "+0"}]}, "meetings[0].start", "a time without a zone"),
        ({"meetings": [{"start": True, "end": "+0"}]}, "meetings[0].start", "a time without a zone"),
        ({"meetings": [{"start": "+0", "end": "+0", "show_as": "Away"}]}, "meetings[0].show_as", "must be one of"),
        ({"automatic_replies": {"state": "On"}}, "automatic_replies.state", "must be one of"),
        ({"automatic_replies": {"state": "Scheduled", "start": "+0"}}, "automatic_replies", "a start and an end"),
        ({"automatic_replies": {"state": "Enabled", "start": "+0", "end": "+1"}}, "automatic_replies", "only then"),
    ],
)
def test_what_is_wrong_in_a_scenario_is_named(listed: dict[str, Any], place: str, rule: str) -> None:
    address = {} if rule == "is missing" and place == "address" else {"address": "anna@example.com"}
    with pytest.raises(ScenarioError) as raised:
        scenario({"listed": [{**address, **listed}]})
    assert raised.value.place.startswith("exchange.mailboxes.listed")
    assert raised.value.place.endswith(place)
    assert rule in raised.value.rule


@pytest.mark.parametrize(
    ("meeting", "rule"),
    [
        ({"start": "+0 09:00", "end": "+0 08:00"}, "The end must not be before the start."),
        ({"start": "+0 09:00", "end": "+0 10:00", "recurrence": "FREQ=HOURLY"}, "FREQ must be one of"),
    ],
)
def test_a_meeting_that_cannot_be_is_named_when_the_state_is_made(
    tmp_path: Path, meeting: dict[str, Any], rule: str
) -> None:
    found = scenario({"listed": [{"address": "anna@example.com", "meetings": [meeting]}]})
    with pytest.raises(ScenarioError, match=r"exchange\.mailboxes\.listed\[0\]\.meetings\[0\]") as raised:
        first_state(tmp_path, found)
    assert rule in raised.value.rule


def test_ten_thousand_mailboxes_are_rows_and_nothing_else(tmp_path: Path) -> None:
    database = Database(tmp_path / "many.sqlite3")
    found = scenario({}, users=10_000)
    store.seed(database, found)
    tables = [row["name"] for row in database.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = {name: database.all(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}
    assert {name: number for name, number in counted.items() if number} == {"mailbox": 10_001, "sqlite_sequence": 1}
    assert found.mailboxes.listed == ()
