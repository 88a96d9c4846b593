# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane over HTTP: token, reset, snapshots, journal, transitions, clock, faults, OpenAPI."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.emulator import Emulator
from tests.support.imp_admin import Api, restart

CERTMGR_OPTIONS = "/platformcom/api/v1/certmgr/config/options"
USER = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<ns:{0} xmlns:ns="http://www.cisco.com/AXL/API/14.0">{1}</ns:{0}></soapenv:Body></soapenv:Envelope>'
)


def axl(client: httpx.Client, operation: str, content: str) -> httpx.Response:
    headers = {"Content-Type": "text/xml", "SOAPAction": f'"CUCM:DB ver=14.0 {operation}"'}
    return client.post("/axl/", content=USER.format(operation, content), headers=headers)


def set_department(emulator: Emulator, department: str) -> None:
    with emulator.client("cucm-pub") as client:
        content = f"<userid>user0001</userid><department>{department}</department>"
        assert axl(client, "updateUser", content).status_code == 200


def department(emulator: Emulator) -> str:
    with emulator.client("cucm-pub") as client:
        content = "<userid>user0001</userid><returnedTags><department/></returnedTags>"
        text = axl(client, "getUser", content).text
    return text.split("<department>")[1].split("<")[0]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}])
def test_every_call_wants_the_token(environment: Emulator, header: dict[str, str]) -> None:
    url = environment.ready["control"]["url"]
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    calls = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
    assert ("POST", "/reset") in calls
    for method, template in calls:
        path = template.format(
            name="initial",
            fault_id=1,
            host="ca.example.com",
            identifier=1,
            verb="issue",
            server="mail1.example.com",
            fingerprint="ab",
            cluster="dc1",
            node="imp-pub",
            service="Cisco SIP Proxy",
            port=1,
            account="nobody",
            address="user0001@example.com",
            meeting="AAA=",
            userid="user0001",
        )
        answer = httpx.request(method, url + path, headers=header, trust_env=False)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_about_lists_the_implemented_operations(environment: Emulator) -> None:
    about = environment.control.about()
    assert about["name"] == "imp-emulator"
    nodes = {"axl", "imp_axl", "control_center", "certmgr", "imp_admin", "cucm_admin"}
    presence = {"presence_engine", "presence_web_service"}
    assert set(about["protocols"]) == {*nodes, *presence, "ews", "powershell", "certsrv", "ca_admin"}
    assert {"getUser", "updateUser"} <= set(about["protocols"]["axl"])
    for name in ("imp_axl", "control_center", "certmgr", "imp_admin", "certsrv", "ca_admin"):
        assert about["protocols"][name], name


def test_about_counts_what_was_answered_without_an_error_through_resets(environment: Emulator) -> None:
    def answered(protocol: str, operation: str) -> int:
        return environment.control.about()["answered"].get(protocol, {}).get(operation, 0)

    before, resets = answered("axl", "getUser"), answered("control", "POST /reset")
    department(environment)
    with environment.client("cucm-pub") as client:
        assert axl(client, "getUser", "<userid>nobody</userid>").status_code == 500
    with environment.client("cucm-pub", account="readonly") as client:
        assert axl(client, "getUser", "<userid>user0001</userid>").status_code == 403
    environment.control.reset()
    assert environment.control.request("POST", "/snapshots/unknown/restore").status_code == 404

    assert answered("axl", "getUser") == before + 1
    assert answered("control", "POST /reset") == resets + 1
    assert resets > 0
    assert "POST /snapshots/{name}/restore" in environment.control.about()["control"]


def test_a_reset_goes_back_to_the_scenario(environment: Emulator) -> None:
    control = environment.control
    set_department(environment, "changed")
    control.transitions("hang")
    control.advance(100)
    control.fault("drop")
    accounts = environment.account()
    control.reset()
    assert department(environment) == "sales"
    assert environment.account() == accounts
    assert control.faults() == []
    assert control.clock()["offset_seconds"] == 0
    assert control.request("GET", "/transitions").json() == {
        "rules": [{"mode": "immediate", "value": 0, "node": None, "service": None}]
    }
    assert [entry["operation"] for entry in control.journal()] == ["getUser"]


def test_snapshots(environment: Emulator) -> None:
    control = environment.control
    # A reset keeps the snapshots that other tests have taken.
    others = set(control.snapshots())
    assert "initial" in others
    set_department(environment, "red")
    control.snapshot("red")
    set_department(environment, "blue")
    assert set(control.snapshots()) == {*others, "red"}
    control.restore("red")
    assert department(environment) == "red"
    control.restore("initial")
    assert department(environment) == "sales"
    assert control.request("DELETE", "/snapshots/red").status_code == 204
    assert set(control.snapshots()) == others
    for method, path in (("DELETE", "/snapshots/red"), ("POST", "/snapshots/red/restore")):
        answer = control.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "there is no 'red'"})


@pytest.mark.parametrize("name", ["initial", "..", "a.b", "x" * 65, "%2e%2e%2fx"])
def test_a_snapshot_is_not_taken_under_any_name(environment: Emulator, name: str) -> None:
    before = environment.control.snapshots()
    assert environment.control.request("PUT", f"/snapshots/{name}").status_code in (404, 405, 422)
    assert environment.control.snapshots() == before


def test_the_initial_snapshot_stays(environment: Emulator) -> None:
    assert environment.control.request("DELETE", "/snapshots/initial").status_code == 422
    assert "initial" in environment.control.snapshots()


def test_the_journal_tells_reads_writes_and_refusals_apart(environment: Emulator) -> None:
    environment.control.clock(frozen=True, now="2026-12-24T12:00:00Z")
    set_department(environment, "red")
    department(environment)
    with environment.client("imp-sub", 443, account="application") as client:
        assert client.get(CERTMGR_OPTIONS).status_code == 401
    with environment.client("cucm-pub", account="readonly") as client:
        assert axl(client, "updateUser", "<userid>user0001</userid>").status_code == 403
    entries = environment.journal()
    shown = ("cluster", "node", "protocol", "method", "operation", "caller", "write", "status", "fault")
    assert [tuple(entry[name] for name in shown) for entry in entries] == [
        ("dc1", "cucm-pub", "axl", "POST", "updateUser", "axladmin", True, 200, None),
        ("dc1", "cucm-pub", "axl", "POST", "getUser", "axladmin", False, 200, None),
        ("dc1", "imp-sub", "certmgr", "GET", "authenticate", None, False, 401, None),
        ("dc1", "cucm-pub", "axl", "POST", "authenticate", "noaxl", False, 403, None),
    ]
    assert {entry["at"] for entry in entries} == {"2026-12-24T12:00:00+00:00"}


def test_the_journal_is_filtered_and_cleared(environment: Emulator) -> None:
    set_department(environment, "red")
    first = environment.control.last_journal_id()
    department(environment)
    set_department(environment, "blue")
    assert [e["operation"] for e in environment.journal(writes=True)] == ["updateUser", "updateUser"]
    assert [e["operation"] for e in environment.journal(writes=False)] == ["getUser"]
    assert [e["operation"] for e in environment.journal(after=first)] == ["getUser", "updateUser"]
    assert len(environment.journal(cluster="dc1", node="cucm-pub", protocol="axl", operation="getUser")) == 1
    assert environment.journal(cluster="dc2") == []
    assert environment.journal(node="imp-pub") == []
    assert environment.journal(protocol="certmgr") == []
    assert environment.journal(operation="listUser") == []
    environment.control.clear_journal()
    assert environment.journal() == []
    department(environment)
    assert environment.journal()[0]["id"] > first


def test_an_unknown_path_is_journaled_too(environment: Emulator) -> None:
    with environment.client("imp-pub", account=None) as client:
        assert client.get("/nothing/here").status_code == 404
    (entry,) = environment.journal()
    assert (entry["protocol"], entry["operation"], entry["status"], entry["write"]) == ("", "", 404, False)


def test_the_clock_is_set_frozen_and_advanced(environment: Emulator) -> None:
    control = environment.control
    assert control.clock(now="2030-01-01T00:00:00+01:00", frozen=True) == {
        "now": "2029-12-31T23:00:00+00:00",
        "offset_seconds": pytest.approx(control.clock()["offset_seconds"]),
        "frozen": True,
    }
    control.advance(90)
    assert control.clock()["now"] == "2029-12-31T23:01:30+00:00"
    control.clock(frozen=False)
    running = datetime.fromisoformat(control.clock()["now"])
    assert timedelta(0) <= running - datetime.fromisoformat("2029-12-31T23:01:30+00:00") < timedelta(minutes=1)
    assert control.clock(offset_seconds=5)["offset_seconds"] == 5


@pytest.mark.parametrize("port", [443, 8443])
def test_every_answer_is_dated_by_the_virtual_clock(environment: Emulator, port: int) -> None:
    environment.control.clock(now="2030-01-01T12:00:00Z", frozen=True)
    with environment.client("imp-pub", port, account=None) as client:
        for path in ("/", "/platformcom/api/v1/certmgr/config/options", "/imp-admin/v1/nodes"):
            answer = client.get(path)
            assert answer.status_code in (401, 404)
            assert answer.headers["date"] == "Tue, 01 Jan 2030 12:00:00 GMT"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/clock", {"now": "yesterday"}),
        ("PUT", "/clock", {"now": "2030-01-01T00:00:00"}),
        ("PUT", "/clock", {"hour": 3}),
        ("POST", "/clock/advance", {"seconds": "x"}),
        ("POST", "/clock/advance", {"seconds": 1e300}),
        ("PUT", "/transitions", {"mode": "slow"}),
        ("PUT", "/transitions", {"mode": "polls", "value": -1}),
        ("POST", "/faults", {}),
        ("POST", "/faults", {"effect": {"kind": "explode"}}),
        ("POST", "/faults", {"effect": {"kind": "status", "status": 200}}),
        ("POST", "/faults", {"effect": {"kind": "drop", "status": 503}}),
        ("POST", "/faults", {"effect": {"kind": "error", "code": "ErrorServerBusy", "values": {"x": "\x01"}}}),
        ("POST", "/faults", {"effect": {"kind": "error", "code": "ErrorServerBusy", "values": {"\x00": "x"}}}),
        ("POST", "/faults", {"effect": {"kind": "drop"}, "times": 0}),
        ("POST", "/faults", {"effect": {"kind": "drop"}, "probability": 1.5}),
        ("GET", "/journal?after=-1", None),
        ("GET", "/journal?writes=perhaps", None),
        ("DELETE", "/faults/x", None),
    ],
)
def test_bad_input_is_refused(environment: Emulator, method: str, path: str, body: Any) -> None:
    assert environment.control.request(method, path, json=body).status_code == 422


def test_transition_rules_are_kept_and_replaced(environment: Emulator) -> None:
    control = environment.control
    control.transitions("polls", 3, node="imp-pub", service="Cisco SIP Proxy")
    control.transitions("seconds", 2.5, node="imp-pub", service="Cisco SIP Proxy")
    rules = control.request("GET", "/transitions").json()["rules"]
    assert rules[1:] == [{"mode": "seconds", "value": 2.5, "node": "imp-pub", "service": "Cisco SIP Proxy"}]


def test_faults_are_listed_and_withdrawn(environment: Emulator) -> None:
    control = environment.control
    first = control.fault("status", effect={"status": 500, "retry_after": 1}, operation="getUser", times=2)
    second = control.fault("delay", effect={"seconds": 0.25}, node="imp-pub", probability=0.5, seed=3)
    assert second > first
    assert control.faults() == [
        {
            "id": first,
            "cluster": None,
            "node": None,
            "protocol": None,
            "operation": "getUser",
            "effect": {"kind": "status", "status": 500, "retry_after": 1},
            "times": 2,
            "skip": 0,
            "every": 1,
            "probability": 1.0,
            "seed": 0,
            "matched": 0,
            "hits": 0,
            "at_once": 0,
        },
        {
            "id": second,
            "cluster": None,
            "node": "imp-pub",
            "protocol": None,
            "operation": None,
            "effect": {"kind": "delay", "seconds": 0.25},
            "times": None,
            "skip": 0,
            "every": 1,
            "probability": 0.5,
            "seed": 3,
            "matched": 0,
            "hits": 0,
            "at_once": 0,
        },
    ]
    assert control.request("DELETE", f"/faults/{first}").status_code == 204
    assert control.request("DELETE", f"/faults/{first}").status_code == 404
    control.clear_faults()
    assert control.faults() == []


def test_the_description_is_openapi_3_1(environment: Emulator) -> None:
    document = httpx.get(f"{environment.ready['control']['url']}/openapi.json", trust_env=False).json()
    assert document["openapi"].startswith("3.1")
    assert {"/about", "/reset", "/journal", "/clock", "/transitions", "/faults", "/snapshots"} <= set(document["paths"])


MAIL1 = "mail1.example.com"


def test_roots_of_an_exchange_server(environment: Emulator) -> None:
    control = environment.control
    first = control.exchange_roots(MAIL1)
    assert {one["type"] for one in first} == {"enterprise"}
    assert "CN=Example Enterprise Root CA,O=Example" in {one["subject"] for one in first}
    pem = Path(environment.ready["certification_authorities"]["ca.example.com"]["root_file"]).read_text()
    (fingerprint,) = control.add_exchange_roots(MAIL1, pem, "group_policy")
    # One that is there stays as it is.
    assert control.add_exchange_roots(MAIL1, pem, "registry") == [fingerprint]
    (added,) = [one for one in control.exchange_roots(MAIL1) if one not in first]
    assert added == {
        "fingerprint": fingerprint,
        "type": "group_policy",
        "subject": "CN=Example Root CA",
        "certificate": pem,
    }
    control.exchange_revocation(MAIL1, reachable=False)
    control.remove_exchange_root(MAIL1, fingerprint)
    assert control.exchange_roots(MAIL1) == first
    control.remove_exchange_root(MAIL1, first[0]["fingerprint"])
    control.reset()
    assert control.exchange_roots(MAIL1) == first


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/exchange-servers/mail9.example.com/roots", None, 404),
        ("POST", f"/exchange-servers/{MAIL1}/roots", {"certificates": "text"}, 422),
        ("POST", f"/exchange-servers/{MAIL1}/roots", {"certificates": "text", "type": "other"}, 422),
        ("DELETE", f"/exchange-servers/{MAIL1}/roots/ab", None, 404),
        ("PUT", f"/exchange-servers/{MAIL1}/revocation", {}, 422),
        ("PUT", "/exchange-servers/mail9.example.com/revocation", {"reachable": True}, 404),
        ("GET", "/clusters/dc1/nodes/imp-9/occupied-ports", None, 404),
        ("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/65536", None, 422),
        ("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/50021", {"used_by": ""}, 422),
        ("PUT", "/clusters/dc9/nodes/imp-pub/occupied-ports/50021", None, 404),
        ("DELETE", "/clusters/dc1/nodes/imp-pub/occupied-ports/50021", None, 404),
    ],
)
def test_what_the_control_plane_refuses_of_servers_and_nodes(
    environment: Emulator, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    assert environment.control.request(method, path, body).status_code == status


def test_ports_of_a_node(environment: Emulator) -> None:
    control = environment.control
    control.occupy_port("imp-pub", 50021, "a backup agent")
    control.occupy_port("imp-pub", 50021, "a monitor")
    assert control.request("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/50022").status_code == 204
    assert control.occupied_ports("imp-pub") == {50021: "a monitor", 50022: "another program"}
    assert control.occupied_ports("imp-sub") == {}
    control.release_port("imp-pub", 50021)
    control.reset()
    assert control.occupied_ports("imp-pub") == {}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/faults", b'{"effect": {"kind": "drop"}, "node": "\\ud800"}'),
        ("POST", "/faults", b'{"effect": {"kind": "\\udfff"}}'),
        ("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/7", b'{"used_by": "\\ud800"}'),
        ("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/7", b'{"used_by": "a\\u0001"}'),
        ("PUT", "/clusters/dc1/nodes/imp-pub/occupied-ports/7", b'{"\\ud800": 1}'),
        ("POST", "/exchange-servers/mail1.example.com/roots", b'{"certificates": "\\ud800"}'),
        ("PUT", "/clock", b'{"offset_seconds": NaN}'),
        ("POST", "/clock/advance", b'{"seconds": 1e999}'),
        ("PUT", "/clock", b'{"now": "2026-01-01T00:00:00Z", "offset_seconds": -Infinity}'),
        ("PUT", "/clock", b'{"now": "0001-01-01T00:00:00+14:00"}'),
        ("PUT", "/clock", b'{"now": "1969-12-31T23:59:59Z"}'),
        ("PUT", "/clock", b'{"now": "9999-12-31T23:59:59-12:00"}'),
        ("POST", "/certification-authorities/ca.example.com/requests/99999999999999999999/issue", b""),
    ],
)
def test_what_nothing_could_hold_is_refused(environment: Emulator, method: str, path: str, body: bytes) -> None:
    control = environment.ready["control"]
    header = {"Authorization": f"Bearer {control['token']}", "Content-Type": "application/json"}
    answer = httpx.request(method, control["url"] + path, content=body, headers=header, trust_env=False)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert environment.control.faults() == []


def test_the_clock_stays_where_certificates_can_be_made(environment: Emulator) -> None:
    control = environment.control
    for edge, seconds in (("1970-01-01T00:00:00Z", -1), ("9000-01-01T00:00:00Z", 1)):
        control.clock(now=edge, frozen=True)
        assert control.request("POST", "/clock/advance", {"seconds": seconds}).status_code == 422
        control.ca_renew("ca.example.com")
    control.clock(now="2026-01-01T00:00:00Z")


def test_a_port_taken_later_does_not_fail_a_start_that_has_ended(environment: Emulator) -> None:
    control, engine = environment.control, "Cisco Presence Engine"
    control.transitions("seconds", 5)
    restart(environment, "imp-pub", engine)
    control.advance(10)
    control.occupy_port("imp-pub", 50020)
    restart(environment, "imp-sub", engine)
    states = [
        next(service["status"] for service in node["services"] if service["name"] == engine)
        for node in Api(environment).items("/presence-topology")
    ]
    assert states == ["Started", "Stopping"]
