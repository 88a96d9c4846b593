# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP requests that the emulated products make of their own accord."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import aiohttp
from yarl import URL

from imp_emulator.domain.network import hosts
from imp_emulator.world.context import Context

SECONDS = 5.0
"""How long a whole request may take, in real time."""
LONGEST_ANSWER = 64 * 1024
"""How many bytes of an answer are read."""


class NoAnswer(Exception):
    """There was no answer in time, or one that is too long; the message says why and quotes no secret."""


class TooLong(aiohttp.ClientPayloadError):
    """An answer has more bytes than are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes


async def post(context: Context, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a POST request, see :func:`get`."""
    return await _ask(context, "POST", url, body, headers)


async def get(context: Context, url: str) -> Answer:
    """Send a GET request: in the emulated network where the URL names a host in it, else to the real host.

    Redirects are not followed, cookies not kept, and no proxy is used. A server's certificate is not verified. Each
    request has a connection of its own: one that was kept could have been closed by its server just now.

    Raises:
        NoAnswer: There is none that can be used.
    """
    return await _ask(context, "GET", url, None, {})


async def _ask(context: Context, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        target = URL(url)
        name = target.host or ""
        headers = {**headers, "Host": target.authority.rpartition("@")[2]}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session,
            session.request(
                method,
                _reached(context, target),
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=_unverified() if target.scheme == "https" else True,
                server_hostname=name if target.scheme == "https" else None,
            ) as response,
        ):
            received = await bounded(response.content, LONGEST_ANSWER)
            return Answer(response.status, received)
    except TooLong:
        raise NoAnswer("the answer is too long") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoAnswer(type(error).__name__) from None


async def bounded(content: aiohttp.StreamReader, longest: int) -> bytes:
    """Return an answer's body; raises :class:`TooLong` when it has more bytes than ``longest``."""
    parts: list[bytes] = []
    size = 0
    async for part in content.iter_any():
        size += len(part)
        if size > longest:
            raise TooLong(f"it is longer than {longest} bytes")
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _reached(context: Context, target: URL) -> URL:
    """Return where a URL really leads.

    Raises:
        NoAnswer: Its host is one of the emulated network, and nothing listens at the port.
    """
    host, port = target.host or "", target.port or 0
    listener = hosts.endpoint(context, host, port)
    if listener is not None:
        address, real_port = listener
        return target.with_host(address).with_port(real_port)
    emulated = {address for address, _ in context.network}
    if not emulated.isdisjoint(hosts.resolve(context, host)):
        raise NoAnswer("nothing listens there")
    return target


@cache
def _unverified() -> ssl.SSLContext:
    # Not the default one, which loads the machine's certificates each time and would hold up everybody else meanwhile.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
