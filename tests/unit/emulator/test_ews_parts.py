# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of Exchange Web Services that need no connection: ids, versions, time zones, policies."""

from __future__ import annotations

import base64
import struct
import zlib
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tzlocal.windows_tz import tz_win, win_tz

from imp_emulator.domain.exchange import folders, throttling, time_zones
from imp_emulator.domain.exchange.calendars import ItemRef
from imp_emulator.domain.exchange.throttling import Budgets, Exceeded
from imp_emulator.domain.exchange.time_zones import Span
from imp_emulator.errors import Forbidden, InvalidValue
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.envelope import flag
from imp_emulator.wire.exchange.ews.messages import EwsError
from imp_emulator.wire.exchange.ews.versions import Version, check_operation, version_of
from imp_emulator.wire.exchange.ews.zones import duration
from imp_emulator.world.environment import Environment

ROWS = st.integers(min_value=1, max_value=2**40)
ACCOUNT = "EXAMPLE\\svc-imp"
SEASON = 2  # to daylight time and back


@given(ROWS, ROWS, st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1)))  # noqa: DTZ001
def test_an_id_stands_for_what_it_was_made_from(mailbox: int, item: int, start: datetime | None) -> None:
    moment = None if start is None else start.replace(microsecond=0, tzinfo=UTC)
    ref = ItemRef(mailbox, item, moment)
    text = ids.item_id(ref)
    assert ids.parse_item_id(text) == ref
    assert ids.mailbox_of(text) == mailbox
    assert ids.parse_change_key(ids.change_key(item)) == item
    with pytest.raises(EwsError, match="ErrorCannotUseItemIdForFolderId"):
        ids.parse_folder_id(text)


def test_a_folders_id_is_no_items(emulated: Environment) -> None:
    for name in folders.FOLDERS:
        text = ids.folder_id(7, name)
        assert ids.parse_folder_id(text) == (7, name)
        assert ids.mailbox_of(text) == 7
        with pytest.raises(EwsError, match="ErrorCannotUseFolderIdForItemId"):
            ids.parse_item_id(text)


@given(st.integers(min_value=0, max_value=30), st.integers(min_value=0, max_value=7))
def test_one_changed_bit_makes_an_id_malformed(place: int, bit: int) -> None:
    raw = bytearray(base64.b64decode(ids.item_id(ItemRef(3, 4, datetime(2026, 1, 1, tzinfo=UTC)))))
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(EwsError, match="ErrorInvalidIdMalformed"):
        ids.parse_item_id(base64.b64encode(raw).decode())


def test_the_number_of_an_id_is_one_that_the_state_can_look_for() -> None:
    content = base64.b64decode(ids.item_id(ItemRef(1, 1)))[:4] + struct.pack(">QQ", 1, 2**64 - 1)
    text = base64.b64encode(content + zlib.crc32(content).to_bytes(4, "big")).decode()
    assert -(2**63) <= ids.parse_item_id(text).item < 2**63


@pytest.mark.parametrize("text", ["", "x", "AAAA", ids.item_id(ItemRef(1, 1)), ids.change_key(1)[:-4]])
def test_what_is_no_change_key(text: str) -> None:
    with pytest.raises(EwsError, match="ErrorInvalidChangeKey"):
        ids.parse_change_key(text)


def test_the_order_of_versions_and_what_each_has() -> None:
    assert version_of(None) is Version.EXCHANGE2007
    assert version_of("Exchange2010_SP1") is Version.EXCHANGE2010_SP1
    assert max(Version) is version_of("Exchange2016")
    for wrong in ("", "Exchange2019", "exchange2013"):
        with pytest.raises(EwsError, match="ErrorInvalidServerVersion"):
            version_of(wrong)
    check_operation("GetFolder", Version.EXCHANGE2007)
    check_operation("GetStreamingEvents", Version.EXCHANGE2010_SP1)
    with pytest.raises(EwsError, match="ErrorIncorrectSchemaVersion"):
        check_operation("GetStreamingEvents", Version.EXCHANGE2010)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), (" 0 ", False), ("false", False)])
def test_booleans_as_clients_write_them(text: str, value: bool) -> None:
    assert flag(text) is value
    for wrong in ("True", "yes", ""):
        with pytest.raises(EwsError, match="ErrorSchemaValidation"):
            flag(wrong)


def test_names_of_time_zones_go_both_ways() -> None:
    assert time_zones.iana("W. Europe Standard Time") == "Europe/Berlin"
    assert time_zones.iana(" w. europe STANDARD time ") == "Europe/Berlin"
    assert time_zones.iana("Asia/Tokyo") == "Asia/Tokyo"
    assert time_zones.windows("Europe/Paris") == tz_win["Europe/Paris"]
    assert (time_zones.windows("UTC"), time_zones.iana("UTC")) == ("UTC", "UTC")
    assert time_zones.windows("Mars/Olympus") == "Mars/Olympus"
    for name in win_tz:
        assert time_zones.iana(time_zones.windows(time_zones.iana(name)))
    files = ("localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Factory")
    for wrong in ("", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe", *files):
        with pytest.raises(InvalidValue):
            time_zones.iana(wrong)


@pytest.mark.parametrize("name", time_zones.names())
def test_the_rules_of_a_zone_give_its_times(name: str) -> None:
    """Of each day at noon, for the years that are looked at, the rules tell the same distance as tzdata."""
    zone = ZoneInfo(time_zones.iana(name))
    definition = time_zones.definition(name, 2026)
    biases = {period.id: period.bias for period in definition.periods}
    for day in range(0, 365 * 11, 5):
        noon = datetime(2021, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001 - on the wall there
        assert -biases[_period(definition.spans, noon)] == noon.replace(tzinfo=zone).utcoffset(), noon


def _period(spans: tuple[Span, ...], face: datetime) -> str:
    span = [one for one in spans if one.begin is None or one.begin <= face][-1]
    if not span.changes:
        return span.standard
    assert len(span.changes) == SEASON
    moments = []
    for change in span.changes:
        days = [datetime(face.year, change.month, 1) + timedelta(days=number) for number in range(31)]  # noqa: DTZ001
        days = [day for day in days if day.month == change.month and day.weekday() == change.weekday]
        place = change.occurrence if change.occurrence < 0 else change.occurrence - 1
        moments.append((days[place] + change.at, change.to))
    moments.sort()
    before = [to for moment, to in moments if moment <= face]
    return before[-1] if before else moments[-1][1]


def test_the_calendar_is_called_as_its_mailbox_speaks() -> None:
    calendar, inbox = folders.FOLDERS["calendar"], folders.FOLDERS["inbox"]
    shown = [folders.display_name(calendar, language) for language in ("en-US", "de-DE", "de", "zh-TW", "zh-CN", "xx")]
    assert shown == ["Calendar", "Kalender", "Kalender", "行事曆", "日历", "Calendar"]
    assert folders.display_name(inbox, "de-DE") == "Inbox"


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "PT0H0M"), (60, "PT1H0M"), (-60, "-PT1H0M"), (-345, "-PT5H45M"), (570, "PT9H30M")]
)
def test_a_duration_is_written_as_the_schema_wants_it(minutes: int, text: str) -> None:
    assert duration(timedelta(minutes=minutes)) == text


def test_a_policy_changes_by_account_and_goes_back(emulated: Environment) -> None:
    context = emulated.context
    assert throttling.policy(context, ACCOUNT).max_concurrency == 27
    throttling.change_policy(context, ACCOUNT, max_concurrency=3)
    changed = throttling.change_policy(context, ACCOUNT.lower(), find_count_limit=None)
    assert (changed.max_concurrency, changed.find_count_limit) == (3, None)
    assert throttling.find_limit(context, ACCOUNT) is None
    assert throttling.find_limit(context, "other") == 1_000
    for wrong in ({"nonsense": 1}, {"max_concurrency": -1}, {"max_concurrency": 2**31}, {"max_concurrency": True}):
        with pytest.raises(InvalidValue):
            throttling.change_policy(context, ACCOUNT, **wrong)
    throttling.reset_policy(context, ACCOUNT)
    assert throttling.policy(context, ACCOUNT) == context.scenario.throttling


def test_subscriptions_are_charged_to_the_mailbox(emulated: Environment) -> None:
    context = emulated.context
    throttling.check_subscriptions(context, "user0001@example.com", 19)
    with pytest.raises(Forbidden):
        throttling.check_subscriptions(context, "user0001@example.com", 20)
    throttling.change_policy(context, "USER0001@example.com", max_subscriptions=None)
    throttling.check_subscriptions(context, "user0001@example.com", 10_000)


def test_connections_that_hang_are_counted_by_themselves(emulated: Environment) -> None:
    context = emulated.context
    throttling.change_policy(context, ACCOUNT, max_concurrency=1, hanging_connections=2)
    budgets = Budgets(context)
    with budgets.spend("mail1", ACCOUNT) as request, ExitStack() as hanging:
        found = [hanging.enter_context(budgets.spend("mail1", ACCOUNT, hanging=True)) for _ in range(3)]
        assert (request, found) == (None, [None, None, Exceeded()])
        with budgets.spend("mail1", ACCOUNT) as second:
            assert second == Exceeded()
        for server, account in (("mail1", "other"), ("mail2", ACCOUNT)):
            with budgets.spend(server, account) as another:
                assert another is None
    with budgets.spend("mail1", ACCOUNT) as again:
        assert again is None


def test_a_request_that_fails_is_counted_no_more(emulated: Environment) -> None:
    context = emulated.context
    throttling.change_policy(context, ACCOUNT, max_concurrency=1)
    budgets = Budgets(context)
    with pytest.raises(ZeroDivisionError), budgets.spend("mail1", ACCOUNT):
        raise ZeroDivisionError
    with budgets.spend("mail1", ACCOUNT) as again:
        assert again is None
