# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTPS server on loopback that does what a test tells it to, one step for each request."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer

from tests.support.certificates import issue


@dataclass(frozen=True)
class Reply:
    """An answer, or with ``hang_up`` none at all."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    wait: threading.Event | None = None
    """Answered when this is set, or after ten seconds."""


@dataclass(frozen=True)
class Seen:
    """A request that arrived; ``peer`` tells connections apart."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: int


class ScriptedServer(ThreadingHTTPServer):
    """Gives the replies in ``script`` one after another, and :class:`Reply` 200 when there is none left."""

    daemon_threads = True

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply] = []
        self.seen: list[Seen] = []
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def next_reply(self, seen: Seen) -> Reply:
        with self.lock:
            self.seen.append(seen)
            return self.script.pop(0) if self.script else Reply()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that refuse the certificate or hang up: tests make them do so."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are written one by one; the second would wait 40 ms for the client to acknowledge the first.
    disable_nagle_algorithm = True
    server: ScriptedServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.next_reply(
            Seen(self.command, self.path, dict(self.headers.items()), body, self.client_address[1])
        )
        if reply.wait is not None:
            reply.wait.wait(10)
        if reply.hang_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names that http.server prescribes

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server prescribes
        """Say nothing."""


@contextmanager
def running(server: BaseServer) -> Iterator[None]:
    """Answer requests in a thread of its own, and close the server at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def scripted_server(directory: Path) -> Iterator[tuple[ScriptedServer, Path]]:
    """Run a server whose certificate names ``127.0.0.1``; yields it and the file with its CA.

    Its own certificate is in ``certificate.pem`` beside it.
    """
    authority = issue("Test CA", ca=True)
    certificate, key = issue("server", by=authority, hosts=["127.0.0.1"]).write(directory)
    ca_file = directory / "ca.pem"
    ca_file.write_text(authority.pem)
    server = ScriptedServer(certificate, key)
    with running(server):
        yield server, ca_file
