# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections to a gateway: made when they are needed, verified, signed in, and fewer while the server wants so.

NTLM signs a connection in and not a request (MS-NTHT), so each connection is one of its own, used by one request at a
time. Signing in is a request too, because a failure must be told from one of what was asked.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
import spnego
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.exceptions import SpnegoError
from yarl import URL

from imp_emulator.domain.imp.gateway_status import locate
from imp_emulator.domain.network import names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.engine import ews_messages
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure, Turns
from imp_emulator.engine.exchange_trust import Remembered, Trust, Verified
from imp_emulator.engine.outgoing import bounded
from imp_emulator.wire.exchange.ews.messages import Element
from imp_emulator.world.context import Context

_Read = TypeVar("_Read")

SERVICE = "/EWS/Exchange.asmx"
LONGEST_ANSWER = 8 * 1024 * 1024
"""How many bytes of an answer are read."""
TRIES = 10
"""How often a request is sent that the server has no time for."""
LONGEST_PAUSE = 1.0
"""Seconds of real time, whatever the server says."""

_FIRST_PAUSE = 0.05
FIRST_CONNECTIONS = 8
"""So many requests at a time until the server has answered some. A connection costs more than a request, and what the
server refuses because of their number was in vain."""
_GOOD_UNTIL_MORE = 50
"""After so many requests that went well, one more at a time is tried again where the server has refused that number."""
_KEEP_ALIVE_SECONDS = 50
_BUSY = frozenset({"ErrorServerBusy", "ErrorExceededConnectionCount", "ErrorInternalServerTransientError"})
_TOO_MANY = "ErrorExceededConnectionCount"
_HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "User-Agent": "Presence-Engine",
    # Nothing is unpacked, so that a small answer cannot grow.
    "Accept-Encoding": "identity",
}
_NTLM, _BASIC = "NTLM", "Basic"
_BROKEN_CHALLENGE = (SpnegoError, struct.error, binascii.Error, ArithmeticError, LookupError, TypeError, ValueError)
"""What pyspnego raises about a challenge that is none."""


@dataclass(frozen=True, slots=True)
class Access:
    r"""How a gateway is spoken to: what the engine loaded when it started.

    Attributes:
        account: ``DOMAIN\user`` or ``user@domain``.
        basic_only: Whether only Basic is used to sign in; otherwise NTLM, and Basic where nothing else is offered.
        trust: The certificates of the node's cup-trust, PEM.
        timeout: Seconds of real time for each request.
    """

    account: str
    password: str = field(repr=False)
    basic_only: bool
    trust: str = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    challenges: tuple[str, ...]
    body: bytes
    retry_after: str

    def offers(self, scheme: str) -> bool:
        """Tell whether a way to sign in is among those offered."""
        return any(challenge.partition(" ")[0].lower() == scheme.lower() for challenge in self.challenges)


class _Busy(Exception):
    """The server has no time now.

    Attributes:
        too_many: Whether it has because of the number of requests at a time.
        back_off: After how many seconds to try again, as far as it says so.
    """

    def __init__(self, back_off: float | None, *, too_many: bool = False) -> None:
        super().__init__()
        self.too_many = too_many
        self.back_off = back_off


class _HungUp(aiohttp.ClientError):
    """The server has closed the connection, of its own will or with a reset."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself: on another connection the messages of NTLM mean nothing."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _HungUp from None


class _Connection:
    """One connection, made anew when it was closed; ``used`` tells whether anything was answered on it."""

    def __init__(self, host: GatewayName, port: int) -> None:
        shown = f"[{host.key}]" if host.kind is NameKind.IPV6 else host.key
        self._headers = _HEADERS | {"Host": shown if port == 443 else f"{shown}:{port}"}
        self._name = host.key
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1, keepalive_timeout=_KEEP_ALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            middlewares=(_once,),
        )
        # A request that is repeated on another connection would not be signed in there.
        self._session._retry_connection = False
        self.authorization = ""
        self.signed_in = False
        self.used = False

    async def send(self, verified: Verified, body: bytes | None, **headers: str) -> _Answer:
        """Send a request; without a body it asks for the service's page."""
        if self._session.closed:  # By the engine's end, between two messages of one request.
            raise _HungUp
        address, port = verified.listener
        more = {name.replace("_", "-"): value for name, value in headers.items() if value}
        async with self._session.request(
            "GET" if body is None else "POST",
            URL.build(scheme="https", host=address, port=port, path=SERVICE),
            data=body,
            headers=self._headers | more,
            allow_redirects=False,
            ssl=verified.pin,
            server_hostname=self._name,
        ) as response:
            content = await bounded(response.content, LONGEST_ANSWER)
            self.used = True
            found = response.headers
            return _Answer(
                response.status,
                tuple(found.getall("WWW-Authenticate", ())),
                content,
                found.get("Retry-After", ""),
            )

    async def close(self) -> None:
        await self._session.close()


class Connections:
    """The connections to a gateway.

    Args:
        context: The environment.
        cluster: The cluster of the node that connects.
        node: Its short name.
        host: The gateway's name or address.
        port: The gateway's.
        access: How it is spoken to.
        most: How many connections there may be.
    """

    def __init__(
        self, context: Context, cluster: str, node: str, host: str, port: int, access: Access, most: int
    ) -> None:
        self._context = context
        self._host = names.gateway_name(host)
        self._port = port
        self._access = access
        self._trust = Trust(context, self._host, lambda: locate(context, cluster, node, self._host, port), access.trust)
        self._sign_in = SignIn(context, self._host.text, access)
        self._most = most
        self._turns = Turns(min(most, FIRST_CONNECTIONS))
        self._went_well = 0
        self._knows_limit = False
        self._all: list[_Connection] = []
        self._idle: list[_Connection] = []
        self._closed = False

    async def check(self) -> None:
        """Have a connection, signed in; raises :class:`ExchangeFailure`."""
        await self._repeated(None, "", self._page)

    async def ask(self, message: bytes, address: str) -> Element:
        """Send a message and return the element of its answer.

        Args:
            message: The message.
            address: The mailbox that it is about.

        Raises:
            ExchangeFailure: It did not come to an answer of the service.
            Refused: It was answered with an error.
        """
        return await self._repeated(message, address, self._content)

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._closed = True
        for connection in self._all:
            await connection.close()

    async def _repeated(self, message: bytes | None, address: str, read: Callable[[_Answer], _Read]) -> _Read:
        """Send a message, again while the server is busy, and return what its answer is read as."""
        for attempt in range(TRIES):
            await self._take(again=attempt > 0)
            connection = self._idle.pop() if self._idle else self._new()
            try:
                found = read(await self._timed(connection, message, address))
            except _Busy as busy:
                pause = self._less(busy, attempt)
            else:
                self._more()
                return found
            finally:
                self._idle.append(connection)
                self._turns.give()
            if pause is not None:
                await asyncio.sleep(pause)
        raise ExchangeFailure(Failure.BUSY, f"{self._host.text} was too busy {TRIES} times.")

    def _new(self) -> _Connection:
        connection = _Connection(self._host, self._port)
        self._all.append(connection)
        return connection

    async def _take(self, *, again: bool) -> None:
        try:
            async with asyncio.timeout(self._access.timeout):
                # Who was refused waits until another request has come back, and is the next.
                await self._turns.take(first=again)
        except TimeoutError:
            detail = f"{self._host.text} was busy with other requests for {self._access.timeout:g} seconds."
            raise ExchangeFailure(Failure.BUSY, detail) from None
        if self._closed:  # Perhaps while this request waited.
            self._turns.give()
            raise ExchangeFailure(Failure.UNREACHABLE, f"The connections to {self._host.text} are closed.")

    def _less(self, busy: _Busy, attempt: int) -> float | None:
        """Ask less at a time where that is what the server wants; returns for how long to pause by the clock."""
        self._went_well = 0
        others = self._turns.taken - 1
        if busy.too_many:
            self._knows_limit = True
            self._turns.most = max(1, others)
        if busy.too_many and others > 0:
            return None
        wanted = _FIRST_PAUSE * 2**attempt if busy.back_off is None else busy.back_off
        return min(wanted, LONGEST_PAUSE)

    def _more(self) -> None:
        self._went_well += 1
        enough = not self._knows_limit or self._went_well >= _GOOD_UNTIL_MORE
        if enough and self._turns.most < self._most:
            self._went_well = 0
            self._turns.most += 1
            self._turns.hand_out()

    async def _timed(self, connection: _Connection, message: bytes | None, address: str) -> _Answer:
        try:
            async with asyncio.timeout(self._access.timeout):
                return await self._exchange(connection, message, address)
        except BaseException as error:
            # Whatever its state was, what is on the line no longer fits to a request.
            connection.signed_in = connection.used = False
            if isinstance(error, TimeoutError):
                detail = f"{self._host.text} did not answer within {self._access.timeout:g} seconds."
                raise ExchangeFailure(Failure.TIMEOUT, detail) from None
            raise

    async def _exchange(self, connection: _Connection, message: bytes | None, address: str) -> _Answer:
        """Send a message; once more when the certificate has changed, or the server closed a connection that was idle.

        Raises:
            ExchangeFailure: There is no answer.
        """
        for last in (False, True):
            verified = await self._trust.verified()
            try:
                return await self._signed_in(connection, verified, message, address)
            except aiohttp.ServerFingerprintMismatch:
                self._trust.forget(verified)
                if last:
                    detail = f"The certificate of {self._host.text} changed while it was being verified."
                    raise ExchangeFailure(Failure.TRUST, detail) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if last or not connection.used or not hung_up(error):
                    if isinstance(error, aiohttp.ClientConnectorError):
                        self._trust.forget(verified)
                    raise failure_of(error, self._host.text) from None
            connection.signed_in = connection.used = False
        raise AssertionError

    async def _signed_in(
        self, connection: _Connection, verified: Verified, message: bytes | None, address: str
    ) -> _Answer:
        async def attempt() -> _Answer:
            if not connection.signed_in:
                await self._sign_in(connection, verified)
            return await connection.send(
                verified, message, Authorization=connection.authorization, X_AnchorMailbox=address
            )

        answer = await attempt()
        if answer.status != 401:
            return answer
        # The server has closed the connection, and this is a new one that it does not know yet.
        connection.signed_in = False
        return await attempt()

    def _page(self, answer: _Answer) -> None:
        """Take an answer that may say anything, but that something was not found or not allowed."""
        _check_time(answer)
        self._check_account(answer)
        if answer.status >= 400:
            raise self._odd_status(answer)

    def _content(self, answer: _Answer) -> Element:
        """Return the element of an answer.

        Raises:
            _Busy: The server has no time now.
            ExchangeFailure: It is no answer of the service.
            Refused: It is an error.
        """
        _check_time(answer)
        self._check_account(answer)
        if answer.status not in (200, 500):
            raise self._odd_status(answer)
        try:
            return ews_messages.answer(answer.body)
        except ews_messages.Unreadable as error:
            detail = f"{self._host.text} did not answer as Exchange Web Services does: {error}."
            raise ExchangeFailure(Failure.ANSWER, detail) from None
        except ews_messages.Refused as refused:
            if refused.code in _BUSY:
                raise _Busy(refused.back_off, too_many=refused.code == _TOO_MANY) from None
            raise

    def _check_account(self, answer: _Answer) -> None:
        if answer.status == 401:
            detail = f"{self._host.text} does not accept the account {self._access.account} any more."
            raise ExchangeFailure(Failure.LOGIN, detail)

    def _odd_status(self, answer: _Answer) -> ExchangeFailure:
        return ExchangeFailure(Failure.ANSWER, f"{self._host.text} answered with the HTTP status {answer.status}.")


class SignIn:
    """Signs connections in, one at a time until the account is known to be good.

    Whom a server has refused is not signed in again for a minute, for whichever user it may be: the domain would lock
    the account.
    """

    def __init__(self, context: Context, host: str, access: Access) -> None:
        self._context = context
        self._host = host
        self._access = access
        self._scheme = _BASIC if access.basic_only else ""
        self._good = False
        self._refusal: tuple[Remembered, str] | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, connection: _Connection, verified: Verified) -> None:
        """Sign a connection in.

        Raises:
            ExchangeFailure: The server refuses the account, or cannot be understood.
            _Busy: It has no time now.
        """
        if not self._good:
            async with self._turn:
                if self._refusal is not None and self._refusal[0].recent_on_the_clock:
                    raise ExchangeFailure(Failure.LOGIN, self._refusal[1])
                if not self._good:
                    await self._try(connection, verified)
                    return
        # Not in turn any more: who waited for the first one would use up the time of the own request.
        await self._try(connection, verified)

    async def _try(self, connection: _Connection, verified: Verified) -> None:
        connection.authorization = ""
        try:
            answer = await self._conversation(connection, verified)
        except _BROKEN_CHALLENGE as error:
            if isinstance(error, aiohttp.ClientError | OSError):
                raise
            raise ExchangeFailure(Failure.ANSWER, f"{self._host} sent a broken message of NTLM.") from None
        _check_time(answer)
        if answer.status == 401:
            detail = self._reason(answer)
            self._good = False
            self._scheme = _BASIC if self._access.basic_only else ""
            self._refusal = Remembered(self._context), detail
            raise ExchangeFailure(Failure.LOGIN, detail)
        if answer.status >= 500:
            detail = f"{self._host} answered with the HTTP status {answer.status}."
            raise ExchangeFailure(Failure.ANSWER, detail)
        self._good = connection.signed_in = True
        self._refusal = None

    def _reason(self, answer: _Answer) -> str:
        if self._scheme and (answer.offers(self._scheme) or self._scheme == _NTLM):
            return (
                f"{self._host} does not accept the account {self._access.account} with its password ({self._scheme})."
            )
        wanted = _BASIC if self._access.basic_only else f"{_NTLM} nor {_BASIC}"
        return f"{self._host} does not offer {wanted} to sign in."

    async def _conversation(self, connection: _Connection, verified: Verified) -> _Answer:
        """Return the last answer of what there is to say; 401 when the account is refused."""
        if not self._scheme:
            answer = await connection.send(verified, None)
            self._scheme = next((scheme for scheme in (_NTLM, _BASIC) if answer.offers(scheme)), "")
            if answer.status != 401 or not self._scheme:
                return answer
        if self._scheme == _NTLM:
            return await self._ntlm(connection, verified)
        credentials = f"{self._access.account}:{self._access.password}".encode()
        connection.authorization = f"{_BASIC} {base64.b64encode(credentials).decode('ascii')}"
        return await connection.send(verified, None, Authorization=connection.authorization)

    async def _ntlm(self, connection: _Connection, verified: Verified) -> _Answer:
        # Without the hash pyspnego computes that of LAN Manager too, in Python and for milliseconds.
        credential = spnego.NTLMHash(self._access.account, nt_hash=ntowfv1(self._access.password).hex())
        login = spnego.client(credential, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        answer = await connection.send(verified, None, Authorization=_token(login.step()))
        challenge = next((given for given in answer.challenges if given.startswith(f"{_NTLM} ")), "")
        if answer.status != 401 or not challenge:
            return answer
        token = base64.b64decode(challenge.removeprefix(f"{_NTLM} ").strip(), validate=True)
        return await connection.send(verified, None, Authorization=_token(login.step(token)))


def _token(message: bytes | None) -> str:
    return f"{_NTLM} {base64.b64encode(message or b'').decode('ascii')}"


def failure_of(error: Exception, name: str, reached: str = "") -> ExchangeFailure:
    """Return the failure that an error of aiohttp's is; its own words may quote what was sent.

    Args:
        name: Whom the request was for.
        reached: Whom the connection was to be made to, where that is a proxy.
    """
    if isinstance(error, aiohttp.ClientSSLError):
        return ExchangeFailure(Failure.TRUST, f"There is no TLS connection with {name}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return ExchangeFailure(Failure.UNREACHABLE, f"{reached or name} cannot be reached.")
    if hung_up(error):
        return ExchangeFailure(Failure.UNREACHABLE, f"{name} closed the connection without an answer.")
    return ExchangeFailure(Failure.ANSWER, f"{name} sent an answer that cannot be read or is too long.")


def hung_up(error: Exception) -> bool:
    """Tell whether a server has closed the connection, of its own will or with a reset."""
    closed = isinstance(error, _HungUp | aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError)
    return closed and not isinstance(error, aiohttp.ClientConnectorError)


def _check_time(answer: _Answer) -> None:
    """Raise :class:`_Busy` when the server has none."""
    if answer.status == 503:
        text = answer.retry_after
        raise _Busy(float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None)
