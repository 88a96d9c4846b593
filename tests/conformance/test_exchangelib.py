# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public client ``exchangelib``, unmodified, over TLS with Basic and with NTLM: what the calendars do for it."""

from __future__ import annotations

import socket
from zoneinfo import ZoneInfo

import pytest
from exchangelib import (
    IMPERSONATION,
    NTLM,
    Account,
    CalendarItem,
    Configuration,
    Credentials,
    EWSDate,
    EWSDateTime,
    OofSettings,
)
from exchangelib.errors import ErrorItemNotFound
from exchangelib.protocol import close_connections
from exchangelib.recurrence import DailyPattern, Recurrence, WeeklyPattern
from exchangelib.services import SendNotification

from tests.support.emulator import Emulator
from tests.support.ews import grant_impersonation
from tests.support.ews_clients import MAILBOX, OTHER, PROTOCOL, endpoint, listening, resolver
from tests.support.exchangelib_client import (
    DAY,
    HOUR,
    MONDAY,
    ZONE,
    Login,
    account_fixture,
    login_fixture,
    meeting,
)

__all__ = ["account_fixture", "login_fixture"]


def starts(account: Account, days: int = 14) -> list[EWSDateTime]:
    """Return when the meetings of the days from Monday on begin, in the zone of the mailbox."""
    found = account.calendar.view(start=MONDAY - HOUR, end=MONDAY + days * DAY)
    return sorted(item.start.astimezone(ZONE) for item in found)


def test_what_the_client_finds_out_by_itself(login: Login, environment: Emulator) -> None:
    grant_impersonation(environment)
    account = login()
    assert account.protocol.version.api_version == "Exchange2016"
    assert account.root.name
    assert account.calendar.folder_class == "IPF.Appointment"
    assert account.calendar.name == "Calendar"
    callers = {entry["caller"] for entry in environment.journal(protocol=PROTOCOL, operation="GetFolder")}
    assert callers == {environment.ready["exchange_account"]["username"]}


def test_the_way_to_log_in_is_found_by_the_client(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a hint it takes NTLM of what the server offers, see its ``transport.py``."""
    grant_impersonation(environment)
    place = endpoint(environment)
    monkeypatch.setattr(socket, "getaddrinfo", resolver(place))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca_file)
    monkeypatch.setenv("NO_PROXY", "*")
    config = Configuration(service_endpoint=place.url, credentials=Credentials(place.username, place.password))
    account = Account(MAILBOX, config=config, access_type=IMPERSONATION, default_timezone=ZONE)
    try:
        assert account.calendar.total_count == 0
        assert config.auth_type == NTLM
    finally:
        close_connections()


def test_an_item_is_kept_as_it_was_written(account: Account) -> None:
    saved = meeting(
        account,
        location="Room 1",
        body="Agenda",
        legacy_free_busy_status="Tentative",
        categories=["red", "blue"],
        sensitivity="Private",
        importance="High",
        reminder_minutes_before_start=5,
        required_attendees=[OTHER],
    )
    (found,) = account.calendar.view(start=MONDAY - HOUR, end=MONDAY + DAY)
    assert (found.id, found.subject, found.location) == (saved.id, "Planning", "Room 1")
    assert (found.start, found.end) == (MONDAY, MONDAY + HOUR)
    assert (found.legacy_free_busy_status, found.sensitivity, found.importance) == ("Tentative", "Private", "High")
    assert found.categories == ["red", "blue"]
    assert found.reminder_minutes_before_start == 5
    assert (found.type, found.is_recurring, found.is_all_day) == ("Single", False, False)
    assert [attendee.mailbox.email_address for attendee in found.required_attendees] == [OTHER]
    assert str(account.calendar.get(id=found.id).body) == "Agenda"
    assert found._start_timezone == ZONE


def test_one_question_brings_what_was_asked_for(account: Account, environment: Emulator) -> None:
    meeting(account)
    environment.control.clear_journal()
    (found,) = account.calendar.view(start=MONDAY - HOUR, end=MONDAY + DAY).only("subject", "start", "end")
    assert (found.subject, found.start, found.end) == ("Planning", MONDAY, MONDAY + HOUR)
    assert [entry["operation"] for entry in environment.journal(protocol=PROTOCOL)] == ["FindItem"]


def test_an_update(account: Account) -> None:
    item = meeting(account, location="Room 1")
    item.subject = "Moved"
    item.start += DAY
    item.end += DAY
    item.location = None
    item.save(update_fields=["subject", "start", "end", "location"])
    (found,) = account.calendar.view(start=MONDAY - HOUR, end=MONDAY + 3 * DAY)
    assert (found.subject, found.start, found.location) == ("Moved", MONDAY + DAY, None)
    assert (found.id, found.changekey) == (item.id, item.changekey)


def test_delete(account: Account) -> None:
    kept, gone = meeting(account), meeting(account, MONDAY + DAY, subject="Gone")
    gone.delete()
    assert [item.id for item in account.calendar.all()] == [kept.id]
    account.calendar.all().delete()
    assert starts(account) == []


def test_an_all_day_item_ends_on_its_last_day(account: Account) -> None:
    day = EWSDate(2026, 6, 3)
    CalendarItem(account=account, folder=account.calendar, subject="Fair", start=day, end=day, is_all_day=True).save()
    (found,) = account.calendar.view(start=MONDAY, end=MONDAY + 7 * DAY)
    assert (found.is_all_day, found.start, found.end) == (True, day, day)


def test_a_series_with_its_exceptions(account: Account) -> None:
    series = Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Monday"]), start=MONDAY.date(), number=4)
    master = meeting(account, recurrence=series)
    assert starts(account, 40) == [MONDAY + n * 7 * DAY for n in range(4)]

    moved = master.occurrence(index=2)
    moved.refresh()
    assert (moved.type, moved.start) == ("Occurrence", MONDAY + 7 * DAY)
    moved.start += 2 * HOUR
    moved.end += 2 * HOUR
    moved.subject = "Later"
    moved.save(update_fields=["start", "end", "subject"])
    master.occurrence(index=3).delete()
    assert starts(account, 40) == [MONDAY, MONDAY + 7 * DAY + 2 * HOUR, MONDAY + 21 * DAY]

    (exception,) = [
        item for item in account.calendar.view(start=MONDAY, end=MONDAY + 40 * DAY) if item.type == "Exception"
    ]
    assert exception.subject == "Later"
    again = exception.recurring_master()
    again.refresh()
    assert (again.id, again.type) == (master.id, "RecurringMaster")
    assert again.recurrence == series
    assert again.first_occurrence.start == MONDAY
    assert again.last_occurrence.start == MONDAY + 21 * DAY
    assert [one.original_start for one in again.modified_occurrences] == [MONDAY + 7 * DAY]
    assert [one.start for one in again.deleted_occurrences] == [MONDAY + 14 * DAY]
    master.delete()
    assert starts(account, 40) == []


def test_a_series_keeps_its_hour_across_a_summer_time_change(account: Account) -> None:
    friday = EWSDateTime(2026, 10, 23, 9, 0, tzinfo=ZONE)
    meeting(account, friday, recurrence=Recurrence(pattern=DailyPattern(interval=1), start=friday.date(), number=4))
    found = account.calendar.view(start=friday - HOUR, end=friday + 5 * DAY)
    hours = [item.start.astimezone(ZoneInfo("UTC")).hour for item in found]
    assert sorted(hours) == [7, 7, 8, 8]


def test_free_and_busy(account: Account) -> None:
    meeting(account)
    meeting(account, MONDAY + 2 * HOUR, legacy_free_busy_status="OOF")
    meeting(account, MONDAY + 3 * HOUR, legacy_free_busy_status="Tentative")
    (found,) = account.protocol.get_free_busy_info(
        accounts=[(account, "Organizer", False)],
        start=MONDAY - HOUR,
        end=MONDAY + 5 * HOUR,
        merged_free_busy_interval=60,
    )
    assert found.view_type == "DetailedMerged"
    assert found.merged == "020310"
    events = [(event.start.astimezone(ZONE), event.busy_type) for event in found.calendar_events]
    assert events == [(MONDAY, "Busy"), (MONDAY + 2 * HOUR, "OOF"), (MONDAY + 3 * HOUR, "Tentative")]


def test_automatic_replies(account: Account, environment: Emulator) -> None:
    assert account.oof_settings.state == "Disabled"
    start = EWSDateTime.now(tz=ZONE).replace(microsecond=0) + DAY
    account.oof_settings = OofSettings(
        state="Scheduled",
        external_audience="Known",
        start=start,
        end=start + 7 * DAY,
        internal_reply="I am away.",
        external_reply="I am away, too.",
    )
    found = account.oof_settings
    assert (found.state, found.external_audience) == ("Scheduled", "Known")
    assert (found.start, found.end) == (start, start + 7 * DAY)
    assert (found.internal_reply, found.external_reply) == ("I am away.", "I am away, too.")
    known = environment.control.automatic_replies(MAILBOX)
    assert (known["state"], known["internal_reply"]) == ("Scheduled", "I am away.")
    account.oof_settings = OofSettings(state="Enabled", internal_reply="Out.", external_reply="Out.")
    assert account.oof_settings.state == "Enabled"


def test_the_options_of_a_mailbox(account: Account, environment: Emulator) -> None:
    environment.control.change_mailbox(MAILBOX, time_zone="Asia/Tokyo")
    found = account.root.get_user_configuration(name="OWA.UserOptions")
    assert found.dictionary == {"timezone": "Tokyo Standard Time"}
    assert (found.xml_data, found.binary_data) == (None, None)
    with pytest.raises(ErrorItemNotFound):
        account.root.get_user_configuration(name="Nothing", properties="Dictionary")


def test_names(account: Account) -> None:
    # What belongs to no mailbox the client can ask for only once it knows the server's version.
    assert account.protocol.version
    (found,) = account.protocol.resolve_names([MAILBOX])
    assert (found.email_address, found.routing_type, found.mailbox_type) == (MAILBOX, "SMTP", "Mailbox")
    many = account.protocol.resolve_names(["user000"])
    assert {mailbox.email_address for mailbox in many} >= {MAILBOX, OTHER}
    (nobody,) = account.protocol.resolve_names(["nobody-at-all"])
    assert type(nobody).__name__ == "ErrorNameResolutionNoResults"


def test_a_pull_subscription(account: Account) -> None:
    subscription, watermark = account.calendar.subscribe_to_pull()
    item = meeting(account)
    (notification,) = account.calendar.get_events(subscription, watermark)
    assert notification.subscription_id == subscription
    created = [event for event in notification.events if type(event).__name__ == "CreatedEvent"]
    assert [event.item_id.id for event in created if event.item_id] == [item.id]
    last = notification.events[-1].watermark
    item.subject = "Other"
    item.save(update_fields=["subject"])
    item.delete()
    kinds = [
        type(event).__name__ for found in account.calendar.get_events(subscription, last) for event in found.events
    ]
    assert "ModifiedEvent" in kinds
    assert "DeletedEvent" in kinds
    account.calendar.unsubscribe(subscription)


def test_a_streaming_subscription(account: Account) -> None:
    with account.calendar.streaming_subscription() as subscription:
        item = meeting(account)
        (notification,) = account.calendar.get_streaming_events(
            subscription, connection_timeout=1, max_notifications_returned=1
        )
        created = [event for event in notification.events if type(event).__name__ == "CreatedEvent"]
        assert [event.item_id.id for event in created if event.item_id] == [item.id]


def test_a_push_subscription(account: Account) -> None:
    service = SendNotification(protocol=None)
    with listening(lambda _body: service.ok_payload()) as listener:
        subscription, _watermark = account.calendar.subscribe_to_push(listener.url, status_frequency=1)
        (first,) = service.parse(listener.next())
        assert first.subscription_id == subscription
        assert [type(event).__name__ for event in first.events] == ["StatusEvent"]
        item = meeting(account)
        (second,) = service.parse(listener.next())
        created = [event for event in second.events if type(event).__name__ == "CreatedEvent"]
        assert [event.item_id.id for event in created if event.item_id] == [item.id]
        listener.answer = lambda _body: service.unsubscribe_payload()
        item.delete()
        service.parse(listener.next())
