# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The ports on which an IM and Presence node listens by itself. Pure data.

The numbers are those of Cisco's public guide "Port Usage Information for the IM and Presence Service", release 15 and
where it says so earlier ones, from 1024 on, TCP and UDP alike: the Presence Engine opens both for notifications. A few
can be configured otherwise; to keep clear of their defaults costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

IM_AND_PRESENCE: Mapping[int, str] = {
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
"""What uses a port, by its number."""
