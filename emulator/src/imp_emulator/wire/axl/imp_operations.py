# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of IM and Presence's own AXL about its nodes, their services and its users."""

from __future__ import annotations

from datetime import UTC, datetime

from imp_emulator.catalogue.services import DATABASE, PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER
from imp_emulator.domain.cucm import users
from imp_emulator.domain.imp import services
from imp_emulator.domain.imp.services import ServiceState, Status
from imp_emulator.errors import NotFound
from imp_emulator.store import nodes
from imp_emulator.store.cucm import users as user_store
from imp_emulator.store.nodes import Node
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import Tag, empty, fixed, flag, joined, render, selected, tag_type, text
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import element, nested, sequence
from imp_emulator.wire.axl.user_operations import page
from imp_emulator.wire.http.soap import text as escape

CRITICAL_SERVICES = (
    DATABASE,
    "Cisco Presence Datastore",
    "Cisco Route Datastore",
    "Cisco SIP Registration Datastore",
    "Cisco Server Recovery Manager",
    XCP_ROUTER,
    SIP_PROXY,
    PRESENCE_ENGINE,
)
"""The services without which a node is not in order, after the high-availability page of the administration."""

_SUBCLUSTER = "DefaultCUPSubcluster"
# Numbers and words of the high-availability states; only these two can occur here.
_NORMAL, _FAILED = (2, "Normal"), (10, "Failed")
_NO_REASON, _SERVICES_DOWN = (1, "On Administrator Request"), (2, "Critical Service Down")

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
        rows = nodes.nodes(request.context.database, request.cluster, role)
        servers = "".join(f"<servername>{escape(row.name)}</servername>" for row in rows)
        parts.append(f"<{name}>{servers}</{name}>")
    return f"<ServerInformation>{''.join(parts)}</ServerInformation>"


def get_nodes_and_services(request: AxlRequest) -> str:
    """Answer the state of one IM and Presence node and of its critical services; without a name, of all nodes."""
    name = request.values["nodeName"].strip()
    rows = nodes.nodes(request.context.database, request.cluster, "imp")
    if name:
        wanted = nodes.node(request.context.database, request.cluster, name)
        rows = [row for row in rows if wanted is not None and row.name == wanted.name]
        if not rows:
            raise NotFound("node-not-found", f"There is no IM and Presence node {name}.", "nodeName")
    return "".join(_node(request, row) for row in rows)


def _node(request: AxlRequest, row: Node) -> str:
    context = request.context
    states = [services.status(context, request.cluster, row.name, name) for name in CRITICAL_SERVICES]
    reachable = not context.cut_off(request.cluster, row.name)
    failed = not reachable or any(state.status is not Status.STARTED for state in states)
    (state, state_text), (reason, reason_text) = (_FAILED, _SERVICES_DOWN) if failed else (_NORMAL, _NO_REASON)
    fields = {
        "name": escape(row.name),
        "description": escape(row.description),
        "locale": escape(request.values["locale"]),
        "assignedSubcluster": _SUBCLUSTER,
        "isPublisher": "true" if row.usage == "publisher" else "false",
        "isInstalled": "true",
        "isReachable": "true" if reachable else "false",
        "version": context.scenario.cluster(request.cluster).version,
        "assignedUserCount": str(_assigned(request, row)),
        "nodeState": str(state),
        "nodeReason": str(reason),
        "nodeStateString": state_text,
        "nodeReasonString": reason_text,
        "criticalServices": "".join(_service(service) for service in states),
    }
    markup = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<clusterNodesInfo><return>{markup}</return></clusterNodesInfo>"


def _assigned(request: AxlRequest, row: Node) -> int:
    """Return how many users a node serves: the enabled ones are shared out evenly, in the order of the nodes."""
    names = [node.name for node in nodes.nodes(request.context.database, request.cluster, "imp")]
    enabled = user_store.count_enabled(request.context.database, request.cluster)
    return (enabled + len(names) - 1 - names.index(row.name)) // len(names)


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
    row = users.find(request.context, request.cluster, userid=request.values["userid"])
    wanted = request.values.get("returnedTags")
    if wanted is not None:
        wanted = {**wanted, **dict.fromkeys(_ALWAYS)}
    return render("user", row["pkid"], selected(USER_TAGS, request.version, wanted), row)


def list_user(request: AxlRequest) -> str:
    """Answer the users whose fields match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise AxlFault(faults.ITEM_NOT_VALID, "Item not valid: searchCriteria needs at least one element.")
    patterns = {_CRITERIA[name]: value for name, value in criteria.items()}
    first, skip = page(request.values)
    database = request.context.database
    tags = selected(LIST_TAGS, request.version, request.values["returnedTags"])
    rows = user_store.search(database, request.cluster, patterns, skip, first)
    items = [render("user", row["pkid"], tags, row) for row in rows]
    return joined(items, lambda: user_store.count(database, request.cluster, patterns))


OPERATIONS: dict[str, AxlOperation] = {
    "getCUPVersion": AxlOperation(_NOTHING, get_version),
    "getClusterInfo": AxlOperation(_NOTHING, get_cluster),
    "getClusterNodesAndCriticalServices": AxlOperation(_NODE_SERVICES, get_nodes_and_services, "ProcessNode"),
    "getUser": AxlOperation(_GET_USER, get_user, "User"),
    "listUser": AxlOperation(_LIST_USER, list_user, "User"),
}
