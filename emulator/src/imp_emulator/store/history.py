# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has happened to users, mailboxes and engines: the newest steps of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imp_emulator.store.database import Database

KEPT = 40
"""How many steps of a subject are kept; an older one goes when a new one comes."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that has happened.

    Attributes:
        at: Virtual time, seconds since the epoch.
        step: The part of the way to presence that it belongs to.
        what: What happened there.
        about: Values that go with it, as JSON has them.
    """

    at: float
    step: str
    what: str
    about: Mapping[str, Any]


def add(database: Database, subject: str, step: Step) -> None:
    """Store a step in the open transaction, that of what it tells."""
    database.execute(
        "INSERT INTO history (subject, at, step, what, about) VALUES (?, ?, ?, ?, ?)",
        (subject, step.at, step.step, step.what, json.dumps(step.about)),
    )
    database.execute(
        "DELETE FROM history WHERE subject = ?1 AND id <= (SELECT id FROM history WHERE subject = ?1"
        " ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (subject, KEPT),
    )


def of(database: Database, subjects: Sequence[str]) -> list[Step]:
    """Return the steps of some subjects in the order in which they came."""
    rows = database.all(
        "SELECT at, step, what, about FROM history WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(subjects)),),
    )
    return [Step(row["at"], row["step"], row["what"], json.loads(row["about"])) for row in rows]


def forget(database: Database, subject: str) -> None:
    """Forget a subject that is no more."""
    database.execute("DELETE FROM history WHERE subject = ?", (subject,))
