# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of the presence gateways as one node sees them (requirement G6)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from imp_emulator.domain.imp import gateways, ipv6, nodes, trust
from imp_emulator.domain.imp.gateways import CHECKED, Gateway
from imp_emulator.domain.network import hosts, names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tls_probe import Result, Verdict, probe
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """What is known of a gateway; ``result`` is ``None`` for those after the first ten, which nobody checks."""

    gateway: Gateway
    result: Result | None


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Everything that a check needs, read from the state before it begins; no listener means that none was found.

    Attributes:
        at: The moment of virtual time at which certificates have to be valid.
    """

    name: GatewayName
    listener: tuple[str, int] | None
    obstacle: str
    at: datetime


async def check(context: Context, cluster: str, node: str) -> list[GatewayStatus]:
    """Check the first ten gateways from a node, all at once, by handshakes with that node's cup-trust.

    Args:
        node: The node's short name.
    """
    found = gateways.gateways(context, cluster)
    trusted = "".join(certificate.pem for certificate in trust.trusted(context, cluster, node, trust.CUP))
    targets = [
        locate(context, cluster, node, names.gateway_name(gateway.name), gateway.port) for gateway in found[:CHECKED]
    ]
    # The handshakes block, and the servers at the other end are served by this very event loop.
    results = await asyncio.gather(*(asyncio.to_thread(judge, target, trusted) for target in targets))
    unchecked: list[Result | None] = [None] * (len(found) - len(targets))
    return [GatewayStatus(gateway, result) for gateway, result in zip(found, [*results, *unchecked], strict=True)]


def locate(context: Context, cluster: str, node: str, name: GatewayName, port: int) -> ProbeTarget:
    """Find what listens behind a name and a port, as a node sees the emulated network."""
    now = context.clock.now()
    if name.kind is NameKind.IPV6 and not ipv6.usable(context, nodes.presence_node(context, cluster, node)):
        return ProbeTarget(name, None, f"{node} has no IPv6 connectivity to {name.text}.", now)
    if not hosts.resolve(context, name.key):
        return ProbeTarget(name, None, f"{name.text} does not resolve to an address.", now)
    listener = hosts.endpoint(context, name.key, port)
    return ProbeTarget(name, listener, f"Nothing listens on port {port} of {name.text}.", now)


def judge(target: ProbeTarget, trusted: str) -> Result:
    """Connect to a target and judge it by a trust store (PEM); blocks as :func:`~.tls_probe.probe` does."""
    if target.listener is None:
        return Result(False, Verdict.NETWORK, target.obstacle)
    return probe(target.listener, target.name, trusted, target.at)
