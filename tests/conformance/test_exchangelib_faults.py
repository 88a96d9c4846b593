# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``exchangelib`` shows of each error: throttled, cut, delayed, refused; injected, or come about by itself."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable

import pytest
from exchangelib import Account, CalendarItem, EWSDateTime, OofSettings, errors
from exchangelib.errors import ErrorTimeoutExpired, EWSError, TransportError, UnauthorizedError

from tests.support.emulator import Emulator
from tests.support.ews_clients import MAILBOX, PROTOCOL, ROWS, inject
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


def find(account: Account) -> None:
    list(account.calendar.view(start=MONDAY, end=MONDAY + DAY))


def find_often(account: Account) -> None:
    for _ in range(5):
        find(account)


def update(account: Account) -> None:
    item = meeting(account)
    item.subject = "Other"
    item.save(update_fields=["subject"])


def pull(account: Account) -> None:
    list(account.calendar.get_events(*account.calendar.subscribe_to_pull()))


def returned(found: list[object]) -> None:
    """Raise the error that the client gives back in place of a result."""
    (error,) = found
    assert isinstance(error, Exception)
    raise error


def names(account: Account) -> None:
    assert account.protocol.version
    returned(account.protocol.resolve_names([MAILBOX]))


def free_busy(account: Account) -> None:
    busy = account.protocol.get_free_busy_info([(account, "Organizer", False)], MONDAY, MONDAY + DAY)
    returned(list(busy))


def replies(account: Account) -> None:
    account.oof_settings = OofSettings(state="Enabled", internal_reply="Out.", external_reply="Out.")


ACTIONS: dict[str, Callable[[Account], object]] = {
    "FindItem": find,
    "Subscribe": lambda account: account.calendar.subscribe_to_pull(),
    "GetEvents": pull,
    "CreateItem": meeting,
    "UpdateItem": update,
    "ResolveNames": names,
    "GetUserAvailability": free_busy,
    "SetUserOofSettings": replies,
}
SHOWN = {
    # It has tried all versions that it knows.
    "ErrorInvalidServerVersion": "ErrorInvalidSchemaVersionForMailboxVersion",
    "ErrorIncorrectSchemaVersion": "ErrorInvalidSchemaVersionForMailboxVersion",
    "ErrorInvalidRequest": "ErrorInvalidSchemaVersionForMailboxVersion",
    # To it, it is the same.
    "ErrorInternalServerTransientError": "ErrorServerBusy",
}
"""What it makes of an error, where that is another."""


@pytest.mark.parametrize(("operation", "code"), ROWS)
@pytest.mark.parametrize("login", ["basic"], indirect=True)
def test_an_error_of_ews(account: Account, environment: Emulator, operation: str, code: str) -> None:
    assert account.calendar.id
    inject(environment, operation, code)
    with pytest.raises(EWSError) as shown:
        ACTIONS[operation](account)
    assert type(shown.value).__name__ == SHOWN.get(code, code)
    if code == "ErrorServerBusy":
        assert shown.value.back_off == 300


def test_refused_for_want_of_the_role(login: Login) -> None:
    with pytest.raises(errors.ErrorImpersonateUserDenied, match="permission to impersonate"):
        assert login().calendar.id


def test_refused_for_want_of_a_mailbox(account: Account, login: Login) -> None:
    with pytest.raises(errors.ErrorNonExistentMailbox, match="no mailbox associated with it"):
        assert login("nobody@example.com").calendar.id


def test_refused_for_a_wrong_password(login: Login) -> None:
    with pytest.raises(UnauthorizedError):
        assert login(password="wrong").protocol.version


def test_throttled(account: Account, environment: Emulator) -> None:
    """More requests at a time than the policy allows, and more server time than there is."""
    assert account.calendar.id
    user = environment.ready["exchange_account"]["username"]
    environment.control.throttling_policy(user, max_concurrency=0)
    with pytest.raises(errors.ErrorExceededConnectionCount):
        find(account)
    environment.control.throttling_policy(
        user, max_concurrency=27, max_burst=10, cutoff_balance=10, recharge_rate=36000, request_cost=10
    )
    with pytest.raises(errors.ErrorServerBusy) as shown:
        find_often(account)
    assert 0 < shown.value.back_off < 10
    environment.control.advance(10)
    find(account)


def test_subscriptions_are_charged_to_the_mailbox(account: Account, login: Login, environment: Emulator) -> None:
    environment.control.throttling_policy(MAILBOX, max_subscriptions=1)
    assert account.calendar.subscribe_to_pull()
    with pytest.raises(errors.ErrorExceededSubscriptionCount):
        account.calendar.subscribe_to_pull()
    assert login("user0002@example.com").calendar.subscribe_to_pull()


def test_a_restart_of_the_server_loses_a_subscription(account: Account, environment: Emulator) -> None:
    subscription, watermark = account.calendar.subscribe_to_pull()
    item = meeting(account)
    assert environment.control.restart_exchange("mail1.example.com") == 1
    with pytest.raises(errors.ErrorSubscriptionNotFound):
        list(account.calendar.get_events(subscription, watermark))
    assert item.id in [found.id for found in account.calendar.all()]


def test_an_address_that_nothing_can_be_pushed_to(account: Account) -> None:
    with pytest.raises(errors.ErrorInvalidPushSubscriptionUrl):
        account.calendar.subscribe_to_push("ftp://127.0.0.1/here")


def test_somebody_else_has_changed_the_item(account: Account, environment: Emulator) -> None:
    item = meeting(account)
    environment.control.change_meeting(MAILBOX, item.id, subject="First")
    item.subject = "Second"
    with pytest.raises(errors.ErrorIrresolvableConflict):
        item.save(update_fields=["subject"], conflict_resolution="NeverOverwrite")
    environment.control.delete_meeting(MAILBOX, item.id)
    with pytest.raises(errors.ErrorItemNotFound):
        item.save(update_fields=["subject"])


def test_more_than_two_years_at_a_time(account: Account) -> None:
    with pytest.raises(errors.ErrorCalendarViewRangeTooBig):
        list(account.calendar.view(start=MONDAY, end=MONDAY + 800 * DAY))
    with pytest.raises(errors.ErrorTimeIntervalTooBig):
        list(account.protocol.get_free_busy_info([(account, "Organizer", False)], MONDAY, MONDAY + 43 * DAY))


def test_times_that_cannot_be(account: Account, environment: Emulator) -> None:
    with pytest.raises(errors.ErrorCalendarDurationIsTooLong):
        CalendarItem(account=account, folder=account.calendar, start=MONDAY, end=MONDAY + 2000 * DAY).save()
    # To the client they are days to come.
    environment.control.advance(30 * 86400)
    start = EWSDateTime.now(tz=ZONE).replace(microsecond=0) + DAY
    with pytest.raises(errors.ErrorInvalidScheduledOofDuration):
        account.oof_settings = OofSettings(
            state="Scheduled", start=start, end=start + DAY, internal_reply="Out.", external_reply="Out."
        )


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_cut(account: Account, environment: Emulator, kind: str) -> None:
    assert account.calendar.id
    environment.control.fault(kind, protocol=PROTOCOL, operation="FindItem", times=1)
    with pytest.raises(ErrorTimeoutExpired):
        find(account)
    find(account)


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_another_status_than_200(account: Account, environment: Emulator, status: int) -> None:
    assert account.calendar.id
    environment.control.fault("status", effect={"status": status}, protocol=PROTOCOL, operation="FindItem", times=2)
    with pytest.raises((TransportError, EWSError)):
        find(account)


def test_delayed(account: Account, environment: Emulator) -> None:
    assert account.calendar.id
    environment.control.fault("delay", effect={"seconds": 1}, protocol=PROTOCOL, operation="FindItem", times=1)
    begun = time.monotonic()
    find(account)
    assert datetime.timedelta(seconds=time.monotonic() - begun) > datetime.timedelta(seconds=0.9)
    account.protocol.TIMEOUT = 0.3
    environment.control.fault("delay", effect={"seconds": 3}, protocol=PROTOCOL, operation="FindItem", times=1)
    with pytest.raises(ErrorTimeoutExpired):
        find(account)


def test_a_meeting_of_an_hour_is_not_lost_by_a_refusal(account: Account, environment: Emulator) -> None:
    """A write that was refused has changed nothing; one whose answer was cut has been done."""
    inject(environment, "CreateItem", "ErrorMailboxStoreUnavailable")
    with pytest.raises(errors.ErrorMailboxStoreUnavailable):
        meeting(account)
    assert account.calendar.all().count() == 0
    environment.control.clear_faults()
    environment.control.fault("drop_after", protocol=PROTOCOL, operation="CreateItem", times=1)
    with pytest.raises(ErrorTimeoutExpired):
        meeting(account)
    assert [item.end - item.start for item in account.calendar.all()] == [HOUR]
