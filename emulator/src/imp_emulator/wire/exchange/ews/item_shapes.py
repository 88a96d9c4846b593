# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an item is answered: the shape that a request asks for, and the element of an item in that shape."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews import item_parts
from imp_emulator.wire.exchange.ews.envelope import Call, required, schema_violation
from imp_emulator.wire.exchange.ews.item_properties import BY_PATH, PROPERTIES, Property
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, t
from imp_emulator.wire.exchange.ews.shown import Shown
from imp_emulator.wire.exchange.ews.values import read_boolean
from imp_emulator.wire.exchange.ews.versions import Version
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_SHAPES = ("IdOnly", "Default", "AllProperties")
_BODY_TYPES = ("Best", "HTML", "Text")
_ITEM_ID = BY_PATH["item:ItemId"]
_EXTENDED = BY_PATH[f"item:{item_parts.EXTENDED}"]


@dataclass(frozen=True, slots=True)
class ItemShape:
    """What is asked of each item.

    Attributes:
        properties: The properties, in the order of the schema.
        body_type: ``Best``, ``HTML`` or ``Text``.
        extended_keys: The extended properties.
    """

    properties: tuple[Property, ...]
    body_type: str = "Best"
    extended_keys: tuple[str, ...] = ()

    def element(self, context: Context, call: Call, mailbox: Mailbox, item: CalendarItem) -> Element:
        """Return an item in this shape."""
        has_zones = call.version >= Version.EXCHANGE2010
        shown = Shown(context, item, mailbox, has_zones, self.body_type, self.extended_keys)
        element = t.CalendarItem()
        for known in self.properties:
            known.add_to(element, shown)
        return element


ID_ONLY = ItemShape((_ITEM_ID,))
"""What is told of an item that was written."""


def read_shape(body: Element, *, find: bool) -> ItemShape:
    """Return the shape that a request asks for.

    A property that no calendar item has, or that is not known, is left out. FindItem leaves out what is long, too.

    Args:
        body: The element of the operation.
        find: Whether it is FindItem.

    Raises:
        EwsError: The shape is not as the schema wants it, or asks for what is not emulated.
    """
    element = required(body, "ItemShape")
    base = (required(element, "BaseShape").text or "").strip()
    body_type = soap.content(soap.child(element, "BodyType")) or "Best"
    if base not in _SHAPES or body_type not in _BODY_TYPES:
        raise schema_violation(f"A shape is one of {', '.join(_SHAPES)}, a body {', '.join(_BODY_TYPES)}.", element)
    _refuse_mime(element)
    paths, keys = _additional(element)
    chosen = {
        known
        for known in PROPERTIES
        if (base == "Default" and known.default) or (base == "AllProperties" and known.first_class)
    }
    chosen |= {BY_PATH[path] for path in paths if path in BY_PATH} | {_ITEM_ID}
    if keys:
        chosen.add(_EXTENDED)
    properties = tuple(known for known in PROPERTIES if known in chosen and (known.found or not find))
    return ItemShape(properties, body_type, tuple(dict.fromkeys(keys)))


def _refuse_mime(element: Element) -> None:
    wanted = soap.child(element, "IncludeMimeContent")
    try:
        if wanted is None or not read_boolean(wanted.text):
            return
    except ValueError as error:
        raise schema_violation(str(error), wanted) from None
    raise EwsError("ErrorUnsupportedMimeConversion", "MIME content of items is not emulated.")


def _additional(element: Element) -> tuple[list[str], list[str]]:
    """Return the FieldURIs and the keys of extended properties that are asked for besides the base shape."""
    paths, keys = [], []
    for path in (path for found in soap.children(element, "AdditionalProperties") for path in found):
        if soap.local_name(path) == "FieldURI":
            paths.append(path.get("FieldURI", ""))
        elif soap.local_name(path) == "ExtendedFieldURI":
            try:
                keys.append(item_parts.extended_key(path))
            except ValueError as error:
                raise schema_violation(str(error), path) from None
    return paths, keys
