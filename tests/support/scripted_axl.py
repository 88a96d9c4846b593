# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport that answers AXL messages with what a test says, without any network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM

CONNECTION = Connection(CUCM, "cucm-pub.example.com", 8443, "axladmin", "canary-91c2")
Handler = Callable[[Element], str]


def enveloped(inner: str) -> bytes:
    """Return markup as the content of a SOAP body."""
    opening = f'<soapenv:Envelope xmlns:soapenv="{soap.ENVELOPE}"><soapenv:Body>'
    return f"{opening}{inner}</soapenv:Body></soapenv:Envelope>".encode()


class Fault(Exception):
    """Raised by a handler: the operation is refused with this axlcode and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Sent:
    """A request: its bytes, its message, its headers, and whether the client lets the transport repeat it."""

    body: bytes
    message: Element
    headers: dict[str, str]
    idempotent: bool

    @property
    def operation(self) -> str:
        return soap.local_name(self.message)


class Server(Transport):
    """Answers each operation with what its handler returns; remembers what it was sent."""

    def __init__(self, version: str = "14.0.1.13900-155", **handlers: Handler) -> None:
        super().__init__(CONNECTION)
        self.handlers: dict[str, Handler] = {
            "getCCMVersion": lambda _request: (
                f"<return><componentVersion><version>{version}</version></componentVersion></return>"
            ),
            **handlers,
        }
        self.sent: list[Sent] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Any = None,
        idempotent: bool | None = None,
        busy: Any = None,
    ) -> Answer:
        assert (method, path) == ("POST", "/axl/")
        assert body is not None
        sent = Sent(body, soap.parse(body), headers, bool(idempotent))
        self.sent.append(sent)
        operation = sent.operation
        try:
            content = self.handlers[operation](sent.message)
            inner, status = f'<n:{operation}Response xmlns:n="urn:any">{content}</n:{operation}Response>', 200
        except Fault as fault:
            detail = (
                f"<axlError><axlcode>{fault.code}</axlcode><axlmessage>{fault.message}</axlmessage>"
                f"<request>{operation}</request></axlError>"
            )
            words = f"<faultcode>soapenv:Server</faultcode><faultstring>{fault.message}</faultstring>"
            inner, status = f"<soapenv:Fault>{words}<detail>{detail}</detail></soapenv:Fault>", 500
        return Answer(status, {}, enveloped(inner))

    def messages(self, operation: str) -> list[Element]:
        return [sent.message for sent in self.sent if sent.operation == operation]
