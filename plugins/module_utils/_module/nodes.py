# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The ``nodes`` option: modules that act on several servers of a cluster, each with its own web service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    Connection,
    OptionSpec,
    canonical_host,
    check_host,
    check_port,
    check_unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called

NODES: dict[str, OptionSpec] = {
    "nodes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "hostname": {"type": "str"},
            "port": {"type": "int"},
        },
    },
}
"""The argument spec; documented by the fragment ``ucops.imp.nodes``."""


@dataclass(frozen=True)
class TaskNode:
    """A node that a task acts on: ``name`` is what the cluster calls it, ``connection`` how to reach it.

    Without the option there is but one node; ``named`` is false then, for the cluster may call it something else.
    """

    name: str
    connection: Connection
    named: bool = True

    def is_called(self, name: str) -> bool:
        """Whether the cluster means this node by ``name``; a name without a domain stands for any domain."""
        return bool(called(self.name, {self.name: [name]}))


def task_nodes(connection: Connection, params: Mapping[str, Any]) -> list[TaskNode]:
    """Return the nodes to act on, in the order given; without ``nodes`` the one server of the connection."""
    nodes = params["nodes"]
    if nodes is None:
        return [TaskNode(connection.hostname, connection, named=False)]
    return [TaskNode(node["name"], connection.at(node["hostname"] or node["name"], node["port"])) for node in nodes]


def node_problems(connection: Connection, params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the ``nodes`` option."""
    if params["nodes"] is None:
        return []
    found = [] if params["nodes"] else ["nodes: the list is empty; leave the option out to act on hostname alone."]
    listed = task_nodes(connection, params)
    for number, node in enumerate(listed):
        found += check_host(f"nodes[{number}].hostname", node.connection.hostname)
        found += check_port(f"nodes[{number}].port", node.connection.port)
    found += check_unique("nodes", [canonical_host(node.name) for node in listed])
    servers = [(node.connection.hostname, node.connection.port) for node in listed]
    return found + check_unique("nodes", [f"{canonical_host(host)} port {port}" for host, port in servers])
