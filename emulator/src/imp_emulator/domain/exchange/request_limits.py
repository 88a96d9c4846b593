# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often an application may ask Exchange Online for one mailbox: so many times in ten minutes of virtual time.

What is used up is work in progress of the running servers: it ends with the process, a reset or a restore. Source:
Microsoft's page on the throttling limits of the Outlook service (10,000 requests for each application and mailbox).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from imp_emulator.domain.exchange import online
from imp_emulator.world.context import Context

PERIOD = 600
"""Seconds."""


@dataclass(slots=True)
class _Used:
    """What was asked since the period began, in seconds since the epoch."""

    since: float
    requests: int = 0


class RequestLimits:
    """What the applications have asked in the present periods."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._generation = context.database.generation
        self._used: dict[tuple[str, int], _Used] = {}

    def take(self, client_id: str, mailbox: int) -> int | None:
        """Count a request; returns after how many seconds there may be another one, when this one is too many."""
        now = self._context.clock.timestamp()
        if self._generation != self._context.database.generation:
            self._generation = self._context.database.generation
            self._used.clear()
        used = self._used.get((client_id, mailbox))
        # A clock that was set back begins anew, too.
        if used is None or not used.since <= now < used.since + PERIOD:
            used = self._used[client_id, mailbox] = _Used(now)
        if used.requests >= online.tenant(self._context).requests_per_mailbox:
            return max(1, math.ceil(used.since + PERIOD - now))
        used.requests += 1
        return None
