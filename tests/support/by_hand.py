# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in a state that nobody has written down, with all that is hard to write."""

from __future__ import annotations

from typing import Any

from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, run_module
from tests.support.office_365 import CLIENT_ID, OUTLOOK, TENANT_ID

DESCRIPTION = "He said: \"{{ 7 * 7 }}\" {% raw %} '#1' \\ grün ☃ 😀"
GATEWAYS: list[dict[str, Any]] = [
    {"name": "mail1.example.com", "description": DESCRIPTION},
    {"name": "2001:db8::22", "description": ""},
    {"name": "mail2.example.com", "description": "- yes", "port": 444},
]
PROXY = {"proxy_url": "http://proxy.example.com:3128", "proxy_username": "imp", "proxy_password": "secret-of-the-proxy"}
CLIENT_SECRET = "secret-of-the-client"
ODD_AUTHORITY = issue('Odd: "{{ 1 + 1 }}",\n# grün', ca=True)


def do(emulator: Emulator, module: str, kind: str, **options: Any) -> ModuleResult:
    result = run_module(module, {**connection(emulator, kind), **options})
    assert not result.failed, result.msg
    return result


def configure_by_hand(emulator: Emulator) -> None:
    """Bring the cluster into a state that nobody has written down, with all that makes a file hard to write."""
    account = emulator.ready["exchange_account"]
    chain = emulator.ready["exchange"]["mail1.example.com"]["chain_file"]
    do(
        emulator,
        "trust_certificates",
        "platform",
        nodes=nodes(emulator, 443),
        certificates=[{"path": chain}, {"content": ODD_AUTHORITY.pem}, {"path": emulator.ca_file}],
    )
    do(
        emulator,
        "service_parameters",
        "cucm",
        parameters=[{"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}],
    )
    for number, node in enumerate(("imp-pub", "imp-sub"), start=1):
        with emulator.client("imp-pub") as client:
            client.put(f"/imp-admin/v1/nodes/{node}/ipv6", json={"address": f"2001:db8::{number}"}).raise_for_status()
    do(
        emulator,
        "presence_gateways",
        "imp",
        gateways=GATEWAYS,
        account=account["username"],
        account_password=account["password"],
    )
    online = {"name": OUTLOOK, "type": "office_365", "client_id": CLIENT_ID, "tenant_id": TENANT_ID, **PROXY}
    do(emulator, "presence_gateways", "imp", gateways=[{**online, "client_secret": CLIENT_SECRET}])
    configure_users_and_parameters(emulator)


def configure_users_and_parameters(emulator: Emulator) -> None:
    """Enable some users, change some parameters, and have the engines load all of it."""
    users = [{"userid": f"user{number:04}", "meeting_information": number % 3 == 0} for number in range(1, 100)]
    do(emulator, "calendar_users", "cucm", users=users)
    do(
        emulator,
        "calendaring_parameters",
        "cucm",
        exchange_timeout=5,
        calendar_spread="7",
        out_of_office_information="do_not_display",
    )
    do(
        emulator,
        "services",
        "imp",
        nodes=nodes(emulator, 8443),
        services=["Cisco Presence Engine", "Cisco SIP Proxy", "Cisco XCP Router"],
        state="restarted",
        only_if_required=True,
    )
