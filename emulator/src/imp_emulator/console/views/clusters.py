# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters with their nodes, services, pending restarts and presence redundancy groups."""

from __future__ import annotations

from typing import Any

from imp_emulator.catalogue.redundancy import State
from imp_emulator.catalogue.services import FOR_CALENDARS
from imp_emulator.console.look import Look
from imp_emulator.domain.imp import nodes, redundancy, restarts, services
from imp_emulator.domain.imp.redundancy import GroupView, NodeView
from imp_emulator.domain.imp.services import ServiceState, Status
from imp_emulator.store import nodes as node_store

ROWS = 5

MOVES = {"fail-over": redundancy.can_fail_over, "fall-back": redundancy.can_fall_back}
"""The actions that move users of a node, with the rule that says when one can be done."""


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``clusters``: version, nodes (services, pending restarts, users), groups; and the ``note``."""
    known = {cluster.name: cluster for cluster in node_store.clusters(look.context.database)}
    names = look.clusters
    skipped, asked = look.skip(ROWS), look.filters("cluster")
    return {
        "clusters": [_cluster(look, known[name]) for name in names[skipped : skipped + ROWS]],
        "paging": look.paging(len(names), ROWS, asked),
        "note": look.context.scenario.note,
    }


def _cluster(look: Look, cluster: node_store.Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "version": cluster.version,
        "domain": cluster.domain,
        "nodes": [_node(look, node) for node in node_store.nodes(look.context.database, cluster.name)],
        "groups": [_group(group) for group in redundancy.groups(look.context, cluster.name)],
    }


def _group(group: GroupView) -> dict[str, Any]:
    return {
        "group": group,
        "nodes": [(node, _moves(group, node)) for node in group.nodes],
        "failed": any(node.state == State.FAILED_MODE for node in group.nodes),
    }


def _moves(group: GroupView, node: NodeView) -> list[str]:
    """Return the actions that move users of a node, as they can be done now."""
    peers = [other.state for other in group.nodes if other != node]
    if not group.ha_enabled or not peers:
        return []
    return [action for action, allows in MOVES.items() if allows(node.state, peers[0])]


def _node(look: Look, node: node_store.Node) -> dict[str, Any]:
    pending = {found.service: found for found in restarts.pending(look.context, node.cluster, node.name)}
    first: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    found = services.states(look.context, node.cluster, node.name)
    for state, verbs in zip(found, services.verbs(look.context, node.cluster, node.name, found), strict=True):
        waits = state.name in pending
        part = first if waits or _comes_first(node, state) else others
        part.append({"state": state, "restart": waits, "verbs": verbs})
    return {
        "node": node,
        "reachable": not look.context.cut_off(node.cluster, node.name),
        "users": nodes.assigned_users(look.context, node.cluster, node) if node.role == "imp" else None,
        "first": first,
        "others": others,
        "pending": list(pending.values()),
    }


def _comes_first(node: node_store.Node, state: ServiceState) -> bool:
    """Tell whether a service is calendar integration's, or should run and does not."""
    return state.name in FOR_CALENDARS[node.role] or (state.activated and state.status is not Status.STARTED)
