# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendars of mailboxes: what is in them, and what happens to it.

A series is kept as its master and what became of single occurrences; the occurrences themselves are worked out
whenever somebody looks.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from imp_emulator.domain import timelines
from imp_emulator.domain.exchange import changes, local_times
from imp_emulator.domain.exchange.calendar_items import (
    FIELDS,
    Attendee,
    CalendarItem,
    Draft,
    ItemRef,
    Kind,
    Occurrences,
    Page,
    View,
    content_of,
    full_content,
    settled,
    values_of,
)
from imp_emulator.domain.exchange.series import Series
from imp_emulator.errors import Conflict, InvalidValue, NotFound
from imp_emulator.store.exchange import calendars as store
from imp_emulator.store.exchange.calendars import Extent, StoredItem
from imp_emulator.world.context import Context

__all__ = ["Attendee", "CalendarItem", "Draft", "ItemRef", "Kind"]

_CLOCK_CHANGE = 86_400
"""More seconds than a change of the clock makes an occurrence longer by."""
_FREE = "Free"
_READ_AT_ONCE = 500
_LONGEST_NOTED = 200
"""How many characters of a subject are kept for those who look back."""
_IN_FREE_BUSY = ("start", "end", "all_day", "show_as", "recurrence")
"""What the free and busy times are made of."""
_OF_A_SERIES = frozenset({"recurrence", "uid"})
"""What one occurrence cannot have otherwise."""


def view(context: Context, mailbox_id: int, start: datetime, end: datetime, limit: int | None = None) -> View:
    """Return what takes place in a time: what ends after its start and starts before its end.

    Args:
        context: The environment.
        mailbox_id: Whose calendar.
        start: An aware time.
        end: An aware time after it.
        limit: How many items to return at most.
    """
    start, end = local_times.clamped(start), local_times.clamped(end)
    found: list[CalendarItem] = []
    for stored in store.in_view(context.database, mailbox_id, start.timestamp(), end.timestamp()):
        if "series" in stored.content:
            found.extend(_occurrences(context, stored, start, end))
        else:
            found.append(_item(stored))
    found.sort(key=lambda item: (item.start, item.end, item.ref.item))
    shown = found if limit is None else found[:limit]
    return View(tuple(shown), len(found), len(shown) == len(found))


def page(context: Context, mailbox_id: int, offset: int, limit: int) -> Page:
    """Return at most ``limit`` single items and masters, from the one numbered ``offset`` on."""
    total = store.count(context.database, mailbox_id)
    items = tuple(_item(stored) for stored in store.page(context.database, mailbox_id, offset, limit))
    following = offset + len(items)
    return Page(items, total, following if items and following < total else None)


def series_view(context: Context, master_ref: ItemRef, start: datetime, end: datetime) -> Iterator[CalendarItem]:
    """Return one after another, in no order, the occurrences of one series that take place in a time.

    Raises:
        NotFound: There is no such item.
        InvalidValue: It does not recur.
    """
    return _occurrences(context, _stored(context, master_ref), local_times.clamped(start), local_times.clamped(end))


def every(context: Context, mailbox_id: int) -> Iterator[CalendarItem]:
    """Return all single items and masters, in the order in which they came; not all of them are in memory at once."""
    offset: int | None = 0
    while offset is not None:
        part = page(context, mailbox_id, offset, _READ_AT_ONCE)
        yield from part.items
        offset = part.next


def get(context: Context, ref: ItemRef) -> CalendarItem:
    """Return an item, a master, or with an original start an occurrence.

    Raises:
        NotFound: There is none; the code is ``occurrence-deleted`` for an occurrence that was deleted.
    """
    stored = _stored(context, ref)
    if ref.original_start is None:
        return _item(stored)
    return _occurrence(context, stored, ref.original_start)


def by_uid(context: Context, mailbox_id: int, uid: str) -> list[CalendarItem]:
    """Return the items and masters with an identifier of iCalendar, oldest first."""
    return [_item(stored) for stored in store.by_uid(context.database, mailbox_id, uid)]


def master(context: Context, ref: ItemRef) -> CalendarItem:
    """Return the master of an occurrence.

    Raises:
        NotFound: There is no such item.
        InvalidValue: It does not recur.
    """
    stored = _stored(context, ref)
    _series(stored)
    return _item(stored)


def occurrence(context: Context, master_ref: ItemRef, index: int) -> CalendarItem:
    """Return an occurrence by its number, from 1; those that were deleted are counted.

    Raises:
        NotFound: The series has not so many (``occurrence-out-of-range``), or it was deleted (``occurrence-deleted``).
        InvalidValue: The item does not recur.
    """
    stored = _stored(context, master_ref)
    original = _series(stored).nth(index) if index > 0 else None
    if original is None:
        text = f"The series has no occurrence number {index}."
        raise NotFound("occurrence-out-of-range", text)
    return _occurrence(context, stored, original)


def occurrences_of(context: Context, master_ref: ItemRef) -> Occurrences:
    """Return what a master tells of its series.

    Raises:
        NotFound: There is no such item.
        InvalidValue: It does not recur.
    """
    stored = _stored(context, master_ref)
    series = _series(stored)
    known = store.exceptions(context.database, stored.id)
    deleted = {exception.original for exception in known if exception.content is None}
    first = _first(series, deleted)
    last = None if series.last is None else _last(series, deleted)
    return Occurrences(
        None if first is None else _occurrence(context, stored, local_times.moment(first, series.zone)),
        None if last is None else _occurrence(context, stored, local_times.moment(last, series.zone)),
        tuple(
            _exception(stored, exception.original, exception.content)
            for exception in known
            if exception.content is not None
        ),
        tuple(_moment(original) for original in sorted(deleted)),
    )


def faces(context: Context, master_ref: ItemRef) -> tuple[datetime, datetime]:
    """Return start and end of the first occurrence of a series, naive, on the wall of its zone.

    Raises:
        NotFound: There is no such item.
        InvalidValue: It does not recur.
    """
    series = _series(_stored(context, master_ref))
    return series.first, series.first + series.length


def holds(context: Context, ref: ItemRef, draft: Draft) -> bool:
    """Tell whether an item is just what a draft says; what became of its occurrences is not looked at.

    Raises:
        NotFound: There is no such item.
        InvalidValue: See :func:`create`.
    """
    stored = _stored(context, ref)
    return draft.uid in (None, stored.uid) and _kept(settled(draft))[1] == stored.content


def create(context: Context, mailbox_id: int, draft: Draft) -> CalendarItem:
    """Put an item into a calendar; with a recurrence it starts where the pattern first does.

    Raises:
        InvalidValue: See :func:`calendar_items.settled`; or the recurrence has no occurrence.
    """
    extent, content = _kept(settled(draft))
    now = context.clock.timestamp()
    uid = draft.uid or _new_uid(now)
    stored = store.insert(context.database, mailbox_id, uid, extent, now, content)
    made = _item(stored)
    _tell(context, made, "created", stored.change, free_busy=made.show_as != _FREE)
    return made


def update(
    context: Context, ref: ItemRef, values: Mapping[str, Any], expected_change: int | None = None
) -> CalendarItem:
    """Change an item and return it as it is then; an occurrence becomes an exception.

    Another time or pattern of a series has all its occurrences be as the pattern has them, as in Exchange.

    Args:
        context: The environment.
        ref: Which item.
        values: New values by the names of the fields of a draft.
        expected_change: The change number that the caller has read; ``None`` to change whatever is there.

    Raises:
        NotFound: See :func:`get`.
        Conflict: The item has changed since.
        InvalidValue: See :func:`create`; or a field is none of a draft, or one that an occurrence does not have.
    """
    stored = _stored(context, ref)
    if expected_change not in (None, stored.change):
        raise Conflict("calendar-item-changed", "The item has changed since it was read.")
    unknown = (
        values.keys() - set(FIELDS)
        if ref.original_start is None
        else values.keys() - set(FIELDS) | (values.keys() & _OF_A_SERIES)
    )
    if unknown:
        raise InvalidValue("calendar-item-field", f"{min(unknown)} cannot be set here.", min(unknown))
    before = get(context, ref)
    if ref.original_start is None:
        _change_whole(context, stored, values)
    else:
        _change_occurrence(context, stored, ref.original_start, values)
    after = get(context, ref)
    shown = any(getattr(before, name) != getattr(after, name) for name in _IN_FREE_BUSY)
    _tell(context, after, "modified", after.change, free_busy=shown)
    return after


def restore_pattern(context: Context, master_ref: ItemRef) -> None:
    """Have all occurrences of a series be as the pattern has them, those that were deleted, too.

    Raises:
        NotFound: There is no such item.
        InvalidValue: It does not recur.
    """
    stored = _stored(context, master_ref)
    _series(stored)
    store.clear_exceptions(context.database, stored.id)
    _touch(context, stored)
    series = _item(stored)
    _tell(context, series, "modified", stored.change + 1, free_busy=series.show_as != _FREE)


def delete(context: Context, ref: ItemRef) -> None:
    """Delete an item; of a series the whole, or with an original start one occurrence.

    With its last occurrence a series goes, too.

    Raises:
        NotFound: See :func:`get`.
    """
    if ref.original_start is not None:
        delete_occurrences(context, ref, [ref.original_start])
        return
    stored = _stored(context, ref)
    item = _item(stored)
    store.delete(context.database, stored.id)
    _tell(context, item, "deleted", stored.change, free_busy=item.show_as != _FREE)


def delete_occurrences(context: Context, master_ref: ItemRef, originals: Collection[datetime]) -> None:
    """Delete occurrences of a series, by their original starts, in one change; with its last one the series goes.

    Raises:
        NotFound: See :func:`get`.
    """
    stored = _stored(context, master_ref)
    gone = [_occurrence(context, stored, original) for original in originals]
    busy = any(item.show_as != _FREE for item in gone)
    for original in originals:
        store.put_deletion(context.database, stored.id, original.timestamp())
    known = store.exceptions(context.database, stored.id)
    if _first(_series(stored), {one.original for one in known if one.content is None}) is None:
        store.delete(context.database, stored.id)
        _tell(context, _item(stored), "deleted", stored.change, free_busy=busy)
        return
    _touch(context, stored)
    _tell(context, _item(stored), "modified", stored.change + 1, free_busy=busy)


def _tell(context: Context, item: CalendarItem, action: changes.Action, change: int, *, free_busy: bool) -> None:
    """Have everybody told what was done to an item, and note it for those who look back."""
    changes.record(context, item.ref.mailbox, action, item.ref.item, change, free_busy=free_busy)
    timelines.note_mailbox(
        context,
        item.ref.mailbox,
        "meeting",
        action,
        subject=item.subject[:_LONGEST_NOTED],
        start=item.start.timestamp(),
        end=item.end.timestamp(),
        show_as=item.show_as,
        series=item.kind is not Kind.SINGLE,
    )


def _change_whole(context: Context, stored: StoredItem, values: Mapping[str, Any]) -> None:
    after = dataclasses.replace(_draft(_item(stored)), **{**_faces(stored), **values})
    if after.recurrence is not None and "start" in values and "recurrence" not in values:
        day = local_times.wall(after.start, after.zone).date()
        after = dataclasses.replace(after, recurrence=dataclasses.replace(after.recurrence, start_date=day))
    extent, content = _kept(settled(after))
    if _pattern(content) != _pattern(stored.content):
        store.clear_exceptions(context.database, stored.id)
    uid = after.uid or stored.uid
    store.replace(context.database, stored.id, uid, extent, context.clock.timestamp(), content)
    if extent.series:
        _touch(context, dataclasses.replace(stored, content=content), grows=False)


def _faces(stored: StoredItem) -> dict[str, datetime]:
    """Return start and end of a master in its zone, so that a time that the clock jumps over keeps its face."""
    if "series" not in stored.content:
        return {}
    series = _series(stored)
    zone = local_times.zone(series.zone)
    end = series.first + series.length
    return {"start": series.first.replace(tzinfo=zone), "end": end.replace(tzinfo=zone)}


def _change_occurrence(context: Context, stored: StoredItem, original: datetime, values: Mapping[str, Any]) -> None:
    after = settled(dataclasses.replace(_draft(_occurrence(context, stored, original)), **values))
    plain = _plain(stored, original)
    differing = {name for name in FIELDS if getattr(after, name) != getattr(plain, name)}
    if differing:
        content = content_of({name: getattr(after, name) for name in {"start", "end", *differing}})
        extent = Extent(after.start.timestamp(), after.end.timestamp())
        store.put_exception(context.database, stored.id, original.timestamp(), extent, content)
    else:
        store.remove_exception(context.database, stored.id, original.timestamp())
    _touch(context, stored)


def _touch(context: Context, stored: StoredItem, *, grows: bool = True) -> None:
    """Note when the first occurrence of a series starts and the last one ends, now that one has changed."""
    extent = _extent(_series(stored))
    moved = store.exceptions_extent(context.database, stored.id)
    if moved is not None:
        ends = None if extent.ends is None else max(extent.ends, moved[1])
        extent = Extent(min(extent.starts, moved[0]), ends, series=True)
    store.touch(context.database, stored.id, extent, context.clock.timestamp(), grows=grows)


def _kept(draft: Draft) -> tuple[Extent, dict[str, Any]]:
    """Return when a settled draft takes place, and what is kept of it."""
    if draft.recurrence is None:
        return Extent(draft.start.timestamp(), draft.end.timestamp()), full_content(draft)
    series = Series.of(draft, draft.recurrence)
    start, end = series.span(series.first)
    content = full_content(dataclasses.replace(draft, start=start, end=end, recurrence=series.recurrence))
    return _extent(series), {**content, "series": series.content()}


def _extent(series: Series) -> Extent:
    starts, _ = series.span(series.first)
    ends = None if series.last is None else series.span(series.last)[1].timestamp()
    return Extent(starts.timestamp(), ends, series=True)


def _pattern(content: Mapping[str, Any]) -> tuple[Any, ...]:
    return content.get("series"), content.get("recurrence"), content.get("all_day")


def _stored(context: Context, ref: ItemRef) -> StoredItem:
    stored = store.get(context.database, ref.mailbox, ref.item)
    if stored is None:
        raise NotFound("calendar-item-not-found", "The calendar has no such item.")
    return stored


def _series(stored: StoredItem) -> Series:
    if "series" not in stored.content:
        raise InvalidValue("not-recurring", "The item does not recur.")
    found = values_of({"recurrence": stored.content["recurrence"]})["recurrence"]
    return Series.from_content(stored.content["series"], found)


def _occurrences(context: Context, stored: StoredItem, start: datetime, end: datetime) -> Iterator[CalendarItem]:
    """Return the occurrences of a series that overlap a time, in no order."""
    series = _series(stored)
    longest = series.length.total_seconds() + _CLOCK_CHANGE
    known = store.exceptions(context.database, stored.id, start.timestamp(), end.timestamp(), longest)
    changed = {exception.original for exception in known}
    values = _values(stored)
    for span in series.spans(start, end):
        if _overlaps(span, start, end) and span[0].timestamp() not in changed:
            yield _build(stored, {**values, "start": span[0], "end": span[1]}, Kind.OCCURRENCE, span[0])
    for exception in known:
        if exception.content is not None:
            item = _exception(stored, exception.original, exception.content)
            if _overlaps((item.start, item.end), start, end):
                yield item


def _overlaps(span: tuple[datetime, datetime], start: datetime, end: datetime) -> bool:
    return span[0] < end and (span[1] > start or span[0] == span[1] == start)


def _occurrence(context: Context, stored: StoredItem, original: datetime) -> CalendarItem:
    known = store.exception(context.database, stored.id, original.timestamp())
    if known is not None and known.content is None:
        raise NotFound("occurrence-deleted", "The occurrence was deleted from its series.")
    if known is not None and known.content is not None:
        return _exception(stored, known.original, known.content)
    return _plain(stored, original.astimezone(UTC))


def _plain(stored: StoredItem, original: datetime) -> CalendarItem:
    """Return an occurrence as the pattern has it."""
    for start, end in _series(stored).spans(original, original):
        if start == original:
            return _build(stored, {**_values(stored), "start": start, "end": end}, Kind.OCCURRENCE, start)
    raise NotFound("occurrence-not-found", "The series has no occurrence that starts then.")


def _exception(stored: StoredItem, original: float, content: Mapping[str, Any]) -> CalendarItem:
    return _build(stored, {**_values(stored), **values_of(content)}, Kind.EXCEPTION, _moment(original))


def _item(stored: StoredItem) -> CalendarItem:
    return _build(stored, _values(stored), Kind.MASTER if "series" in stored.content else Kind.SINGLE, None)


def _values(stored: StoredItem) -> dict[str, Any]:
    return {**values_of(stored.content), "uid": stored.uid}


def _build(stored: StoredItem, values: dict[str, Any], kind: Kind, original: datetime | None) -> CalendarItem:
    if original is not None:
        values["recurrence"] = None
    return CalendarItem(
        **values,
        ref=ItemRef(stored.mailbox, stored.id, original),
        kind=kind,
        change=stored.change,
        created=_moment(stored.created),
        modified=_moment(stored.modified),
    )


def _draft(item: CalendarItem) -> Draft:
    return Draft(**{name: getattr(item, name) for name in FIELDS})


def _first(series: Series, deleted: set[float]) -> datetime | None:
    """Return the start on the wall of the first occurrence that is not deleted."""
    return next((face for face in series.faces() if _timestamp(series, face) not in deleted), None)


def _last(series: Series, deleted: set[float]) -> datetime | None:
    """Return the start on the wall of the last occurrence that is not deleted, of a series that has an end."""
    for days in (0, 400, 4_000_000):  # Mostly it is near the end, and looking at all takes time.
        after = series.first if series.last is None else max(series.first, _days_before(series.last, days))
        left = [face for face in series.faces(after) if _timestamp(series, face) not in deleted]
        if left:
            return left[-1]
    return None


def _days_before(face: datetime, days: int) -> datetime:
    return datetime.fromordinal(max(1, face.toordinal() - days))


def _timestamp(series: Series, face: datetime) -> float:
    return local_times.moment(face, series.zone).timestamp()


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _new_uid(now: float) -> str:
    """Return an identifier of the form that Exchange gives, its global object identifier in hexadecimal (MS-OXOCAL)."""
    filetime = int((now + 11_644_473_600) * 10_000_000)
    created = filetime.to_bytes(8, "little").hex().upper()
    return f"040000008200E00074C5B7101A82E00800000000{created}{'0' * 16}10000000{uuid.uuid4().hex.upper()}"
