# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The servers of an emulator as an inventory has them: hosts, groups, and the connections to each. Pure.

The variables are those that the playbooks and roles of the collection take. What holds for a whole cluster is a
variable of its group, so that files of an inventory may say otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._core.options import EndpointKind
from ansible_collections.ucops.imp.plugins.module_utils._product import endpoints
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import POWERSHELL_PORT
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import (
    APPLICATION,
    CA,
    CUCM,
    EXCHANGE,
    EXCHANGE_ADMIN,
    IMP,
    REQUESTER,
    SYSTEM,
    Account,
    Ready,
    Server,
    listed,
    pending_restarts,
)

T = TypeVar("T")
PUBLISHER, SUBSCRIBERS, NODES = "imp_publisher", "imp_subscribers", "imp_nodes"
CUCM_PUBLISHER, CUCM_SUBSCRIBERS, SERVERS = "cucm_publisher", "cucm_subscribers", "exchange"
GROUPS = (CUCM_PUBLISHER, CUCM_SUBSCRIBERS, PUBLISHER, SUBSCRIBERS, NODES, SERVERS)
"""The groups by what a server is; each is there, also an empty one."""
TAKEN = (*GROUPS, "all", "ungrouped", "localhost")
HTTPS = 443
_EACH_CLUSTERS_OWN = "{}.json"


@dataclass
class Hosts:
    """An inventory: the hosts of each group, and the variables of groups and hosts."""

    groups: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in GROUPS})
    group_variables: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    twice: set[str] = field(default_factory=set)

    def add(self, name: str, groups: Iterable[str], variables: dict[str, Any]) -> None:
        """Add a host; one of the same name is not lost, but a problem."""
        if name in self.variables:
            self.twice.add(name)
        for group in groups:
            self.groups[group].append(name)
        self.variables[name] = variables

    def problems(self) -> list[str]:
        """Return why these cannot be told from each other."""
        both = sorted(self.variables.keys() & self.groups.keys())
        return [
            *(f"{name} would be a host and a group." for name in both),
            *(
                f"Several servers would be the host {name}. Choose clusters, or other host_names."
                for name in sorted(self.twice)
            ),
        ]


@dataclass(frozen=True)
class Wanted:
    """What the user wants of an inventory.

    Attributes:
        full_names: Whether nodes are called by their full names, as on a real cluster, else ``NODE.CLUSTER``.
        clusters: Only these clusters, all unless given.
        exchange_servers: Only these Exchange servers, all unless given.
        authority: The certification authority that signs for the Exchange servers, the first one unless given.
        common: Options that every connection has beside, such as ``retries``.
    """

    full_names: bool = False
    clusters: Collection[str] | None = None
    exchange_servers: Collection[str] | None = None
    authority: str | None = None
    common: Mapping[str, Any] = field(default_factory=dict)


def hosts_of(ready: Ready, wanted: Wanted) -> Hosts:
    """Return the inventory of all that an emulator has. Raises ``LookupError`` with a sentence for what cannot be."""
    taken = sorted(ready.clusters.keys() & {*TAKEN})
    if taken:
        raise LookupError(f"the cluster {taken[0]} is called like a group of the inventory; call it otherwise.")
    servers = {server.name: server for server in ready.of_kind(EXCHANGE)}
    found, making = Hosts(), _Making(ready, wanted)
    for cluster, nodes in _only("clusters", wanted.clusters, ready.clusters).items():
        found.group_variables[cluster] = making.cluster(cluster, nodes)
        found.groups.setdefault(cluster, [])
        for node in nodes:
            found.add(making.host(node), (cluster, *_groups(node)), making.node(node))
    for name, server in _only("exchange_servers", wanted.exchange_servers, servers).items():
        found.add(name, [SERVERS], {"ucops_exchange": making.exchange(server)})
    found.group_variables["all"] = making.everywhere()
    return found


def _only(option: str, wanted: Collection[str] | None, there: Mapping[str, T]) -> Mapping[str, T]:
    """Return those that are wanted of what there is."""
    if wanted is None:
        return there
    for name in wanted:
        if name not in there:
            raise LookupError(f"{option}: there is no {name}, but {listed(there) or 'none'}.")
    return {name: one for name, one in there.items() if name in wanted}


def _groups(node: Server) -> Iterable[str]:
    if node.kind == CUCM:
        return [CUCM_PUBLISHER if node.is_publisher else CUCM_SUBSCRIBERS]
    return [PUBLISHER if node.is_publisher else SUBSCRIBERS, NODES]


@dataclass(frozen=True)
class _Making:
    ready: Ready
    wanted: Wanted

    def host(self, node: Server) -> str:
        return node.full_name if self.wanted.full_names else f"{node.name}.{node.cluster}"

    def cluster(self, name: str, nodes: list[Server]) -> dict[str, Any]:
        """Return the variables of a cluster: its connections, all its IM and Presence nodes, its pending restarts."""
        presence = [node for node in nodes if node.kind == IMP]
        cucm = [node for node in nodes if node.kind == CUCM and node.is_publisher]
        found: dict[str, Any] = {
            "ucops_imp_cluster": name,
            "ucops_imp_pending_restarts_path": pending_restarts(self.ready, _EACH_CLUSTERS_OWN.format(name)),
            "trust_nodes": [_place(node, endpoints.PLATFORM.port) for node in presence],
            "presence_engine_nodes": [_place(node, endpoints.IMP.port) for node in presence],
        }
        for node in cucm:
            found["ucops_imp_cucm"] = self._node(node, endpoints.CUCM)
        for node in (node for node in presence if node.is_publisher):
            found.update(self._presence(node))
        return found

    def node(self, node: Server) -> dict[str, Any]:
        """Return the variables of a host: what differs from those of its cluster."""
        return self._presence(node) if node.kind == IMP and not node.is_publisher else {}

    def exchange(self, server: Server) -> dict[str, Any]:
        """Return the connection to an Exchange server, at the port whose certificate stays."""
        return self._connection(server, POWERSHELL_PORT, server.accounts[EXCHANGE_ADMIN])

    def everywhere(self) -> dict[str, Any]:
        """Return the variables of all hosts."""
        found: dict[str, Any] = {
            "imp_emulator": dict(self.ready.content),
            "imp_emulator_ready_file": str(self.ready.path),
        }
        authorities = {authority.name: authority for authority in self.ready.of_kind(CA)}
        wanted = self.wanted.authority
        authorities = dict(_only("certification_authority", None if wanted is None else [wanted], authorities))
        for chosen in (authorities[name] for name in sorted(authorities)[:1]):
            found["ucops_ca"] = self._connection(chosen, HTTPS, chosen.accounts[REQUESTER])
        # Their names are those of the emulated network, which only the nodes see.
        found["preflight_gateways"] = [
            {"name": server.name, "probe_hostname": server.address, "probe_port": server.ports[HTTPS]}
            for server in self.ready.of_kind(EXCHANGE)
        ]
        return found

    def _presence(self, node: Server) -> dict[str, Any]:
        return {
            "ucops_imp_publisher": self._node(node, endpoints.IMP),
            "ucops_imp_platform": self._node(node, endpoints.PLATFORM, SYSTEM),
        }

    def _node(self, node: Server, kind: EndpointKind, account: str = APPLICATION) -> dict[str, Any]:
        return self._connection(node, kind.port, node.accounts[account])

    def _connection(self, server: Server, port: int, account: Account) -> dict[str, Any]:
        return {
            **self.wanted.common,
            "hostname": server.address,
            "port": server.ports[port],
            "username": account.username,
            "password": account.password,
            "ca_path": self.ready.ca_file,
        }


def _place(node: Server, port: int) -> dict[str, Any]:
    """Return a node as the modules want it that work on several: its name in the cluster, and where it is reached."""
    return {"name": node.name, "hostname": node.address, "port": node.ports[port]}
