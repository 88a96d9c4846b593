# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of IM and Presence's own AXL about its nodes, their services and its users."""

from __future__ import annotations

from datetime import UTC, datetime

from imp_emulator.catalogue.services import CRITICAL_SERVICES
from imp_emulator.domain.cucm import nodes as cluster_nodes
from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.domain.imp import nodes, redundancy, services
from imp_emulator.domain.imp.nodes import Node
from imp_emulator.domain.imp.services import ServiceState
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import Tag, empty, fixed, flag, joined, render, selected, tag_type, text
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import element, nested, sequence
from imp_emulator.wire.axl.user_operations import page
from imp_emulator.wire.http.soap import text as escape

_NOTHING = sequence(attributes=("sequence",))
_NODE_SERVICES = sequence("nodeName:string50", "locale:string50", attributes=("sequence",))

USER_TAGS = (
    Tag("userid", text("userid")),
    Tag("firstName", text("first_name")),
    Tag("lastName", text("last_name")),
    Tag("department", text("department")),
    Tag("manager", text("manager")),
    Tag("userLocale", text("locale")),
    Tag("primaryExtension", empty),
    Tag("enableMobility", flag("enable_mobility")),
    Tag("enableCUP", flag("im_and_presence")),
    Tag("enableCUPC", flag("im_and_presence")),
    Tag("enableMOC", fixed("false")),
    Tag("failedOver", fixed("false")),
)
"""What getUser returns, in order."""

_ALWAYS = frozenset({"userid", "lastName", "enableMobility", "enableCUP", "enableCUPC", "enableMOC", "failedOver"})
"""The elements that the answer's type demands, asked for or not."""

LIST_TAGS = (
    Tag("firstName", text("first_name")),
    Tag("lastName", text("last_name")),
    Tag("userid", text("userid")),
)
"""What listUser can return, in order."""

_CRITERIA = {"firstName": "first_name", "lastName": "last_name", "userid": "userid"}
_GET_USER = sequence("userid", element("returnedTags?", tag_type(USER_TAGS).decode), attributes=("sequence",))
_LIST_USER = sequence(
    nested("searchCriteria", "firstName?", "lastName?", "userid?"),
    element("returnedTags", tag_type(LIST_TAGS).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)


def get_version(request: AxlRequest) -> str:
    """Answer the release."""
    return f"<version>{request.context.scenario.cluster(request.cluster).version}</version>"


def get_cluster(request: AxlRequest) -> str:
    """Answer the names of the IM and Presence nodes and of the Unified CM nodes."""
    parts = []
    for name, role in (("cupservernames", "imp"), ("cucmservernames", "cucm")):
        servers = "".join(
            f"<servername>{escape(server)}</servername>"
            for server in cluster_nodes.server_names(request.context, request.cluster, role)
        )
        parts.append(f"<{name}>{servers}</{name}>")
    return f"<ServerInformation>{''.join(parts)}</ServerInformation>"


def get_nodes_and_services(request: AxlRequest) -> str:
    """Answer the state of one IM and Presence node and of its critical services; without a name, of all nodes."""
    name, place = request.values["nodeName"].strip(), (request.context, request.cluster)
    wanted = [nodes.presence_node(*place, name)] if name else nodes.presence_nodes(*place)
    return "".join(_node(request, node) for node in wanted)


def _node(request: AxlRequest, node: Node) -> str:
    context = request.context
    states = [services.status(context, request.cluster, node.name, name) for name in CRITICAL_SERVICES]
    reachable = not context.cut_off(request.cluster, node.name)
    state, reason = redundancy.node_state(context, request.cluster, node.name)
    fields = {
        "name": escape(node.name),
        "description": escape(node.description),
        "locale": escape(request.values["locale"]),
        "assignedSubcluster": escape(redundancy.group_name(context, request.cluster, node.name)),
        "isPublisher": "true" if node.usage == "publisher" else "false",
        "isInstalled": "true",
        "isReachable": "true" if reachable else "false",
        "version": context.scenario.cluster(request.cluster).version,
        "assignedUserCount": str(nodes.assigned_users(context, request.cluster, node)),
        "nodeState": str(state.number),
        "nodeReason": str(reason.number),
        "nodeStateString": state.value,
        "nodeReasonString": reason.value,
        "criticalServices": "".join(_service(service) for service in states),
    }
    markup = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<clusterNodesInfo><return>{markup}</return></clusterNodesInfo>"


def _service(state: ServiceState) -> str:
    started = "" if state.started_at is None else datetime.fromtimestamp(state.started_at, tz=UTC).isoformat()
    fields = {
        "serviceName": escape(state.name),
        "status": state.status.value,
        "startTime": started,
        "upTime": str(state.uptime),
        "isCritical": "true",
        "reasonCode": str(state.reason.code),
        "reasonCodeStr": escape(state.reason.text),
    }
    markup = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<criticalServiceInfo>{markup}</criticalServiceInfo>"


def get_user(request: AxlRequest) -> str:
    """Answer one user."""
    user = users.find(request.context, request.cluster, UserKey("userid", request.values["userid"]))
    wanted = request.values.get("returnedTags")
    if wanted is not None:
        wanted = {**wanted, **dict.fromkeys(_ALWAYS)}
    moved = redundancy.is_elsewhere(request.context, request.cluster, user.userid)
    tags = [
        Tag(tag.name, fixed("true")) if moved and tag.name == "failedOver" else tag
        for tag in selected(USER_TAGS, request.version, wanted)
    ]
    return render("user", user.pkid, tags, user)


def list_user(request: AxlRequest) -> str:
    """Answer the users whose fields match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    patterns = {_CRITERIA[name]: value for name, value in criteria.items()}
    first, skip = page(request.values)
    tags = selected(LIST_TAGS, request.version, request.values["returnedTags"])
    found = users.search(request.context, request.cluster, patterns, skip, first)
    items = [render("user", user.pkid, tags, user) for user in found]
    return joined(items, lambda: users.count(request.context, request.cluster, patterns))


OPERATIONS: dict[str, AxlOperation] = {
    "getCUPVersion": AxlOperation(_NOTHING, get_version),
    "getClusterInfo": AxlOperation(_NOTHING, get_cluster),
    "getClusterNodesAndCriticalServices": AxlOperation(_NODE_SERVICES, get_nodes_and_services, "ProcessNode"),
    "getUser": AxlOperation(_GET_USER, get_user, "User"),
    "listUser": AxlOperation(_LIST_USER, list_user, "User"),
}
