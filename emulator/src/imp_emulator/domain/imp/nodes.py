# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IM and Presence nodes of a cluster."""

from __future__ import annotations

from imp_emulator.errors import NotFound
from imp_emulator.store import nodes as store
from imp_emulator.store.imp import homes
from imp_emulator.world.context import Context

Node = store.Node


def presence_nodes(context: Context, cluster: str) -> list[Node]:
    """Return the IM and Presence nodes of a cluster in the scenario's order."""
    return store.nodes(context.database, cluster, "imp")


def presence_node(context: Context, cluster: str, name: str) -> Node:
    """Return an IM and Presence node by its name, FQDN or address; raises ``NotFound``."""
    node = store.node(context.database, cluster, name)
    if node is None or node.role != "imp":
        raise NotFound("node-not-found", "There is no such IM and Presence node.", "node")
    return node


def server(context: Context, cluster: str, name: str) -> Node:
    """Return a node of either role by its name, FQDN or address; raises ``NotFound``."""
    node = store.node(context.database, cluster, name)
    if node is None:
        raise NotFound("node-not-found", "There is no such node.", "node")
    return node


def assigned_users(context: Context, cluster: str, node: Node) -> int:
    """Return how many users a node serves."""
    return homes.assigned(context.database, cluster, node.name)
