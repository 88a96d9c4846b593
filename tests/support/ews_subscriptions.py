# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions to mailboxes as a plain client makes and reads them, and what they can tell of."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from lxml import etree

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, PATH, Answer, Ews, grant_impersonation

MAILBOX = "user0001@example.com"
OTHER = "user0002@example.com"
KINDS = ("CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "CopiedEvent", "NewMailEvent")
CALENDAR = '<t:FolderIds><t:DistinguishedFolderId Id="calendar"/></t:FolderIds>'
NOON = "2030-01-01T12:00:00Z"
END = b"</Envelope>"


@pytest.fixture
def mail(environment: Emulator) -> Iterator[Ews]:
    """Acts for a mailbox, while the clock stands still at noon."""
    environment.control.clock(now=NOON, frozen=True)
    grant_impersonation(environment)
    with Ews(environment, MAILBOX) as ews:
        yield ews


def request(method: str, rest: str = "", *, folders: str = CALENDAR, kinds: tuple[str, ...] = KINDS) -> str:
    events = "".join(f"<t:EventType>{kind}</t:EventType>" for kind in (*kinds, "FreeBusyChangedEvent"))
    return (
        f"<m:Subscribe><m:{method}SubscriptionRequest>{folders}<t:EventTypes>{events}</t:EventTypes>{rest}"
        f"</m:{method}SubscriptionRequest></m:Subscribe>"
    )


def pull_request(minutes: int = 10, watermark: str = "", prefix: str = "t") -> str:
    known = f"<{prefix}:Watermark>{watermark}</{prefix}:Watermark>" if watermark else ""
    return request("Pull", f"{known}<t:Timeout>{minutes}</t:Timeout>")


def push_request(url: str, minutes: int = 30, watermark: str = "") -> str:
    known = f"<t:Watermark>{watermark}</t:Watermark>" if watermark else ""
    return request("Push", f"{known}<t:StatusFrequency>{minutes}</t:StatusFrequency><t:URL>{url}</t:URL>")


def subscribed(answer: Answer) -> tuple[str, str]:
    """Return id and watermark of a new subscription."""
    assert answer.codes == ["NoError"], answer.response.text
    return answer.text(".//m:SubscriptionId"), answer.text(".//m:Watermark")


def get_events(ews: Ews, identifier: str, watermark: str) -> Answer:
    return ews.ask(
        f"<m:GetEvents><m:SubscriptionId>{identifier}</m:SubscriptionId>"
        f"<m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )


def unsubscribe(ews: Ews, identifier: str) -> Answer:
    return ews.ask(f"<m:Unsubscribe><m:SubscriptionId>{identifier}</m:SubscriptionId></m:Unsubscribe>")


def events(answer: Answer) -> list[str]:
    """Return the names of the events of an answer."""
    notification = answer.find(".//m:Notification")
    assert notification is not None
    return [name for child in notification if (name := etree.QName(child).localname).endswith("Event")]


def last_watermark(answer: Answer) -> str:
    return answer.texts(".//m:Notification/*/t:Watermark")[-1]


def meeting(ews: Ews, subject: str = "Planning", busy: str = "Busy") -> str:
    """Put a meeting into the mailbox, and return its id."""
    answer = ews.ask(
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>'
        f"<t:Subject>{subject}</t:Subject><t:Start>2030-01-02T09:00:00Z</t:Start><t:End>2030-01-02T10:00:00Z</t:End>"
        f"<t:LegacyFreeBusyStatus>{busy}</t:LegacyFreeBusyStatus></t:CalendarItem></m:Items></m:CreateItem>"
    )
    assert answer.codes == ["NoError"], answer.response.text
    found = answer.find(".//t:ItemId")
    assert found is not None
    return found.get("Id", "")


def rename(ews: Ews, item: str, subject: str) -> None:
    found = ews.ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>'
    ).find(".//t:ItemId")
    assert found is not None
    answer = ews.ask(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{item}" ChangeKey="{found.get("ChangeKey")}"/><t:Updates>'
        '<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem>'
        f"<t:Subject>{subject}</t:Subject></t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange>"
        "</m:ItemChanges></m:UpdateItem>"
    )
    assert answer.codes == ["NoError"], answer.response.text


def delete(ews: Ews, item: str) -> None:
    answer = ews.ask(
        '<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone">'
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:DeleteItem>'
    )
    assert answer.codes == ["NoError"], answer.response.text


def streaming_request(identifiers: list[str], minutes: int = 30) -> str:
    listed = "".join(f"<t:SubscriptionId>{identifier}</t:SubscriptionId>" for identifier in identifiers)
    return (
        f"<m:GetStreamingEvents><m:SubscriptionIds>{listed}</m:SubscriptionIds>"
        f"<m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
    )


class Connection:
    """A streaming connection: a thread of its own takes its messages apart."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.messages: queue.Queue[etree._Element | None] = queue.Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        received = b""
        try:
            for part in self.response.iter_raw():
                received += part
                while END in received:
                    message, _, received = received.partition(END)
                    self.messages.put(ews_schema.check(message + END))
        except httpx.HTTPError:
            pass
        self.messages.put(None)

    def next(self) -> etree._Element:
        """Return the next message."""
        found = self.messages.get(timeout=30)
        assert found is not None, "the connection is over"
        return found

    def over(self) -> bool:
        """Tell whether the connection is over, when nothing comes any more."""
        return self.messages.get(timeout=30) is None


def texts(message: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in message.iterfind(path, NAMESPACES)]


def told(message: etree._Element) -> list[str]:
    """Return the names of the events of a message."""
    found = message.iterfind(".//m:Notification/*", NAMESPACES)
    return [name for child in found if (name := etree.QName(child).localname).endswith("Event")]


@contextmanager
def streaming(ews: Ews, *identifiers: str, minutes: int = 30) -> Iterator[Connection]:
    """A connection that has begun."""
    message = ews.message(streaming_request(list(identifiers), minutes))
    with ews.client.stream("POST", PATH, content=message, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["transfer-encoding"] == "chunked"
        connection = Connection(response)
        try:
            assert texts(connection.next(), ".//m:ConnectionStatus") == ["OK"]
            yield connection
        finally:
            # Closing the response waits for the thread, which waits for the server.
            with suppress(OSError):
                response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            connection.thread.join()


def stream(ews: Ews) -> str:
    answer = ews.ask(request("Streaming"))
    assert answer.find(".//m:Watermark") is None
    return subscribed(answer)[0]
