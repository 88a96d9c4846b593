# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: what a client is told of a mailbox, the message to a push subscription's listener, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from lxml import etree

from imp_emulator.domain.exchange.calendars import ItemRef
from imp_emulator.domain.exchange.subscriptions import Notification, Told
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.messages import Element, M, T, m, success, t
from imp_emulator.wire.exchange.ews.values import time_text
from imp_emulator.wire.http import soap

HEADERS: Mapping[str, str] = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{M}/SendNotification"'}
"""The HTTP headers of a message to a listener."""


class Status(Enum):
    """What a listener may answer."""

    OK = "OK"
    UNSUBSCRIBE = "Unsubscribe"


def notification(found: Notification, *, streaming: bool = False) -> Element:
    """Return a notification's element; one on a streaming connection has no watermarks."""
    element: Element = m.Notification(t.SubscriptionId(found.subscription.id))
    if not streaming:
        element.append(t.PreviousWatermark(found.previous))
        element.append(t.MoreEvents(str(found.more).lower()))
    for told in found.told:
        element.append(_event(told, found.subscription.mailbox, streaming=streaming))
    return element


def _event(told: Told, mailbox: int, *, streaming: bool) -> Element:
    element: Element = t(told.event.kind if told.event else "StatusEvent")
    if not streaming:
        element.append(t.Watermark(told.watermark))
    if told.event is not None:
        item = ids.item_id(ItemRef(mailbox, told.event.item))
        element.append(t.TimeStamp(time_text(datetime.fromtimestamp(told.event.at, UTC))))
        element.append(t.ItemId(Id=item, ChangeKey=ids.change_key(told.event.change)))
        element.append(t.ParentFolderId(Id=ids.folder_id(mailbox, "calendar")))
    return element


def send_notification(found: Notification) -> bytes:
    """Return the message to a listener: a request of the version that its subscription was made in."""
    message = etree.Element(f"{{{soap.ENVELOPE}}}Envelope", nsmap={"soap11": soap.ENVELOPE})
    header = etree.SubElement(message, f"{{{soap.ENVELOPE}}}Header")
    etree.SubElement(header, f"{{{T}}}RequestServerVersion", nsmap={"t": T}, Version=found.subscription.version)
    body = etree.SubElement(message, f"{{{soap.ENVELOPE}}}Body")
    told = success("SendNotification", notification(found))
    body.append(m.SendNotification(m.ResponseMessages(told)))
    return bytes(etree.tostring(message, xml_declaration=True, encoding="utf-8"))


def status(body: bytes) -> Status | None:
    """Return what a listener has answered; ``None`` for what is no such answer."""
    try:
        _, content = soap.parse_envelope(body)
        if soap.split_tag(content) != (M, "SendNotificationResult"):
            return None
        return Status(soap.content(soap.child(content, "SubscriptionStatus")))
    except (soap.MalformedXml, ValueError):
        return None
