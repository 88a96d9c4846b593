# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in mailboxes that somebody watches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class MailboxEvent:
    """Something that happened to an item.

    Attributes:
        number: Its place in the mailbox's log, from 1.
        at: Virtual time, seconds since the epoch.
        kind: The event's name on the wire, for example ``CreatedEvent``.
        item: The item's row.
        change: The item's change number afterwards.
    """

    number: int
    at: float
    kind: str
    item: int
    change: int


def last(database: Database, mailbox: int) -> int | None:
    """Return the number of a mailbox's newest event, 0 when there was none; ``None`` when its events are not kept."""
    row = database.one("SELECT last FROM event_log WHERE mailbox = ?", (mailbox,))
    return None if row is None else int(row["last"])


def exist(database: Database) -> bool:
    """Tell whether the events of any mailbox are kept."""
    return database.one("SELECT 1 FROM event_log LIMIT 1") is not None


def keep(database: Database, mailbox: int, until: float) -> None:
    """Keep a mailbox's events from now on, at least until a time."""
    database.execute(
        "INSERT INTO event_log (mailbox, last, kept_until) VALUES (?, 0, ?)"
        " ON CONFLICT (mailbox) DO UPDATE SET kept_until = excluded.kept_until",
        (mailbox, until),
    )


def append(database: Database, mailbox: int, events: Sequence[MailboxEvent]) -> None:
    """Add events, in the order of their numbers."""
    database.executemany(
        "INSERT INTO mailbox_event (mailbox, number, at, kind, item, change) VALUES (?, ?, ?, ?, ?, ?)",
        [(mailbox, event.number, event.at, event.kind, event.item, event.change) for event in events],
    )
    database.execute("UPDATE event_log SET last = ? WHERE mailbox = ?", (events[-1].number, mailbox))


def after(database: Database, mailbox: int, number: int, kinds: Sequence[str], limit: int) -> list[MailboxEvent]:
    """Return at most ``limit`` events of some kinds behind a number, oldest first."""
    rows = database.all(
        "SELECT number, at, kind, item, change FROM mailbox_event WHERE mailbox = ? AND number > ?"
        " AND kind IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT ?",
        (mailbox, number, json.dumps(kinds), limit),
    )
    return [MailboxEvent(**dict(row)) for row in rows]


def forget(database: Database, before: float, now: float) -> bool:
    """Drop events older than ``before``, and the logs that nobody can go on from; tell whether any log is left."""
    database.execute("DELETE FROM mailbox_event WHERE at < ?", (before,))
    database.execute(
        "DELETE FROM event_log WHERE kept_until < ?"
        " AND NOT EXISTS (SELECT 1 FROM subscription WHERE subscription.mailbox = event_log.mailbox)",
        (now,),
    )
    return exist(database)
