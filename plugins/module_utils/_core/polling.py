# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Waiting for what happens elsewhere: the one loop that asks again and again, and a watch for how long things take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Polling:
    """A look every ``interval`` seconds until ``timeout`` seconds are over; ``report`` shows how it goes meanwhile.

    ``clock`` returns seconds that only ever grow, ``jitter`` a number from 0 to 1.
    """

    timeout: float
    interval: float
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def looks(self) -> Iterator[Callable[[str], None]]:
        """Yield when it is time to look: at once, then after each pause, and for the last time as the time ends.

        What is yielded is ``report``, for what the look showed. Who has found what is waited for leaves the loop; when
        it ends by itself, it has not come in time.
        """
        deadline = self.clock() + self.timeout
        while True:
            yield self.report
            left = deadline - self.clock()
            if left <= 0:
                return
            self.sleep(min(self.interval, left))

    def give_way(self) -> None:
        """Pause for one to two intervals: whoever waits for the same and goes first is to be seen by then."""
        self.sleep(self.interval * (1 + self.jitter()))


class Stopwatch:
    """Tells how long the blocks took that were entered with it; ``clock`` returns seconds that only ever grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = 0.0
        self.seconds: float | None = None
        """Of all blocks together, ``None`` before the first one."""

    def __enter__(self) -> Stopwatch:
        self._begun = self._clock()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = (self.seconds or 0.0) + self._clock() - self._begun

    def as_result(self) -> dict[str, float]:
        """Return the result ``elapsed``, nothing when no block was entered."""
        return {} if self.seconds is None else {"elapsed": round(self.seconds, 3)}
