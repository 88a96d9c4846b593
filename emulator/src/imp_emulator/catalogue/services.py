# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services a server has: their names, groups and what may be done with them.

Names and groups are those of Cisco's guide to Unified Serviceability, and what a public client asks for. What came
with a later release than 12.5 is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imp_emulator.letter_case import ascii_lower

PRESENCE_ENGINE = "Cisco Presence Engine"
SIP_PROXY = "Cisco SIP Proxy"
XCP_ROUTER = "Cisco XCP Router"
AXL_WEB_SERVICE = "Cisco AXL Web Service"
DATABASE = "A Cisco DB"
TOMCAT = "Cisco Tomcat"
RECOVERY_MANAGER = "Cisco Server Recovery Manager"
BULK_PROVISIONING = "Cisco Bulk Provisioning Service"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service of a server.

    Attributes:
        feature: Feature services are activated and deactivated; network services run always.
        stoppable: Whether the control center may stop it; the database and Tomcat, which serves the control center
            itself, can only be restarted at the server's own console.
        servlet: Whether it runs inside Tomcat, which the static service list tells.
        activated: Whether it is activated on a server that was just installed.
        publisher_only: Whether it rests on every server but the publisher.
        depends: The services that it needs.
    """

    name: str
    group: str
    feature: bool
    stoppable: bool = True
    servlet: bool = False
    activated: bool = True
    publisher_only: bool = False
    depends: tuple[str, ...] = ()

    def runs_on(self, usage: str) -> bool:
        """Tell whether it runs after the first boot of a server, ``publisher`` or ``subscriber``."""
        return self.activated and (usage == "publisher" or not self.publisher_only)


def _features(
    group: str, *names: str, activated: bool = True, publisher_only: bool = False, depends: tuple[str, ...] = ()
) -> list[ServiceSpec]:
    about: dict[str, Any] = {"activated": activated, "publisher_only": publisher_only, "depends": depends}
    return [ServiceSpec(name, group, feature=True, **about) for name in names]


def _network(group: str, *names: str, publisher_only: bool = False, depends: tuple[str, ...] = ()) -> list[ServiceSpec]:
    return [ServiceSpec(name, group, feature=False, publisher_only=publisher_only, depends=depends) for name in names]


def _web(group: str, *names: str, feature: bool = False, activated: bool = True) -> list[ServiceSpec]:
    """What runs inside Tomcat."""
    return [
        ServiceSpec(name, group, feature=feature, servlet=True, activated=activated, depends=(TOMCAT,))
        for name in names
    ]


_BOTH = (
    *_features("Database and Admin Services", BULK_PROVISIONING, publisher_only=True, depends=(DATABASE,)),
    *_features("Performance and Monitoring Services", "Cisco Serviceability Reporter"),
    *_web(
        "Performance and Monitoring Services",
        "Cisco CallManager Serviceability RTMT",
        "Cisco RTMT Reporter Servlet",
        "Cisco Tomcat Stats Servlet",
    ),
    *_network(
        "Performance and Monitoring Services",
        "Cisco Log Partition Monitoring Tool",
        "Cisco RIS Data Collector",
        "Cisco AMC Service",
        "Cisco Audit Event Service",
    ),
    *_network("Backup and Restore Services", "Cisco DRF Local"),
    *_web("System Services", "Cisco CallManager Serviceability", "Cisco Trace Collection Servlet"),
    *_network("System Services", "Cisco CDP", "Cisco Trace Collection Service"),
    ServiceSpec(DATABASE, "Platform Services", feature=False, stoppable=False),
    *_network("Platform Services", "A Cisco DB Replicator", depends=(DATABASE,)),
    ServiceSpec(TOMCAT, "Platform Services", feature=False, stoppable=False),
    *_network(
        "Platform Services",
        "SNMP Master Agent",
        "MIB2 Agent",
        "Host Resources Agent",
        "System Application Agent",
        "Cisco CDP Agent",
        "Cisco Syslog Agent",
        "Cisco Certificate Expiry Monitor",
        "Cisco Certificate Change Notification",
    ),
    *_web("Platform Services", "Platform Administrative Web Service"),
    *_network("Database Services", "Cisco Database Layer Monitor", depends=(DATABASE,)),
    *_web(
        "SOAP Services",
        "SOAP -Real-Time Service APIs",
        "SOAP -Performance Monitoring APIs",
        "SOAP -Log Collection APIs",
    ),
)

_CUCM = (
    *_features("CM Services", "Cisco CallManager", "Cisco CTIManager", "Cisco Tftp", depends=(DATABASE,)),
    *_features("CM Services", "Cisco Location Bandwidth Manager"),
    *_features(
        "CM Services",
        "Cisco IP Voice Media Streaming App",
        "Cisco Messaging Interface",
        "Cisco Unified Mobile Voice Access Service",
        "Cisco DHCP Monitor Service",
        "Cisco Intercluster Lookup Service",
        "Cisco Directory Number Alias Sync",
        "Cisco Directory Number Alias Lookup",
        "Cisco Dialed Number Analyzer Server",
        activated=False,
    ),
    *_web("CM Services", "Cisco Extension Mobility", "Cisco Dialed Number Analyzer", feature=True, activated=False),
    *_web("CTI Services", "Cisco IP Manager Assistant", "Cisco WebDialer Web Service", feature=True, activated=False),
    *_features("CTI Services", "Self Provisioning IVR", activated=False),
    *_web("CDR Services", "Cisco SOAP - CDRonDemand Service", "Cisco CAR Web Service", feature=True, activated=False),
    *_web("Database and Admin Services", AXL_WEB_SERVICE, feature=True),
    *_web("Database and Admin Services", "Cisco UXL Web Service", "Cisco TAPS Service", feature=True, activated=False),
    *_features("Performance and Monitoring Services", "Cisco CallManager SNMP Service"),
    *_features(
        "Security Services", "Cisco CTL Provider", "Cisco Certificate Authority Proxy Function", activated=False
    ),
    *_features("Directory Services", "Cisco DirSync", depends=(DATABASE,)),
    *_features(
        "Location based Tracking Services", "Cisco Wireless Controller Synchronization Service", activated=False
    ),
    *_features("Voice Quality Reporter Services", "Cisco Extended Functions", activated=False),
    *_network("Backup and Restore Services", "Cisco DRF Master", publisher_only=True),
    *_network("Security Services", "Cisco Trust Verification Service"),
    *_web("CM Services", "Cisco Extension Mobility Application", "Cisco User Data Services"),
    *_web("SOAP Services", "SOAP - Diagnostic Portal Database Service"),
    *_network("CDR Services", "Cisco CDR Agent"),
    *_network(
        "CDR Services",
        "Cisco CDR Repository Manager",
        "Cisco CAR Scheduler",
        "Cisco CAR DB",
        "Cisco SOAP - CallRecord Service",
        publisher_only=True,
    ),
    *_web(
        "Admin Services",
        "Cisco CallManager Admin",
        "Cisco CallManager Personal Directory",
        "Cisco CallManager Cisco IP Phone Services",
        "Cisco Change Credential Application",
    ),
)

_IMP = (
    *_features("IM and Presence Services", SIP_PROXY, PRESENCE_ENGINE, depends=(DATABASE,)),
    *_features(
        "IM and Presence Services",
        "Cisco XCP Text Conference Manager",
        "Cisco XCP Web Connection Manager",
        "Cisco XCP Connection Manager",
        "Cisco XCP SIP Federation Connection Manager",
        "Cisco XCP XMPP Federation Connection Manager",
        "Cisco XCP Message Archiver",
        "Cisco XCP Directory Service",
        "Cisco XCP Authentication Service",
        depends=(XCP_ROUTER,),
    ),
    *_features("IM and Presence Services", "Cisco XCP File Transfer Manager", activated=False, depends=(XCP_ROUTER,)),
    *_web("Database and Admin Services", AXL_WEB_SERVICE, feature=True, activated=False),
    *_network(
        "IM and Presence Services",
        "Cisco Login Datastore",
        "Cisco Route Datastore",
        "Cisco Config Agent",
        "Cisco Sync Agent",
        "Cisco OAM Agent",
        "Cisco Client Profile Agent",
        "Cisco Intercluster Sync Agent",
        "Cisco XCP Config Manager",
        XCP_ROUTER,
        RECOVERY_MANAGER,
        "Cisco IM and Presence Data Monitor",
        "Cisco Presence Datastore",
        "Cisco SIP Registration Datastore",
        "Cisco RCC Device Selection Service",
        depends=(DATABASE,),
    ),
    *_web("Admin Services", "Cisco IM and Presence Admin"),
)

CATALOGUE: dict[str, tuple[ServiceSpec, ...]] = {"cucm": _CUCM + _BOTH, "imp": _IMP + _BOTH}
"""The services of a server by its role, in the order in which they are listed."""

CRITICAL_SERVICES = (
    DATABASE,
    "Cisco Presence Datastore",
    "Cisco Route Datastore",
    "Cisco SIP Registration Datastore",
    RECOVERY_MANAGER,
    XCP_ROUTER,
    SIP_PROXY,
    PRESENCE_ENGINE,
)
"""The services without which an IM and Presence node is not in order: high availability watches them."""

FOR_CALENDARS = {"cucm": (AXL_WEB_SERVICE,), "imp": (PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER, RECOVERY_MANAGER)}
"""The services of a role that calendar integration is set up through, or that its changes restart and move."""

UNKNOWN_GROUP = "Other Services"
"""The group of the services that are in no catalogue; the name is ours."""

_BY_NAME = {role: {ascii_lower(spec.name): spec for spec in specs} for role, specs in CATALOGUE.items()}


def unknown(name: str) -> ServiceSpec:
    """Return what is known of a service of a scenario that is in no catalogue: it can be activated and stopped."""
    return ServiceSpec(name, UNKNOWN_GROUP, feature=True)


def spec(role: str, name: str) -> ServiceSpec | None:
    """Return a service of a role (``cucm`` or ``imp``) by its name in any letter case, or ``None``."""
    return _BY_NAME[role].get(ascii_lower(name))
