# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of every module that is right, or nearly, for tests that spoil one thing about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.connections import ca_connection, connection
from tests.support.emulator import Emulator
from tests.support.exchange import exchange_connection
from tests.support.signing_requests import pem, signing_request

Options = dict[str, Any]


def _preflight(emulator: Emulator) -> Options:
    return {**connection(emulator, "cucm"), "imp": connection(emulator, "imp")}


def _account(emulator: Emulator) -> Options:
    account = emulator.ready["exchange_account"]
    return {"account": account["username"], "account_password": account["password"]}


def _connected(emulator: Emulator) -> Options:
    """Return what a module needs that has no options of its own."""
    return connection(emulator, "imp")


CALLS: dict[str, Callable[[Emulator], Options]] = {
    "adcs_ca_info": ca_connection,
    "adcs_certificate": lambda it: {
        **ca_connection(it),
        "csr": pem(signing_request("mail1.example.com")),
        "path": "x.cer",
        "wait": False,
    },
    "adcs_request": lambda it: {**ca_connection(it), "request_ids": [1]},
    "bulk_jobs": lambda it: {
        **connection(it, "cucm"),
        "jobs": [
            {
                "name": "all",
                "transaction": "update_users_query",
                "query": {"userid": "user0001"},
                "set": {"im_and_presence": True},
            }
        ],
    },
    "bulk_jobs_info": lambda it: connection(it, "cucm"),
    "calendar_users": lambda it: {**connection(it, "cucm"), "query": {"userid": "user0001"}},
    "calendar_users_info": lambda it: {**connection(it, "cucm"), "query": {"userid": "user0001"}},
    "calendaring_parameters": lambda it: connection(it, "cucm"),
    "calendaring_parameters_info": lambda it: connection(it, "cucm"),
    "certificate_import": lambda it: {**connection(it, "imp"), "peers": [{"name": "mail1.example.com"}]},
    "cluster_info": lambda it: connection(it, "cucm"),
    "exchange_certificate": lambda it: {
        **exchange_connection(it),
        "common_name": "mail1.example.com",
        "state": "requested",
    },
    "exchange_impersonation": lambda it: {**exchange_connection(it), "account": "nobody"},
    "preflight_info": _preflight,
    "presence": lambda it: {
        **connection(it, "pws"),
        "users": [{"userid": "user0001", "presence": "away"}],
        "domain": "example.com",
        "wait_timeout": 0,
    },
    "presence_gateways": lambda it: {
        **connection(it, "imp"),
        "gateways": [{"name": "mail1.example.com"}],
        **_account(it),
    },
    "presence_gateways_info": lambda it: {**connection(it, "imp"), "status": False},
    "presence_info": lambda it: {**connection(it, "imp"), "users": ["user0001"]},
    "service_parameters": lambda it: {
        **connection(it, "cucm"),
        "parameters": [{"service": "Cisco Presence Engine", "name": "ExchangeQueue", "value": "1"}],
    },
    "service_parameters_info": lambda it: {**connection(it, "cucm"), "parameters": [{"service": "Cisco SIP Proxy"}]},
    "services": lambda it: {**connection(it, "imp"), "services": ["Cisco SIP Proxy"]},
    "services_info": lambda it: connection(it, "imp"),
    "trust_certificates": lambda it: {**connection(it, "platform"), "certificates": [{"path": it.ca_file}]},
    "trust_certificates_info": lambda it: connection(it, "platform"),
    "twin_info": _preflight,
}
"""Options of each module that are right, or nearly."""


def call_of(module: str) -> Callable[[Emulator], Options]:
    """Return what makes the options of a module; only the connection for one that is not listed."""
    return CALLS.get(module, _connected)
