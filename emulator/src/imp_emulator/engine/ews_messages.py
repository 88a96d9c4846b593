# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of Exchange Web Services that the Presence Engine sends, and what it reads in the answers.

Nobody has published which operations the product uses; these are the ones that a client needs for what it is known to
do. Each request acts for one mailbox by impersonation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from imp_emulator.domain.exchange.event_log import EventKind
from imp_emulator.wire.exchange.ews.messages import Element, M, T
from imp_emulator.wire.exchange.ews.values import read_boolean, read_time, time_text
from imp_emulator.wire.http import soap

VERSION = "Exchange2010_SP1"
"""The oldest version that has all these operations, so that every server knows it."""
PAGE = 1000
"""How many meetings are asked for at a time: what EWSFindCountLimit gives by default."""
DISABLED, SCHEDULED = "Disabled", "Scheduled"
"""States of automatic replies."""

_SOAP = f"{{{soap.ENVELOPE}}}"
_FAULT = f"{_SOAP}Fault"
_ITEM = f"{{{T}}}CalendarItem"
_PROPERTIES = ("calendar:Start", "calendar:End", "calendar:LegacyFreeBusyStatus", "calendar:IsCancelled")
_FIELDS = "".join(f'<t:FieldURI FieldURI="{name}"/>' for name in _PROPERTIES)
_EVENTS = "".join(f"<t:EventType>{kind}</t:EventType>" for kind in EventKind)
_OPENING = (
    f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap.ENVELOPE}" xmlns:m="{M}" xmlns:t="{T}">'
    f'<s:Header><t:RequestServerVersion Version="{VERSION}"/><t:ExchangeImpersonation><t:ConnectingSID>'
    "<t:PrimarySmtpAddress>"
)
_MIDDLE = "</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body>"
_CLOSING = "</s:Body></s:Envelope>"


class Unreadable(Exception):
    """An answer that is not one of the service's."""


class Refused(Exception):
    """An answer that says that something could not be done.

    Attributes:
        code: Microsoft's word for why, for example ``ErrorNonExistentMailbox``.
        back_off: After how many seconds to try again; ``None`` when it does not say.
    """

    def __init__(self, code: str, back_off: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.back_off = back_off


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something in a calendar; times in seconds since the epoch."""

    id: str
    start: float
    end: float
    status: str
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Meetings in the order of their start, and whether these are all."""

    meetings: tuple[Meeting, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Replies:
    """The automatic replies of a mailbox: their state, and the period that counts when they are scheduled."""

    state: str
    start: float | None
    end: float | None


def get_folder(address: str) -> bytes:
    """Return the question for the calendar's id."""
    return _message(
        address,
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
        '<m:FolderIds><t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>',
    )


def subscribe(address: str, folder: str, url: str, minutes: int) -> bytes:
    """Return the request for a push subscription to all that happens in a folder."""
    return _message(
        address,
        f"<m:Subscribe><m:PushSubscriptionRequest><t:FolderIds><t:FolderId Id={quoteattr(folder)}/></t:FolderIds>"
        f"<t:EventTypes>{_EVENTS}</t:EventTypes><t:StatusFrequency>{minutes}</t:StatusFrequency>"
        f"<t:URL>{soap.text(url)}</t:URL></m:PushSubscriptionRequest></m:Subscribe>",
    )


def unsubscribe(address: str, subscription: str) -> bytes:
    """Return the request to end a subscription."""
    identifier = soap.text(subscription)
    return _message(address, f"<m:Unsubscribe><m:SubscriptionId>{identifier}</m:SubscriptionId></m:Unsubscribe>")


def find_meetings(address: str, folder: str, start: float, end: float) -> bytes:
    """Return the question for what takes place between two times (seconds since the epoch), the first :data:`PAGE`."""
    return _message(
        address,
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
        f"{_FIELDS}</t:AdditionalProperties></m:ItemShape>"
        f'<m:CalendarView MaxEntriesReturned="{PAGE}" StartDate="{_time(start)}" EndDate="{_time(end)}"/>'
        f"<m:ParentFolderIds><t:FolderId Id={quoteattr(folder)}/></m:ParentFolderIds></m:FindItem>",
    )


def get_automatic_replies(address: str) -> bytes:
    """Return the question for a mailbox's automatic replies."""
    return _message(
        address,
        "<m:GetUserOofSettingsRequest><t:Mailbox><t:Address>"
        f"{soap.text(address)}</t:Address></t:Mailbox></m:GetUserOofSettingsRequest>",
    )


def get_options(address: str) -> bytes:
    """Return the question for the settings of Outlook on the web, the mailbox's time zone among them."""
    return _message(
        address,
        '<m:GetUserConfiguration><m:UserConfigurationName Name="OWA.UserOptions"><t:DistinguishedFolderId Id="root"/>'
        "</m:UserConfigurationName><m:UserConfigurationProperties>Dictionary</m:UserConfigurationProperties>"
        "</m:GetUserConfiguration>",
    )


def answer(body: bytes) -> Element:
    """Return the element in the body of an answer that says that everything was done.

    Raises:
        Refused: It says otherwise.
        Unreadable: It is no answer of the service.
    """
    try:
        _, content = soap.parse_envelope(body)
    except soap.MalformedXml:
        raise Unreadable("no SOAP message") from None
    if content.tag == _FAULT:
        detail = soap.child(content, "detail")
        stated = "" if detail is None else soap.content(soap.child(detail, "ResponseCode"))
        code = stated or soap.content(soap.child(content, "faultcode")).rpartition(":")[2]
        raise Refused(code or "a fault without a code", _back_off(content))
    for message in _response_messages(content):
        code = soap.content(soap.child(message, "ResponseCode"))
        if message.get("ResponseClass") == "Error" or not code:
            raise Refused(code or "an error without a code", _back_off(message))
        return content
    raise Unreadable("no response message")


def folder_id(content: Element) -> str:
    """Return the id in an answer to :func:`get_folder`; raises :class:`Unreadable`."""
    found = content.find(f".//{{{T}}}FolderId")
    return _stated("" if found is None else found.get("Id", ""), "folder id")


def subscription_id(content: Element) -> str:
    """Return the id in an answer to :func:`subscribe`; raises :class:`Unreadable`."""
    return _stated(content.findtext(f".//{{{M}}}SubscriptionId", ""), "subscription id")


def meetings(content: Element) -> Page:
    """Return what stands in an answer to :func:`find_meetings`; raises :class:`Unreadable`."""
    root = content.find(f".//{{{M}}}RootFolder")
    if root is None:
        raise Unreadable("no list of items")
    try:
        whole = read_boolean(root.get("IncludesLastItemInRange", "true"))
        return Page(tuple(_meeting(item) for item in root.iter(_ITEM)), whole)
    except (LookupError, ValueError):
        raise Unreadable("an item without what was asked for") from None


def automatic_replies(content: Element) -> Replies:
    """Return what stands in an answer to :func:`get_automatic_replies`; raises :class:`Unreadable`."""
    state = _stated(content.findtext(f".//{{{T}}}OofState", ""), "state of the automatic replies")
    if state != SCHEDULED:
        return Replies(state, None, None)
    try:
        start, end = (_moment(content.findtext(f".//{{{T}}}{name}")) for name in ("StartTime", "EndTime"))
    except ValueError:
        raise Unreadable("automatic replies without their period") from None
    return Replies(state, start, end)


def time_zone(content: Element) -> str:
    """Return the time zone in an answer to :func:`get_options`, as the mailbox names it; empty without one."""
    for entry in content.iter(f"{{{T}}}DictionaryEntry"):
        if entry.findtext(f"{{{T}}}DictionaryKey/{{{T}}}Value") == "timezone":
            return (entry.findtext(f"{{{T}}}DictionaryValue/{{{T}}}Value") or "").strip()
    return ""


def _message(address: str, content: str) -> bytes:
    return f"{_OPENING}{soap.text(address)}{_MIDDLE}{content}{_CLOSING}".encode()


def _response_messages(content: Element) -> Iterator[Element]:
    """Go through the response messages: in a list, one without a list, or what the schema says of GetUserConfiguration.

    Microsoft's examples show its answer with a list, Microsoft's schema makes it the message itself.
    """
    if content.get("ResponseClass") is not None:
        yield content
        return
    listed = soap.child(content, "ResponseMessages")
    yield from soap.children(content, "ResponseMessage") if listed is None else listed


def _back_off(message: Element) -> float | None:
    for value in message.iter(f"{{{T}}}Value"):
        text = soap.content(value)
        if value.get("Name") == "BackOffMilliseconds" and text.isascii() and text.isdigit() and len(text) < 10:
            return int(text) / 1000
    return None


def _meeting(item: Element) -> Meeting:
    found: dict[str, Element] = {soap.local_name(child): child for child in item}
    return Meeting(
        str(found["ItemId"].attrib["Id"]),
        _moment(found["Start"].text),
        _moment(found["End"].text),
        soap.content(found["LegacyFreeBusyStatus"]),
        "IsCancelled" in found and read_boolean(found["IsCancelled"].text),
    )


def _stated(text: str | None, what: str) -> str:
    if not (text or "").strip():
        raise Unreadable(f"no {what}")
    return (text or "").strip()


def _time(timestamp: float) -> str:
    return time_text(datetime.fromtimestamp(timestamp, UTC))


def _moment(text: str | None) -> float:
    return read_time(text, UTC).timestamp()
