# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the modules of the tests' playbooks, each in a process of its own that begins with the imports done.

A Python that starts and imports what the modules need of other packages takes most of the processor time of a module.
Here one process has done so, and forks for each module: ``callback_plugins/module_processes.py`` hands it what ansible
would give to a new Python. Nothing of the collection is imported before the fork, and of ansible what the server's own
Python has, which is the one that runs ansible.

A module that needs a Python of its own (another interpreter, other settings that Python reads when it starts) is
refused, and ansible starts one. So it does where no server is named, as in the tests that kill a run.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support import forking

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "MODULE_SERVER"
"""The environment variable that names the server's socket."""

IMPORTED = (
    "ansible.module_utils.basic", "requests", "cryptography.x509", "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.serialization.pkcs7", "pypsrp.wsman", "pypsrp.powershell", "spnego",
    "argparse", "ast", "base64", "concurrent.futures", "csv", "ctypes", "dataclasses", "datetime", "decimal", "distro",
    "fcntl", "grp", "hashlib", "http.client", "inspect", "ipaddress", "json", "locale", "logging", "pickle", "platform",
    "pwd", "queue", "runpy", "selectors", "shlex", "shutil", "ssl", "subprocess", "syslog", "tempfile", "threading",
    "traceback", "typing", "urllib.request", "uuid", "xml.etree.ElementTree", "zipfile", "zipimport",
)  # fmt: skip
"""What the modules import; what is missing here only costs time."""


class _WhereverPythonLooks:
    """The folders of a package: what a module brings with it counts although the package has been imported."""

    def __init__(self, package: str) -> None:
        self._folder = package.replace(".", "/")

    def __iter__(self) -> Iterator[str]:
        return (f"{place}/{self._folder}" for place in sys.path)


def _become_the_module(connection: socket.socket, own: dict[str, str]) -> None:
    """Run what a client sends, in a process that has been made for it, and end as a Python does that has run it."""
    _byte, streams, *_ = socket.recv_fds(connection, 1, 2)
    with connection, connection.makefile("rwb", buffering=0) as client:
        header = json.loads(client.readline())
        if header["python"] != sys.executable or forking.read_at_start(header["environment"]) != own:
            forking.answer(client, forking.REFUSED)
            os._exit(0)
        forking.answer(client, forking.TAKEN)
        code = client.read()
    forking.become(header, [os.open(os.devnull, os.O_RDONLY), *streams])
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "ansible" and hasattr(module, "__path__"):
            vars(module)["__path__"] = _WhereverPythonLooks(name)
    # As if Python had been given it as its input.
    sys.argv, sys.path[0] = [""], ""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(code, "<stdin>", "exec"), vars(main))


def serve(path: str) -> None:
    """Serve at a socket until the standard input is closed."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    own = forking.read_at_start(os.environ)
    listener = forking.listen(Path(path))
    print("ready", flush=True)
    lifeline = os.dup(0)
    connection = forking.serve(listener, lambda _idle_since: True, lifeline)
    os.close(lifeline)
    if connection is not None:
        _become_the_module(connection, own)


@contextlib.contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A server that ends with the block, for runs with these settings.

    Gives the environment variables that have a run use it.
    """
    with tempfile.TemporaryDirectory(prefix="ucops-modules-") as folder:
        path = str(Path(folder, "socket"))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.module_server", "--serve", path],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        with process:
            process.stdout.readline()
            # Without that, ansible writes each module into a file, and needs three more shells for it.
            yield {VARIABLE: path, "ANSIBLE_PIPELINING": "true"}
            process.stdin.close()


_open = contextlib.ExitStack()
atexit.register(_open.close)
_servers: dict[frozenset[tuple[str, str]], dict[str, str]] = {}


def served(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a run with the server that fits it, started once and ended with this process."""
    key = frozenset(forking.read_at_start(environment).items())
    if key not in _servers:
        _servers[key] = _open.enter_context(serving(environment))
    return {**environment, **_servers[key]}


def main() -> None:
    """``--serve SOCKET`` is the server; any other arguments are a command that is run with one."""
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(subprocess.run(sys.argv[1:], env=served(os.environ), check=False).returncode)


if __name__ == "__main__":
    main()
