# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The servers of a cluster with their services and roles, as the module cluster_info tells them."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import Context
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import groups, nodes, unknown_publisher


def read_cluster(context: Context) -> dict[str, Any]:
    """Return the results of the module cluster_info."""
    axl = Axl(context.transport())
    servers = nodes(axl.process_nodes(), context.params["imp_publisher"])
    untold = unknown_publisher(servers)
    if untold:
        context.warn(untold)
    services: dict[str, dict[str, bool]] = {}
    for node, service, activated in axl.node_services():
        services.setdefault(node, {})[service] = activated
    return {
        "version": axl.version,
        "axl_schema": axl.schema,
        "nodes": [{**node, "services": dict(sorted(services.get(node["name"], {}).items()))} for node in servers],
        "groups": groups(servers),
    }
