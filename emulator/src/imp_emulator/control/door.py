# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come to the control plane, and with how much: asked before anything of a request's body is kept."""

from __future__ import annotations

import hmac

from fastapi.responses import JSONResponse

from imp_emulator.pipeline.body import Gone, TooLarge, read_body
from imp_emulator.pipeline.request import Application, Message, Receive, Scope, Send

BODY_LIMIT = 16 * 1024 * 1024
"""In bytes; a calendar file is the largest that is sent."""
_OPEN = "/openapi.json"
"""What the control plane can do is no secret, and client generators fetch it without a token; no body is read there."""
_TOO_LARGE = JSONResponse({"detail": f"the body exceeds {BODY_LIMIT} bytes"}, 413, {"Connection": "close"})


class Door:
    """An ASGI application around another: it wants the token first, then a body of bounded size.

    Args:
        app: What answers the requests that come in.
        token: The ready file's.
    """

    def __init__(self, app: Application, token: str) -> None:
        self._app = app
        self._expected = b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == _OPEN:
            await self._app(scope, _replay(b"", receive), send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            try:
                body = await read_body(receive, BODY_LIMIT)
            except Gone:
                return
            except TooLarge:
                refusal = _TOO_LARGE
            else:
                await self._app(scope, _replay(body, receive), send)
                return
        await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) == 1 and hmac.compare_digest(given[0], self._expected):
            return None
        # The connection goes with the answer: what else the client sends is read by nobody.
        headers = {"WWW-Authenticate": "Bearer", "Connection": "close"}
        return JSONResponse({"detail": "the token of the ready file is wanted"}, 401, headers)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read, and then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
