# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Genuine handshakes with a server that shows whatever certificate a test wants, without a socket between the two."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Shown(Protocol):
    """A certificate with its key."""

    @property
    def pem(self) -> str: ...

    def write(self, directory: Path) -> tuple[Path, Path]: ...


class Memory:
    """The server; ``python`` is a client of Python's ssl that trusts the authority given."""

    def __init__(self, folder: Path, server: Shown, authority: str) -> None:
        self._certificate, self._key = server.write(folder)
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._instead = (b"", b"")
        self.python = ssl.create_default_context(cadata=authority)

    def show(self, pem: str, instead: tuple[bytes, bytes] = (b"", b"")) -> None:
        """Show certificates of the server's key from now on, the server's own first; PEM.

        ``instead`` is what another takes the place of on the way, in as many octets: with TLS 1.2 it is to be seen.
        """
        self._instead = instead
        self._certificate.write_text(pem)
        self._server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # At any other level a server of OpenSSL does not show what a client of it would refuse.
        self._server.set_ciphers("DEFAULT:@SECLEVEL=0")
        if instead[0]:
            self._server.maximum_version = ssl.TLSVersion.TLSv1_2
        self._server.load_cert_chain(self._certificate, self._key)

    def shake(self, context: ssl.SSLContext, name: str) -> bytes:
        """Return the server's certificate; raises what Python's ssl raises."""
        server = self.connect(("", 0), 0)
        received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(received, sent, server_hostname=name)
        for _round in range(4):
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
            server.sendall(sent.read())
            received.write(server.recv(65536))
        return client.getpeercert(binary_form=True) or b""

    def connect(self, _listener: tuple[str, int], _timeout: float) -> InMemory:
        """Take the place of the probe's own connection, which goes through a socket."""
        return InMemory(self._server, self._instead)


class InMemory:
    """The client's end of a connection with a server that shows a certificate; what the probe uses of a socket."""

    def __init__(self, server: ssl.SSLContext, instead: tuple[bytes, bytes]) -> None:
        self._instead = instead
        self._upstream, self._downstream = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._server = server.wrap_bio(self._upstream, self._downstream, server_side=True)

    def __enter__(self) -> InMemory:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, content: bytes) -> None:
        self._upstream.write(content)

    def recv(self, size: int) -> bytes:
        with suppress(ssl.SSLWantReadError):
            self._server.do_handshake()
        return self._downstream.read(size).replace(*self._instead) if self._instead[0] else self._downstream.read(size)
