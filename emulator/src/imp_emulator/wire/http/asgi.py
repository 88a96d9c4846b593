# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request handed to an ASGI application, and its answer: a framework decodes, and the gate still carries out."""

from __future__ import annotations

from typing import Any

from imp_emulator.pipeline.request import Application, Message, Request, Response


async def ask(application: Application, request: Request, state: dict[str, Any]) -> Response | None:
    """Return what an application answers, or ``None`` when it sends nothing.

    Args:
        state: What it finds in ``scope["state"]``, and leaves there.
    """
    answer: Response | None = None
    delivered = False

    async def receive() -> Message:
        nonlocal delivered
        if delivered:
            return {"type": "http.disconnect"}
        delivered = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal answer
        if message["type"] == "http.response.start":
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            headers.pop("content-length", None)
            answer = Response(message["status"], b"", headers.pop("content-type", ""), headers)
        elif answer is not None:
            answer.body += message.get("body", b"")

    await application({**request.scope, "state": state}, receive, send)
    return answer
