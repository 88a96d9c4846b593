# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SOAP message: what a request is, its headers, and the answer in its envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from imp_emulator.domain.exchange import impersonation, time_zones
from imp_emulator.domain.exchange.impersonation import Identity
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.pipeline.request import Stream
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, T
from imp_emulator.wire.exchange.ews.versions import BUILD, Version, check_operation, version_of
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

CONTENT_TYPE = "text/xml; charset=utf-8"

_INFO = " ".join(f'{name}="{value}"' for name, value in BUILD.items())
_OPENING = (
    f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap.ENVELOPE}"><s:Header>'
    f'<h:ServerVersionInfo xmlns:h="{T}" {_INFO}/></s:Header><s:Body>'
).encode()
_CLOSING = b"</s:Body></s:Envelope>"
_STREAMED_OPENING = (
    f'<Envelope xmlns="{soap.ENVELOPE}"><Header><h:ServerVersionInfo xmlns:h="{T}" {_INFO}/></Header><Body>'
).encode()
_STREAMED_CLOSING = b"</Body></Envelope>"
MAXIMUM_LIST = 1000
"""How many things one request may ask for; public clients send 100 at a time unless told otherwise."""
_TOO_LONG = etree.XPath(f"boolean(//*[*[{MAXIMUM_LIST + 1}]])")
_HEADERS = ("RequestServerVersion", "TimeZoneContext", "ExchangeImpersonation")
_IDENTITIES: Mapping[str, Identity] = {
    "PrincipalName": Identity.PRINCIPAL_NAME,
    "SID": Identity.SID,
    "PrimarySmtpAddress": Identity.PRIMARY_ADDRESS,
    "SmtpAddress": Identity.ADDRESS,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A SOAP message: its headers of the types namespace by their names, and the element that says what is asked."""

    headers: Mapping[str, Element]
    body: Element

    @property
    def operation(self) -> str:
        """The name of what is asked; three roots have the word Request behind it."""
        return soap.local_name(self.body).removesuffix("Request")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, decoded.

    Attributes:
        version: The version of the schema that it is written in.
        caller: The account that has logged in, by the name that it is stored under.
        server: The name of the Exchange server that was asked.
        mailbox: The one acted for: that of the impersonated user, else the account's own; ``None`` if it has none.
        zone: The time zone of times without one (IANA name).
        body: The element of the operation.
    """

    version: Version
    caller: str
    server: str
    mailbox: Mailbox | None
    zone: str
    body: Element


@dataclass(frozen=True, slots=True)
class Handler:
    """What carries out an operation.

    Attributes:
        write: Whether it changes anything.
        run: Returns the answer's element, or the messages of an answer that goes on; raises :class:`EwsError` when
            nothing can be done at all.
        hanging: Whether its answer goes on for minutes, so that it counts among the hanging connections.
    """

    write: bool
    run: Callable[[Context, Call], Element | Stream]
    hanging: bool = False


def parse(body: bytes) -> Message:
    """Read a SOAP message.

    Raises:
        EwsError: It is none, or asks for nothing.
    """
    try:
        root = soap.parse_xml(body)
    except soap.MalformedXml as error:
        raise schema_violation(error.reason) from None
    if soap.split_tag(root) != (soap.ENVELOPE, "Envelope"):
        raise schema_violation("The document element is not a SOAP 1.1 Envelope.")
    if _TOO_LONG(root):
        raise EwsError("ErrorInvalidRequest", f"The request holds a list of more than {MAXIMUM_LIST} elements.")
    inside = soap.children(root, "Body")
    if len(inside) != 1 or len(inside[0]) == 0:
        raise EwsError("ErrorInvalidRequest", "The request asks for nothing.")
    if len(inside[0]) != 1:
        raise schema_violation("The SOAP Body holds more than one element.", inside[0][1])
    headers: dict[str, Element] = {}
    for header in (child for found in soap.children(root, "Header") for child in found):
        namespace, name = soap.split_tag(header)
        if namespace == T and name in _HEADERS:
            if name in headers:
                raise EwsError("ErrorDuplicateSOAPHeader")
            headers[name] = header
    return Message(headers, inside[0][0])


def decode(context: Context, message: Message, caller: str, server: str) -> Call:
    """Return what a message asks for, and for whom.

    Raises:
        EwsError: A header is wrong, or the account may not act for the one that it names.
    """
    stated = message.headers.get("RequestServerVersion")
    version = version_of(None if stated is None else stated.get("Version"))
    check_operation(message.operation, version)
    zone = _zone(message.headers.get("TimeZoneContext"))
    wanted = message.headers.get("ExchangeImpersonation")
    mailbox = impersonation.own_mailbox(context, caller) if wanted is None else _impersonated(context, caller, wanted)
    return Call(version, caller, server, mailbox, zone, message.body)


def _zone(header: Element | None) -> str:
    definition = None if header is None else soap.child(header, "TimeZoneDefinition")
    if definition is None:
        return "UTC"
    try:
        return time_zones.iana(definition.get("Id", ""))
    except InvalidValue:
        raise EwsError("ErrorTimeZone") from None


def _impersonated(context: Context, caller: str, header: Element) -> Mailbox:
    identities = [child for found in soap.children(header, "ConnectingSID") for child in found]
    kind = _IDENTITIES.get(soap.local_name(identities[0])) if len(identities) == 1 else None
    text = soap.content(identities[0]) if kind else ""
    if kind is None or not text:
        raise EwsError("ErrorInvalidExchangeImpersonationHeaderData")
    try:
        return impersonation.acted_for(context, caller, kind, text)
    except InvalidValue:
        raise EwsError("ErrorInvalidExchangeImpersonationHeaderData") from None
    except NotFound:
        raise EwsError("ErrorNonExistentMailbox", fault=True) from None
    except Forbidden:
        raise EwsError("ErrorImpersonateUserDenied") from None


def encode(content: Element) -> bytes:
    """Return an answer: its element in a SOAP message that says which build has answered."""
    return _OPENING + etree.tostring(content) + _CLOSING


def encode_streamed(content: Element) -> bytes:
    """Return one of the messages of an answer that goes on.

    Clients look for the tag of the envelope without a prefix to see where a message ends (ews-javascript-api 0.15,
    ``HangingServiceRequestBase``).
    """
    return _STREAMED_OPENING + etree.tostring(content) + _STREAMED_CLOSING


def schema_violation(rule: str, place: Element | None = None) -> EwsError:
    """Return the error of a request that does not have the form that the schema wants.

    Args:
        rule: What is wrong.
        place: The element where it is wrong.
    """
    line = getattr(place, "sourceline", None) or 0
    values = {"LineNumber": str(line), "LinePosition": "0", "Violation": rule}
    return EwsError("ErrorSchemaValidation", f"The request failed schema validation: {rule}", values=values)


def required(parent: Element, name: str) -> Element:
    """Return a child element that must be there.

    Raises:
        EwsError: It is missing.
    """
    found = soap.child(parent, name)
    if found is None:
        local = soap.local_name(parent)
        raise schema_violation(f"The element '{local}' has no '{name}'.", parent)
    return found


def listed(parent: Element, name: str) -> list[Element]:
    """Return what stands in a list that must be there and name something.

    Raises:
        EwsError: It is missing or empty.
    """
    found = list(required(parent, name))
    if not found:
        raise schema_violation(f"The element '{name}' is empty.", parent)
    return found


def attribute(element: Element, name: str) -> str:
    """Return an attribute that must be there.

    Raises:
        EwsError: It is missing.
    """
    value = element.get(name)
    if value is None:
        raise schema_violation(f"The element '{soap.local_name(element)}' has no attribute '{name}'.", element)
    return value


def flag(text: str | None, *, default: bool = False) -> bool:
    """Return what an xs:boolean says; clients write ``1`` and ``true``.

    Raises:
        EwsError: It is none.
    """
    if text is None:
        return default
    if text.strip() not in ("true", "1", "false", "0"):
        raise schema_violation(f"'{text[:40]}' is no boolean.")
    return text.strip() in ("true", "1")
