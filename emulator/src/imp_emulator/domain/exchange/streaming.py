# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of streaming connections: their minutes, and their end. What they carry is told at the door."""

from __future__ import annotations

from collections.abc import Sequence

from imp_emulator.domain.events import StreamTick
from imp_emulator.domain.exchange import subscriptions
from imp_emulator.store.exchange import subscriptions as store
from imp_emulator.store.jobs import Job
from imp_emulator.world.context import Context

TICK = "exchange-stream"
"""The kind of the job of a connection's next minute; by the connection."""
MINUTES = range(1, 31)
"""How long a connection may be asked for."""

_TICK_SECONDS = 60.0


def open_connection(context: Context, stream: str, identifiers: Sequence[str], minutes: int) -> None:
    """Begin to count the minutes of a connection, which ends after so many of the virtual clock."""
    until = context.clock.timestamp() + minutes * 60
    _wait(context, stream, {"until": until, "subscriptions": list(identifiers)})


def tick(context: Context, job: Job) -> None:
    """Carry out a job of kind :data:`TICK`: the subscriptions live on, the connection goes on or is over."""
    for identifier in job.payload["subscriptions"]:
        subscription = store.find(context.database, identifier)
        if subscription is not None:
            subscriptions.use(context, subscription)
    over = context.clock.timestamp() >= job.payload["until"]
    if not over:
        _wait(context, job.key, job.payload)
    context.events.publish(StreamTick(job.key, over))


def close_connection(context: Context, stream: str) -> None:
    """Count no longer; the connection is gone."""
    with context.database.transaction():
        context.jobs.cancel(TICK, stream)


def _wait(context: Context, stream: str, payload: dict[str, object]) -> None:
    context.jobs.add(TICK, stream, context.clock.timestamp() + _TICK_SECONDS, payload)
