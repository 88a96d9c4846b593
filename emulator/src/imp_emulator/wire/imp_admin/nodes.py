# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes over HTTP: restart notifications, their state, the IPv6 address of Eth0 (requirements G5, R1 and G7)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from imp_emulator.domain.imp import ipv6, restarts, services
from imp_emulator.domain.imp import nodes as rules
from imp_emulator.domain.imp.services import instant
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.models import (
    Ipv6,
    Node,
    Nodes,
    NodeStatus,
    PresenceTopology,
    Reason,
    RestartNotification,
    RestartNotifications,
    ServiceOfNode,
)
from imp_emulator.wire.imp_admin.problems import responses
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here, OneNode, ServedNode

router = EndpointRouter(tags=["Nodes"])


@router.get(
    "/restart-notifications",
    operation_id="listRestartNotifications",
    responses=responses("node-not-found"),
)
def restart_notifications(here: Here, node: OneNode) -> RestartNotifications:
    """List the services that have to restart, on which node (by default all), since when and why."""
    name = None if node is None else here.presence_node(node)
    pending = restarts.pending(here.context, here.cluster, name)
    return RestartNotifications(
        items=[
            RestartNotification(
                node=found.node,
                service=found.service,
                since=instant(found.since),
                reasons=[Reason(object=c.obj, action=c.action, at=instant(c.at)) for c in found.causes],
            )
            for found in pending
        ]
    )


@router.get("/nodes", operation_id="listNodes", responses=responses())
def list_nodes(here: Here) -> Nodes:
    """List the IM and Presence nodes with the addresses of their Eth0."""
    return Nodes(items=[_view(here, node) for node in rules.presence_nodes(here.context, here.cluster)])


@router.get("/presence-topology", operation_id="getPresenceTopology", responses=responses())
def presence_topology(here: Here) -> PresenceTopology:
    """Tell how the IM and Presence nodes and their services are; looking does not count as a poll."""
    nodes = rules.presence_nodes(here.context, here.cluster)
    return PresenceTopology(items=[_status(here, node) for node in nodes])


@router.put(
    "/nodes/{name}/ipv6",
    operation_id="replaceNodeIpv6",
    dependencies=[JSON_ONLY],
    responses=responses("invalid-json", "node-not-found", "unsupported-media-type"),
)
def replace_ipv6(here: Here, name: Annotated[str, Path(description="The node's name.")], setting: Ipv6) -> Node:
    """Give a node's Eth0 an IPv6 address, or take it away."""
    node = ipv6.set_eth0(here.context, here.cluster, name, setting.address)
    return _view(here, node)


def _view(here: ServedNode, node: rules.Node) -> Node:
    return Node(
        name=node.name,
        fqdn=node.fqdn,
        usage=node.usage,
        eth0_ipv4=node.ipv4,
        eth0_ipv6=node.ipv6,
        ipv6_enabled=ipv6.usable(here.context, node),
    )


def _status(here: ServedNode, node: rules.Node) -> NodeStatus:
    down = here.context.cut_off(here.cluster, node.name)
    states = [] if down else services.states(here.context, here.cluster, node.name)
    return NodeStatus(
        name=node.name,
        fqdn=node.fqdn,
        eth0_ipv4=node.ipv4,
        eth0_ipv6=node.ipv6,
        reachable=not down,
        services=[ServiceOfNode(name=state.name, activated=state.activated, status=state.status) for state in states],
    )
