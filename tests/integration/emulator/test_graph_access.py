# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may call Microsoft Graph, whom it knows, and how it refuses."""

from __future__ import annotations

import uuid

import jwt
import pytest

from imp_emulator.scenario.model import GRAPH_HOST
from tests.support import online
from tests.support.emulator import Emulator
from tests.support.online import Graph

ANNA = "user0001@example.com"
VIEW = {"startDateTime": "2026-11-26T00:00:00Z", "endDateTime": "2026-11-27T00:00:00Z"}


def refusal(emulator: Emulator, authorization: str | None) -> tuple[int, str, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = online.session(emulator).get(f"{online.GRAPH}/v1.0/users", headers=headers)
    assert answer.status_code != 401 or answer.headers["WWW-Authenticate"].startswith("Bearer ")
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize(
    ("authorization", "words"),
    [(None, "token is empty"), ("Basic dXNlcjpwYXNz", "token is empty"), ("Bearer abc", "not well formed")],
)
def test_without_a_token_nobody_is_let_in(tenant: Emulator, authorization: str | None, words: str) -> None:
    status, code, message = refusal(tenant, authorization)
    assert (status, code) == (401, "InvalidAuthenticationToken")
    assert words in message


def test_a_token_of_somebody_else_is_not_good(tenant: Emulator) -> None:
    good = online.token(tenant)
    forged = jwt.encode(jwt.decode(good, options={"verify_signature": False}), "secret" * 8, algorithm="HS256")
    for bad in (forged, good[:-3] + "AAA"):
        assert refusal(tenant, f"Bearer {bad}")[:2] == (401, "InvalidAuthenticationToken")
    assert "Invalid audience" in refusal(tenant, f"Bearer {online.token(tenant, scope=online.EWS_SCOPE)}")[2]
    headers = {"Authorization": f"bearer {good}"}
    assert online.session(tenant).get(f"{online.GRAPH}/v1.0/users", headers=headers).status_code == 200


def test_a_token_is_good_for_an_hour_of_virtual_time(tenant: Emulator) -> None:
    tenant.control.clock(frozen=True)
    graph = Graph(tenant, "presence")
    tenant.control.advance(3598)
    assert graph.call("GET", "/users").status_code == 200
    tenant.control.advance(1)
    answer = graph.call("GET", "/users")
    assert (answer.status_code, "expired" in answer.json()["error"]["message"]) == (401, True)
    tenant.control.advance(-3700)
    assert "not yet valid" in graph.call("GET", "/users").json()["error"]["message"]


def test_each_call_wants_its_permission(tenant: Emulator) -> None:
    reader, writer, nobody = (Graph(tenant, label) for label in ("presence", "writer", "forgotten"))
    event = {"subject": "x", "start": {"dateTime": "2026-11-26T09:00"}, "end": {"dateTime": "2026-11-26T10:00"}}
    settings = {"timeZone": "UTC"}
    assert reader.call("GET", f"/users/{ANNA}/calendarView", params=VIEW).status_code == 200
    for method, path, body in (
        ("POST", f"/users/{ANNA}/events", event),
        ("PATCH", f"/users/{ANNA}/events/x", {}),
        ("DELETE", f"/users/{ANNA}/events/x", None),
        ("PATCH", f"/users/{ANNA}/mailboxSettings", settings),
    ):
        answer = reader.call(method, path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied"), path
    assert writer.call("POST", f"/users/{ANNA}/events", event).status_code == 201
    assert writer.call("PATCH", f"/users/{ANNA}/mailboxSettings", settings).status_code == 200
    answer = nobody.call("GET", f"/users/{ANNA}/calendarView", params=VIEW)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NoPermissionsInAccessToken")


def test_an_error_says_which_request_it_is_about(tenant: Emulator) -> None:
    tenant.control.clock(frozen=True, now="2026-11-26T12:00:00+00:00")
    mine = str(uuid.uuid4())
    answer = Graph(tenant).call("GET", f"/users/{ANNA}/events/x", headers={"client-request-id": mine})
    inner = answer.json()["error"]["innerError"]
    assert inner["client-request-id"] == answer.headers["client-request-id"] == mine
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["date"] == "2026-11-26T12:00:00"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/users/nobody@example.com", 404, "Request_ResourceNotFound"),
        ("GET", f"/users/{uuid.UUID(int=1)}", 404, "Request_ResourceNotFound"),
        ("GET", "/users/nobody@example.com/events", 404, "ErrorInvalidUser"),
        ("GET", f"/users/{ANNA}/events/AAMkAD", 400, "ErrorInvalidIdMalformed"),
        ("GET", f"/users/{ANNA}/calendars/other/events", 404, "ErrorItemNotFound"),
        ("GET", f"/users/{ANNA}/messages", 400, "BadRequest"),
        ("PUT", f"/users/{ANNA}/events", 405, "BadRequest"),
        ("GET", "/me/events", 400, "BadRequest"),
        ("GET", f"/users/{ANNA}/calendarView", 400, "ErrorInvalidParameter"),
        ("GET", f"/users/{ANNA}/events?$expand=attachments", 400, "BadRequest"),
        ("GET", f"/users/{ANNA}/events?$top=0", 400, "ErrorInvalidUrlQuery"),
        ("GET", f"/users/{ANNA}/events?$top=1001", 400, "ErrorInvalidUrlQuery"),
        ("GET", f"/users/{ANNA}/events?$filter=subject is 'x'", 400, "BadRequest"),
        ("GET", f"/users/{ANNA}/calendarView?startDateTime=now&endDateTime=later", 400, "ErrorInvalidParameter"),
        (
            "GET",
            f"/users/{ANNA}/calendarView?startDateTime=2020-01-01&endDateTime=2025-12-31",
            400,
            "ErrorCalendarViewRangeTooBig",
        ),
    ],
)
def test_a_call_is_refused(tenant: Emulator, method: str, path: str, status: int, code: str) -> None:
    answer = Graph(tenant).call(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_another_version_is_not_served(tenant: Emulator) -> None:
    answer = Graph(tenant).call("GET", f"{online.GRAPH}/beta/users")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Invalid version: beta")


def test_throttling_has_the_form_of_microsoft_graph(tenant: Emulator) -> None:
    graph = Graph(tenant)
    tenant.control.fault("status", effect={"status": 429, "retry_after": 11}, protocol="graph", times=1)
    answer = graph.call("GET", "/users")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "11")
    assert answer.json()["error"]["code"] == "TooManyRequests"
    assert graph.call("GET", "/users").status_code == 200


def test_users_come_in_pages_and_are_found_by_mail(tenant: Emulator) -> None:
    graph = Graph(tenant)
    first = graph.get("/users", _top="400", _count="true")
    seen = [user["mail"] for user in first["value"]]
    while "@odata.nextLink" in first:
        first = graph.get(first["@odata.nextLink"])
        seen += [user["mail"] for user in first["value"]]
    assert len(seen) == len(set(seen)) > 1000
    assert ANNA in seen
    (anna,) = graph.get("/users", _filter=f"mail eq '{ANNA.upper()}'")["value"]
    assert graph.get(f"/users/{anna['id']}")["userPrincipalName"] == ANNA
    assert graph.get(f"/users/{ANNA}", _select="mail,displayName").keys() == {
        "@odata.context",
        "id",
        "mail",
        "displayName",
    }
    found = graph.get("/users", _filter="startswith(mail,'user000')", _orderby="mail desc", _top="4")
    assert [user["mail"][:8] for user in found["value"]] == ["user0009", "user0008", "user0007", "user0006"]
    rest = graph.get(found["@odata.nextLink"])["value"]
    assert [user["mail"][:8] for user in rest] == ["user0005", "user0004", "user0003", "user0002"]


def test_the_journal_tells_application_and_call(tenant: Emulator) -> None:
    graph = Graph(tenant)
    tenant.control.clear_journal()
    graph.get(f"/users/{ANNA}")
    (entry,) = tenant.journal(protocol="graph")
    assert (entry["operation"], entry["node"]) == ("getUser", GRAPH_HOST)
    assert entry["caller"] == online.application(tenant, "writer")[0]
