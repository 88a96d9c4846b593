# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener for Exchange's push notifications that answers as a test wants."""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

from tests.support.https_server import running

M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def result(status: str) -> bytes:
    """Return the answer that a listener gives."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><SendNotificationResult xmlns="{M[1:-1]}">'
        f"<SubscriptionStatus>{status}</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>"
    ).encode()


OK, UNSUBSCRIBE = result("OK"), result("Unsubscribe")


@dataclass(frozen=True)
class Received:
    """A message as it came.

    Attributes:
        headers: By their names in lower case.
        body: The envelope.
    """

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def notification(self) -> etree._Element:
        found = etree.fromstring(self.body).find(f".//{M}Notification")
        assert found is not None
        return found

    def text(self, name: str) -> str | None:
        """Return the text of an element of the notification."""
        return self.notification.findtext(f"{T}{name}")

    @property
    def events(self) -> list[str]:
        """The names of what it tells, in order."""
        names = [etree.QName(child).localname for child in self.notification]
        return [name for name in names if name.endswith("Event")]

    @property
    def watermarks(self) -> list[str]:
        return [found.text or "" for found in self.notification.iter(f"{T}Watermark")]


class PushListener:
    """What has come, and what is answered to it.

    Attributes:
        url: Its address.
        answers: What is answered to the next messages, status, body and headers each; then ``OK``. ``None``
            closes the connection.
    """

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{server.server_port}/notifications?of=mine"
        self.port = server.server_port
        self.received: queue.Queue[Received] = queue.Queue()
        self._open = threading.Event()
        self._open.set()
        self.answers: queue.Queue[tuple[int, bytes, dict[str, str]] | None] = queue.Queue()

    def next(self, seconds: float = 30) -> Received:
        """Wait for the next message; raises ``queue.Empty`` when none comes."""
        return self.received.get(timeout=seconds)

    def will_answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Say what the next message is answered with, of those that nothing was said for."""
        self.answers.put((status, body, headers))

    def hold(self) -> None:
        """Answer nothing until :meth:`go_on`."""
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    def wait(self) -> None:
        self._open.wait(30)


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[PushListener]:
    """A listener on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = listener.answers.get_nowait()
            except queue.Empty:
                answer = (200, OK, {})
            listener.received.put(Received(self.path, headers, body))
            listener.wait()
            if answer is not None:
                self._answer(*answer)
            self.close_connection = True

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    listener = PushListener(server, "http" if tls is None else "https")
    with running(server):
        yield listener
