# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, to be rehearsed: nodes that go away, ports that are taken, and what happens at Exchange."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import certificates
from imp_emulator.domain.imp import outages, ports
from imp_emulator.store import nodes as node_store
from imp_emulator.store.exchange import certificates as certificate_store

ROWS = 10


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``clusters`` with their nodes, the ``servers`` of Exchange, and the gateways' ``account``."""
    names, skipped = look.clusters, look.skip(ROWS)
    scenario = look.context.scenario
    return {
        "clusters": [_cluster(look, name) for name in names[skipped : skipped + ROWS]],
        "paging": look.paging(len(names), ROWS, look.filters("cluster")),
        "servers": [_server(look, spec.name) for spec in scenario.exchange],
        "account": scenario.exchange_account.username,
    }


def _cluster(look: Look, name: str) -> dict[str, Any]:
    return {"name": name, "nodes": [_node(look, node) for node in node_store.nodes(look.context.database, name)]}


def _node(look: Look, node: node_store.Node) -> dict[str, Any]:
    outage = outages.outage(look.context, node.cluster, node.name)
    return {
        "node": node,
        "outage": outage,
        "ports": ports.occupied(look.context, node.cluster, node.name),
    }


def _server(look: Look, name: str) -> dict[str, Any]:
    served = certificate_store.served_by_iis(look.context.database, name)
    about = None if served is None else certificates.shown(served.certificate, look.context.clock.now())
    return {"name": name, "certificate": about}
