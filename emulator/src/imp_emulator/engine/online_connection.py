# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections to a host of Office 365: verified with both trust stores, through the proxy when there is one.

Who asks is in each request, so that the connections are shared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from imp_emulator.domain.imp.gateway_status import locate_online
from imp_emulator.domain.imp.office_365 import Office365, Place
from imp_emulator.domain.network.names import NameKind
from imp_emulator.domain.network.tunnel import authorization
from imp_emulator.engine.exchange_connection import LONGEST_ANSWER, failure_of, hung_up
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure
from imp_emulator.engine.exchange_trust import Trust, Verified
from imp_emulator.engine.outgoing import bounded
from imp_emulator.world.context import Context

_KEEP_ALIVE_SECONDS = 50
_HEADERS = {
    "User-Agent": "Presence-Engine",
    # Nothing is unpacked, so that a small answer cannot grow.
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class OnlineAccess:
    """How a gateway of Office 365 is spoken to: what the engine loaded when it started.

    Attributes:
        online: The gateway's fields.
        trust: The certificates of the node's cup-trust and of its tomcat-trust, PEM; each has to verify every host.
        timeout: Seconds of real time for each request.
    """

    online: Office365
    client_secret: str = field(repr=False)
    proxy_password: str = field(repr=False)
    trust: tuple[str, ...] = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered."""

    status: int
    body: bytes
    retry_after: str


class OnlineHost:
    """One host.

    Args:
        context: The environment.
        cluster: The cluster of the node that connects.
        node: Its short name.
        place: The host.
        access: How it is spoken to.
        most: How many connections there may be.
    """

    def __init__(
        self, context: Context, cluster: str, node: str, place: Place, access: OnlineAccess, most: int
    ) -> None:
        self._place = place
        self._access = access
        shown = f"[{place.name.key}]" if place.name.kind is NameKind.IPV6 else place.name.key
        self.authority = shown if place.port == 443 else f"{shown}:{place.port}"
        self._trust = Trust(
            context,
            place.name,
            lambda: locate_online(context, cluster, node, place, access.online, access.proxy_password),
            *access.trust,
        )
        self._most = most
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The host's name, for people."""
        return self._place.name.text

    async def verify(self) -> None:
        """Connect and verify; raises :class:`ExchangeFailure`."""
        await self._trust.verified()

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request and return what is answered, whatever its status.

        Args:
            method: The method.
            path: The path with the query, encoded.
            headers: More than those that every request has.
            body: What to send.

        Raises:
            ExchangeFailure: There is no answer in time, or none that can be read.
        """
        if self._closed:
            raise self._ended()
        try:
            async with asyncio.timeout(self._access.timeout):
                return await self._exchange(method, path, headers, body)
        except TimeoutError:
            raise self.silent() from None

    def silent(self) -> ExchangeFailure:
        """Return the failure of a request that is not answered in time."""
        detail = f"{self.name} did not answer within {self._access.timeout:g} seconds."
        return ExchangeFailure(Failure.TIMEOUT, detail)

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request; once more when the certificate has changed, or a connection that was idle was closed."""
        for last in (False, True):
            verified = await self._trust.verified()
            try:
                return await self._sent(verified, method, path, headers, body)
            except aiohttp.ServerFingerprintMismatch:
                self._trust.forget(verified)
                if last:
                    detail = f"The certificate of {self.name} changed while it was being verified."
                    raise ExchangeFailure(Failure.TRUST, detail) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if last or not hung_up(error):
                    self._trust.forget(verified)
                    raise self._failure(error) from None
        raise AssertionError

    async def _sent(
        self, verified: Verified, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        if self._closed:  # Since this request was begun.
            raise self._ended()
        address, port = verified.listener
        online, proxied = self._access.online, bool(self._access.online.proxy_url)
        target = self.authority if proxied else f"{address}:{port}"
        async with self._opened().request(
            method,
            URL(f"https://{target}{path}", encoded=True),
            data=body,
            headers={**_HEADERS, "Host": self.authority, **headers},
            allow_redirects=False,
            ssl=verified.pin,
            server_hostname=self._place.name.key,
            proxy=URL.build(scheme="http", host=address, port=port) if proxied else None,
            proxy_headers=authorization(online.proxy_username, self._access.proxy_password) if proxied else None,
        ) as response:
            content = await bounded(response.content, LONGEST_ANSWER)
            return Answer(response.status, content, response.headers.get("Retry-After", ""))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, keepalive_timeout=_KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                auto_decompress=False,
            )
        return self._session

    def _ended(self) -> ExchangeFailure:
        return ExchangeFailure(Failure.UNREACHABLE, f"The connections to {self.name} are closed.")

    def _failure(self, error: Exception) -> ExchangeFailure:
        """Return the failure that an error of aiohttp's is; its words may quote what was sent."""
        if self._closed:
            return self._ended()
        proxy = self._access.online.proxy_url
        if isinstance(error, aiohttp.ClientHttpProxyError):
            detail = f"The proxy {proxy} answered HTTP {error.status} and did not connect to {self.name}."
            return ExchangeFailure(Failure.UNREACHABLE, detail)
        return failure_of(error, self.name, proxy)
