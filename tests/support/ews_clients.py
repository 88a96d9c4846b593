# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What public EWS clients are given: a server under its own name, the account, a listener for notifications."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lxml import etree

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1
from tests.support.https_server import running

MAILBOX = "user0001@example.com"
OTHER = "user0002@example.com"
PROTOCOL = "ews"
"""The protocol's name in journal and faults."""

FAULTS = {
    "FindItem": (
        "ErrorImpersonateUserDenied",
        "ErrorImpersonationDenied",
        "ErrorImpersonationFailed",
        "ErrorInvalidExchangeImpersonationHeaderData",
        "ErrorNonExistentMailbox",
        "ErrorServerBusy",
        "ErrorExceededConnectionCount",
        "ErrorExceededFindCountLimit",
        "ErrorSchemaValidation",
        "ErrorInvalidServerVersion",
        "ErrorIncorrectSchemaVersion",
        "ErrorInvalidRequest",
        "ErrorFolderNotFound",
        "ErrorAccessDenied",
        "ErrorCalendarViewRangeTooBig",
        "ErrorCalendarFolderIsInvalidForCalendarView",
        "ErrorMailboxStoreUnavailable",
        "ErrorInternalServerError",
        "ErrorInternalServerTransientError",
    ),
    "Subscribe": (
        "ErrorExceededSubscriptionCount",
        "ErrorInvalidSubscriptionRequest",
        "ErrorInvalidWatermark",
    ),
    "GetEvents": (
        "ErrorSubscriptionNotFound",
        "ErrorSubscriptionAccessDenied",
        "ErrorExpiredSubscription",
        "ErrorInvalidSubscription",
        "ErrorInvalidWatermark",
        "ErrorReadEventsFailed",
        "ErrorMissedNotificationEvents",
    ),
    "CreateItem": (
        "ErrorCalendarEndDateIsEarlierThanStartDate",
        "ErrorCalendarDurationIsTooLong",
    ),
    "UpdateItem": (
        "ErrorItemNotFound",
        "ErrorInvalidIdMalformed",
        "ErrorChangeKeyRequiredForWriteOperations",
        "ErrorIrresolvableConflict",
    ),
    "ResolveNames": ("ErrorNameResolutionNoResults",),
    "GetUserAvailability": (
        "ErrorMailRecipientNotFound",
        "ErrorFreeBusyGenerationFailed",
        "ErrorInvalidTimeInterval",
        "ErrorTimeIntervalTooBig",
    ),
    "SetUserOofSettings": (
        "ErrorInvalidScheduledOofDuration",
        "ErrorInvalidUserOofSettings",
    ),
}
"""Errors that a client meets, by the operation that is answered with them."""
ROWS = [(operation, code) for operation, codes in FAULTS.items() for code in codes]


def inject(emulator: Emulator, operation: str, code: str) -> None:
    """Answer every request for an operation with an error; one that is throttled is told for how long."""
    values = {"BackOffMilliseconds": "300000"} if code == "ErrorServerBusy" else {}
    emulator.control.fault("error", effect={"code": code, "values": values}, protocol=PROTOCOL, operation=operation)


@dataclass(frozen=True)
class Endpoint:
    """Where a client finds EWS, and with which account; the port is the one that listens in truth."""

    address: str
    port: int
    ca_file: str
    username: str
    password: str
    host: str = MAIL1

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"https://{self.host}:{self.port}/EWS/Exchange.asmx"


def endpoint(emulator: Emulator, server: str = MAIL1) -> Endpoint:
    """Return the endpoint of an Exchange server, with the account that impersonates."""
    place, account = emulator.ready["exchange"][server], emulator.ready["exchange_account"]
    return Endpoint(
        place["address"], place["ports"]["443"], place["root_file"], account["username"], account["password"], server
    )


def resolver(*known: Endpoint) -> Callable[..., Any]:
    """Return a ``getaddrinfo`` that knows these servers by name, as a company's DNS would; names are all it changes."""
    addresses = {one.host: one.address for one in known}
    system = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        return system(addresses.get(host, host), *arguments, **named)

    return getaddrinfo


class Listener:
    """An HTTP server to which notifications are pushed.

    Attributes:
        url: Its address.
        bodies: What has come, oldest first.
        answer: Makes the answer's body; raises for HTTP 500.
    """

    def __init__(self, server: ThreadingHTTPServer, answer: Callable[[bytes], bytes]) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/notifications"
        self.bodies: queue.Queue[bytes] = queue.Queue()
        self.answer = answer

    def next(self, seconds: float = 20) -> bytes:
        """Wait for the next notification and validate it; raises ``queue.Empty`` when none comes."""
        body = self.bodies.get(timeout=seconds)
        _header, (content,) = etree.fromstring(body)
        ews_schema.check_content(content)
        return body


@contextmanager
def listening(answer: Callable[[bytes], bytes]) -> Iterator[Listener]:
    """A listener on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = listener.answer(body)
            self.send_response(200)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            listener.bodies.put(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server, answer)
    with running(server):
        yield listener
