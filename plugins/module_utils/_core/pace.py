# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How many requests a server is given at once: as many as it takes, which only its answers tell.

The rule is that of TCP, additive increase and multiplicative decrease (RFC 5681), with requests in place of segments.
It knows no time: what a server can take is measured in answers. :class:`Turns` lets threads go by it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

FIRST = 4
"""So many at first, where so many are allowed at all."""
ROUNDS = 2
"""Once the server was busy, so many times as many as are allowed, and as :data:`FIRST` at least, have to be answered
before it is asked for one more: to ask costs a request that is sent away."""
ROUNDING = 1e-9
"""What the sum of thirds lacks to a whole."""


@dataclass
class Pace:
    """The rule: ``most`` is the bound, ``now`` what is allowed at this time, at least one.

    An answer lets the number grow: by one until the server was busy for the first time, and so twice as many in each
    round; afterwards by one in :data:`ROUNDS` rounds. An answer that it is busy halves it, once for all requests that
    were under way together: they have met the same crowd.
    """

    most: int
    now: int = field(init=False)
    _exact: float = field(init=False)
    _doubling: bool = field(default=True, init=False)
    _halved: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._set(min(FIRST, self.most))

    def begin(self) -> int:
        """Return the mark of a request that begins; it is given back with its answer."""
        return self._halved

    def answered(self) -> None:
        """Note an answer of a server that has time."""
        if self.now < self.most:
            self._set(self._exact + (1.0 if self._doubling else 1.0 / (ROUNDS * max(self.now, FIRST))))

    def busy(self, mark: int) -> None:
        """Note that the server had no time for the request with this mark."""
        if mark == self._halved:
            self._halved += 1
            self._doubling = False
            self._set(self._exact / 2)

    def _set(self, exact: float) -> None:
        self._exact = max(1.0, min(exact, float(self.most)))
        self.now = int(self._exact + ROUNDING)


@dataclass
class Turn:
    """A request under way. ``busy`` is what its answer says of the server's time, ``None`` for nothing."""

    mark: int
    busy: bool | None = None


class Turns:
    """Lets as many requests go at once as a :class:`Pace` allows; threads share it, and wait here for their turn.

    A pause before a retry is no request: meanwhile another may go.
    """

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.under_way = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait until one more may go, and count it as long as the block lasts."""
        with self._changed:
            while self.under_way >= self.pace.now:
                self._changed.wait()
            self.under_way += 1
            turn = Turn(self.pace.begin())
        try:
            yield turn
        finally:
            with self._changed:
                self.under_way -= 1
                if turn.busy:
                    self.pace.busy(turn.mark)
                elif turn.busy is not None:
                    self.pace.answered()
                free = self.pace.now - self.under_way
                if free > 0:
                    self._changed.notify(free)
