# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application of an administration API: its routers, its errors, and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from imp_emulator.errors import DomainError
from imp_emulator.pipeline.request import Response as PipelineResponse
from imp_emulator.wire.imp_admin import problems
from imp_emulator.wire.imp_admin.operations import Operations
from imp_emulator.wire.imp_admin.problems import CATALOGUE, SCHEMA, Problem, ProblemError
from imp_emulator.world.context import Context

_CODES = {400: "invalid-json", 404: "not-found", 405: "method-not-allowed"}
"""The codes of the errors that the framework finds before any operation is reached."""


class Interface:
    """What an administration API offers, and where.

    Args:
        base: Its path, which every operation's begins with.
        title: What its document is called.
        summary: What it is, in a sentence.
        routers: Its operations.

    Attributes:
        operations: What the OpenAPI document says too; that takes long to make, and is made when somebody asks for it.
    """

    def __init__(self, base: str, title: str, summary: str, routers: Sequence[APIRouter]) -> None:
        self.base = base
        self.title = title
        self.summary = summary
        self.routers = routers
        self.operations = Operations(
            (base + route.path_format, method, str(route.operation_id))
            for router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        )


def create_app(context: Context, interface: Interface) -> FastAPI:
    """Make the application. It finds each request in ``scope["state"]["request"]``, authenticated."""
    app = FastAPI(
        title=interface.title,
        version="1",
        summary=interface.summary,
        openapi_url=f"{interface.base}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.interface = interface
    for router in interface.routers:
        app.include_router(router, prefix=interface.base)
    app.add_exception_handler(ProblemError, _on_refusal)
    app.add_exception_handler(DomainError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _sent(response: PipelineResponse) -> Response:
    return Response(response.body, response.status, response.headers, response.content_type)


async def _on_refusal(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError | DomainError):
        raise error
    return _sent(problems.of_error(error))


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "bad-request")
    headers = None
    if error.status_code == 405:
        # The framework tells the methods of the first route only, and a path has a route for each method.
        headers = {"Allow": ", ".join(request.app.state.interface.operations.allowed(request.url.path))}
    return _sent(problems.answer(Problem(error.status_code, code, f"{error.detail}."), headers))


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    """Tell the first thing that is wrong, the precondition before the body; never what the value was."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = sorted(error.errors(), key=lambda found: found["loc"][0] != "header")
    kind, place, message = errors[0]["type"], errors[0]["loc"], errors[0]["msg"]
    if place[0] == "header":
        problem = ProblemError("precondition-required", field="If-Match")
    elif kind == "json_invalid":
        problem = ProblemError("invalid-json")
    else:
        field = str(place[1]) if len(place) > 1 else None
        problem = ProblemError("invalid-field", f"{field or 'The request body'}: {message}.", field)
    return _sent(problems.of_error(problem))


def _document(app: FastAPI) -> dict[str, Any]:
    """Make the OpenAPI document, once: FastAPI's, with the problems and the security scheme described."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        components = document.setdefault("components", {})
        components["schemas"]["Problem"] = SCHEMA | {
            "properties": SCHEMA["properties"] | {"code": SCHEMA["properties"]["code"] | {"examples": list(CATALOGUE)}}
        }
        components["securitySchemes"] = {
            "basic": {"type": "http", "scheme": "basic", "description": "An application user of the cluster."}
        }
        document["security"] = [{"basic": []}]
        app.openapi_schema = document
    return app.openapi_schema
