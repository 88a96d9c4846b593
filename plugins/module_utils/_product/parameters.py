# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The calendaring parameters of the Presence Engine: one line of a table each. Pure: no network, no ansible.

The same table feeds the argument spec, the range checks, the plan, the diff and the documentation test. The labels,
ranges and defaults are those of the administration page (requirements P1 to P5). The internal names are not
published; a cluster that uses others is told so with the option ``parameter_names``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower, find_name
from ansible_collections.ucops.imp.plugins.module_utils._product.ports import IM_AND_PRESENCE

PRESENCE_ENGINE = "Cisco Presence Engine"
SIP_PROXY = "Cisco SIP Proxy"
XCP_ROUTER = "Cisco XCP Router"

ENTERPRISE_NODE = "EnterpriseWideData"
"""The node name under which AXL keeps what holds for the whole cluster."""
ENTERPRISE_SERVICE = "Enterprise Wide"
"""The service name under which AXL keeps enterprise parameters."""

LONGEST_SPREAD = 59
"""Seconds; with a minute or more, meetings would seem to start and end at the wrong time (requirement P3)."""

AUTO = "auto"
"""The value of ``calendar_spread`` that asks for the recommendation."""


@dataclass(frozen=True)
class ParameterPath:
    """Where a parameter is: its service, its process node (or ``EnterpriseWideData``) and its internal name."""

    service: str
    node: str
    name: str

    def __str__(self) -> str:
        return f"{self.node}/{self.service}/{self.name}"


@dataclass(frozen=True)
class Parameter:
    """One calendaring parameter.

    Attributes:
        requirement: the id in the project's table of requirements; empty for one that the guide does not name.
        option: the module's option, which is also the parameter's id in results.
        label: what the administration page calls it.
        name: the assumed internal name.
        allowed: a range of whole numbers, or the option's words with the value that each has on the wire.
        default: the product's default, as the option writes it.
        newer_default: the major release from which on the default is another, and that one.
        caution: whether Cisco advises against changing it (requirement P4).
        taken: numbers of the range that cannot be chosen, with what has them.
    """

    requirement: str
    option: str
    label: str
    name: str
    allowed: range | Mapping[str, str]
    default: int | str
    newer_default: tuple[int, int | str] | None = None
    caution: bool = False
    taken: Mapping[int, str] = field(default_factory=dict)

    def default_in(self, release: int) -> int | str:
        """Return the product's default in a major release."""
        if self.newer_default is not None and release >= self.newer_default[0]:
            return self.newer_default[1]
        return self.default

    @property
    def spec(self) -> dict[str, Any]:
        """The argument spec; ranges are checked by :func:`problem`, whose message names the rule."""
        if isinstance(self.allowed, range):
            return {"type": "int"}
        return {"type": "str", "choices": list(self.allowed)}

    def encode(self, value: int | str) -> str:
        """Return the value on the wire of a checked option value."""
        return str(value) if isinstance(self.allowed, range) else self.allowed[str(value)]

    def decode(self, wire: str) -> int | str:
        """Return the option value of a value on the wire; one that is not in the table stays as it is."""
        if isinstance(self.allowed, range):
            return int(wire) if wire.strip().lstrip("-").isdecimal() else wire
        return next((word for word, coded in self.allowed.items() if coded == wire), wire)


CALENDARING = (
    Parameter("P1", "ews_status_frequency", "EWS Status Frequency", "EWSStatusFrequency", range(1, 1441), 60),
    Parameter(
        "P2",
        "exchange_notification_port",
        "Microsoft Exchange Notification Port",
        "ExchangeNotificationPort",
        range(1024, 65536),
        50020,
        taken=IM_AND_PRESENCE,
    ),
    Parameter("P3", "calendar_spread", "Calendar Spread", "CalendarSpread", range(LONGEST_SPREAD + 1), 50),
    Parameter("P4", "exchange_timeout", "Exchange Timeout", "ExchangeTimeout", range(1, 21), 3, caution=True),
    Parameter("P4", "exchange_queue", "Exchange Queue", "ExchangeQueue", range(1, 5001), 2200, caution=True),
    Parameter("P4", "exchange_threads", "Exchange Threads", "ExchangeThreads", range(1, 101), 60, caution=True),
    Parameter(
        "P5",
        "out_of_office_information",
        "Calendar Out of Office Information",
        "CalendarOutOfOffice",
        {"display": "1", "do_not_display": "0"},
        "display",
        newer_default=(15, "do_not_display"),
    ),
    Parameter(
        "",
        "fips_mode_authentication",
        "FIPS Mode Exchange Server Authentication",
        "FIPSModeExchangeServerAuthentication",
        {"auto": "0", "basic_only": "1"},
        "auto",
    ),
    Parameter(
        "O1",
        "office_365_pull_interval",
        "Office 365 Calendar Information Pull Interval",
        "Office365CalendarInformationPullInterval",
        range(10, 1441),
        60,
    ),
)
"""Every calendaring parameter. The guide of release 15 gives the opposite default of ``out_of_office_information``.

Of the pull interval, the guides give the default and the smallest value; that a day is the largest is assumed.
"""

BY_OPTION = {parameter.option: parameter for parameter in CALENDARING}

_ENTERPRISE_RESTARTS = {"EnableIPV6": (PRESENCE_ENGINE, SIP_PROXY, XCP_ROUTER)}


def problem(parameter: Parameter, value: int | str) -> str | None:
    """Return what is wrong with an option's value, naming option, value and rule; ``None`` when it is allowed."""
    allowed = parameter.allowed
    if value in parameter.taken:
        return (
            f"{parameter.option}: {value} is used by {parameter.taken[int(value)]} on every IM and Presence node, and "
            f"the Presence Engine does not start when its port is in use. Give one that nothing uses, for example "
            f"{parameter.default}, the product's default."
        )
    if not isinstance(allowed, range) or value in allowed:
        return None
    limits = f"{allowed.start} to {allowed.stop - 1}"
    return f"{parameter.option}: {value} is not in the range {limits} of {parameter.label}."


def calendaring_paths(names: Mapping[str, str]) -> dict[str, ParameterPath]:
    """Return where each calendaring parameter is, by option; ``names`` overrides internal names."""
    return {p.option: ParameterPath(PRESENCE_ENGINE, ENTERPRISE_NODE, names.get(p.option, p.name)) for p in CALENDARING}


def names_problems(names: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an option ``parameter_names``."""
    known = ", ".join(BY_OPTION)
    found = [f"parameter_names: {name} is not one of {known}." for name in names if name not in BY_OPTION]
    found += [
        f"parameter_names: {name} must be the name of a parameter, a text that is not empty."
        for name, value in names.items()
        if name in BY_OPTION and not (isinstance(value, str) and value.strip())
    ]
    return found


def parse_spread(value: str) -> int | str | None:
    """Return the number or :data:`AUTO` that a value of ``calendar_spread`` means; ``None`` for anything else."""
    word = value.strip().lower()
    if word == AUTO:
        return AUTO
    try:
        return int(word)
    except ValueError:
        return None


def recommended_spread(users: int) -> int:
    """Return the seconds over which to spread the notifications of so many users (requirement P3).

    The guide says: the maximum number of assigned users divided by 100, so 10 for 1,000 users. A fraction of a second
    is rounded up, and the result stays below the minute that would distort the start and end of meetings.
    """
    return min(ceil(users / 100), LONGEST_SPREAD)


def restarts(service: str, name: str) -> tuple[str, ...]:
    """Return the services that must restart before a changed parameter has effect, as far as the guide says so.

    A parameter of the Presence Engine needs that service (P1 to P5), IPv6 needs three (G7). Of others nothing is known
    here: many work at once, and naming a service would invite a restart that nobody needs.
    """
    if ascii_lower(service) == ascii_lower(PRESENCE_ENGINE):
        return (PRESENCE_ENGINE,)
    enterprise = ascii_lower(service) == ascii_lower(ENTERPRISE_SERVICE)
    return find_name(_ENTERPRISE_RESTARTS, name) or () if enterprise else ()
