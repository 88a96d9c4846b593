# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ControlCenterServices against zeep, which public clients and Cisco's samples work with, from our own description."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import zeep
import zeep.exceptions
import zeep.transports

from tests.support.emulator import Emulator

PATH = "/controlcenterservice2/services/ControlCenterServices"
BINDING = "{http://schemas.cisco.com/ast/soap}ControlCenterServicesBinding"
ENGINE = "Cisco Presence Engine"


class Clients:
    """Clients of the nodes, all made from the description that one of them serves."""

    def __init__(self, emulator: Emulator, strict: bool) -> None:
        self._emulator = emulator
        self.session = requests.Session()
        self.session.auth = emulator.account()
        self.session.verify = emulator.ca_file
        client: Any = zeep.Client
        transport: Any = zeep.transports.Transport
        self._client = client(
            f"{self.url('cucm-pub')}?wsdl",
            transport=transport(session=self.session, timeout=10),
            settings=zeep.Settings(strict=strict, xml_huge_tree=True),
        )

    def url(self, node: str) -> str:
        return f"https://localhost:{self._emulator.port(node)}{PATH}"

    def of(self, node: str) -> Any:
        return self._client.create_service(BINDING, self.url(node))

    @property
    def described(self) -> Any:
        """The service at the address that the description gives."""
        return self._client.service


@pytest.fixture(name="patched", scope="module")
def patched_fixture(emulator: Emulator) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # requests prefers these to what a session says.
        patch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
        patch.setenv("CURL_CA_BUNDLE", emulator.ca_file)
        yield


@pytest.fixture(name="clients")
def clients_fixture(environment: Emulator, patched: None) -> Clients:
    return Clients(environment, strict=True)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lax"])
def test_all_five_operations(environment: Emulator, patched: None, strict: bool) -> None:
    clients = Clients(environment, strict)
    node = clients.of("imp-pub")
    products = node.getProductInformationList("")
    assert [item.ShortName for item in products.Products.item] == ["CUP"]
    assert products.ActiveServerVersion == products.Products.item[0].ProductVersion
    static = {item.ServiceName: item for item in node.soapGetStaticServiceList("").item}
    assert (static[ENGINE].GroupName, static[ENGINE].Deployable) == ("IM and Presence Services", True)
    assert static[ENGINE].DependentServices.Service == ["A Cisco DB"]
    assert {item.ServiceName for item in products.Services.item} == set(static)
    for asked, expected in (("", set(static)), ([ENGINE, "Cisco SIP Proxy"], {ENGINE, "Cisco SIP Proxy"})):
        found = node.soapGetServiceStatus(asked)
        assert {item.ServiceName for item in found.ServiceInfoList.item} == expected
        assert found.ReturnCode._value_1 == "0"
    (item,) = node.soapGetServiceStatus(ENGINE).ServiceInfoList.item
    assert (item.ServiceStatus, item.ReasonCode) == ("Started", -1)
    assert item.UpTime >= 0
    request = {"NodeName": "imp-pub", "DeployType": "UnDeploy", "ServiceList": {"item": [ENGINE]}}
    (item,) = node.soapDoServiceDeployment(request).ServiceInfoList.item
    assert (item.ServiceStatus, item.ReasonCode) == ("Stopped", -1068)
    (item,) = clients.of("imp-sub").soapGetServiceStatus(ENGINE).ServiceInfoList.item
    assert item.ServiceStatus == "Started"


def test_cisco_s_sample_restarts_two_services_and_waits_for_them(environment: Emulator, patched: None) -> None:
    """The sample names no node and polls with the names that have not started yet; its pause is left out here."""
    environment.control.transitions("polls", 4)
    service = Clients(environment, strict=False).of("cucm-pub")
    waiting = ["Cisco CDR Agent", "Cisco DRF Local"]
    command = {"ControlType": "Restart", "ServiceList": {"item": waiting}}
    answered = service.soapDoControlServices(command)
    assert [item.ServiceStatus for item in answered.ServiceInfoList.item] == ["Stopping", "Stopping"]
    seen = set()
    deadline = time.monotonic() + 10
    while waiting and time.monotonic() < deadline:
        for item in service.soapGetServiceStatus(waiting).ServiceInfoList.item:
            seen.add(item.ServiceStatus)
            if item.ServiceStatus == "Started":
                waiting.remove(item.ServiceName)
    assert not waiting
    assert {"Stopping", "Starting", "Started"} <= seen


def test_the_described_address_leads_back_to_the_listener(clients: Clients, environment: Emulator) -> None:
    environment.control.clear_journal()
    assert (
        clients.described.soapGetServiceStatus("Cisco CallManager").ServiceInfoList.item[0].ServiceStatus == "Started"
    )
    assert [entry["node"] for entry in environment.journal(operation="soapGetServiceStatus")] == ["cucm-pub"]


def test_a_refusal_is_a_fault_that_zeep_shows(clients: Clients) -> None:
    clients.of("imp-pub").soapGetServiceStatus(ENGINE)
    request = {"NodeName": "imp-pub", "ControlType": "Explode", "ServiceList": {"item": [ENGINE]}}
    with pytest.raises(zeep.exceptions.Fault, match="ControlType must be one of Start, Stop, Restart"):
        clients.of("imp-pub").soapDoControlServices(request)


def test_a_session_stands_for_the_password(clients: Clients, environment: Emulator) -> None:
    clients.of("imp-pub").soapGetServiceStatus(ENGINE)
    cookies = clients.session.cookies
    assert {"JSESSIONIDSSO", "JSESSIONID"} <= set(cookies.keys())
    alone = requests.Session()
    alone.cookies = cookies
    answer = alone.get(f"{clients.url('imp-pub')}?wsdl", timeout=10)
    # The cookie of the node that was asked last; that of another node is a stranger's there.
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert alone.get(f"{clients.url('imp-sub')}?wsdl", timeout=10).status_code == 401
    assert requests.get(f"{clients.url('imp-pub')}?wsdl", timeout=10).status_code == 401
