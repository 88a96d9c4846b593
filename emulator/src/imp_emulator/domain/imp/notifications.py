# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notifications that a node's administration shows: what went wrong there, as long as it does."""

from __future__ import annotations

from imp_emulator.store.imp import notifications as store
from imp_emulator.world.context import Context

Notification = store.Notification

ERROR = "Error"
NO_GATEWAY = "exchange-gateways"
"""The key of the notification that no presence gateway works."""
NOTIFICATION_PORT = "exchange-notification-port"
"""The key of the notification that the engine cannot listen for Exchange's notifications."""


def raise_(context: Context, cluster: str, node: str, key: str, severity: str, text: str) -> None:
    """Show a notification; an active one of the same key gets the new words and keeps its time.

    Args:
        key: What it is about; a node has no two active ones with the same.
        severity: ``Information``, ``Warning`` or ``Error``.
        text: For a person; no secret.
    """
    at = context.clock.timestamp()
    store.put(context.database, cluster, Notification(node, key, severity, text, at))


def clear(context: Context, cluster: str, node: str, key: str) -> None:
    """Note that a notification's reason is gone; it is no error when there is none."""
    store.clear(context.database, cluster, node, key)


def active(context: Context, cluster: str) -> list[Notification]:
    """Return the active notifications of a cluster's nodes, oldest first."""
    return store.notifications(context.database, cluster)
