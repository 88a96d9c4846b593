# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the tenant of Exchange Online out of a scenario file."""

from __future__ import annotations

from imp_emulator.scenario import names
from imp_emulator.scenario.model import (
    EWS_ON,
    EWS_STATES,
    ONLINE_HOSTS,
    ONLINE_PERMISSIONS,
    AccountSpec,
    OnlineSpec,
    ScenarioError,
)
from imp_emulator.scenario.reader import VARIABLE, Pattern, Section, unique

_LABEL = Pattern(r"[a-z][a-z0-9_-]{0,31}", "a label of 1 to 32 lower-case letters, digits, - and _ after a letter")
_DOMAIN = Pattern(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", "a domain name with a dot, in lower case")


def tenant(section: Section) -> OnlineSpec:
    """Read the tenant.

    Raises:
        ScenarioError: It breaks a rule.
    """
    addresses = section.section("addresses")
    applications = tuple(_application(one) for one in section.sections("applications"))
    unique(section.at("applications"), (application.label for application in applications))
    unique(section.at("applications"), (application.username for application in applications))
    found = OnlineSpec(
        tenant_id=section.converted("tenant_id", names.lower_uuid, "a UUID"),
        tenant_domain=section.text("tenant_domain", _DOMAIN),
        applications=applications,
        addresses=tuple(addresses.converted(host, names.ipv4, "an IPv4 address") for host in ONLINE_HOSTS),
        ews=section.switch("ews", EWS_STATES, EWS_ON),
        ews_allow_list=section.texts("ews_allow_list", str, "text", []),
        requests_per_mailbox=section.number("requests_per_mailbox", 1, 1_000_000, 10_000),
    )
    addresses.end()
    section.end()
    known = [application.label for application in applications]
    for number, label in enumerate(found.ews_allow_list):
        if label not in known:
            at = f"{section.at('ews_allow_list')}[{number}]"
            raise ScenarioError(at, f"must be the label of an application, not {label!r}")
    return found


def _application(section: Section) -> AccountSpec:
    rule = f"one of {', '.join(ONLINE_PERMISSIONS)}"
    application = AccountSpec(
        label=section.text("label", _LABEL),
        kind="online",
        username=section.converted("client_id", names.lower_uuid, "a UUID"),
        roles=section.texts("permissions", _permission, rule, []),
        password_env=section.text("secret_env", VARIABLE, None),
    )
    section.end()
    return application


def _permission(text: str) -> str:
    if text not in ONLINE_PERMISSIONS:
        raise ValueError(text)
    return text
