# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetUserConfiguration: what programs keep beside a mailbox's items; of all that, the options of Outlook on the web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imp_emulator.domain.exchange import time_zones
from imp_emulator.domain.exchange.calendars import ItemRef
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.access import folder_of
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, required, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, m, response, success, t
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

USER_OPTIONS = "OWA.UserOptions"
_FOLDER = "root"
"""In which folder the options are, as published programs look for them."""
_PROPERTIES = ("Id", "Dictionary", "XmlData", "BinaryData")
_ALL = "All"
_NO_ITEM = 0
"""The row that no item has: the id of a configuration leads to nothing that GetItem knows."""


def _get(context: Context, call: Call) -> Element:
    name = required(call.body, "UserConfigurationName")
    wanted = _wanted(required(call.body, "UserConfigurationProperties"))
    if len(name) != 1:
        raise schema_violation("The element 'UserConfigurationName' names one folder.", name)
    mailbox, folder = folder_of(context, call, name[0])
    if (attribute(name, "Name"), folder.name) != (USER_OPTIONS, _FOLDER):
        raise EwsError("ErrorItemNotFound")
    place = t.FolderId(Id=ids.folder_id(mailbox.id, folder.name), ChangeKey=ids.change_key(1))
    found = m.UserConfiguration(t.UserConfigurationName(place, Name=USER_OPTIONS), *_content(mailbox, wanted))
    return response("GetUserConfiguration", [success("GetUserConfiguration", found)])


def _wanted(properties: Element) -> frozenset[str]:
    """Return which properties are asked for; the element holds a list of their names."""
    names = frozenset(soap.content(properties).split())
    if unknown := names - {*_PROPERTIES, _ALL}:
        raise schema_violation(f"'{min(unknown)[:40]}' is no property of a configuration.", properties)
    return frozenset(_PROPERTIES) if _ALL in names else names


def _content(mailbox: Mailbox, wanted: frozenset[str]) -> Iterator[Element]:
    """Return those properties that the options have: they are a dictionary, and neither XML nor other data."""
    if "Id" in wanted:
        ref = ItemRef(mailbox.id, _NO_ITEM)
        yield t.ItemId(Id=ids.item_id(ref), ChangeKey=ids.change_key(1))
    if "Dictionary" in wanted:
        entries = {"timezone": time_zones.windows(mailbox.time_zone)}
        yield t.Dictionary(*(_entry(key, value) for key, value in entries.items()))


def _entry(key: str, value: str) -> Element:
    texts = (
        t(tag, t.Type("String"), t.Value(text)) for tag, text in (("DictionaryKey", key), ("DictionaryValue", value))
    )
    return t.DictionaryEntry(*texts)


OPERATIONS: Mapping[str, Handler] = {"GetUserConfiguration": Handler(write=False, run=_get)}
