# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mailboxes answer by themselves: one row for each that has ever been told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from imp_emulator.store.database import Database


@dataclass(frozen=True, slots=True)
class AutomaticReplies:
    """The automatic replies of a mailbox.

    Attributes:
        state: ``Disabled``, ``Enabled``, or ``Scheduled``: on from ``start`` until ``end``.
        external_audience: Who outside the organisation is answered: ``None``, ``Known`` (contacts) or ``All``.
        start: When a scheduled time begins, aware, in UTC; ``None`` when none was ever given.
        end: When it ends.
        internal_reply: The answer to senders of the organisation.
        external_reply: The answer to others.
        internal_language: The language tag that the client gave the first answer, or ``""``.
        external_language: That of the second one.
    """

    state: str = "Disabled"
    external_audience: str = "All"
    start: datetime | None = None
    end: datetime | None = None
    internal_reply: str = ""
    external_reply: str = ""
    internal_language: str = ""
    external_language: str = ""


def get(database: Database, mailbox: int) -> AutomaticReplies | None:
    """Return the automatic replies of a mailbox; ``None`` when it has never been given any."""
    row = database.one("SELECT * FROM automatic_replies WHERE mailbox = ?", (mailbox,))
    if row is None:
        return None
    return AutomaticReplies(
        state=row["state"],
        external_audience=row["external_audience"],
        start=_time(row["start_at"]),
        end=_time(row["end_at"]),
        internal_reply=row["internal_reply"],
        external_reply=row["external_reply"],
        internal_language=row["internal_language"],
        external_language=row["external_language"],
    )


def put(database: Database, mailbox: int, replies: AutomaticReplies) -> None:
    """Store the automatic replies of a mailbox in place of those it had."""
    database.execute(
        "INSERT OR REPLACE INTO automatic_replies"
        " (mailbox, state, external_audience, start_at, end_at, internal_reply, external_reply,"
        " internal_language, external_language) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            mailbox,
            replies.state,
            replies.external_audience,
            None if replies.start is None else replies.start.timestamp(),
            None if replies.end is None else replies.end.timestamp(),
            replies.internal_reply,
            replies.external_reply,
            replies.internal_language,
            replies.external_language,
        ),
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
