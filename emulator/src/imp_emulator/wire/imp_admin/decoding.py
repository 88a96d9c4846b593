# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a request of the administration API becomes an operation of the gate.

FastAPI decodes and validates a request and awaits what its endpoint depends on; all that changes nothing. The endpoint
itself is a plain function, which is not called then, but handed to the gate: it runs in the gate's transaction, where
nothing can await.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, MutableMapping
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from imp_emulator.pipeline.request import Response as PipelineResponse

_CALL = "call"
_JSON = "application/json"


class DecodedCall(Response):
    """What FastAPI takes for an endpoint's answer: the call of the endpoint, which is still to be made.

    Args:
        call: The endpoint with its arguments.
        answer: The argument, if it has one, on which the endpoint sets headers.
    """

    def __init__(self, call: Callable[[], BaseModel | None], answer: Response | None) -> None:
        super().__init__()
        self._call = call
        self._answer = answer
        self._status = 200

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Leave itself in the request's state, where :func:`decoded` finds it; nothing is sent."""
        self._status = scope["route"].status_code or 200
        scope["state"][_CALL] = self

    def make(self) -> PipelineResponse:
        """Call the endpoint and encode what it returns."""
        content = self._call()
        headers = {} if self._answer is None else dict(self._answer.headers)
        return PipelineResponse(
            self._status, b"" if content is None else content.model_dump_json().encode(), _JSON, headers
        )


def decoded(state: dict[str, Any]) -> DecodedCall | None:
    """Return the call that a request has been decoded to, or ``None``: then the application has answered itself."""
    call: DecodedCall | None = state.get(_CALL)
    return call


class EndpointRouter(APIRouter):
    """A router whose endpoints run in the gate's transaction.

    Raises:
        TypeError: An endpoint could await; what it has to await belongs into a dependency.
    """

    def add_api_route(self, path: str, endpoint: Callable[..., BaseModel | None], **options: Any) -> None:
        """Add an endpoint; called by the decorators ``get``, ``post`` and so on."""
        if inspect.iscoroutinefunction(endpoint):
            raise TypeError(f"{endpoint.__name__} must be a plain function: it runs in the gate's transaction")
        super().add_api_route(path, _decoding(endpoint), **options)


def _decoding(endpoint: Callable[..., BaseModel | None]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def decode(**arguments: Any) -> DecodedCall:
        return DecodedCall(functools.partial(endpoint, **arguments), arguments.get("response"))

    # FastAPI has to read the annotations in the endpoint's own module.
    decode.__signature__ = inspect.signature(endpoint, eval_str=True)  # type: ignore[attr-defined]
    return decode
