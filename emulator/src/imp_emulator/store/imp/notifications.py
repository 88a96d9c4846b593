# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The active notifications of the nodes' administration."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification.

    Attributes:
        severity: ``Information``, ``Warning`` or ``Error``.
        raised_at: Virtual time, in seconds since the epoch.
    """

    node: str
    key: str
    severity: str
    text: str
    raised_at: float


def put(database: Database, cluster: str, notification: Notification) -> None:
    """Store a notification; one of its node and key that is active already keeps its time and gets the new words."""
    database.execute(
        "INSERT INTO notification (cluster, node, key, severity, text, raised_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (cluster, node, key) DO UPDATE SET severity = excluded.severity, text = excluded.text",
        (
            cluster,
            notification.node,
            notification.key,
            notification.severity,
            notification.text,
            notification.raised_at,
        ),
    )


def clear(database: Database, cluster: str, node: str, key: str) -> None:
    """Remove a notification whose reason is gone; none is no error."""
    database.execute("DELETE FROM notification WHERE cluster = ? AND node = ? AND key = ?", (cluster, node, key))


def notifications(database: Database, cluster: str) -> list[Notification]:
    """Return the notifications of a cluster's nodes, oldest first."""
    rows = database.all(
        "SELECT node, key, severity, text, raised_at FROM notification WHERE cluster = ? ORDER BY id", (cluster,)
    )
    return [Notification(*row) for row in rows]
