# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Engine's client against the emulated Exchange servers, both in this process and on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import uvloop

from imp_emulator.domain.exchange import mailboxes, management_roles
from imp_emulator.engine.exchange_client import Access, ExchangeClient, Requests
from imp_emulator.serving.listeners import Listeners
from imp_emulator.store import accounts, keys
from imp_emulator.store.journal import Entry
from imp_emulator.world.environment import Environment

CLUSTER, NODE, GATEWAY = "dc1", "imp-pub", "mail1.example.com"
ADDRESS = "user00001@example.com"


def run(environment: Environment, conversation: Callable[[], Awaitable[None]]) -> None:
    """Hold a conversation while all that an environment has is served, in an event loop like the emulator's."""

    async def held() -> None:
        async with serving(environment):
            await conversation()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(held())


@asynccontextmanager
async def serving(environment: Environment) -> AsyncIterator[None]:
    """Serve all that an environment has, as long as the block lasts."""
    listeners = Listeners(environment, "127.0.0.1")
    await listeners.start()
    try:
        yield
    finally:
        await listeners.stop()


def prepare(environment: Environment, *addresses: str) -> None:
    """Have mailboxes of these addresses, and let the account act for them."""
    context = environment.context
    with environment.database.transaction():
        for address in addresses or (ADDRESS,):
            if mailboxes.find(context, address) is None:
                mailboxes.add(context, address, address.partition("@")[0])
        management_roles.assign(context, "ApplicationImpersonation", account(environment)[0])


def account(environment: Environment) -> tuple[str, str]:
    """Return user name and password of the account that the gateways are given."""
    found = {known.label: known for known in accounts.accounts(environment.database, accounts.EXCHANGE)}["exchange"]
    return found.username, found.password


def access(environment: Environment, **changes: Any) -> Access:
    """Return how a gateway is spoken to; by default so that all is well."""
    username, password = account(environment)
    pair = keys.get(environment.database, keys.NO_CLUSTER, GATEWAY)
    return replace(Access(username, password, False, pair.issuers, 10.0), **changes)


@asynccontextmanager
async def connected(
    environment: Environment,
    requests: Requests | None = None,
    host: str = GATEWAY,
    port: int = 443,
    **changes: Any,
) -> AsyncIterator[ExchangeClient]:
    """A client of a gateway; ``changes`` are those of its :class:`Access`."""
    found = access(environment, **changes)
    client = ExchangeClient(
        environment.context, CLUSTER, NODE, host, port, found, requests or Requests(threads=4, queue=100)
    )
    try:
        yield client
    finally:
        await client.close()


def journal(environment: Environment) -> list[Entry]:
    """Return what the Exchange servers were asked, oldest first."""
    return environment.journal.entries({"protocol": "ews"})[0]
