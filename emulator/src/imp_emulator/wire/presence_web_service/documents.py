# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence on the wire: the words of basic presence, and the documents of rich presence (PIDF, RFC 3863)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from imp_emulator.domain.imp import presence_rules
from imp_emulator.domain.imp.presence_rules import Manual
from imp_emulator.domain.imp.web_service import Contact
from imp_emulator.wire.http import soap
from imp_emulator.wire.presence_web_service.errors import WebServiceError

PIDF = "urn:ietf:params:xml:ns:pidf"
CAPABILITIES = f"{PIDF}:servcaps"
DISPLAY_NAME = f"{PIDF}:cipid"
PERSON = "urn:cisco:params:xml:ns:pidf:rpid"

UNKNOWN = "UNKNOWN"
"""The basic presence of somebody whom nobody knows."""
SETTABLE = ("AVAILABLE", "BUSY", "DND", "AWAY", "UNAVAILABLE", "VACATION")
OVERRIDES = ("pws-override", "pws-persistent")
"""The tuples with which presence overrides that of devices."""
_SOURCES = ("Presence Web Service", "Human")
"""Cisco's own examples have the second where they set something by hand."""

_ACTIVITIES: Sequence[tuple[str, str]] = (
    ("dnd", "DND"),
    ("meeting", "BUSY"),
    ("on-the-phone", "BUSY"),
    ("busy", "BUSY"),
    ("away", "AWAY"),
    ("available", "AVAILABLE"),
    ("unavailable", "UNAVAILABLE"),
)
"""The activities of a document, the most telling first, and the basic presence that goes with each."""

_SHOWN: Mapping[str, tuple[str, str]] = {
    presence_rules.AVAILABLE: ("AVAILABLE", "available"),
    presence_rules.BUSY: ("BUSY", "busy"),
    presence_rules.AWAY: ("AWAY", "away"),
    presence_rules.DO_NOT_DISTURB: ("DND", "dnd"),
    presence_rules.OUT_OF_OFFICE: ("AWAY", "away"),
    presence_rules.OFFLINE: ("UNAVAILABLE", "unavailable"),
}
_SHOWN_ACTIVITIES = {presence_rules.IN_A_MEETING: "meeting", presence_rules.ON_THE_PHONE: "on-the-phone"}


def basic_manual(body: etree._Element, override: bool, until: float) -> Manual:
    """Return what a body of basic presence sets; raises errors 115, 121 and 122."""
    word = soap.content(body)
    if word not in SETTABLE:
        raise WebServiceError(115)
    if word == "AVAILABLE" and override:
        raise WebServiceError(121)
    if word == "DND" and not override:
        raise WebServiceError(122)
    return Manual(word, override, until)


def rich_manual(body: etree._Element, override: bool, until: float) -> Manual | None:
    """Return what a document of rich presence sets, ``None`` when it gives back; raises errors 120, 161 and 162."""
    person, tuple_ = soap.child(body, "person"), soap.child(body, "tuple")
    if override and (tuple_ is None or tuple_.get("id") not in OVERRIDES):
        raise WebServiceError(161)
    if tuple_ is None or soap.content(soap.child(tuple_, "source")) not in _SOURCES:
        raise WebServiceError(162)
    listed = None if person is None else soap.child(person, "activities")
    names = set() if listed is None else {soap.local_name(element) for element in listed}
    if "clear" in names:
        return None
    for activity, word in _ACTIVITIES:
        if activity in names:
            note = "" if person is None else soap.content(soap.child(person, "note"))
            return Manual(word, override, until, activity, note)
    raise WebServiceError(120)


def basic(contact: Contact) -> etree._Element:
    """Return a contact's basic presence as an element; no source publishes its name."""
    element = etree.Element("presence", {"contactURI": contact.uri})
    element.text = UNKNOWN if contact.user is None else _SHOWN[contact.user.presence.presence][0]
    return element


def rich(contact: Contact) -> etree._Element:
    """Return a contact's rich presence: whether the person can be reached, and one device."""
    user = contact.user
    address = f"sip:{contact.uri}"
    root = etree.Element(f"{{{PIDF}}}presence", {"entity": address}, nsmap=_as_default(PIDF))
    identifier = contact.uri.rpartition("@")[0] if user is None else user.userid
    person = etree.SubElement(root, f"{{{PERSON}}}person", {"id": identifier}, nsmap=_as_default(PERSON))
    activities = etree.SubElement(person, f"{{{PERSON}}}activities")
    online = user is not None and user.presence.presence != presence_rules.OFFLINE
    for name in _names(contact):
        etree.SubElement(activities, f"{{{PERSON}}}{name}")
    phone = "busy" if user is not None and user.on_the_phone else "unavailable"
    _add(activities, PERSON, "phone-status", phone)
    _add(activities, PERSON, "im-status", "available" if online else "unavailable")
    display = etree.SubElement(root, f"{{{DISPLAY_NAME}}}display-name", nsmap=_as_default(DISPLAY_NAME))
    display.text = contact.display_name
    _add_tuple(root, contact, address, online=online)
    return root


def _as_default(namespace: str) -> dict[Any, str]:
    """Return what makes a namespace the one of names without a prefix."""
    return {None: namespace}


def _names(contact: Contact) -> list[str]:
    if contact.user is None:
        return ["unknown"]
    shown = contact.user.presence
    activity = _SHOWN_ACTIVITIES.get(shown.activity)
    return [_SHOWN[shown.presence][1], *([activity] if activity else [])]


def _add_tuple(root: etree._Element, contact: Contact, address: str, *, online: bool) -> None:
    manual = None if contact.user is None else contact.user.manual
    device = "cisco-upc" if manual is None else "pws-override" if manual.override else "cisco-pws"
    element = etree.SubElement(root, f"{{{PIDF}}}tuple", {"id": device})
    _add(element, PIDF, "contact", address).set("priority", "0.6")
    _add(element, PIDF, "note", "" if contact.user is None else contact.user.presence.message)
    able = etree.SubElement(element, f"{{{CAPABILITIES}}}servcaps", nsmap={"sc": CAPABILITIES})
    for name, value in (("video", "false"), ("audio", "false"), ("text", "true"), ("type", "text/plain")):
        _add(able, CAPABILITIES, name, value)
    _add(element, PIDF, "user-input", "active" if online else "idle")
    _add(etree.SubElement(element, f"{{{PIDF}}}status"), PIDF, "basic", "open" if online else "closed")


def _add(parent: etree._Element, namespace: str, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    element.text = text
    return element


def listed(elements: Sequence[etree._Element]) -> etree._Element:
    """Return the document that holds the presence of several contacts; no source publishes its name."""
    root = etree.Element("presenceList")
    root.extend(elements)
    return root
