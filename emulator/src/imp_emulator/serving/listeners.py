# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: which node speaks what on which port, and the sockets and TLS servers that carry it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from imp_emulator.client.addresses import connect_address
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.gate import ErrorPage, Gate
from imp_emulator.pipeline.request import Protocol
from imp_emulator.scenario.model import GRAPH_HOST, LOGIN_HOST, OUTLOOK_HOST, ExchangeSpec
from imp_emulator.serving import served_certificate
from imp_emulator.serving.connection import HttpConnection
from imp_emulator.serving.served_certificate import ServedCertificate, Shown
from imp_emulator.serving.sip_proxy import WhileRunning
from imp_emulator.store import keys, meta, nodes
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.wire.axl.imp import ImpAxl
from imp_emulator.wire.ca.admin import CaAdmin
from imp_emulator.wire.ca.certsrv import CertSrv
from imp_emulator.wire.certmgr import Certmgr
from imp_emulator.wire.control_center import ControlCenter
from imp_emulator.wire.cucm_admin import CucmAdmin
from imp_emulator.wire.exchange.ews import Ews
from imp_emulator.wire.exchange.online.ews_door import OnlineEws
from imp_emulator.wire.exchange.online.graph import Graph
from imp_emulator.wire.exchange.online.token import TokenEndpoint
from imp_emulator.wire.exchange.powershell import PowerShell
from imp_emulator.wire.exchange_notifications import JOURNALED_PORT, ExchangeNotifications
from imp_emulator.wire.exchange_notifications import error_page as notification_error_page
from imp_emulator.wire.http import iis, tomcat
from imp_emulator.wire.imp_admin import ImpAdmin
from imp_emulator.wire.presence_web_service import PresenceWebService
from imp_emulator.wire.presence_web_service import error_page as presence_error_page
from imp_emulator.wire.presence_web_service.calls import PLAIN_PORT
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment

_BACKLOG = 1024
_KEEP_ALIVE_SECONDS = 60
_GRACE_SECONDS = 2
PRESENCE_TLS, PRESENCE_PLAIN = 8083, PLAIN_PORT
"""The ports of the Presence Web Service."""

Maker = Callable[[Context, Accounts], Protocol]
"""Makes a protocol; every listener that speaks it shares the one made."""

LISTENERS: tuple[tuple[str, str | None, int, ErrorPage, tuple[Maker, ...]], ...] = (
    ("cucm", "publisher", 8443, tomcat.error_page, (CucmAxl, ControlCenter, CucmAdmin)),
    ("cucm", "subscriber", 8443, tomcat.error_page, (CucmAxl, ControlCenter)),
    ("cucm", None, 443, tomcat.error_page, (Certmgr,)),
    ("imp", "publisher", 8443, tomcat.error_page, (ImpAxl, ControlCenter, ImpAdmin)),
    ("imp", "subscriber", 8443, tomcat.error_page, (ControlCenter, ImpAdmin)),
    ("imp", None, 443, tomcat.error_page, (Certmgr,)),
    ("imp", None, PRESENCE_TLS, presence_error_page, (PresenceWebService,)),
    ("imp", None, PRESENCE_PLAIN, presence_error_page, (PresenceWebService,)),
    ("exchange", None, 443, iis.error_page, (PowerShell, Ews)),
    ("exchange-management", None, 5986, iis.error_page, (PowerShell,)),
    ("ca", None, 443, iis.error_page, (CertSrv, CaAdmin)),
    (LOGIN_HOST, None, 443, iis.error_page, (TokenEndpoint,)),
    (GRAPH_HOST, None, 443, iis.error_page, (Graph,)),
    (OUTLOOK_HOST, None, 443, iis.error_page, (OnlineEws,)),
)
"""Role (a host of Exchange Online is one of its own), usage (``None``: any), port of the real product, pages of its web
server, and the protocols spoken there."""


class Server:
    """One ASGI application on one socket, in the running event loop."""

    def __init__(self, app: Any, sock: socket.socket, context: ssl.SSLContext | None = None) -> None:
        self.socket = sock
        config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            access_log=False,
            log_config=None,
            log_level="error",
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        config.load()
        config.ssl = context
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def start(self) -> None:
        """Accept connections."""
        await self._server.startup(sockets=[self.socket])

    async def stop(self) -> None:
        """Let the requests under way finish, for a short time, and close."""
        await self._server.shutdown(sockets=[self.socket])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener stands in the emulated network.

    Attributes:
        cluster: Empty for an Exchange server, a certification authority or a host of Exchange Online.
        node: The node's name, the Exchange server's, or the host.
        port: The port of the real product.
        addresses: The virtual addresses.
    """

    cluster: str
    node: str
    port: int
    addresses: tuple[str, ...]

    @property
    def key(self) -> str:
        """The listener's name among the remembered ports."""
        return f"{self.cluster}/{self.node}/{self.port}"


class Listeners:
    """All listeners of the nodes, the Exchange servers, the certification authorities and Exchange Online.

    Making one binds the sockets and fills ``environment.network``; requests are answered from :meth:`start` on.

    Attributes:
        endpoints: The listener at each endpoint: (address to connect to, real port).
        protocols: The protocols spoken, by name.
    """

    def __init__(self, environment: Environment, host: str) -> None:
        self._environment = environment
        self._host = host
        self._accounts = Accounts(environment.database, environment.sessions)
        self._remembered: dict[str, int] = json.loads(meta.get(environment.database, "ports") or "{}")
        self._ports: dict[str, int] = {}
        self._servers: list[Server] = []
        self._gates: list[Gate] = []
        self.endpoints: dict[Endpoint, tuple[str, int]] = {}
        self.protocols: dict[str, Protocol] = {}
        self._instances: dict[Maker, Protocol] = {}
        self._listen_for_nodes()
        self._listen_for_exchange()
        self._listen_for_authorities()
        self._listen_for_online()

    # The scenario tells who is there. The store is asked for what it does not tell: keys, and what Eth0 has become.

    def _listen_for_nodes(self) -> None:
        database = self._environment.database
        for cluster in self._environment.scenario.clusters:
            for node in nodes.nodes(database, cluster.name):
                addresses = tuple(filter(None, (node.ipv4, node.ipv6)))
                shown = served_certificate.of_pair(keys.get(database, cluster.name, node.name))
                self._listen_for(node.role, node.usage, cluster.name, node.name, addresses, shown)
                if node.role == "imp":
                    self._listen_for_notifications(cluster.name, node.name)

    def _listen_for_notifications(self, cluster: str, node: str) -> None:
        """Listen for Exchange's notifications; the engine that runs says at which ports of the node that is."""
        spoken = [self._protocol(ExchangeNotifications)]
        gate = Gate(self._environment, cluster, node, JOURNALED_PORT, spoken, notification_error_page)
        self._gates.append(gate)
        key = f"{cluster}/{node}/notifications"
        self._servers.append(Server(gate, self.bind(key)))
        self._environment.engine_listeners[cluster, node] = (connect_address(self._host), self._ports[key])

    def _listen_for_exchange(self) -> None:
        database = self._environment.database
        for server in self._environment.scenario.exchange:
            addresses = tuple(filter(None, (server.ipv4, server.ipv6)))
            iis_shows = served_certificate.of_iis(self._environment, server.name)
            self._listen_for("exchange", None, "", server.name, addresses, iis_shows)
            self._open_further_ports(server, addresses)
            # Enabling a certificate changes the one of port 443; this listener keeps its own, so that the modules that
            # do it can verify the server before and after.
            management = keys.get(database, keys.NO_CLUSTER, keys.management(server.name))
            shown = served_certificate.of_pair(management)
            self._listen_for("exchange-management", None, "", server.name, addresses, shown)

    def _open_further_ports(self, server: ExchangeSpec, addresses: tuple[str, ...]) -> None:
        """Lead further ports of a server to the listener that answers Exchange Web Services."""
        listener = self.endpoints[Endpoint("", server.name, 443, addresses)]
        for port in server.further_ports:
            self.endpoints[Endpoint("", server.name, port, addresses)] = listener
            self._environment.network.update({(address, port): listener for address in addresses})

    def _listen_for_authorities(self) -> None:
        database = self._environment.database
        for authority in self._environment.scenario.certification_authorities:
            shown = served_certificate.of_pair(keys.get(database, keys.NO_CLUSTER, authority.host))
            self._listen_for("ca", None, "", authority.host, authority.addresses, shown)

    def _listen_for_online(self) -> None:
        online = self._environment.scenario.online
        for host, address in online.hosts.items() if online else ():
            shown = served_certificate.of_pair(keys.get(self._environment.database, keys.NO_CLUSTER, host))
            self._listen_for(host, None, "", host, (address,), shown)

    def _listen_for(
        self, role: str, usage: str | None, cluster: str, node: str, addresses: tuple[str, ...], shown: Shown
    ) -> None:
        for served_role, served_usage, port, error_page, makers in LISTENERS:
            if served_role != role or served_usage not in (None, usage):
                continue
            endpoint = Endpoint(cluster, node, port, addresses)
            spoken = [self._protocol(maker) for maker in makers if self._has(cluster, maker)]
            gate = Gate(self._environment, cluster, node, port, spoken, error_page)
            self._gates.append(gate)
            server = self._server(gate, endpoint, shown, frozenset(protocol.name for protocol in spoken))
            listener = (connect_address(self._host), self._ports[endpoint.key])
            self._servers.append(server)
            self.endpoints[endpoint] = listener
            self._environment.network.update({(address, port): listener for address in addresses})

    def _server(self, gate: Gate, endpoint: Endpoint, shown: Shown, spoken: frozenset[str]) -> Server:
        """Return what carries a gate: Cisco SIP Proxy does for the Presence Web Service, else Tomcat or IIS."""
        sock = self.bind(endpoint.key)
        place = (endpoint.cluster, endpoint.node)
        if endpoint.port not in (PRESENCE_TLS, PRESENCE_PLAIN):
            return Server(gate, sock, self._tls(place, shown, spoken))
        tls = endpoint.port == PRESENCE_TLS
        context = self._tls(place, served_certificate.of_cup(self._environment, *place), spoken) if tls else None
        return Server(WhileRunning(self._environment, *place, gate), sock, context)

    def _tls(self, place: tuple[str, str], shown: Shown, spoken: frozenset[str]) -> ssl.SSLContext:
        """Return the TLS settings of a listener of these protocols."""
        environment = self._environment

        def swapped() -> bool:
            return place not in environment.away and environment.faults.swap_certificate(*place, spoken)

        return ServedCertificate(shown, swapped).context

    def _has(self, cluster: str, maker: Maker) -> bool:
        """Tell whether an interface is there: the admin APIs as the scenario says, another from its release on."""
        if maker in (ImpAdmin, CucmAdmin):
            return self._environment.scenario.cluster(cluster).admin_api
        return maker is not Certmgr or self._environment.scenario.cluster(cluster).release >= Certmgr.since

    def _protocol(self, maker: Maker) -> Protocol:
        if maker not in self._instances:
            protocol = self._instances[maker] = maker(self._environment.context, self._accounts)
            self.protocols[protocol.name] = protocol
        return self._instances[maker]

    def bind(self, key: str, port: int = 0) -> socket.socket:
        """Return a socket bound to ``port``, to the port that ``key`` had before when it is free, or to any.

        Raises:
            OSError: The address is not this machine's, or the port that was asked for is taken.
        """
        wanted = [port] if port else [self._remembered.get(key, 0), 0]
        sock = _bound(self._host, wanted)
        self._ports[key] = sock.getsockname()[1]
        return sock

    def remember(self) -> None:
        """Store the ports, so that the next start asks for the same ones."""
        meta.put(self._environment.database, "ports", json.dumps(self._ports))

    def add(self, server: Server) -> None:
        """Have a further server started and stopped with the others."""
        self._servers.append(server)

    async def start(self) -> None:
        """Answer requests."""
        for server in self._servers:
            await server.start()

    async def stop(self) -> None:
        """Close all listeners and their connections."""
        for gate in self._gates:
            gate.end_streams()
        await asyncio.gather(*(server.stop() for server in self._servers))


def _bound(host: str, ports: list[int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for position, port in enumerate(ports, 1):
        # asyncio switches Nagle's algorithm off, which would delay every answer by 40 ms, where the protocol is named.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            if position == len(ports):
                raise OSError(error.errno, f"{error.strerror}: {host}, port {port}") from None
        else:
            return sock
    raise ValueError("no port to bind to")


def operations(protocols: Mapping[str, Protocol]) -> dict[str, list[str]]:
    """Return the implemented operations of each protocol, sorted."""
    return {name: sorted(protocol.operations) for name, protocol in sorted(protocols.items())}
