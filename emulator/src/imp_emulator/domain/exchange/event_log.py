# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in mailboxes, for those who watch them: events, and the watermarks that say how far somebody has read.

A mailbox has a log only while it has a subscription and for 30 days afterwards, which is how long a watermark is good.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from enum import StrEnum

from imp_emulator.errors import InvalidValue
from imp_emulator.store.exchange import event_logs as store
from imp_emulator.store.exchange.event_logs import MailboxEvent
from imp_emulator.world.context import Context

__all__ = ["MailboxEvent"]

FORGET = "exchange-events"
"""The kind of the job that drops old events; there is one, while there is a log."""

_DAY = 86400.0
_KEPT = 30 * _DAY
_FORM = struct.Struct(">4sQQd")
_MAGIC = b"IMPW"


class EventKind(StrEnum):
    """The kinds of events that a client may ask for, by their names on the wire."""

    COPIED = "CopiedEvent"
    CREATED = "CreatedEvent"
    DELETED = "DeletedEvent"
    MODIFIED = "ModifiedEvent"
    MOVED = "MovedEvent"
    NEW_MAIL = "NewMailEvent"
    FREE_BUSY_CHANGED = "FreeBusyChangedEvent"


def keep(context: Context, mailbox_id: int) -> None:
    """Keep the events of a mailbox while it has a subscription, and at least for the days that watermarks are good."""
    now = context.clock.timestamp()
    if not store.exist(context.database):
        context.jobs.add(FORGET, "", now + _DAY)
    store.keep(context.database, mailbox_id, now + _KEPT)


def append(context: Context, mailbox_id: int, kinds: Sequence[EventKind], item: int, change: int) -> bool:
    """Add what happened to an item; tell whether anybody may want to know."""
    last = store.last(context.database, mailbox_id)
    if last is None:
        return False
    now = context.clock.timestamp()
    events = [MailboxEvent(number, now, kind, item, change) for number, kind in enumerate(kinds, last + 1)]
    store.append(context.database, mailbox_id, events)
    return True


def after(context: Context, mailbox_id: int, number: int, kinds: Sequence[str], limit: int) -> list[MailboxEvent]:
    """Return at most ``limit`` events of some kinds behind a number, oldest first."""
    return store.after(context.database, mailbox_id, number, kinds, limit)


def last(context: Context, mailbox_id: int) -> int:
    """Return the number of a mailbox's newest event; 0 when there is none."""
    return store.last(context.database, mailbox_id) or 0


def forget(context: Context) -> None:
    """Drop events that no watermark can be as old as, and the logs that nobody can go on from."""
    now = context.clock.timestamp()
    if store.forget(context.database, now - _KEPT, now):
        context.jobs.add(FORGET, "", now + _DAY)


def watermark(context: Context, mailbox_id: int, number: int) -> str:
    """Return the text that stands for a place in a mailbox's log, as known now; opaque to clients."""
    return base64.b64encode(_FORM.pack(_MAGIC, mailbox_id, number, context.clock.timestamp())).decode()


def place(context: Context, mailbox_id: int, text: str) -> int:
    """Return the number of the event that a watermark stands behind.

    Raises:
        InvalidValue: It is none of this mailbox's, or older than the events that are kept.
    """
    try:
        magic, mailbox, number, at = _FORM.unpack(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, struct.error, ValueError):
        raise _invalid() from None
    newest = store.last(context.database, mailbox_id)
    if magic != _MAGIC or mailbox != mailbox_id or newest is None or number > newest:
        raise _invalid()
    if not context.clock.timestamp() - _KEPT <= at:
        raise _invalid()
    return int(number)


def _invalid() -> InvalidValue:
    return InvalidValue("watermark-invalid", "The watermark used for creating this subscription was not found.")
