# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access token of a gateway of Office 365: client credentials with a secret (RFC 6749, 4.4), kept while it is good.

Source: Microsoft's page on the client credentials flow.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure
from imp_emulator.engine.exchange_trust import Remembered
from imp_emulator.engine.online_connection import Answer, OnlineAccess, OnlineHost
from imp_emulator.world.context import Context

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_BUSY = (429, 503, 504)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    since: float
    until: float


class Tokens:
    """The token of one gateway, asked for when it is needed and not before its time is over by the virtual clock.

    A refused application is not asked for again for a minute, for whichever user it may be.
    """

    def __init__(self, context: Context, host: OnlineHost, access: OnlineAccess) -> None:
        self._context = context
        self._host = host
        self._access = access
        self._token: _Token | None = None
        self._refusal: tuple[Remembered, str] | None = None
        self._turn = asyncio.Lock()

    async def current(self) -> str:
        """Return a token that is good now; who waits for somebody else's question waits no longer than for an answer.

        Raises:
            ExchangeFailure: There is none, or none in time.
        """
        try:
            async with asyncio.timeout(self._access.timeout), self._turn:
                return await self._current()
        except TimeoutError:
            raise self._host.silent() from None

    async def _current(self) -> str:
        now = self._context.clock.timestamp()
        if self._token is None or not self._token.since <= now < self._token.until:
            if self._refusal is not None and self._refusal[0].recent_on_the_clock:
                raise ExchangeFailure(Failure.LOGIN, self._refusal[1])
            self._token = await self._asked(now)
            self._refusal = None
        return self._token.value

    def forget(self, token: str) -> None:
        """Have the next one who asks get another one, unless somebody has one already."""
        if self._token is not None and self._token.value == token:
            self._token = None

    async def _asked(self, now: float) -> _Token:
        online = self._access.online
        form = {
            "grant_type": "client_credentials",
            "client_id": online.client_id,
            "client_secret": self._access.client_secret,
            "scope": f"{online.resource}/.default",
        }
        path = f"/{quote(online.tenant_id, safe='')}/oauth2/v2.0/token"
        answer = await self._host.send("POST", path, _FORM, urlencode(form).encode("ascii"))
        content = json_object(answer)
        if answer.status == 200 and isinstance(content.get("access_token"), str):
            lifetime = content.get("expires_in")
            # RFC 6749, 5.1: it need not say so. Then it is good for the one request.
            seconds = lifetime if isinstance(lifetime, int) and not isinstance(lifetime, bool) else 0
            return _Token(content["access_token"], now, now + seconds)
        raise self._refused(answer, content)

    def _refused(self, answer: Answer, content: dict[str, Any]) -> ExchangeFailure:
        if answer.status in _BUSY:
            return busy(self._host.name, answer)
        error = content.get("error")
        if answer.status not in (400, 401) or not isinstance(error, str):
            return ExchangeFailure(Failure.ANSWER, f"{self._host.name} answered with the HTTP status {answer.status}.")
        codes = content.get("error_codes")
        first = codes[0] if isinstance(codes, list) and codes and isinstance(codes[0], int) else ""
        detail = (
            f"{self._host.name} gives no token to the application {self._access.online.client_id} of the tenant "
            f"{self._access.online.tenant_id} ({error[:100]}{f', AADSTS{first}' if first else ''})."
        )
        self._refusal = Remembered(self._context), detail
        return ExchangeFailure(Failure.LOGIN, detail)


def json_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object in an answer; an empty one when it has none."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def busy(host: str, answer: Answer) -> ExchangeFailure:
    """Return the failure of a request that a host has no time for."""
    text = answer.retry_after
    when = f" and asks to wait {text} seconds" if text.isascii() and text.isdigit() and len(text) < 6 else ""
    return ExchangeFailure(Failure.BUSY, f"{host} has no time (HTTP {answer.status}){when}.")


def is_busy(answer: Answer) -> bool:
    """Tell whether a host has no time now."""
    return answer.status in _BUSY
