# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about a cluster's nodes, their services and its version."""

from __future__ import annotations

import uuid
from typing import Any

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.errors import NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.imp import services
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import (
    Tag,
    braces,
    empty,
    fixed,
    flag,
    joined,
    like,
    render,
    selected,
    tag_type,
    text,
)
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.parameter_operations import ENTERPRISE_NODE_ID, node_reference
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import element, nested, one_of, sequence
from imp_emulator.wire.axl.user_operations import page

ROLES = {"cucm": "CUCM Voice/Video", "imp": "CUCM IM and Presence"}
"""The roles of nodes in AXL's words."""

Node = dict[str, Any]
"""A node: pkid, name, description, ipv6_name, mac, usage and role in AXL's words, domain (of the presence service)."""

_NAME_OR_UUID = one_of("name:string100", "uuid:uuid")
_USAGE = {"publisher": "Publisher", "subscriber": "Subscriber"}

NODE_TAGS = (
    Tag("name", text("name")),
    Tag("description", text("description")),
    Tag("mac", text("mac")),
    Tag("ipv6Name", text("ipv6_name")),
    Tag("nodeUsage", text("usage")),
    Tag("lbmHubGroup", empty),
    Tag("processNodeRole", text("role")),
    Tag("cupDomain", text("domain")),
)
"""What getProcessNode returns, in order; listProcessNode has all but the last."""

SERVICE_TAGS = (
    Tag("processNodeName", lambda row: node_reference(row["node"], row["node_pkid"])),
    Tag("service", text("name")),
    Tag("traceLevel", fixed("0")),
    Tag("userCategories", fixed("0")),
    Tag("enable", fixed("true")),
    Tag("numFiles", fixed("250")),
    Tag("maxFileSize", fixed("1")),
    Tag("isActive", flag("activated")),
)
"""What listProcessNodeService returns, in order."""

_GET_NODE = sequence(_NAME_OR_UUID, element("returnedTags?", tag_type(NODE_TAGS).decode), attributes=("sequence",))
_LIST_NODE = sequence(
    nested("searchCriteria", "name?", "description?", "processNodeRole?"),
    element("returnedTags", tag_type(NODE_TAGS[:-1]).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)
_UPDATE_NODE = sequence(
    _NAME_OR_UUID,
    "newName:string255?",
    "description:string50?",
    "mac:mac?",
    "ipv6Name?",
    "lbmHubGroup:fk?~",
    "cupDomain?",
    attributes=("sequence",),
)
_LIST_SERVICE = sequence(
    nested("searchCriteria", "processNodeName?"),
    element("returnedTags", tag_type(SERVICE_TAGS).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)
_VERSION = sequence("processNodeName:string255?", attributes=("sequence",))

_ENTERPRISE: Node = {
    "pkid": ENTERPRISE_NODE_ID,
    "name": ENTERPRISE_NODE,
    "description": "",
    "ipv6_name": "",
    "mac": "000000000000",
    "usage": "Subscriber",
    "role": ROLES["cucm"],
    "domain": "",
}
"""The node that stands for the whole cluster; it comes first in every list."""

_SERVICE_NAMESPACE = uuid.UUID("9f0f6f0a-6f1e-5d2f-8b1c-2f5a0c0d7e43")


def _nodes(request: AxlRequest) -> list[Node]:
    domain = request.context.scenario.cluster(request.cluster).domain
    rows = nodes.nodes(request.context.database, request.cluster)
    return [
        _ENTERPRISE,
        *(
            {
                "pkid": row.pkid,
                "name": row.name,
                "description": row.description,
                "ipv6_name": row.ipv6_name,
                # A locally administered address; servers have one each and nothing depends on it.
                "mac": f"02{row.pkid.replace('-', '')[:10]}",
                "usage": _USAGE[row.usage],
                "role": ROLES[row.role],
                "domain": domain if row.role == "imp" else "",
            }
            for row in rows
        ),
    ]


def _find(request: AxlRequest) -> Node:
    pkid, name = request.values.get("uuid"), request.values.get("name", "")
    if pkid is None:
        row = nodes.node(request.context.database, request.cluster, name)
        name = row.name if row is not None else name
    for node in _nodes(request):
        if node["pkid"] == pkid or (pkid is None and ascii_lower(node["name"]) == ascii_lower(name)):
            return node
    raise NotFound("node-not-found", "There is no such process node.", "name")


def get_node(request: AxlRequest) -> str:
    """Answer one node."""
    node = _find(request)
    tags = selected(NODE_TAGS, request.version, request.values.get("returnedTags"))
    return render("processNode", node["pkid"], tags, node)


def list_nodes(request: AxlRequest) -> str:
    """Answer the nodes that match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise AxlFault(faults.ITEM_NOT_VALID, "Item not valid: searchCriteria needs at least one element.")
    fields = {"name": "name", "description": "description", "processNodeRole": "role"}
    found = [
        node for node in _nodes(request) if all(like(pattern, node[fields[tag]]) for tag, pattern in criteria.items())
    ]
    tags = selected(NODE_TAGS[:-1], request.version, request.values["returnedTags"])
    items = [render("processNode", node["pkid"], tags, node) for node in _paged(request, found)]
    return joined(items, lambda: len(found))


def update_node(request: AxlRequest) -> str:
    """Change a node's description or IPv6 name and answer its UUID."""
    node, values = _find(request), request.values
    for name in ("newName", "mac", "cupDomain"):
        if values.get(name):
            raise AxlFault(faults.ITEM_NOT_VALID, f"Item not valid: {name} is not emulated; leave it out.")
    hub = values.get("lbmHubGroup")
    if hub is not None and (hub.name or hub.uuid):
        raise faults.foreign_key("fk_processnode_fklbmhubgroup")
    if node is _ENTERPRISE:
        raise AxlFault(faults.ITEM_NOT_VALID, f"Item not valid: {ENTERPRISE_NODE} is no server.")
    names = {"description": node["description"], "ipv6Name": node["ipv6_name"], **values}
    database = request.context.database
    nodes.describe(database, request.cluster, node["name"], names["description"], names["ipv6Name"])
    return braces(node["pkid"])


def list_services(request: AxlRequest) -> str:
    """Answer the services of the nodes whose names match, with whether each is activated."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise AxlFault(faults.ITEM_NOT_VALID, "Item not valid: searchCriteria needs at least one element.")
    found = [
        {
            "pkid": str(uuid.uuid5(_SERVICE_NAMESPACE, f"{request.cluster}/{node.name}/{service.name}")),
            "node": node.name,
            "node_pkid": node.pkid,
            "name": service.name,
            "activated": service.activated,
        }
        for node in nodes.nodes(request.context.database, request.cluster)
        if like(criteria["processNodeName"], node.name)
        for service in services.services(request.context.database, request.cluster, node.name)
    ]
    tags = selected(SERVICE_TAGS, request.version, request.values["returnedTags"])
    items = [render("processNodeService", service["pkid"], tags, service) for service in _paged(request, found)]
    return joined(items, lambda: len(found))


def _paged(request: AxlRequest, found: list[Node]) -> list[Node]:
    first, skip = page(request.values)
    return found[skip:] if first is None else found[skip : skip + first]


def get_version(request: AxlRequest) -> str:
    """Answer the release of the cluster, or of one node, which is the same."""
    name = request.values.get("processNodeName", "")
    if name and nodes.node(request.context.database, request.cluster, name) is None:
        raise NotFound("node-not-found", f"There is no process node {name}.", "processNodeName")
    version = request.context.scenario.cluster(request.cluster).version
    return f"<componentVersion><version>{version}</version></componentVersion>"


OPERATIONS: dict[str, AxlOperation] = {
    "getCCMVersion": AxlOperation(_VERSION, get_version, "ProcessNode", versionless=True),
    "getProcessNode": AxlOperation(_GET_NODE, get_node, "ProcessNode"),
    "listProcessNode": AxlOperation(_LIST_NODE, list_nodes, "ProcessNode"),
    "updateProcessNode": AxlOperation(_UPDATE_NODE, update_node, "ProcessNode", write=True),
    "listProcessNodeService": AxlOperation(_LIST_SERVICE, list_services, "ProcessNodeService"),
}
