# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults: which requests fail, how, and how often; random ones follow a seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class EffectKind(StrEnum):
    """What a fault does to a request, to the clock of a server, or to a TLS connection."""

    STATUS = "status"
    DROP = "drop"
    DROP_AFTER = "drop_after"
    DELAY = "delay"
    ERROR = "error"
    CUT = "cut"
    DRIP = "drip"
    ENDLESS = "endless"
    SESSION = "session"
    DISK_FULL = "disk_full"
    CLOCK_SKEW = "clock_skew"
    CERTIFICATE = "certificate"


_STRIKES_NO_REQUEST = (EffectKind.CLOCK_SKEW, EffectKind.CERTIFICATE)


@dataclass(frozen=True, slots=True)
class Effect:
    """A fault's effect.

    Attributes:
        status: The HTTP status to answer instead of handling the request (``STATUS``).
        retry_after: Seconds for the ``Retry-After`` header of that answer.
        date: Whether that header names a time, on the virtual clock, instead of so many seconds.
        after: Whether the request is handled first, and only its answer replaced, as by a proxy that has lost it.
        seconds: How long to wait before handling (``DELAY``), or how long the answer takes (``DRIP``), in real time; or
            by how much the node's clock is ahead of the virtual one, behind it for a negative number (``CLOCK_SKEW``).
        share: How much of the answer comes before the connection is closed, from 0 to 1 (``CUT``).
        code: An error of the protocol itself to answer instead of handling the request (``ERROR``), for example
            ``ErrorServerBusy``; a protocol without such codes answers with ``status``.
        values: What the answer says beside that code, for example ``{"BackOffMilliseconds": "300000"}``.
    """

    kind: EffectKind
    status: int = 503
    retry_after: int | None = None
    date: bool = False
    after: bool = False
    seconds: float = 0.0
    share: float = 0.5
    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """A fault in force; ``None`` for cluster, node, protocol or operation matches any.

    What is said of requests here holds for new TLS connections where the effect is another certificate.

    Attributes:
        times: How many requests it hits before it is spent; ``None`` means every one.
        skip: How many matching requests pass unharmed first.
        every: Which of the remaining ones it may hit: each ``every``-th.
        probability: The share of the remaining ones that it hits, drawn from ``seed``.
        matched: How many requests it has seen.
        hits: How many of them it has struck.
        at_once: How many of these were under way at the same time, at most.
    """

    id: int
    effect: Effect
    cluster: str | None = None
    node: str | None = None
    protocol: str | None = None
    operation: str | None = None
    times: int | None = None
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    matched: int = 0
    hits: int = 0
    at_once: int = 0
    _under_way: int = field(default=0, init=False, repr=False)
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable by intention, nothing secret depends on it

    def is_at(self, cluster: str, node: str) -> bool:
        """Tell whether this fault is one of a node or server."""
        return self.cluster in (None, cluster) and self.node in (None, node)

    def hit(self, cluster: str, node: str, protocol: str, operation: str) -> bool:
        """Count a request that matches, and tell whether this fault strikes it."""
        wanted = (self.cluster, self.node, self.protocol, self.operation)
        if any(w not in (None, a) for w, a in zip(wanted, (cluster, node, protocol, operation), strict=True)):
            return False
        return self._counted()

    def hit_connection(self, cluster: str, node: str, protocols: Collection[str]) -> bool:
        """Count a TLS connection to a listener of these protocols, and tell whether this fault strikes it."""
        if not self.is_at(cluster, node) or (self.protocol is not None and self.protocol not in protocols):
            return False
        return self._counted()

    @contextmanager
    def striking(self) -> Iterator[None]:
        """Count a request that it strikes as under way, as long as the block lasts."""
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            yield
        finally:
            self._under_way -= 1

    def _counted(self) -> bool:
        """Count what matches, and tell whether its turn has come."""
        if self.times is not None and self.hits >= self.times:
            return False
        self.matched += 1
        if self.matched <= self.skip or (self.matched - self.skip) % self.every:
            return False
        if self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults in force, oldest first; they live in memory and end with the process or a reset."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._last_id = 0

    def next_id(self) -> int:
        """Return an identifier that was never used in this process."""
        self._last_id += 1
        return self._last_id

    def remove(self, fault_id: int) -> bool:
        """Withdraw one fault; tell whether it was there."""
        before = len(self.active)
        self.active = [fault for fault in self.active if fault.id != fault_id]
        return len(self.active) < before

    def clear(self) -> None:
        """Withdraw all faults."""
        self.active = []

    def strike(self, cluster: str, node: str, protocol: str, operation: str) -> Fault | None:
        """Return the first fault that strikes this request; ``None`` for none."""
        for fault in self.active:
            if fault.effect.kind not in _STRIKES_NO_REQUEST and fault.hit(cluster, node, protocol, operation):
                return fault
        return None

    def swap_certificate(self, cluster: str, node: str, protocols: Collection[str]) -> bool:
        """Tell whether a new TLS connection to a listener of these protocols is shown another certificate."""
        return any(
            fault.effect.kind is EffectKind.CERTIFICATE and fault.hit_connection(cluster, node, protocols)
            for fault in self.active
        )

    def clock_skew(self, cluster: str, node: str) -> float:
        """Return by how many seconds the clock of a node or server is wrong, as its answers tell it."""
        total = 0.0
        for fault in self.active:
            if fault.effect.kind is EffectKind.CLOCK_SKEW and fault.is_at(cluster, node):
                fault.matched += 1
                fault.hits += 1
                total += fault.effect.seconds
        return total

    def cut_off(self, cluster: str, node: str) -> bool:
        """Tell whether a node is down for everybody: every request to it is dropped, whatever it asks for."""
        return any(
            fault.effect.kind is EffectKind.DROP
            and fault.cluster in (None, cluster)
            and fault.node in (None, node)
            and (fault.protocol, fault.operation, fault.times, fault.skip, fault.every) == (None, None, None, 0, 1)
            and fault.probability == 1
            for fault in self.active
        )
