# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes opened with the public client ``exchangelib``: the fixtures ``login`` and ``account``, and a meeting."""

from __future__ import annotations

import datetime
import logging
import socket
from collections.abc import Callable, Iterator, Mapping

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

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.ews import grant_impersonation
from tests.support.ews_clients import MAILBOX, endpoint, resolver

ZONE = EWSTimeZone("Europe/Berlin")
MONDAY = EWSDateTime(2026, 6, 1, 9, 0, tzinfo=ZONE)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

Login = Callable[..., Account]


LOGGERS = ("exchangelib.util.xml", "exchangelib.services.get_streaming_events.xml")
"""Where the client writes the answers that it gets."""


class _Answers(logging.Handler):
    """Keeps the SOAP messages among what the client is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []

    def emit(self, record: logging.LogRecord) -> None:
        content = record.args.get("xml_response") if isinstance(record.args, Mapping) else None
        if isinstance(content, bytes) and b"Envelope" in content:
            self.seen.append(content)


@pytest.fixture(name="login", params=[BASIC, NTLM])
def login_fixture(
    environment: Emulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Login]:
    """A function that opens a mailbox by impersonation; each way to log in is another run of the test.

    What the client is answered is validated when the test is over.
    """
    answers = _Answers()
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

    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(answers)
    try:
        yield login
    finally:
        close_connections()
        for logger in loggers:
            logger.removeHandler(answers)
            logger.setLevel(logging.NOTSET)
    for answer in answers.seen:
        ews_schema.check(answer)


@pytest.fixture(name="account")
def account_fixture(environment: Emulator, login: Login) -> Account:
    """The mailbox of the first user, opened with the right to do so."""
    grant_impersonation(environment)
    return login()


def meeting(account: Account, start: EWSDateTime = MONDAY, **fields: object) -> CalendarItem:
    """Save a meeting of one hour."""
    wanted = {"subject": "Planning", "start": start, "end": start + HOUR, **fields}
    return CalendarItem(account=account, folder=account.calendar, **wanted).save()
