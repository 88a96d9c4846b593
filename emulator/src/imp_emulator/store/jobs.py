# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to happen at a later time of the virtual clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from imp_emulator.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is due at a time.

    Attributes:
        kind: Which handler carries it out.
        key: What it is about; no two jobs of a kind have the same.
        payload: What the handler needs to know, as JSON has it.
        due_at: Virtual time, seconds since the epoch.
        repeats: Whether it comes again and again, and may be left out on a long way of the clock.
    """

    id: int
    kind: str
    key: str
    payload: Any
    due_at: float
    repeats: bool = False


_JOB = "SELECT id, kind, key, payload, due_at, repeats FROM job"


def add(database: Database, kind: str, key: str, payload: Any, due_at: float, *, repeats: bool = False) -> None:
    """Store a job; an earlier one of the same kind and key goes, also one that a coroutine has begun with."""
    database.execute(
        "INSERT OR REPLACE INTO job (kind, key, payload, due_at, repeats) VALUES (?, ?, ?, ?, ?)",
        (kind, key, json.dumps(payload, allow_nan=False), due_at, repeats),
    )


def cancel(database: Database, kind: str, key: str) -> bool:
    """Remove a job; tell whether it was there."""
    return database.execute("DELETE FROM job WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0


def first(database: Database) -> Job | None:
    """Return the job that is due first, of those that nothing has begun with; of several the oldest."""
    row = database.one(f"{_JOB} WHERE taken = 0 ORDER BY due_at, id LIMIT 1")
    return None if row is None else _job(row)


def _job(row: Row) -> Job:
    return Job(row["id"], row["kind"], row["key"], json.loads(row["payload"]), row["due_at"], bool(row["repeats"]))


def waiting(database: Database, kind: str, key: str) -> Job | None:
    """Return a job that nothing has begun with."""
    row = database.one(f"{_JOB} WHERE kind = ? AND key = ? AND taken = 0", (kind, key))
    return None if row is None else _job(row)


def count_repeating(database: Database) -> int:
    """Return how many jobs come again and again."""
    row = database.one("SELECT count(*) AS n FROM job WHERE repeats = 1")
    return 0 if row is None else int(row["n"])


def postpone(database: Database, identifier: int, due_at: float) -> None:
    """Have a job run at another time than it was due."""
    database.execute("UPDATE job SET due_at = ? WHERE id = ?", (due_at, identifier))


def remove(database: Database, identifier: int) -> None:
    """Forget a job that has come to its end."""
    database.execute("DELETE FROM job WHERE id = ?", (identifier,))


def take(database: Database, identifier: int) -> None:
    """Note that a coroutine has begun with a job."""
    database.execute("UPDATE job SET taken = 1 WHERE id = ?", (identifier,))


def give_back(database: Database, identifier: int, due_at: float) -> None:
    """Have a job begun with anew at a time, that a coroutine had begun with."""
    database.execute("UPDATE job SET taken = 0, due_at = ? WHERE id = ?", (due_at, identifier))


def release_all(database: Database) -> None:
    """Have every job begun anew that a coroutine had begun with: it ended with its process."""
    database.execute("UPDATE job SET taken = 0 WHERE taken = 1")
