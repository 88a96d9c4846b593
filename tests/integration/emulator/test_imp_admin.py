# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API over the wire: gateways, credentials, status, notifications, IPv6 (G1-G7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

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


@pytest.fixture
def api(environment: Emulator) -> Iterator[Api]:
    api = Api(environment)
    yield api
    api.client.close()


def assert_problem(response: httpx.Response, status: int, code: str, field: str | None = None) -> str:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    problem = response.json()
    assert (problem["status"], problem["code"], problem.get("field")) == (status, code, field)
    assert {"type", "title", "detail"} <= set(problem)
    return str(problem["detail"])


def pending(api: Api) -> set[tuple[str, str]]:
    return {(found["node"], found["service"]) for found in api.items("/restart-notifications")}


def restart(emulator: Emulator, node: str, *services: str) -> None:
    items = "".join(f"<s:item>{service}</s:item>" for service in services)
    message = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:s="http://schemas.cisco.com/ast/soap">'
        "<e:Body><s:soapDoControlServices><s:ControlServiceRequest><s:NodeName/><s:ControlType>Restart</s:ControlType>"
        f"<s:ServiceList>{items}</s:ServiceList></s:ControlServiceRequest></s:soapDoControlServices></e:Body></e:Envelope>"
    )
    with emulator.client(node) as client:
        assert client.post("/controlcenterservice2/services/ControlCenterServices", content=message).status_code == 200


def trust_exchange(emulator: Emulator, node: str) -> None:
    chain = Path(emulator.ready["exchange"]["mail1.example.com"]["chain_file"]).read_text(encoding="ascii")
    with emulator.client(node, 443, "os") as client:
        path = "/platformcom/api/v1/certmgr/config/trust/certificates"
        assert client.post(path, json={"service": ["cup"], "certificates": [chain]}).status_code == 201


def test_the_life_of_a_gateway(environment: Emulator, api: Api) -> None:
    added = api.add(FIRST | {"description": "Head office"})
    gateway = added.json()
    assert added.headers["location"] == f"{BASE}/presence-gateways/{gateway['id']}"
    assert added.headers["etag"] == gateway["etag"]
    assert gateway | {"id": "", "etag": ""} == {
        "id": "",
        "type": EWS,
        "name": "mail1.example.com",
        "description": "Head office",
        "port": 443,
        "account": ACCOUNT,
        "position": 1,
        "etag": "",
    }
    assert api.items("/presence-gateways") == [gateway] == Api(environment, "imp-sub").items("/presence-gateways")
    read = api("GET", f"/presence-gateways/{gateway['id']}")
    assert (read.json(), read.headers["etag"]) == (gateway, gateway["etag"])
    replaced = api.put(added, body("mail2.example.com", port=8443))
    assert replaced.status_code == 200
    assert (replaced.json()["name"], replaced.json()["port"], replaced.json()["description"]) == (
        "mail2.example.com",
        8443,
        "",
    )
    headers = {"If-Match": replaced.headers["etag"]}
    assert api("DELETE", f"/presence-gateways/{gateway['id']}", headers=headers).status_code == 204
    assert api.items("/presence-gateways") == []
    assert_problem(api("GET", f"/presence-gateways/{gateway['id']}"), 404, "gateway-not-found")


def test_preconditions(api: Api) -> None:
    added = api.add(FIRST)
    path = f"/presence-gateways/{added.json()['id']}"
    for method, options in (("PUT", {"json": body("mail1.example.com")}), ("DELETE", {})):
        assert_problem(api(method, path, **options), 428, "precondition-required", "If-Match")
        for tag in ('"stale"', f"W/{added.headers['etag']}", ""):
            response = api(method, path, headers={"If-Match": tag}, **options)
            assert_problem(response, 412, "etag-mismatch", "If-Match")
        unknown = api(
            method, "/presence-gateways/6f1c5c1e-8c39-4c39-9a52-0b4a1f0a2f01", headers={"If-Match": "*"}, **options
        )
        assert_problem(unknown, 404, "gateway-not-found")
        malformed = api(method, "/presence-gateways/x", headers={"If-Match": "*"}, **options)
        assert_problem(malformed, 404, "not-found")
    second = api.put(added, body("mail1.example.com", description="changed"))
    assert_problem(api.put(added, body("mail1.example.com", description="late")), 412, "etag-mismatch", "If-Match")
    tags = f'"other", {second.headers["etag"]}'
    assert api("PUT", path, headers={"If-Match": tags}, json=body("mail1.example.com")).status_code == 200
    assert api("DELETE", path, headers={"If-Match": "*"}).status_code == 204


def test_the_account_is_shared(api: Api) -> None:
    detail = assert_problem(
        api("POST", "/presence-gateways", json=body("mail1.example.com")), 422, "credentials-required", "account"
    )
    assert detail == "Add failed. Account Name and Password must be non NULL and non blank for an Exchange Gateway."
    assert api("GET", "/gateway-credentials").json() == {"account": None}
    assert_problem(
        api("PUT", "/gateway-credentials", json={"account": ACCOUNT, "password": PASSWORD}), 409, "no-gateway"
    )
    first = api.add(FIRST)
    second = api.add(body("mail2.example.com"))
    assert second.json()["account"] == ACCOUNT
    changed = api.put(second, body("mail2.example.com", account="svc@example.com", password="another"))
    assert changed.status_code == 200
    assert {gateway["account"] for gateway in api.items("/presence-gateways")} == {"svc@example.com"}
    assert_problem(api.put(first, body("mail1.example.com")), 412, "etag-mismatch", "If-Match")
    restored = api("PUT", "/gateway-credentials", json={"account": ACCOUNT, "password": PASSWORD})
    assert restored.json() == {"account": ACCOUNT}
    assert {gateway["account"] for gateway in api.items("/presence-gateways")} == {ACCOUNT}


def test_compare_tells_yes_or_no_and_ten_noes_a_minute(environment: Emulator, api: Api) -> None:
    api.add(FIRST)
    environment.control.clock(frozen=True)
    environment.control.clear_journal()
    right = {"account": ACCOUNT, "password": PASSWORD}

    def compare(**change: str) -> httpx.Response:
        return api("POST", "/gateway-credentials/compare", json=right | change)

    assert compare().json() == {"match": True}
    for _ in range(5):
        assert compare(password="wrong").json() == compare(account="svc@example.com").json() == {"match": False}
    refused = compare()
    assert_problem(refused, 429, "too-many-compares")
    assert refused.headers["retry-after"] == "60"
    environment.control.advance(60)
    assert compare().json() == {"match": True}
    assert not environment.journal(writes=True)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"name": "mail1"}, "invalid-field", "name"),
        ({"name": None}, "invalid-field", "name"),
        ({"type": "Office 365 Server"}, "invalid-field", "type"),
        ({"port": 0}, "invalid-field", "port"),
        ({"port": 65536}, "invalid-field", "port"),
        ({"port": "443"}, "invalid-field", "port"),
        ({"port": True}, "invalid-field", "port"),
        ({"description": "x" * 256}, "invalid-field", "description"),
        ({"account": "svc-imp"}, "invalid-field", "account"),
        ({"account": " "}, "credentials-required", "account"),
        ({"password": ""}, "credentials-required", "password"),
        ({"password": None}, "credentials-required", "password"),
        ({"password": 12345}, "invalid-field", "password"),
        ({"password": [PASSWORD]}, "invalid-field", "password"),
        ({"password": PASSWORD * 20}, "invalid-field", "password"),
        ({"passwort": PASSWORD}, "invalid-field", "passwort"),
    ],
)
def test_fields_that_break_a_rule(api: Api, change: dict[str, Any], code: str, field: str) -> None:
    response = api("POST", "/presence-gateways", json=FIRST | change)
    assert_problem(response, 422, code, field)
    assert "canary" not in response.text
    assert "12345" not in response.text
    assert api.items("/presence-gateways") == []


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"content": b"{"}, 400, "invalid-json"),
        ({"content": b"\xff"}, 400, "invalid-json"),
        ({"content": b""}, 422, "invalid-field"),
        ({"content": b"[]"}, 422, "invalid-field"),
        ({"content": b"null"}, 422, "invalid-field"),
        ({"content": b'{"name": "\\ud800"}'}, 422, "invalid-field"),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
    ],
)
def test_bodies_that_are_no_object(api: Api, options: dict[str, Any], status: int, code: str) -> None:
    options = {"headers": {"Content-Type": "application/json"}} | options
    response = api("POST", "/presence-gateways", **options)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_name_can_be_taken_once(api: Api) -> None:
    api.add(FIRST)
    detail = assert_problem(
        api("POST", "/presence-gateways", json=body("MAIL1.example.com")), 409, "gateway-exists", "name"
    )
    assert detail == "Add failed. Outlook or EWS Calendaring gateway already exists."


def test_status_by_genuine_handshakes_of_each_node(environment: Emulator, api: Api) -> None:
    for gateway in (FIRST, body("192.0.2.22"), body("mail9.example.com"), body("mail2.example.com", port=444)):
        api.add(gateway)
    environment.control.clear_journal()
    verification = "SSL Connection/Certificate Verification - "
    first = api.items("/presence-gateways/status")[0]
    assert first["verification"] == f"{verification}Failed - Certificate Missing From Chain"
    trust_exchange(environment, "imp-pub")
    found = api("GET", "/presence-gateways/status").json()
    assert found["node"] == "imp-pub"
    assert [(i["checked"], i["reachability"], i["verification"]) for i in found["items"]] == [
        (True, "Exchange Reachability (pingable)", f"{verification}Verified"),
        (True, "Exchange Reachability (pingable)", f"{verification}Verified"),
        (True, "Exchange Reachability (unreachable)", f"{verification}Failed - Network Error"),
        (True, "Exchange Reachability (unreachable)", f"{verification}Failed - Network Error"),
    ]
    assert [item["detail"] is None for item in found["items"]] == [True, True, False, False]
    other = api.items("/presence-gateways/status", node="imp-sub")[0]
    assert other["verification"].endswith("Certificate Missing From Chain")
    for node in ("cucm-pub", "nowhere"):
        assert_problem(api("GET", "/presence-gateways/status", params={"node": node}), 404, "node-not-found", "node")
    assert [entry["protocol"] for entry in environment.journal(writes=True)] == ["certmgr"]


def test_only_the_first_ten_are_checked(api: Api) -> None:
    api.add(FIRST)
    for number in range(1, 12):
        api.add(body(f"host{number}.example.com"))
    items = api.items("/presence-gateways/status")
    assert [item["position"] for item in items] == list(range(1, 13))
    assert [item["checked"] for item in items] == [True] * 10 + [False] * 2
    assert items[-1] | {"id": ""} == {
        "id": "",
        "name": "host11.example.com",
        "position": 12,
        "checked": False,
        "reachability": None,
        "verification": None,
        "detail": None,
    }


def test_restart_notifications_last_until_the_service_has_started(environment: Emulator, api: Api) -> None:
    assert api.items("/restart-notifications") == []
    api.add(FIRST)
    api.add(body("mail2.example.com"))
    trust_exchange(environment, "imp-sub")
    assert pending(api) == {("imp-pub", ENGINE), ("imp-sub", ENGINE), ("imp-sub", PROXY)}
    (found,) = api.items("/restart-notifications", node="imp-pub")
    assert [(reason["object"], reason["action"]) for reason in found["reasons"]] == [
        ("Presence gateway mail1.example.com", "added"),
        ("Presence gateway mail2.example.com", "added"),
    ]
    assert found["since"] <= found["reasons"][0]["at"]
    environment.control.transitions("seconds", 30)
    environment.control.clock(frozen=True)
    restart(environment, "imp-sub", ENGINE, PROXY)
    assert ("imp-sub", ENGINE) in pending(api)
    environment.control.advance(30)
    assert pending(api) == {("imp-pub", ENGINE)}
    assert_problem(api("GET", "/restart-notifications", params={"node": "x"}), 404, "node-not-found", "node")


def set_parameter(emulator: Emulator, service: str, name: str, value: str) -> None:
    message = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.cisco.com/AXL/API/14.0">'
        "<e:Body><a:updateServiceParameter><processNodeName>EnterpriseWideData</processNodeName>"
        f"<name>{name}</name><service>{service}</service><value>{value}</value></a:updateServiceParameter></e:Body>"
        "</e:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '"CUCM:DB ver=14.0 updateServiceParameter"'}
    with emulator.client("cucm-pub") as client:
        response = client.post("/axl/", content=message, headers=headers)
    assert response.status_code == 200, response.text


def test_an_ipv6_gateway_needs_the_parameter_and_every_eth0(environment: Emulator, api: Api) -> None:
    gateway = FIRST | {"name": "2001:db8::21"}
    detail = assert_problem(api("POST", "/presence-gateways", json=gateway), 409, "ipv6-not-configured", "name")
    assert all(word in detail for word in ("EnableIPV6", "imp-pub", "imp-sub"))
    set_parameter(environment, "Enterprise Wide", "EnableIPV6", "T")
    assert [node["ipv6_enabled"] for node in api.items("/nodes")] == [False, False]
    for number, node in enumerate(("imp-pub", "imp-sub"), 12):
        answer = api("PUT", f"/nodes/{node}/ipv6", json={"address": f"2001:DB8:0::{number}"})
        assert answer.json()["eth0_ipv6"] == f"2001:db8::{number}"
    assert [node["ipv6_enabled"] for node in api.items("/nodes")] == [True, True]
    services = {ENGINE, PROXY, "Cisco XCP Router"}
    assert pending(api) == {(node, service) for node in ("imp-pub", "imp-sub") for service in services}
    api.add(gateway)
    trust_exchange(environment, "imp-pub")
    assert api.items("/presence-gateways/status")[0]["verification"].endswith("Verified")
    assert_problem(api("POST", "/presence-gateways", json=body("2001:DB8:0:0::21")), 409, "gateway-exists", "name")
    assert api("PUT", "/nodes/imp-pub/ipv6", json={"address": None}).json()["eth0_ipv6"] is None
    assert "unreachable" in api.items("/presence-gateways/status")[0]["reachability"]


def test_nodes(api: Api) -> None:
    assert api.items("/nodes")[0] == {
        "name": "imp-pub",
        "fqdn": "imp-pub.dc1.example.com",
        "usage": "publisher",
        "eth0_ipv4": "192.0.2.12",
        "eth0_ipv6": None,
        "ipv6_enabled": False,
    }
    for address in ("192.0.2.1", "::1", "fe80::1%eth0", 7):
        response = api("PUT", "/nodes/imp-pub/ipv6", json={"address": address})
        assert_problem(response, 422, "invalid-field", "address")
    assert_problem(api("PUT", "/nodes/imp-pub/ipv6", json={}), 422, "invalid-field", "address")
    assert_problem(api("PUT", "/nodes/cucm-pub/ipv6", json={"address": None}), 404, "node-not-found", "node")
    assert pending(api) == set()


@pytest.mark.parametrize(
    ("account", "status", "code"),
    [(None, 401, "unauthenticated"), ("os", 401, "unauthenticated"), ("readonly", 403, "forbidden")],
)
def test_who_may_call(environment: Emulator, account: str | None, status: int, code: str) -> None:
    response = Api(environment, account=account)("POST", "/presence-gateways", json=FIRST)
    assert_problem(response, status, code)
    assert ("www-authenticate" in response.headers) == (status == 401)


def test_unknown_places_and_methods(api: Api) -> None:
    for path in ("/nothing", "/presence-gateways/", "/nodes/imp-pub"):
        assert_problem(api("GET", path), 404, "not-found")
    refused = api("DELETE", "/presence-gateways")
    assert_problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, POST"


def test_faults_come_as_problems_and_are_repeatable_requests(environment: Emulator, api: Api) -> None:
    environment.control.fault(
        "status", effect={"status": 503, "retry_after": 1}, operation="addPresenceGateway", times=1
    )
    refused = api("POST", "/presence-gateways", json=FIRST)
    assert_problem(refused, 503, "status-503")
    assert refused.headers["retry-after"] == "1"
    environment.control.fault("drop_after", operation="addPresenceGateway", times=1)
    with pytest.raises(httpx.TransportError):
        api("POST", "/presence-gateways", json=FIRST)
    assert [gateway["name"] for gateway in api.items("/presence-gateways")] == ["mail1.example.com"]
    assert_problem(api("POST", "/presence-gateways", json=FIRST), 409, "gateway-exists", "name")


def test_the_journal_names_the_operations(environment: Emulator, api: Api) -> None:
    added = api.add(FIRST)
    api("GET", f"/presence-gateways/{added.json()['id']}")
    api("POST", "/presence-gateways", json={})
    assert [(e["operation"], e["write"], e["status"], e["caller"]) for e in environment.journal()] == [
        ("addPresenceGateway", True, 201, "axladmin"),
        ("getPresenceGateway", False, 200, "axladmin"),
        ("addPresenceGateway", True, 422, "axladmin"),
    ]
    about = environment.control.about()["protocols"]["imp_admin"]
    assert {"addPresenceGateway", "compareGatewayCredentials", "replaceNodeIpv6"} <= set(about)


def test_no_answer_journal_or_log_ever_holds_the_password(environment: Emulator, api: Api) -> None:
    answers = [api.add(FIRST | {"description": "x"})]
    gateway = answers[0]
    answers += [
        api("POST", "/presence-gateways", json=FIRST),
        api("POST", "/presence-gateways", json=FIRST | {"name": PASSWORD}),
        api("POST", "/presence-gateways", json=FIRST | {"name": "mail2.example.com", "account": PASSWORD}),
        api("POST", "/presence-gateways", json=FIRST | {"port": PASSWORD}),
        api("POST", "/presence-gateways", json=[PASSWORD]),
        api(
            "POST",
            "/presence-gateways",
            content=f'{{"password": "{PASSWORD}"',
            headers={"Content-Type": "application/json"},
        ),
        api("POST", "/presence-gateways", content=PASSWORD),
        api.put(gateway, FIRST | {"password": PASSWORD + "2"}),
        api("PUT", "/gateway-credentials", json={"account": ACCOUNT, "password": PASSWORD}),
        api("PUT", "/gateway-credentials", json={"account": ACCOUNT, "password": PASSWORD * 20}),
        api("POST", "/gateway-credentials/compare", json={"account": ACCOUNT, "password": PASSWORD}),
        api("POST", "/gateway-credentials/compare", json={"account": ACCOUNT, "password": {"is": PASSWORD}}),
        api("GET", "/presence-gateways"),
        api("GET", "/gateway-credentials"),
        api("GET", "/presence-gateways/status"),
        api("GET", "/restart-notifications"),
    ]
    for answer in answers:
        assert PASSWORD not in answer.text + str(answer.headers), answer.request.url
    assert PASSWORD not in str(environment.journal())
    assert PASSWORD not in environment.stderr


def test_everything_acknowledged_survives_a_kill(start_emulator: Callable[..., Emulator]) -> None:
    first = start_emulator()
    added = Api(first).add(FIRST).json()
    trust_exchange(first, "imp-pub")
    first.kill()
    api = Api(start_emulator())
    assert api.items("/presence-gateways") == [added]
    assert api.items("/presence-gateways/status")[0]["verification"].endswith("Verified")
    assert ("imp-pub", PROXY) in pending(api)
    match = api("POST", "/gateway-credentials/compare", json={"account": ACCOUNT, "password": PASSWORD})
    assert match.json() == {"match": True}
