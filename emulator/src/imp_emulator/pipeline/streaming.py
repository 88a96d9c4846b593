# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers whose body is made while it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from imp_emulator.pipeline.request import Message, Receive, Send, Stream
from imp_emulator.world.events import log_failure
from imp_emulator.world.faults import Effect, EffectKind

_PIECES = 20
"""Into how many pieces an answer falls that comes drop by drop."""
_FILLER = b" " * 4096
"""What an answer without an end goes on with: white space, which neither XML nor JSON minds behind a document."""
_PAUSE = 0.005  # seconds


class CutError(Exception):
    """A fault wants the connection closed in the middle of the answer."""


async def _cut(body: bytes, effect: Effect) -> AsyncGenerator[bytes, None]:
    """Yield the first part of a body, then fail."""
    yield body[: int(len(body) * effect.share)]
    raise CutError


async def _drip(body: bytes, effect: Effect) -> AsyncGenerator[bytes, None]:
    """Yield a body in small pieces."""
    size = max(-(-len(body) // _PIECES), 1)
    for start in range(0, len(body), size):
        await asyncio.sleep(effect.seconds / _PIECES)
        yield body[start : start + size]


async def _endless(body: bytes, _effect: Effect) -> AsyncGenerator[bytes, None]:
    """Yield a body, then go on until the client goes away or the listener ends."""
    yield body
    while True:
        yield _FILLER
        await asyncio.sleep(_PAUSE)


BADLY_SENT = {EffectKind.CUT: _cut, EffectKind.DRIP: _drip, EffectKind.ENDLESS: _endless}
"""What sends an answer badly, by kind of fault."""


def badly_sent(body: bytes, effect: Effect) -> Stream:
    """Return the stream of a body that a fault wants to be sent badly."""
    return BADLY_SENT[effect.kind](body, effect)


class Streams:
    """The streaming answers of one listener that are under way."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended = False

    async def send(self, start: Message, stream: Stream, receive: Receive, send: Send) -> bool:
        """Send an answer until it ends, its client goes away or the listener ends; tell whether it came to an end.

        It did not when the stream failed: then the connection has to be closed, so that its client sees that
        something is missing.
        """
        await send(start)
        sending = asyncio.create_task(_send_all(stream, send))
        leaving = asyncio.create_task(_gone(receive))
        self._under_way.add(sending)
        try:
            if not self._ended:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._under_way.discard(sending)
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})
            await stream.aclose()
        if not sending.cancelled() and isinstance(error := sending.exception(), Exception):
            if not isinstance(error, CutError):
                log_failure("a streaming answer", error)
            return False
        await send({"type": "http.response.body", "body": b""})
        return True

    def end(self) -> None:
        """End all of them at once, and from now on every one that begins."""
        self._ended = True
        for task in self._under_way:
            task.cancel()


async def _send_all(stream: Stream, send: Send) -> None:
    async for piece in stream:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
