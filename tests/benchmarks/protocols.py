# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests per second of the emulator, protocol by protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.benchmarks.keepalive import Target, requests_per_second
from tests.benchmarks.table import Measurement, show

COUNT = 4000
CONNECTIONS = 4
SOAP = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>'


def axl(target: Target, operation: str, content: str) -> bytes:
    """Return a request of AXL as a client sends it over a connection that stays."""
    message = f'<ns:{operation} xmlns:ns="http://www.cisco.com/AXL/API/14.0">{content}</ns:{operation}>'
    headers = ("Content-Type: text/xml", f'SOAPAction: "CUCM:DB ver=14.0 {operation}"')
    return target.request("POST", "/axl/", SOAP.format(message), headers)


def _update_user(target: Target) -> Callable[[int], bytes]:
    """Updates that really change a row each time: the department alternates from round to round."""
    return lambda n: axl(
        target,
        "updateUser",
        f"<userid>user{n % 1000 + 1:04d}</userid><department>round{n // 1000}</department>",
    )


def _get_user(target: Target) -> Callable[[int], bytes]:
    return lambda n: axl(
        target, "getUser", f"<userid>user{n % 1000 + 1:04d}</userid><returnedTags><userid/><department/></returnedTags>"
    )


def _service_status(target: Target) -> Callable[[int], bytes]:
    message = (
        '<soap:soapGetServiceStatus xmlns:soap="http://schemas.cisco.com/ast/soap">'
        "<soap:ServiceStatus>Cisco Presence Engine</soap:ServiceStatus></soap:soapGetServiceStatus>"
    )
    request = target.request(
        "POST",
        "/controlcenterservice2/services/ControlCenterServices",
        SOAP.format(message),
        ("Content-Type: text/xml", 'SOAPAction: "soapGetServiceStatus"'),
    )
    return lambda _: request


def _get(target: Target, path: str) -> Callable[[int], bytes]:
    request = target.request("GET", path)
    return lambda _: request


def measure(ready: dict[str, Any]) -> list[Measurement]:
    """Measure every protocol of the running emulator's cluster ``dc1``; the durable AXL update comes first."""
    cluster = ready["clusters"]["dc1"]

    def target(node: str, port: str, account: str) -> Target:
        spec, login = cluster["nodes"][node], cluster["accounts"][account]
        return Target(spec["address"], spec["ports"][port], ready["ca_file"], login["username"], login["password"])

    cucm = target("cucm-pub", "8443", "application")
    imp = target("imp-pub", "8443", "application")
    platform = target("imp-pub", "443", "os")
    trust = "/platformcom/api/v1/certmgr/config/trust/certificate?service=cup"
    plan = [
        ("AXL updateUser, durable", cucm, _update_user(cucm)),
        ("AXL getUser", cucm, _get_user(cucm)),
        ("ControlCenter soapGetServiceStatus", imp, _service_status(imp)),
        ("certmgr trust list", platform, _get(platform, trust)),
        ("admin API gateway list", imp, _get(imp, "/imp-admin/v1/presence-gateways")),
    ]
    return [
        Measurement(name, requests_per_second(where, make, 200, COUNT, CONNECTIONS), "requests/s")
        for name, where, make in plan
    ]


def run(ready: dict[str, Any]) -> None:
    """Measure and print."""
    show("Requests per second, keep-alive, 4 connections", measure(ready))
