# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API over the wire: gateways, credentials, status, notifications, IPv6 (G1-G7)."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.emulator import Emulator
from tests.support.imp_admin import (
    ACCOUNT,
    BASE,
    ENGINE,
    EWS,
    FIRST,
    PASSWORD,
    PROXY,
    Api,
    assert_problem,
    body,
    pending,
    restart,
    trust_exchange,
)


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
        "subscriptions": 0,
        "office_365": None,
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


def topology(api: Api) -> dict[str, dict[str, str]]:
    """Return the status of the services of each node; one that is not reachable has none."""
    nodes = api.items("/presence-topology")
    assert all(node["reachable"] is bool(node["services"]) for node in nodes)
    return {node["name"]: {service["name"]: service["status"] for service in node["services"]} for node in nodes}


def test_every_node_tells_how_all_of_them_are(environment: Emulator, api: Api) -> None:
    environment.control.transitions("hang", node="imp-sub", service=ENGINE)
    restart(environment, "imp-sub", ENGINE)
    found = topology(api)
    assert found == topology(Api(environment, "imp-sub"))
    assert (found["imp-pub"][ENGINE], found["imp-sub"][ENGINE]) == ("Started", "Stopping")
    environment.control.fault("drop", node="imp-sub")
    assert topology(api) == {"imp-pub": found["imp-pub"], "imp-sub": {}}


def test_everything_acknowledged_survives_a_kill(start_emulator: Callable[..., Emulator]) -> None:
    first = start_emulator()
    api = Api(first)
    added = api.add(FIRST).json()
    trust_exchange(first, "imp-pub")
    first.kill()
    api.client.close()
    api = Api(start_emulator())
    assert api.items("/presence-gateways") == [added]
    assert api.items("/presence-gateways/status")[0]["verification"].endswith("Verified")
    assert ("imp-pub", PROXY) in pending(api)
    match = api("POST", "/gateway-credentials/compare", json={"account": ACCOUNT, "password": PASSWORD})
    assert match.json() == {"match": True}
    api.client.close()


def test_one_user_with_the_reason_why_it_is_not_in_a_meeting(api: Api) -> None:
    user = api("GET", "/presence/user0001")
    assert user.status_code == 200, user.text
    unmet = [condition["name"] for condition in user.json()["conditions"] if condition["met"] is False]
    assert unmet[:1] == ["enabled"]
    assert user.json()["userid"] == "user0001"
    assert_problem(api("GET", "/presence/nobody"), 404, "user-not-found", "userid")
