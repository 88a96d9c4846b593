# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server on loopback that answers as no server should: floods, drips, lies about lengths, refuses for ever."""

from __future__ import annotations

import base64
import gzip
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_BETWEEN_DRIPS = 0.3
"""Shorter than any client's timeout, so that one that waits anew after each byte waits for ever; and so long that the
hundred headers that Python reads at most are no way out."""
SECONDS_OF_MISBEHAVIOUR = 25
HTML = b"<html><body>Welcome to the proxy.<br></body></html>"
GROWING = gzip.compress(bytes(10**7))
DEEP_JSON = b"[" * 200_000 + b"]" * 200_000


@dataclass
class Exchange:
    """One request that arrived: its head, where to write the answer, and whether the test has ended."""

    head: bytes
    sock: ssl.SSLSocket
    ended: threading.Event

    def header(self, name: str) -> str:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            found, _colon, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return ""

    def answer(self, body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
        self.sock.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def _going_on(self) -> Iterator[None]:
        """Go on until the test has ended, or would fail anyhow."""
        end = time.monotonic() + SECONDS_OF_MISBEHAVIOUR
        while not self.ended.is_set() and time.monotonic() < end:
            yield

    def flood(self, opening: bytes, again: bytes) -> None:
        """Send the opening, and something again and again until the client has had enough."""
        self.sock.sendall(opening)
        block = again * max(1, 16_384 // len(again))
        for _time in self._going_on():
            self.sock.sendall(block)

    def drip(self, opening: bytes, again: bytes) -> None:
        """Send the opening, and something every now and then until the client has had enough."""
        self.sock.sendall(opening)
        for _time in self._going_on():
            self.ended.wait(SECONDS_BETWEEN_DRIPS)
            self.sock.sendall(again)

    def drip_record(self) -> None:
        """Begin a record of TLS, and go on with a byte every now and then: OpenSSL waits for all of it."""
        with socket.socket(fileno=os.dup(self.sock.fileno())) as plain:
            plain.sendall(b"\x17\x03\x03\x3f\xff")
            for _time in self._going_on():
                self.ended.wait(SECONDS_BETWEEN_DRIPS)
                plain.sendall(b"x")

    def hang_up(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)


Behaviour = Callable[[Exchange], None]
Reader = Callable[[ssl.SSLSocket, threading.Event], "bytes | None"]
"""Takes a request and returns its head; is given what tells that the test has ended."""
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


def _truncated(exchange: Exchange) -> None:
    exchange.answer(HTML, "Content-Length: 1000", length=False)
    exchange.hang_up()


def _truncated_chunk(exchange: Exchange) -> None:
    exchange.answer(b"ff\r\n<html>", "Transfer-Encoding: chunked", length=False)
    exchange.hang_up()


def _busy(retry_after: str) -> Behaviour:
    return lambda exchange: exchange.answer(b"", f"Retry-After: {retry_after}", status="503 Busy")


def _challenge() -> str:
    """Return an NTLM challenge (MS-NLMP 2.2.1.2) as good as any."""
    name, pairs = "X".encode("utf-16-le"), struct.pack("<HH", 2, 2) + "X".encode("utf-16-le") + bytes(4)
    fields = struct.pack("<HHI", len(name), len(name), 56), struct.pack("<HHI", len(pairs), len(pairs), 58)
    # Unicode, NTLM, target given and a domain, extended session security, target info, version, 128 and 56 bits.
    flags = struct.pack("<I", 0xA2898205)
    message = b"NTLMSSP\0" + struct.pack("<I", 2) + fields[0] + flags + b"challeng" + bytes(8) + fields[1]
    return base64.b64encode(message + bytes([10, 0, 0, 0, 0, 0, 0, 15]) + name + pairs).decode("ascii")


def _refusing(*schemes: str) -> Behaviour:
    headers = [f"WWW-Authenticate: {scheme}" for scheme in schemes]
    return lambda exchange: exchange.answer(HTML, *headers, status="401 Unauthorized")


def challenging(exchange: Exchange) -> None:
    """Answer each message of a login with a challenge, whatever it says."""
    scheme = exchange.header("Authorization").partition(" ")[0]
    offers = [f"{scheme} {_challenge()}"] if scheme in ("NTLM", "Negotiate") else ["Negotiate", "NTLM", "Basic"]
    _refusing(*offers)(exchange)


BEHAVIOURS: dict[str, Behaviour] = {
    "HTML": lambda exchange: exchange.answer(HTML, "Content-Type: text/html"),
    "HTML in chunks": lambda exchange: exchange.answer(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(HTML), HTML), "Transfer-Encoding: chunked", length=False
    ),
    "nothing": lambda exchange: exchange.answer(b""),
    "JSON 200,000 deep": lambda exchange: exchange.answer(DEEP_JSON, "Content-Type: application/json"),
    "no XML": lambda exchange: exchange.answer(b"<a><b></a>\xff\xfe", "Content-Type: text/xml"),
    "gzip": lambda exchange: exchange.answer(gzip.compress(HTML), "Content-Encoding: gzip"),
    "gzip that grows": lambda exchange: exchange.answer(GROWING, "Content-Encoding: gzip"),
    "deflate that is none": lambda exchange: exchange.answer(HTML, "Content-Encoding: deflate"),
    "truncated": _truncated,
    "truncated chunk": _truncated_chunk,
    "chunk of no size": lambda exchange: exchange.answer(b"x\r\n", "Transfer-Encoding: chunked", length=False),
    "length too long": lambda exchange: exchange.answer(HTML, "Content-Length: 1000", length=False),
    "length too short": lambda exchange: exchange.answer(HTML, "Content-Length: 6", length=False),
    "two lengths": lambda exchange: exchange.answer(HTML, "Content-Length: 6", "Content-Length: 9", length=False),
    "length that is no number": lambda exchange: exchange.answer(HTML, "Content-Length: many", length=False),
    "no HTTP": lambda exchange: exchange.sock.sendall(b"220 mail.example.com ESMTP\r\n"),
    "hang-up": lambda exchange: exchange.hang_up(),
    "silence": lambda exchange: exchange.drip(b"", b""),
    "busy until soon": _busy("soon"),
    "busy until ²": _busy("²"),
    "busy until the year 1": _busy("Mon, 01 Jan 0001 00:00:00 GMT"),
    "busy for ever": _busy("9" * 400),
    "401 for ever": _refusing('Basic realm="x"'),
    "401 with NTLM for ever": _refusing("NTLM"),
    "401 with a broken challenge": _refusing("NTLM TlRMTVNTUAACAAAA"),
    "401 with a challenge for ever": challenging,
    "dripping record": lambda exchange: exchange.drip_record(),
    "dripping head": lambda exchange: exchange.drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "dripping lines": lambda exchange: exchange.drip(b"HTTP/1.1 200 OK\r\n", b"X-Another: x\r\n"),
    "dripping body": lambda exchange: exchange.drip(_HEAD + b"Content-Length: 100000\r\n\r\n", b"<"),
    "dripping body without length": lambda exchange: exchange.drip(_HEAD + b"Connection: close\r\n\r\n", b"<"),
    "dripping chunks": lambda exchange: exchange.drip(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n<\r\n"),
    "dripping 100 Continue": lambda exchange: exchange.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless 100 Continue": lambda exchange: exchange.flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless head": lambda exchange: exchange.flood(b"HTTP/1.1 200 OK\r\n", b"X-Another: x\r\n"),
    "endless body": lambda exchange: exchange.flood(_HEAD + b"Connection: close\r\n\r\n", b"<"),
    "endless chunk size": lambda exchange: exchange.flood(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
}


@dataclass
class MisbehavingServer:
    """Behaves in the same way to every request; ``exchanges`` are those that arrived."""

    context: ssl.SSLContext
    behave: Behaviour
    read: Reader
    exchanges: list[Exchange] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while not self.ended.is_set():
            with suppress(TimeoutError):
                plain, _peer = listener.accept()
                threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(30)
        # A client that has had enough hangs up, which is what the tests want of it.
        with suppress(OSError), self.context.wrap_socket(plain, server_side=True) as sock:
            while (head := self.read(sock, self.ended)) is not None:
                exchange = Exchange(head, sock, self.ended)
                self.exchanges.append(exchange)
                self.behave(exchange)


def read_request(sock: ssl.SSLSocket, _ended: threading.Event) -> bytes | None:
    """Read a request and return its head; ``None`` at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = sock.recv(65_536)
        if not received:
            return None
        data += received
    head, _blank, body = data.partition(b"\r\n\r\n")
    missing = int(Exchange(head, sock, threading.Event()).header("Content-Length") or 0) - len(body)
    while missing > 0:
        missing -= len(sock.recv(65_536))
    return head


def read_nothing(_sock: ssl.SSLSocket, ended: threading.Event) -> bytes | None:
    """Leave the request where it is, so that a large one is stuck half-way."""
    ended.wait(SECONDS_OF_MISBEHAVIOUR)
    return None


def read_all_but_posts(sock: ssl.SSLSocket, ended: threading.Event) -> bytes | None:
    """Take what logs in, and leave the request that the login is for where it is."""
    if (data := sock.recv(65_536)).startswith(b"POST"):
        return read_nothing(sock, ended)
    return data or None


def read_slowly(sock: ssl.SSLSocket, ended: threading.Event) -> None:
    """Read so little at a time, below a megabyte a second, that the client gets on all the time and is never done."""
    end = time.monotonic() + SECONDS_OF_MISBEHAVIOUR
    while not ended.is_set() and time.monotonic() < end:
        sock.recv(16_384)
        ended.wait(0.02)


@contextmanager
def misbehaving(
    certificate: Path, key: Path, behave: Behaviour, read: Reader = read_request
) -> Iterator[tuple[MisbehavingServer, int]]:
    """Run such a server; yields it and its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = MisbehavingServer(context, behave, read)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield server, int(listener.getsockname()[1])
        finally:
            server.ended.set()
            thread.join(5)
