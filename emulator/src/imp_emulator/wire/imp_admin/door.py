# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administration APIs have in common as doors: their login, how a request is decoded, and their errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from imp_emulator.errors import DomainError
from imp_emulator.pipeline.accounts import Access, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.http import asgi
from imp_emulator.wire.imp_admin import problems
from imp_emulator.wire.imp_admin.app import Interface, create_app
from imp_emulator.wire.imp_admin.decoding import decoded
from imp_emulator.wire.imp_admin.problems import Problem, ProblemError
from imp_emulator.world.context import Context

ROLE = "Standard CCMADMIN Administration"


class AdminApi:
    """An administration API of the project's own, on port 8443 of a node.

    Args:
        interface: Its operations.
        product: What its login is for.
        no_writes: The operations that change nothing although they take a body.
        body_limit: In bytes.

    Attributes:
        name: What the journal calls it.
    """

    name = ""

    def __init__(
        self,
        context: Context,
        accounts: Accounts,
        *,
        interface: Interface,
        product: str,
        no_writes: Collection[str],
        body_limit: int,
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._interface = interface
        self._product = product
        self._body_limit = body_limit
        self._app = create_app(context, interface)
        self.operations: Mapping[str, bool] = {
            operation: method != "GET" and operation not in no_writes
            for operation, method in interface.operations.methods().items()
        }

    def owns(self, path: str) -> bool:
        return path.startswith(self._interface.base)

    def authenticate(self, request: Request) -> Response | None:
        access = self._accounts.basic(request, "application", ROLE)
        if access is Access.UNAUTHENTICATED:
            refusal = _response(401, "unauthenticated", "A user name and a password are needed.")
            refusal.headers["WWW-Authenticate"] = f'Basic realm="{self._product}", charset="UTF-8"'
            return refusal
        return None if access is Access.OK else _response(403, "forbidden", f"The caller lacks the role {ROLE}.")

    def route(self, request: Request) -> Operation:
        operation = self._interface.operations.find(request.method, request.path)
        if len(request.body) > self._body_limit:
            text = f"The body exceeds {self._body_limit} bytes."
            return Operation(operation or request.method, False, lambda: _response(413, "status-413", text))
        answers: list[Response | None] = []
        state: dict[str, Any] = {"request": request}

        async def decode() -> None:
            answers.append(await asgi.ask(self._app, request, state))

        def run() -> Response:
            return answers[0] or _carried_out(state)

        writes = self.operations.get(operation or "", False)
        return Operation(operation or request.method, writes, run, decode, refuse=_refuse)

    def failure(self, request: Request, status: int, message: str) -> Response:
        return _response(status, "internal-error" if status == 500 else f"status-{status}", message)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return self._app.openapi()


def _carried_out(state: dict[str, Any]) -> Response:
    call = decoded(state)
    if call is None:
        raise LookupError("the application has neither answered nor decoded a request")
    try:
        return call.make()
    except (ProblemError, DomainError) as error:
        return problems.of_error(error)
    except UnicodeEncodeError:
        # JSON can write half of a character (\ud800), which cannot be stored or compared.
        return _response(422, "invalid-field", "A text in the request is no valid Unicode.")


def _refuse(code: str, _values: Mapping[str, str]) -> Response | None:
    return problems.of_error(ProblemError(code)) if code in problems.CATALOGUE else None


def _response(status: int, code: str, detail: str) -> Response:
    return problems.answer(Problem(status, code, detail))
