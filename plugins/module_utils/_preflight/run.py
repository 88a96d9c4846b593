# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The preflight: probe every server, ask every interface once, and make rows of what was found. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import require_library
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_statements import NAMELESS, from_directory
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import STORES, CertManager
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import STARTED, ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin, Presence
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    ImpError,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    CENTURY,
    DAY,
    Connection,
    OptionSpec,
    address,
    canonical_host,
    check_host,
    check_port,
    check_range,
    check_unique,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import NODES, TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._preflight import (
    cluster,
    gateways,
    hosts,
    logins,
    redundancy,
    users,
)
from ansible_collections.ucops.imp.plugins.module_utils._preflight import office_365 as online
from ansible_collections.ucops.imp.plugins.module_utils._preflight.gateways import AdminFacts, Gateway, Judgement
from ansible_collections.ucops.imp.plugins.module_utils._preflight.logins import Interface, InterfaceAnswer
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import (
    Distrust,
    Endpoint,
    ProbeResult,
    judge,
    probe,
)
from ansible_collections.ucops.imp.plugins.module_utils._preflight.rows import FAILED, WARNING, Row, report, skipped
from ansible_collections.ucops.imp.plugins.module_utils._product import ipv6, office_365, releases
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import ENDPOINT_KINDS, IMP, PLATFORM
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import (
    RedundancyGroup,
    merged,
    with_states,
)
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
            "type": {"type": "str", "choices": ["exchange_ews", "office_365"], "default": "exchange_ews"},
            **office_365.OPTIONS,
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
        option = f"gateways[{number}]"
        found += check_host(f"{option}.name", gateway["name"], qualified=True)
        found += check_port(f"{option}.port", gateway["port"])
        found += office_365.problems(option, gateway, wanted=False)
        hostname, port = _reached_at(gateway)
        found += check_host(f"{option}.probe_hostname", hostname) + check_port(f"{option}.probe_port", port)
    found += check_unique("gateways", [canonical_host(gateway["name"]) for gateway in params["gateways"]])
    found += check_range("min_days", params["min_days"], 0, CENTURY, "days")
    if params["max_clock_skew"] < hosts.UNCERTAINTY:
        text = f"max_clock_skew: {params['max_clock_skew']} is below {hosts.UNCERTAINTY:g}, and so within the error."
        return [*found, text]
    return found + check_range("max_clock_skew", params["max_clock_skew"], 0, CENTURY * DAY, "seconds")


def _reached_at(gateway: Mapping[str, Any]) -> tuple[str, int]:
    """Return where the controller finds a gateway's server."""
    hostname, port = gateway["probe_hostname"], gateway["probe_port"]
    return gateway["name"] if hostname is None else hostname, gateway["port"] if port is None else port


def _endpoint(node: TaskNode, option: str) -> Endpoint:
    at = node.connection
    return Endpoint(node.name, at.hostname, at.port, at.timeout, option, connection=at)


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
        self._cucm = _endpoint(TaskNode(name, cucm), "the option hostname")
        self._nodes = [_endpoint(node, "the option imp") for node in task_nodes(imp, params["imp"])]
        self._platforms: list[Endpoint] = []
        if params["platform"] is not None:
            platform = connection_from(PLATFORM, params["platform"])
            self._platforms = [
                _endpoint(node, "the option platform") for node in task_nodes(platform, params["platform"])
            ]
        exchange = [gateway for gateway in params["gateways"] if gateway["type"] == "exchange_ews"]
        self._online = [gateway for gateway in params["gateways"] if gateway["type"] == "office_365"]
        servers = [self._gateway_endpoint(gateway) for gateway in exchange]
        endpoints = [self._cucm, *self._nodes, *self._platforms, *servers]
        self._probed: dict[Endpoint, ProbeResult] = {}
        for endpoint, found in zip(endpoints, pool.map(probe, endpoints), strict=True):
            self._probed[endpoint] = found
            context.progress(f"{len(self._probed)} of {len(endpoints)} servers reached or tried")
        self._gateways = [
            Gateway(gateway["name"], gateway["port"], self._probed[endpoint])
            for gateway, endpoint in zip(exchange, servers, strict=True)
        ]

    def _gateway_endpoint(self, gateway: Mapping[str, Any]) -> Endpoint:
        return Endpoint(gateway["name"], *_reached_at(gateway), self._context.connection.timeout, "the option gateways")

    def rows(self) -> list[Row]:
        """Return all rows."""
        self._context.progress("logging in, and asking what each server offers")
        axl, center, nodes, platforms = self._ask()
        centers = [answer for answer, _admin in nodes]
        admins = [answer for _center, answer in nodes]
        axl = _excused(axl, center)
        rows = self._host_rows(list(self._probed.values()))
        for answer in (axl, center, *(one for pair in nodes for one in pair), *platforms):
            rows += cluster.interface_rows(answer)
        if not platforms:
            rows.append(skipped("interface-answers", logins.CERTIFICATE_MANAGEMENT, "platform was not given"))
        rows += [gateways.store_row(answer, self._params["min_days"], self._now) for answer in platforms]
        need = releases.CERTIFICATE_MANAGEMENT if platforms else releases.IM_AND_PRESENCE
        rows.append(cluster.version_row(center, releases.AXL))
        rows += [cluster.version_row(answer, need) for answer in centers]
        rows.append(cluster.same_version_row([center, *centers]))
        rows.append(cluster.axl_row(center))
        for answer in centers:
            rows += cluster.service_rows(answer, self._params["services"])
        rows += redundancy.rows(self._redundancy(axl, admins[0], centers[0]))
        rows.append(cluster.notification_port_row(_parameters(axl)))
        rows.append(users.mailboxes_row(admins[0]))
        rows += users.origin_rows(replace(axl, value=axl.value.users) if axl.answered else axl)
        names = [gateway.name for gateway in self._gateways]
        ipv6_rows = cluster.ipv6_rows(_parameters(axl), admins[0], names, self._params["enable_ipv6"])
        ipv6_missing = any(row.result in (FAILED, WARNING) for row in ipv6_rows)
        rows += ipv6_rows + self._gateway_rows(admins, platforms, ipv6_missing)
        return rows + self._online_rows(centers, admins, platforms)

    def _ask(
        self,
    ) -> tuple[InterfaceAnswer, InterfaceAnswer, list[tuple[InterfaceAnswer, InterfaceAnswer]], list[InterfaceAnswer]]:
        """Return the answers of AXL, Unified CM's control center, each node's two interfaces, and the platforms."""
        axl, center = self._interface(logins.AXL, self._cucm), self._interface(logins.CONTROL_CENTER, self._cucm)
        names = (logins.CONTROL_CENTER, logins.ADMIN_API)
        nodes = [self._interface(name, endpoint) for endpoint in self._nodes for name in names]
        platforms = [self._interface(logins.CERTIFICATE_MANAGEMENT, endpoint) for endpoint in self._platforms]
        answers = logins.ask_all([axl, center, *nodes, *platforms], self._pool)
        of_nodes, of_platforms = answers[2 : 2 + len(nodes)], answers[2 + len(nodes) :]
        return answers[0], answers[1], list(zip(of_nodes[::2], of_nodes[1::2], strict=True)), of_platforms

    def _interface(self, name: str, endpoint: Endpoint) -> Interface:
        connection = endpoint.connection
        if connection is None:
            raise ValueError(f"nobody logs in to {endpoint}")
        return Interface(name, self._probed[endpoint], connection, self._question(name, endpoint, connection))

    def _question(self, name: str, endpoint: Endpoint, connection: Connection) -> Callable[[], Any]:
        transport = self._context.transport(connection)
        if name == logins.AXL:
            return lambda: self._ask_axl(Axl(transport))
        if name == logins.CONTROL_CENTER:
            names = [cluster.AXL_SERVICE] if endpoint is self._cucm else self._params["services"]
            return lambda: _ask_center(ControlCenter(transport), names)
        if name == logins.ADMIN_API:
            # Every node tells of the users of all nodes.
            first = endpoint is self._nodes[0]
            return lambda: self._ask_admin(ImpAdmin(transport), endpoint.name, with_users=first)
        return lambda: CertManager(transport).trusted(STORES[STORE])

    def _redundancy(
        self, axl: InterfaceAnswer, admin: InterfaceAnswer, center: InterfaceAnswer
    ) -> redundancy.RedundancyFacts:
        """Put together what was told of the presence redundancy groups; what is missing, AXL of a node may tell."""
        if not axl.answered:
            return redundancy.RedundancyFacts(cluster.why_silent(axl))
        listed: list[RedundancyGroup] | ImpError = axl.value.groups
        if isinstance(listed, ImpError):
            return redundancy.RedundancyFacts(f"Unified CM does not tell them: {listed.message}")
        groups = merged(listed, (admin.value.groups or ()) if admin.answered else ())
        if center.answered and any(group.ha_enabled and not group.is_told for group in groups):
            # Off by default, and no more than a help.
            with suppress(ImpError):
                groups = with_states(groups, ImpAxl(self._context.transport(center.interface.connection)).node_states())
        return redundancy.RedundancyFacts(None, groups)

    def _ask_axl(self, axl: Axl) -> redundancy.AxlFacts:
        """Return the parameters of the Presence Engine, those of the enterprise when one matters, and the groups."""
        found = axl.list_parameters(PRESENCE_ENGINE, ENTERPRISE_NODE)
        if any(ipv6.is_ipv6(gateway.name) for gateway in self._gateways):
            found = {**found, **axl.list_parameters(ENTERPRISE_SERVICE, ENTERPRISE_NODE)}
        groups: list[RedundancyGroup] | ImpError
        try:
            groups = axl.redundancy_groups()
        except ImpError as error:
            groups = error
        return redundancy.AxlFacts(found, groups, _user_facts(axl))

    def _ask_admin(self, admin: ImpAdmin, node: str, *, with_users: bool) -> AdminFacts:
        listed = admin.nodes()
        checks: dict[str, PeerCheck | ImpError] = {}
        for gateway in self._gateways:
            try:
                checks[gateway.name] = check_peer(admin, node, gateway.name, gateway.port, STORE)
            except ApiError as error:  # noqa: PERF203 - one that a node refuses says nothing about the others
                checks[gateway.name] = error
        if not with_users:
            return AdminFacts(listed, checks)
        return AdminFacts(listed, checks, _failing_users(admin), _groups(admin))

    def _host_rows(self, results: Sequence[ProbeResult]) -> list[Row]:
        own = [probed for probed in results if probed.endpoint.connection is not None]
        rows = hosts.name_rows(results)
        rows += [hosts.port_row(probed) for probed in results]
        rows += [hosts.trust_row(probed, self._now) for probed in own]
        rows += [hosts.dates_row(probed, self._params["min_days"], self._now) for probed in results]
        return rows + hosts.clock_rows(own, self._params["max_clock_skew"])

    def _gateway_rows(
        self, admins: Sequence[InterfaceAnswer], platforms: Sequence[InterfaceAnswer], ipv6_missing: bool
    ) -> list[Row]:
        if not self._params["gateways"]:
            return [skipped("gateway-name-matches", "gateways", gateways.NONE_GIVEN)]
        rows = [gateways.name_row(gateway) for gateway in self._gateways]
        pairs = [(gateway, answer) for answer in platforms for gateway in self._gateways]
        found = self._pool.map(lambda pair: _distrust(*pair), pairs)
        views = {answer.interface.probed.endpoint.name: answer.value.checks for answer in admins if answer.answered}
        for (gateway, answer), distrust in zip(pairs, found, strict=True):
            seen = views.get(answer.interface.probed.endpoint.name, {}).get(gateway.name)
            rows.append(gateways.trusted_row(Judgement(gateway, answer, distrust, seen), self._now))
        if not platforms:
            rows.append(skipped("gateway-trusted", "gateways", "platform was not given"))
        for answer in admins:
            for gateway in self._gateways:
                blocked = ipv6_missing and ipv6.is_ipv6(gateway.name)
                rows.append(gateways.reached_row(gateway, answer, blocked))
        return rows

    def _online_rows(
        self,
        centers: Sequence[InterfaceAnswer],
        admins: Sequence[InterfaceAnswer],
        platforms: Sequence[InterfaceAnswer],
    ) -> list[Row]:
        """Return the rows about Office 365; what a node reaches through a proxy, the controller does not look at."""
        if not self._online:
            return []
        rows = [online.protocol_row(answer, self._online) for answer in centers]
        rows += [
            skipped("gateway-reached", gateway["name"], f"the nodes reach it through {gateway['proxy_url']}")
            for gateway in self._online
            if gateway["proxy_url"]
        ]
        graph = online.graph_on_all(centers)
        direct = [gateway for gateway in self._online if not gateway["proxy_url"]]
        listed = dict.fromkeys(place for gateway in direct for place in online.places(gateway, graph))
        timeout = self._context.connection.timeout
        endpoints = [Endpoint(host, host, port, timeout, "the option gateways") for host, port in listed]
        servers = [Gateway(one.endpoint.name, one.endpoint.port, one) for one in self._pool.map(probe, endpoints)]
        rows += hosts.name_rows([server.probed for server in servers]) if servers else []
        for server in servers:
            rows += [hosts.port_row(server.probed), gateways.name_row(server)]
            rows.append(hosts.dates_row(server.probed, self._params["min_days"], self._now))
            rows += [
                self._online_trust_row(server, answer, store) for answer in platforms for store in office_365.STORES
            ]
            rows += [self._online_reached_row(server, answer) for answer in admins]
        return rows

    def _online_trust_row(self, server: Gateway, answer: InterfaceAnswer, store: str) -> Row:
        if answer.answered and store != STORE:
            transport = self._context.transport(answer.interface.connection)
            try:
                answer = replace(answer, value=CertManager(transport).trusted(STORES[store]))
            except ImpError as error:
                answer = replace(answer, error=error)
        return gateways.trusted_row(Judgement(server, answer, _distrust(server, answer), store=store), self._now)

    def _online_reached_row(self, server: Gateway, answer: InterfaceAnswer) -> Row:
        if answer.answered:
            admin = ImpAdmin(self._context.transport(answer.interface.connection))
            node = answer.interface.probed.endpoint.name
            seen: PeerCheck | ImpError
            try:
                seen = check_peer(admin, node, server.name, server.port, STORE)
            except ImpError as error:
                seen = error
            answer = replace(answer, value=AdminFacts(answer.value.nodes, {server.name: seen}))
        return gateways.reached_row(server, answer, ipv6_missing=False)


def _failing_users(admin: ImpAdmin) -> Presence | None:
    """Return the users whose calendars are not followed; an admin API of an older version does not know them."""
    try:
        return admin.presence((), {"failing": "true"})
    except ApiError:
        return None


def _user_facts(axl: Axl) -> users.UserFacts | ImpError:
    """Return who of the users with meeting information has no mail address, and from which directories they come."""
    try:
        nameless = axl.count_where(NAMELESS)
        first = [one.userid for one in islice(axl.origins(NAMELESS, users.NAMED), users.NAMED)] if nameless else []
        found = [
            users.DirectoryFacts(
                directory.name,
                directory.template,
                directory.options.get("meeting_information"),
                axl.count_where(from_directory(directory.uuid)),
            )
            for directory in axl.ldap_directories()
        ]
    except (ApiError, UnexpectedAnswer) as error:
        return error
    return users.UserFacts(nameless, first, found)


def _groups(admin: ImpAdmin) -> list[RedundancyGroup] | None:
    try:
        return admin.redundancy_groups()
    except ApiError:
        return None


def _parameters(axl: InterfaceAnswer) -> InterfaceAnswer:
    """Return AXL's answer with the parameters alone."""
    return replace(axl, value=axl.value.parameters) if axl.answered else axl


def _ask_center(center: ControlCenter, names: Sequence[str]) -> cluster.NodeFacts:
    services = center.services(names)
    try:
        version: str | None = center.version()
    except ApiError:
        version = None
    return cluster.NodeFacts(services, version)


def _excused(axl: InterfaceAnswer, center: InterfaceAnswer) -> InterfaceAnswer:
    """Do not blame AXL for an answer that it cannot give while its service does not run."""
    if axl.error is None or isinstance(axl.error, Unauthorized) or not center.answered:
        return axl
    service = cluster.find_service(center.value, cluster.AXL_SERVICE)
    if service is not None and service.status == STARTED:
        return axl
    return InterfaceAnswer(axl.interface, not_asked=f"{cluster.AXL_SERVICE} does not run")


def _distrust(gateway: Gateway, answer: InterfaceAnswer) -> Distrust | str | None:
    """Judge a gateway's server by the trust store of a node; a text when there was no handshake."""
    if gateway.probed.leaf is None or not answer.answered:
        return None
    try:
        return judge(gateway.probed.endpoint, answer.value)
    except OSError as error:
        return f"no handshake: {error}"
