# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about a cluster's nodes, their services and its version."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from imp_emulator.catalogue.nodes import ROLES
from imp_emulator.domain.cucm import nodes
from imp_emulator.domain.cucm.nodes import ProcessNode
from imp_emulator.domain.imp import services
from imp_emulator.letter_case import ascii_lower, like
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import (
    Tag,
    braces,
    empty,
    fixed,
    flag,
    joined,
    render,
    selected,
    tag_type,
    text,
)
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.parameter_operations import node_reference
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import element, nested, one_of, sequence
from imp_emulator.wire.axl.user_operations import paged

_NAME_OR_UUID = one_of("name:string100", "uuid:uuid")
_USAGE = {"publisher": "Publisher", "subscriber": "Subscriber"}

NODE_TAGS = (
    Tag("name", text("name")),
    Tag("description", text("description")),
    Tag("mac", text("mac")),
    Tag("ipv6Name", text("ipv6_name")),
    Tag("nodeUsage", lambda node: _USAGE[node.usage]),
    Tag("lbmHubGroup", empty),
    Tag("processNodeRole", lambda node: ROLES[node.role]),
    Tag("cupDomain", text("domain")),
)
"""What getProcessNode returns, in order; listProcessNode has all but the last."""

_CRITERIA: dict[str, Callable[[ProcessNode], str]] = {
    "name": lambda node: node.name,
    "description": lambda node: node.description,
    "processNodeRole": lambda node: ROLES[node.role],
}


@dataclass(frozen=True, slots=True)
class _Service:
    """A service of a node as an answer shows it."""

    pkid: str
    node: str
    node_pkid: str
    name: str
    activated: bool


SERVICE_TAGS = (
    Tag("processNodeName", lambda service: node_reference(service.node, service.node_pkid)),
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

_SERVICE_NAMESPACE = uuid.UUID("9f0f6f0a-6f1e-5d2f-8b1c-2f5a0c0d7e43")


def _find(request: AxlRequest) -> ProcessNode:
    values = request.values
    return nodes.find(request.context, request.cluster, values.get("name", ""), values.get("uuid"))


def get_node(request: AxlRequest) -> str:
    """Answer one node."""
    node = _find(request)
    tags = selected(NODE_TAGS, request.version, request.values.get("returnedTags"))
    return render("processNode", node.pkid, tags, node)


def list_nodes(request: AxlRequest) -> str:
    """Answer the nodes that match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    found = [
        node
        for node in nodes.process_nodes(request.context, request.cluster)
        if all(like(pattern, _CRITERIA[tag](node)) for tag, pattern in criteria.items())
    ]
    tags = selected(NODE_TAGS[:-1], request.version, request.values["returnedTags"])
    items = [render("processNode", node.pkid, tags, node) for node in paged(request.values, found)]
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
    nodes.describe(request.context, request.cluster, node, values.get("description"), values.get("ipv6Name"))
    return braces(node.pkid)


def list_services(request: AxlRequest) -> str:
    """Answer the services of the nodes whose names match, with whether each is activated."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    found = [
        service
        for node in nodes.process_nodes(request.context, request.cluster)
        if node != nodes.ENTERPRISE and like(criteria["processNodeName"], node.name)
        for service in _services(request, node)
    ]
    tags = selected(SERVICE_TAGS, request.version, request.values["returnedTags"])
    items = [render("processNodeService", service.pkid, tags, service) for service in paged(request.values, found)]
    return joined(items, lambda: len(found))


def _services(request: AxlRequest, node: ProcessNode) -> list[_Service]:
    """Return the services of a node, by name."""
    states = services.states(request.context, request.cluster, node.name)
    return [
        _Service(
            str(uuid.uuid5(_SERVICE_NAMESPACE, f"{request.cluster}/{node.name}/{state.name}")),
            node.name,
            node.pkid,
            state.name,
            state.activated,
        )
        for state in sorted(states, key=lambda state: ascii_lower(state.name))
    ]


def get_version(request: AxlRequest) -> str:
    """Answer the release of the cluster, or of one node, which is the same."""
    name = request.values.get("processNodeName", "")
    if name:
        nodes.require_server(request.context, request.cluster, name)
    version = request.context.scenario.cluster(request.cluster).version
    return f"<componentVersion><version>{version}</version></componentVersion>"


OPERATIONS: dict[str, AxlOperation] = {
    "getCCMVersion": AxlOperation(_VERSION, get_version, "ProcessNode", versionless=True),
    "getProcessNode": AxlOperation(_GET_NODE, get_node, "ProcessNode"),
    "listProcessNode": AxlOperation(_LIST_NODE, list_nodes, "ProcessNode"),
    "updateProcessNode": AxlOperation(_UPDATE_NODE, update_node, "ProcessNode", write=True),
    "listProcessNodeService": AxlOperation(_LIST_SERVICE, list_services, "ProcessNodeService"),
}
