# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a request, of bounded size."""

from __future__ import annotations

from imp_emulator.pipeline.request import Receive

_READ_LIMIT = 4


class TooLarge(Exception):
    """The request's body exceeds the limit."""


class Gone(Exception):
    """The client went away before its request was complete."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """Read a body; an oversized one is read on for a while, so that the client gets to see the answer.

    Args:
        limit: In bytes.

    Raises:
        TooLarge: It exceeds the limit.
        Gone: The client went away.
    """
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= limit * _READ_LIMIT:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        size += len(message["body"])
        more = message["more_body"]
        if size <= limit:
            parts.append(message["body"])
    if size > limit:
        raise TooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)
