# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster and its nodes are ready for IPv6 (requirement G7)."""

from __future__ import annotations

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE, ENTERPRISE_SERVICE
from imp_emulator.catalogue.services import PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER
from imp_emulator.domain.imp import restarts
from imp_emulator.domain.imp.nodes import Node, presence_node, presence_nodes
from imp_emulator.domain.network import names
from imp_emulator.errors import Forbidden
from imp_emulator.store import nodes
from imp_emulator.store.cucm import parameters
from imp_emulator.world.context import Context

PARAMETER = "EnableIPV6"


def enabled(context: Context, cluster: str) -> bool:
    """Tell whether the enterprise parameter allows IPv6 in a cluster."""
    setting = parameters.parameter(context.database, cluster, ENTERPRISE_NODE, ENTERPRISE_SERVICE, PARAMETER)
    return setting is not None and setting.value == "T"


def usable(context: Context, node: Node) -> bool:
    """Tell whether a node speaks IPv6: the enterprise parameter is true and its Eth0 has an address."""
    return bool(node.ipv6) and enabled(context, node.cluster)


def require(context: Context, cluster: str) -> None:
    """Refuse what needs IPv6 until the enterprise parameter and the Eth0 of every IM and Presence node are set.

    Raises:
        Forbidden: Something is missing; the message names the parameter and the nodes.
    """
    missing = []
    if not enabled(context, cluster):
        missing.append(f"the enterprise parameter {PARAMETER} is not true")
    without = [node.name for node in presence_nodes(context, cluster) if not node.ipv6]
    if without:
        missing.append(f"Eth0 has no IPv6 address on {', '.join(without)}")
    if missing:
        raise Forbidden("ipv6-not-configured", f"IPv6 is not configured: {'; '.join(missing)}.", "name")


def set_eth0(context: Context, cluster: str, name: str, address: str | None) -> Node:
    """Give a node's Eth0 an IPv6 address or take it away; returns the node as it is then.

    Raises:
        NotFound: There is no such IM and Presence node.
        InvalidValue: The address is not one that an interface can have.
    """
    node = presence_node(context, cluster, name)
    wanted = None if address is None else names.ipv6_address(address)
    if wanted == node.ipv6:
        return node
    nodes.set_ipv6(context.database, cluster, node.name, wanted)
    services = (XCP_ROUTER, SIP_PROXY, PRESENCE_ENGINE)
    action = "removed" if wanted is None else "set"
    restarts.require_restart(context, cluster, services, [node.name], "IPv6 address of Eth0", action)
    return presence_node(context, cluster, name)
