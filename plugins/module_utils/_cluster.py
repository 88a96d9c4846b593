# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The nodes of a cluster and what each of them is; shared by ``cluster_info`` and the inventory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._parameters import ENTERPRISE_NODE

CUCM = "cucm"
IMP = "imp"
PUBLISHER = "publisher"
SUBSCRIBER = "subscriber"

_ROLES = {"CUCM Voice/Video": CUCM, "CUCM IM and Presence": IMP}
"""AXL's ``processNodeRole`` and the collection's words."""

Node = dict[str, Any]
"""``{name, role, usage, description, ipv6_name, uuid}``; a role that is none of the two stays in AXL's words."""


def nodes(rows: Iterable[Mapping[str, str]], imp_publisher: str | None = None) -> list[Node]:
    """Return the servers among AXL's process nodes, publishers first, then by name.

    A Unified CM database knows one publisher, its own. Where AXL calls no IM and Presence node a publisher, it is the
    one named ``imp_publisher``, or the only one there is.
    """
    found = [_node(row) for row in rows if row["name"] != ENTERPRISE_NODE]
    presence = [node for node in found if node["role"] == IMP]
    if imp_publisher is not None:
        for node in presence:
            node["usage"] = PUBLISHER if node["name"].lower() == imp_publisher.lower() else SUBSCRIBER
    elif len(presence) == 1:
        presence[0]["usage"] = PUBLISHER
    return sorted(found, key=lambda node: (node["role"], node["usage"] != PUBLISHER, node["name"]))


def _node(row: Mapping[str, str]) -> Node:
    return {
        "name": row["name"],
        "role": _ROLES.get(row["role"], row["role"]),
        "usage": PUBLISHER if row["usage"].lower() == PUBLISHER else SUBSCRIBER,
        "description": row["description"],
        "ipv6_name": row["ipv6_name"] or None,
        "uuid": row["uuid"],
    }


def groups(servers: Sequence[Node]) -> dict[str, list[str]]:
    """Return the names of the servers by group; every group is there, also an empty one."""
    return {
        "cucm_publisher": _names(servers, CUCM, PUBLISHER),
        "cucm_subscribers": _names(servers, CUCM, SUBSCRIBER),
        "imp_publisher": _names(servers, IMP, PUBLISHER),
        "imp_subscribers": _names(servers, IMP, SUBSCRIBER),
        "imp_nodes": [node["name"] for node in servers if node["role"] == IMP],
    }


def _names(servers: Sequence[Node], role: str, usage: str) -> list[str]:
    return [node["name"] for node in servers if (node["role"], node["usage"]) == (role, usage)]
