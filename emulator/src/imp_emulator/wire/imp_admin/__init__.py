# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API of an IM and Presence node: what the product offers on its web pages only.

Presence gateways and their status, restart notifications and IPv6 settings have no public interface at Cisco; this
one is the project's own. It is described by the OpenAPI document that it serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imp_emulator.pipeline.accounts import Verdict, check_basic
from imp_emulator.pipeline.request import Call, Reply, Route
from imp_emulator.wire.imp_admin.app import BASE, create_app
from imp_emulator.wire.imp_admin.operations import Operations
from imp_emulator.wire.imp_admin.problems import MEDIA_TYPE, Problem, encoded
from imp_emulator.world.environment import Environment

ROLE = "Standard CCMADMIN Administration"

_NO_WRITES = ("compareGatewayCredentials", "checkCertificateImport")


class ImpAdmin:
    """The API on port 8443 of every IM and Presence node; all of them act on the same cluster.

    Attributes:
        app: The ASGI application that carries the calls out; the gate runs it.
    """

    name = "imp_admin"

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.app = create_app(environment)
        self._known = Operations(self.openapi())
        self.operations: Mapping[str, bool] = {
            operation: _writes(operation, method) for operation, method in self._known.methods().items()
        }

    def owns(self, path: str) -> bool:
        return path.startswith(BASE)

    def authenticate(self, call: Call) -> Reply | None:
        verdict = check_basic(self._environment, call, "application", ROLE)
        if verdict is Verdict.UNAUTHENTICATED:
            refusal = _reply(401, "unauthenticated", "A user name and a password are needed.")
            refusal.headers["WWW-Authenticate"] = 'Basic realm="Cisco Unified CM IM and Presence", charset="UTF-8"'
            return refusal
        return None if verdict is Verdict.OK else _reply(403, "forbidden", f"The caller lacks the role {ROLE}.")

    def route(self, call: Call) -> Route:
        def unused() -> Reply:
            return self.failure(call, 500, "The gate has to run the application.")

        operation = self._known.find(call.method, call.path)
        if operation is None:
            return Route(call.method, False, unused)
        return Route(operation, self.operations[operation], unused)

    def failure(self, call: Call, status: int, message: str) -> Reply:
        return _reply(status, "internal-error" if status == 500 else f"status-{status}", message)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return self.app.openapi()


def _writes(operation: str, method: str) -> bool:
    return method != "GET" and operation not in _NO_WRITES


def _reply(status: int, code: str, detail: str) -> Reply:
    problem = Problem(status, code, detail)
    return Reply(status, encoded(problem), MEDIA_TYPE)
