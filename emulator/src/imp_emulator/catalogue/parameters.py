# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service and enterprise parameters there are: type, range and default by release.

The labels and ranges of the Presence Engine's parameters are those of Cisco's guides; their internal names are
published nowhere and are this project's assumption. The other services have a few parameters each, so that reading
and changing any other parameter has something to work on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imp_emulator.catalogue.services import PRESENCE_ENGINE, RECOVERY_MANAGER, SIP_PROXY
from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.model import ClusterSpec

ENTERPRISE_NODE = "EnterpriseWideData"
"""The process node that cluster-wide values belong to."""

ENTERPRISE_SERVICE = "Enterprise Wide"
"""The service that enterprise parameters belong to."""

CRITICAL_SERVICE_DELAY = "CriticalServiceDelay"
"""Critical Service Delay: how many seconds a critical service can be down before its node fails over."""
AUTOMATIC_FALLBACK = "EnableAutomaticFallback"
"""Enable Automatic Fallback: whether users go back by themselves."""
INITIALIZATION_TIMEOUT = "InitializationKeepAliveTimeout"
"""Initialization Keep Alive (Heartbeat) Timeout: how many seconds a node that begins waits for its peer."""
KEEP_ALIVE_TIMEOUT = "KeepAliveTimeout"
"""Keep Alive (Heartbeat) Timeout: how many seconds a node's heartbeat can be lost before it fails over."""
KEEP_ALIVE_INTERVAL = "KeepAliveInterval"
"""Keep Alive (Heartbeat) Interval: seconds between the messages of a node to its peer."""

CLUSTER_WIDE = "cluster"
LONGEST = 65_535
"""How many characters the value of a parameter has at most of which nothing is known."""
LONG, STRING, BOOLEAN = "long", "string", "boolean"


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A parameter.

    Attributes:
        service: The service that it belongs to.
        kind: ``long``, ``string`` or ``boolean`` (T or F).
        default: Gives the default for a release.
        low: The smallest number allowed, by release; only for ``long``.
        high: The largest number allowed, or the longest text.
        choices: The only values allowed; empty when any is.
        scope: ``cluster`` for one value in the whole cluster, else the role of the nodes that each have their own.
        requirement: The requirement that it serves, for example P1; empty for the others.
    """

    service: str
    name: str
    kind: str
    default: Callable[[float], str]
    low: Callable[[float], int]
    high: int
    choices: tuple[str, ...] = ()
    scope: str = CLUSTER_WIDE
    requirement: str = ""

    def accepts(self, value: str, release: float) -> bool:
        """Tell whether a value, as it stands on the wire, obeys type and range."""
        if self.choices:
            return value in self.choices
        if self.kind == LONG:
            digits = value.removeprefix("-")
            return digits.isascii() and digits.isdigit() and self.low(release) <= int(value) <= self.high
        return len(value) <= self.high

    def rule(self, release: float) -> str:
        """Say in words which values are allowed."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind == LONG:
            return f"a whole number from {self.low(release)} to {self.high}"
        return f"a text of at most {self.high} characters"


def _always(value: str) -> Callable[[float], str]:
    return lambda _release: value


def _number(
    service: str, name: str, limits: tuple[int, int], default: int, requirement: str = "", scope: str = CLUSTER_WIDE
) -> ParameterSpec:
    low, high = limits
    return ParameterSpec(
        service, name, LONG, _always(str(default)), lambda _release: low, high, scope=scope, requirement=requirement
    )


def _choice(
    service: str,
    name: str,
    choices: tuple[str, ...],
    default: Callable[[float], str],
    requirement: str = "",
    scope: str = CLUSTER_WIDE,
) -> ParameterSpec:
    kind = BOOLEAN if choices == ("T", "F") else LONG
    return ParameterSpec(service, name, kind, default, lambda _release: 0, 0, choices, scope, requirement)


def _text(service: str, name: str, default: str, longest: int = 255) -> ParameterSpec:
    return ParameterSpec(service, name, STRING, _always(default), lambda _release: 0, longest)


_TRUE_FALSE = ("T", "F")

PARAMETERS: tuple[ParameterSpec, ...] = (
    # Releases before 14 give no lower bound but 1; the guides of later ones say 10.
    ParameterSpec(
        PRESENCE_ENGINE,
        "EWSStatusFrequency",
        LONG,
        _always("60"),
        lambda release: 10 if release >= 14 else 1,
        1440,
        requirement="P1",
    ),
    _number(PRESENCE_ENGINE, "ExchangeNotificationPort", (1024, 65535), 50020, "P2"),
    _number(PRESENCE_ENGINE, "CalendarSpread", (0, 59), 50, "P3"),
    _number(PRESENCE_ENGINE, "ExchangeTimeout", (1, 20), 3, "P4"),
    _number(PRESENCE_ENGINE, "ExchangeQueue", (1, 5000), 2200, "P4"),
    _number(PRESENCE_ENGINE, "ExchangeThreads", (1, 100), 60, "P4"),
    # 1 = display; the guide of release 15 gives the opposite default of the earlier ones.
    _choice(PRESENCE_ENGINE, "CalendarOutOfOffice", ("0", "1"), lambda release: "0" if release >= 15 else "1", "P5"),
    # 0 = Auto, 1 = Basic Only.
    _choice(PRESENCE_ENGINE, "FIPSModeExchangeServerAuthentication", ("0", "1"), _always("0")),
    # Minutes. The guides give the default and the smallest value; the largest, a day, is this project's assumption.
    _number(PRESENCE_ENGINE, "Office365CalendarInformationPullInterval", (10, 1440), 60),
    _choice(ENTERPRISE_SERVICE, "EnableIPV6", _TRUE_FALSE, _always("F"), "G7"),
    # 0 = not secure, 1 = mixed.
    _choice(ENTERPRISE_SERVICE, "ClusterSecurityMode", ("0", "1"), _always("0")),
    _text(ENTERPRISE_SERVICE, "ClusterID", "StandAloneCluster", 50),
    _text(ENTERPRISE_SERVICE, "OrganizationDomain", ""),
    _text(ENTERPRISE_SERVICE, "ClusterName", ""),
    _choice(ENTERPRISE_SERVICE, "CCMAdminEnableDependencyRecords", _TRUE_FALSE, _always("F")),
    _number(ENTERPRISE_SERVICE, "MaxNumberOfDeviceLevelTrace", (0, 256), 12),
    _number(SIP_PROXY, "SIPTransactionTimeout", (100, 100_000), 20_000),
    _choice(SIP_PROXY, "EnableServerKeepalive", _TRUE_FALSE, _always("T")),
    # Labels, defaults and units (seconds) are those of Cisco's guide, the ranges are this project's assumption.
    _number(RECOVERY_MANAGER, CRITICAL_SERVICE_DELAY, (1, 3600), 90),
    _choice(RECOVERY_MANAGER, AUTOMATIC_FALLBACK, _TRUE_FALSE, _always("F")),
    _number(RECOVERY_MANAGER, INITIALIZATION_TIMEOUT, (1, 3600), 120),
    _number(RECOVERY_MANAGER, KEEP_ALIVE_TIMEOUT, (1, 3600), 60),
    _number(RECOVERY_MANAGER, KEEP_ALIVE_INTERVAL, (1, 3600), 15),
    _number(RECOVERY_MANAGER, "ServicePort", (1024, 65535), 22001),
    _number(RECOVERY_MANAGER, "AdminRPCPort", (1024, 65535), 20075),
    _number(RECOVERY_MANAGER, "ClientReLoginLowerLimit", (0, 3600), 120, scope="imp"),
    _number(RECOVERY_MANAGER, "ClientReLoginUpperLimit", (0, 3600), 537, scope="imp"),
    # Cisco's sample sets it on one node after the other.
    _choice("Cisco CallManager", "CdrEnabled", _TRUE_FALSE, _always("F"), scope="cucm"),
    _number("Cisco CallManager", "T302Timer", (3_000, 100_000), 15_000),
    _number("Cisco CallManager", "StationKeepaliveInterval", (10, 1_000), 30, scope="cucm"),
    _number("Cisco CallManager", "MaximumNumberOfRegisteredDevices", (0, 20_000), 5_000, scope="cucm"),
    _number("Cisco Tftp", "MaxServingCount", (1, 5_000), 2_500, scope="cucm"),
    _number("Cisco RIS Data Collector", "DataCollectionPollingRate", (15, 86_400), 30),
)
"""Every parameter that the emulated clusters have."""

_BY_KEY = {(ascii_lower(spec.service), ascii_lower(spec.name)): spec for spec in PARAMETERS}


def spec(service: str, name: str) -> ParameterSpec | None:
    """Return a parameter by service and name in any letter case, or ``None``."""
    return _BY_KEY.get((ascii_lower(service), ascii_lower(name)))


def unknown(service: str, name: str, value: str) -> ParameterSpec:
    """Return what is known of a parameter of a scenario that is in no catalogue: its value, which any text may be.

    Nobody knows its default, so that it keeps its value.
    """
    return _text(service, name, value, LONGEST)


def node_names(parameter: ParameterSpec, cluster: ClusterSpec) -> list[str]:
    """Return the process nodes of a cluster that hold a value of the parameter."""
    if parameter.scope == CLUSTER_WIDE:
        return [ENTERPRISE_NODE]
    return [node.name for node in cluster.nodes if node.role == parameter.scope]
