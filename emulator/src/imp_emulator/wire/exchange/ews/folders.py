# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetFolder and FindFolder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imp_emulator.domain.exchange import calendars, folders
from imp_emulator.domain.exchange.folders import Folder
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.access import folder_of
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, listed, required, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, error, m, response, success, t
from imp_emulator.wire.exchange.ews.paging import part_of, read_window
from imp_emulator.wire.exchange.ews.versions import Version
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_TAGS: Mapping[str, str] = {
    "IPF.Appointment": "CalendarFolder",
    "IPF.Contact": "ContactsFolder",
    "IPF.Task": "TasksFolder",
}
"""The element of a folder by its class; any other is a Folder."""
_WITHOUT_UNREAD = ("CalendarFolder", "ContactsFolder")
_RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")
_FOLDER_KEY = ids.change_key(1)
"""Folders do not change."""

_SHAPES: Mapping[str, tuple[str, ...]] = {
    "IdOnly": ("FolderId",),
    "Default": ("FolderId", "DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"),
    "AllProperties": (
        "FolderId",
        "ParentFolderId",
        "FolderClass",
        "DisplayName",
        "TotalCount",
        "ChildFolderCount",
        "EffectiveRights",
        "DistinguishedFolderId",
        "UnreadCount",
    ),
}
"""What a base shape holds; the last has all properties, in the order of the schema."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder of a mailbox, as it is to be shown."""

    context: Context
    version: Version
    mailbox: Mailbox
    folder: Folder


def _get_folder(context: Context, call: Call) -> Element:
    shown = _shown(call.body)
    answers = []
    for wanted in listed(call.body, "FolderIds"):
        try:
            mailbox, folder = folder_of(context, call, wanted)
            found = _element(_Place(context, call.version, mailbox, folder), shown)
            answers.append(success("GetFolder", m.Folders(found)))
        except EwsError as why:
            answers.append(error("GetFolder", why, m.Folders()))
    return response("GetFolder", answers)


def _find_folder(context: Context, call: Call) -> Element:
    shown = _shown(call.body)
    traversal = attribute(call.body, "Traversal")
    if traversal not in ("Shallow", "Deep", "SoftDeleted"):
        raise schema_violation(f"'{traversal[:40]}' is no way to look through folders.", call.body)
    if soap.child(call.body, "Restriction") is not None:
        raise EwsError("ErrorUnsupportedQueryFilter", "Folders cannot be looked for by their properties here.")
    answers = []
    for wanted in listed(call.body, "ParentFolderIds"):
        try:
            mailbox, folder = folder_of(context, call, wanted)
            # Nothing is ever deleted softly here.
            found = [] if traversal == "SoftDeleted" else folders.children(folder.name, deep=traversal == "Deep")
            places = [_Place(context, call.version, mailbox, child) for child in found]
            answers.append(success("FindFolder", _page(context, call, places, shown)))
        except EwsError as why:
            answers.append(error("FindFolder", why))
    return response("FindFolder", answers)


def _page(context: Context, call: Call, places: list[_Place], shown: frozenset[str]) -> Element:
    """Return a page of what was found: all, unless the request asks for a part or the policy allows no more."""
    part = part_of(context, call, read_window(call.body, "Folder"), len(places))
    found = (_element(place, shown) for place in places[part.start : part.end])
    return m.RootFolder(t.Folders(*found), part.attributes)


def _shown(body: Element) -> frozenset[str]:
    """Return which properties are asked for; a path to one that folders do not have here shows nothing."""
    shape = required(body, "FolderShape")
    base = soap.content(required(shape, "BaseShape"))
    if base not in _SHAPES:
        raise schema_violation(f"'{base[:40]}' is no base shape.", shape)
    paths = [path.get("FieldURI", "") for found in soap.children(shape, "AdditionalProperties") for path in found]
    return frozenset((*_SHAPES[base], *(path.rpartition(":")[2] for path in paths)))


def _element(place: _Place, shown: frozenset[str]) -> Element:
    tag = _TAGS.get(place.folder.folder_class, "Folder")
    element = t(tag)
    for name in _SHAPES["AllProperties"]:
        made = _PROPERTIES[name](place) if name in shown else None
        if made is not None and not (name == "UnreadCount" and tag in _WITHOUT_UNREAD):
            element.append(made)
    return element


def _identifier(tag: str, mailbox: int, folder: str) -> Element:
    return t(tag, Id=ids.folder_id(mailbox, folder), ChangeKey=_FOLDER_KEY)


def _parent(place: _Place) -> Element | None:
    parent = place.folder.parent
    return None if parent is None else _identifier("ParentFolderId", place.mailbox.id, parent)


def _total_count(place: _Place) -> Element:
    holds = place.folder.name == folders.CALENDAR
    count = calendars.page(place.context, place.mailbox.id, 0, 1).total if holds else 0
    return t.TotalCount(str(count))


def _distinguished(place: _Place) -> Element | None:
    # The schema has it from 2013 on, and clients of older versions would not expect it.
    return t.DistinguishedFolderId(place.folder.name) if place.version >= Version.EXCHANGE2013 else None


_PROPERTIES: Mapping[str, Callable[[_Place], Element | None]] = {
    "FolderId": lambda place: _identifier("FolderId", place.mailbox.id, place.folder.name),
    "ParentFolderId": _parent,
    "FolderClass": lambda place: t.FolderClass(place.folder.folder_class) if place.folder.folder_class else None,
    "DisplayName": lambda place: t.DisplayName(folders.display_name(place.folder, place.mailbox.language)),
    "TotalCount": _total_count,
    "ChildFolderCount": lambda place: t.ChildFolderCount(str(len(folders.children(place.folder.name)))),
    "EffectiveRights": lambda _place: t.EffectiveRights(*(t(right, "true") for right in _RIGHTS)),
    "DistinguishedFolderId": _distinguished,
    "UnreadCount": lambda _place: t.UnreadCount("0"),
}

OPERATIONS: Mapping[str, Handler] = {
    "GetFolder": Handler(write=False, run=_get_folder),
    "FindFolder": Handler(write=False, run=_find_folder),
}
