# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The servers of a cluster with their services and roles, as the module cluster_info tells them."""

from __future__ import annotations

from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError
from ansible_collections.ucops.imp.plugins.module_utils._core.options import connection_from
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import groups, nodes, unknown_publisher
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.module_utils._resources.redundancy_groups import GroupSource, UnknownGroups


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
    redundancy_groups = _redundancy_groups(context, axl)
    return {
        "version": axl.version,
        "axl_schema": axl.schema,
        "nodes": [{**node, "services": dict(sorted(services.get(node["name"], {}).items()))} for node in servers],
        "groups": groups(servers),
        "presence_redundancy_groups": redundancy_groups,
    }


def cluster_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module cluster_info."""
    imp = context.params["imp"]
    return [] if imp is None else [f"imp.{sentence}" for sentence in connection_from(IMP, imp).problems()]


def _redundancy_groups(context: Context, axl: Axl) -> list[dict[str, Any]] | None:
    """Return the groups; an answer that is missing costs no more than this value."""
    imp = context.params["imp"]
    try:
        try:
            found = GroupSource(axl, context.transport(connection_from(IMP, imp)) if imp else None).groups()
        except UnknownGroups as error:
            context.warn(error.message)
            found = GroupSource(axl, None).groups()
    except ImpError as error:
        context.warn(f"The presence redundancy groups could not be read: {error.message}")
        return None
    return None if found is None else [group.as_dict() for group in sorted(found, key=lambda group: group.name)]
