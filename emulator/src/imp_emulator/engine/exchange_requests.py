# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine's requests to Exchange share: how many go on at a time, and how they fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


class Requests:
    """How many requests of a node go on at a time; the clients of all its gateways share one.

    Args:
        threads: How many at most (the parameter Exchange Threads).
        queue: How many more may wait for their turn (the parameter Exchange Queue).
    """

    def __init__(self, threads: int, queue: int) -> None:
        self.threads = threads
        self._queue = queue
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it lasts as long as the block.

        Raises:
            ExchangeFailure: Too many are waiting already (``QUEUE``).
        """
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        if self._under_way < self.threads:
            self._under_way += 1
            return
        if len(self._waiting) >= self._queue:
            raise ExchangeFailure(Failure.QUEUE, f"{self._queue} requests to Exchange are waiting already.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # It was given the turn and does not take it.
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._under_way -= 1
