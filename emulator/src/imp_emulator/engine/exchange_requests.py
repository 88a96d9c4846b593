# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine's requests to Exchange share: how many go on at a time, and how they fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum


class Failure(StrEnum):
    """Why a request failed."""

    UNREACHABLE = "unreachable"
    TRUST = "trust"
    LOGIN = "login"
    MAILBOX = "mailbox"
    RIGHT = "right"
    BUSY = "busy"
    TIMEOUT = "timeout"
    QUEUE = "queue"
    FOLDER = "folder"
    ANSWER = "answer"


_OF_GATEWAY = frozenset({Failure.UNREACHABLE, Failure.TRUST, Failure.TIMEOUT, Failure.BUSY, Failure.ANSWER})


class ExchangeFailure(Exception):
    """A request that failed.

    Attributes:
        failure: Why.
        detail: One sentence for a person; it quotes no secret.
    """

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail

    @property
    def of_gateway(self) -> bool:
        """Whether another gateway may do better."""
        return self.failure in _OF_GATEWAY


class Turns:
    """A number of turns that are waited for in order.

    Attributes:
        most: How many there are; it may be changed.
        taken: How many are taken.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> bool:
        """Whether one can be had at once."""
        return self.taken < self.most

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    async def take(self, *, first: bool = False) -> None:
        """Wait for a turn.

        Args:
            first: Whether to wait before all others.
        """
        if self.free:
            self.taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if first else self._waiting.append)(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):
                    self._waiting.remove(turn)
            else:
                self.give()  # It was handed the turn in the same moment.
            raise

    def give(self) -> None:
        """Give a turn back, to who waits longest."""
        self.taken -= 1
        self.hand_out()

    def hand_out(self) -> None:
        """Let those in who wait, as far as there are turns; to be called when there have become more."""
        while self._waiting and self.free:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)


class Requests:
    """How many requests of a node go on at a time; the clients of all its gateways share one.

    Args:
        threads: How many at most (the parameter Exchange Threads).
        queue: How many more may wait for their turn (the parameter Exchange Queue).
    """

    def __init__(self, threads: int, queue: int) -> None:
        self.threads = threads
        self._queue = queue
        self._turns = Turns(threads)
        self._left = asyncio.Event()

    async def room(self) -> None:
        """Wait until a request need not fail because too many are waiting; others may be faster all the same."""
        while not self._turns.free and self._turns.waiting >= self._queue:
            self._left.clear()
            await self._left.wait()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it lasts as long as the block.

        Raises:
            ExchangeFailure: Too many are waiting already (``QUEUE``).
        """
        if not self._turns.free and self._turns.waiting >= self._queue:
            full = f"The queue for requests to Exchange is full: Exchange Queue is {self._queue}."
            raise ExchangeFailure(Failure.QUEUE, full)
        await self._turns.take()
        try:
            yield
        finally:
            self._turns.give()
            self._left.set()
