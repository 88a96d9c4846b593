# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Decisions of a CA's administrator: what the module adcs_request manages (requirement C4)."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.ca_admin import CaAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import DENIED, ISSUED, PENDING, REVOKED
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import check_unique
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, FieldChange, Plan, Refusal
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource

VERBS = {ISSUED: "issue", DENIED: "deny", REVOKED: "revoke"}
_FROM = {ISSUED: (PENDING, DENIED), DENIED: (PENDING,), REVOKED: (ISSUED,)}

KIND = "certificate_request"

RequestsByNumber = dict[int, dict[str, Any]]
"""As the interface shows them."""


class AdcsRequests(Resource[RequestsByNumber]):
    """Requests that shall be issued, denied or revoked."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._admin = CaAdmin(context.transport())
        self._numbers: list[int] = context.params["request_ids"]
        self._wanted: str = context.params["state"]

    def problems(self) -> list[str]:
        found = check_unique("request_ids", [str(number) for number in self._numbers])
        if any(number < 1 for number in self._numbers):
            found.append("request_ids: requests are numbered from 1.")
        if self.context.params["reason"] is not None and self._wanted != REVOKED:
            found.append("reason: works with state=revoked only.")
        return found

    def read(self) -> RequestsByNumber:
        found = {number: self._find(number) for number in self._numbers}
        return {number: request for number, request in found.items() if request is not None}

    def _find(self, number: int) -> dict[str, Any] | None:
        """Return a request; one that the CA does not know is noted as failed."""
        try:
            return self._admin.request(number)
        except ApiError as error:
            if error.status != 404:
                raise
            self.context.fail(str(number), error)
            return None

    def plan(self, state: RequestsByNumber) -> Plan:
        steps, refusals = [], []
        for number, request in state.items():
            if request["state"] == self._wanted:
                continue
            if request["state"] not in _FROM[self._wanted]:
                text = (
                    f"It is {request['state']}; {self._wanted} is only possible for {' or '.join(_FROM[self._wanted])}."
                )
                refusals.append(Refusal(text, "wrong-state", str(number)))
                continue
            fields = (FieldChange("state", request["state"], self._wanted),)
            steps.append(Change(KIND, str(number), VERBS[self._wanted], fields))
        return Plan(tuple(steps), refusals=tuple(refusals))

    def apply(self, change: Change) -> None:
        self._admin.decide(int(change.id), change.action, self.context.params["reason"])

    def current(self, state: RequestsByNumber) -> list[dict[str, Any]]:
        shown = ("id", "state", "subject", "requester", "template", "message", "certificate")
        return [{name: request.get(name) for name in shown} for request in state.values()]
