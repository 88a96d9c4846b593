# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults as a client on the wire meets them."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from tests.support.emulator import Emulator

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<ns:{0} xmlns:ns="http://www.cisco.com/AXL/API/14.0">{1}</ns:{0}></soapenv:Body></soapenv:Envelope>'
)


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


def test_a_held_up_request_does_not_keep_the_emulator_from_stopping(start_emulator: Callable[..., Emulator]) -> None:
    running = start_emulator()
    held = running.control.fault("delay", effect={"seconds": 300}, operation="updateUser")
    with running.client("cucm-pub", timeout=0.3) as client, pytest.raises(httpx.TimeoutException):
        update(client, "red")
    assert [fault["hits"] for fault in running.control.faults() if fault["id"] == held] == [1]
    running.stop()
    assert "Traceback" not in running.stderr
