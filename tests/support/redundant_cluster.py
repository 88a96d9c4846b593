# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with presence redundancy groups in this process: a test says how nodes stand and what goes wrong when.

It knows no rule of the product. What a command leads to, a test sets with :attr:`RedundantCluster.after`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context

from tests.support.scripted_axl import enveloped

ENGINE, ROUTER = "Cisco Presence Engine", "Cisco XCP Router"
NORMAL = "Normal"
DOMAIN = "example.com"
PASSWORD = "canary-4c1d"


@dataclass
class FakeNode:
    """A node: the status of its services, its state, and its users."""

    name: str
    state: str = NORMAL
    reason: str = ""
    users: int = 3
    here: int = 3
    starts: int = 0
    services: dict[str, str] = field(default_factory=lambda: {ENGINE: "Started", ROUTER: "Started"})

    def fail_over_to(self, peer: FakeNode) -> None:
        """Move its users, as the product does when a critical service stays away."""
        self.state, self.reason = "Failed Over", "Critical Service Down"
        peer.state, peer.reason = "Running in Backup Mode", "Peer Node Failed"
        peer.here, self.here = peer.here + self.here, 0

    def fall_back_from(self, peer: FakeNode) -> None:
        """Have both serve their own users again."""
        for node in (self, peer):
            node.state, node.reason, node.here = NORMAL, "", node.users


class RedundantCluster:
    """``groups`` are names with the switch and their nodes, ``sent`` the commands in order, as ``(what, about)``."""

    def __init__(
        self, *groups: tuple[str, bool, tuple[str, ...]], admin_api: bool = True, imp_axl: bool = False
    ) -> None:
        self.groups = {name: on for name, on, _nodes in groups}
        self.members = {name: nodes for name, _on, nodes in groups}
        self.nodes = {node: FakeNode(node) for nodes in self.members.values() for node in nodes}
        self.admin_api, self.imp_axl = admin_api, imp_axl
        self.due: set[tuple[str, str]] = set()
        self.sent: list[tuple[str, str]] = []
        self.groups_refused: ImpError | None = None
        self.groups_status: Callable[[], int | None] = lambda: None
        """The HTTP status with which the admin API refuses the next question about the groups; ``None``: it answers."""
        self.looks = 0
        self.after: dict[tuple[str, str], Callable[[], None]] = {}
        """What a command leads to; it may raise what the client meets instead of the answer."""
        self.before: dict[tuple[str, str], Callable[[], None]] = {}
        """What happens instead of a command, when it raises."""
        self.on_look: Callable[[int], None] = lambda _number: None
        """Called with the number of each look at the groups."""

    def host(self, node: str) -> str:
        return f"{node}.{DOMAIN}"

    def options(self, **more: Any) -> dict[str, Any]:
        """Return the options of the module ``services`` that restart every node's engine where it is due."""
        first = next(iter(self.nodes))
        account = {"username": "axladmin", "password": PASSWORD}
        return {
            **account,
            "hostname": self.host(first),
            "nodes": [{"name": name, "hostname": self.host(name)} for name in self.nodes],
            "services": [ENGINE],
            "state": "restarted",
            "only_if_required": True,
            "wait_timeout": 3,
            "cucm": {**account, "hostname": f"cucm.{DOMAIN}"},
            **more,
        }

    def need_restart(self, *nodes: str) -> None:
        self.due |= {(node, ENGINE) for node in nodes or self.nodes}

    def patched(self, patch: pytest.MonkeyPatch) -> RedundantCluster:
        """Have the modules of this process talk to it."""

        def transport(context: Context, connection: Connection | None = None) -> Transport:
            return _FakeTransport(self, connection or context.connection)

        patch.setattr(Context, "transport", transport)
        return self

    def command(self, what: str, about: str, effect: Callable[[], None]) -> None:
        """Carry out a command, with what the test wants before and after."""
        self.before.get((what, about), lambda: None)()
        self.sent.append((what, about))
        effect()
        self.after.get((what, about), lambda: None)()

    # --- the admin API

    def admin(self, path: str) -> Any:
        if path == "/restart-notifications":
            return [{"node": node, "service": service} for node, service in sorted(self.due)]
        if path == "/nodes":
            return [
                {"name": name, "fqdn": self.host(name), "eth0_ipv4": f"192.0.2.{number}"}
                for number, name in enumerate(self.nodes, 1)
            ]
        if path == "/presence-topology":
            return [{"name": name, "reachable": True, "services": []} for name in self.nodes]
        assert path == "/presence-redundancy-groups", path
        self._look()
        return [
            {"name": name, "ha_enabled": on, "nodes": [self._as_json(node) for node in self.members[name]]}
            for name, on in self.groups.items()
        ]

    def _look(self) -> None:
        self.looks += 1
        self.on_look(self.looks)

    def _as_json(self, name: str) -> dict[str, Any]:
        node = self.nodes[name]
        counts = {"users_assigned": node.users, "users_here": node.here}
        return {"node": name, "state": node.state, "reason": node.reason, **counts}

    # --- AXL of Unified CM and of IM and Presence

    def list_groups(self, _request: Element) -> str:
        if self.groups_refused is not None:
            raise self.groups_refused
        return "".join(
            f"<presenceRedundancyGroup><name>{escape(name)}</name><description/>"
            + "".join(f"<server{number}>{node}</server{number}>" for number, node in enumerate(self.members[name], 1))
            + f"<haEnabled>{'t' if on else 'f'}</haEnabled><numUsers>6</numUsers></presenceRedundancyGroup>"
            for name, on in self.groups.items()
        )

    def update_group(self, request: Element) -> str:
        assert [child.tag for child in request] == ["name", "haEnabled"]
        name, on = soap.text(request, "name"), soap.text(request, "haEnabled") == "true"
        self.command("on" if on else "off", name, lambda: self.groups.update({name: on}))
        return "{00000000-0000-0000-0000-000000000000}"

    def node_states(self, _request: Element) -> str:
        self._look()
        return "".join(
            f"<clusterNodesInfo><return><name>{node.name}</name><isInstalled>true</isInstalled>"
            f"<isReachable>true</isReachable><assignedUserCount>{node.users}</assignedUserCount>"
            f"<nodeStateString>{node.state}</nodeStateString><nodeReasonString>{node.reason}</nodeReasonString>"
            "</return></clusterNodesInfo>"
            for node in self.nodes.values()
        )

    # --- the control center of a node

    def control_center(self, host: str, operation: str, message: Element) -> str:
        node = self.nodes[host]
        if operation == "getProductInformationList":
            name = f"<PrimaryNode>{node.name}</PrimaryNode>"
            return f"<getProductInformationListReturn>{name}</getProductInformationListReturn>"
        if operation == "soapDoControlServices":
            return self.control(node, message)
        assert operation == "soapGetServiceStatus", operation
        return self.statuses(node, list(_asked(message)))

    def statuses(self, node: FakeNode, names: list[str]) -> str:
        items = "".join(self._status(node, name) for name in names)
        return f"<soapGetServiceStatusReturn><ServiceInfoList>{items}</ServiceInfoList></soapGetServiceStatusReturn>"

    def _status(self, node: FakeNode, name: str) -> str:
        status, code = node.services.get(name, "Unknown"), -1 if name in node.services else -1010
        return (
            f"<item><ServiceName>{name}</ServiceName><ServiceStatus>{status}</ServiceStatus><ReasonCode>{code}</ReasonCode>"
            f"<StartTime>start {node.starts}</StartTime><UpTime>60</UpTime></item>"
        )

    def control(self, node: FakeNode, request: Element) -> str:
        service = next(element.text or "" for element in request.iter() if soap.local_name(element) == "item")
        kind = next(element.text or "" for element in request.iter() if soap.local_name(element) == "ControlType")

        def effect() -> None:
            node.starts += 1
            node.services[service] = "Started"
            self.due.discard((node.name, service))

        self.command(kind.lower(), node.name, effect)
        return "<soapDoControlServicesReturn><ReturnCode>0</ReturnCode></soapDoControlServicesReturn>"


class _FakeTransport(Transport):
    def __init__(self, cluster: RedundantCluster, connection: Connection) -> None:
        super().__init__(connection)
        self._cluster = cluster

    def request(self, method: str, path: str, *, body: bytes | None = None, **_options: Any) -> Answer:
        if path.startswith("/imp-admin/v1"):
            if not self._cluster.admin_api:
                return Answer(404, {"content-type": "text/html"}, b"<html/>")
            status = self._cluster.groups_status() if path.endswith("groups") else None
            if status is not None:
                return Answer(status, {"content-type": "application/problem+json"}, b'{"detail": "Out of order."}')
            items = self._cluster.admin(path.removeprefix("/imp-admin/v1"))
            return Answer(200, {"content-type": "application/json"}, json.dumps({"items": items}).encode())
        assert body is not None
        message = soap.parse(body)
        operation = soap.local_name(message)
        content = self._soap(operation, message)
        return Answer(200, {}, enveloped(f'<n:{operation}Response xmlns:n="urn:any">{content}</n:{operation}Response>'))

    def _soap(self, operation: str, message: Element) -> str:
        cluster = self._cluster
        if operation.startswith("soap") or operation == "getProductInformationList":
            return cluster.control_center(self.connection.hostname.partition(".")[0], operation, message)
        if operation == "getClusterNodesAndCriticalServices" and not cluster.imp_axl:
            raise UnexpectedAnswer("a page where AXL was expected")
        answers: dict[str, Callable[[Element], str]] = {
            "getCCMVersion": lambda _asked: "<componentVersion><version>14.0.1.13900-155</version></componentVersion>",
            "listPresenceRedundancyGroup": cluster.list_groups,
            "updatePresenceRedundancyGroup": cluster.update_group,
            "getClusterNodesAndCriticalServices": cluster.node_states,
        }
        return f"<return>{answers[operation](message)}</return>"


def _asked(message: Element) -> Iterator[str]:
    return (element.text or "" for element in message if soap.local_name(element) == "ServiceStatus")
