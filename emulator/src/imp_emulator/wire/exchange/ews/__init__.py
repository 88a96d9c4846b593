# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange Web Services: /EWS/Exchange.asmx of an Exchange server, SOAP 1.1 for accounts of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from imp_emulator.domain.exchange import impersonation
from imp_emulator.domain.exchange.throttling import Budgets, Exceeded
from imp_emulator.errors import DomainError
from imp_emulator.pipeline.accounts import EXCHANGE, Accounts
from imp_emulator.pipeline.request import Operation, Request, Response, Stream
from imp_emulator.pipeline.windows_login import log_in
from imp_emulator.wire.exchange.ews import (
    automatic_replies,
    availability,
    directory,
    find_items,
    folders,
    id_formats,
    items,
    subscriptions,
    user_configurations,
    zones,
)
from imp_emulator.wire.exchange.ews.envelope import CONTENT_TYPE, Call, Handler, Message, decode, encode, parse
from imp_emulator.wire.exchange.ews.faults import ERRORS
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, fault, refusal
from imp_emulator.wire.http import iis
from imp_emulator.wire.http.iis import error_page, unauthorized
from imp_emulator.world.context import Context

BASE = "/ews/"
SERVICE = "/ews/exchange.asmx"
KIND = "exchange"
"""The kind of account that may log in."""

OPERATIONS: Mapping[str, Handler] = {
    **id_formats.OPERATIONS,
    **folders.OPERATIONS,
    **directory.OPERATIONS,
    **zones.OPERATIONS,
    **find_items.OPERATIONS,
    **items.OPERATIONS,
    **availability.OPERATIONS,
    **automatic_replies.OPERATIONS,
    **subscriptions.OPERATIONS,
    **user_configurations.OPERATIONS,
}
"""What can be asked for; each file of operations has its own."""

_LONGEST_NAME = 100
_PAGE = b"""<!doctype html>
<html><head><title>Exchange Web Services</title></head><body><h1>Exchange Web Services</h1>
<p>The service answers SOAP messages that are sent here with POST. It has no description to download.</p></body></html>
"""


class Ews:
    """What stands under /EWS/ of an Exchange server; letter case does not count in a path of IIS."""

    name = "ews"

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self._budgets = Budgets(context)
        self.operations: Mapping[str, bool] = {name: handler.write for name, handler in OPERATIONS.items()}

    def owns(self, path: str) -> bool:
        return f"{path.lower()}/".startswith(BASE)

    def authenticate(self, request: Request) -> Response | None:
        passwords: dict[str, str] = {}
        stored: dict[str, str] = {}
        for account in self._accounts.known(EXCHANGE).values():
            if account.kind == KIND:
                for name in impersonation.login_names(self._context, account.username):
                    passwords[name], stored[name] = account.password, account.username
        challenges = log_in(request, passwords, request.node)
        if challenges:
            return unauthorized(challenges)
        request.caller = stored[request.caller or ""]
        return None

    def route(self, request: Request) -> Operation:
        path = request.path.lower().rstrip("/")
        if path != SERVICE:
            status = 403 if f"{path}/" == BASE else 404
            return Operation("", False, lambda: error_page(status))
        if request.method in ("GET", "HEAD"):
            return Operation("page", False, lambda: iis.answer(200, _PAGE))
        if request.method != "POST":
            return Operation(request.method, False, lambda: error_page(405, headers={"Allow": "GET, HEAD, POST"}))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/xml":
            return Operation("", False, lambda: error_page(415))
        try:
            message = parse(request.body)
        except EwsError as error:
            # Bound here, because Python forgets the name at the end of the block.
            why = error
            return Operation("malformed", False, lambda: _answer("", why), flight=self._flight(request, "", None))
        name = message.operation
        handler = OPERATIONS.get(name)
        return Operation(
            name[:_LONGEST_NAME],
            handler is not None and handler.write,
            lambda: self._run(request, message, name, handler),
            flight=self._flight(request, name, handler),
            refuse=lambda code, values: _answer(name, EwsError(code, values=values)) if code in ERRORS else None,
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        """A typed error for status 500, which is the emulator's own failure; any other comes from the web server."""
        if status == 500:
            return _answer("", EwsError("ErrorInternalServerError", message, fault=True))
        return error_page(status, message)

    def _run(self, request: Request, message: Message, name: str, handler: Handler | None) -> Response:
        try:
            if handler is None:
                text = f"The request is invalid: {name[:_LONGEST_NAME]} is no operation of this service."
                raise EwsError("ErrorInvalidRequest", text)
            return _done(handler.run(self._context, self._decode(request, message)))
        except EwsError as error:
            return _answer(name, error)
        except DomainError as error:
            return _answer(name, EwsError("ErrorInvalidOperation", error.message))

    def _decode(self, request: Request, message: Message) -> Call:
        return decode(self._context, message, request.caller or "", request.node)

    def _flight(self, request: Request, name: str, handler: Handler | None) -> AbstractContextManager[Response | None]:
        """Count a request as long as it is under way; gives the refusal when there are too many."""
        hanging = handler is not None and handler.hanging

        @contextmanager
        def counted() -> Iterator[Response | None]:
            with self._budgets.spend(request.node, request.caller or "", hanging=hanging) as exceeded:
                yield None if exceeded is None else _answer(name, _throttled(exceeded))

        return counted()


def _throttled(exceeded: Exceeded) -> EwsError:
    if exceeded.back_off is None:
        return EwsError("ErrorExceededConnectionCount")
    return EwsError("ErrorServerBusy", values={"BackOffMilliseconds": str(exceeded.back_off)})


def _done(content: Element | Stream) -> Response:
    if isinstance(content, Element):
        return iis.answer(200, encode(content), CONTENT_TYPE)
    response = iis.answer(200, b"", CONTENT_TYPE)
    response.stream = content
    return response


def _answer(name: str, why: EwsError) -> Response:
    """Return the answer of a request that failed as a whole."""
    as_fault = why.fault or not name
    content = fault(why) if as_fault else refusal(name, why)
    answer = iis.answer(500 if as_fault else 200, encode(content), CONTENT_TYPE)
    answer.undo = True
    return answer
