# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence gateways: their status as each node sees it, and the certificates that their servers show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import certificates
from imp_emulator.domain.imp import gateway_status, gateways, import_tool, nodes
from imp_emulator.domain.imp.gateway_status import GatewayStatus
from imp_emulator.domain.imp.import_tool import Offer, Peer
from imp_emulator.domain.network.tls_probe import Verdict


async def view(look: Look) -> dict[str, Any]:
    """Return ``clusters``: each with its gateways, their status on every node, and the chain behind each."""
    return {"clusters": [await _cluster(look, name) for name in look.clusters]}


async def _cluster(look: Look, cluster: str) -> dict[str, Any]:
    names = [node.name for node in nodes.presence_nodes(look.context, cluster)]
    found = gateways.gateways(look.context, cluster)
    seen = await asyncio.gather(*(gateway_status.check(look.context, cluster, name) for name in names))
    # Gateways may come and go while servers are asked, so each is found by its identifier, not by its place.
    by_node = [
        (name, {one.gateway.id: one for one in seen_there}) for name, seen_there in zip(names, seen, strict=True)
    ]
    chains = await asyncio.gather(*(_chain(look, cluster, names, gateway) for gateway in found))
    rows = [
        {
            "gateway": gateway,
            "status": [(name, _status(statuses.get(gateway.id))) for name, statuses in by_node],
            "chain": [_link(look, offer) for offer in chain],
        }
        for gateway, chain in zip(found, chains, strict=True)
    ]
    return {"name": cluster, "gateways": rows}


def _status(found: GatewayStatus | None) -> dict[str, Any] | None:
    """Return both lines of the product's status; ``None`` for a gateway that nobody checks, or that is gone by now."""
    if found is None or found.result is None:
        return None
    result = found.result
    return {
        "reachable": result.reachable,
        "verified": result.verdict is Verdict.VERIFIED,
        "verdict": result.verdict.value,
        "detail": result.detail,
    }


async def _chain(look: Look, cluster: str, names: Sequence[str], gateway: gateways.Gateway) -> list[Offer]:
    """Return what an Exchange server offers to the first node; Office 365 has several hosts, and none is shown."""
    if gateway.office_365 is not None or not names or gateway.position > gateways.CHECKED:
        return []
    peer = Peer(cluster, names[0], gateway.name, gateway.port, "cup-trust")
    return (await import_tool.check(look.context, peer)).offers


def _link(look: Look, offer: Offer) -> dict[str, Any]:
    return {
        **certificates.shown(offer.certificate, look.context.clock.now()),
        "trusted": offer.state is import_tool.ImportState.VERIFIED,
    }
