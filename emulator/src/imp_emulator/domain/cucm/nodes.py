# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process nodes: the servers of a cluster as Unified CM's database lists them, and the one that is no server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imp_emulator.catalogue.nodes import ENTERPRISE_NODE_ID
from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.errors import Forbidden, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes as store
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class ProcessNode:
    """A process node.

    Attributes:
        pkid: Its UUID, lower case, no braces.
        domain: The domain of the presence service; empty for a node of Unified CM.
    """

    pkid: str
    name: str
    description: str
    ipv6_name: str
    mac: str
    role: Literal["cucm", "imp"]
    usage: Literal["publisher", "subscriber"]
    domain: str


ENTERPRISE = ProcessNode(ENTERPRISE_NODE_ID, ENTERPRISE_NODE, "", "", "000000000000", "cucm", "subscriber", "")
"""The node that stands for the whole cluster; it comes first in every list."""


def process_nodes(context: Context, cluster: str) -> list[ProcessNode]:
    """Return the process nodes of a cluster, :data:`ENTERPRISE` first, the others in the scenario's order."""
    domain = context.scenario.cluster(cluster).domain
    return [ENTERPRISE, *(_process_node(node, domain) for node in store.nodes(context.database, cluster))]


def _process_node(node: store.Node, domain: str) -> ProcessNode:
    # A locally administered address; servers have one each and nothing depends on it.
    mac = f"02{node.pkid.replace('-', '')[:10]}"
    own = domain if node.role == "imp" else ""
    return ProcessNode(node.pkid, node.name, node.description, node.ipv6_name, mac, node.role, node.usage, own)


def find(context: Context, cluster: str, name: str = "", pkid: str | None = None) -> ProcessNode:
    """Return a process node by its UUID, else by its name; a server's may also be its FQDN or address.

    Raises:
        NotFound: There is no such process node.
    """
    if pkid is None:
        server = store.node(context.database, cluster, name)
        name = name if server is None else server.name
    for node in process_nodes(context, cluster):
        if node.pkid == pkid or (pkid is None and ascii_lower(node.name) == ascii_lower(name)):
            return node
    raise NotFound("node-not-found", "There is no such process node.", "name")


def require_server(context: Context, cluster: str, name: str) -> None:
    """Insist that a name, FQDN or address is a server's; raises ``NotFound``."""
    if store.node(context.database, cluster, name) is None:
        raise NotFound("node-not-found", f"There is no process node {name}.", "processNodeName")


def server_names(context: Context, cluster: str, role: str | None = None) -> list[str]:
    """Return the names of a cluster's servers, or of those of one role, in the scenario's order."""
    return [node.name for node in store.nodes(context.database, cluster, role)]


def describe(
    context: Context, cluster: str, node: ProcessNode, description: str | None = None, ipv6_name: str | None = None
) -> None:
    """Set a server's description and its IPv6 name, which is not the address of its Eth0; ``None`` keeps what is there.

    Raises:
        Forbidden: The node is no server.
    """
    if node == ENTERPRISE:
        raise Forbidden("node-is-no-server", f"{ENTERPRISE_NODE} is no server.", "name")
    description = node.description if description is None else description
    ipv6_name = node.ipv6_name if ipv6_name is None else ipv6_name
    store.describe(context.database, cluster, node.name, description, ipv6_name)
