# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a gateway is: verified with the node's cup-trust at the virtual time, once for all requests of a minute.

A minute of real time, that is, and at most a day of virtual time.

aiohttp cannot verify at another time than the machine's. So a handshake of its own, in a thread, judges the server, and
the connections of the requests take that one certificate and no other: what was verified is what is spoken to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from imp_emulator.domain.imp.gateway_status import ProbeTarget, judge_all
from imp_emulator.domain.network.names import GatewayName
from imp_emulator.domain.network.tls_probe import Identity, Verdict
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure
from imp_emulator.world.context import Context

REMEMBERED = 60.0
"""Seconds for which what was found of a gateway is taken for true."""
DAY = 86_400.0
"""Seconds of virtual time after which it is verified anew, however little real time has passed."""


@dataclass(slots=True)
class Remembered:
    """A moment in real and in virtual time, for what is true a while: a failure must not cost each user one more."""

    context: Context
    real: float = field(init=False)
    virtual: float = field(init=False)
    generation: int = field(init=False)

    def __post_init__(self) -> None:
        self.real = time.monotonic()
        self.virtual = self.context.clock.timestamp()
        self.generation = self.context.database.generation

    @property
    def recent(self) -> bool:
        """Whether it was within the last minute of real time, in the same state of the environment."""
        return time.monotonic() - self.real < REMEMBERED and self.generation == self.context.database.generation

    @property
    def passed(self) -> float:
        """How many seconds of virtual time lie between, in either direction."""
        return abs(self.context.clock.timestamp() - self.virtual)

    @property
    def recent_on_the_clock(self) -> bool:
        """Whether it was so by the virtual clock too."""
        return self.recent and self.passed < REMEMBERED


@dataclass(frozen=True, slots=True)
class Verified:
    """A gateway that was verified.

    Attributes:
        listener: The address and the port to connect to.
        pin: What the connection's certificate has to be.
    """

    listener: tuple[str, int]
    identity: Identity
    pin: aiohttp.Fingerprint


class Trust:
    """A gateway as a node's trust store judges it.

    Args:
        context: The environment.
        name: The gateway's.
        target: Says what to connect to for it.
        trusted: The trust stores that each have to verify it, PEM.
    """

    def __init__(self, context: Context, name: GatewayName, target: Callable[[], ProbeTarget], *trusted: str) -> None:
        self._context = context
        self._name = name
        self._target = target
        self._trusted = trusted
        self._outcome: Verified | ExchangeFailure | None = None
        self._remembered = Remembered(context)
        self._pin: aiohttp.Fingerprint | None = None
        self._judging: asyncio.Task[Verified | ExchangeFailure] | None = None

    async def verified(self) -> Verified:
        """Return the verified gateway; those who ask at the same time share one handshake.

        Raises:
            ExchangeFailure: It cannot be reached, or was not verified.
        """
        outcome = self._known()
        if outcome is None:
            if self._judging is None:
                self._judging = asyncio.create_task(self._judge())
            # Who gives up waiting must not take the handshake away from the others.
            outcome = await asyncio.shield(self._judging)
        if isinstance(outcome, ExchangeFailure):
            raise ExchangeFailure(outcome.failure, outcome.detail)
        return outcome

    def forget(self, verified: Verified) -> None:
        """Have the next one who asks look anew, unless somebody did since."""
        if self._outcome is verified:
            self._outcome = None

    def _known(self) -> Verified | ExchangeFailure | None:
        found = self._outcome
        if isinstance(found, Verified):
            valid = found.identity.since <= self._context.clock.now() <= found.identity.until
            remembered = self._remembered
            return found if valid and remembered.recent and remembered.passed < DAY else None
        return found if self._remembered.recent_on_the_clock else None

    async def _judge(self) -> Verified | ExchangeFailure:
        try:
            remembered = Remembered(self._context)
            target = self._target()
            # It blocks, and the server at the other end is served by this very event loop.
            result = await asyncio.to_thread(judge_all, target, self._trusted)
            if result.identity is None or target.listener is None:
                network = result.verdict is Verdict.NETWORK
                detail = result.detail or f"{self._name.text} was not verified."
                outcome: Verified | ExchangeFailure = ExchangeFailure(
                    Failure.UNREACHABLE if network else Failure.TRUST,
                    detail if network else f"{result.verdict.value}: {detail}",
                )
            else:
                outcome = self._same(target.listener, result.identity)
            self._outcome, self._remembered = outcome, remembered
            return outcome
        finally:
            self._judging = None

    def _same(self, listener: tuple[str, int], identity: Identity) -> Verified:
        """Return what was verified with the pin of before where it is the same: aiohttp keeps connections by it."""
        if self._pin is None or self._pin.fingerprint != identity.fingerprint:
            self._pin = aiohttp.Fingerprint(identity.fingerprint)
        return Verified(listener, identity, self._pin)
