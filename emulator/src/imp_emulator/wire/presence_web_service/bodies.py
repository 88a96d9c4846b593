# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests of the Presence Web Service say, in headers and bodies."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from imp_emulator.wire.http import soap
from imp_emulator.wire.presence_web_service.errors import WebServiceError

KEY, OVERRIDE, EXPIRY = "presence-session-key", "presence-override", "presence-expiry"
"""The names of the headers."""
NOTIFICATION = "PRESENCE_NOTIFICATION"
"""The only type of subscriptions."""

_LONGEST_NUMBER = 9


def root(body: bytes, name: str) -> etree._Element:
    """Return the root element of a body, which must have a name; raises errors 150, 102 and 103."""
    if not body.strip():
        raise WebServiceError(150)
    try:
        found = soap.parse_xml(body)
    except soap.MalformedXml:
        raise WebServiceError(102) from None
    if soap.local_name(found) != name:
        raise WebServiceError(103)
    return found


def number(text: str) -> int | None:
    """Return a number that is not negative, or ``None``."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def override(headers: Mapping[str, str]) -> bool:
    """Return whether presence overrides that of devices; raises error 125."""
    text = headers.get(OVERRIDE, "")
    if text not in ("true", "false"):
        raise WebServiceError(125)
    return text == "true"


def expiry(headers: Mapping[str, str], body: etree._Element | None = None) -> int | None:
    """Return the seconds that a header says or, without it, the body; ``None`` when neither does. Raises error 131."""
    text = headers.get(EXPIRY)
    if text is None:
        element = None if body is None else soap.child(body, "expiration")
        text = soap.content(element) or None
    if text is None:
        return None
    found = number(text.strip())
    if found is None:
        raise WebServiceError(131)
    return found


def needed_expiry(headers: Mapping[str, str], body: etree._Element | None = None) -> int:
    """Return the seconds as :func:`expiry` does; raises error 131 also when there are none."""
    found = expiry(headers, body)
    if found is None:
        raise WebServiceError(131)
    return found


def contacts(body: etree._Element) -> list[str] | None:
    """Return the contacts that a body lists, ``None`` without a list; raises errors 143, 147 and 148."""
    listed = soap.child(body, "contactsList")
    return None if listed is None else [_contact(element) for element in listed]


def _contact(element: etree._Element) -> str:
    if soap.local_name(element) != "contact":
        raise WebServiceError(147)
    if set(element.attrib) - {"contactURI"}:
        raise WebServiceError(148)
    uri = str(element.get("contactURI", "")).strip()
    if not uri:
        raise WebServiceError(143)
    return uri


def endpoint(body: etree._Element) -> int | None:
    """Return the endpoint that a subscription names, ``None`` without one; raises error 132."""
    element = soap.child(body, "endPointID")
    if element is None:
        return None
    found = number(soap.content(element))
    if found is None:
        raise WebServiceError(132)
    return found


def check_type(body: etree._Element, *, needed: bool) -> None:
    """Raise error 134 when a subscription has a type that does not exist, or none although it is needed."""
    element = soap.child(body, "subscriptionType")
    if (element is None and needed) or (element is not None and soap.content(element) != NOTIFICATION):
        raise WebServiceError(134)
