# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that costs as little as possible: prepared requests over one kept-alive TLS connection for each worker.

A general HTTP client spends more time on a request than the emulator does, and would be what is measured.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TIMEOUT = 30  # seconds


@dataclass(frozen=True)
class Target:
    """A listener of the emulator and the account to use there; ``name`` is the certificate's, where that is another."""

    host: str
    port: int
    ca_file: str
    username: str
    password: str
    name: str | None = None

    def request(self, method: str, path: str, body: str = "", headers: Sequence[str] = ()) -> bytes:
        """Return a complete HTTP/1.1 request as bytes."""
        token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        content = body.encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Basic {token}",
            f"Content-Length: {len(content)}",
            *headers,
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content

    def connect(self) -> ssl.SSLSocket:
        """Open one verified TLS connection."""
        context = ssl.create_default_context(cafile=self.ca_file)
        plain = socket.create_connection((self.host, self.port), timeout=TIMEOUT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(plain, server_hostname=self.name or self.host)


def read_answer(connection: ssl.SSLSocket, buffer: bytearray) -> int:
    """Read exactly one answer and return its status; raises ``ConnectionError`` when the server hangs up."""
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        _fill(connection, buffer)
    head = bytes(buffer[:end]).decode("latin-1").lower()
    length = int(next(line for line in head.split("\r\n") if line.startswith("content-length:")).split(":")[1])
    while len(buffer) < end + 4 + length:
        _fill(connection, buffer)
    del buffer[: end + 4 + length]
    return int(head.split(" ", 2)[1])


def _fill(connection: ssl.SSLSocket, buffer: bytearray) -> None:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    buffer += chunk


def requests_per_second(
    target: Target, make_request: Callable[[int], bytes], expected: int, count: int, connections: int
) -> float:
    """Send ``count`` requests over so many connections at once and return the rate.

    Args:
        make_request: Gives the bytes of the n-th request; called before the clock starts.
        expected: The status that every answer must have.

    Raises:
        RuntimeError: When an answer has another status; a fast error must not pass for a result.
    """
    shares = [[make_request(n) for n in range(worker, count, connections)] for worker in range(connections)]
    problems: list[str] = []
    barrier = threading.Barrier(connections + 1)

    def work(share: list[bytes]) -> None:
        with target.connect() as connection:
            buffer = bytearray()
            barrier.wait()
            for request in share:
                connection.sendall(request)
                status = read_answer(connection, buffer)
                if status != expected:
                    problems.append(f"HTTP {status} instead of {expected}")
                    return

    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    if problems:
        raise RuntimeError(problems[0])
    return count / (time.perf_counter() - start)
