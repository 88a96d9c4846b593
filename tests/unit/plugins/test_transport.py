# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport against a scripted HTTPS server: TLS, retries, lost answers, threads, secrets."""

from __future__ import annotations

import datetime
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Asked, Backoff, NotNow
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    Busy,
    ConnectionFailed,
    Forbidden,
    ImpError,
    TimedOut,
    TlsFailed,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP

from tests.support.certificates import issue
from tests.support.https_server import Reply, ScriptedServer, Seen, running

PASSWORD = "canary-5f1e"


@pytest.fixture(name="server")
def server_fixture(served: tuple[ScriptedServer, Path]) -> ScriptedServer:
    server = served[0]
    server.script.clear()
    server.seen.clear()
    return server


@pytest.fixture(name="pauses")
def pauses_fixture() -> list[float]:
    return []


@pytest.fixture(name="connect")
def connect_fixture(
    served: tuple[ScriptedServer, Path], server: ScriptedServer, pauses: list[float]
) -> Iterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def connect(**changes: Any) -> Transport:
        values: dict[str, Any] = {
            "kind": IMP, "hostname": "127.0.0.1", "port": server.port, "username": "axladmin", "password": PASSWORD,
            "ca_path": str(served[1]), "timeout": 5, "retries": 2,
        }  # fmt: skip
        made.append(
            Transport(Connection(**{**values, **changes}), backoff=Backoff(sleep=pauses.append, jitter=lambda: 1.0))
        )
        return made[-1]

    yield connect
    for transport in made:
        transport.close()


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_one_connection_serves_many_requests(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    transport = connect()
    for _ in range(3):
        assert transport.request("GET", "/x").ok
    assert len({seen.peer for seen in server.seen}) == 1
    assert (transport.requests, transport.retries) == (3, 0)


def test_basic_authentication_and_body(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script.append(Reply(201, b'{"a": 1}', {"ETag": "e1"}))
    answer = connect().request("POST", "/x", body=b"hello", headers={"Content-Type": "text/plain"})
    (seen,) = server.seen
    assert seen.headers["Authorization"] == "Basic YXhsYWRtaW46Y2FuYXJ5LTVmMWU="
    assert (seen.method, seen.body, seen.headers["Content-Type"]) == ("POST", b"hello", "text/plain")
    assert (answer.status, answer.json(), answer.headers["etag"]) == (201, {"a": 1}, "e1")


def test_cookies_are_given_back(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script.append(Reply(headers={"Set-Cookie": "JSESSIONIDSSO=abc; Path=/; Secure; HttpOnly"}))
    transport = connect()
    transport.request("GET", "/1")
    transport.request("GET", "/2")
    assert "Cookie" not in server.seen[0].headers
    assert server.seen[1].headers["Cookie"] == "JSESSIONIDSSO=abc"


def test_a_connection_that_the_server_closed_while_idle_is_made_anew(
    server: ScriptedServer, connect: Callable[..., Transport]
) -> None:
    server.script.append(Reply(headers={"Connection": "close"}))
    transport = connect()
    transport.request("POST", "/1")
    transport.request("POST", "/2")
    assert len({seen.peer for seen in server.seen}) == 2
    assert transport.retries == 0


@pytest.mark.parametrize("status", [429, 503])
def test_busy_is_tried_again_also_for_writes(
    status: int, server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    server.script += [Reply(status, headers={"Retry-After": "7"}), Reply(status), Reply(200)]
    transport = connect()
    assert transport.request("POST", "/x").ok
    assert pauses == [7.0, 1.0], "Retry-After first, then the second pause of the doubling series"
    assert (transport.requests, transport.retries) == (3, 2)


@pytest.mark.parametrize("status", [408, 425])
def test_a_request_that_did_not_get_through_is_sent_again(
    status: int, server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    server.script += [Reply(status), Reply(200)]
    assert connect().request("POST", "/x").ok
    assert pauses == [0.5]


SORRY = (
    b"<html><h1>Error</h1><p>The service is temporarily&nbsp;unavailable.\n Please try again\n<b>later</b>.</p></html>"
)
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    "reply",
    [Reply(502), Reply(504), Reply(500, SORRY, HTML), Reply(500, headers={"Retry-After": "1"})],
    ids=["502", "504", "page", "retry-after"],
)
def test_what_a_proxy_may_have_passed_on_is_a_lost_answer(
    reply: Reply, server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    server.script += [reply, Reply(200)]
    assert connect().request("GET", "/x").ok
    assert len(pauses) == 1
    server.script += [reply]
    with pytest.raises(AnswerLost, match="may or may not"):
        connect().request("POST", "/x")
    assert len(pauses) == 1
    server.script += [reply] * 3
    with pytest.raises(Busy, match=f"HTTP {reply.status}"):
        connect().request("POST", "/x", idempotent=True)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(500, SORRY, {"Content-Type": "application/json"}),
        Reply(404, SORRY, HTML),
        Reply(200, SORRY, HTML),
        Reply(500, b"<html>Out of luck</html>", HTML),
    ],
)
def test_other_failures_are_answers(
    reply: Reply, server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    server.script += [reply]
    assert connect().request("GET", "/x").status == reply.status
    assert pauses == []


def test_a_protocol_has_words_of_its_own(
    server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    def busy(answer: Answer) -> NotNow | None:
        return NotNow("that it rests", Asked("3")) if answer.body == b"rest" else None

    server.script += [Reply(200, b"rest"), Reply(500, b"rest", {"Retry-After": "9"}), Reply(200, b"done")]
    assert connect().request("POST", "/x", busy=busy).body == b"done"
    assert pauses == [3.0, 9.0], "the header counts before the words"
    server.script += [Reply(200, b"rest")] * 3
    with pytest.raises(Busy, match="answered that it rests to 3 tries"):
        connect().request("GET", "/x", busy=busy)


def test_a_date_is_one_of_the_servers_clock(
    server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    date = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT", "Retry-After": "Sun, 01 Mar 2026 12:00:09 GMT"}
    server.script += [Reply(503, headers=date)]
    assert connect().request("GET", "/x").ok
    assert pauses == [9.0]


def test_a_handshake_that_is_broken_off_is_tried_again(connect: Callable[..., Transport], pauses: list[float]) -> None:
    """So does a web server that starts, stops or takes no more connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def hang_up() -> None:
            listener.settimeout(5)
            while not done.is_set():
                try:
                    peer, _address = listener.accept()
                except TimeoutError:
                    return
                peer.recv(64)
                peer.shutdown(socket.SHUT_RDWR)
                peer.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ConnectionFailed):
            connect(port=listener.getsockname()[1], retries=1).request("POST", "/x")
        done.set()
        with socket.create_connection(listener.getsockname()):
            pass
        thread.join()
    assert pauses == [0.5]


def test_busy_to_the_end(server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]) -> None:
    server.script += [Reply(503)] * 3
    with pytest.raises(Busy, match="3 tries"):
        connect().request("GET", "/x")
    assert pauses == [0.5, 1.0]


def test_retry_after_may_be_a_date_and_is_capped(
    server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]
) -> None:
    late = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    server.script += [Reply(503, headers={"Retry-After": format_datetime(late, usegmt=True)})]
    server.script += [Reply(503, headers={"Retry-After": "soon"})]
    connect().request("GET", "/x")
    assert pauses == [60.0, 1.0]


def test_pauses_grow_to_a_cap(server: ScriptedServer, connect: Callable[..., Transport], pauses: list[float]) -> None:
    server.script += [Reply(503)] * 6
    connect(retries=6).request("GET", "/x")
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_lost_answer_to_a_read_is_asked_again(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(hang_up=True)]
    assert connect().request("GET", "/x").ok
    assert len(server.seen) == 2


def test_a_lost_answer_to_a_write_is_never_repeated(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(hang_up=True)]
    with pytest.raises(AnswerLost, match="may or may not"):
        connect().request("POST", "/x")
    assert len(server.seen) == 1


def test_a_write_that_says_so_is_repeated(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(hang_up=True)]
    assert connect().request("POST", "/x", idempotent=True).ok
    assert len(server.seen) == 2


def test_reads_lost_to_the_end(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(hang_up=True)] * 3
    with pytest.raises(ConnectionFailed, match="closed the connection"):
        connect().request("GET", "/x")


def test_no_answer_in_time(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    release = threading.Event()
    server.script += [Reply(wait=release), Reply(wait=release)]
    transport = connect(timeout=0.2, retries=0)
    with pytest.raises(TimedOut, match=r"did not answer within 0\.2 s"):
        transport.request("GET", "/x")
    with pytest.raises(AnswerLost, match=r"did not answer within 0\.2 s"):
        transport.request("PUT", "/x")
    release.set()


def test_a_wrong_password_is_sent_once(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(401)]
    transport = connect()
    for _ in range(3):
        with pytest.raises(Unauthorized) as caught:
            transport.request("GET", "/x")
        assert "axladmin" in caught.value.message
        assert PASSWORD not in f"{caught.value!r} {caught.value.details}"
    assert len(server.seen) == 1, "repeating it would lock the account"


def test_forbidden_names_the_role(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(403)]
    with pytest.raises(Forbidden, match="Standard SERVICEABILITY"):
        connect().request("GET", "/x")


def test_other_statuses_are_the_callers(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(500, b"<x/>"), Reply(404)]
    transport = connect()
    assert [transport.request("GET", "/x").status for _ in range(2)] == [500, 404]


def test_an_answer_that_is_not_json(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    server.script += [Reply(200, b"<html>", {"Content-Type": "text/html"})]
    with pytest.raises(UnexpectedAnswer, match="text/html"):
        connect().request("GET", "/x").json()


def test_a_ca_that_did_not_sign(tmp_path: Path, server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    other, _key = issue("Other CA", ca=True).write(tmp_path)
    with pytest.raises(TlsFailed, match="not trusted") as caught:
        connect(ca_path=str(other)).request("GET", "/x")
    assert "ca_path" in caught.value.message
    assert server.seen == []


def test_the_servers_own_certificate_may_be_pinned(
    served: tuple[ScriptedServer, Path], server: ScriptedServer, connect: Callable[..., Transport]
) -> None:
    assert connect(ca_path=str(served[1].with_name("certificate.pem"))).request("GET", "/x").ok


def test_the_systems_authorities_without_ca_path(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    with pytest.raises(TlsFailed):
        connect(ca_path=None).request("GET", "/x")
    assert connect(ca_path=None, validate_certs=False).request("GET", "/x").ok


def test_the_environment_does_not_replace_the_ca(
    served: tuple[ScriptedServer, Path],
    monkeypatch: pytest.MonkeyPatch,
    server: ScriptedServer,
    connect: Callable[..., Transport],
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(served[1]))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(TlsFailed):
        connect(ca_path=None).request("GET", "/x")
    assert connect().request("GET", "/x").ok


def test_a_name_that_the_certificate_lacks(connect: Callable[..., Transport]) -> None:
    with pytest.raises(TlsFailed, match="localhost"):
        connect(hostname="localhost").request("GET", "/x")


def test_a_ca_file_without_certificates(tmp_path: Path, connect: Callable[..., Transport]) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(TlsFailed, match=r"ca_path: .*empty\.pem: it holds no PEM certificate"):
        connect(ca_path=str(empty)).request("GET", "/x")


def test_nobody_listens(connect: Callable[..., Transport], pauses: list[float]) -> None:
    transport = connect(port=closed_port())
    with pytest.raises(ConnectionFailed, match=r"No connection to 127\.0\.0\.1"):
        transport.request("POST", "/x")
    assert len(pauses) == 2
    with pytest.raises(ConnectionFailed):
        transport.request("POST", "/x")
    assert len(pauses) == 2, "the second request fails at once"
    transport.forget_failure()
    with pytest.raises(ConnectionFailed):
        transport.request("POST", "/x")
    assert len(pauses) == 4


def test_a_server_that_does_not_speak_tls(connect: Callable[..., Transport]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            peer, _address = plain.accept()
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(TlsFailed, match="Check the port"):
            connect(port=plain.getsockname()[1]).request("GET", "/x")
        thread.join()


def test_a_name_that_does_not_resolve(connect: Callable[..., Transport], pauses: list[float]) -> None:
    with pytest.raises(ImpError, match=r"no-such-host\.invalid"):
        connect(hostname="no-such-host.invalid", retries=0).request("GET", "/x")


def test_each_thread_has_its_own_connection(server: ScriptedServer, connect: Callable[..., Transport]) -> None:
    transport = connect()
    together = threading.Barrier(4)

    def work(_number: int) -> None:
        together.wait(10)
        for _ in range(10):
            assert transport.request("GET", "/x").ok

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len({seen.peer for seen in server.seen}) == 4
    assert transport.requests == 40


def test_ipv6_addresses_are_bracketed_in_messages(connect: Callable[..., Transport]) -> None:
    assert connect(hostname="2001:db8::1", port=8443).server == "[2001:db8::1]:8443"


# --- as many requests at once as the server takes


class CrowdedServer(ScriptedServer):
    """Works at ``limit`` requests at once, for as long as a look at the disk takes, and has no time for any more."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.limit, self.under_way = 4, 0
        self.worked_at: list[int] = []
        self.busy = Reply(503)
        self.never = threading.Event()

    def next_reply(self, seen: Seen) -> Reply:
        with self.lock:
            self.seen.append(seen)
            if self.under_way >= self.limit:
                return self.busy
            self.under_way += 1
            self.worked_at.append(self.under_way)
        self.never.wait(0.003)
        with self.lock:
            self.under_way -= 1
        return Reply()


@pytest.mark.parametrize(
    "busy",
    [
        Reply(503, headers={"Retry-After": "0"}),
        Reply(429),
        Reply(500, b"<p>The server is too busy.</p>", {"Content-Type": "text/html"}),
        Reply(500, b"queue is full"),
    ],
)
def test_a_server_gets_as_many_requests_at_once_as_it_takes(tmp_path: Path, busy: Reply) -> None:
    def in_words(answer: Answer) -> NotNow | None:
        return NotNow("full") if answer.body == b"queue is full" else None

    authority = issue("Test CA", ca=True)
    server = CrowdedServer(*issue("server", by=authority, hosts=["127.0.0.1"]).write(tmp_path))
    server.busy = busy
    (tmp_path / "ca.pem").write_text(authority.pem)
    connection = Connection(
        IMP, "127.0.0.1", server.port, "axladmin", PASSWORD, ca_path=str(tmp_path / "ca.pem"), retries=50
    )
    with (
        running(server),
        Transport(connection, backoff=Backoff(sleep=lambda _: None), concurrency=12) as transport,
        ThreadPoolExecutor(12) as pool,
    ):

        def ask(count: int) -> None:
            assert all(pool.map(lambda _: transport.request("GET", "/x", busy=in_words).ok, range(count)))

        server.limit = 12
        ask(60)
        assert max(server.worked_at) > 4, "it asks for more as long as all is answered"
        server.limit = 2
        ask(80)
        server.seen.clear()
        ask(80)
        assert len(server.seen) <= 80 * 1.3, "it has found out how many are too many"
        server.limit = 12
        server.worked_at.clear()
        ask(250)
        assert max(server.worked_at) > 4, "it asks for more again"
