# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""All that a twin of a cluster is made of, as the module twin_info tells it. It changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    NotACertificate,
    held,
    held_pem,
    require_library,
    with_issuers,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import STORES, CertManager
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import STARTED, ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ImpError, NoPublicApi
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    OptionSpec,
    address,
    check_host,
    check_port,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import shown_chain
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES, TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._product import office_365
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called, nodes
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS, IMP, PLATFORM
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    ENTERPRISE_NODE,
    ENTERPRISE_SERVICE,
    PRESENCE_ENGINE,
    SIP_PROXY,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.presence_gateways import describe
from ansible_collections.ucops.imp.plugins.module_utils._resources.redundancy_groups import GroupSource

T = TypeVar("T")

STORE = "cup-trust"
RECOVERY_MANAGER = "Cisco Server Recovery Manager"
STANDS_FOR = "2.25.187254109736284510986341250984310277665"
"""The extension in which a certificate of an emulated Exchange server holds the real one that it stands for (DER)."""
_RUNNING = (STARTED, "Starting")

OPTIONS: dict[str, OptionSpec] = {
    "imp": {"type": "dict", "required": True, "options": {**connection_options(IMP), **NODES}},
    "platform": {"type": "dict", "options": {**connection_options(PLATFORM), **NODES}},
    "gateways": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "description": {"type": "str", "default": ""},
            "type": {"type": "str", "choices": list(office_365.GATEWAY_TYPES), "default": office_365.EXCHANGE_EWS},
            **office_365.OPTIONS,
        },
    },
    "account": {"type": "str"},
    "services": {
        "type": "list",
        "elements": "str",
        "default": [PRESENCE_ENGINE, SIP_PROXY, RECOVERY_MANAGER, ENTERPRISE_SERVICE],
    },
}


def read_twin(context: Context) -> dict[str, Any]:
    """Return the results of the module twin_info."""
    require_library()
    return {"twin": _Reader(context).twin()}


def twin_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module twin_info."""
    params = context.params
    found: list[str] = []
    for kind in (kind for kind in ("imp", "platform") if params[kind] is not None):
        connection = connection_from(ENDPOINT_KINDS[kind], params[kind])
        found += [f"{kind}.{one}" for one in connection.problems() + node_problems(connection, params[kind])]
    for number, gateway in enumerate(params["gateways"]):
        found += check_host(f"gateways[{number}].name", gateway["name"], qualified=True)
        found += check_port(f"gateways[{number}].port", gateway["port"])
        # No password is needed to write a proxy down.
        without_user = {**gateway, "proxy_username": None, "proxy_password": None}
        found += office_365.problems(f"gateways[{number}]", without_user, wanted=True)
    return found


class _Reader:
    """One run; a part that cannot be read costs that part alone."""

    def __init__(self, context: Context) -> None:
        params = context.params
        self._context = context
        self._params = params
        self._axl = Axl(context.transport())
        self._imp = connection_from(IMP, params["imp"])
        self._admin = ImpAdmin(context.transport(self._imp))
        self._presence = task_nodes(self._imp, params["imp"])
        self._platforms: list[TaskNode] = []
        if params["platform"] is not None:
            self._platforms = task_nodes(connection_from(PLATFORM, params["platform"]), params["platform"])
        self._unread: list[dict[str, str]] = []
        self._told: list[dict[str, Any]] | None = None
        # A cluster on this very machine is an emulated one, and its names are in a network of their own.
        self._emulated = _is_loopback(context.connection.hostname)

    def twin(self) -> dict[str, Any]:
        """Return everything; raises :class:`ImpError` when Unified CM does not tell version, nodes and users."""
        context = self._context
        self._told = self._part("addresses of the nodes", self._nodes_of_admin)
        servers = self._nodes()
        named = {node["name"]: [node["name"], *filter(None, (node["fqdn"], node["ipv4"]))] for node in servers}
        context.progress("reading the users")
        users = list(self._axl.list_people())
        context.progress(f"{len(users):,} users read; reading parameters, services, certificates and gateways")
        gateways, account = self._gateways()
        return {
            "version": self._axl.version,
            "admin_api": self._told is not None,
            "accounts": {
                "application": context.connection.username,
                "os": (self._params["platform"] or {}).get("username"),
            },
            "nodes": servers,
            "presence_redundancy_groups": self._part("presence redundancy groups", self._groups),
            "users": users,
            "parameters": self._parameters([node["name"] for node in servers if node["role"] == "imp"]),
            "services": self._services(servers, named),
            "trust": self._part("trust stores", lambda: self._trust(named)) or [],
            "gateways": gateways,
            "account": account,
            "servers": self._servers(gateways),
            "unread": self._unread,
        }

    def _part(self, part: str, read: Callable[[], T]) -> T | None:
        """Return a part, or note that it cannot be read; of a part whose pieces fail the first is told."""
        try:
            return read()
        except ImpError as error:
            if all(one["part"] != part for one in self._unread):
                self._unread.append({"part": part, "message": error.message})
            return None

    # --- nodes

    def _nodes_of_admin(self) -> list[dict[str, Any]] | None:
        try:
            return self._admin.nodes()
        except NoPublicApi:
            return None

    def _nodes(self) -> list[dict[str, Any]]:
        rows = self._axl.process_nodes()
        found = nodes(rows)
        presence = [node["name"] for node in found if node["role"] == "imp"]
        if presence and all(node["usage"] != "publisher" for node in found if node["role"] == "imp"):
            # The database of Unified CM knows no publisher but its own; the connection is to that of the nodes.
            reached = called(self._imp.hostname, {name: [name] for name in presence}) or presence
            found = nodes(rows, reached[0])
        return [self._node(node) for node in found if node["role"] in ("cucm", "imp")]

    def _node(self, node: Mapping[str, Any]) -> dict[str, Any]:
        told = next((one for one in self._told or () if one["name"] == node["name"]), {})
        fqdn = told.get("fqdn") or next(iter(self._reached_as(node["name"])), None)
        ipv4, ipv6 = told.get("eth0_ipv4"), told.get("eth0_ipv6")
        for ip in [] if ipv4 else self._resolved(fqdn or node["name"]):
            ipv4, ipv6 = (ipv4 or ip, ipv6) if ip_address(ip).version == 4 else (ipv4, ipv6 or ip)
        shown = {name: node[name] for name in ("name", "role", "usage", "description", "ipv6_name")}
        return {**shown, "fqdn": fqdn, "ipv4": ipv4, "ipv6": ipv6}

    def _reached_as(self, name: str) -> list[str]:
        """Return the full names by which the connections reach a node."""
        hosts = [one.connection.hostname for one in (*self._presence, *self._platforms) if one.is_called(name)]
        hosts += [
            host for host in (self._context.connection.hostname, self._imp.hostname) if called(host, {"": [name]})
        ]
        return [host for host in hosts if address(host) is None and "." in host]

    def _resolved(self, name: str) -> list[str]:
        """Return the addresses of a name, none when there are none or nobody is to be asked for them."""
        if address(name) is not None:
            return [str(address(name))]
        if self._emulated:
            return []
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return []
        listed = dict.fromkeys(str(entry[4][0]) for entry in found)
        return [one for one in listed if "%" not in one and not _is_loopback(one)]

    # --- what is on them

    def _groups(self) -> list[dict[str, Any]]:
        found = GroupSource(self._axl, None).groups() or ()
        return [group.as_dict() for group in sorted(found, key=lambda group: group.name)]

    def _parameters(self, presence: Iterable[str]) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for service in self._params["services"]:
            places = [ENTERPRISE_NODE] if service == ENTERPRISE_SERVICE else [ENTERPRISE_NODE, *presence]
            for node in places:
                values = self._part(f"parameters of {service}", partial(self._axl.list_parameters, service, node))
                found += [
                    {"service": service, "name": name, "value": value, "node": node}
                    for name, value in sorted((values or {}).items())
                ]
        return found

    def _services(self, servers: Iterable[Mapping[str, Any]], named: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Return the services: those that Unified CM lists, and of the nodes that can be asked whether they run."""
        found: dict[tuple[str, str], dict[str, Any]] = {
            (node, service): {"node": node, "service": service, "activated": activated, "running": None}
            for node, service, activated in self._part("services", self._axl.node_services) or ()
        }
        publisher = [node["name"] for node in servers if (node["role"], node["usage"]) == ("cucm", "publisher")]
        asked = [(name, self._context.connection) for name in publisher]
        asked += [
            (name, node.connection) for node in self._presence if (name := self._name_of(node, named)) is not None
        ]
        for name, connection in asked:
            center = ControlCenter(self._context.transport(connection))
            for one in (self._part("running services", center.services) or {}).values():
                told = {"activated": one.activated, "running": one.status in _RUNNING}
                found[name, one.name] = {"node": name, "service": one.name, **told}
        return [found[key] for key in sorted(found)]

    def _name_of(self, node: TaskNode, named: Mapping[str, list[str]]) -> str | None:
        """Return what the cluster calls a node of a connection."""
        found = called(node.name, named)
        if len(found) == 1:
            return found[0]
        try:
            own = ControlCenter(self._context.transport(self._imp.at(node.connection.hostname, None))).node_name()
        except ImpError:
            return None
        return own if own in named else None

    # --- certificates

    def _trust(self, named: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        stores: dict[str, dict[str, dict[str, Any]]] = {store: {} for store in STORES}
        asked: list[str] = []
        own: set[str] = set()
        for node in self._platforms:
            name = self._name_of(node, named)
            if name is None:
                continue
            asked.append(name)
            manager = CertManager(self._context.transport(node.connection))
            identities = manager.identities()
            for store, service in STORES.items():
                trusted = manager.trusted(service)
                own |= with_issuers(identities, trusted)
                for one in trusted:
                    entry = {**one.as_dict(), "content": one.pem, "nodes": []}
                    stores[store].setdefault(one.fingerprint, entry)["nodes"].append(name)
        return [
            {
                "store": store,
                "nodes": asked,
                "certificates": [{**one, "own": one["fingerprint"] in own} for one in entries.values()],
            }
            for store, entries in stores.items()
            if asked
        ]

    # --- gateways

    def _gateways(self) -> tuple[list[dict[str, Any]] | None, str | None]:
        """Return the gateways and their account as the cluster tells them, else as the task does."""
        try:
            return [describe(gateway) for gateway in self._admin.gateways()], self._admin.account()
        except ImpError as error:
            self._unread += (
                [] if self._params["gateways"] else [{"part": "presence gateways", "message": error.message}]
            )
        listed = [
            {name: value for name, value in one.items() if value is not None and name not in office_365.SECRETS}
            for one in self._params["gateways"]
        ]
        return listed, self._params["account"]

    def _servers(self, gateways: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
        exchange = [one for one in gateways or () if one["type"] == office_365.EXCHANGE_EWS]
        return [
            {
                "name": one["name"],
                "port": one["port"],
                "addresses": self._resolved(one["name"]),
                "chain": [certificate.pem for certificate in self._chain(one["name"], one["port"])],
            }
            for one in exchange
        ]

    def _chain(self, name: str, port: int) -> list[Certificate]:
        """Return what a server shows to a node, or else to the controller; none when nobody reaches it."""
        try:
            report = self._admin.offered_certificates(name, port, STORE)
            return [_real(one) for row in report["certificates"] for one in held_pem(row["pem"])]
        except (ImpError, NotACertificate):
            if self._emulated:
                return []
        try:
            return [_real(held(one)) for one in shown_chain(name, port, self._context.connection.timeout)]
        except (OSError, ValueError):
            return []


def _real(certificate: Certificate) -> Certificate:
    """Return the certificate that one of a twin stands for, any other as it is."""
    real = certificate.parts.extension(STANDS_FOR)
    return certificate if real is None else held(real)


def _is_loopback(host: str) -> bool:
    ip = address(host)
    return host == "localhost" or (ip is not None and ip.is_loopback)
