# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one choke point: authenticate -> route -> fault -> delay -> handle -> journal, for every request of a listener.

It is a bare ASGI application, because it carries every request and a framework would cost more than the work itself.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl

from imp_emulator.pipeline import streaming
from imp_emulator.pipeline.body import Gone, TooLarge, read_body
from imp_emulator.pipeline.request import (
    Connection,
    Message,
    Operation,
    Protocol,
    Receive,
    Request,
    Response,
    Scope,
    Send,
)
from imp_emulator.pipeline.streaming import Streams
from imp_emulator.store.database import NotStored
from imp_emulator.store.journal import Entry
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind

ErrorPage = Callable[[int, str], Response]
"""The page that a listener's web server gives of its own accord: for a status, with a message."""

BODY_LIMIT = 8 * 1024 * 1024
_LONGEST_PATH = 1_000
"""How many characters of a path the journal has."""
ABORT = "imp_emulator.abort"
"""The ASGI extension of the emulator's listeners that closes the connection at once, without an answer."""
OUTAGE = "outage"
"""What the journal names for the fault of a request to a node that is away."""
CLOSE = "imp_emulator.close"
"""The one that closes it as soon as what has been answered so far is sent."""
CONNECTION = "imp_emulator.connection"
"""The ASGI extension that holds the :class:`Connection` of the request."""

_NO_QUERY: dict[str, str] = {}
_logger = logging.getLogger("imp_emulator")


@dataclass(slots=True)
class _Step:
    """How far a request has come, for its journal entry."""

    protocol: str
    operation: str = ""
    write: bool = False
    fault: str | None = None


class _ErrorAnswer(Exception):
    """Undoes what a request did before its answer turned out to be an error."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Gate:
    """The ASGI application of one listener.

    A write and its journal entry are one transaction, answered after the commit. What may take time, decoding
    included, comes before it, so that nothing awaits while it is open.

    Args:
        environment: What the protocols work on.
        cluster: The cluster of the listener's node; empty for an Exchange server or a certification authority.
        node: The name of the node, of the Exchange server, or the authority's host.
        port: The port that the real product listens on.
        protocols: What the listener speaks; the first that owns a path gets it.
        error_page: How its web server answers where no protocol does.
        body_limit: The largest request body in bytes; more is answered with 413.
    """

    def __init__(
        self,
        environment: Environment,
        cluster: str,
        node: str,
        port: int,
        protocols: Sequence[Protocol],
        error_page: ErrorPage,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self._environment = environment
        self._cluster = cluster
        self._node = node
        self._port = port
        self._protocols = protocols
        self._error_page = error_page
        self._body_limit = body_limit
        self._streams = Streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or close its connection when a fault says so."""
        if scope["type"] != "http":
            return
        request = self._request(scope)
        protocol = next((p for p in self._protocols if p.owns(request.path)), None)
        with ExitStack() as flight:
            try:
                request.body = await read_body(receive, self._body_limit)
            except Gone:
                return
            except TooLarge:
                response: Response | None = self._too_large(request, protocol)
            else:
                response = await self._answer(request, protocol, flight)
            if response is None:
                await drop(scope, receive)
                return
            timestamp = self._environment.clock.timestamp()
            timestamp += self._environment.faults.clock_skew(self._cluster, self._node)
            if response.stream is None:
                await _send(send, response, timestamp)
            elif not await self._streams.send(_start(response, timestamp), response.stream, receive, send):
                await _closed(scope, receive, CLOSE)

    def end_streams(self) -> None:
        """End the answers that would go on for long, at once; the listener is about to stop."""
        self._streams.end()

    def _request(self, scope: Scope) -> Request:
        query = scope["query_string"]
        return Request(
            cluster=self._cluster,
            node=self._node,
            port=self._port,
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else _NO_QUERY,
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=b"",
            connection=scope.get("extensions", {}).get(CONNECTION) or Connection(),
            scope=scope,
        )

    def _too_large(self, request: Request, protocol: Protocol | None) -> Response:
        text = f"The request body exceeds {self._body_limit} bytes"
        response = protocol.failure(request, 413, text) if protocol else self._error_page(413, text)
        response.headers["Connection"] = "close"
        self._note(request, _Step(protocol.name if protocol else ""), 413)
        return response

    async def _answer(self, request: Request, protocol: Protocol | None, flight: ExitStack) -> Response | None:
        """Return the answer; ``None`` when the connection is to be closed without one: a fault, or the node is away."""
        if (self._cluster, self._node) in self._environment.away:
            self._note(request, _Step("" if protocol is None else protocol.name, fault=OUTAGE), 0)
            return None
        if protocol is None:
            self._note(request, _Step(""), 404)
            return self._error_page(404, "The requested resource is not available")
        step = _Step(protocol.name)
        try:
            return await self._handle(request, protocol, step, flight)
        except Exception as error:  # noqa: BLE001 - the outermost place: whatever broke, the client gets an answer
            # The message may quote the request, and so a secret; type and place are enough to find the fault.
            where = "".join(traceback.format_tb(error.__traceback__))
            _logger.error("internal error in %s %s: %s\n%s", step.protocol, step.operation, type(error).__name__, where)
            self._note(request, step, 500)
            return protocol.failure(request, 500, "Internal error of the emulator")

    async def _handle(self, request: Request, protocol: Protocol, step: _Step, flight: ExitStack) -> Response | None:
        refusal = protocol.authenticate(request)
        if refusal is not None:
            step.operation = "authenticate"
            self._note(request, step, refusal.status)
            return refusal
        operation = protocol.route(request)
        step.operation, step.write = operation.name, operation.write
        refusal = None if operation.flight is None else flight.enter_context(operation.flight)
        if refusal is not None:
            self._note(request, step, refusal.status)
            return refusal
        fault = self._environment.faults.strike(request.cluster, request.node, protocol.name, operation.name)
        if fault is None:
            return await self._carry_out(request, operation, step)
        step.fault = fault.effect.kind.value
        with fault.striking():
            return await self._struck(request, protocol, operation, step, fault.effect)

    async def _carry_out(self, request: Request, operation: Operation, step: _Step) -> Response:
        if operation.prepare is not None:
            await operation.prepare()
        return self._run(request, operation, step)

    async def _struck(
        self, request: Request, protocol: Protocol, operation: Operation, step: _Step, effect: Effect
    ) -> Response | None:
        """Answer a request that a fault strikes; ``None`` when the connection is to be closed without an answer."""
        if effect.kind is EffectKind.DROP:
            self._note(request, step, 0)
            return None
        if effect.kind is EffectKind.SESSION:
            self._environment.sessions.end(request.cluster, request.node, request.caller)
            refusal = protocol.authenticate(request)
            if refusal is not None:
                self._note(request, step, refusal.status)
                return refusal
        if _refuses(effect, operation):
            return self._injected(request, protocol, operation, step, effect)
        if effect.kind is EffectKind.DELAY:
            try:
                await asyncio.sleep(effect.seconds)
            except asyncio.CancelledError:
                # Only the emulator's end does this: the request is one that a killed server never answered.
                return None
        return await self._spoiled(request, protocol, await self._carry_out(request, operation, step), effect)

    async def _spoiled(
        self, request: Request, protocol: Protocol, response: Response, effect: Effect
    ) -> Response | None:
        """Leave an answer, replace it, have it sent badly, or have the connection closed (``None``)."""
        if effect.kind in (EffectKind.DELAY, EffectKind.SESSION, EffectKind.DISK_FULL):
            return response
        if response.stream is not None:
            await response.stream.aclose()
        if effect.kind in streaming.BADLY_SENT:
            if not response.body:
                # Nothing of it can be sent badly: it is lost, or as good as ever.
                return None if effect.kind is EffectKind.CUT else response
            response.stream = streaming.badly_sent(response.body, effect)
            return response
        return self._failure(request, protocol, effect) if effect.after else None

    def _run(self, request: Request, operation: Operation, step: _Step) -> Response:
        """Carry the operation out in one transaction with its journal entry; an error answer undoes what it did.

        A read is answered although its entry cannot be written; it has nothing to lose.

        Raises:
            NotStored: A write and its entry could not be stored; both are undone.
        """
        response: Response | None = None
        try:
            with self._environment.database.own_transaction(write=operation.write):
                response = operation.run()
                if response.undo or response.status >= 400:
                    raise _ErrorAnswer(response)
                self._append(request, step, response.status)
        except _ErrorAnswer as error:
            response = error.response
            self._note(request, step, response.status)
            return response
        except NotStored as error:
            if operation.write or response is None:
                raise
            self._environment.journal.missed(error)
        self._environment.answered[step.protocol, step.operation] += 1
        return response

    def _injected(
        self, request: Request, protocol: Protocol, operation: Operation, step: _Step, effect: Effect
    ) -> Response:
        response = None
        if effect.kind is EffectKind.ERROR and operation.refuse is not None:
            response = operation.refuse(effect.code, effect.values)
        response = response or self._failure(request, protocol, effect)
        self._note(request, step, response.status)
        return response

    def _failure(self, request: Request, protocol: Protocol, effect: Effect) -> Response:
        """Return an answer with the status of an injected fault."""
        text = "No space left on device" if effect.kind is EffectKind.DISK_FULL else "Injected fault"
        response = protocol.failure(request, effect.status, text)
        if effect.retry_after is not None:
            until = self._environment.clock.timestamp() + effect.retry_after
            response.headers["Retry-After"] = formatdate(until, usegmt=True) if effect.date else str(effect.retry_after)
        return response

    def _note(self, request: Request, step: _Step, status: int) -> None:
        """Add a journal entry in a transaction of its own, for an answer that has changed nothing."""
        try:
            with self._environment.database.own_transaction(write=True):
                self._append(request, step, status)
        except NotStored as error:
            self._environment.journal.missed(error)

    def _append(self, request: Request, step: _Step, status: int) -> None:
        self._environment.journal.append(
            Entry(
                at=self._environment.clock.timestamp(),
                cluster=request.cluster,
                node=request.node,
                protocol=step.protocol,
                method=request.method,
                operation=step.operation,
                caller=request.caller,
                write=step.write,
                status=status,
                fault=step.fault,
                port=request.port,
                path=request.path[:_LONGEST_PATH],
            )
        )


def _refuses(effect: Effect, operation: Operation) -> bool:
    """Tell whether a fault has the request answered without being carried out."""
    if effect.kind is EffectKind.DISK_FULL:
        return operation.write
    return effect.kind is EffectKind.ERROR or (effect.kind is EffectKind.STATUS and not effect.after)


async def _send(send: Send, response: Response, timestamp: float) -> None:
    await send(_start(response, timestamp))
    await send({"type": "http.response.body", "body": response.body})


def _start(response: Response, timestamp: float) -> Message:
    # The web server would tell the machine's time, and a client that compares clocks would never see the virtual one.
    date = formatdate(timestamp, usegmt=True).encode()
    headers = [(b"date", date)]
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
    if response.content_type:
        headers.append((b"content-type", response.content_type.encode("latin-1")))
    for name, value in response.headers.items():
        headers.append((name.encode("latin-1"), value.encode("latin-1")))
    headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in response.cookies)
    headers.extend((b"www-authenticate", challenge.encode("latin-1")) for challenge in response.challenges)
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection and wait until it is closed, so that nothing is answered after all."""
    await _closed(scope, receive, ABORT)


async def _closed(scope: Scope, receive: Receive, how: str) -> None:
    scope["extensions"][how]()
    while (await receive())["type"] != "http.disconnect":
        pass
