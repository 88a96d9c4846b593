# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications of the nodes' administration, active ones and those that were cleared."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification; times are virtual, in seconds since the epoch.

    Attributes:
        severity: ``Information``, ``Warning`` or ``Error``.
        cleared_at: ``None`` while it is active.
    """

    node: str
    key: str
    severity: str
    text: str
    raised_at: float
    cleared_at: float | None


def put(database: Database, cluster: str, notification: Notification) -> None:
    """Store a notification; one of its node and key that is active already keeps its time and gets the new words."""
    database.execute(
        "INSERT INTO notification (cluster, node, key, severity, text, raised_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (cluster, node, key) WHERE cleared_at IS NULL"
        " DO UPDATE SET severity = excluded.severity, text = excluded.text",
        (
            cluster,
            notification.node,
            notification.key,
            notification.severity,
            notification.text,
            notification.raised_at,
        ),
    )


def clear(database: Database, cluster: str, node: str, key: str, at: float) -> None:
    """Note that the reason of an active notification is gone; none is no error."""
    database.execute(
        "UPDATE notification SET cleared_at = ? WHERE cluster = ? AND node = ? AND key = ? AND cleared_at IS NULL",
        (at, cluster, node, key),
    )


def notifications(database: Database, cluster: str, *, active: bool = True) -> list[Notification]:
    """Return the notifications of a cluster's nodes, oldest first; those that are active, or all."""
    rows = database.all(
        "SELECT node, key, severity, text, raised_at, cleared_at FROM notification"
        " WHERE cluster = ? AND (cleared_at IS NULL OR NOT ?) ORDER BY id",
        (cluster, active),
    )
    return [Notification(*row) for row in rows]
