# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""HTTP/1.1 as nearly every answer comes, written and read with as little work as it takes.

For a short request the objects of requests, urllib3 and http.client cost more time than TLS and the server together. So
an answer of the usual form is read here: a status, short headers one a line, and a body whose length is told. Any other
(chunked, of another version, closing, interim, odd in any way) is read by :mod:`http.client`, from its first byte on.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse, IncompleteRead
from typing import Any

_USUAL = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?\r\n")
_BLANK = re.compile(rb"\n\r?\n")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST_HEAD = 8 * 1024
"""Bytes."""
_AT_ONCE = 64 * 1024
_WITHOUT_BODY = (204, 304)
_WITH_BODY = ("PATCH", "POST", "PUT")


@dataclass(frozen=True)
class Received:
    """A whole answer: header names are in lower case; of one that comes more than once the last counts.

    ``cookies`` are all values of ``Set-Cookie``; ``closing`` says that the connection is of no more use.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    closing: bool = False


def request(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Return a complete request; raises ``ValueError`` for a line that would be two, or for no path of a URL.

    ``path`` is absolute and encoded, ``host`` as it stands in a URL, with its port unless that is the usual one.
    """
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body or b'')}")
    head = "\r\n".join(lines)
    if any(head.count(sign) != len(lines) - 1 for sign in "\r\n") or lines[0].count(" ") != 2 or not path.isprintable():
        raise ValueError("a header or the path has a character that ends a line")
    return head.encode("latin-1") + b"\r\n\r\n" + (body or b"")


def receive(sock: Any, method: str) -> Received:
    """Return the answer to a request that has been sent with that method.

    Raises ``HTTPException`` for what is no answer or not the whole of one, and what reading from the socket raises.
    """
    buffer = bytearray(_AT_ONCE)
    read = bytearray()
    while True:
        got = sock.recv_into(buffer)
        read += memoryview(buffer)[:got]
        end = read.find(b"\r\n\r\n")
        if end >= 0:
            break
        if not got or len(read) > _LONGEST_HEAD or _BLANK.search(read):
            return _by_library(sock, method, bytes(read))
    head = _usual_head(bytes(read[: end + 2]), method)
    if head is None:
        return _by_library(sock, method, bytes(read))
    status, headers, cookies, length = head
    begin, missing = end + 4, end + 4 + length - len(read)
    while missing > 0:
        got = sock.recv_into(buffer)
        if not got:
            raise IncompleteRead(bytes(read[begin:]), missing)
        read += memoryview(buffer)[:got]
        missing -= got
    # What comes after it answers nothing that was asked.
    return Received(status, headers, bytes(memoryview(read)[begin : begin + length]), cookies, closing=missing < 0)


def _usual_head(head: bytes, method: str) -> tuple[int, dict[str, str], tuple[str, ...], int] | None:
    """Return status, headers, cookies and the length of the body; ``None`` for an answer that is not as usual."""
    first = _USUAL.match(head)
    if first is None or method == "HEAD" or int(first[1]) in _WITHOUT_BODY or len(head) > _LONGEST_HEAD:
        return None
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for line in head[first.end() : -2].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or not _NAME.fullmatch(name) or "\n" in value or "\r" in value:
            return None
        if name == "set-cookie":
            cookies.append(value)
        elif name in headers and name in ("content-length", "connection"):
            return None
        headers[name] = value
    length = headers.get("content-length", "")
    kept = headers.get("connection", "keep-alive").lower() == "keep-alive" and "transfer-encoding" not in headers
    if not kept or not (length.isascii() and length.isdecimal()) or len(length) > 12:
        return None
    return int(first[1]), headers, tuple(cookies), int(length)


class _Again(io.RawIOBase):
    """Reads once more what has been received of an answer, and then what else comes."""

    def __init__(self, received: bytes, sock: Any) -> None:
        self._received = received
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._received:
            return int(self._sock.recv_into(buffer))
        part, self._received = self._received[: len(buffer)], self._received[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


class _Source:
    """What :class:`HTTPResponse` makes its file of."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def makefile(self, *_args: Any, **_kwargs: Any) -> Any:
        return io.BufferedReader(self._raw)


def _by_library(sock: Any, method: str, received: bytes) -> Received:
    """Read an answer of any form, of which this has been received."""
    answer = HTTPResponse(_Source(_Again(received, sock)), method=method)  # type: ignore[arg-type]
    try:
        answer.begin()
        pairs = [(name.lower(), value) for name, value in answer.headers.items()]
        cookies = tuple(value for name, value in pairs if name == "set-cookie")
        return Received(answer.status, dict(pairs), answer.read(), cookies, closing=bool(answer.will_close))
    finally:
        answer.close()
