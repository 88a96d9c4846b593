# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that every change of a mailbox's calendar passes, in the transaction in which it is made."""

from __future__ import annotations

from typing import Literal

from imp_emulator.domain.events import CalendarItemChanged
from imp_emulator.store.exchange import mailboxes
from imp_emulator.world.context import Context

Action = Literal["created", "modified", "deleted"]


def record(context: Context, mailbox_id: int, action: Action, item: int) -> None:
    """Tell that an item or master was created, modified or deleted; the event reaches who listens after the commit."""
    mailbox = mailboxes.by_id(context.database, mailbox_id)
    address = "" if mailbox is None else mailbox.address
    context.events.publish(CalendarItemChanged(mailbox_id, address, item, action))
