# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How long to wait before a request is tried again: the one backoff for every client."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A server that asks for more is asked again sooner: ``retries`` says when it is enough."""


@dataclass(frozen=True)
class Backoff:
    """Pauses that double up to a cap, spread so that clients do not march in step; a server may ask for others.

    ``jitter`` returns a number from 0 to 1; ``now`` the seconds since the epoch, for a server that names a time.
    """

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    now: Callable[[], float] = time.time

    def wait(self, attempt: int, retry_after: str = "") -> None:
        """Pause after a failed attempt, the first of which is 0; ``retry_after`` is the header of that name."""
        self.sleep(self.seconds(attempt, retry_after))

    def seconds(self, attempt: int, retry_after: str = "") -> float:
        """Return how long :meth:`wait` pauses."""
        asked = self._asked(retry_after.strip())
        if asked:
            return asked
        # A float is too small for 2 to the power of many thousand.
        doubled = FIRST_PAUSE * 2 ** min(attempt, 30)
        return float(min(LONGEST_PAUSE, doubled) * (0.5 + self.jitter() / 2))

    def _asked(self, value: str) -> float | None:
        """Return the seconds that the server asks for (RFC 9110: a number or a date), within reason."""
        if not value:
            return None
        try:
            seconds = (
                float(value) if value.isdecimal() else email.utils.parsedate_to_datetime(value).timestamp() - self.now()
            )
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
