# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters with their nodes, services, pending restarts and presence redundancy groups."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.domain.imp import nodes, redundancy, restarts, services
from imp_emulator.store import nodes as node_store


async def view(look: Look) -> dict[str, Any]:
    """Return ``clusters``: each with its version, nodes (services, pending restarts, users), groups; and the note."""
    known = {cluster.name: cluster for cluster in node_store.clusters(look.context.database)}
    clusters = [_cluster(look, known[name]) for name in look.clusters]
    return {"clusters": clusters, "note": look.context.scenario.note}


def _cluster(look: Look, cluster: node_store.Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "version": cluster.version,
        "domain": cluster.domain,
        "nodes": [_node(look, node) for node in node_store.nodes(look.context.database, cluster.name)],
        "groups": redundancy.groups(look.context, cluster.name),
    }


def _node(look: Look, node: node_store.Node) -> dict[str, Any]:
    pending = {found.service: found for found in restarts.pending(look.context, node.cluster, node.name)}
    rows = [
        {"state": state, "restart": pending.get(state.name)}
        for state in services.states(look.context, node.cluster, node.name)
    ]
    return {
        "node": node,
        "reachable": not look.context.cut_off(node.cluster, node.name),
        "users": nodes.assigned_users(look.context, node.cluster, node) if node.role == "imp" else None,
        "services": rows,
        "pending": list(pending.values()),
    }
