# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a calendar item that are more than one value: body, people, time zones, and what is kept as it came.

Readers take an element and give fields of a draft; writers take a field and give elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from lxml import etree, html

from imp_emulator.domain.exchange import mailboxes, time_zones
from imp_emulator.domain.exchange.calendar_items import BODY_TYPES, RESPONSES
from imp_emulator.domain.exchange.calendars import Attendee, CalendarItem, ItemRef
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, t
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """Return a text without the characters that XML cannot carry."""
    return _UNPRINTABLE.sub("", text)


def text_element(name: str, text: str) -> Element:
    """Return an element with a text, without the characters that XML cannot carry."""
    return t(name, printable(text))


def item_id(name: str, ref: ItemRef, change: int) -> Element:
    """Return the element of an id with its change key."""
    return t(name, Id=ids.item_id(ref), ChangeKey=ids.change_key(change))


# The body


def read_body(element: Element) -> dict[str, str]:
    """Return text and type of a ``Body``; raises ``ValueError`` for an unknown type."""
    kind = element.get("BodyType", "")
    if kind not in BODY_TYPES:
        raise ValueError(f"BodyType is HTML or Text, not {kind[:40]!r}")
    return {"body": element.text or "", "body_type": kind}


def body_element(text: str, kind: str, wanted: str) -> Element:
    """Return a ``Body`` in the type that is wanted: ``HTML``, ``Text``, or ``Best``, which is how it was written."""
    if wanted == "Text" and kind == "HTML":
        text, kind = plain_text(text), "Text"
    elif wanted == "HTML" and kind == "Text":
        text, kind = marked_up(text), "HTML"
    element = text_element("Body", text)
    element.set("BodyType", kind)
    return element


def plain_text(text: str) -> str:
    """Return a text in HTML without its marks."""
    try:
        # As bytes, because a declaration of the encoding is refused in a text.
        page = html.fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:
        return ""  # Nothing to be seen.
    etree.strip_elements(page, "script", "style", etree.Comment, etree.ProcessingInstruction, with_tail=False)
    for line in page.iter("br", "p", "div", "tr"):
        line.tail = "\n" + (line.tail or "")
    return "".join(map(str, page.itertext())).strip()


def marked_up(text: str) -> str:
    """Return a plain text as a page of HTML."""
    lines = "<br>".join(escape(text, quote=False).splitlines())
    return f"<html><body>{lines}</body></html>"


# People


def read_attendees(element: Element, role: str) -> tuple[Attendee, ...]:
    """Return those whom a list of attendees names; raises ``ValueError``, or :class:`EwsError` without an address."""
    return tuple(_read_attendee(child, role) for child in element)


def _read_attendee(element: Element, role: str) -> Attendee:
    address = (element.findtext("{*}Mailbox/{*}EmailAddress") or "").strip()
    if not address:
        raise EwsError("ErrorInvalidRecipients", "An attendee has no address.")
    routing = (element.findtext("{*}Mailbox/{*}RoutingType") or "SMTP").strip()
    if routing.upper() != "SMTP":
        raise EwsError("ErrorInvalidRoutingType", f"Attendees have addresses of SMTP, and not {routing[:40]!r}.")
    response = (element.findtext("{*}ResponseType") or "Unknown").strip()
    if response not in RESPONSES:
        raise ValueError(f"ResponseType is one of {', '.join(RESPONSES)}, not {response[:40]!r}")
    name = (element.findtext("{*}Mailbox/{*}Name") or "").strip()
    return Attendee(address, name, role, response)


def attendees_element(context: Context, name: str, attendees: Iterable[Attendee]) -> Iterator[Element]:
    """Return a list of attendees; nothing when there is none, as the schema wants it."""
    people = [t.Attendee(mailbox_element(context, one), t.ResponseType(one.response)) for one in attendees]
    if people:
        yield t(name, *people)


def mailbox_element(context: Context, person: Attendee) -> Element:
    """Return the ``Mailbox`` of somebody, with the name of the address list where none was given."""
    known = mailboxes.find(context, person.address)
    name = person.name or (person.address if known is None else known.display_name)
    return _mailbox(name, person.address, "OneOff" if known is None else "Mailbox")


def owner_element(mailbox: Mailbox) -> Element:
    """Return the ``Mailbox`` of the owner of a mailbox."""
    return _mailbox(mailbox.display_name, mailbox.address, "Mailbox")


def _mailbox(name: str, address: str, kind: str) -> Element:
    return t.Mailbox(
        text_element("Name", name), text_element("EmailAddress", address), t.RoutingType("SMTP"), t.MailboxType(kind)
    )


# Time zones


def read_zone(element: Element) -> str:
    """Return the IANA name of the zone that a ``StartTimeZone``, ``EndTimeZone`` or ``MeetingTimeZone`` names."""
    name = element.get("Id") or element.get("TimeZoneName") or element.get("Name") or ""
    try:
        return time_zones.iana(name)
    except InvalidValue:
        text = f"The time zone {name[:80]!r} is not known; its rules alone are not taken for one."
        raise EwsError("ErrorCalendarInvalidTimeZone", text) from None


# What is kept as it came


def kept(element: Element) -> str:
    """Return an element as text that :func:`given_back` reads."""
    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    etree.cleanup_namespaces(copy)
    return etree.tostring(copy, encoding="unicode")


def given_back(xml: str, name: str) -> Element | None:
    """Return an element that was kept; ``None`` for what is not it, as a calendar file may bring anything instead."""
    if not xml:
        return None
    try:
        element = soap.parse_xml(xml.encode())
    except soap.MalformedXml:
        return None
    return element if soap.local_name(element) == name else None


def kept_text(item: CalendarItem, name: str, standard: str) -> str:
    """Return the text of an element that was kept, or what is answered without one."""
    element = given_back(item.others.get(name, ""), name)
    return standard if element is None else element.text or ""


EXTENDED = "ExtendedProperty"
_PROPERTY_SETS: Mapping[str, str] = {
    "meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "appointment": "00062002-0000-0000-c000-000000000046",
    "common": "00062008-0000-0000-c000-000000000046",
    "publicstrings": "00020329-0000-0000-c000-000000000046",
    "address": "00062004-0000-0000-c000-000000000046",
    "internetheaders": "00020386-0000-0000-c000-000000000046",
    "calendarassistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "unifiedmessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "task": "00062003-0000-0000-c000-000000000046",
    "sharing": "00062040-0000-0000-c000-000000000046",
}
"""The property sets that have a name, in lower case, by Microsoft's open specification MS-OXPROPS."""


def extended_back(xml: str) -> Element | None:
    """Return an ``ExtendedProperty`` that was kept, a path and a value; see :func:`given_back`."""
    element = given_back(xml, EXTENDED)
    return element if element is not None and len(element) == 2 else None


def extended_key(path: Element) -> str:
    """Return one key for each extended property, however an ``ExtendedFieldURI`` names it.

    Raises:
        ValueError: It names none.
    """
    tag = path.get("PropertyTag")
    kind = path.get("PropertyType", "")
    if tag is not None:
        number = int(tag, 16) if tag[:2].lower() == "0x" else int(tag)
        return f"{EXTENDED} {number:#x} {kind}"
    named = path.get("DistinguishedPropertySetId", "").lower()
    where = _PROPERTY_SETS.get(named) or path.get("PropertySetId", "").lower()
    number_text, name = path.get("PropertyId"), path.get("PropertyName")
    what = name if number_text is None else str(int(number_text))
    if not where or what is None:
        raise ValueError("an ExtendedFieldURI needs a PropertyTag, or a property set with PropertyId or PropertyName")
    return f"{EXTENDED} {where} {what} {kind}"


def read_extended(element: Element) -> str:
    """Return the key of an ``ExtendedProperty`` that is being set."""
    path = soap.child(element, "ExtendedFieldURI")
    if path is None or len(element) != 2:
        raise ValueError("an ExtendedProperty has an ExtendedFieldURI and a value")
    return extended_key(path)
