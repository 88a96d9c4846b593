# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of the presence gateways as one node sees them (requirement G6).

An Exchange server is judged with cup-trust. For Office 365 both hosts that the Presence Engine talks to are, each with
cup-trust and with tomcat-trust, and through the proxy when there is one; the first verdict that is not good is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from imp_emulator.domain.imp import gateways, ipv6, nodes, office_365, trust
from imp_emulator.domain.imp.gateways import CHECKED, Gateway
from imp_emulator.domain.imp.office_365 import Office365
from imp_emulator.domain.network import hosts, names
from imp_emulator.domain.network.names import GatewayName, NameKind
from imp_emulator.domain.network.tls_probe import Result, Verdict, probe
from imp_emulator.domain.network.tunnel import Tunnel
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
        tunnel: What to ask of the listener, when it is a proxy.
    """

    name: GatewayName
    listener: tuple[str, int] | None
    obstacle: str
    at: datetime
    tunnel: Tunnel | None = None


async def check(context: Context, cluster: str, node: str) -> list[GatewayStatus]:
    """Check the first ten gateways from a node, all at once, by handshakes with that node's trust stores.

    Args:
        node: The node's short name.
    """
    found = gateways.gateways(context, cluster)
    stores = {service: trust.bundle(context, cluster, node, service) for service in (trust.CUP, trust.TOMCAT)}
    judged = [_plan(context, cluster, node, gateway, stores) for gateway in found[:CHECKED]]
    # The handshakes block, and the servers at the other end are served by this very event loop.
    results = await asyncio.gather(*(asyncio.to_thread(_judge_steps, steps) for steps in judged))
    unchecked: list[Result | None] = [None] * (len(found) - len(judged))
    return [GatewayStatus(gateway, result) for gateway, result in zip(found, [*results, *unchecked], strict=True)]


_Step = tuple[ProbeTarget, str, str]
"""What is connected to, with which trust store (PEM), and what stands before the detail of a bad verdict."""


def _plan(context: Context, cluster: str, node: str, gateway: Gateway, stores: dict[str, str]) -> list[_Step]:
    name = names.gateway_name(gateway.name)
    if gateway.office_365 is None:
        return [(locate(context, cluster, node, name, gateway.port), stores[trust.CUP], "")]
    online, spec = gateway.office_365, context.scenario.cluster(cluster)
    password = office_365.secrets(context, gateway.id).proxy_password
    targets = [
        locate_online(context, cluster, node, place, online, password)
        for place in office_365.places(spec, name, gateway.port, online)
    ]
    return [
        (target, stores[service], f"{target.name.text} with {service}-trust: ")
        for target in targets
        for service in (trust.CUP, trust.TOMCAT)
    ]


def locate_online(
    context: Context, cluster: str, node: str, place: office_365.Place, online: Office365, proxy_password: str
) -> ProbeTarget:
    """Find what listens for a host of Office 365: itself, or the gateway's proxy."""
    if not online.proxy_url:
        return locate(context, cluster, node, place.name, place.port)
    proxy = office_365.place(online.proxy_url)
    reached = locate(context, cluster, node, proxy.name, proxy.port)
    tunnel = Tunnel(place.name.key, place.port, online.proxy_username, proxy_password)
    listener, obstacle = reached.listener, f"The proxy {online.proxy_url} cannot be reached: {reached.obstacle}"
    if online.proxy_url.lower().startswith("https:"):
        listener, obstacle = None, f"The proxy {online.proxy_url} is not used: the emulator speaks http to proxies."
    return ProbeTarget(place.name, listener, obstacle, reached.at, tunnel)


def _judge_steps(steps: Sequence[_Step]) -> Result:
    result = Result(True, Verdict.VERIFIED)
    for target, trusted, before in steps:
        result = judge(target, trusted)
        if result.verdict is not Verdict.VERIFIED:
            detail = result.detail if target.listener is None else f"{before}{result.detail or result.verdict.value}"
            return replace(result, detail=detail)
    return result


def judge_all(target: ProbeTarget, stores: Sequence[str]) -> Result:
    """Judge a target by several trust stores (PEM), one after the other; the first verdict that is not good counts."""
    return _judge_steps([(target, trusted, "") for trusted in stores])


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
    return probe(target.listener, target.name, trusted, target.at, tunnel=target.tunnel)
