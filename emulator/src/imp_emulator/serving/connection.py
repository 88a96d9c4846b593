# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client's connection to a listener: what a request may take of it, in bytes and in time."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from imp_emulator.pipeline.gate import ABORT, CLOSE, CONNECTION
from imp_emulator.pipeline.request import Connection

HEAD_LIMIT = 64 * 1024
"""The largest request line with headers, in bytes; Tomcat and IIS take 8 and 16 KiB unless told otherwise."""
ARRIVAL_SECONDS = 60.0
"""How long a request may take to arrive, and a client to read on where an answer waits for it; in real time."""

_REFUSAL = b"The request line and the headers are too large\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(_REFUSAL), _REFUSAL)
)


class HttpConnection(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with bounds; requests know their connection, and may close it without an answer.

    uvicorn itself ends a connection that is idle between two requests. It neither counts what a request's head holds,
    nor gives up a client that begins a request and does not go on, or that does not read its answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions = {ABORT: transport.abort, CLOSE: transport.close, CONNECTION: Connection()}
        self._head = 0
        self._in_head = True
        self._arriving = True
        self._end: asyncio.TimerHandle | None = None
        self._end_reading: asyncio.TimerHandle | None = None
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._end, self._end_reading):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]
        self._in_head = self._arriving = True

    def on_headers_complete(self) -> None:
        self._head = 0
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._arriving = False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._end_reading = self.loop.call_later(ARRIVAL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._end_reading is not None:
            self._end_reading.cancel()
            self._end_reading = None
        super().resume_writing()

    def _watch(self) -> None:
        """Give a request an end by which it has to be here; one that is here needs none."""
        # Blank lines between two requests begin none, and yet uvicorn no longer takes the connection for idle.
        waiting = self._arriving or (self.cycle.response_complete and self.timeout_keep_alive_task is None)
        if waiting and self._end is None:
            self._end = self.loop.call_later(ARRIVAL_SECONDS, self.transport.abort)
        elif not waiting and self._end is not None:
            self._end.cancel()
            self._end = None
