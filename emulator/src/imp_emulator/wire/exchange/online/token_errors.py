# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the token endpoint (RFC 6749, 5.2) with the codes that Microsoft publishes."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from imp_emulator.pipeline.request import Request, Response


class TokenError(Exception):
    """The endpoint refuses a request.

    Args:
        status: The HTTP status.
        kind: The code of RFC 6749, for example ``invalid_client``.
        number: What stands behind ``AADSTS``.
        text: The sentence for people.
    """

    def __init__(self, status: int, kind: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind
        self.number = number
        self.text = text


def error_answer(request: Request, error: TokenError, now: datetime) -> Response:
    """Return the error as the endpoint writes it; ``now`` is virtual time."""
    trace, correlation = str(uuid.uuid4()), _correlation(request)
    moment = f"{now:%Y-%m-%d %H:%M:%SZ}"
    text = f"AADSTS{error.number}: {error.text}"
    content = {
        "error": error.kind,
        "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}",
        "error_codes": [error.number],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={error.number}",
    }
    headers = {"Cache-Control": "no-store, no-cache", "x-ms-request-id": trace, "client-request-id": correlation}
    return Response(error.status, json.dumps(content).encode(), "application/json; charset=utf-8", headers)


def _correlation(request: Request) -> str:
    """Return the identifier that the client gave its request, or one of our own."""
    try:
        return str(uuid.UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid.uuid4())
