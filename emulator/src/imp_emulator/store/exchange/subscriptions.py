# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscriptions to mailboxes, as the table has them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from imp_emulator.store.database import Database, Row

PUSH, PULL, STREAMING = "push", "pull", "streaming"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told of what happens in a mailbox.

    Attributes:
        mailbox: The mailbox's row.
        caller: The account that made it.
        server: The Exchange server that it was made at.
        method: ``push``, ``pull`` or ``streaming``.
        version: The schema version that its client asked for.
        events: The kinds of events, by their names on the wire.
        in_calendar: Whether the calendar is among its folders; nothing happens in any other.
        minutes: The status frequency of a push subscription; how long another one may go unused.
        url: Where a push subscription's notifications go; else empty.
        last: The number of the event up to which its client has been told.
        watermark: What the client was told last; empty for a streaming subscription.
        status_at: When a push subscription without events is told so; virtual time, seconds since the epoch.
        failing_since: Since when a push subscription's listener has not answered a notification.
        tries: How often that notification was tried.
    """

    id: str
    mailbox: int
    caller: str
    server: str
    method: str
    version: str
    events: tuple[str, ...]
    in_calendar: bool
    minutes: int
    url: str
    last: int
    watermark: str
    status_at: float
    failing_since: float | None = None
    tries: int = 0


def add(database: Database, subscription: Subscription) -> None:
    """Store a new subscription."""
    database.execute(
        "INSERT INTO subscription (id, mailbox, caller, server, method, version, events, in_calendar, minutes, url,"
        " last, watermark, status_at) VALUES (:id, :mailbox, :caller, :server, :method, :version, :events,"
        " :in_calendar, :minutes, :url, :last, :watermark, :status_at)",
        asdict(subscription) | {"events": " ".join(subscription.events)},
    )


def find(database: Database, identifier: str) -> Subscription | None:
    """Return a subscription, or ``None``."""
    row = database.one("SELECT * FROM subscription WHERE id = ?", (identifier,))
    return None if row is None else _subscription(row)


def of_mailbox(database: Database, mailbox: int) -> list[Subscription]:
    """Return the subscriptions to a mailbox, oldest first."""
    rows = database.all("SELECT * FROM subscription WHERE mailbox = ? ORDER BY rowid", (mailbox,))
    return [_subscription(row) for row in rows]


def subscriptions(database: Database) -> list[Subscription]:
    """Return every subscription, oldest first."""
    return [_subscription(row) for row in database.all("SELECT * FROM subscription ORDER BY rowid")]


def told(database: Database, identifier: str, last: int, watermark: str, status_at: float) -> None:
    """Note what a client has been told; its listener, where there is one, answers."""
    database.execute(
        "UPDATE subscription SET last = ?, watermark = ?, status_at = ?, failing_since = NULL, tries = 0 WHERE id = ?",
        (last, watermark, status_at, identifier),
    )


def failed(database: Database, identifier: str, since: float, tries: int) -> None:
    """Note that a listener has not answered."""
    database.execute("UPDATE subscription SET failing_since = ?, tries = ? WHERE id = ?", (since, tries, identifier))


def remove(database: Database, identifier: str) -> None:
    """Delete a subscription."""
    database.execute("DELETE FROM subscription WHERE id = ?", (identifier,))


def _subscription(row: Row) -> Subscription:
    return Subscription(
        **{**dict(row), "events": tuple(row["events"].split()), "in_calendar": bool(row["in_calendar"])}
    )
