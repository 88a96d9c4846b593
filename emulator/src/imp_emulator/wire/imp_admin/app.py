# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application of the administration API: its routers, its errors, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from imp_emulator.domain.imp.gateway_credentials import TooManyCompares
from imp_emulator.errors import DomainError, Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.wire.imp_admin import certificate_import, credentials, gateways, nodes
from imp_emulator.wire.imp_admin.operations import Operations
from imp_emulator.wire.imp_admin.problems import CATALOGUE, MEDIA_TYPE, SCHEMA, Problem, ProblemError, body
from imp_emulator.world.context import Context

BASE = "/imp-admin/v1"
_STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    Duplicate: 409,
    Forbidden: 409,
    InvalidValue: 422,
    TooManyCompares: 429,
}
_CODES = {400: "invalid-json", 404: "not-found", 405: "method-not-allowed"}
"""The codes of the errors that the framework finds before any operation is reached."""


def create_app(context: Context) -> FastAPI:
    """Make the application. The gate puts each call into ``scope["state"]["request"]``, authenticated."""
    app = FastAPI(
        title="IM and Presence administration",
        version="1",
        summary="What Cisco Unified CM IM and Presence offers on its web pages only; this interface is not Cisco's.",
        openapi_url=f"{BASE}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    for router in (gateways.router, credentials.router, nodes.router, certificate_import.router):
        app.include_router(router, prefix=BASE)
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body(problem), problem.status, headers, MEDIA_TYPE)


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ProblemError):
        raise error
    return _answer(error.problem)


async def _on_domain_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, DomainError):
        raise error
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyCompares) else None
    return _answer(Problem(status, error.code, error.message, error.field), headers)


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "bad-request")
    headers = None
    if error.status_code == 405:
        # The framework tells the methods of the first route only, and a path has a route for each method.
        headers = {"Allow": ", ".join(Operations(request.app.openapi()).allowed(request.url.path))}
    return _answer(Problem(error.status_code, code, f"{error.detail}."), headers)


async def _on_invalid_request(_: Request, error: Exception) -> JSONResponse:
    """Tell the first thing that is wrong, the precondition before the body; never what the value was."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = sorted(error.errors(), key=lambda found: found["loc"][0] != "header")
    kind, place, message = errors[0]["type"], errors[0]["loc"], errors[0]["msg"]
    if place[0] == "header":
        return _answer(ProblemError("precondition-required", field="If-Match").problem)
    if kind == "json_invalid":
        return _answer(ProblemError("invalid-json").problem)
    field = str(place[1]) if len(place) > 1 else None
    what = field or "The request body"
    return _answer(ProblemError("invalid-field", f"{what}: {message}.", field).problem)


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
