# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the administration of a certification authority: who submitted what, and issue, deny, revoke.

Microsoft publishes no web interface for it; the emulator serves this one (base ``/ucops-ca-admin/v1``, JSON, errors as
RFC 9457 problem details). Where there is none, every call raises :class:`NoPublicApi`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Conflict,
    NoPublicApi,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.shape import Shape, shaped
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

BASE = "/ucops-ca-admin/v1"

_REQUEST = {"id": int, "state": str}
"""What is read of a request, see ``shaped``."""


class CaAdmin:
    """The administration interface of one CA."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def requests(self, csr_fingerprint: str | None = None) -> list[dict[str, Any]]:
        """Return requests, oldest first: ``{id, state, subject, csr_fingerprint, requester, message, ...}``.

        Only those that the account may see; with a SHA-256 fingerprint those with just this signing request.
        """
        query = f"?{urlencode({'csr': csr_fingerprint})}" if csr_fingerprint else ""
        return list(self._shaped(self._call("GET", f"/requests{query}"), {"items": [_REQUEST]})["items"])

    def request(self, identifier: int) -> dict[str, Any]:
        """Return one request."""
        return dict(self._shaped(self._call("GET", f"/requests/{identifier}"), _REQUEST))

    def decide(self, identifier: int, verb: str, reason: str | None = None) -> None:
        """Issue, deny or revoke (``verb``) a request; a revocation may have a reason."""
        body = None if reason is None else json.dumps({"reason": reason}).encode()
        self._call("POST", f"/requests/{identifier}/{verb}", body)

    def _shaped(self, content: Any, shape: Shape) -> Any:
        return shaped(content, shape, f"The CA administration of {self._transport.server}")

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json, application/problem+json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._transport.request(method, BASE + path, body=body, headers=headers)
        if "json" not in answer.headers.get("content-type", ""):
            raise NoPublicApi(
                f"{self._transport.server} has no administration interface ({BASE}). Microsoft publishes none: issue, "
                "deny and revoke in the console of the certification authority.",
                details={"server": self._transport.server},
            )
        content = answer.json()
        if not isinstance(content, dict):
            content = {}
        if not answer.ok:
            raise self._error(answer, content)
        return content

    def _error(self, answer: Answer, problem: dict[str, Any]) -> ApiError:
        text = problem.get("detail") or f"{self._transport.server} answered HTTP {answer.status}."
        code = problem.get("code")
        kind = Conflict if answer.status in Conflict.MEANS_IT else ApiError
        return kind(str(text), status=answer.status, code=str(code) if code else None)
