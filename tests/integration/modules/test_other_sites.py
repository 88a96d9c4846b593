# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites unlike the default scenario: nodes called by full names and addresses, an old release, IPv6 only."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.emulator.test_control_center import status
from tests.integration.modules.test_inventory import plain
from tests.support import imp_admin
from tests.support.axl import OverTheWire
from tests.support.certificates import issue
from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, run_module
from tests.support.playbooks import settings
from tests.support.scenarios import write_scenario
from tests.support.signing_requests import pem, signing_request

CUCM, PUBLISHER, SUBSCRIBER = "CUCM.example.com", "192.0.2.51", "2001:db8::52"
ENGINE = "Cisco Presence Engine"
MAIL, AUTHORITY = "mail1.example.com", "ca.example.com"


def node(name: str, role: str, ipv4: str, usage: str = "publisher", **more: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "usage": usage, "ipv4": ipv4, **more}


def cluster(name: str, version: str, *members: dict[str, Any]) -> dict[str, Any]:
    users = {"generated": {"count": 3, "mail_domain": "example.com"}}
    return {"name": name, "version": version, "domain": f"{name}.example.com", "nodes": list(members), "users": users}


SCENARIO = {
    "format": 1,
    "clusters": [
        cluster(
            "dc1",
            "14.0.1.13900-155",
            node(CUCM, "cucm", "192.0.2.50"),
            node(PUBLISHER, "imp", PUBLISHER),
            node(SUBSCRIBER, "imp", "192.0.2.52", "subscriber", ipv6=SUBSCRIBER),
        ),
        cluster(
            "old",
            "12.5.1.11900-146",
            node("old-cucm", "cucm", "192.0.2.60"),
            node("old-cucm-2", "cucm", "192.0.2.61", "subscriber"),
            node("old-imp", "imp", "192.0.2.62"),
        ),
    ],
    "exchange": {"servers": [{"name": MAIL, "ipv6": "2001:db8::21"}]},
    "certification_authorities": [
        {
            "host": AUTHORITY,
            "common_name": "Example CA",
            "kind": "enterprise",
            "ipv6": "2001:db8::31",
            "templates": ["WebServer", "Signed"],
            "manager_approval": ["Signed"],
        }
    ],
}


@pytest.fixture(name="sites", scope="module")
def sites_fixture(imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("sites")
    emulator = imp_emulator_class(folder, "--scenario", str(write_scenario(folder, SCENARIO)))
    yield emulator
    emulator.stop()


@pytest.fixture(name="site")
def site_fixture(sites: Emulator) -> Emulator:
    sites.control.reset()
    return sites


def done(name: str, options: dict[str, Any], **how: Any) -> ModuleResult:
    result = run_module(name, options, **how)
    assert not result.failed, result.msg
    return result


def at(emulator: Emulator, kind: str) -> dict[str, Any]:
    """Return a module's connection options; the nodes of the first cluster have the names of a real one."""
    return connection(emulator, kind, node=CUCM if kind == "cucm" else PUBLISHER)


def both(emulator: Emulator, port: int) -> list[dict[str, Any]]:
    return nodes(emulator, port, PUBLISHER, SUBSCRIBER)


def test_a_cluster_of_nodes_with_domains_and_addresses(site: Emulator) -> None:
    members = site.ready["clusters"]["dc1"]["nodes"]
    assert {name: member["fqdn"] for name, member in members.items()} == {
        CUCM: "cucm.example.com",
        PUBLISHER: "node-192-0-2-51.dc1.example.com",
        SUBSCRIBER: "node-20010db8000000000000000000000052.dc1.example.com",
    }
    axl = OverTheWire(site, CUCM)
    found = axl.ask("executeSQLQuery", "<sql>select name from processnode where systemnode = 'f'</sql>")
    assert set(found.values("row/name")) == set(members)
    # Each node's certificate holds its name, as a host name or as an address.
    for name, member in members.items():
        assert axl.ask("getProcessNode", f"<name>{name}</name>").values("processNode/name") == [name]
        for host in (name, member["fqdn"]):
            place = (member["address"], member["ports"]["8443"])
            with (
                socket.create_connection(place, timeout=10) as plain,
                site.tls.wrap_socket(plain, server_hostname=host) as secured,
            ):
                assert secured.version()


def test_such_nodes_are_addressed_by_their_names(site: Emulator) -> None:
    for member in (PUBLISHER, SUBSCRIBER):
        site.control.occupy_port(member, 50020)
        imp_admin.restart(site, member, ENGINE)
        items = imp_admin.Api(site, member).items("/presence-topology")
        (found,) = [item["services"] for item in items if item["name"] == member]
        assert [service["status"] for service in found if service["name"] == ENGINE] == ["Stopped"]
        assert site.control.journal(node=member, operation="soapDoControlServices")


def test_every_module_that_names_nodes(site: Emulator) -> None:
    """Each is run twice, where it changes anything: the second run changes nothing."""
    cucm, imp = at(site, "cucm"), at(site, "imp")
    told = done("cluster_info", cucm)
    assert [one["name"] for one in told["nodes"]] == [CUCM, PUBLISHER, SUBSCRIBER]
    account = {"account": r"EXAMPLE\svc-imp", "account_password": site.ready["exchange_account"]["password"]}
    chain = Path(site.ready["exchange"][MAIL]["chain_file"]).read_text(encoding="utf-8")
    root = Path(site.ready["exchange"][MAIL]["root_file"]).read_text(encoding="utf-8")
    trusted = {**at(site, "platform"), "nodes": both(site, 443), "certificates": [{"content": chain + root}]}
    restart = {
        "services": [ENGINE, "Cisco SIP Proxy"],
        "state": "restarted",
        "only_if_required": True,
        "poll_interval": 0.02,
    }
    parameter = {"node": CUCM, "service": "Cisco CallManager", "name": "CdrEnabled", "value": "T"}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("presence_gateways", {**imp, "gateways": [{"name": MAIL}], **account}),
        ("trust_certificates", trusted),
        ("calendaring_parameters", {**cucm, "calendar_spread": 10}),
        ("service_parameters", {**cucm, "parameters": [parameter]}),
        ("services", {**imp, "nodes": both(site, 8443), **restart}),
        ("calendar_users", {**cucm, "users": [{"userid": "user0001"}]}),
        ("certificate_import", {**imp, "nodes": both(site, 8443), "peers": [{"name": MAIL}]}),
    ]
    for name, options in steps:
        changes = name != "certificate_import"
        assert done(name, options).changed is changes, name
        assert not done(name, options).changed, name
    restarted = site.journal(operation="soapDoControlServices")
    assert {entry["node"] for entry in restarted} == {PUBLISHER, SUBSCRIBER}
    told = done("services_info", imp)
    assert told["restart_notifications"] == []
    for member in (PUBLISHER, SUBSCRIBER):
        place = connection(site, "imp", node=member)
        (row,) = done("presence_gateways_info", {**place, "node": member})["status"]
        assert row["verification"].endswith("- Verified"), row
    found = done("trust_certificates_info", {**at(site, "platform"), "nodes": both(site, 443)})
    assert {one["node"] for one in found["certificates"]} == {PUBLISHER, SUBSCRIBER}


def test_the_inventory_has_them_as_hosts(site: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "dc1.imp_cluster.yml"
    file.write_text(yaml.safe_dump({"plugin": "ucops.imp.imp_cluster", **at(site, "cucm")}), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(file), "--list"]
    listed = subprocess.run(
        command, env=settings(site.ready_file), capture_output=True, text=True, timeout=120, check=False
    )
    assert listed.returncode == 0, listed.stderr
    found = json.loads(listed.stdout)
    groups = ("cucm_publisher", "imp_publisher", "imp_subscribers")
    assert [found[group]["hosts"] for group in groups] == [[CUCM], [PUBLISHER], [SUBSCRIBER]]
    usages = {host: plain(known)["imp_cluster_node"]["usage"] for host, known in found["_meta"]["hostvars"].items()}
    assert usages == {CUCM: "publisher", PUBLISHER: "publisher", SUBSCRIBER: "subscriber"}


def test_an_old_release_has_no_certificate_management(site: Emulator) -> None:
    for member in ("old-cucm", "old-imp"):
        with site.client(member, 443, "os", cluster="old") as client:
            answer = client.get("/platformcom/api/v1/certmgr/config/snapshot/server")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/html")
    place = {**connection(site, "platform", node="old-imp", cluster="old"), "store": "cup-trust"}
    result = run_module("trust_certificates", {**place, "certificates": [{"content": issue("CA", ca=True).pem}]})
    assert result.failed
    assert "has no certificate-management interface. It needs release 14 or later" in result.msg
    # For a program it is the same as of a server that is alone, so that it is left for the console.
    assert result["code"] == "no-public-api"
    closed = {"name": "closed", "hostname": "127.0.0.1", "port": 1}
    nodes = [{"name": "old-imp", "hostname": place["hostname"], "port": place["port"]}, closed]
    both = run_module(
        "trust_certificates",
        {**place, "retries": 0, "nodes": nodes, "certificates": [{"content": issue("CA", ca=True).pem}]},
    )
    assert both["code"] == "items-failed"
    assert {failure["code"] for failure in both["failures"]} == {"no-public-api", "connection-failed"}


def test_a_subscriber_of_unified_cm_rests_some_services(site: Emulator) -> None:
    wanted = ("Cisco CDR Agent", "Cisco CDR Repository Manager")
    states = [
        [
            (one["ServiceStatus"], one["ReasonCodeString"].strip())
            for one in status(site, *wanted, node=member, cluster="old")
        ]
        for member in ("old-cucm", "old-cucm-2")
    ]
    assert states == [[("Started", "")] * 2, [("Started", ""), ("Stopped", "Commanded Out of Service")]]


def test_a_template_that_demands_approval(site: Emulator, tmp_path: Path) -> None:
    """The first run leaves a pending request, the administrator issues it, and a later run fetches the certificate."""
    path = tmp_path / "mail1.cer"
    csr = pem(signing_request(MAIL))
    options = {**ca_connection(site, AUTHORITY, account="requester"), "csr": csr, "path": str(path), "wait": False}
    first = done("adcs_certificate", {**options, "template": "Signed"})
    assert (first["current"]["state"], path.exists()) == ("pending", False)
    issued = done("adcs_request", {**ca_connection(site, AUTHORITY), "request_ids": [first["current"]["request_id"]]})
    assert issued.changed
    assert done("adcs_certificate", {**options, "template": "Signed"})["current"]["state"] == "issued"
    assert path.read_text(encoding="utf-8").startswith("-----BEGIN CERTIFICATE-----")
    assert not done("adcs_certificate", {**options, "template": "Signed"}).changed
