# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that has done its imports, forks for each client, and tells it how the new process has ended.

What the new processes do is told in ``module_server.py`` (modules) and ``programs.py`` (programs). Here is what both
share: the socket, the header that a client sends, and how a process becomes what its client wants.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from io import RawIOBase
from pathlib import Path
from typing import Any

TAKEN, REFUSED = b"taken", b"refused"
_TICK = 2  # seconds
_READ_AT_START = ("LANG", "LC_", "LD_", "OPENSSL_", "PYTHON", "SSL_", "TZ")
"""Environment variables, by how their names begin, that a process reads once."""


def read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a process which has started knows already."""
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}


def header(environment: Mapping[str, str], folder: str, **more: Any) -> bytes:
    """Return the line with which a client says what it wants."""
    umask = os.umask(0o077)
    os.umask(umask)
    said = {"environment": dict(environment), "folder": folder, "umask": umask, **more}
    return json.dumps(said).encode() + b"\n"


def answer(client: RawIOBase, word: bytes) -> None:
    """Tell a client whether its process is this one."""
    client.write(word + b" %d\n" % os.getpid())


def become(header: Mapping[str, Any], streams: Iterable[int]) -> None:
    """Take over a client's standard streams, folder, mask and environment."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(header["folder"])
    os.umask(header["umask"])
    os.environ.clear()
    os.environ.update(header["environment"])


def listen(path: Path) -> socket.socket:
    """Return a socket at which clients may ask, also before somebody serves it; one of that name is replaced."""
    listener = socket.socket(socket.AF_UNIX)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    listener.bind(str(fresh))
    listener.listen(64)
    # Only now does anybody find it.
    fresh.rename(path)
    gc.collect()
    # What is never collected is never written to, and stays shared with the processes.
    gc.freeze()
    return listener


def serve(listener: socket.socket, goes_on: Callable[[float], bool], ended: int | None = None) -> socket.socket | None:
    """Fork for each client.

    Returns in each new process, with the connection to its client; and in this one, with None, when something can be
    read from ``ended`` or its other end is closed, or when ``goes_on`` says no: it is asked every few seconds while
    there are no clients, and told since when (``time.monotonic``) there are none.
    """
    wake, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    clients: dict[int, socket.socket] = {}
    idle_since = time.monotonic()
    with listener, wake, woken, selectors.DefaultSelector() as selector:
        for ready in (listener, wake, *(() if ended is None else (ended,))):
            selector.register(ready, selectors.EVENT_READ)
        while True:
            sources = [key.fileobj for key, _events in selector.select(_TICK)]
            if ended in sources or not (sources or clients or goes_on(idle_since)):
                return None
            if wake in sources:
                wake.recv(4096)
                _tell_ended(clients)
                idle_since = time.monotonic()
            if listener in sources:
                connection, _address = listener.accept()
                process = os.fork()
                if not process:
                    return _alone(connection, *clients.values())
                clients[process] = connection


def _alone(connection: socket.socket, *others: socket.socket) -> socket.socket:
    """Give up what is the server's, and keep the connection to the client."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for other in others:
        other.close()
    return connection


def _tell_ended(clients: dict[int, socket.socket]) -> None:
    """Tell the clients whose processes have ended how; the number of a signal is negative."""
    while clients:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with clients.pop(process) as connection, contextlib.suppress(OSError):
            connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
