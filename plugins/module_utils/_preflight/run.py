# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The preflight: probe every server, ask every interface once, and make rows of what was found. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import require_library
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import STORES, CertManager
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import STARTED, ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    ImpError,
    Unauthorized,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    Connection,
    OptionSpec,
    address,
    canonical_host,
    check_host,
    check_port,
    check_unique,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES, TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import Context
from ansible_collections.ucops.imp.plugins.module_utils._preflight import cluster, hosts, logins
from ansible_collections.ucops.imp.plugins.module_utils._preflight import gateways as exchange
from ansible_collections.ucops.imp.plugins.module_utils._preflight.gateways import AdminFacts, Gateway, Judgement
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import Interface, Reply
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import (
    Distrust,
    Place,
    Sight,
    judge,
    probe,
)
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import FAILED, WARNING, Row, report, skipped
from ansible_collections.ucops.imp.plugins.module_utils._product import ipv6 as _ipv6
from ansible_collections.ucops.imp.plugins.module_utils._product import releases
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS, IMP, PLATFORM
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    ENTERPRISE_NODE,
    ENTERPRISE_SERVICE,
    PRESENCE_ENGINE,
    SIP_PROXY,
    XCP_ROUTER,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.certificate_import import PeerCheck, check_peer

AT_ONCE = 16
STORE = "cup-trust"

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
            "description": {"type": "str"},
            "type": {"type": "str", "choices": ["exchange_ews"], "default": "exchange_ews"},
            "probe_hostname": {"type": "str"},
            "probe_port": {"type": "int"},
        },
    },
    "enable_ipv6": {"type": "bool", "default": False},
    "services": {"type": "list", "elements": "str", "default": [PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER]},
    "min_days": {"type": "int", "default": 30},
    "max_clock_skew": {"type": "int", "default": 60},
}


def read_preflight(context: Context) -> dict[str, Any]:
    """Return the results of the module preflight_info."""
    require_library()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return report(_Preflight(context, pool).rows())


def preflight_problems(context: Context) -> list[str]:
    """Return what is wrong with the options of the module preflight_info."""
    params = context.params
    found: list[str] = []
    for kind in ("imp", "platform"):
        if params[kind] is not None:
            connection = connection_from(ENDPOINT_KINDS[kind], params[kind])
            sentences = connection.problems() + node_problems(connection, params[kind])
            found += [f"{kind}.{sentence}" for sentence in sentences]
    for number, gateway in enumerate(params["gateways"]):
        place = f"gateways[{number}]"
        found += check_host(f"{place}.name", gateway["name"], qualified=True)
        found += check_port(f"{place}.port", gateway["port"])
        hostname, port = _reached_at(gateway)
        found += check_host(f"{place}.probe_hostname", hostname) + check_port(f"{place}.probe_port", port)
    found += check_unique("gateways", [canonical_host(gateway["name"]) for gateway in params["gateways"]])
    found += [] if params["min_days"] >= 0 else [f"min_days: {params['min_days']} is negative."]
    if params["max_clock_skew"] < hosts.UNCERTAINTY:
        text = f"max_clock_skew: {params['max_clock_skew']} is below {hosts.UNCERTAINTY:g}, and so within the error."
        found.append(text)
    return found


def _reached_at(gateway: Mapping[str, Any]) -> tuple[str, int]:
    """Return where the controller finds a gateway's server."""
    hostname, port = gateway["probe_hostname"], gateway["probe_port"]
    return gateway["name"] if hostname is None else hostname, gateway["port"] if port is None else port


def _place(target: TaskNode, option: str, name: str | None = None) -> Place:
    connection = target.connection
    return Place(
        name or target.name, connection.hostname, connection.port, connection.timeout, option, connection=connection
    )


class _Preflight:
    """One run: the probes first, then the logins, then the rows."""

    def __init__(self, context: Context, pool: Executor) -> None:
        params = context.params
        self._context = context
        self._pool = pool
        self._params = params
        self._now = datetime.now(timezone.utc)
        cucm, imp = context.connection, connection_from(IMP, params["imp"])
        # An address says little to people who read the table.
        name = "cucm" if address(cucm.hostname) else cucm.hostname
        self._cucm = _place(TaskNode(name, cucm), "the option hostname")
        self._nodes = [_place(target, "the option imp") for target in task_nodes(imp, params["imp"])]
        self._platforms: list[Place] = []
        if params["platform"] is not None:
            platform = connection_from(PLATFORM, params["platform"])
            self._platforms = [
                _place(target, "the option platform") for target in task_nodes(platform, params["platform"])
            ]
        servers = [self._gateway_place(gateway) for gateway in params["gateways"]]
        places = [self._cucm, *self._nodes, *self._platforms, *servers]
        self._sights: dict[Place, Sight] = dict(zip(places, pool.map(probe, places), strict=True))
        self._gateways = [
            Gateway(gateway["name"], gateway["port"], self._sights[place])
            for gateway, place in zip(params["gateways"], servers, strict=True)
        ]

    def _gateway_place(self, gateway: Mapping[str, Any]) -> Place:
        return Place(gateway["name"], *_reached_at(gateway), self._context.connection.timeout, "the option gateways")

    def rows(self) -> list[Row]:
        """Return all rows."""
        axl, center, nodes, platforms = self._ask()
        centers = [reply for reply, _admin in nodes]
        admins = [reply for _center, reply in nodes]
        axl = _excused(axl, center)
        rows = self._host_rows()
        for reply in (axl, center, *(one for pair in nodes for one in pair), *platforms):
            rows += cluster.interface_rows(reply)
        if not platforms:
            rows.append(skipped("interface-answers", logins.CERTIFICATE_MANAGEMENT, "platform was not given"))
        rows += [exchange.store_row(reply, self._params["min_days"], self._now) for reply in platforms]
        need = releases.CERTIFICATE_MANAGEMENT if platforms else releases.IM_AND_PRESENCE
        rows.append(cluster.version_row(center, releases.AXL))
        rows += [cluster.version_row(reply, need) for reply in centers]
        rows.append(cluster.same_version_row([center, *centers]))
        rows.append(cluster.axl_row(center))
        for reply in centers:
            rows += cluster.service_rows(reply, self._params["services"])
        rows.append(cluster.notification_port_row(axl))
        names = [gateway.name for gateway in self._gateways]
        ipv6 = cluster.ipv6_rows(axl, admins[0], names, self._params["enable_ipv6"])
        return rows + ipv6 + self._gateway_rows(admins, platforms, any(row.result in (FAILED, WARNING) for row in ipv6))

    def _ask(self) -> tuple[Reply, Reply, list[tuple[Reply, Reply]], list[Reply]]:
        """Return the replies of AXL, Unified CM's control center, each node's two interfaces, and the platforms."""
        axl, center = self._interface(logins.AXL, self._cucm), self._interface(logins.CONTROL_CENTER, self._cucm)
        kinds = (logins.CONTROL_CENTER, logins.ADMIN_API)
        nodes = [self._interface(kind, place) for place in self._nodes for kind in kinds]
        platforms = [self._interface(logins.CERTIFICATE_MANAGEMENT, place) for place in self._platforms]
        replies = logins.ask_all([axl, center, *nodes, *platforms], self._pool)
        of_nodes, of_platforms = replies[2 : 2 + len(nodes)], replies[2 + len(nodes) :]
        return replies[0], replies[1], list(zip(of_nodes[::2], of_nodes[1::2], strict=True)), of_platforms

    def _interface(self, kind: str, place: Place) -> Interface:
        connection = place.connection
        if connection is None:
            raise ValueError(f"nobody logs in to {place}")
        return Interface(kind, self._sights[place], connection, self._question(kind, place, connection))

    def _question(self, kind: str, place: Place, connection: Connection) -> Callable[[], Any]:
        transport = self._context.transport(connection)
        if kind == logins.AXL:
            return lambda: self._ask_axl(Axl(transport))
        if kind == logins.CONTROL_CENTER:
            names = [cluster.AXL_SERVICE] if place is self._cucm else self._params["services"]
            return lambda: _ask_center(ControlCenter(transport), names)
        if kind == logins.ADMIN_API:
            return lambda: self._ask_admin(ImpAdmin(transport), place.name)
        return lambda: CertManager(transport).trusted(STORES[STORE])

    def _ask_axl(self, axl: Axl) -> Mapping[str, str]:
        """Return the parameters of the Presence Engine, and those of the enterprise when one of them matters."""
        found = axl.list_parameters(PRESENCE_ENGINE, ENTERPRISE_NODE)
        if any(_ipv6.is_ipv6(gateway.name) for gateway in self._gateways):
            found = {**found, **axl.list_parameters(ENTERPRISE_SERVICE, ENTERPRISE_NODE)}
        return found

    def _ask_admin(self, admin: ImpAdmin, node: str) -> AdminFacts:
        listed = admin.nodes()
        checks: dict[str, PeerCheck | ImpError] = {}
        for gateway in self._gateways:
            try:
                checks[gateway.name] = check_peer(admin, node, gateway.name, gateway.port, STORE)
            except ApiError as error:  # noqa: PERF203 - one that a node refuses says nothing about the others
                checks[gateway.name] = error
        return AdminFacts(listed, checks)

    def _host_rows(self) -> list[Row]:
        sights = list(self._sights.values())
        own = [sight for sight in sights if sight.place.connection is not None]
        rows = hosts.name_rows(sights)
        rows += [hosts.port_row(sight) for sight in sights]
        rows += [hosts.trust_row(sight, self._now) for sight in own]
        rows += [hosts.dates_row(sight, self._params["min_days"], self._now) for sight in sights]
        return rows + hosts.clock_rows(own, self._params["max_clock_skew"])

    def _gateway_rows(self, admins: Sequence[Reply], platforms: Sequence[Reply], ipv6_missing: bool) -> list[Row]:
        if not self._gateways:
            return [skipped("gateway-name-matches", "gateways", exchange.NONE_GIVEN)]
        rows = [exchange.name_row(gateway) for gateway in self._gateways]
        pairs = [(gateway, reply) for reply in platforms for gateway in self._gateways]
        verdicts = self._pool.map(lambda pair: _verdict(*pair), pairs)
        views = {reply.interface.sight.place.name: reply.value.checks for reply in admins if reply.answered}
        for (gateway, reply), verdict in zip(pairs, verdicts, strict=True):
            seen = views.get(reply.interface.sight.place.name, {}).get(gateway.name)
            rows.append(exchange.trusted_row(Judgement(gateway, reply, verdict, seen), self._now))
        if not platforms:
            rows.append(skipped("gateway-trusted", "gateways", "platform was not given"))
        for reply in admins:
            for gateway in self._gateways:
                blocked = ipv6_missing and _ipv6.is_ipv6(gateway.name)
                rows.append(exchange.reached_row(gateway, reply, blocked))
        return rows


def _ask_center(center: ControlCenter, names: Sequence[str]) -> cluster.NodeFacts:
    services = center.services(names)
    try:
        version: str | None = center.version()
    except ApiError:
        version = None
    return cluster.NodeFacts(services, version)


def _excused(axl: Reply, center: Reply) -> Reply:
    """Do not blame AXL for an answer that it cannot give while its service does not run."""
    if axl.error is None or isinstance(axl.error, Unauthorized) or not center.answered:
        return axl
    service = cluster.find_service(center.value, cluster.AXL_SERVICE)
    if service is not None and service.status == STARTED:
        return axl
    return Reply(axl.interface, not_asked=f"{cluster.AXL_SERVICE} does not run")


def _verdict(gateway: Gateway, reply: Reply) -> Distrust | str | None:
    """Judge a gateway's server by the trust store of a node; a text when there was no handshake."""
    if gateway.sight.leaf is None or not reply.answered:
        return None
    try:
        return judge(gateway.sight.place, "".join(certificate.pem for certificate in reply.value))
    except OSError as error:
        return f"no handshake: {error}"
