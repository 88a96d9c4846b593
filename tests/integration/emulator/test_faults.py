# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults as a client on the wire meets them."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from tests.support.emulator import Emulator

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<ns:{0} xmlns:ns="http://www.cisco.com/AXL/API/14.0">{1}</ns:{0}></soapenv:Body></soapenv:Envelope>'
)


def until_it_breaks(answer: httpx.Response) -> bytes:
    """Return what comes of an answer until its connection is closed too early."""
    received = b""
    try:
        for piece in answer.iter_raw():
            received += piece
    except httpx.RemoteProtocolError:
        return received
    return pytest.fail("the answer came to its end")


def update(client: httpx.Client, department: str) -> httpx.Response:
    content = ENVELOPE.format("updateUser", f"<userid>user0001</userid><department>{department}</department>")
    return client.post("/axl/", content=content, headers={"SOAPAction": '"CUCM:DB ver=14.0 updateUser"'})


def department(client: httpx.Client) -> str:
    content = ENVELOPE.format("getUser", "<userid>user0001</userid>")
    answer = client.post("/axl/", content=content, headers={"SOAPAction": '"CUCM:DB ver=14.0 getUser"'})
    return answer.text.split("<department>")[1].split("<")[0]


def outcomes(emulator: Emulator) -> list[tuple[int, str | None]]:
    return [(entry["status"], entry["fault"]) for entry in emulator.journal(operation="updateUser")]


def test_a_status_with_retry_after_and_then_success(environment: Emulator) -> None:
    environment.control.fault(
        "status", effect={"status": 503, "retry_after": 1}, protocol="axl", operation="updateUser", times=1
    )
    with environment.client("cucm-pub") as client:
        refused = update(client, "red")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert department(client) == "sales"
        assert update(client, "red").status_code == 200
    assert outcomes(environment) == [(503, "status"), (200, None)]


def test_a_dropped_connection_leaves_everything_as_it_was(environment: Emulator) -> None:
    environment.control.fault("drop", operation="updateUser", times=1)
    with environment.client("cucm-pub") as client:
        with pytest.raises(httpx.TransportError):
            update(client, "red")
        assert department(client) == "sales"
    assert outcomes(environment) == [(0, "drop")]


def test_a_lost_answer_comes_after_the_change(environment: Emulator) -> None:
    environment.control.fault("drop_after", operation="updateUser", times=1)
    with environment.client("cucm-pub") as client:
        with pytest.raises(httpx.TransportError):
            update(client, "red")
        assert department(client) == "red"
    assert outcomes(environment) == [(200, "drop_after")]


def test_a_delay_holds_up_one_request_and_no_other(environment: Emulator) -> None:
    environment.control.fault("delay", effect={"seconds": 0.4}, node="cucm-pub", times=1)
    start = time.monotonic()
    with environment.client("cucm-pub") as client:
        assert update(client, "red").status_code == 200
        assert time.monotonic() - start >= 0.4
    assert outcomes(environment) == [(200, "delay")]


def test_how_many_requests_it_holds_up_at_the_same_time_is_counted(environment: Emulator) -> None:
    environment.control.fault("delay", effect={"seconds": 0.4}, operation="updateUser")
    with environment.client("cucm-pub") as client, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _number: update(client, "red"), range(3)))
        update(client, "blue")
    (fault,) = environment.control.faults()
    assert (fault["hits"], fault["at_once"]) == (4, 3)


def test_a_delayed_request_does_not_hold_up_others(environment: Emulator) -> None:
    environment.control.fault("delay", effect={"seconds": 30}, operation="updateUser", times=1)
    with environment.client("cucm-pub", timeout=0.3) as slow, pytest.raises(httpx.TimeoutException):
        update(slow, "red")
    with environment.client("cucm-pub") as client:
        assert department(client) == "sales"


def test_the_admin_api_meets_the_same_faults(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="imp_admin", times=1)
    environment.control.fault("drop", protocol="imp_admin", times=1)
    with environment.client("imp-pub") as client:
        refused = client.get("/imp-admin/v1/presence-gateways")
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        with pytest.raises(httpx.TransportError):
            client.get("/imp-admin/v1/presence-gateways")
        assert client.get("/imp-admin/v1/presence-gateways").json() == {"items": []}
    entries = environment.journal(protocol="imp_admin")
    assert [(entry["status"], entry["fault"]) for entry in entries] == [(503, "status"), (0, "drop"), (200, None)]


def test_random_faults_repeat_with_their_seed(environment: Emulator) -> None:
    patterns = []
    with environment.client("cucm-pub") as client:
        for _ in range(2):
            environment.control.fault("status", effect={"status": 500}, probability=0.5, seed=11)
            patterns.append([update(client, "red").status_code for _ in range(12)])
            environment.control.clear_faults()
    assert patterns[0] == patterns[1]
    assert set(patterns[0]) == {200, 500}


@pytest.mark.parametrize(("node", "port"), [("cucm-pub", 8443), ("imp-pub", 8443), ("imp-pub", 443)])
def test_an_oversized_body_is_refused(environment: Emulator, node: str, port: int) -> None:
    path = "/axl/" if node == "cucm-pub" else "/imp-admin/v1/presence-gateways"
    path = "/platformcom/api/v1/certmgr/config/trust/certificates" if port == 443 else path
    with environment.client(node, port, account="os" if port == 443 else "application") as client:
        answer = client.post(path, content=b"x" * (9 * 1024 * 1024))
    assert answer.status_code == 413
    assert "8388608" in answer.text


def test_a_request_under_way_does_not_keep_the_emulator_from_stopping(start_emulator: Callable[..., Emulator]) -> None:
    running = start_emulator()
    held = running.control.fault("delay", effect={"seconds": 300}, operation="updateUser")
    with running.client("cucm-pub", timeout=0.3) as client, pytest.raises(httpx.TimeoutException):
        update(client, "red")
    assert [fault["hits"] for fault in running.control.faults() if fault["id"] == held] == [1]
    running.control.fault("endless", operation="getUser")
    running.control.fault("cut", operation="listUser")
    content = ENVELOPE.format("getUser", "<userid>user0001</userid>")
    listing = "<searchCriteria><userid>user0001</userid></searchCriteria><returnedTags><userid/></returnedTags>"
    with running.client("cucm-pub") as client, running.client("cucm-pub") as other:
        with pytest.raises(httpx.RemoteProtocolError):
            other.post("/axl/", content=ENVELOPE.format("listUser", listing))
        with client.stream("POST", "/axl/", content=content) as answer:
            next(answer.iter_raw())
            running.stop()
    # Nothing but the request that is held up is still under way then.
    assert running.stderr == "Cancel 1 running task(s), timeout graceful shutdown exceeded\n"


def test_an_answer_that_is_cut_comes_after_the_change(environment: Emulator) -> None:
    content = ENVELOPE.format("updateUser", "<userid>user0001</userid><department>red</department>")
    headers = {"SOAPAction": '"CUCM:DB ver=14.0 updateUser"'}
    with environment.client("cucm-pub") as client:
        whole = update(client, "blue").content
        environment.control.clear_journal()
        environment.control.fault("cut", effect={"share": 0.5}, operation="updateUser", times=1)
        with client.stream("POST", "/axl/", content=content, headers=headers) as answer:
            received = until_it_breaks(answer)
        assert department(client) == "red"
    assert received == whole[: len(whole) // 2]
    assert outcomes(environment) == [(200, "cut")]


def test_an_answer_that_comes_drop_by_drop_is_whole_and_holds_up_nobody(environment: Emulator) -> None:
    environment.control.fault("drip", effect={"seconds": 0.4}, operation="updateUser", times=1)
    with environment.client("cucm-pub") as client, environment.client("cucm-pub") as other:
        content = ENVELOPE.format("updateUser", "<userid>user0001</userid><department>red</department>")
        headers = {"SOAPAction": '"CUCM:DB ver=14.0 updateUser"'}
        with client.stream("POST", "/axl/", content=content, headers=headers) as answer:
            assert department(other) == "red"
            pieces = list(answer.iter_raw())
        assert b"".join(pieces).endswith(b"Envelope>")
        assert len(pieces) > 1


def test_an_answer_without_an_end_goes_on_until_its_client_goes(environment: Emulator) -> None:
    environment.control.fault("endless", operation="getUser", times=1)
    content = ENVELOPE.format("getUser", "<userid>user0001</userid>")
    headers = {"SOAPAction": '"CUCM:DB ver=14.0 getUser"'}
    with environment.client("cucm-pub") as client:
        with client.stream("POST", "/axl/", content=content, headers=headers) as answer:
            received = 0
            for piece in answer.iter_raw():
                received += len(piece)
                if received > 100_000:
                    break
        assert received > 100_000
        assert department(client) == "sales"


def test_a_session_that_is_over_wants_another_login(environment: Emulator) -> None:
    environment.control.fault("session", operation="getUser", every=2)
    content = ENVELOPE.format("getUser", "<userid>user0001</userid>")
    headers = {"SOAPAction": '"CUCM:DB ver=14.0 getUser"'}
    with environment.client("cucm-pub") as client:
        first = client.post("/axl/", content=content, headers=headers)
        assert first.status_code == 200
    with environment.client("cucm-pub", account=None, cookies=dict(first.cookies)) as returning:
        over = returning.post("/axl/", content=content, headers=headers)
        assert over.status_code == 401, "the cookie stands for nobody"
    with environment.client("cucm-pub") as client:
        assert department(client) == "sales"
    assert [(entry["status"], entry["fault"]) for entry in environment.journal(operation="getUser")] == [
        (200, None),
        (401, "session"),
        (200, None),
    ]


def test_a_full_disk_stops_changes_and_nothing_else(environment: Emulator) -> None:
    environment.control.fault("disk_full", protocol="axl")
    with environment.client("cucm-pub") as client:
        refused = update(client, "red")
        assert (refused.status_code, "No space left on device" in refused.text) == (500, True)
        assert department(client) == "sales"
        environment.control.clear_faults()
        assert update(client, "red").status_code == 200


def test_a_clock_that_is_wrong_is_told_by_its_own_server_only(environment: Emulator) -> None:
    environment.control.fault("clock_skew", effect={"seconds": -600}, node="imp-sub")
    dates = {}
    for node in ("cucm-pub", "imp-sub"):
        with environment.client(node) as client:
            dates[node] = parsedate_to_datetime(client.get("/nothing-is-here").headers["date"])
    assert 590 < (dates["cucm-pub"] - dates["imp-sub"]).total_seconds() < 610
    (fault,) = environment.control.faults()
    assert (fault["hits"], fault["matched"]) == (1, 1)


@pytest.mark.parametrize("kind", ["cut", "endless"])
def test_an_answer_without_content_is_lost_or_as_good_as_ever(environment: Emulator, kind: str) -> None:
    file = {"name": "a.txt", "transaction": "Insert Users", "content": "USER ID\n"}
    environment.control.fault(kind, operation="deleteBulkFile")
    with environment.client("cucm-pub") as client:
        client.post("/cucm-admin/v1/bulk-files", json=file).raise_for_status()
        if kind == "cut":
            with pytest.raises(httpx.RemoteProtocolError):
                client.delete("/cucm-admin/v1/bulk-files/a.txt")
        else:
            assert client.delete("/cucm-admin/v1/bulk-files/a.txt").status_code == 204
        assert client.get("/cucm-admin/v1/bulk-files").json() == {"items": []}


def test_what_is_matched_and_what_is_struck_is_counted(environment: Emulator) -> None:
    environment.control.fault("status", protocol="axl", operation="getUser", skip=1, every=3)
    with environment.client("cucm-pub") as client:
        seen = [
            client.post(
                "/axl/",
                content=ENVELOPE.format("getUser", "<userid>user0001</userid>"),
                headers={"SOAPAction": '"CUCM:DB ver=14.0 getUser"'},
            ).status_code
            for _ in range(7)
        ]
    assert seen == [200, 200, 200, 503, 200, 200, 503]
    (fault,) = environment.control.faults()
    assert (fault["matched"], fault["hits"]) == (7, 2)


def shown_by(emulator: Emulator, server: str, port: int) -> x509.Certificate:
    """Return the certificate that a new connection to a node, an Exchange server or an authority is shown."""
    ready = emulator.ready
    places = ready["clusters"]["dc1"]["nodes"] | ready["exchange"] | ready["certification_authorities"]
    place = (places[server]["address"], places[server]["ports"][str(port)])
    return x509.load_pem_x509_certificate(ssl.get_server_certificate(place).encode())


def names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


@pytest.mark.parametrize(
    ("server", "port", "protocol"),
    [
        ("cucm-pub", 8443, "axl"),
        ("cucm-pub", 443, "certmgr"),
        ("imp-pub", 8443, "imp_admin"),
        ("imp-sub", 8443, "control_center"),
        ("imp-sub", 8083, "presence_web_service"),
        ("mail1.example.com", 443, "ews"),
        ("mail1.example.com", 5986, "powershell"),
        ("ca.example.com", 443, "certsrv"),
    ],
)
def test_another_certificate_is_shown_to_those_connections_that_it_strikes(
    environment: Emulator, server: str, port: int, protocol: str
) -> None:
    environment.control.fault("certificate", node=server, protocol=protocol, skip=1, times=2)
    own, *others, last = [shown_by(environment, server, port) for _time in range(4)]
    assert (last, others[1]) == (own, others[0])
    assert names(others[0]) == names(own)
    assert others[0].public_key() != own.public_key()
    assert others[0].issuer.rfc4514_string() == "CN=Unknown CA,O=Example"
    (fault,) = environment.control.faults()
    assert (fault["effect"], fault["matched"], fault["hits"]) == ({"kind": "certificate"}, 3, 2)


def test_another_certificate_strikes_no_other_server_and_no_other_protocol(environment: Emulator) -> None:
    own = [shown_by(environment, server, 8443) for server in ("imp-pub", "imp-sub")]
    environment.control.fault("certificate", node="imp-pub", protocol="powershell")
    environment.control.fault("certificate", node="imp-sub", protocol="certmgr")
    assert [shown_by(environment, server, 8443) for server in ("imp-pub", "imp-sub")] == own
    assert [fault["matched"] for fault in environment.control.faults()] == [0, 0]


def test_who_is_shown_another_certificate_sends_nothing_and_who_is_connected_goes_on(environment: Emulator) -> None:
    with environment.client("cucm-pub") as connected, environment.client("cucm-pub") as other:
        assert department(connected) == "sales"
        environment.control.fault("certificate", cluster="dc1")
        for _time in range(2):
            assert department(connected) == "sales"
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                update(other, "red")
        environment.control.clear_faults()
        assert update(other, "red").status_code == 200
    assert outcomes(environment) == [(200, None)]


def test_connections_to_a_node_that_is_away_are_not_counted(environment: Emulator) -> None:
    own = shown_by(environment, "imp-sub", 8443)
    environment.control.fault("certificate", node="imp-sub")
    environment.control.begin_outage("imp-sub")
    assert shown_by(environment, "imp-sub", 8443) == own
    environment.control.end_outage("imp-sub")
    assert shown_by(environment, "imp-sub", 8443) != own
    assert [fault["matched"] for fault in environment.control.faults()] == [1]


def test_the_faults_of_a_scenario_are_there_from_the_start_and_after_a_reset(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    (tmp_path / "faulty.yml").write_text(
        "format: 1\nclusters:\n- name: dc1\n  version: 14.0.1.13900-155\n  domain: dc1.example.com\n  nodes:\n"
        "  - {name: cucm-pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}\n"
        "faults:\n- {protocol: axl, effect: {kind: disk_full}}\n- {protocol: axl, effect: {kind: certificate}}\n"
    )
    emulator = start_emulator("--scenario", str(tmp_path / "faulty.yml"))
    for _ in range(2):
        found = [fault["effect"]["kind"] for fault in emulator.control.faults()]
        assert found == ["disk_full", "certificate"]
        emulator.control.clear_faults()
        assert emulator.control.faults() == []
        emulator.control.reset()
