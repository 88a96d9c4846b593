# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API for tests: a client, the bodies it sends, and what a problem looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.support.emulator import Emulator

BASE = "/imp-admin/v1"
EWS = "Exchange -- EWS Server"
ACCOUNT, PASSWORD = r"EXAMPLE\svc-imp", "canary-of-the-gateway-account"
ENGINE, PROXY = "Cisco Presence Engine", "Cisco SIP Proxy"


def body(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": EWS, "name": name, **fields}


FIRST = body("mail1.example.com", account=ACCOUNT, password=PASSWORD)


class Api:
    """The API of one node, called by the application account unless told otherwise."""

    def __init__(self, emulator: Emulator, node: str = "imp-pub", account: str | None = "application") -> None:
        self.client = emulator.client(node, account=account)

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, BASE + path, **options)

    def add(self, gateway: dict[str, Any]) -> httpx.Response:
        response = self("POST", "/presence-gateways", json=gateway)
        assert response.status_code == 201, response.text
        return response

    def put(self, gateway: httpx.Response, replacement: dict[str, Any]) -> httpx.Response:
        headers = {"If-Match": gateway.headers["etag"]}
        return self("PUT", f"/presence-gateways/{gateway.json()['id']}", json=replacement, headers=headers)

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        response = self("GET", path, params=query)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["items"]
        return found


def assert_problem(response: httpx.Response, status: int, code: str, field: str | None = None) -> str:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem = response.json()
    assert (problem["status"], problem["code"], problem.get("field")) == (status, code, field)
    assert {"type", "title", "detail"} <= set(problem)
    return str(problem["detail"])


def pending(api: Api) -> set[tuple[str, str]]:
    return {(found["node"], found["service"]) for found in api.items("/restart-notifications")}


def restart(emulator: Emulator, node: str, *services: str, what: str = "Restart") -> None:
    """Restart services of a node, or ``Start`` or ``Stop`` them."""
    items = "".join(f"<s:item>{service}</s:item>" for service in services)
    message = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="http://schemas.cisco.com/ast/soap">'
        f"<e:Body><s:soapDoControlServices><s:ControlServiceRequest><s:NodeName/><s:ControlType>{what}</s:ControlType>"
        f"<s:ServiceList>{items}</s:ServiceList></s:ControlServiceRequest></s:soapDoControlServices></e:Body></e:Envelope>"
    )
    with emulator.client(node) as client:
        assert client.post("/controlcenterservice2/services/ControlCenterServices", content=message).status_code == 200


def trust_exchange(emulator: Emulator, node: str) -> None:
    chain = Path(emulator.ready["exchange"]["mail1.example.com"]["chain_file"]).read_text(encoding="ascii")
    with emulator.client(node, 443, "os") as client:
        path = "/platformcom/api/v1/certmgr/config/trust/certificates"
        assert client.post(path, json={"service": ["cup"], "certificates": [chain]}).status_code == 201


def gateway_verdicts(emulator: Emulator, node: str = "imp-pub") -> list[str]:
    """Return what a node finds about the certificate of each gateway, ``Verified`` or why it is not."""
    found = [item["verification"] for item in Api(emulator, node).items("/presence-gateways/status")]
    return [verdict.removeprefix("SSL Connection/Certificate Verification - ") for verdict in found]
