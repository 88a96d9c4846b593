# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the administration API as problem details (RFC 9457), and how the OpenAPI document describes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from imp_emulator.domain.imp.gateway_credentials import TooManyCompares
from imp_emulator.errors import Conflict, DomainError, Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.pipeline.request import Response

MEDIA_TYPE = "application/problem+json"

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). It never repeats a password.",
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Identifies the kind of problem."},
        "title": {"type": "string", "description": "The meaning of the status code."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong with this request, for a person to read."},
        "code": {"type": "string", "description": "The kind of problem, for a program to read."},
        "field": {"type": "string", "description": "The field of the request that is at fault."},
    },
}

CATALOGUE: dict[str, tuple[int, str]] = {
    "invalid-json": (400, "The request body is not JSON."),
    "unauthenticated": (401, "A user name and a password are needed."),
    "forbidden": (403, "The caller lacks the role Standard CCMADMIN Administration."),
    "gateway-not-found": (404, "There is no such presence gateway."),
    "node-not-found": (404, "There is no such IM and Presence node."),
    "redundancy-group-not-found": (404, "There is no such presence redundancy group."),
    "user-not-found": (404, "There is no such user."),
    "bulk-file-not-found": (404, "There is no file sales.txt."),
    "bulk-job-not-found": (404, "There is no job 1379838026."),
    "bulk-log-not-found": (404, "The job 1379838026 has not begun, so it has no log."),
    "bulk-file-exists": (409, "There is a file sales.txt already."),
    "bulk-job-state": (409, "The job 1379838026 is Completed and cannot be stopped."),
    "bulk-provisioning-not-activated": (
        409,
        "Cisco Bulk Provisioning Service is not activated on cucm-pub; activate it first.",
    ),
    "certificate-not-offered": (409, "mail1.example.com does not offer the certificate 4fa02d."),
    "gateway-exists": (409, "Add failed. Outlook or EWS Calendaring gateway already exists."),
    "ipv6-not-configured": (409, "IPv6 is not configured: Eth0 has no IPv6 address on imp-sub."),
    "no-gateway": (409, "There is no presence gateway that could use the credentials."),
    "not-office-365": (409, 'Only a gateway of the type "Office 365 Server" has secrets of its own.'),
    "redundancy-state": (
        409,
        "A failover needs both nodes in the state Normal: imp-pub is Idle, imp-sub is Running in Backup Mode.",
    ),
    "bulk-job-newer": (412, "The newest job of this description is 1379838026, another one than expected."),
    "etag-mismatch": (412, "The object has changed since it was read."),
    "unsupported-media-type": (415, "The request body must be application/json."),
    "credentials-required": (
        422,
        "Add failed. Account Name and Password must be non NULL and non blank for an Exchange Gateway.",
    ),
    "secret-required": (422, "The client secret must be given for a new gateway or client ID, and must not be blank."),
    "bulk-file-unreadable": (422, "line 1: the first line names no column USER ID."),
    "invalid-field": (422, "port must be a number from 1 to 65535."),
    "precondition-required": (428, "The header If-Match with the object's ETag is needed."),
    "too-many-compares": (429, "Too many comparisons have failed; try again later."),
}
"""The kinds of problems: HTTP status and an example of what is said."""

_STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    Duplicate: 409,
    Forbidden: 409,
    Conflict: 412,
    InvalidValue: 422,
    TooManyCompares: 429,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; see :data:`SCHEMA`."""

    status: int
    code: str
    detail: str
    field: str | None = None


class ProblemError(Exception):
    """Ends a request with a problem of the catalogue.

    Args:
        code: A key of :data:`CATALOGUE`.
        detail: What to say instead of the catalogue's example.
    """

    def __init__(self, code: str, detail: str | None = None, field: str | None = None) -> None:
        super().__init__(code)
        status, example = CATALOGUE[code]
        self.problem = Problem(status, code, detail or example, field)


def body(problem: Problem) -> dict[str, Any]:
    """Return a problem as the JSON object on the wire."""
    fields: dict[str, Any] = {
        "type": f"urn:ucops:imp-admin:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    return fields if problem.field is None else {**fields, "field": problem.field}


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return a problem as the answer that it is on the wire."""
    content = json.dumps(body(problem), ensure_ascii=False, separators=(",", ":"))
    return Response(problem.status, content.encode(), MEDIA_TYPE, dict(headers or {}))


def of_error(error: ProblemError | DomainError) -> Response:
    """Return the answer to a request that was refused."""
    if isinstance(error, ProblemError):
        return answer(error.problem)
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyCompares) else None
    return answer(Problem(status, error.code, error.message, error.field), headers)


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that an operation may answer with, besides those that any may."""
    described: dict[int | str, dict[str, Any]] = {}
    for code in ("unauthenticated", "forbidden", "invalid-field", *codes):
        status, detail = CATALOGUE[code]
        response = described.setdefault(
            status,
            {
                "description": HTTPStatus(status).phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"][code] = {"value": body(Problem(status, code, detail))}
    if 401 in described:
        described[401]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if 429 in described:
        described[429]["headers"] = {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}}}
    return described
