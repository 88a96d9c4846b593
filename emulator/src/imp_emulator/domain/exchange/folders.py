# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of a mailbox. Each mailbox has the same ones, and only its calendar holds items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CALENDAR = "calendar"
_TOP = "msgfolderroot"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder.

    Attributes:
        name: Its distinguished name.
        display_name: What people see, in English.
        folder_class: What it is for, ``IPF.Appointment`` and the like; empty for the two at the top.
        parent: The distinguished name of the folder that it stands in, or ``None``.
    """

    name: str
    display_name: str
    folder_class: str
    parent: str | None = _TOP


FOLDERS: Mapping[str, Folder] = {
    folder.name: folder
    for folder in (
        Folder("root", "Root", "", None),
        Folder(_TOP, "Top of Information Store", "", "root"),
        Folder(CALENDAR, "Calendar", "IPF.Appointment"),
        Folder("contacts", "Contacts", "IPF.Contact"),
        Folder("deleteditems", "Deleted Items", "IPF.Note"),
        Folder("drafts", "Drafts", "IPF.Note"),
        Folder("inbox", "Inbox", "IPF.Note"),
        Folder("journal", "Journal", "IPF.Journal"),
        Folder("junkemail", "Junk Email", "IPF.Note"),
        Folder("notes", "Notes", "IPF.StickyNote"),
        Folder("outbox", "Outbox", "IPF.Note"),
        Folder("sentitems", "Sent Items", "IPF.Note"),
        Folder("tasks", "Tasks", "IPF.Task"),
    )
}
"""The folders by their distinguished names; ids are made from the order, so new ones come last."""

_CALENDARS: Mapping[str, str] = {
    "cs": "Kalendář",
    "da": "Kalender",
    "de": "Kalender",
    "es": "Calendario",
    "fi": "Kalenteri",
    "fr": "Calendrier",
    "it": "Calendario",
    "ja": "予定表",
    "ko": "일정",
    "nb": "Kalender",
    "nl": "Agenda",
    "pl": "Kalendarz",
    "pt": "Calendário",
    "ru": "Календарь",
    "sv": "Kalender",
    "tr": "Takvim",
    "zh": "日历",
    "zh-TW": "行事曆",
}
"""The calendar's name by language; Presence gateways are told it (requirement of the calendar's language)."""


def children(name: str, *, deep: bool = False) -> list[Folder]:
    """Return the folders that stand in a folder, in their order.

    Args:
        name: Its distinguished name.
        deep: Whether those that stand in them count too.
    """
    found = [folder for folder in FOLDERS.values() if folder.parent == name]
    if deep:
        found += [below for folder in found for below in children(folder.name, deep=True)]
    return found


def display_name(folder: Folder, language: str) -> str:
    """Return what people see of a folder in a mailbox of a language (a tag like ``en-US``)."""
    if folder.name != CALENDAR:
        return folder.display_name
    return _CALENDARS.get(language) or _CALENDARS.get(language.partition("-")[0].lower(), folder.display_name)
