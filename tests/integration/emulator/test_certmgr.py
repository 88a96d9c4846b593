# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate-management REST interface over the wire (C8, C10)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from tests.support.certificates import answer_request, issue
from tests.support.emulator import Emulator

BASE = "/platformcom/api/v1/certmgr/config"
ROOT = issue("Root CA", ca=True)
ISSUING = issue("Issuing CA", by=ROOT, ca=True)


def call(
    emulator: Emulator, method: str, path: str, node: str = "imp-pub", account: str | None = "os", **options: Any
) -> httpx.Response:
    with emulator.client(node, 443, account) as client:
        return client.request(method, BASE + path, **options)


def upload(emulator: Emulator, *texts: str, service: tuple[str, ...] = ("cup",), **options: Any) -> httpx.Response:
    body = {"service": list(service), "certificates": list(texts), "description": "for Exchange"}
    return call(emulator, "POST", "/trust/certificates", json=body, **options)


def trusted(emulator: Emulator, service: str = "cup", node: str = "imp-pub") -> list[str]:
    response = call(emulator, "GET", "/trust/certificate", node, params={"service": service})
    assert response.status_code == 200
    found = response.json()["certificates"]
    assert all(list(entry) == ["certificate"] for entry in found)
    return [entry["certificate"] for entry in found]


def assert_error(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"key", "messages", "trackingId"}
    assert body["key"] == status
    assert re.fullmatch(r"UC_[0-9a-f-]{36}", body["trackingId"])
    (text,) = body["messages"]
    return str(text)


def test_upload_a_chain_list_it_and_delete_it(environment: Emulator) -> None:
    assert trusted(environment) == []
    assert upload(environment, ROOT.pem + ISSUING.pem).status_code == 201
    assert sorted(trusted(environment)) == sorted([ROOT.pem, ISSUING.pem])
    assert upload(environment, ISSUING.pem, ROOT.pem).status_code == 200
    assert len(trusted(environment)) == 2
    removal = {"service": "cup", "fingerprint": ROOT.fingerprint}
    assert call(environment, "DELETE", "/trust/certificate", params=removal).status_code == 200
    assert trusted(environment) == [ISSUING.pem]
    assert_error(call(environment, "DELETE", "/trust/certificate", params=removal), 404)


def test_every_node_and_store_is_its_own(environment: Emulator) -> None:
    upload(environment, ROOT.pem, service=("cup-xmpp", "tomcat"))
    assert [len(trusted(environment, service)) for service in ("cup", "cup-xmpp", "tomcat")] == [0, 1, 1]
    assert trusted(environment, "tomcat", "imp-sub") == []


def test_the_snapshot_shows_identities_and_trust(environment: Emulator) -> None:
    upload(environment, ROOT.pem)
    snapshot = call(environment, "GET", "/snapshot/server").json()
    assert set(snapshot) == {"trackingId", "server", "identities", "trusts", "revokedCertificates"}
    assert snapshot["server"] == "imp-pub.dc1.example.com"
    assert [identity["service"] for identity in snapshot["identities"]] == ["cup", "cup-xmpp", "tomcat"]
    assert all(identity["csr"] is None for identity in snapshot["identities"])
    cup = snapshot["trusts"][0]
    assert cup == {"service": "cup", "certificate_data": [{"filename": "Root_CA.pem", "certificate": ROOT.pem}]}
    assert "PRIVATE" not in str(snapshot)


def test_the_tomcat_identity_is_what_the_listener_shows(environment: Emulator) -> None:
    shown = call(environment, "GET", "/identity/certificate", params={"service": "tomcat"}).json()["certificate"]
    ca = x509.load_pem_x509_certificate(Path(environment.ca_file).read_bytes())
    x509.load_pem_x509_certificate(shown.encode()).verify_directly_issued_by(ca)


def test_a_public_client_finds_what_is_trusted_already(environment: Emulator) -> None:
    """As the renewal service of a public program does: what is there is compared as text, and only the rest is sent."""
    upload(environment, ROOT.pem, service=("tomcat",))
    answer = call(environment, "GET", "/trust/certificate", params={"service": "tomcat"}).json()
    listed = answer if isinstance(answer, list) else answer.get("certificates", [])
    known = [entry["certificate"].strip() for entry in listed]
    assert [pem for pem in (ROOT.pem, ISSUING.pem) if pem.strip() not in known] == [ISSUING.pem]


def test_a_node_of_unified_cm_has_certificates_of_its_own_services(environment: Emulator) -> None:
    services = ["CallManager", "CAPF", "TVS", "ipsec", "tomcat"]
    snapshot = call(environment, "GET", "/snapshot/server", "cucm-pub").json()
    assert snapshot["server"] == "cucm-pub.dc1.example.com"
    assert [identity["service"] for identity in snapshot["identities"]] == services
    assert call(environment, "GET", "/options", "cucm-pub").json()["services"] == services
    assert upload(environment, ROOT.pem, ISSUING.pem, service=("tomcat",), node="cucm-pub").status_code == 201
    assert len(trusted(environment, "tomcat", "cucm-pub")) == 2
    assert trusted(environment, "tomcat", "imp-pub") == []
    assert "Unsupported service" in assert_error(upload(environment, ROOT.pem, node="cucm-pub"), 400)
    body = {"service": "tomcat", "distribution": "this-server", "commonName": "cucm-pub.dc1.example.com"}
    answer = call(environment, "POST", "/csr", "cucm-pub", json=body)
    pem = answer_request(x509.load_pem_x509_csr(answer.json()["csr"].encode()), ISSUING)
    answered = {"service": "tomcat", "certificates": [pem]}
    assert call(environment, "POST", "/identity/certificates", "cucm-pub", json=answered).status_code == 201
    shown = call(environment, "GET", "/identity/certificate", "cucm-pub", params={"service": "tomcat"}).json()
    assert shown["certificate"] == pem
    with environment.client("imp-pub") as client:
        assert client.get("/imp-admin/v1/restart-notifications").json()["items"] == []


def test_options(environment: Emulator) -> None:
    options = call(environment, "GET", "/options").json()
    assert options["services"] == ["cup", "cup-xmpp", "tomcat"]
    assert options["keyTypes"]["rsa"][0] == 2048


def test_a_signing_request_and_the_certificate_that_answers_it(environment: Emulator) -> None:
    assert_error(call(environment, "GET", "/csr", params={"service": "tomcat"}), 404)
    body = {"service": "tomcat", "distribution": "this-server", "commonName": "imp-pub.dc1.example.com"}
    answer = call(environment, "POST", "/csr", json=body)
    assert answer.status_code == 200
    request = x509.load_pem_x509_csr(answer.json()["csr"].encode())
    assert request.is_signature_valid
    assert call(environment, "GET", "/csr", params={"service": "tomcat"}).json()["csr"] == answer.json()["csr"]
    pem = answer_request(request, ISSUING)
    wrong = {"service": "tomcat", "certificates": [issue("imp-pub", by=ISSUING).pem, ISSUING.pem]}
    assert "does not match" in assert_error(call(environment, "POST", "/identity/certificates", json=wrong), 400)
    right = {"service": "tomcat", "certificates": [pem, ISSUING.pem, ROOT.pem]}
    assert call(environment, "POST", "/identity/certificates", json=right).status_code == 201
    shown = call(environment, "GET", "/identity/certificate", params={"service": "tomcat"}).json()["certificate"]
    assert shown == pem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Invalid JSON Format"),
        (b"{", "Invalid JSON Format"),
        (b"[]", "Invalid JSON Format"),
        (b"\xff", "Invalid JSON Format"),
        (b'{"service": ["cup"], "certificates": ["\\ud800"]}', "Invalid JSON Format"),
        (b"[" * 100_000, "Invalid JSON Format"),
        (b'{"certificates": []}', "Missing field: service"),
        (b'{"service": "cup", "certificates": []}', "Invalid value for field: service"),
        (b'{"service": ["cup"], "certificates": [1]}', "Invalid value for field: certificates"),
        (b'{"service": ["cup"], "certificates": [], "x": 1}', "Unrecognized field: x"),
        (b'{"service": ["cup"], "certificates": []}', "At least one"),
        (b'{"service": ["CallManager"], "certificates": ["x"]}', "Unsupported service"),
        (b'{"service": ["cup"], "certificates": ["not one"]}', "not an X.509 certificate"),
    ],
)
def test_bodies_that_are_refused(environment: Emulator, content: bytes, message: str) -> None:
    assert message in assert_error(call(environment, "POST", "/trust/certificates", content=content), 400)
    assert trusted(environment) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("POST", "/trust/certificate"),
        ("GET", "/trust/certificates"),
        ("PUT", "/csr"),
        ("GET", "/../../secret"),
    ],
)
def test_unknown_resources(environment: Emulator, method: str, path: str) -> None:
    assert_error(call(environment, method, path), 404)


@pytest.mark.parametrize("path", ["/trust/certificate", "/csr", "/identity/certificate"])
def test_the_service_must_be_given_and_known(environment: Emulator, path: str) -> None:
    assert_error(call(environment, "GET", path), 400)
    assert_error(call(environment, "GET", path, params={"service": "cup-trust"}), 400)


@pytest.mark.parametrize(
    "change",
    [
        {"distribution": "multi-server"},
        {"keyType": "dsa"},
        {"keyLength": 1024},
        {"keyLength": "2048"},
        {"keyLength": True},
        {"hashAlgorithm": "md5"},
        {"altNames": [1]},
        {"altNames": ["not a host"]},
        {"commonName": ""},
    ],
)
def test_signing_requests_that_are_refused(environment: Emulator, change: dict[str, Any]) -> None:
    body = {"service": "cup", "distribution": "this-server", "commonName": "imp-pub.dc1.example.com"} | change
    assert_error(call(environment, "POST", "/csr", json=body), 400)


@pytest.mark.parametrize("account", [None, "application", "readonly"])
def test_only_the_administrator_of_the_operating_system_may_call(environment: Emulator, account: str | None) -> None:
    response = upload(environment, ROOT.pem, account=account)
    assert_error(response, 401)
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert trusted(environment) == []


def test_no_private_key_and_no_password_ever_comes_back(environment: Emulator) -> None:
    key = "-----BEGIN {0}-----\nCANARYCANARY\n-----END {0}-----\n".format("PRIVATE KEY")
    body = {"service": "cup", "distribution": "this-server", "commonName": "imp-pub.dc1.example.com"}
    answers = [
        call(environment, "POST", "/csr", json=body),
        upload(environment, ROOT.pem + key),
        upload(environment, key, service=("CANARYCANARY",)),
        call(environment, "POST", "/identity/certificates", json={"service": "cup", "certificates": [key]}),
        call(environment, "POST", "/trust/certificates", content='{"certificates": ["CANARYCANARY"'),
        call(environment, "GET", "/snapshot/server"),
        call(environment, "GET", "/identity/certificate", params={"service": "cup"}),
    ]
    told = "".join(answer.text for answer in answers) + str(environment.journal()) + environment.stderr
    assert "PRIVATE KEY" not in told
    assert environment.account("os")[1] not in told
    assert told.count("CANARY") == told.count("Unsupported service: CANARYCANARY") * 2


def test_the_journal_tells_reads_from_writes(environment: Emulator) -> None:
    trusted(environment)
    upload(environment, ROOT.pem)
    upload(environment, "not one")
    entries = environment.journal(protocol="certmgr")
    assert [(entry["operation"], entry["write"], entry["status"], entry["caller"]) for entry in entries] == [
        ("GET /trust/certificate", False, 200, "osadmin"),
        ("POST /trust/certificates", True, 201, "osadmin"),
        ("POST /trust/certificates", True, 400, "osadmin"),
    ]
