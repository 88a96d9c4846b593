# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain client of Exchange Web Services: messages as text over HTTP, and each answer validated against the schema."""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import Any, Self

import httpx
from lxml import etree

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.exchange import powershell

NAMESPACES = {"m": ews_schema.MESSAGES, "t": ews_schema.TYPES, "s": ews_schema.SOAP}
PATH = "/EWS/Exchange.asmx"
SERVER = "mail1.example.com"
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}


def envelope(content: str, header: str = "") -> str:
    """Return a SOAP message; the prefixes m and t stand for the namespaces of EWS."""
    return (
        f'<soap:Envelope xmlns:soap="{ews_schema.SOAP}" xmlns:m="{ews_schema.MESSAGES}" xmlns:t="{ews_schema.TYPES}">'
        f"<soap:Header>{header}</soap:Header><soap:Body>{content}</soap:Body></soap:Envelope>"
    )


def impersonation(name: str, kind: str = "PrimarySmtpAddress") -> str:
    """Return the header by which an account acts for a mailbox."""
    return (
        f"<t:ExchangeImpersonation><t:ConnectingSID><t:{kind}>{name}</t:{kind}></t:ConnectingSID>"
        "</t:ExchangeImpersonation>"
    )


class Answer:
    """An answer: its HTTP status and the element in its body."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.response = response
        self.body = ews_schema.check(response.content)

    def find(self, path: str) -> etree._Element | None:
        """Return the first element of a path below the body's element, with the prefixes m and t."""
        return self.body.find(path, NAMESPACES)

    def all(self, path: str) -> list[etree._Element]:
        """Return all elements of a path."""
        return self.body.findall(path, NAMESPACES)

    def text(self, path: str) -> str:
        """Return the text of the first element of a path, ``""`` for none."""
        return self.body.findtext(path, "", NAMESPACES)

    def texts(self, path: str) -> list[str]:
        """Return the texts of all elements of a path."""
        return [found.text or "" for found in self.all(path)]

    @property
    def codes(self) -> list[str]:
        """The codes of the response messages, or the one of a SOAP fault."""
        if self.body.tag == f"{{{ews_schema.SOAP}}}Fault":
            return [self.body.findtext("detail/{*}ResponseCode", "")]
        return self.texts(".//m:ResponseCode")


class Ews:
    """A client of an Exchange server's EWS.

    Args:
        emulator: The emulator.
        acting_for: The mailbox to act for by impersonation, or ``None``.
        version: What the header RequestServerVersion says; ``None`` leaves it out.
        server: Which Exchange server.
        account: Logs in with Basic; ``None`` leaves that to ``options``.
        options: Further ones of httpx.Client.
    """

    def __init__(
        self,
        emulator: Emulator,
        acting_for: str | None = None,
        *,
        version: str | None = "Exchange2013_SP1",
        server: str = SERVER,
        account: str | None = "exchange_account",
        **options: Any,
    ) -> None:
        place = emulator.ready["exchange"][server]
        context = ssl.create_default_context(cafile=place["root_file"])
        context.check_hostname = False
        if account is not None:
            known = emulator.ready[account]
            options = {"auth": (known["username"], known["password"])} | options
        self.acting_for = acting_for
        self.version = version
        self.client = httpx.Client(
            base_url=f"https://{place['address']}:{place['ports']['443']}",
            verify=context,
            trust_env=False,
            headers=HEADERS,
            **({"timeout": 30} | options),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def header(self) -> str:
        """Return the headers that each message of this client has."""
        version = f'<t:RequestServerVersion Version="{self.version}"/>' if self.version else ""
        return version + (impersonation(self.acting_for) if self.acting_for else "")

    def message(self, content: str, header: str | None = None) -> str:
        """Return a whole message; ``header`` replaces the headers of this client."""
        return envelope(content, self.header() if header is None else header)

    def ask(self, content: str, header: str | None = None) -> Answer:
        """Send a request and return its answer, validated."""
        return self.send(self.message(content, header))

    def send(self, message: str | bytes) -> Answer:
        """Send a message as it is."""
        return Answer(self.client.post(PATH, content=message))


def grant_impersonation(emulator: Emulator) -> None:
    """Have the account of kind exchange act for all mailboxes, as an administrator does."""
    with powershell(emulator) as shell:
        account = emulator.ready["exchange_account"]["username"]
        outcome = shell.run("New-ManagementRoleAssignment", Role="ApplicationImpersonation", User=account)
        assert not outcome.errors, outcome.errors
    emulator.control.clear_journal()
