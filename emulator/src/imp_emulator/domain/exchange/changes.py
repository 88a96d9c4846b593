# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that every change of a mailbox's calendar passes, in the transaction in which it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from imp_emulator.domain.events import CalendarItemChanged
from imp_emulator.domain.exchange import subscriptions
from imp_emulator.domain.exchange.event_log import EventKind
from imp_emulator.store.exchange import mailboxes
from imp_emulator.world.context import Context

Action = Literal["created", "modified", "deleted"]


_KINDS: Mapping[Action, EventKind] = {
    "created": EventKind.CREATED,
    "modified": EventKind.MODIFIED,
    "deleted": EventKind.DELETED,
}


def record(context: Context, mailbox_id: int, action: Action, item: int, change: int, *, free_busy: bool) -> None:
    """Tell that an item or master was created, modified or deleted; the event reaches who listens after the commit.

    Who has subscribed to the mailbox finds it among the mailbox's events.

    Args:
        context: The environment.
        mailbox_id: The mailbox's row.
        action: What was done.
        item: The row of the item or master.
        change: Its change number afterwards.
        free_busy: Whether the mailbox's free and busy times are others now.
    """
    kinds = [_KINDS[action], *([EventKind.FREE_BUSY_CHANGED] if free_busy else [])]
    subscriptions.record(context, mailbox_id, kinds, item, change)
    mailbox = mailboxes.by_id(context.database, mailbox_id)
    address = "" if mailbox is None else mailbox.address
    context.events.publish(CalendarItemChanged(mailbox_id, address, item, action))
