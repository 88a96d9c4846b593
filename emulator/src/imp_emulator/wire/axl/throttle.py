# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The write throttle: too many change notifications that wait for delivery, and AXL answers 503."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imp_emulator.world.context import Context


@dataclass(slots=True)
class _Queue:
    outstanding: float
    at: float
    generation: int


class Throttle:
    """The change notifications of each cluster that the nodes have not been told yet.

    They are work in progress of the running product, not its data: they end with the process, a reset or a restore.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queues: dict[str, _Queue] = {}

    def seconds_to_wait(self, cluster: str) -> int | None:
        """Return ``None`` when a write may go ahead, else after how many seconds (at least 1) there is room again."""
        settings = self._context.scenario.axl
        excess = self._drained(cluster).outstanding - settings.outstanding_limit
        if excess < 0:
            return None
        return math.ceil((excess + 1) / settings.drained_per_second) if settings.drained_per_second else 60

    def note(self, cluster: str) -> None:
        """Count a write, which is one change notification."""
        self._drained(cluster).outstanding += 1

    def _drained(self, cluster: str) -> _Queue:
        now = self._context.clock.timestamp()
        generation = self._context.database.generation
        queue = self._queues.get(cluster)
        if queue is None or queue.generation != generation:
            queue = self._queues[cluster] = _Queue(0.0, now, generation)
        drained = max(0.0, now - queue.at) * self._context.scenario.axl.drained_per_second
        queue.outstanding, queue.at = max(0.0, queue.outstanding - drained), now
        return queue
