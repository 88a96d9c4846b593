# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What the clients of the admin APIs share: JSON, errors as RFC 9457 problem details, ETag and If-Match.

Cisco publishes no interface for what they do. Where there is none, every call raises :class:`NoPublicApi`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, Conflict, NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._http.shape import Shape, shaped
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport


class AdminApi(ABC):
    """An admin API; ``base`` is its path."""

    base = ""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _items(self, path: str, shape: Shape) -> list[dict[str, Any]]:
        return list(self._shaped(self._object(path), {"items": [shape]}, path)["items"])

    def _object(self, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        content = self._call("GET", f"{path}?{urlencode(query)}" if query else path).json()
        return dict(self._shaped(content, {}, path))

    def _shaped(self, content: Any, shape: Shape, path: str) -> Any:
        return shaped(content, shape, f"The admin API of {self._transport.server}, {path},")

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        etag: str | None = None,
        idempotent: bool | None = None,
    ) -> Answer:
        headers = {"Accept": "application/json, application/problem+json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        if etag is not None:
            headers["If-Match"] = etag
        answer = self._transport.request(method, self.base + path, body=content, headers=headers, idempotent=idempotent)
        if not answer.ok:
            raise self._error(answer)
        if answer.body and "json" not in answer.headers.get("content-type", ""):
            raise self._absent()
        return answer

    def _error(self, answer: Answer) -> ApiError | NoPublicApi:
        """Read problem details; anything else than JSON comes from a server without this interface."""
        if "json" not in answer.headers.get("content-type", ""):
            if answer.status in (301, 302, 303, 307, 308, 404, 405, 501):
                return self._absent()
            return ApiError(f"{self._transport.server} answered HTTP {answer.status}.", status=answer.status)
        problem = answer.json()
        if not isinstance(problem, dict):
            problem = {}
        text = problem.get("detail") or problem.get("title")
        text = text or f"{self._transport.server} answered HTTP {answer.status}."
        details = {"field": problem["field"]} if problem.get("field") else {}
        code = problem.get("code")
        kind = Conflict if answer.status in Conflict.MEANS_IT else ApiError
        return kind(str(text), status=answer.status, code=str(code) if code else None, details=details)

    @abstractmethod
    def _absent(self) -> NoPublicApi:
        """Return what tells the user that there is no such interface, and where to do it instead."""
