# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands the modules of a run to the server that forks for them, see ``tests/support/module_server.py``.

All other commands, and what the server refuses, go the usual way.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ansible.plugins.callback import CallbackBase
from ansible.plugins.connection import local

DOCUMENTATION = """
name: module_processes
type: aggregate
short_description: Have modules run in processes that have done their imports
description: Hands modules to the server whose socket E(MODULE_SERVER) names. Without it nothing is changed.
"""


_NOTHING = " && sleep 0"
"""What ansible has a shell do after each command."""


def _interpreter(command: str) -> tuple[str, dict[str, str]] | None:
    """Return the program of a command that only runs one program, without arguments, and what is set for it."""
    shell = shlex.split(command)
    if shell[:2] != ["/bin/sh", "-c"] or len(shell) != 3 or not shell[2].endswith(_NOTHING):
        return None
    *settings, program = shlex.split(shell[2].removesuffix(_NOTHING))
    pairs = [setting.partition("=") for setting in settings]
    if not all(name.isidentifier() and equals for name, equals, _value in pairs):
        return None
    return program, {name: value for name, _equals, value in pairs}


def _with_argument(command: str, argument: str) -> str:
    """Return such a command with an argument for the program."""
    shell = shlex.split(command)
    program = shell[2].removesuffix(_NOTHING)
    return shlex.join([*shell[:2], f"{program} {shlex.quote(argument)}{_NOTHING}"])


def _run(
    server: str, program: str, settings: dict[str, str], code: bytes, folder: str
) -> tuple[int, bytes, bytes] | None:
    """Have a server run what a Python would be given as its input; None when it refuses to."""
    umask = os.umask(0o077)
    os.umask(umask)
    header = {"python": program, "environment": {**os.environ, **settings}, "folder": folder, "umask": umask}
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rwb", buffering=0) as answer:
        connection.connect(server)
        with _pipe() as (output, to_output), _pipe() as (errors, to_errors):
            socket.send_fds(connection, [b"+"], [to_output.fileno(), to_errors.fileno()])
            to_output.close()
            to_errors.close()
            connection.sendall(json.dumps(header).encode() + b"\n")
            if not answer.readline().startswith(b"taken"):
                return None
            connection.sendall(code)
            connection.shutdown(socket.SHUT_WR)
            with ThreadPoolExecutor(2) as pool:
                said, complained = pool.map(lambda stream: stream.read(), (output, errors))
            status = int(answer.read())
            # As the shell tells it that ansible would have started.
            return 128 - status if status < 0 else status, said, complained


@contextmanager
def _pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The two ends of a pipe."""
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb") as target:  # noqa: PTH123 - no paths
        yield source, target


class CallbackModule(CallbackBase):
    """Has ansible's local connection ask the server first, before the first task is run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_processes"

    def v2_playbook_on_start(self, playbook: object) -> None:
        server = os.environ.get("MODULE_SERVER")
        if not server:
            return
        plain = local.Connection.exec_command

        def exec_command(
            self: Any, cmd: str, in_data: bytes | None = None, sudoable: bool = True
        ) -> tuple[int, bytes, bytes]:
            asked = _interpreter(cmd) if in_data and not self.become else None
            if not asked or not in_data:
                return plain(self, cmd, in_data=in_data, sudoable=sudoable)
            # Where ansible has the connection run what it is given: the folder of the playbook.
            if done := _run(server, *asked, in_data, os.fsdecode(self.cwd or Path.cwd())):
                return done
            # A Python that reads a module from its input takes twice as long as one that reads it from a file.
            with tempfile.NamedTemporaryFile(suffix=".py") as file:
                file.write(in_data)
                file.flush()
                return plain(self, _with_argument(cmd, file.name), sudoable=sudoable)

        local.Connection.exec_command = exec_command
