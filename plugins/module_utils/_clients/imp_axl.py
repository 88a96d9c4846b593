# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""AXL of the IM and Presence Service: an interface of its own, at its publisher, and off by default.

It answers only while the feature service Cisco AXL Web Service runs there; a server without it answers with a page of
its web server, which is an :class:`~._core.errors.UnexpectedAnswer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import NOT_ACTIVATED
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._product.releases import SCHEMAS

OPERATION = "getClusterNodesAndCriticalServices"
VIEWER = "getPresenceViewer"


@dataclass(frozen=True)
class Viewed:
    """What one user sees of another: whether there are both, whether a node serves the user, and what is shown.

    ``status`` is free text in the cluster's own words; it and ``node`` are empty where they are not told.
    """

    user: bool
    watcher: bool
    assigned: bool
    status: str
    node: str


class ImpAxl(Axl):
    """AXL of the IM and Presence nodes of one cluster."""

    @property
    def schema(self) -> str:
        """The oldest schema: every release speaks it, and it has all that is asked for here."""
        return "{}.{}".format(*SCHEMAS[0])

    def node_states(self) -> list[dict[str, Any]]:
        """Return the nodes: ``{name, reachable, state, reason, users_assigned, services}``.

        The services are the critical ones, ``[{name, status, activated}]``. ``state`` and ``reason`` are the words of
        the node's high availability, empty where they are not told, and ``users_assigned`` may be ``None``.

        A node that is in the topology and not installed yet is left out.
        """
        # No name stands for every node; the schema demands both elements.
        answer = self.call(OPERATION, Element("nodeName"), Element("locale"))
        result = soap.find(answer, "return")
        found = () if result is None else soap.children(result, "clusterNodesInfo")
        nodes = [node for info in found if (node := soap.find(info, "return")) is not None]
        return [_node(node) for node in nodes if _flag(node, "isInstalled")]

    def presence(self, userid: str, watcher: str) -> Viewed:
        """Return what ``watcher`` sees of a user, as the page Presence Viewer does."""
        names = Element("userid"), Element("perspectiveuserid")
        for element, name in zip(names, (userid, watcher), strict=True):
            element.text = name
        answer = self.call(VIEWER, *names)
        result = soap.find(answer, "return")
        if result is None:
            raise UnexpectedAnswer(f"AXL does not say what {watcher} sees of {userid}.")
        shown = ("PresenceViewerInfo",)
        return Viewed(
            user=_flag(result, "userCheck"),
            watcher=_flag(result, "perspectiveUserCheck"),
            assigned=_flag(result, "isUserAssigned"),
            status=soap.text(result, *shown, "userstatus").strip(),
            node=soap.text(result, *shown, "node").strip(),
        )


def _node(node: Element) -> dict[str, Any]:
    critical = soap.find(node, "criticalServices")
    services = () if critical is None else soap.children(critical, "criticalServiceInfo")
    users = soap.text(node, "assignedUserCount").strip()
    return {
        "name": soap.text(node, "name").strip(),
        "reachable": _flag(node, "isReachable"),
        "state": soap.text(node, "nodeStateString").strip(),
        "reason": soap.text(node, "nodeReasonString").strip(),
        "users_assigned": int(users) if users.isdecimal() else None,
        "services": [
            {
                "name": soap.text(service, "serviceName").strip(),
                "status": soap.text(service, "status").strip(),
                "activated": soap.text(service, "reasonCode").strip() != str(NOT_ACTIVATED),
            }
            for service in services
        ],
    }


def _flag(node: Element, name: str) -> bool:
    return soap.text(node, name).strip().lower() in ("true", "1", "t")
