# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``msal``, ``O365`` and ``exchangelib`` against the tenant of Exchange Online, unmodified and over TLS.

Only the connection is the test's: what is meant for Microsoft's hosts arrives at the emulator (tests/support/online).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import msal
import pytest
import requests
from exchangelib import OAUTH2, Configuration, EWSDateTime, Identity, OAuth2Credentials
from exchangelib import Account as EwsAccount
from exchangelib.account import IMPERSONATION
from exchangelib.errors import TransportError
from O365 import Account
from O365.calendar import EventShowAs
from O365.utils.token import MemoryTokenBackend

from imp_emulator.scenario.model import LOGIN_HOST, OUTLOOK_HOST
from tests.support import online
from tests.support.emulator import Emulator

ANNA, BEN = "user0001@example.com", "user0002@example.com"
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)

Login = Callable[..., msal.ConfidentialClientApplication]
Open = Callable[..., Account]


@pytest.fixture(name="login")
def login_fixture(tenant: Emulator) -> Login:
    """A function that makes Microsoft's client of an application."""

    def login(label: str = "presence", secret: str | None = None, **options: Any) -> Any:
        client_id, known = online.application(tenant, label)
        usual = {"authority": online.authority(tenant), "verify": tenant.ca_file}
        return msal.ConfidentialClientApplication(client_id, client_credential=secret or known, **{**usual, **options})

    return login


@pytest.fixture(name="open_account")
def open_account_fixture(tenant: Emulator) -> Open:
    """A function that logs the public client in."""

    def open_account(label: str = "writer", **options: Any) -> Account:
        account = Account(
            online.application(tenant, label),
            auth_flow_type="credentials",
            tenant_id=tenant.ready["exchange_online"]["tenant_id"],
            token_backend=MemoryTokenBackend(),
            verify_ssl=tenant.ca_file,
            requests_delay=0,
            main_resource=ANNA,
            timezone="Europe/Berlin",
            **options,
        )
        assert account.authenticate()
        return account

    return open_account


def test_msal_gets_a_token_and_keeps_it(tenant: Emulator, login: Login) -> None:
    client = login()
    first = client.acquire_token_for_client([online.GRAPH_SCOPE])
    again = client.acquire_token_for_client([online.GRAPH_SCOPE])
    assert (first["token_source"], again["token_source"]) == ("identity_provider", "cache")
    assert first["access_token"] == again["access_token"]
    assert len(tenant.journal(protocol="token", operation="acquireToken")) == 1


@pytest.mark.parametrize("host", [LOGIN_HOST, "loopback"])
@pytest.mark.parametrize("name", ["tenant_id", "tenant_domain"])
def test_msal_finds_the_endpoint_by_discovery(tenant: Emulator, login: Login, host: str, name: str) -> None:
    if host == "loopback":
        known = tenant.ready["exchange_online"]["hosts"][LOGIN_HOST]
        host = f"{known['address']}:{known['ports']['443']}"
    authority = f"https://{host}/{tenant.ready['exchange_online'][name]}"
    found = login(authority=authority, instance_discovery=False).acquire_token_for_client([online.GRAPH_SCOPE])
    assert found["expires_in"] == 3599
    keys = requests.get(f"{authority}/discovery/v2.0/keys", verify=tenant.ca_file, timeout=30).json()
    key = jwt.PyJWKSet.from_dict(keys).keys[0]
    assert jwt.decode(found["access_token"], key.key, ["RS256"], audience=online.GRAPH)["idtyp"] == "app"


def test_msal_sees_the_refusals(tenant: Emulator, login: Login) -> None:
    wrong = login(secret="wrong").acquire_token_for_client([online.GRAPH_SCOPE])
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215])
    unknown = login().acquire_token_for_client(["https://example.com/.default"])
    assert (unknown["error"], unknown["error_codes"]) == ("invalid_scope", [70011])
    with pytest.raises(ValueError, match=r"AADSTS90002|Unable to get authority configuration"):
        login(authority=f"https://{LOGIN_HOST}/nobody.onmicrosoft.com").acquire_token_for_client([online.GRAPH_SCOPE])


def test_o365_writes_reads_changes_and_deletes_an_event(open_account: Open) -> None:
    calendar = open_account().schedule().get_default_calendar()
    event = calendar.new_event("Review")
    event.start, event.end = MONDAY, MONDAY + timedelta(hours=1)
    event.location, event.body, event.show_as = "Room 4", "<p>Bring the plan</p>", EventShowAs.Oof
    event.attendees.add(("Ben", BEN))
    event.remind_before_minutes = 5
    assert event.save()

    (read,) = calendar.get_events(include_recurring=False)
    assert (read.subject, read.start, read.end) == ("Review", MONDAY, MONDAY + timedelta(hours=1))
    assert (read.location["displayName"], read.show_as) == ("Room 4", EventShowAs.Oof)
    assert (read.body, read.body_type) == ("<p>Bring the plan</p>", "html")
    assert [attendee.address for attendee in read.attendees] == [BEN]
    assert (read.organizer.address, read.remind_before_minutes) == (ANNA, 5)

    read.subject, read.show_as = "Later", EventShowAs.Free
    assert read.save()
    changed = calendar.get_event(read.object_id)
    assert (changed.subject, changed.show_as, changed.start) == ("Later", EventShowAs.Free, MONDAY)
    assert changed.delete()
    assert list(calendar.get_events(include_recurring=False)) == []


def test_o365_answers_an_invitation(open_account: Open) -> None:
    event = open_account().schedule().new_event("Review")
    event.start, event.end = MONDAY, MONDAY + timedelta(hours=1)
    event.attendees.add(BEN)
    assert event.save()
    (invitation,) = open_account().schedule(resource=BEN).get_events(include_recurring=False)
    assert (invitation.show_as, invitation.response_status.status.value) == (EventShowAs.Tentative, "not_responded")
    assert invitation.accept_event("With pleasure")
    (accepted,) = open_account().schedule(resource=BEN).get_events(include_recurring=False)
    assert (accepted.show_as, accepted.response_status.status.value) == (EventShowAs.Busy, "accepted")
    (attendee,) = open_account().schedule().get_default_calendar().get_event(event.object_id).attendees
    assert attendee.response_status.status.value == "accepted"


def test_o365_views_a_series_over_the_change_of_the_clocks(open_account: Open) -> None:
    calendar = open_account().schedule().get_default_calendar()
    event = calendar.new_event("Stand-up")
    first = datetime(2026, 10, 19, 9, 0, tzinfo=BERLIN)
    event.start, event.end = first, first + timedelta(minutes=15)
    event.recurrence.set_weekly(
        1, days_of_week=["monday"], first_day_of_week="monday", start=first.date(), occurrences=4
    )
    assert event.save()
    start, end = datetime(2026, 10, 1, tzinfo=BERLIN), datetime(2026, 12, 1, tzinfo=BERLIN)
    found = list(calendar.get_events(start_recurring=start, end_recurring=end, limit=100))
    assert [one.start for one in found] == [first + timedelta(weeks=week) for week in range(4)]
    assert {one.event_type.value for one in found} == {"occurrence"}
    occurrences = list(calendar.get_event(found[0].series_master_id).get_occurrences(start, end))
    assert [one.start for one in occurrences] == [one.start for one in found]
    assert occurrences[1].delete()
    assert len(list(calendar.get_events(start_recurring=start, end_recurring=end))) == 3


def test_o365_follows_the_pages_and_asks_for_some(open_account: Open) -> None:
    calendar = open_account().schedule().get_default_calendar()
    for number in range(12):
        event = calendar.new_event(f"Number {number:02d}")
        event.start = MONDAY + timedelta(hours=number)
        event.end = event.start + timedelta(minutes=30)
        assert event.save()
    pages = calendar.get_events(include_recurring=False, limit=None, batch=5)
    assert sorted(one.subject for one in pages) == [f"Number {number:02d}" for number in range(12)]
    query = calendar.new_query().greater_equal("start", MONDAY + timedelta(hours=10))
    some = calendar.get_events(include_recurring=False, query=query, order_by="subject")
    assert [one.subject for one in some] == ["Number 10", "Number 11"]


def test_o365_sets_and_reads_automatic_replies(tenant: Emulator, open_account: Open) -> None:
    tenant.control.clock(now="2026-11-20T00:00:00+00:00")
    mailbox = open_account().mailbox()
    assert mailbox.set_automatic_reply("Inside", "Outside", MONDAY, MONDAY + timedelta(days=5))
    read = mailbox.get_settings().automaticrepliessettings
    assert (read.status.value, read.external_audience.value) == ("scheduled", "all")
    assert (read.internal_reply_message, read.external_reply_message) == ("Inside", "Outside")
    assert (read.scheduled_startdatetime, read.scheduled_enddatetime) == (MONDAY, MONDAY + timedelta(days=5))
    assert mailbox.set_disable_reply()
    assert mailbox.get_settings().automaticrepliessettings.status.value == "disabled"


def test_o365_asks_who_is_free(open_account: Open) -> None:
    account = open_account()
    event = account.schedule().new_event("Busy")
    event.start, event.end = MONDAY, MONDAY + timedelta(hours=1)
    assert event.save()
    anna, ben = account.schedule().get_availability([ANNA, BEN], MONDAY, MONDAY + timedelta(hours=2), 60)
    assert (anna["availabilityView"], ben["availabilityView"]) == (["busy", "free"], ["free", "free"])
    assert anna["scheduleItems"][0]["start"] == MONDAY


def test_o365_lists_users(open_account: Open) -> None:
    directory = open_account().directory()
    users = [user.mail for user in directory.get_users(limit=250, batch=100)]
    assert len(users) == len(set(users)) == 250
    assert directory.get_user(BEN).user_principal_name == BEN


def test_o365_with_basic_reading_sees_no_body_and_writes_nothing(open_account: Open) -> None:
    event = open_account().schedule().new_event("Review")
    event.start, event.end, event.body = MONDAY, MONDAY + timedelta(hours=1), "secret plans"
    assert event.save()
    reader = open_account("presence").schedule()
    (read,) = reader.get_events(include_recurring=False)
    assert (read.subject, read.start, read.body) == ("Review", MONDAY, "")
    with pytest.raises(requests.HTTPError, match=r"403.*Access is denied"):
        read.delete()


def test_o365_waits_as_long_as_it_is_told_when_throttled(tenant: Emulator, open_account: Open) -> None:
    account = open_account()
    tenant.control.fault("status", effect={"status": 429, "retry_after": 1}, protocol="graph", times=2)
    assert account.schedule().get_default_calendar().name == "Calendar"
    statuses = [entry["status"] for entry in tenant.journal(protocol="graph")]
    assert statuses == [429, 429, 200]


@pytest.fixture(name="open_ews")
def open_ews_fixture(tenant: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[], EwsAccount]:
    """A function that opens a mailbox over Exchange Web Services with a token, as exchangelib gets one itself."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tenant.ca_file)

    def open_ews(label: str = "presence") -> EwsAccount:
        client_id, secret = online.application(tenant, label)
        credentials = OAuth2Credentials(
            client_id=client_id,
            client_secret=secret,
            tenant_id=tenant.ready["exchange_online"]["tenant_id"],
            identity=Identity(primary_smtp_address=ANNA),
        )
        configuration = Configuration(server=OUTLOOK_HOST, credentials=credentials, auth_type=OAUTH2, max_connections=1)
        return EwsAccount(ANNA, config=configuration, autodiscover=False, access_type=IMPERSONATION)

    return open_ews


def test_exchangelib_sees_over_ews_what_o365_has_written(
    open_account: Open, open_ews: Callable[[], EwsAccount]
) -> None:
    event = open_account().schedule().new_event("Review")
    event.start, event.end, event.body = MONDAY, MONDAY + timedelta(hours=1), "<p>Plan</p>"
    assert event.save()
    account = open_ews()
    start = EWSDateTime.from_datetime(MONDAY)
    (item,) = account.calendar.view(start=start, end=start + timedelta(days=1))
    assert (item.subject, item.start, item.end) == ("Review", MONDAY, MONDAY + timedelta(hours=1))
    item.subject = "Later"
    item.save(update_fields=["subject"])
    (read,) = open_account().schedule().get_default_calendar().get_events(include_recurring=False)
    assert read.subject == "Later"


def test_exchangelib_is_refused_when_the_tenant_is_switched_off(
    tenant: Emulator, open_ews: Callable[..., EwsAccount]
) -> None:
    with pytest.raises(TransportError, match="403"):
        open_ews("forgotten").calendar.refresh()
    tenant.control.set_online_ews("on")
    open_ews("forgotten").calendar.refresh()
