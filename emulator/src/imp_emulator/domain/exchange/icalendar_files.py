# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole calendars as files (RFC 5545): into a mailbox and out of it.

One odd event fails alone: it is named with its line and what to do, and all others are done. What is written here is
read back to the same items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from icalendar import Calendar, Timezone

from imp_emulator.domain.exchange import calendars, local_times
from imp_emulator.domain.exchange.calendar_items import FIELDS, CalendarItem, Draft, ItemRef, Kind
from imp_emulator.domain.exchange.icalendar_lines import components
from imp_emulator.domain.exchange.icalendar_reading import Reader
from imp_emulator.domain.exchange.icalendar_series import Problem, WholeItem, groups_of, series_uid, whole_items
from imp_emulator.domain.exchange.icalendar_writing import event_of, exception_of
from imp_emulator.domain.exchange.icalendar_zones import FileZones
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.world.context import Context

_OF_AN_OCCURRENCE = tuple(name for name in FIELDS if name not in ("recurrence", "uid"))


@dataclass(frozen=True, slots=True)
class Imported:
    """What has become of a file.

    Attributes:
        created: How many items and series are new in the calendar.
        updated: How many were there, with another content.
        unchanged: How many were there just so.
        deleted: How many were removed because the file does not have them.
        problems: The events that were not taken.
        ignored: What else is in the file, by the name of the component: to-dos, journals, free times.
    """

    created: int
    updated: int
    unchanged: int
    deleted: int
    problems: tuple[Problem, ...]
    ignored: Mapping[str, int]


def import_file(context: Context, mailbox: Mailbox, content: bytes, *, replace: bool = False) -> Imported:
    """Put the events of a calendar file into a calendar; an item of the same UID becomes what the file says.

    Args:
        context: The environment.
        mailbox: Whose calendar.
        content: The file.
        replace: Whether the items that are not in the file are removed.

    Raises:
        InvalidValue: The file is no calendar.
    """
    parts = components(content)
    reader = Reader(FileZones(parts, mailbox.time_zone), mailbox)
    done: Counter[str] = Counter()
    problems: list[Problem] = []
    groups = groups_of(parts, problems)
    for uid, events in groups.items():
        for whole in whole_items(reader, uid, events, problems):
            done[_store(context, mailbox, whole)] += 1
    if replace:
        # What is in the file and odd is not in the calendar as the file has it, but the file does not lack it either.
        kept = {*groups, *(problem.uid for problem in problems)} - {""}
        done["deleted"] = _remove_others(context, mailbox, kept)
    ignored = Counter(part.name for part in parts if part.name not in ("VEVENT", "VTIMEZONE"))
    problems.sort(key=lambda problem: problem.line)
    return Imported(
        done["created"], done["updated"], done["unchanged"], done["deleted"], tuple(problems), dict(ignored)
    )


def export_file(context: Context, mailbox: Mailbox) -> bytes:
    """Return a whole calendar as a file."""
    calendar = Calendar()
    calendar.add("prodid", "-//ucops//imp-emulator//EN")
    calendar.add("version", "2.0")
    events = []
    zones: dict[str, None] = {}
    for item in calendars.every(context, mailbox.id):
        faces, occurrences = None, None
        if item.kind is Kind.MASTER:
            faces, occurrences = calendars.faces(context, item.ref), calendars.occurrences_of(context, item.ref)
        events.append(event_of(mailbox, item, faces, occurrences.deleted if occurrences else ()))
        zones[item.zone] = None
        for changed in occurrences.modified if occurrences else ():
            events.append(exception_of(mailbox, item, changed))
            zones[changed.zone] = None
    for name in zones:
        if name != "UTC":
            calendar.add_component(_timezone(name))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


@lru_cache(maxsize=64)
def _timezone(name: str) -> Timezone:
    return Timezone.from_tzinfo(local_times.zone(name), name)


def _remove_others(context: Context, mailbox: Mailbox, kept: set[str]) -> int:
    others = [item.ref for item in calendars.every(context, mailbox.id) if not kept & {item.uid, series_uid(item.uid)}]
    for ref in others:
        calendars.delete(context, ref)
    return len(others)


def _store(context: Context, mailbox: Mailbox, whole: WholeItem) -> str:
    """Have the calendar hold an item just so, and tell what that was: created, updated or unchanged."""
    known = calendars.by_uid(context, mailbox.id, whole.draft.uid or "")
    if not known:
        item = calendars.create(context, mailbox.id, whole.draft)
        _store_occurrences(context, item.ref, whole)
        return "created"
    ref = known[0].ref
    same = calendars.holds(context, ref, whole.draft)
    if same and _occurrences_are(context, known[0], whole):
        return "unchanged"
    if not same:
        calendars.update(context, ref, {name: getattr(whole.draft, name) for name in FIELDS})
    if not _occurrences_are(context, known[0], whole):
        calendars.restore_pattern(context, ref)
        _store_occurrences(context, ref, whole)
    return "updated"


def _store_occurrences(context: Context, ref: ItemRef, whole: WholeItem) -> None:
    for original, draft in whole.changed.items():
        values = {name: getattr(draft, name) for name in _OF_AN_OCCURRENCE}
        calendars.update(context, ItemRef(ref.mailbox, ref.item, original), values)
    if whole.deleted:
        calendars.delete_occurrences(context, ref, whole.deleted)


def _occurrences_are(context: Context, item: CalendarItem, whole: WholeItem) -> bool:
    if calendars.get(context, item.ref).kind is not Kind.MASTER:
        return not whole.changed and not whole.deleted
    found = calendars.occurrences_of(context, item.ref)
    modified = {known.original_start: _values(known) for known in found.modified}
    return set(found.deleted) == whole.deleted and modified == {
        original: _values(draft) for original, draft in whole.changed.items()
    }


def _values(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in _OF_AN_OCCURRENCE}
