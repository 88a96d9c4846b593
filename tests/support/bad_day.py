# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users that are enabled while 5 % of the requests meet a busy server, 2 % a reset, 2 % a lost and 1 % a cut answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import run_module

MOST_REQUESTS = 1.3
"""So many times the requests of a good day are enough on a bad one."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"protocol": "axl", "effect": {"kind": "status", "status": 503}, "probability": 0.05, "seed": 1},
    {"protocol": "axl", "effect": {"kind": "drop"}, "probability": 0.02, "seed": 2},
    {"protocol": "axl", "effect": {"kind": "drop_after"}, "probability": 0.02, "seed": 3},
    {"protocol": "axl", "effect": {"kind": "cut"}, "probability": 0.01, "seed": 4},
    {"protocol": "axl", "effect": {"kind": "session"}, "every": 500},
)


@dataclass(frozen=True)
class Day:
    """What a run did.

    Attributes:
        changed: How many users it says that it has changed.
        requests: How many requests it sent; ``writes`` those of them that change something.
    """

    failed: bool
    changed: int
    requests: int
    writes: int


def enable(emulator: Emulator, number: int) -> Day:
    """Enable the first users, and count."""
    emulator.control.clear_journal()
    users = [{"userid": f"user{user:04d}"} for user in range(1, number + 1)]
    result = run_module(
        "calendar_users",
        {**connection(emulator, "cucm"), "users": users, "im_and_presence": True, "meeting_information": True},
    )
    sent = emulator.journal(protocol="axl")
    writes = [entry for entry in sent if entry["write"]]
    return Day(result.failed, len(result.data.get("changes", [])), len(sent), len(writes))


def right(emulator: Emulator) -> int:
    """Return how many users have both options, as the server tells it."""
    found = run_module("calendar_users_info", connection(emulator, "cucm"))["users"]
    return sum(1 for user in found if user["im_and_presence"] and user["meeting_information"])
