# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes opened with the public client ``exchangelib``: the fixtures ``login`` and ``account``, and a meeting."""

from __future__ import annotations

import datetime
import socket
from collections.abc import Callable, Iterator

import pytest
from exchangelib import (
    BASIC,
    IMPERSONATION,
    NTLM,
    Account,
    CalendarItem,
    Configuration,
    Credentials,
    EWSDateTime,
    EWSTimeZone,
)
from exchangelib.protocol import close_connections

from tests.support.emulator import Emulator
from tests.support.ews import grant_impersonation
from tests.support.ews_clients import MAILBOX, endpoint, resolver

ZONE = EWSTimeZone("Europe/Berlin")
MONDAY = EWSDateTime(2026, 6, 1, 9, 0, tzinfo=ZONE)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

Login = Callable[..., Account]


@pytest.fixture(name="login", params=[BASIC, NTLM])
def login_fixture(
    environment: Emulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Login]:
    """A function that opens a mailbox by impersonation; each way to log in is another run of the test."""
    place = endpoint(environment)
    monkeypatch.setattr(socket, "getaddrinfo", resolver(place))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.ca_file)
    monkeypatch.setenv("NO_PROXY", "*")

    def login(mailbox: str = MAILBOX, **more: object) -> Account:
        config = Configuration(
            service_endpoint=place.url,
            credentials=Credentials(place.username, str(more.pop("password", place.password))),
            auth_type=request.param,
            **more,
        )
        return Account(mailbox, config=config, autodiscover=False, access_type=IMPERSONATION, default_timezone=ZONE)

    yield login
    close_connections()


@pytest.fixture(name="account")
def account_fixture(environment: Emulator, login: Login) -> Account:
    """The mailbox of the first user, opened with the right to do so."""
    grant_impersonation(environment)
    return login()


def meeting(account: Account, start: EWSDateTime = MONDAY, **fields: object) -> CalendarItem:
    """Save a meeting of one hour."""
    wanted = {"subject": "Planning", "start": start, "end": start + HOUR, **fields}
    return CalendarItem(account=account, folder=account.calendar, **wanted).save()
