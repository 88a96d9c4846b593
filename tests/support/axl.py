# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL messages as a client writes them, sent over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from lxml import etree

from tests.support.emulator import Emulator

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE = "http://www.cisco.com/AXL/API/"
GATEWAY = {"type": "Exchange -- EWS Server", "name": "mail1.example.com", "description": "", "port": 443}

_SHOWN = 500


def message(operation: str, content: str = "", version: str = "14.0", sequence: int | None = None) -> bytes:
    """Write a request; ``content`` is the markup inside the operation's element."""
    attribute = "" if sequence is None else f' sequence="{sequence}"'
    return (
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:ns="{NAMESPACE}{version}"><soapenv:Header/><soapenv:Body>'
        f"<ns:{operation}{attribute}>{content}</ns:{operation}></soapenv:Body></soapenv:Envelope>"
    ).encode()


@dataclass(frozen=True, slots=True)
class Fault:
    """An AXL fault as a client reads it."""

    code: str
    axlcode: int
    message: str
    request: str


class Answer:
    """An answer: its status, the element in its body, and shortcuts into it."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.text = body.decode()
        self.headers: Mapping[str, str] = headers or {}
        self.element: Any = etree.fromstring(body)[0][0] if body.startswith(b"<?xml") else None

    @property
    def returned(self) -> Any:
        """The ``return`` element of a success."""
        assert self.status == 200, self.text[:_SHOWN]
        return self.element.find("return")

    def done(self) -> str:
        """Insist on a success and return the text of ``return``, which of a change is a UUID."""
        return str(self.returned.text)

    def values(self, path: str) -> list[str]:
        """Return the texts of the elements at a path below ``return``."""
        return [element.text or "" for element in self.returned.findall(path)]

    @property
    def fault(self) -> Fault:
        """The fault of a failure."""
        assert self.status == 500, f"{self.status} {self.text[:_SHOWN]}"
        error = self.element.find("detail/axlError")
        assert self.element.findtext("faultstring") == error.findtext("axlmessage")
        return Fault(
            self.element.findtext("faultcode"),
            int(error.findtext("axlcode")),
            error.findtext("axlmessage"),
            error.findtext("request"),
        )


class OverTheWire:
    """Asks a running emulator with one keep-alive session."""

    def __init__(self, emulator: Emulator, node: str = "cucm-pub", account: str = "application") -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = emulator.ca_file
        self.session.auth = emulator.account(account)
        self.url = f"{emulator.url(node)}/axl/"

    def post(self, body: bytes, **headers: str) -> requests.Response:
        """Send a body."""
        known = {"Content-Type": "text/xml; charset=utf-8"} | headers
        return self.session.post(self.url, data=body, headers=known, timeout=30)

    def ask(self, operation: str, content: str = "", version: str = "14.0", sequence: int | None = None) -> Answer:
        """Send a request with the right SOAPAction."""
        action = f'"CUCM:DB ver={version} {operation}"'
        response = self.post(message(operation, content, version, sequence), SOAPAction=action)
        return Answer(response.status_code, response.content, response.headers)


def add_gateway(emulator: Emulator) -> None:
    """Configure a presence gateway, without which nobody may have meeting information (requirement U3)."""
    with emulator.client("imp-pub") as client:
        body = GATEWAY | {"account": "EXAMPLE\\svc-imp", "password": "correct-horse-battery"}
        assert client.post("/imp-admin/v1/presence-gateways", json=body).status_code == 201


def activate_imp_axl(emulator: Emulator) -> None:
    """Activate and so start the service "Cisco AXL Web Service" of the IM and Presence publisher."""
    body = (
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:soap="http://schemas.cisco.com/ast/soap"><soapenv:Body>'
        "<soap:soapDoServiceDeployment><soap:DeploymentServiceRequest><soap:NodeName>imp-pub</soap:NodeName>"
        "<soap:DeployType>Deploy</soap:DeployType><soap:ServiceList><soap:item>Cisco AXL Web Service</soap:item>"
        "</soap:ServiceList></soap:DeploymentServiceRequest></soap:soapDoServiceDeployment>"
        "</soapenv:Body></soapenv:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": "soapDoServiceDeployment"}
    with emulator.client("imp-pub") as client:
        path = "/controlcenterservice2/services/ControlCenterServices"
        assert client.post(path, content=body, headers=headers).status_code == 200
