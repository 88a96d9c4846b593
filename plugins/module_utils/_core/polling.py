# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Waiting for what happens elsewhere: the one loop that asks again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Polling:
    """A look every ``interval`` seconds until ``timeout`` seconds are over; ``report`` shows how it goes meanwhile.

    ``clock`` returns seconds that only ever grow.
    """

    timeout: float
    interval: float
    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

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
