# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendar items of mailboxes; what is in one is the domain's affair and passes as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imp_emulator.store.database import Database, Row

_DAY = 86_400
_NEVER = 1e12
"""The last end of a series without end; later than any date that Python knows."""
_COLUMNS = "id, mailbox, uid, change, starts, ends, created, modified, content"
_SELECT = f"SELECT {_COLUMNS} FROM calendar_item"  # noqa: S608 - this project's column names
IN_VIEW = (
    f"{_SELECT} WHERE mailbox = :mailbox AND wide = 0 AND starts > :start - {_DAY} AND starts < :end AND ends > :start"
    f" UNION ALL {_SELECT} WHERE mailbox = :mailbox AND wide = 1 AND starts < :end AND ends > :start"
)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A single calendar item or the master of a series.

    Attributes:
        uid: The identifier that iCalendar knows it by.
        change: Grows with every change of the item or of one of its occurrences.
        created: Seconds since the epoch, of the virtual clock, as ``modified`` is.
        content: What the domain made of it, as JSON has it.
    """

    id: int
    mailbox: int
    uid: str
    change: int
    created: float
    modified: float
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Extent:
    """When an item takes place, in seconds since the epoch.

    Attributes:
        starts: The start, of a series that of its first occurrence.
        ends: The end, of a series that of its last occurrence; ``None`` when it has none.
        series: Whether it is the master of a series.
    """

    starts: float
    ends: float | None
    series: bool = False


@dataclass(frozen=True, slots=True)
class StoredException:
    """An occurrence that was changed or deleted.

    Attributes:
        original: The start that the pattern gives, in seconds since the epoch.
        content: What differs from the master; ``None`` when it was deleted.
    """

    original: float
    content: Mapping[str, Any] | None


def in_view(database: Database, mailbox: int, start: float, end: float) -> list[StoredItem]:
    """Return the items that overlap a time, and the masters of series that may; times in seconds since the epoch.

    An item that ends when the time starts is not among them, nor one that starts when it ends.
    """
    return [_item(row) for row in database.all(IN_VIEW, {"mailbox": mailbox, "start": start, "end": end})]


def page(database: Database, mailbox: int, offset: int, limit: int) -> list[StoredItem]:
    """Return items and masters in the order in which they came."""
    sql = f"{_SELECT} WHERE mailbox = ? ORDER BY id LIMIT ? OFFSET ?"
    return [_item(row) for row in database.all(sql, (mailbox, limit, offset))]


def count(database: Database, mailbox: int) -> int:
    """Return how many items and masters a calendar holds."""
    row = database.one("SELECT count(*) AS n FROM calendar_item WHERE mailbox = ?", (mailbox,))
    return 0 if row is None else int(row["n"])


def get(database: Database, mailbox: int, item: int) -> StoredItem | None:
    """Return one item or master, or ``None``."""
    row = database.one(f"{_SELECT} WHERE id = ? AND mailbox = ?", (item, mailbox))
    return None if row is None else _item(row)


def by_uid(database: Database, mailbox: int, uid: str) -> list[StoredItem]:
    """Return the items and masters with an iCalendar identifier, oldest first."""
    rows = database.all(f"{_SELECT} WHERE mailbox = ? AND uid = ? ORDER BY id", (mailbox, uid))
    return [_item(row) for row in rows]


def insert(
    database: Database, mailbox: int, uid: str, extent: Extent, now: float, content: Mapping[str, Any]
) -> StoredItem:
    """Add an item."""
    starts, ends, wide = _place(extent)
    cursor = database.execute(
        "INSERT INTO calendar_item (mailbox, uid, wide, starts, ends, change, created, modified, content)"
        " VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
        (mailbox, uid, wide, starts, ends, now, now, json.dumps(content)),
    )
    return StoredItem(int(cursor.lastrowid or 0), mailbox, uid, 1, now, now, content)


def replace(database: Database, item: int, uid: str, extent: Extent, now: float, content: Mapping[str, Any]) -> None:
    """Give an item another content; its change number grows."""
    starts, ends, wide = _place(extent)
    database.execute(
        "UPDATE calendar_item SET uid = ?, wide = ?, starts = ?, ends = ?, change = change + 1, modified = ?,"
        " content = ? WHERE id = ?",
        (uid, wide, starts, ends, now, json.dumps(content), item),
    )


def copy(database: Database, source: int, target: int) -> None:
    """Give a mailbox a copy of all items of another one, with what became of occurrences; the copies have new rows."""
    for row in database.all("SELECT id FROM calendar_item WHERE mailbox = ? ORDER BY id", (source,)):
        item = (row["id"],)
        made = database.execute(
            "INSERT INTO calendar_item (mailbox, uid, wide, starts, ends, change, created, modified, content)"
            " SELECT ?, uid, wide, starts, ends, change, created, modified, content FROM calendar_item WHERE id = ?",
            (target, *item),
        )
        database.execute(
            "INSERT INTO calendar_exception (item, original, starts, ends, content)"
            " SELECT ?, original, starts, ends, content FROM calendar_exception WHERE item = ?",
            (made.lastrowid, *item),
        )


def touch(database: Database, item: int, extent: Extent, now: float, *, grows: bool) -> None:
    """Note when the first occurrence of a series starts and its last ends, and whether its change number grows."""
    starts, ends, _ = _place(extent)
    database.execute(
        "UPDATE calendar_item SET starts = ?, ends = ?, change = change + ?, modified = ? WHERE id = ?",
        (starts, ends, grows, now, item),
    )


def delete(database: Database, item: int) -> None:
    """Remove an item; of a master, the series."""
    database.execute("DELETE FROM calendar_item WHERE id = ?", (item,))


def exceptions(
    database: Database, item: int, start: float = -_NEVER, end: float = _NEVER, longest: float = 0
) -> list[StoredException]:
    """Return the changed and deleted occurrences of a series that are, or would have been, in a time.

    Args:
        database: The state file.
        item: The master.
        start: From when, in seconds since the epoch.
        end: Until when.
        longest: How long an occurrence of the pattern lasts at most, in seconds.
    """
    rows = database.all(
        "SELECT original, content FROM calendar_exception WHERE item = :item AND"
        " (original > :start - :longest AND original < :end OR starts < :end AND ends > :start) ORDER BY original",
        {"item": item, "start": start, "end": end, "longest": longest},
    )
    return [_exception(row) for row in rows]


def exception(database: Database, item: int, original: float) -> StoredException | None:
    """Return what became of an occurrence; ``None`` when it is as the pattern has it."""
    row = database.one(
        "SELECT original, content FROM calendar_exception WHERE item = ? AND original = ?", (item, original)
    )
    return None if row is None else _exception(row)


def put_exception(database: Database, item: int, original: float, extent: Extent, content: Mapping[str, Any]) -> None:
    """Store what differs in an occurrence, in place of what differed before."""
    values: Sequence[Any] = (item, original, extent.starts, extent.ends, json.dumps(content))
    database.execute("INSERT OR REPLACE INTO calendar_exception VALUES (?, ?, ?, ?, ?)", values)


def put_deletion(database: Database, item: int, original: float) -> None:
    """Store that an occurrence was deleted."""
    database.execute("INSERT OR REPLACE INTO calendar_exception VALUES (?, ?, NULL, NULL, NULL)", (item, original))


def remove_exception(database: Database, item: int, original: float) -> None:
    """Have an occurrence be as the pattern has it."""
    database.execute("DELETE FROM calendar_exception WHERE item = ? AND original = ?", (item, original))


def exceptions_extent(database: Database, item: int) -> tuple[float, float] | None:
    """Return the first start and the last end of the changed occurrences; ``None`` without any."""
    row = database.one("SELECT min(starts), max(ends) FROM calendar_exception WHERE item = ?", (item,))
    return None if row is None or row[0] is None else (row[0], row[1])


def clear_exceptions(database: Database, item: int) -> None:
    """Have all occurrences of a series be as the pattern has them."""
    database.execute("DELETE FROM calendar_exception WHERE item = ?", (item,))


def _place(extent: Extent) -> tuple[float, float, bool]:
    ends = _NEVER if extent.ends is None else extent.ends
    # What has no length is where it starts, and a view that starts there shows it.
    ends = max(ends, extent.starts + 1e-6)
    return extent.starts, ends, extent.series or ends - extent.starts > _DAY


def _item(row: Row) -> StoredItem:
    identifier, mailbox, uid, change, _, _, created, modified, content = row
    return StoredItem(identifier, mailbox, uid, change, created, modified, json.loads(content))


def _exception(row: Row) -> StoredException:
    return StoredException(row["original"], None if row["content"] is None else json.loads(row["content"]))
