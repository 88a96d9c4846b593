# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine asks Office 365 for: over Microsoft Graph from 15SU4 on, before over Exchange Web Services.

Nobody has published which calls the product makes; these need no more than the permissions that Cisco's guides name:
Calendars.ReadBasic.All and MailboxSettings.Read, and full_access_as_app before.
"""

from __future__ import annotations

from imp_emulator.catalogue.office_365 import speaks_graph
from imp_emulator.domain.imp import office_365
from imp_emulator.domain.network import names
from imp_emulator.engine import ews_messages
from imp_emulator.engine.exchange_client import ExchangeFailure, Failure, Requests, ServiceClient
from imp_emulator.engine.exchange_connection import SERVICE
from imp_emulator.engine.graph_client import GraphClient
from imp_emulator.engine.online_connection import Answer, OnlineAccess, OnlineHost
from imp_emulator.engine.online_tokens import Tokens, busy, is_busy
from imp_emulator.wire.exchange.ews.messages import Element
from imp_emulator.world.context import Context

__all__ = ["OnlineAccess", "OnlineClient"]

_XML = {"Content-Type": "text/xml; charset=utf-8"}
_BUSY = frozenset({"ErrorServerBusy", "ErrorExceededConnectionCount", "ErrorInternalServerTransientError"})


class OnlineClient:
    """A gateway of Office 365 as a node speaks to it.

    Every operation may raise :class:`ExchangeFailure`. It waits for its turn among ``requests``, and takes as long as
    ``access.timeout`` at most for each request.

    Args:
        context: The environment.
        cluster: The node's; its release decides what is spoken.
        node: The node's short name.
        host: The gateway's name, where Exchange Web Services are.
        port: The gateway's.
        access: How it is spoken to.
        requests: What the clients of the node share.
    """

    def __init__(
        self,
        context: Context,
        cluster: str,
        node: str,
        host: str,
        port: int,
        access: OnlineAccess,
        requests: Requests,
    ) -> None:
        spec = context.scenario.cluster(cluster)
        places = office_365.places(spec, names.gateway_name(host), port, access.online)
        self._hosts = [OnlineHost(context, cluster, node, place, access, requests.threads) for place in places]
        tokens = Tokens(context, self._hosts[0], access)
        self._client: GraphClient | _OnlineExchange
        if speaks_graph(spec):
            self._client = GraphClient(self._hosts[1], tokens, access.online.client_id, requests)
        else:
            self._client = _OnlineExchange(self._hosts[1], tokens, access.online.client_id, requests)

    async def check(self) -> None:
        """Connect to both hosts, verify them, and get a token."""
        await self._client.check()

    async def calendar(
        self, address: str, folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]:
        """Return what stands in a calendar between two times, in the order of its start; see ``ExchangeClient``.

        Args:
            address: The mailbox's.
            folder: No matter, it is the mailbox's own calendar; this may be that of a server which had it before.
            start: Seconds since the epoch, as is ``end``.
            end: Its end.
        """
        return await self._client.calendar(address, "", start, end)

    async def out_of_office(self, address: str, now: float) -> dict[str, float | None] | None:
        """Return the period of a mailbox's automatic replies; see ``ExchangeClient``."""
        return await self._client.out_of_office(address, now)

    async def time_zone(self, address: str) -> str:
        """Return the mailbox's time zone (IANA name), empty when it says nothing or names one that is not known."""
        return await self._client.time_zone(address)

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        for host in self._hosts:
            await host.close()


class _OnlineExchange(ServiceClient):
    """Exchange Web Services of Exchange Online, where a mailbox's calendar is looked for once."""

    def __init__(self, host: OnlineHost, tokens: Tokens, client_id: str, requests: Requests) -> None:
        super().__init__(_BearerChannel(host, tokens, client_id), host.name, f"The application {client_id}", requests)
        self._folders: dict[str, str] = {}

    async def calendar(
        self, address: str, _folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]:
        if address not in self._folders:
            self._folders[address] = await self.calendar_folder(address)
        return await super().calendar(address, self._folders[address], start, end)


class _BearerChannel:
    """Brings messages of Exchange Web Services to Exchange Online, with a token."""

    def __init__(self, host: OnlineHost, tokens: Tokens, client_id: str) -> None:
        self._host = host
        self._tokens = tokens
        self._client_id = client_id

    async def check(self) -> None:
        await self._tokens.current()
        await self._host.verify()

    async def ask(self, message: bytes, address: str) -> Element:
        for last in (False, True):
            token = await self._tokens.current()
            headers = {**_XML, "Authorization": f"Bearer {token}", "X-AnchorMailbox": address}
            answer = await self._host.send("POST", SERVICE, headers, message)
            if answer.status != 401 or last:
                return self._content(answer)
            self._tokens.forget(token)
        raise AssertionError

    async def close(self) -> None:
        await self._host.close()

    def _content(self, answer: Answer) -> Element:
        name = self._host.name
        if is_busy(answer):
            raise busy(name, answer)
        if answer.status == 401:
            detail = f"{name} does not accept the application {self._client_id}: see its permission full_access_as_app."
            raise ExchangeFailure(Failure.LOGIN, detail)
        if answer.status == 403:
            detail = f"{name} refuses Exchange Web Services to the application {self._client_id} (HTTP 403)."
            raise ExchangeFailure(Failure.LOGIN, detail)
        if answer.status not in (200, 500):
            raise ExchangeFailure(Failure.ANSWER, f"{name} answered with the HTTP status {answer.status}.")
        try:
            return ews_messages.answer(answer.body)
        except ews_messages.Unreadable as error:
            detail = f"{name} did not answer as Exchange Web Services does: {error}."
            raise ExchangeFailure(Failure.ANSWER, detail) from None
        except ews_messages.Refused as refused:
            if refused.code in _BUSY:
                raise ExchangeFailure(Failure.BUSY, f"{name} has no time ({refused.code}).") from None
            raise
