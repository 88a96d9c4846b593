# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request and an answer, as the protocols see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Interface

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""


@dataclass(slots=True)
class Connection:
    """What is remembered of one client connection, because NTLM authenticates the connection and not the request.

    Attributes:
        caller: The account that the connection is authenticated as.
        password: The password with which that was done; another one of the account ends it.
        exchange: The authentication under way, see :mod:`imp_emulator.pipeline.ntlm`.
    """

    caller: str | None = None
    password: str = field(default="", repr=False)
    exchange: Any = None


@dataclass(slots=True)
class Request:
    """One request that arrived at one listener.

    Attributes:
        cluster: The name of the listener's cluster; empty for an Exchange server or a certification authority.
        node: The name of the listener's node, of the Exchange server, or the authority's host.
        port: The port number that the real product would listen on, for example 8443.
        headers: Header values by lower-case name.
        query: Query parameters; of a repeated one the last.
        caller: The authenticated account's name; ``None`` until the gate has authenticated.
        connection: The client connection that carries it.
        scope: The request as ASGI has it, for a protocol that has an application decode it.
    """

    cluster: str
    node: str
    port: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    caller: str | None = None
    connection: Connection = field(default_factory=Connection)
    scope: Scope = field(default_factory=dict, repr=False)

    @property
    def raw_path(self) -> str:
        """The path as it was sent: ``path`` cannot tell an encoded slash in a name from one between two names."""
        raw: bytes = self.scope["raw_path"]
        return raw.decode("latin-1")


class Stream(Interface):
    """A body that is made while it is sent; an asynchronous generator of bytes is one.

    It begins after the transaction of its request. The gate closes it in every case, also when it never begins: at its
    end, when its client goes away, when a fault takes the answer away and when the emulator stops.
    """

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return itself."""

    async def __anext__(self) -> bytes:
        """Return the next piece, which is sent at once."""

    async def aclose(self) -> None:
        """Give up what it holds; called once or more."""


@dataclass(slots=True)
class Response:
    """An answer: status, body and headers.

    Attributes:
        cookies: The values of ``Set-Cookie`` headers, one header each.
        challenges: Those of ``WWW-Authenticate`` headers likewise, for a server that offers several schemes.
        undo: Whether what the request did is undone; a status of 400 or more means so too.
        stream: What is sent in place of ``body``, in chunks.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    undo: bool = False
    stream: Stream | None = None


@dataclass(slots=True)
class Operation:
    """What a request asks for, decided before it is carried out.

    Attributes:
        name: The protocol's own name of the operation, as the journal shows it.
        write: Whether the operation changes the environment.
        run: Carries it out, inside the gate's transaction, on the event loop; must not block. As a plain function it
            cannot await either, so no other request gets in between.
        prepare: What takes time and is awaited before ``run``, outside the transaction: it must change nothing.
        flight: Entered before faults and delays, and left when the answer is sent or the client gone; gives the
            refusal to answer with when too many requests are under way already.
        refuse: Makes the protocol's answer to an injected fault of kind ``error``: for a code, with its values; none
            for a code that is another protocol's.
    """

    name: str
    write: bool
    run: Callable[[], Response]
    prepare: Callable[[], Awaitable[None]] | None = None
    flight: AbstractContextManager[Response | None] | None = None
    refuse: Callable[[str, Mapping[str, str]], Response | None] | None = None


class Protocol(Interface):
    """A wire protocol served by a listener."""

    @property
    def name(self) -> str:
        """Its name in the journal, in faults and in ``/about``."""

    @property
    def operations(self) -> Mapping[str, bool]:
        """Every implemented operation, and whether it writes; the control plane's ``/about`` lists them."""

    def owns(self, path: str) -> bool:
        """Tell whether a request path belongs to this protocol."""

    def authenticate(self, request: Request) -> Response | None:
        """Set ``request.caller``, or return the refusal (401, 403) in the protocol's own form."""

    def route(self, request: Request) -> Operation:
        """Decode the request; a malformed or unknown one becomes an operation that answers the protocol's own fault."""

    def failure(self, request: Request, status: int, message: str) -> Response:
        """An error in the protocol's own form, for injected faults, oversized bodies and internal errors."""
