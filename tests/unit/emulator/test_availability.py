# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free and busy times, zones by their rules, and automatic replies."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest
import yaml

from imp_emulator.domain.events import AutomaticRepliesChanged
from imp_emulator.domain.exchange import automatic_replies, availability, calendars, mailboxes, zone_rules
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.calendars import CalendarItem, Draft, ItemRef, Kind
from imp_emulator.domain.exchange.zone_rules import ClockChange, ZoneRules
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.world.environment import Environment
from tests.support import states

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 26, hour, minute, tzinfo=UTC)


def put(emulated: Environment, start: datetime, end: datetime, show_as: str = "Busy") -> int:
    mailbox = mailboxes.find(emulated.context, "user0001@example.com")
    assert mailbox is not None
    with emulated.database.transaction():
        calendars.create(emulated.context, mailbox.id, Draft(start, end, show_as=show_as))
    return mailbox.id


def digits(emulated: Environment, minutes: int, start: datetime, end: datetime) -> str:
    mailbox = mailboxes.find(emulated.context, "user0001@example.com")
    assert mailbox is not None
    return availability.merged(availability.entries(emulated.context, mailbox.id, start, end), start, end, minutes)


@pytest.mark.parametrize(
    ("show_as", "digit"),
    [("Free", "0"), ("Tentative", "1"), ("Busy", "2"), ("OOF", "3"), ("WorkingElsewhere", "4"), ("NoData", "4")],
)
def test_each_status_has_its_digit(emulated: Environment, show_as: str, digit: str) -> None:
    put(emulated, at(9), at(10), show_as)
    assert digits(emulated, 30, at(8, 30), at(10, 30)) == f"0{digit * 2}0"


def test_of_several_at_a_time_the_least_free_counts(emulated: Environment) -> None:
    for show_as in ("OOF", "Busy", "Tentative", "WorkingElsewhere", "Free"):
        put(emulated, at(9), at(9, 30), show_as)
    for show_as in ("Free", "WorkingElsewhere", "Tentative"):
        put(emulated, at(9, 30), at(10), show_as)
    assert digits(emulated, 30, at(9), at(10)) == "31"


def test_an_interval_counts_when_any_part_of_it_is_taken_and_the_last_may_reach_beyond(emulated: Environment) -> None:
    put(emulated, at(9, 29), at(9, 31))
    put(emulated, at(10, 30), at(11))
    assert digits(emulated, 30, at(9), at(10, 20)) == "220"
    assert digits(emulated, 60, at(9), at(10, 20)) == "20"
    assert digits(emulated, 60, at(9), at(10, 31)) == "22"


def test_many_long_items_are_merged_at_once() -> None:
    end = NOON + timedelta(days=42)
    ref = ItemRef(1, 1)
    away = CalendarItem(
        NOON - HOUR, end + HOUR, show_as="OOF", ref=ref, kind=Kind.SINGLE, change=1, created=NOON, modified=NOON
    )
    items = [away] * 1000
    items.append(dataclasses.replace(away, start=NOON - HOUR * 2, end=NOON - HOUR))
    began = process_time()
    assert availability.merged(items, NOON, end, 5) == "3" * (42 * 24 * 12)
    assert process_time() - began < 1


@pytest.mark.parametrize("minutes", [4, 0, -5, 1441])
def test_an_interval_has_5_to_1440_minutes(minutes: int) -> None:
    with pytest.raises(InvalidValue, match="5 to 1440") as caught:
        availability.merged((), at(9), at(10), minutes)
    assert caught.value.code == "interval-length"
    assert availability.merged((), at(9), at(10), 5) == "0" * 12
    assert availability.merged((), at(9), at(10), 1440) == "0"


@pytest.mark.parametrize(
    ("length", "code"),
    [(timedelta(0), "interval-order"), (-HOUR, "interval-order"), (timedelta(days=42, seconds=1), "interval-too-long")],
)
def test_a_time_ends_after_its_start_and_is_42_days_at_most(
    emulated: Environment, length: timedelta, code: str
) -> None:
    mailbox = put(emulated, at(9), at(10))
    with pytest.raises(InvalidValue) as caught:
        availability.entries(emulated.context, mailbox, NOON, NOON + length)
    assert caught.value.code == code
    assert len(availability.entries(emulated.context, mailbox, at(8), at(8) + timedelta(days=42))) == 1


def test_more_than_a_thousand_entries_are_refused(emulated: Environment) -> None:
    mailbox = 0
    for minute in range(1001):
        mailbox = put(emulated, at(0) + timedelta(minutes=minute), at(0) + timedelta(minutes=minute + 1))
    assert len(availability.entries(emulated.context, mailbox, at(0), at(0) + timedelta(minutes=1000))) == 1000
    with pytest.raises(InvalidValue) as caught:
        availability.entries(emulated.context, mailbox, at(0), at(20))
    assert caught.value.code == "too-many-entries"


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Sydney",
    "Asia/Kolkata",
    "America/Havana",
    "Europe/London",
    "Pacific/Auckland",
    "America/St_Johns",
    "UTC",
)


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_of_rules_is_the_zone_that_they_were_taken_from(name: str) -> None:
    made, real = zone_rules.zone_of(zone_rules.rules_of(name, 2026)), ZoneInfo(name)
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(365)]
    changed = [
        day for day in days if day.astimezone(real).utcoffset() != (day + 24 * HOUR).astimezone(real).utcoffset()
    ]
    assert len(changed) == (0 if name in ("Asia/Kolkata", "UTC") else 2)
    # Each day once, and those around a change of the clocks half-hour by half-hour.
    near = [day + number * HOUR / 2 for day in changed for number in range(-24, 72)]
    for moment in days + near:
        there, expected = moment.astimezone(made), moment.astimezone(real)
        assert (there.utcoffset(), there.fold) == (expected.utcoffset(), expected.fold), moment
        face = expected.replace(tzinfo=None)
        for fold in (0, 1):
            back = face.replace(tzinfo=made, fold=fold).astimezone(UTC)
            assert back == face.replace(tzinfo=real, fold=fold).astimezone(UTC), (face, fold)


def test_a_time_that_is_jumped_over_counts_from_before_the_jump() -> None:
    made, real = zone_rules.zone_of(zone_rules.rules_of("Europe/Berlin", 2026)), ZoneInfo("Europe/Berlin")
    face = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001 - what clocks show
    for fold in (0, 1):
        assert face.replace(tzinfo=made, fold=fold).utcoffset() == face.replace(tzinfo=real, fold=fold).utcoffset()


def test_rules_are_those_of_windows() -> None:
    rules = zone_rules.rules_of("Europe/Berlin", 2026)
    assert rules.bias == -HOUR
    assert rules.daylight == ClockChange(-HOUR, 3, 5, 6, timedelta(hours=2))
    assert rules.standard == ClockChange(timedelta(0), 10, 5, 6, timedelta(hours=3))
    assert zone_rules.rules_of("Asia/Tokyo", 2026) == ZoneRules(-9 * HOUR)


def test_a_change_on_a_day_of_the_month_and_none_at_all() -> None:
    summer = ClockChange(-HOUR, 4, 10, 0, timedelta(hours=2), year=2026)
    winter = ClockChange(timedelta(0), 10, 20, 0, timedelta(hours=3), year=2026)
    zone = zone_rules.zone_of(ZoneRules(timedelta(0), winter, summer))
    assert datetime(2026, 4, 10, 1, 59, tzinfo=zone).utcoffset() == timedelta(0)
    assert datetime(2026, 4, 10, 3, 0, tzinfo=zone).utcoffset() == HOUR
    never = ClockChange(timedelta(0), 0, 0, 6, timedelta(0))
    fixed = zone_rules.zone_of(ZoneRules(5 * HOUR, never, never))
    assert datetime(2026, 7, 1, tzinfo=fixed).utcoffset() == -5 * HOUR


@pytest.mark.parametrize(
    "rules",
    [
        ZoneRules(timedelta(days=1)),
        ZoneRules(timedelta(0), ClockChange(HOUR, 13, 1, 0, HOUR), ClockChange(timedelta(0), 1, 1, 0, HOUR)),
        ZoneRules(timedelta(0), ClockChange(HOUR, 12, 6, 0, HOUR), ClockChange(timedelta(0), 1, 1, 0, HOUR)),
    ],
)
def test_rules_that_no_clock_keeps(rules: ZoneRules) -> None:
    with pytest.raises(ValueError, match=r"bias|clocks"):
        zone_rules.zone_of(rules)


def scheduled(start: datetime | None, end: datetime | None) -> AutomaticReplies:
    return AutomaticReplies("Scheduled", "Known", start, end, "in", "out")


def test_automatic_replies_are_off_until_they_are_set_and_then_as_they_were_set(emulated: Environment) -> None:
    context = emulated.context
    mailbox = mailboxes.find(context, "user0001@example.com")
    assert mailbox is not None
    assert automatic_replies.get(context, mailbox.id) == AutomaticReplies("Disabled", "All")
    told: list[AutomaticRepliesChanged] = []
    context.events.subscribe(AutomaticRepliesChanged, told.append)
    now = context.clock.now()
    for replies in (
        scheduled(now - HOUR, now + HOUR),
        AutomaticReplies("Enabled", "None", None, None, "<b>ä</b>", ""),
        AutomaticReplies("Disabled", "All", now, now - HOUR, "kept", "kept too"),
    ):
        with emulated.database.transaction():
            automatic_replies.set(context, mailbox.id, replies)
        assert automatic_replies.get(context, mailbox.id) == replies
    assert told == [AutomaticRepliesChanged(mailbox.id, "user0001@example.com")] * 3


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (None, NOON, "need a start"),
        (NOON, None, "need a start"),
        (NOON, NOON, "end after they start"),
        (NOON + HOUR, NOON, "end after they start"),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC), "end in the future"),
    ],
)
def test_a_scheduled_time_that_cannot_be(
    emulated: Environment, start: datetime | None, end: datetime | None, words: str
) -> None:
    with pytest.raises(InvalidValue, match=words) as caught:
        automatic_replies.set(emulated.context, 1, scheduled(start, end))
    assert caught.value.code == "invalid-duration"
    assert automatic_replies.get(emulated.context, 1).state == "Disabled"


def test_a_scenario_may_have_a_time_that_is_over(emulated: Environment) -> None:
    old = scheduled(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    automatic_replies.set(emulated.context, 1, old, may_be_over=True)
    assert automatic_replies.get(emulated.context, 1) == old


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        (AutomaticReplies("On"), "invalid-state"),
        (AutomaticReplies("Enabled", "Some"), "invalid-audience"),
        (AutomaticReplies("Enabled", internal_reply="a\x01"), "invalid-reply"),
        (AutomaticReplies("Enabled", external_reply="a\ud800"), "invalid-reply"),
        (AutomaticReplies("Enabled", start=NOON), "invalid-duration"),
        (AutomaticReplies("Disabled", end=NOON), "invalid-duration"),
    ],
)
def test_replies_that_cannot_be(emulated: Environment, replies: AutomaticReplies, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        automatic_replies.set(emulated.context, 1, replies)
    assert caught.value.code == code


def test_who_has_no_mailbox_has_no_automatic_replies(emulated: Environment) -> None:
    with pytest.raises(NotFound):
        automatic_replies.get(emulated.context, 999_999)
    with pytest.raises(NotFound):
        automatic_replies.set(emulated.context, 999_999, AutomaticReplies())


@pytest.mark.parametrize(
    ("replies", "effects"),
    [
        (AutomaticReplies("Disabled", "All", NOON, NOON + HOUR), (False, False, False, False)),
        (AutomaticReplies("Enabled"), (True, True, True, True)),
        (scheduled(NOON, NOON + HOUR), (False, True, True, False)),
        (scheduled(None, None), (False, False, False, False)),
    ],
)
def test_when_replies_are_in_effect(replies: AutomaticReplies, effects: tuple[bool, ...]) -> None:
    moments = (NOON - timedelta(seconds=1), NOON, NOON + HOUR - timedelta(seconds=1), NOON + HOUR)
    assert tuple(automatic_replies.in_effect(replies, moment) for moment in moments) == effects


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2020-06-01 09:00", "2020-06-02 09:00"),
        ("+3 09:00", "+4 09:00"),
    ],
)
def test_a_scenario_s_replies_are_there_from_the_start(tmp_path: Path, start: str, end: str) -> None:
    wanted = yaml.safe_load(generate(users=0))
    replies = {"state": "Scheduled", "external_audience": "None", "start": start, "end": end, "internal_reply": "away"}
    listed = {"address": "anna@example.com", "time_zone": "Europe/Berlin", "automatic_replies": replies}
    wanted["exchange"]["mailboxes"] = {"listed": [listed]}
    scenario = scenario_file.read(yaml.safe_dump(wanted))
    with states.environment(states.seed(tmp_path, scenario), tmp_path, scenario) as emulated:
        mailbox = mailboxes.find(emulated.context, "anna@example.com")
        assert mailbox is not None
        found = automatic_replies.get(emulated.context, mailbox.id)
    assert (found.state, found.external_audience, found.internal_reply) == ("Scheduled", "None", "away")
    assert found.start is not None
    assert found.end is not None
    assert found.end - found.start == timedelta(days=1)
    assert found.start.astimezone(ZoneInfo("Europe/Berlin")).hour == 9


def test_a_scenario_s_replies_that_cannot_be_say_where(tmp_path: Path) -> None:
    wanted = yaml.safe_load(generate(users=0))
    replies = {"state": "Scheduled", "start": "+1 09:00", "end": "+1 08:00"}
    wanted["exchange"]["mailboxes"] = {"listed": [{"address": "a@example.com", "automatic_replies": replies}]}
    with pytest.raises(ScenarioError, match=r"listed\[0\]\.automatic_replies: .* end after they start"):
        states.seed(tmp_path, scenario_file.read(yaml.safe_dump(wanted)))
