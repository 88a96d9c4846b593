# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server that shows the certificates of a test, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificates import Identity
from tests.support.https_server import ScriptedServer, running


@contextmanager
def serving(folder: Path, leaf: Identity, *chain: Identity) -> Iterator[tuple[str, int]]:
    """Serve a certificate with the chain given, and tell where; the folder must not exist yet."""
    folder.mkdir()
    certificate, key = leaf.write(folder)
    certificate.write_text("".join(identity.pem for identity in (leaf, *chain)))
    server = ScriptedServer(certificate, key)
    with running(server):
        yield "127.0.0.1", server.port


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, int]]:
    """Answer the first message of one connection with these bytes and hang up; tells where."""

    def answer_once() -> None:
        with server.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once, daemon=True)
        thread.start()
        yield server.getsockname()[:2]
        thread.join(5)
