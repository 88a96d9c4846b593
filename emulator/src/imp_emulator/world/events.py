# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has happened, told upwards: the one way in which something below reaches what stands above it.

Rules publish what they did; engine, bulk jobs and console subscribe. Who publishes knows of no listener.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from imp_emulator.store.database import Database

_logger = logging.getLogger("imp_emulator")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened; each kind is a frozen dataclass of its own."""


@dataclass(frozen=True, slots=True)
class StateReplaced(Event):
    """A reset or a restored snapshot has replaced the whole state; what was derived from it is worth nothing."""


E = TypeVar("E", bound=Event)


class Events:
    """Delivers events to those who subscribed, after the transaction in which they happened has been committed.

    An event of a transaction that is undone reaches nobody. It lives in memory: what must survive a killed process is
    a job, added in the same transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[tuple[type[Event], Callable[[Any], None]]] = []

    def subscribe(self, kind: type[E], listener: Callable[[E], None]) -> Callable[[], None]:
        """Have a function called with each event of a kind; :class:`Event` stands for all.

        The listener must not block. What takes input or output it gives to the scheduler, see ``Scheduler.track``.

        Returns:
            What ends it, to be called once.
        """
        entry = (kind, listener)
        self._listeners.append(entry)
        return lambda: self._listeners.remove(entry)

    def publish(self, event: Event) -> None:
        """Tell what happened, inside the transaction in which it did."""
        self._database.on_commit(partial(self._deliver, event))

    def _deliver(self, event: Event) -> None:
        for kind, listener in tuple(self._listeners):
            if isinstance(event, kind):
                try:
                    listener(event)
                except Exception as error:  # noqa: BLE001 - what the event tells of is done, whatever its listeners do
                    log_failure(f"a listener of {type(event).__name__}", error)


def log_failure(what: str, error: Exception) -> None:
    """Log that something failed which nobody waits for, without the error's message: it may quote a secret."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("internal error in %s: %s\n%s", what, type(error).__name__, where)
