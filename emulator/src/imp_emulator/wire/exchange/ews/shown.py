# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A calendar item as it is being written: what the writers of its properties draw from."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from imp_emulator.domain.exchange import calendars, time_zones
from imp_emulator.domain.exchange.calendars import CalendarItem, Kind
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews import item_parts, zones
from imp_emulator.wire.exchange.ews.messages import Element, t
from imp_emulator.wire.exchange.ews.values import local_text, time_text
from imp_emulator.world.context import Context

_EMPTY_SIZE = 1024
"""Bytes of an item with nothing in it, for the property Size."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An item, and how it is to be shown.

    Attributes:
        mailbox: The mailbox that the item is in.
        has_zones: Whether the schema's version has StartTimeZone and EndTimeZone, instead of MeetingTimeZone.
        body_type: ``Best``, ``HTML`` or ``Text``.
        extended_keys: The extended properties that are asked for, see ``item_parts.extended_key``.
    """

    context: Context
    item: CalendarItem
    mailbox: Mailbox
    has_zones: bool = True
    body_type: str = "Best"
    extended_keys: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """About how many bytes the item takes."""
        item = self.item
        texts = (item.subject, item.location, item.body, *item.others.values())
        return _EMPTY_SIZE + sum(map(len, texts))

    def zone_element(self, name: str, zone: str) -> Element:
        """Return a time zone with its rules as they are in the present year."""
        return copy.deepcopy(_zone_element(name, zone, self.context.clock.now().year))

    def extended(self) -> Iterator[Element]:
        """Return those extended properties of the item that are asked for."""
        for key in self.extended_keys:
            element = item_parts.extended_back(self.item.others.get(key, ""))
            if element is not None:
                yield element

    def wall_clock(self, name: str) -> Iterator[Element]:
        """Return start or end as the clock on the wall shows it in its own zone."""
        start = name == "StartWallClock"
        moment = self.item.start if start else self.item.end
        zone = self.item.zone if start else self.item.end_zone or self.item.zone
        yield t(name, local_text(moment.astimezone(ZoneInfo(zone))))

    def occurrences(self, name: str) -> Iterator[Element]:
        """Return the element of a master that tells of its occurrences; nothing when there is nothing to tell."""
        if self.item.kind is not Kind.MASTER:
            return
        found = calendars.occurrences_of(self.context, self.item.ref)
        if name in ("FirstOccurrence", "LastOccurrence"):
            one = found.first if name == "FirstOccurrence" else found.last
            if one is not None:
                yield _occurrence(name, one)
        elif name == "ModifiedOccurrences" and found.modified:
            yield t.ModifiedOccurrences(*(_occurrence("Occurrence", one) for one in found.modified))
        elif name == "DeletedOccurrences" and found.deleted:
            starts = (t.DeletedOccurrence(t.Start(time_text(start))) for start in found.deleted)
            yield t.DeletedOccurrences(*starts)


@lru_cache(maxsize=1024)
def _zone_element(name: str, zone: str, year: int) -> Element:
    return zones.element(time_zones.definition(time_zones.windows(zone), year), full=True, tag=name)


def _occurrence(name: str, item: CalendarItem) -> Element:
    original = item.original_start or item.start
    times = zip(("Start", "End", "OriginalStart"), (item.start, item.end, original), strict=True)
    return t(
        name,
        item_parts.item_id("ItemId", item.ref, item.change),
        *(t(part, time_text(time)) for part, time in times),
    )
