# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes whose name in the processnode table has a domain or is an address, and an Exchange server with IPv6 only."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE, Api, restart, trust_exchange

CUCM, PUBLISHER, SUBSCRIBER = "CUCM.example.com", "192.0.2.51", "2001:db8::52"
SCENARIO = f"""
format: 1
clusters:
  - name: dc1
    version: 14.0.1.13900-155
    domain: dc1.example.com
    nodes:
      - {{name: {CUCM}, role: cucm, usage: publisher, ipv4: 192.0.2.50}}
      - {{name: {PUBLISHER}, role: imp, usage: publisher, ipv4: 192.0.2.51}}
      - {{name: '{SUBSCRIBER}', role: imp, usage: subscriber, ipv4: 192.0.2.52, ipv6: '{SUBSCRIBER}'}}
    users: {{generated: {{count: 3, mail_domain: example.com}}}}
    presence_gateways: [mail1.example.com]
exchange:
  servers: [{{name: mail1.example.com, ipv6: '2001:db8::21'}}]
"""


@pytest.fixture(name="running", scope="module")
def running_fixture(imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("named")
    path = folder / "scenario.yml"
    path.write_text(SCENARIO, encoding="utf-8")
    emulator = imp_emulator_class(folder, "--scenario", str(path))
    yield emulator
    emulator.stop()


@pytest.fixture(name="named")
def named_fixture(running: Emulator) -> Emulator:
    running.control.reset()
    return running


def axl(emulator: Emulator, operation: str, content: str) -> str:
    message = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<n:{operation} xmlns:n="http://www.cisco.com/AXL/API/14.0">{content}</n:{operation}></e:Body></e:Envelope>'
    )
    with emulator.client(CUCM) as client:
        answer = client.post("/axl/", content=message, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_cluster_of_nodes_with_domains_and_addresses(named: Emulator) -> None:
    nodes = named.ready["clusters"]["dc1"]["nodes"]
    assert {name: node["fqdn"] for name, node in nodes.items()} == {
        CUCM: "cucm.example.com",
        PUBLISHER: "node-192-0-2-51.dc1.example.com",
        SUBSCRIBER: "node-20010db8000000000000000000000052.dc1.example.com",
    }
    found = axl(named, "executeSQLQuery", "<sql>select name from processnode where tkprocessnoderole &lt;&gt; 0</sql>")
    for name in nodes:
        assert f"<name>{name}</name>" in found
        assert f"<name>{name}</name>" in axl(named, "getProcessNode", f"<name>{name}</name>")
    # Each node's certificate holds its name, as a host name or as an address.
    for name, node in nodes.items():
        for host in (name, node["fqdn"]):
            place = (node["address"], node["ports"]["8443"])
            with (
                socket.create_connection(place, timeout=10) as plain,
                named.tls.wrap_socket(plain, server_hostname=host) as connection,
            ):
                assert connection.version()


def test_such_nodes_are_addressed_by_their_names(named: Emulator) -> None:
    for node in (PUBLISHER, SUBSCRIBER):
        named.control.occupy_port(node, 50020)
        restart(named, node, ENGINE)
        items = Api(named, node).items("/presence-topology")
        (services,) = [item["services"] for item in items if item["name"] == node]
        assert [service["status"] for service in services if service["name"] == ENGINE] == ["Stopped"]
        assert named.control.journal(node=node, operation="soapDoControlServices")


def test_a_gateway_whose_server_has_ipv6_only(named: Emulator) -> None:
    server = named.ready["exchange"]["mail1.example.com"]
    assert (server["ipv4"], server["ipv6"]) == (None, "2001:db8::21")
    for node in (PUBLISHER, SUBSCRIBER):
        trust_exchange(named, node)
        restart(named, node, ENGINE, "Cisco SIP Proxy")
        (item,) = Api(named, node).items("/presence-gateways/status")
        assert item["reachability"] == "Exchange Reachability (pingable)"
        assert item["verification"].endswith("- Verified")
