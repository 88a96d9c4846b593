# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services a server has: their names, groups and what may be done with them.

The names and groups are those of the Control Center pages of Cisco Unified Serviceability; the product ships more
services than the emulator lists.
"""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.letter_case import ascii_lower

PRESENCE_ENGINE = "Cisco Presence Engine"
SIP_PROXY = "Cisco SIP Proxy"
XCP_ROUTER = "Cisco XCP Router"
AXL_WEB_SERVICE = "Cisco AXL Web Service"
DATABASE = "Cisco DB"
TOMCAT = "Cisco Tomcat"
RECOVERY_MANAGER = "Cisco Server Recovery Manager"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service of a server.

    Attributes:
        feature: Feature services are activated and deactivated; network services run always.
        stoppable: Whether the control center may stop it; the database and Tomcat, which serves the control center
            itself, can only be restarted at the server's own console.
        servlet: Whether it runs inside Tomcat, which the static service list tells.
        activated: Whether it is activated on a server that was just installed.
        depends: The services that it needs.
    """

    name: str
    group: str
    feature: bool
    stoppable: bool = True
    servlet: bool = False
    activated: bool = True
    depends: tuple[str, ...] = ()


def _features(group: str, *names: str, depends: tuple[str, ...] = ()) -> tuple[ServiceSpec, ...]:
    return tuple(ServiceSpec(name, group, feature=True, depends=depends) for name in names)


def _network(group: str, *names: str, depends: tuple[str, ...] = ()) -> tuple[ServiceSpec, ...]:
    return tuple(ServiceSpec(name, group, feature=False, depends=depends) for name in names)


_PLATFORM = (
    ServiceSpec(DATABASE, "Platform Services", feature=False, stoppable=False),
    ServiceSpec(TOMCAT, "Platform Services", feature=False, stoppable=False),
    *_network("Platform Services", "Cisco Certificate Expiry Monitor", "SNMP Master Agent"),
    *_network("Backup and Restore Services", "Cisco DRF Local"),
    *_network("Performance and Monitoring", "Cisco AMC Service", "Cisco Log Partition Monitoring Tool"),
    *_network("Performance and Monitoring", "Cisco RIS Data Collector"),
    *_network("DB Services", "Cisco Database Layer Monitor", "A Cisco DB Replicator", depends=(DATABASE,)),
)

_CUCM = (
    *_features("CM Services", "Cisco CallManager", "Cisco CTIManager", "Cisco Tftp", depends=(DATABASE,)),
    *_features("Directory Services", "Cisco DirSync", depends=(DATABASE,)),
    *_features("Database and Admin Services", "Cisco Bulk Provisioning Service", depends=(DATABASE,)),
    ServiceSpec(AXL_WEB_SERVICE, "Database and Admin Services", feature=True, servlet=True, depends=(TOMCAT,)),
    *_features("Performance and Monitoring Services", "Cisco Serviceability Reporter"),
    *_network("CM Services", "Cisco CDP", "Cisco Extended Functions"),
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
    ServiceSpec(
        AXL_WEB_SERVICE,
        "Database and Admin Services",
        feature=True,
        servlet=True,
        activated=False,
        depends=(TOMCAT,),
    ),
    *_features("Database and Admin Services", "Cisco Bulk Provisioning Service", depends=(DATABASE,)),
    *_features("Performance and Monitoring Services", "Cisco Serviceability Reporter"),
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
        depends=(DATABASE,),
    ),
)

CATALOGUE: dict[str, tuple[ServiceSpec, ...]] = {"cucm": _CUCM + _PLATFORM, "imp": _IMP + _PLATFORM}
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

_BY_NAME = {role: {ascii_lower(spec.name): spec for spec in specs} for role, specs in CATALOGUE.items()}


def spec(role: str, name: str) -> ServiceSpec | None:
    """Return a service of a role (``cucm`` or ``imp``) by its name in any letter case, or ``None``."""
    return _BY_NAME[role].get(ascii_lower(name))
