# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence gateways: their status as each node sees it, and the certificates that their servers show."""

from __future__ import annotations

import asyncio
from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import certificates
from imp_emulator.domain.imp import gateway_status, gateways, import_tool, nodes
from imp_emulator.domain.imp.gateway_status import GatewayStatus
from imp_emulator.domain.imp.gateways import Gateway
from imp_emulator.domain.imp.import_tool import Offer, Peer
from imp_emulator.domain.network.tls_probe import Verdict

ROWS = 10

_Seen = list[tuple[str, GatewayStatus | None]]
"""The nodes, with what each has seen of a gateway; ``None`` for one that came while the servers were asked."""


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``clusters``: each with its gateways, their status on every node, and the chain behind each."""
    names, skipped = look.clusters, look.skip(ROWS)
    return {
        "clusters": [await _cluster(look, name) for name in names[skipped : skipped + ROWS]],
        "paging": look.paging(len(names), ROWS, look.filters("cluster")),
    }


async def _cluster(look: Look, cluster: str) -> dict[str, Any]:
    names = [node.name for node in nodes.presence_nodes(look.context, cluster)]
    found = gateways.gateways(look.context, cluster)
    # Each node shakes hands once with each server: the same handshake tells status and chain.
    seen = await asyncio.gather(*(gateway_status.check(look.context, cluster, name) for name in names))
    # Gateways may come and go while servers are asked, so each is found by its identifier, not by its place.
    by_node = [
        (name, {one.gateway.id: one for one in seen_there}) for name, seen_there in zip(names, seen, strict=True)
    ]
    rows = []
    for gateway in found:
        of_nodes = [(name, statuses.get(gateway.id)) for name, statuses in by_node]
        node, chain = await _chain(look, cluster, gateway, of_nodes)
        rows.append(
            {
                "gateway": gateway,
                "status": [(name, _status(status)) for name, status in of_nodes],
                "chain": [_link(look, offer) for offer in chain],
                "chain_of": node,
            }
        )
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


async def _chain(look: Look, cluster: str, gateway: Gateway, seen: _Seen) -> tuple[str, list[Offer]]:
    """Return a node that an Exchange server has answered, and what it has offered; of Office 365 none is shown.

    A chain that OpenSSL cannot read while it verifies is downloaded, which takes another handshake.
    """
    if gateway.office_365 is not None:
        return "", []
    for node, status in seen:
        if status is not None and status.result is not None and status.result.verdict is not Verdict.NETWORK:
            peer = Peer(cluster, node, gateway.name, gateway.port, "cup-trust")
            if status.result.offered:
                return node, import_tool.judged(look.context, peer, status.result.offered)
            return node, (await import_tool.check(look.context, peer)).offers
    return "", []


def _link(look: Look, offer: Offer) -> dict[str, Any]:
    return {
        **certificates.shown(offer.certificate, look.context.clock.now()),
        "trusted": offer.state is import_tool.ImportState.VERIFIED,
    }
