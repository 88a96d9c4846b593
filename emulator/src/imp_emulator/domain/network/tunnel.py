# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection through an HTTP proxy: the method CONNECT (RFC 9110, 9.3.6)."""

from __future__ import annotations

import base64
import re
import socket
import time
from dataclasses import dataclass, field

_LONGEST_HEAD = 16 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r)")


class ProxyRefused(OSError):
    """A proxy did not make the connection; the message says what it answered, without any secret."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What a proxy is asked for.

    Attributes:
        host: The host to connect to, an IPv6 address without brackets.
        username: Who asks; ``""``: nobody in particular.
    """

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    def request(self) -> bytes:
        """Return the request as it is sent."""
        target = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        lines += [f"{name}: {value}" for name, value in authorization(self.username, self.password).items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


def authorization(username: str, password: str) -> dict[str, str]:
    """Return the header with which somebody asks a proxy (RFC 7617); none for nobody."""
    if not username:
        return {}
    token = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return {"Proxy-Authorization": f"Basic {token}"}


def open_tunnel(connection: socket.socket, tunnel: Tunnel, deadline: float) -> None:
    """Ask a proxy for a connection; afterwards all that is sent goes to the host.

    Args:
        deadline: Until when it may answer, as ``time.monotonic()`` counts.

    Raises:
        ProxyRefused: It answers with another status than 200, or with no answer of HTTP.
        OSError: It does not answer in time.
    """
    connection.settimeout(max(deadline - time.monotonic(), 0.001))
    connection.sendall(tunnel.request())
    head = b""
    # One byte at a time: what comes behind the head belongs to the host.
    while not head.endswith(b"\r\n\r\n"):
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        received = connection.recv(1)
        if not received or len(head) > _LONGEST_HEAD:
            raise ProxyRefused("the proxy sent no answer")
        head += received
    check_answer(head)


def check_answer(head: bytes) -> None:
    """Raise ``ProxyRefused`` unless the head of a proxy's answer says that the connection is there."""
    status = _STATUS.match(head)
    if status is None:
        raise ProxyRefused("the proxy sent no answer")
    if status[1] != b"200":
        raise ProxyRefused(f"the proxy answered HTTP {status[1].decode('ascii')}")
