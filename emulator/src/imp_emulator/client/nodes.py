# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the control plane's client about nodes: services, ports, outages, and the groups that they are in."""

from __future__ import annotations

import urllib.parse
from abc import ABC, abstractmethod
from typing import Any

Json = Any


class NodeCalls(ABC):
    """Calls about nodes; each raises ``ControlError`` unless it succeeds."""

    @abstractmethod
    def _call(self, method: str, path: str, json: Json = None, params: dict[str, Any] | None = None) -> Json:
        """Make a call and return its decoded answer, ``None`` for one without content."""

    def services(self, node: str, cluster: str = "dc1") -> Json:
        """Return the services of a node: name, activated, status, started_at and detail (why a start has failed)."""
        return self._call("GET", _node(cluster, node, "services"))["services"]

    def change_service(self, node: str, service: str, verb: str, cluster: str = "dc1") -> Json:
        """Do something to a service and return it: ``start``, ``stop``, ``restart``, ``activate`` or ``deactivate``."""
        return self._call("POST", _node(cluster, node, "services", service, verb))

    def outage(self, node: str, cluster: str = "dc1") -> Json:
        """Return whether a node is away, since when, and whether it will be: away, since and begins_at_restart."""
        return self._call("GET", _node(cluster, node, "outage"))

    def begin_outage(self, node: str, cluster: str = "dc1", *, at_restart: bool = False) -> None:
        """Have a node go away, at once or as soon as a service of it restarts: nobody gets an answer from it."""
        begins = "at_restart" if at_restart else "now"
        self._call("PUT", _node(cluster, node, "outage"), {"begins": begins})

    def end_outage(self, node: str, cluster: str = "dc1") -> None:
        """Have a node come back, with the services that ran before; or withdraw an outage that is still to come."""
        self._call("DELETE", _node(cluster, node, "outage"))

    def occupied_ports(self, node: str, cluster: str = "dc1") -> dict[int, str]:
        """Return what has taken ports of a node beside the product itself, by port."""
        found = self._call("GET", _node(cluster, node, "occupied-ports"))["ports"]
        return {int(item["port"]): str(item["used_by"]) for item in found}

    def occupy_port(self, node: str, port: int, used_by: str = "another program", cluster: str = "dc1") -> None:
        """Have something take a port of a node; a service that wants it does not start any more."""
        self._call("PUT", _node(cluster, node, "occupied-ports", str(port)), {"used_by": used_by})

    def release_port(self, node: str, port: int, cluster: str = "dc1") -> None:
        """Free a port that was taken."""
        self._call("DELETE", _node(cluster, node, "occupied-ports", str(port)))

    def redundancy_groups(self, cluster: str | None = None) -> Json:
        """Return the presence redundancy groups: cluster, name, ha_enabled and nodes.

        Of each node there are node, state, reason, since (null without high availability), users_assigned (whose home
        it is) and users_here (whom it serves).
        """
        return self._call("GET", "/presence-redundancy-groups", params={"cluster": cluster})["groups"]

    def set_high_availability(self, group: str, *, enabled: bool, cluster: str = "dc1") -> Json:
        """Switch high availability of a presence redundancy group on or off; returns the group."""
        return self._call("PUT", _group(cluster, group, "high-availability"), {"enabled": enabled})

    def fail_over(self, group: str, node: str, cluster: str = "dc1") -> Json:
        """Have the peer of a node take over its users; returns the group."""
        return self._call("POST", _group(cluster, group, "failover"), {"node": node})

    def fall_back(self, group: str, node: str, cluster: str = "dc1") -> Json:
        """Have the users of a node come back to it; returns the group."""
        return self._call("POST", _group(cluster, group, "fallback"), {"node": node})

    def recover_group(self, group: str, cluster: str = "dc1") -> Json:
        """Have a group that runs in failed mode begin anew; returns the group."""
        return self._call("POST", _group(cluster, group, "recover"))


def path_of(*parts: str) -> str:
    """Return the path of a call, whatever characters its parts have."""
    return "".join(f"/{urllib.parse.quote(part, safe='')}" for part in parts)


def _node(cluster: str, node: str, *what: str) -> str:
    return path_of("clusters", cluster, "nodes", node, *what)


def _group(cluster: str, group: str, what: str) -> str:
    return path_of("presence-redundancy-groups", cluster, group, what)
