# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The nodes of a cluster and what each of them is; shared by ``cluster_info`` and the inventory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._core.options import address, canonical_host
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import ENTERPRISE_NODE

_CUCM = "cucm"
_IMP = "imp"
_PUBLISHER = "publisher"
_SUBSCRIBER = "subscriber"

_ROLES = {"CUCM Voice/Video": _CUCM, "CUCM IM and Presence": _IMP}
"""AXL's ``processNodeRole`` and the collection's words."""

Node = dict[str, Any]
"""``{name, role, usage, description, ipv6_name, uuid}``; a role that is none of the two stays in AXL's words."""


def nodes(rows: Iterable[Mapping[str, str]], imp_publisher: str | None = None, domain: str | None = None) -> list[Node]:
    """Return the servers among AXL's process nodes, publishers first, then by name.

    A Unified CM database knows one publisher, its own. Where AXL calls no IM and Presence node a publisher, it is the
    one named ``imp_publisher``, or the only one there is. ``domain`` is that of nodes with a short name. Raises
    ``InvalidInput`` when ``imp_publisher`` names no node, or several.
    """
    found = [_node(row) for row in rows if row["name"] != ENTERPRISE_NODE]
    presence = [node for node in found if node["role"] == _IMP]
    if imp_publisher is not None:
        chosen = _named(imp_publisher, [node["name"] for node in presence], domain)
        for node in presence:
            node["usage"] = _PUBLISHER if node["name"] == chosen else _SUBSCRIBER
    elif len(presence) == 1:
        presence[0]["usage"] = _PUBLISHER
    return sorted(found, key=lambda node: (node["role"], node["usage"] != _PUBLISHER, node["name"]))


def qualified(name: str, domain: str | None) -> str:
    """Return a node's name with the domain, where it has none; an address stays as it is, and so does a full name."""
    return f"{name}.{domain}" if domain and not set(name) & {".", ":"} else name


def _named(imp_publisher: str, known: Sequence[str], domain: str | None) -> str:
    names = {name: [qualified(name, domain)] for name in known}
    found = called(imp_publisher, names)
    if len(found) == 1:
        return found[0]
    told = f"Its IM and Presence nodes are {', '.join(sorted(known))}." if known else "It has no IM and Presence node."
    several = "the cluster has several nodes called" if found else "the cluster has no IM and Presence node called"
    raise InvalidInput([f"imp_publisher: {several} {imp_publisher!r}. {told}"])


def called(name: str, nodes: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys of the nodes that are called ``name``; the values are all names and addresses of a node.

    A name without a domain stands for any domain, so that there may be several. It does not where a node has exactly
    that name.
    """
    mine = canonical_host(name)
    others = {key: {canonical_host(other) for other in names} for key, names in nodes.items()}
    return [key for key, names in others.items() if mine in names] or [
        key for key, names in others.items() if any(_same_but_for_the_domain(mine, other) for other in names)
    ]


def _same_but_for_the_domain(one: str, other: str) -> bool:
    if address(one) or address(other) or ("." in one and "." in other):
        return False
    return one.partition(".")[0] == other.partition(".")[0]


def unknown_publisher(servers: Iterable[Node]) -> str | None:
    """Return what to tell a user whose cluster does not say which IM and Presence node is the publisher."""
    presence = [node for node in servers if node["role"] == _IMP]
    if not presence or any(node["usage"] == _PUBLISHER for node in presence):
        return None
    names = ", ".join(node["name"] for node in presence)
    return f"The cluster does not tell which IM and Presence node is the publisher. Name it in imp_publisher: {names}."


def _node(row: Mapping[str, str]) -> Node:
    return {
        "name": row["name"],
        "role": _ROLES.get(row["role"], row["role"]),
        "usage": _PUBLISHER if row["usage"].lower() == _PUBLISHER else _SUBSCRIBER,
        "description": row["description"],
        "ipv6_name": row["ipv6_name"] or None,
        "uuid": row["uuid"],
    }


def groups(servers: Sequence[Node]) -> dict[str, list[str]]:
    """Return the names of the servers by group; every group is there, also an empty one."""
    return {
        "cucm_publisher": _names(servers, _CUCM, _PUBLISHER),
        "cucm_subscribers": _names(servers, _CUCM, _SUBSCRIBER),
        "imp_publisher": _names(servers, _IMP, _PUBLISHER),
        "imp_subscribers": _names(servers, _IMP, _SUBSCRIBER),
        "imp_nodes": [node["name"] for node in servers if node["role"] == _IMP],
    }


def _names(servers: Sequence[Node], role: str, usage: str) -> list[str]:
    return [node["name"] for node in servers if (node["role"], node["usage"]) == (role, usage)]
