# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service on its real ports, with a client of its kind: certificates, redirects, calls."""

from __future__ import annotations

import queue
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography import x509
from lxml import etree

from tests.support.axl import OverTheWire
from tests.support.certificates import answer_request, issue
from tests.support.emulator import Emulator
from tests.support.https_server import running
from tests.support.presence_web_client import SECONDS, Client, key_of
from tests.support.presence_web_service import HOUR, endpoint, rich, subscription


class Calls:
    """An endpoint: what it was called with; ``answers`` is asked before each answer."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/pws?of=mine"
        self.received: queue.Queue[dict[str, str]] = queue.Queue()
        self.before: Callable[[], None] = lambda: None

    def next(self) -> dict[str, str]:
        """Wait for the next call and return its query."""
        return self.received.get(timeout=SECONDS)


@contextmanager
def listening() -> Iterator[Calls]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.before()
            query = parse_qs(urlsplit(self.path).query)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            calls.received.put({name: values[0] for name, values in query.items()})

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    calls = Calls(server.server_port)
    with running(server):
        yield calls


def enable(emulator: Emulator, *userids: str) -> None:
    """Enable users for IM and Presence; the nodes take them in turn."""
    axl = OverTheWire(emulator)
    for userid in userids:
        axl.ask("updateUser", f"<userid>{userid}</userid><imAndPresenceEnable>true</imAndPresenceEnable>").done()


def control(emulator: Emulator, verb: str, node: str = "imp-pub") -> None:
    """Start, stop or restart Cisco SIP Proxy."""
    ast = "http://schemas.cisco.com/ast/soap"
    inside = (
        f'<a:soapDoControlServices xmlns:a="{ast}"><a:ControlServiceRequest><a:NodeName/><a:ControlType>{verb}'
        f"</a:ControlType><a:ServiceList><a:item>Cisco SIP Proxy</a:item></a:ServiceList></a:ControlServiceRequest>"
        "</a:soapDoControlServices>"
    )
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    body = f'<e:Envelope xmlns:e="{envelope}"><e:Header/><e:Body>{inside}</e:Body></e:Envelope>'
    path = "/controlcenterservice2/services/ControlCenterServices"
    with emulator.client(node) as client:
        client.post(path, content=body, headers={"Content-Type": "text/xml"}).raise_for_status()


@pytest.fixture
def enabled(environment: Emulator) -> Emulator:
    """imp-pub serves user0001 and user0003, imp-sub serves user0002."""
    enable(environment, "user0001", "user0002", "user0003")
    return environment


def test_every_operation_is_answered_over_verified_tls(enabled: Emulator) -> None:
    client = Client(enabled)
    app = client.application()
    forced = client.ask("PUT", "/users/user0001/session", app)
    key, user = key_of(forced), "/users/user0001"
    assert client.user("user0001", app) == key
    override = {"Presence_Override": "true", "Presence_Expiry": HOUR}
    assert client.ask("PUT", f"{user}/presence/basic", key, "<presence>DND</presence>", **override).status_code == 200
    assert client.basic("user0001", key) == "200 DND"
    assert client.ask("PUT", f"{user}/presence/rich", key, rich("away"), **override).status_code == 200
    found = client.ask("GET", f"{user}/presence/rich/contacts/user0001@example.com", key)
    assert etree.fromstring(found.content).find(".//{*}activities/{*}away") is not None
    with listening() as calls:
        made = client.ask("POST", "/endpoints", app, endpoint(calls.url), Presence_Expiry=HOUR)
        place = made.headers["Location"]
        assert client.ask("PUT", place, app, Presence_Expiry="7200").headers["Location"] == place
        body = subscription(["user0003@dc1.example.com"], place.rpartition("/")[2])
        subscribed = client.ask("POST", f"{user}/subscriptions", key, body, Presence_Expiry=HOUR)
        number = subscribed.headers["Location"].rpartition("/")[2]
        assert calls.next() == {"of": "mine", "id": number, "eventType": "PRESENCE_NOTIFICATION"}
        for kind in ("basic", "rich"):
            assert client.ask("GET", f"{user}/presence/{kind}/subscriptions/{number}", key).status_code == 200
        assert client.ask("PUT", subscribed.headers["Location"], key, Presence_Expiry=HOUR).status_code == 201
        assert client.ask("DELETE", subscribed.headers["Location"], key).status_code == 200
        assert client.ask("DELETE", place, app).status_code == 200
    assert client.ask("DELETE", f"{user}/session", key).status_code == 200
    assert client.ask("DELETE", f"/users/{client.username}/session", app).status_code == 200
    about = enabled.control.about()
    assert set(about["protocols"]["presence_web_service"]) <= set(about["answered"]["presence_web_service"])


def test_a_change_is_told_while_the_clock_stands_still(enabled: Emulator) -> None:
    """As Cisco's example does it, the application asks what has changed before it answers the call."""
    client = Client(enabled)
    app = client.application()
    watcher, watched = client.user("user0001", app), client.user("user0003", app)
    enabled.control.clock(frozen=True)
    seen: list[str] = []

    def ask() -> None:
        found = client.ask("GET", "/users/user0001/presence/basic/subscriptions/1", watcher)
        seen.extend(str(element.text) for element in etree.fromstring(found.content))

    with listening() as calls:
        calls.before = ask
        client.ask("POST", "/endpoints", app, endpoint(calls.url), Presence_Expiry=HOUR)
        body = subscription(["user0003@dc1.example.com"])
        client.ask("POST", "/users/user0001/subscriptions", watcher, body, Presence_Expiry=HOUR)
        calls.next()
        override = {"Presence_Override": "true", "Presence_Expiry": HOUR}
        for word in ("DND", "AWAY", "DND"):
            body = f"<presence>{word}</presence>"
            client.ask("PUT", "/users/user0003/presence/basic", watched, body, **override)
            calls.next()
    assert seen == ["AVAILABLE", "DND", "AWAY", "DND"]


@pytest.mark.parametrize("port", [8083, 8082])
def test_a_redirect_leads_to_the_node_that_serves_the_user(enabled: Emulator, port: int) -> None:
    client = Client(enabled, port=port)
    app = client.application()
    answer = client.ask("PUT", "/users/user0002/session", app)
    assert answer.status_code == 307
    other = Client(enabled, "imp-sub", port)
    assert answer.headers["Location"] == f"{other.base}/users/user0002/session"
    key = key_of(other.ask("PUT", answer.headers["Location"], app))
    assert other.basic("user0002", key) == "200 AVAILABLE"


@pytest.mark.parametrize("port", [8083, 8082])
def test_a_stopped_sip_proxy_answers_nothing(enabled: Emulator, port: int) -> None:
    client = Client(enabled, port=port)
    key = client.user("user0001", client.application())
    control(enabled, "Stop")
    enabled.control.clear_journal()
    with pytest.raises(requests.ConnectionError):
        client.basic("user0001", key)
    assert enabled.journal(protocol="presence_web_service") == []
    control(enabled, "Start")
    assert client.basic("user0001", key).startswith("401"), "it has forgotten who was logged in"
    client.application()


def shown(emulator: Emulator, trusted: str) -> str | None:
    """Return the certificate (PEM) that imp-pub shows; ``None`` when it is not issued by what is trusted."""
    context = ssl.create_default_context(cadata=trusted)
    context.check_hostname = False
    try:
        with (
            socket.create_connection(("127.0.0.1", emulator.port("imp-pub", 8083)), SECONDS) as plain,
            context.wrap_socket(plain) as secure,
        ):
            return ssl.DER_cert_to_PEM_cert(secure.getpeercert(True) or b"")
    except ssl.SSLCertVerificationError:
        return None


def test_a_node_shows_its_cup_certificate(environment: Emulator) -> None:
    """At the next handshake; until then the one that it was installed with."""
    authority, first = issue("Test CA", ca=True), Path(environment.ca_file).read_text(encoding="ascii")
    assert shown(environment, authority.pem) is None
    assert shown(environment, first) is not None
    base = "/platformcom/api/v1/certmgr/config"
    with environment.client("imp-pub", 443, "os") as platform:
        names = {"service": "cup", "distribution": "this-server", "commonName": "imp-pub.dc1.example.com"}
        request = x509.load_pem_x509_csr(platform.post(f"{base}/csr", json=names).json()["csr"].encode())
        answer = answer_request(request, authority)
        body = {"service": "cup", "certificates": [answer, authority.pem]}
        assert platform.post(f"{base}/identity/certificates", json=body).status_code == 201
    assert shown(environment, authority.pem) == answer
    environment.control.reset()
    assert shown(environment, authority.pem) is None, "as it was at first"


def test_a_killed_emulator_goes_on_with_sessions_and_calls(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    emulator = start_emulator()
    enable(emulator, "user0001")
    client = Client(emulator)
    app = client.application()
    key = client.user("user0001", app)
    with listening() as calls:
        client.ask("POST", "/endpoints", app, endpoint(calls.url), Presence_Expiry=HOUR)
        body = subscription(["user0001@dc1.example.com"])
        client.ask("POST", "/users/user0001/subscriptions", key, body, Presence_Expiry=HOUR)
        calls.next()
        emulator.kill()
        again = start_emulator()
        assert calls.next()["id"] == "1"
        assert Client(again).basic("user0001", key) == "200 AVAILABLE"
