# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administration API over the wire: what it refuses and how, what the journal tells, and no secret anywhere."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support.emulator import Emulator
from tests.support.imp_admin import (
    ACCOUNT,
    EWS,
    FIRST,
    PASSWORD,
    Api,
    assert_problem,
    body,
)
from tests.support.office_365 import CLIENT_ID, OUTLOOK, TENANT_ID
from tests.support.office_365 import TYPE as OFFICE_365


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
        ({"type": "Exchange -- EWS Auto Discover"}, "invalid-field", "type"),
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


ONLINE = {"client_id": CLIENT_ID, "tenant_id": TENANT_ID, "client_secret": "canary-of-the-client"}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"office_365": None}, "invalid-field", "office_365"),
        ({"office_365": []}, "invalid-field", "office_365"),
        ({"office_365": "canary"}, "invalid-field", "office_365"),
        ({"office_365": {}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"client_id": "canary"}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"client_id": None}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"client_secret": None}}, "secret-required", "office_365"),
        ({"office_365": ONLINE | {"client_secret": ["canary"]}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"client_secret": "canary" * 50}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"secret": "canary"}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"proxy_url": "canary://x"}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"proxy_url": None}}, "invalid-field", "office_365"),
        ({"office_365": ONLINE | {"resource": "https://graph.microsoft.com"}}, "invalid-field", "office_365"),
        ({"account": ACCOUNT}, "invalid-field", "account"),
        ({"type": EWS, "account": ACCOUNT, "password": PASSWORD}, "invalid-field", "office_365"),
    ],
)
def test_fields_of_office_365_that_break_a_rule(api: Api, change: dict[str, Any], code: str, field: str) -> None:
    draft = {"type": OFFICE_365, "name": OUTLOOK, "office_365": ONLINE}
    response = api("POST", "/presence-gateways", json=draft | change)
    assert_problem(response, 422, code, field)
    assert "canary" not in response.text
    assert api.items("/presence-gateways") == []


def test_secrets_of_office_365_are_compared_and_told_nowhere(environment: Emulator, api: Api) -> None:
    added = api.add({"type": OFFICE_365, "name": OUTLOOK, "office_365": ONLINE})
    path = f"/presence-gateways/{added.json()['id']}/secrets/compare"
    environment.control.clear_journal()
    answers = [
        added,
        api("POST", path, json={"client_secret": "canary-of-the-client"}),
        api("POST", path, json={"client_secret": "canary", "proxy_password": "canary"}),
        api("POST", path, json={}),
        api.put(added, {"type": OFFICE_365, "name": OUTLOOK, "office_365": ONLINE | {"client_secret": None}}),
        api("GET", "/presence-gateways"),
        api("POST", path, json={"client_secret": 12345}),
        api("POST", path, json={"client_secret": " canary", "password": "canary"}),
        api("POST", path, json=["canary"]),
    ]
    told = [{"client_secret": True}, {"client_secret": False, "proxy_password": False}, {}]
    empty = {"client_secret": None, "proxy_password": None}
    assert [answer.json() for answer in answers[1:4]] == [empty | one for one in told]
    assert [answer.status_code for answer in answers[4:]] == [200, 200, 422, 422, 422]
    for answer in answers:
        assert "canary" not in answer.text + str(answer.headers), answer.request.url
    assert [entry["operation"] for entry in environment.journal(writes=True)] == ["replacePresenceGateway"]
    exchange = api.add(FIRST).json()["id"]
    assert_problem(api("POST", f"/presence-gateways/{exchange}/secrets/compare", json={}), 409, "not-office-365")
    unknown = f"/presence-gateways/{CLIENT_ID}/secrets/compare"
    assert_problem(api("POST", unknown, json={}), 404, "gateway-not-found")
    assert "canary-of-the-client" not in str(environment.journal()) + environment.stderr


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"content": b"{"}, 400, "invalid-json"),
        ({"content": b"\xff"}, 400, "invalid-json"),
        ({"content": b""}, 422, "invalid-field"),
        ({"content": b"[]"}, 422, "invalid-field"),
        ({"content": b"null"}, 422, "invalid-field"),
        ({"content": b'{"name": "\\ud800"}'}, 422, "invalid-field"),
        ({"content": json.dumps(FIRST | {"password": "half a character: \ud800"})}, 422, "invalid-field"),
        ({"content": json.dumps(FIRST | {"description": "half a character: \ud800"})}, 422, "invalid-field"),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
    ],
)
def test_bodies_that_are_no_object(api: Api, options: dict[str, Any], status: int, code: str) -> None:
    options = {"headers": {"Content-Type": "application/json"}} | options
    response = api("POST", "/presence-gateways", **options)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


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
