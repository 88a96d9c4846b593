# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of a certification authority over HTTP: what its administrators do in a console of Windows.

Microsoft publishes no web interface for it; this one is the project's own. Errors are problem details (RFC 9457). Who
has the role "CA Manager" sees and decides everything; any other account sees what it has submitted itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from imp_emulator.domain.ca import authority as ca
from imp_emulator.domain.ca.authority import CertificateRequest, RequestState
from imp_emulator.errors import DomainError, Forbidden, InvalidValue, NotFound
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.scenario.model import CA_MANAGER
from imp_emulator.wire.ca.certsrv.login import has_role, log_in
from imp_emulator.wire.http import iis
from imp_emulator.world.context import Context

BASE = "/ucops-ca-admin/v1"
_ONE = re.compile(r"/requests/([0-9]{1,9})(?:/(issue|deny|revoke))?")
_NOT_JSON = "invalid-json"
_STATUS: dict[type[DomainError], int] = {NotFound: 404, Forbidden: 409, InvalidValue: 422}


class CaAdmin:
    """The interface on a certification authority's port 443; ``request.node`` is its host."""

    name = "ca_admin"
    operations: ClassVar[Mapping[str, bool]] = {
        "listRequests": False,
        "getRequest": False,
        "issueRequest": True,
        "denyRequest": True,
        "revokeRequest": True,
    }

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts

    def owns(self, path: str) -> bool:
        return path.startswith(f"{BASE}/")

    def authenticate(self, request: Request) -> Response | None:
        refusal = log_in(self._accounts, request)
        if refusal is None:
            return None
        answer = _problem(401, "unauthenticated", "A user name and a password are needed.")
        answer.challenges = refusal.challenges
        return answer

    def route(self, request: Request) -> Operation:
        path = request.path.removeprefix(BASE)
        if path == "/requests" and request.method == "GET":
            return Operation("listRequests", False, lambda: self._list(request))
        found = _ONE.fullmatch(path)
        if found and (request.method == "POST") == bool(found[2]) and request.method in ("GET", "POST"):
            operation = f"{found[2] or 'get'}Request"
            return Operation(operation, bool(found[2]), lambda: self._run(request, int(found[1]), found[2]))
        return Operation(request.method, False, lambda: _problem(404, "not-found", "There is no such resource."))

    def failure(self, request: Request, status: int, message: str) -> Response:
        return _problem(status, "internal-error" if status == 500 else f"status-{status}", message)

    def _list(self, request: Request) -> Response:
        """List requests, of one state or with the SHA-256 fingerprint of one PKCS #10 text when the query says so."""
        state, fingerprint = request.query.get("state"), request.query.get("csr")
        if state is not None and state not in set(RequestState):
            return _problem(422, "invalid-field", f"state must be one of {', '.join(RequestState)}.", field="state")
        found = ca.requests(self._context, request.node, RequestState(state) if state else None)
        everything = has_role(self._accounts, request, CA_MANAGER)
        items = [
            describe(one)
            for one in found
            if (everything or one.requester == request.caller) and fingerprint in (None, one.fingerprint)
        ]
        return iis.answer(200, json.dumps({"items": items}).encode(), "application/json")

    def _run(self, request: Request, identifier: int, verb: str | None) -> Response:
        manager = has_role(self._accounts, request, CA_MANAGER)
        try:
            found = ca.find(self._context, request.node, identifier)
            if not manager and (verb or found.requester != request.caller):
                return _problem(403, "forbidden", f"The caller lacks the role {CA_MANAGER}.")
            if verb:
                found = self._decide(request, identifier, verb)
        except DomainError as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            status = 400 if error.code == _NOT_JSON else status
            return _problem(status, error.code, error.message, field=error.field)
        return iis.answer(200, json.dumps(describe(found)).encode(), "application/json")

    def _decide(self, request: Request, identifier: int, verb: str) -> CertificateRequest:
        who = request.caller or ""
        if verb == "issue":
            return ca.issue(self._context, request.node, identifier)
        if verb == "deny":
            return ca.deny(self._context, request.node, identifier, who)
        return ca.revoke(self._context, request.node, identifier, who, _reason(request.body))


def describe(request: CertificateRequest) -> dict[str, Any]:
    """Return a request as the interface and the control plane show it."""
    return {
        "id": request.id,
        "state": request.state,
        "subject": request.subject,
        "csr_fingerprint": request.fingerprint,
        "template": request.template,
        "requester": request.requester,
        "submitted_at": datetime.fromtimestamp(request.submitted_at, UTC).isoformat(),
        "message": request.message,
        "serial": request.serial or None,
        "certificate": request.certificate or None,
        "reason": request.reason or None,
    }


def _reason(body: bytes) -> str:
    """Read ``{"reason": "..."}``; an empty body gives none."""
    if not body:
        return "unspecified"
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidValue(_NOT_JSON, "The request body is not JSON.") from None
    reason = content.get("reason", "unspecified") if isinstance(content, dict) else None
    if not isinstance(reason, str):
        raise InvalidValue("invalid-field", "The request body must be an object with a reason.", "reason")
    return reason


def _problem(status: int, code: str, detail: str, field: str | None = None) -> Response:
    content = {
        "type": f"urn:ucops:ca-admin:problem:{code}",
        "title": iis.phrase(status),
        "status": status,
        "detail": detail,
        "code": code,
    }
    body = json.dumps(content if field is None else {**content, "field": field}).encode()
    return iis.answer(status, body, "application/problem+json")
