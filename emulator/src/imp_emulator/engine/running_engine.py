# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engine of a node as it runs: its gateways, what it keeps open to them, and which of them work."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol as Interface

from imp_emulator.domain.imp import engine_settings, following, notifications
from imp_emulator.domain.imp.engine_settings import ACCOUNT, Gateway, proxy_key
from imp_emulator.engine.exchange_client import Access, ExchangeClient
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure, Requests
from imp_emulator.engine.online_client import OnlineAccess, OnlineClient
from imp_emulator.store.imp.engine import Loaded
from imp_emulator.world.context import Context

_BROKEN = frozenset({Failure.UNREACHABLE, Failure.TRUST})
"""What is as true of the next request to a gateway as of this one, so nobody else has to find out."""


class Client(Interface):
    """A gateway of any type, for what is asked of all of them; see ``ExchangeClient``."""

    async def check(self) -> None: ...

    async def calendar(
        self, address: str, folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]: ...

    async def out_of_office(self, address: str, now: float) -> dict[str, float | None] | None: ...

    async def time_zone(self, address: str) -> str: ...

    async def close(self) -> None: ...


class RunningEngine:
    """What lives in memory of an engine, from what it has loaded; all of it can be made anew.

    Attributes:
        requests: How many requests go on at a time and may wait, over all gateways.
        closed: Whether it has been stopped.
    """

    def __init__(self, context: Context, loaded: Loaded) -> None:
        self._context = context
        self.loaded = loaded
        self.settings = engine_settings.of(loaded)
        self.requests = Requests(self.settings.threads, self.settings.queue)
        self._clients: dict[str, Client] = {}
        self._broken: dict[str, tuple[ExchangeFailure, float]] = {}
        self.closed = False
        self._works: bool | None = None
        self._looking = asyncio.Lock()
        self._looks = 0

    def client(self, gateway: str) -> Client:
        """Return what speaks to a gateway of the pool.

        Raises:
            ExchangeFailure: The gateway is known not to work, or the engine has been stopped.
            KeyError: There is no such gateway in the pool.
        """
        broken = self._known_broken(gateway)
        if broken is not None:
            raise ExchangeFailure(broken.failure, broken.detail)
        return self._client(gateway)

    def _known_broken(self, gateway: str) -> ExchangeFailure | None:
        """Return why a gateway does not work; ``None`` when that is not known, or was found out too long ago."""
        failure, found_at = self._broken.get(gateway, (None, 0.0))
        # When another gateway took over its users, no recovery looks whether it works again.
        recent = abs(self._context.clock.timestamp() - found_at) < following.RECOVERY_SECONDS
        return failure if recent else None

    def _client(self, gateway: str) -> Client:
        if self.closed:
            raise ExchangeFailure(Failure.UNREACHABLE, "The Presence Engine has been stopped.")
        if gateway not in self._clients:
            found = self.settings.gateway(gateway)
            if found is None:
                raise KeyError(gateway)
            self._clients[gateway] = self._connect(found)
        return self._clients[gateway]

    def _connect(self, gateway: Gateway) -> Client:
        loaded, settings = self.loaded, self.settings
        place = (self._context, loaded.cluster, loaded.node, gateway.name, gateway.port)
        if gateway.online is not None:
            online = OnlineAccess(
                online=gateway.online,
                client_secret=loaded.secrets.get(gateway.id, ""),
                proxy_password=loaded.secrets.get(proxy_key(gateway), ""),
                trust=(loaded.trust, loaded.tomcat_trust),
                timeout=float(settings.timeout),
            )
            return OnlineClient(*place, online, self.requests)
        access = Access(
            account=settings.account,
            password=loaded.secrets.get(ACCOUNT, ""),
            basic_only=settings.basic_only,
            trust=loaded.trust,
            timeout=float(settings.timeout),
        )
        return ExchangeClient(*place, access, self.requests)

    def next_gateway(self, gateway: str, failed: Collection[str] = ()) -> str | None:
        """Return the next gateway of the pool behind one, but none that has failed; ``None`` when there is none."""
        pool = [found.id for found in self.settings.gateways]
        place = pool.index(gateway) + 1 if gateway in pool else 0
        return next((found for found in pool[place:] + pool[:place] if found not in failed), None)

    def note(self, gateway: str, failure: ExchangeFailure | None) -> None:
        """Note that a request to a gateway has failed, or that it has not (``None``)."""
        if failure is None:
            self._broken.pop(gateway, None)
            self._set_works(())
        elif failure.failure in _BROKEN and self._known_broken(gateway) is None:
            self._broken[gateway] = failure, self._context.clock.timestamp()

    async def look_at_gateways(self) -> bool:
        """Try every gateway of the pool, and tell whether one works; when none does, the node's administration says so.

        Whoever asks while somebody else is trying is told the result of that.
        """
        looks = self._looks
        async with self._looking:
            if self._looks == looks:
                pool = [found.id for found in self.settings.gateways]
                refused = [found for found in await asyncio.gather(*map(self._refused, pool)) if found is not None]
                self._set_works(refused if len(refused) == len(pool) else ())
                self._looks += 1
        return bool(self._works)

    async def _refused(self, gateway: str) -> str | None:
        """Try a gateway; return why it does not work, or ``None``."""
        self._broken.pop(gateway, None)
        while True:
            try:
                await self._client(gateway).check()
            except ExchangeFailure as failure:
                if failure.failure is Failure.QUEUE:
                    await self.requests.room()
                    continue
                self.note(gateway, failure)
                return failure.detail
            return None

    def _set_works(self, refused: Sequence[str]) -> None:
        """Note whether a gateway works, in the node's notifications too.

        Args:
            refused: Why each gateway does not; empty when one works.
        """
        if self.closed:
            return
        place = (self._context, self.loaded.cluster, self.loaded.node, notifications.NO_GATEWAY)
        if refused:
            self._works = False
            text = f"No presence gateway works, so nobody is shown in a meeting. {' '.join(refused)}"
            with self._context.database.transaction():
                notifications.raise_(*place, notifications.ERROR, text)
        elif self._works is not True:
            self._works = True
            with self._context.database.transaction():
                notifications.clear(*place)

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        self.closed = True
        clients, self._clients = self._clients, {}
        await asyncio.gather(*(client.close() for client in clients.values()))
