# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Certificate Import Tool over the wire (requirements C9, C10, C11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.emulator import Emulator

BASE = "/imp-admin/v1"
MAIL1 = "mail1.example.com"
ENGINE, PROXY = "Cisco Presence Engine", "Cisco SIP Proxy"


def call(emulator: Emulator, verb: str, node: str = "imp-pub", **body: Any) -> httpx.Response:
    with emulator.client(node) as client:
        return client.post(f"{BASE}/certificate-import/{verb}", json={"peer_server": MAIL1, **body})


def check(emulator: Emulator, node: str = "imp-pub", **body: Any) -> dict[str, Any]:
    answer = call(emulator, "check", node, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def accept(emulator: Emulator, *fingerprints: str, node: str = "imp-pub", **body: Any) -> list[str]:
    answer = call(emulator, "accept", node, fingerprints=list(fingerprints), **body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["installed"])


def upload(emulator: Emulator, pem: str, node: str = "imp-pub") -> None:
    with emulator.client(node, 443, "os") as client:
        path = "/platformcom/api/v1/certmgr/config/trust/certificates"
        client.post(path, json={"service": ["cup"], "certificates": [pem]}).raise_for_status()


def stored(emulator: Emulator, node: str = "imp-pub", service: str = "cup") -> set[str]:
    with emulator.client(node, 443, "os") as client:
        path = "/platformcom/api/v1/certmgr/config/trust/certificate"
        found = client.get(path, params={"service": service}).raise_for_status().json()["certificates"]
    return {fingerprint(entry["certificate"]) for entry in found}


def pending(emulator: Emulator) -> set[tuple[str, str]]:
    with emulator.client("imp-pub") as client:
        items = client.get(f"{BASE}/restart-notifications").json()["items"]
    return {(item["node"], item["service"]) for item in items}


def fingerprint(pem: str) -> str:
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex()


def pem_of(emulator: Emulator, part: str) -> str:
    return Path(emulator.ready["exchange"][MAIL1][f"{part}_file"]).read_text(encoding="ascii")


def states(report: dict[str, Any]) -> list[str]:
    return [certificate["status"] for certificate in report["certificates"]]


def test_what_the_handshake_does_not_offer_stays_missing_until_it_is_uploaded(environment: Emulator) -> None:
    report = check(environment)
    assert report["reachability"] == "Peer Server Reachability Status (pingable)"
    assert report["verification"] == "SSL Connection/Certificate Verification - Failed - Certificate Missing From Chain"
    assert (report["peer_server"], report["port"], report["node"], report["store"]) == (
        MAIL1,
        443,
        "imp-pub",
        "cup-trust",
    )
    leaf, intermediate = report["certificates"]
    assert leaf["pem"] == pem_of(environment, "leaf")
    assert intermediate["pem"] in pem_of(environment, "chain")
    assert [one["fingerprint"] for one in (leaf, intermediate)] == [fingerprint(x["pem"]) for x in (leaf, intermediate)]
    assert (leaf["position"], intermediate["position"], leaf["issuer"]) == (1, 2, intermediate["subject"])
    assert states(report) == ["Missing", "Missing"]

    assert accept(environment, intermediate["fingerprint"].upper()) == [intermediate["fingerprint"]]
    report = check(environment)
    assert states(report) == ["Verified", "Verified"]
    assert report["verification"].endswith("Failed - Certificate Missing From Chain")

    upload(environment, pem_of(environment, "root"))
    report = check(environment)
    assert (report["verification"], report["detail"]) == ("SSL Connection/Certificate Verification - Verified", None)
    assert pending(environment) == {("imp-pub", ENGINE), ("imp-pub", PROXY)}
    assert states(check(environment, "imp-sub")) == ["Missing", "Missing"]


def test_a_check_is_no_write_and_accepting_twice_installs_once(environment: Emulator) -> None:
    intermediate = check(environment)["certificates"][1]["fingerprint"]
    assert pending(environment) == set()
    assert accept(environment, intermediate, intermediate) == [intermediate]
    assert accept(environment, intermediate) == []
    entries = environment.journal(protocol="imp_admin")
    told = [(entry["operation"], entry["write"], entry["status"]) for entry in entries]
    assert [entry for entry in told if "Import" in entry[0]] == [
        ("checkCertificateImport", False, 200),
        ("acceptCertificateImport", True, 200),
        ("acceptCertificateImport", True, 200),
    ]


def test_only_what_the_handshake_offers_can_be_accepted(environment: Emulator) -> None:
    intermediate = check(environment)["certificates"][1]["fingerprint"]
    root = fingerprint(pem_of(environment, "root"))
    answer = call(environment, "accept", fingerprints=[intermediate, root])
    assert (answer.status_code, answer.json()["code"]) == (409, "certificate-not-offered")
    assert root in answer.json()["detail"]
    assert stored(environment).isdisjoint({intermediate, root})


@pytest.mark.parametrize(
    ("store", "reader"), [("cup-xmpp-trust", {("imp-pub", "Cisco XCP Router")}), ("tomcat-trust", set())]
)
def test_other_stores(environment: Emulator, store: str, reader: set[tuple[str, str]]) -> None:
    intermediate = check(environment, store=store)["certificates"][1]["fingerprint"]
    assert accept(environment, intermediate, store=store) == [intermediate]
    assert states(check(environment, store=store)) == ["Verified", "Verified"]
    assert states(check(environment)) == ["Missing", "Missing"]
    assert intermediate in stored(environment, service=store.removesuffix("-trust"))
    assert pending(environment) == reader


@pytest.mark.parametrize(
    ("peer", "port", "said"),
    [
        ("mail9.example.com", 443, "mail9.example.com does not resolve to an address."),
        ("mail9", 443, "mail9 does not resolve to an address."),
        (MAIL1, 4443, f"Nothing listens on port 4443 of {MAIL1}."),
        ("2001:db8::21", 443, "imp-pub has no IPv6 connectivity to 2001:db8::21."),
    ],
)
def test_nobody_answers(environment: Emulator, peer: str, port: int, said: str) -> None:
    report = check(environment, peer_server=peer, port=port)
    assert report["reachability"] == "Peer Server Reachability Status (unreachable)"
    assert report["verification"] == "SSL Connection/Certificate Verification - Failed - Network Error"
    assert (report["detail"], report["certificates"]) == (said, [])


def test_a_peer_may_be_named_by_its_address(environment: Emulator) -> None:
    upload(environment, pem_of(environment, "chain"))
    assert check(environment)["verification"].endswith("- Verified")
    report = check(environment, peer_server=environment.ready["exchange"][MAIL1]["ipv4"])
    assert states(report) == ["Verified", "Verified"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"peer_server": "https://mail1.example.com"}, "peer_server"),
        ({"peer_server": "*.example.com"}, "peer_server"),
        ({"peer_server": "192.0.2.300"}, "peer_server"),
        ({"peer_server": ""}, "peer_server"),
        ({"port": 0}, "port"),
        ({"store": "my-trust"}, "store"),
        ({"fingerprint": "x"}, "fingerprint"),
    ],
)
def test_bad_requests(environment: Emulator, wrong: dict[str, Any], field: str) -> None:
    answer = call(environment, "check", **wrong)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid-field", field)


@pytest.mark.parametrize("fingerprints", [[], ["abc"], "x"])
def test_bad_fingerprints(environment: Emulator, fingerprints: Any) -> None:
    answer = call(environment, "accept", fingerprints=fingerprints)
    assert (answer.status_code, answer.json()["field"]) == (422, "fingerprints")
