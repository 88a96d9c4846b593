# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients of the nodes' interfaces, on answers that a well-behaved server does not give; and the nodes option."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import CertManager
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import PAGE_SIZE, ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    ImpError,
    NoPublicApi,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.certificates import issue
from tests.support.scripted_axl import enveloped

CONNECTION = Connection(IMP, "imp.example.com", 8443, "axladmin", "secret-word")
ROOT = issue("Example Root CA", ca=True)
HTML = b"<html><body>Apache Tomcat</body></html>"


class Canned(Transport):
    """Gives one answer to everything and keeps what was asked."""

    def __init__(self, status: int = 200, body: Any = b"", media_type: str = "application/json") -> None:
        super().__init__(CONNECTION)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answer = Answer(status, {"content-type": media_type}, content)
        self.asked: list[tuple[str, str, bytes | None, dict[str, str], bool | None]] = []

    def request(self, method: str, path: str, **options: Any) -> Answer:
        asked = (options.get("body"), dict(options.get("headers") or {}), options.get("idempotent"))
        self.asked.append((method, path, *asked))
        return self.answer


@pytest.mark.parametrize("status", [200, 301, 302, 404, 405, 501])
def test_a_server_without_the_admin_api(status: int) -> None:
    with pytest.raises(NoPublicApi, match="Cisco publishes no interface"):
        ImpAdmin(Canned(status, HTML, "text/html")).gateways()


@pytest.mark.parametrize(
    ("status", "body", "media_type", "code", "said"),
    [
        (409, {"detail": "Exists.", "code": "gateway-exists"}, "application/problem+json", "gateway-exists", "Exists."),
        (422, {"title": "Wrong", "field": "port"}, "application/problem+json", "refused", "Wrong"),
        (500, {}, "application/problem+json", "refused", "imp.example.com:8443 answered HTTP 500."),
        (500, [], "application/json", "refused", "HTTP 500"),
        (502, HTML, "text/html", "refused", "HTTP 502"),
    ],
)
def test_errors_of_the_admin_api(status: int, body: Any, media_type: str, code: str, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught:
        ImpAdmin(Canned(status, body, media_type)).account()
    assert (caught.value.code, caught.value.status) == (code, status)


class Users(Transport):
    """Has so many users, page by page, and keeps the queries; it may never come to an end of them."""

    def __init__(self, users: int, *, endless: bool = False) -> None:
        super().__init__(CONNECTION)
        self.known = [f"user{number}" for number in range(users)]
        self.endless = endless
        self.queries: list[dict[str, list[str]]] = []

    def request(self, method: str, path: str, **options: Any) -> Answer:
        query = parse_qs(urlsplit(path).query)
        self.queries.append(query)
        skip, first = 0 if self.endless else int(query["skip"][0]), int(query["first"][0])
        found = [name for name in self.known if name in query.get("userid", self.known)]
        unknown = dict.fromkeys(("presence", "activity", "message", "gateway", "failure"))
        items = [{"userid": name, **unknown} for name in found[skip : skip + first]]
        content = {"items": items, "total": len(found), "engines": ["imp-pub"]}
        return Answer(200, {"content-type": "application/json"}, json.dumps(content).encode())


@pytest.mark.parametrize(("users", "requests"), [(0, 1), (PAGE_SIZE - 1, 1), (PAGE_SIZE, 2), (2 * PAGE_SIZE + 1, 3)])
def test_users_are_read_page_by_page(users: int, requests: int) -> None:
    server = Users(users)
    found = ImpAdmin(server).presence((), {"failing": "true"})
    assert [user["userid"] for user in found.users] == server.known
    assert (found.engines, len(server.queries)) == (["imp-pub"], requests)
    assert all(query["failing"] == ["true"] for query in server.queries)


def test_pages_that_bring_nobody_new_are_the_end() -> None:
    server = Users(PAGE_SIZE, endless=True)
    assert len(ImpAdmin(server).presence((), {}).users) == len(server.known)
    assert len(server.queries) == 2


def test_ids_are_asked_for_in_portions_that_fit_into_a_line() -> None:
    server = Users(100)
    wanted = [*server.known, *(f"{number}{'ä' * 120}" for number in range(20))]
    assert [user["userid"] for user in ImpAdmin(server).presence(wanted, {}).users] == server.known
    asked = [query["userid"] for query in server.queries]
    assert [name for portion in asked for name in portion] == wanted
    assert len(asked[0]) == 40
    assert all(len(urlencode([("userid", name) for name in portion])) <= 6000 for portion in asked)


@pytest.mark.parametrize("body", [[], {}, {"items": {}}, b"{"])
def test_lists_of_the_admin_api_that_are_none(body: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        ImpAdmin(Canned(200, body)).gateways()


@pytest.mark.parametrize("body", [[], {}, {"match": "yes"}])
def test_a_comparison_that_says_nothing(body: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        ImpAdmin(Canned(200, body)).credentials_match("a@b", "secret-word")


@pytest.mark.parametrize("body", [[], {}, {"client_secret": None}, {"client_secret": "yes"}, {"proxy_password": True}])
def test_a_comparison_of_secrets_that_says_nothing(body: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        ImpAdmin(Canned(200, body)).secrets_match({"id": "x"}, {"client_secret": "secret-word"})


def test_what_is_asked_of_the_admin_api() -> None:
    transport = Canned(200, {"match": True})
    assert ImpAdmin(transport).credentials_match("a@b", "secret-word")
    ImpAdmin(transport).delete_gateway({"id": "x/y", "etag": '"1"'})
    compare, delete = transport.asked
    assert compare[:2] == ("POST", "/imp-admin/v1/gateway-credentials/compare")
    assert compare[4] is True, "comparing twice is as good as once"
    assert delete[:2] == ("DELETE", "/imp-admin/v1/presence-gateways/x%2Fy")
    assert (delete[3]["If-Match"], delete[4]) == ('"1"', None)


@pytest.mark.parametrize("body", [[ROOT.pem], {"certificates": [ROOT.pem]}, [ROOT.pem, ROOT.pem]])
def test_both_forms_of_a_trust_list(body: Any) -> None:
    (certificate,) = CertManager(Canned(200, body)).trusted("cup")
    assert certificate.fingerprint == ROOT.fingerprint


@pytest.mark.parametrize("body", [{}, {"certificates": None}, 1, ["hello"], [None]])
def test_trust_lists_that_are_none(body: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        CertManager(Canned(200, body)).trusted("cup")


def test_the_snapshot() -> None:
    entry = {"filename": "root.pem", "certificate": ROOT.pem}
    body = {
        "identities": [{"service": "tomcat", "certificate": ROOT.pem}, {"service": "cup", "certificate": None}],
        "trusts": [{"service": "cup", "certificate_data": [entry]}, {"service": "tomcat", "certificate_data": None}],
    }
    manager = CertManager(Canned(200, body))
    assert [identity.fingerprint for identity in manager.identities()] == [ROOT.fingerprint]
    assert manager.file_names("cup") == {ROOT.fingerprint: "root.pem"}
    assert manager.file_names("tomcat") == {}
    with pytest.raises(UnexpectedAnswer):
        CertManager(Canned(200, [])).identities()


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, {"key": 400, "messages": ["Bad", "Worse."], "trackingId": "UC_1"}, ApiError, "8443: Bad. Worse."),
        (404, HTML, NoPublicApi, "release 14"),
        (302, HTML, NoPublicApi, "release 14"),
        (500, HTML, ApiError, "HTTP 500"),
        (500, {"messages": []}, ApiError, "HTTP 500"),
    ],
)
def test_errors_of_certificate_management(status: int, body: Any, error: type[ImpError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        CertManager(Canned(status, body)).trust("cup", ROOT.pem, None)
    assert caught.value.details.get("tracking_id") == ("UC_1" if status == 400 else None)


def result(operation: str, inside: str) -> bytes:
    name = f"{operation}Return"
    return enveloped(
        f'<{operation}Response xmlns="http://schemas.cisco.com/ast/soap"><{name}>{inside}</{name}></{operation}Response>'
    )


def test_services_are_read() -> None:
    item = (
        "<item><ServiceName>Cisco SIP Proxy</ServiceName><ServiceStatus>Stopped</ServiceStatus><ReasonCode>-1068"
        "</ReasonCode><ReasonCodeString>Service Not Activated </ReasonCodeString><StartTime/><UpTime>x</UpTime></item>"
    )
    body = result("soapGetServiceStatus", f"<ServiceInfoList>{item}</ServiceInfoList>")
    transport = Canned(200, body)
    proxy = ControlCenter(transport).services()["Cisco SIP Proxy"]
    assert (proxy.status, proxy.activated, proxy.exists, proxy.up_time) == ("Stopped", False, True, -1)
    assert proxy.reason == "Service Not Activated"
    assert transport.asked[0][4] is True
    assert transport.asked[0][3]["SOAPAction"] == '"soapGetServiceStatus"'


@pytest.mark.parametrize(
    ("inside", "code", "said"),
    [
        ("<ReturnCode>1</ReturnCode><ReasonCode>-1042</ReasonCode>", "reason-1042", "does not permit"),
        ("<ReturnCode>1</ReturnCode><ReasonCode>-9</ReasonCode><ReasonString>Odd</ReasonString>", "reason-9", "Odd"),
        ("<ReturnCode>1</ReturnCode>", "reason-1", "no reason given"),
        (
            "<ReturnCode>1</ReturnCode><ServiceInfoList><item><ReasonCode>-1045</ReasonCode></item></ServiceInfoList>",
            "reason-1045",
            "does not support",
        ),
    ],
)
def test_reasons_of_the_control_center(inside: str, code: str, said: str) -> None:
    transport = Canned(200, result("soapDoControlServices", inside))
    with pytest.raises(ApiError, match=said) as caught:
        ControlCenter(transport).control("imp-pub", "Stop", ["Cisco DB"])
    assert caught.value.code == code
    assert transport.asked[0][4] is False, "a command is not repeated blindly"


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (500, enveloped(f'<e:Fault xmlns:e="{soap.ENVELOPE}"><faultstring>No</faultstring></e:Fault>'), ApiError, "No"),
        (404, HTML, UnexpectedAnswer, "HTTP 404"),
        (200, enveloped("<other/>"), UnexpectedAnswer, "no list of services"),
        (200, b"", UnexpectedAnswer, "HTTP 200"),
    ],
)
def test_a_server_without_a_control_center(status: int, body: bytes, error: type[ImpError], said: str) -> None:
    with pytest.raises(error, match=said):
        ControlCenter(Canned(status, body, "text/xml")).services(["Cisco DB"])


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ("imp-pub", "IMP-PUB", True),
        ("imp-pub", "imp-pub.dc1.example.com", True),
        ("imp-pub.dc1.example.com", "imp-pub", True),
        ("imp-pub.dc1.example.com", "imp-pub.dc2.example.com", False),
        ("imp-pub", "imp-sub", False),
        ("192.0.2.12", "192.0.2.12", True),
        ("192.0.2.12", "192.0.3.12", False),
        ("192", "192.0.2.12", False),
        ("2001:DB8::1", "2001:db8:0::1", True),
    ],
)
def test_what_a_node_is_called(mine: str, theirs: str, same: bool) -> None:
    assert TaskNode(mine, CONNECTION).is_called(theirs) is same


def test_nodes_share_the_account() -> None:
    params = {"nodes": [{"name": "imp-sub", "hostname": None, "port": None}]}
    (node,) = task_nodes(CONNECTION, params)
    assert (node.connection.hostname, node.connection.port) == ("imp-sub", 8443)
    assert node.connection.password == "secret-word"
    assert node_problems(CONNECTION, params) == []
    (single,) = task_nodes(CONNECTION, {"nodes": None})
    assert (single.name, single.named) == ("imp.example.com", False)
