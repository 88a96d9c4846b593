# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a node are taken (requirement P2): by the product itself, or by what the scenario put there.

The product's own are those of Cisco's guide to the ports of the IM and Presence Service, TCP and UDP alike: the engine
opens both for its notifications.
"""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.store import nodes
from imp_emulator.store.cucm import parameters
from imp_emulator.store.imp import ports as store
from imp_emulator.store.imp.ports import OccupiedPort
from imp_emulator.world.context import Context

NOTIFICATION_PORT = "ExchangeNotificationPort"

PRODUCT: Mapping[int, str] = {
    22: "SSH",
    123: "NTP",
    161: "SNMP",
    443: "Cisco Tomcat (HTTPS)",
    500: "IPsec",
    1090: "Cisco AMC Service (RMI object port)",
    1099: "Cisco AMC Service (RMI registry port)",
    1500: "the database",
    1501: "the database (second instance during an upgrade)",
    1515: "the database (replication)",
    1533: "XMPP clients of earlier releases",
    2555: "Cisco RIS Data Collector (server)",
    2556: "Cisco RIS Data Collector (client)",
    4040: "Cisco DRF Master (backup)",
    5007: "the SOAP monitor",
    5049: "Cisco SIP Proxy (internal)",
    5060: "Cisco SIP Proxy (SIP)",
    5061: "Cisco SIP Proxy (SIP over TLS, server authentication)",
    5062: "Cisco SIP Proxy (SIP over TLS, mutual authentication)",
    5070: "Cisco SIP Proxy (SIP from Unified CM)",
    5080: "Cisco Presence Engine (SIP)",
    5222: "XMPP clients",
    5223: "XMPP clients over TLS, in earlier releases",
    5269: "XMPP between servers",
    5280: "Cisco XCP Web Connection Manager (BOSH)",
    5353: "Cisco XCP Router (multicast DNS)",
    6161: "the SNMP master agent",
    6162: "the native SNMP agent",
    6379: "managed file transfer",
    6603: "Cisco Presence Datastore (queries)",
    6604: "Cisco Login Datastore (queries)",
    6605: "Cisco SIP Registration Datastore (queries)",
    6606: "Cisco Route Datastore (queries)",
    6607: "Cisco Presence Datastore (notifications)",
    6608: "Cisco Login Datastore (notifications)",
    6609: "Cisco SIP Registration Datastore (notifications)",
    6610: "Cisco Route Datastore (notifications)",
    7070: "the certificate manager",
    7161: "the SNMP agents",
    7335: "Cisco XCP Web Connection Manager (BOSH), in earlier releases",
    7336: "Cisco XCP File Transfer Manager",
    7400: "Cisco XCP Router",
    7999: "the CDP agent",
    8001: "the change notification of the database",
    8080: "Cisco Tomcat (HTTP)",
    8081: "Cisco Config Agent",
    8082: "Cisco SIP Proxy (HTTP of the Presence Web Service)",
    8083: "Cisco SIP Proxy (HTTPS of the Presence Web Service)",
    8161: "SNMP",
    8443: "Cisco Tomcat (HTTPS)",
    8500: "the cluster manager",
    8600: "Cisco Config Agent (heartbeat)",
    8888: "the service manager",
    8889: "the service manager",
    9003: "Cisco Presence Datastore (replication)",
    9004: "Cisco Login Datastore (replication)",
    9005: "Cisco SIP Registration Datastore (replication)",
    20075: "Cisco Server Recovery Manager (requests)",
    21999: "Cisco Server Recovery Manager (its peer)",
    37239: "Cisco Intercluster Sync Agent",
    44000: "calls between the nodes",
    50000: "Cisco Presence Engine (LiveBus)",
    61441: "SNMP traps",
}
"""What the product itself listens on, by port."""


def why_not_started(context: Context, cluster: str, node: str, service: str) -> str:
    """Tell why a service cannot start on a node; ``""`` when it can."""
    if service.casefold() != PRESENCE_ENGINE.casefold():
        return ""
    setting = parameters.parameter(context.database, cluster, ENTERPRISE_NODE, PRESENCE_ENGINE, NOTIFICATION_PORT)
    if setting is None:
        return ""
    port = int(setting.value)
    user = PRODUCT.get(port) or next(
        (taken.used_by for taken in store.occupied(context.database, cluster, node) if taken.port == port), ""
    )
    return f"Microsoft Exchange Notification Port {port} is in use by {user}" if user else ""


def occupied(context: Context, cluster: str, node: str) -> list[OccupiedPort]:
    """Return what is taken on a node beside the product's own ports.

    Raises:
        NotFound: There is no such node.
    """
    return store.occupied(context.database, cluster, _known(context, cluster, node))


def occupy(context: Context, cluster: str, node: str, port: int, used_by: str) -> None:
    """Have something take a port of a node; whoever listens there already goes on until its service restarts.

    Raises:
        NotFound: There is no such node.
        InvalidValue: There is no such port.
    """
    if not 1 <= port <= 65535:
        raise InvalidValue("invalid-port", f"A port is a number from 1 to 65535, not {port}.", "port")
    store.occupy(context.database, cluster, _known(context, cluster, node), port, used_by)


def release(context: Context, cluster: str, node: str, port: int) -> None:
    """Free a port that was taken.

    Raises:
        NotFound: There is no such node, or nothing has taken that port.
    """
    name = _known(context, cluster, node)
    if port not in [taken.port for taken in store.occupied(context.database, cluster, name)]:
        raise NotFound("port-not-occupied", f"Nothing has taken port {port} of {name}.")
    store.release(context.database, cluster, name, port)


def _known(context: Context, cluster: str, node: str) -> str:
    known = nodes.node(context.database, cluster, node)
    if known is None:
        raise NotFound("node-not-found", f"There is no node {node} in {cluster}.")
    return known.name
