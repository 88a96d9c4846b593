# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts programs that many tests start, each in a process of its own that begins with the imports done.

A start of the emulator costs three times as much processor time for imports as for what it is started for, and of a
short playbook's run three quarters go before its first task. Here one process has done that, and forks for each start
with the same environment: ``ansible-playbook`` and ``ansible-inventory`` of this Python, and ``imp-emulator``.

What differs is only how long it takes. A process that has to be killed at some moment of its start, an environment that
is seen for the first time, another Python: all these start as ever. A server ends when nobody has wanted anything of it
for a while, or when its folder is gone.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tests.support import forking

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
PROGRAMS = PYTHON.parent
FORKED = ROOT / "tests" / "support" / "bin"
"""Programs of those names for ``PATH``, that are forked too."""
ANSIBLE, EMULATOR = "ansible", "emulator"
_IDLE = 20  # seconds
_FREE = ("HOSTS_OF_THE_TEST", "IMP_EMULATOR_READY", "MODULE_CALLS_FILE", "OLDPWD", "PWD", "SHLVL", "_")
_FREE_PREFIXES = ("MOLECULE_", "PYTEST_", "UCOPS_")
"""The environment variables that nothing reads before a program does its work."""
_LOADED = (
    ("strategy", "linear"), ("connection", "local"), ("shell", "sh"),
    *(("action", name) for name in ("normal", "assert", "debug", "fail", "gather_facts", "include_vars", "set_fact")),
    *(("action", f"ansible.builtin.{name}") for name in ("add_host", "copy", "include_tasks", "set_stats", "uri")),
)  # fmt: skip
_ALL_LOADED = ("callback", "inventory", "filter", "test", "lookup")
"""The plugins that a server loads before the first run."""
_OWN_FOLDER = None if "PAYLOADS_FOLDER" in os.environ else tempfile.TemporaryDirectory(prefix="ucops-payloads-")
PAYLOADS = _OWN_FOLDER.name if _OWN_FOLDER else os.environ["PAYLOADS_FOLDER"]
"""What ansible has packed of the modules, shared by all runs of this process, see ``callback_plugins/payloads.py``.
``make test`` names a folder that all its processes share."""
FOLDER = Path(PAYLOADS, "programs")
"""Where the sockets are."""


def _key(kind: str, python: Path, environment: Mapping[str, str]) -> str | None:
    """Return what stands, in the names of files, for all that a program reads before it does its work.

    None when that is not known: ansible takes its settings from wherever it is started, or a file names collections.
    """
    fixed = forking.read_at_start(environment)
    read = [environment.get("IMP_EMULATOR_PYTHON", "")]
    if kind == ANSIBLE:
        fixed = {k: v for k, v in environment.items() if k not in _FREE and not k.startswith(_FREE_PREFIXES)}
        try:
            read = [Path(environment["ANSIBLE_CONFIG"]).read_text(encoding="utf-8")]
        except (KeyError, OSError):
            return None
        if "collections_path" in read[0]:
            return None
        default = f"{environment.get('HOME')}/.ansible/collections:/usr/share/ansible/collections"
        folders = environment.get("ANSIBLE_COLLECTIONS_PATH", default).split(os.pathsep)
        # Which collections there are; none of them but our own is read before.
        read += sorted(str(found) for folder in folders for found in Path(folder).glob("ansible_collections/*/*"))
    return hashlib.sha256(json.dumps([kind, str(python), sorted(fixed.items()), read]).encode()).hexdigest()[:20]


class Process(subprocess.Popen[bytes]):
    """What :class:`subprocess.Popen` is of a program, of one that a server has forked."""

    def __init__(self, command: Sequence[str], pid: int, connection: socket.socket) -> None:
        self.args = command
        self.pid = pid
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None
        self._connection = connection

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._connection.settimeout(None if timeout is None else max(timeout, 1e-4))
            try:
                said = self._connection.recv(16)
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            # The server itself was killed, and with it whoever could tell.
            self.returncode = int(said or b"-9")
            self._connection.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def start(
    kind: str,
    python: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    streams: Sequence[int],
) -> Process | None:
    """Have a server start a program with these arguments and standard streams.

    Returns None when there is no server for its environment: then the caller starts it as ever. The second who asks in
    the same environment starts one.
    """
    key = _key(kind, python, environment)
    if key is None:
        return None
    path = FOLDER / key
    connection = _connect(path)
    if connection is None:
        if not _seen(path.with_suffix(".seen")):
            return None
        _start_server(kind, python, path, environment)
        connection = _connect(path)
        if connection is None:
            return None
    try:
        socket.send_fds(connection, [b"+"], list(streams))
        connection.sendall(forking.header(environment, str(folder), arguments=list(arguments)))
        word, _, pid = _line(connection).partition(b" ")
    except ConnectionError:
        # The server has ended while it was asked.
        word, pid = b"", b""
    if word != forking.TAKEN:
        connection.close()
        return None
    return Process([kind, *arguments], int(pid), connection)


def run_ansible(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    timeout: float = 120,
    *,
    errors_apart: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a program of ansible to its end, with both kinds of its output together unless ``errors_apart``.

    Raises ``subprocess.TimeoutExpired`` when it takes longer than ``timeout`` seconds, and ends it then.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as apart, Path(os.devnull).open("rb") as nothing:
        errors = apart if errors_apart else output
        streams = (nothing.fileno(), output.fileno(), errors.fileno())
        process: subprocess.Popen[bytes] | None = None
        if Path(command[0]).parent == PROGRAMS:
            process = start(ANSIBLE, PYTHON, command, environment, folder, streams)
        if process is None:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=nothing, stdout=output, stderr=errors
            )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        apart.seek(0)
        return subprocess.CompletedProcess(command, status, output.read().decode(), apart.read().decode())


def popen(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start an emulator as :class:`subprocess.Popen` does."""
    python, *arguments = command
    if python == sys.executable and arguments[:2] == ["-m", "imp_emulator"]:
        environment = options.get("env")
        with Path(os.devnull).open("r+b") as nothing:
            streams = (nothing.fileno(), nothing.fileno(), options["stderr"].fileno())
            given = os.environ if environment is None else environment
            if process := start(EMULATOR, PYTHON, arguments[2:], given, Path.cwd(), streams):
                return process
    return subprocess.Popen(command, **options)


def start_ansible(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a program of ansible, in a session of its own, of whose output nobody wants to know."""
    with Path(os.devnull).open("r+b") as nothing:
        if process := start(ANSIBLE, PYTHON, command, environment, folder, [nothing.fileno()] * 3):
            return process
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )


def replace(name: str, arguments: Sequence[str]) -> NoReturn:
    """Become the program with this name: a process that stands for one, or the program itself.

    ``emulator-python`` is the Python of the emulator, which starts one as ``python -m imp_emulator``.
    """
    # An activated environment may have put its Python before this one; whose program is meant PATH says.
    folders = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if Path(one) != FORKED)
    found = shutil.which("imp-emulator" if name == "emulator-python" else name, path=folders)
    if found is None:
        sys.exit(f"{name}: command not found")
    python = Path(found).parent / "python"
    program, kind, wanted = found, EMULATOR, list(arguments)
    if name == "emulator-python":
        program, wanted = str(python), wanted[2:]
    elif name != "imp-emulator":
        kind, wanted = ANSIBLE, [program, *wanted]
    process = start(kind, python, wanted, os.environ, Path.cwd(), (0, 1, 2))
    if process is None:
        os.execv(program, [program, *arguments])
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        # Not by the process's own method, which would read what the line below waits for.
        signal.signal(number, lambda number, _frame: _pass_on(process.pid, number))
    status = process.wait()
    sys.exit(128 - status if status < 0 else status)


def _pass_on(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _line(connection: socket.socket) -> bytes:
    """Read a line, and nothing of what follows."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        line += byte
    return line.strip()


def _connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def _seen(mark: Path) -> bool:
    """Whether this was called before; of several at once, one is the first."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def _start_server(kind: str, python: Path, path: Path, environment: Mapping[str, str]) -> None:
    """Start a server; when this returns, it can be asked."""
    command = [str(python), "-m", "tests.support.programs", kind, str(path)]
    subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )


def serve(kind: str, path: Path) -> None:
    """Serve at a socket, in a process that outlives this one."""
    run = _prepared_emulator() if kind == EMULATOR else _prepared_ansible()
    listener = forking.listen(path)
    if os.fork():
        os._exit(0)
    connection = forking.serve(
        listener, lambda idle_since: path.parent.is_dir() and time.monotonic() < idle_since + _IDLE
    )
    if connection is None:
        # Nobody shall find a socket that nobody serves.
        path.unlink(missing_ok=True)
        return
    _byte, streams, *_ = socket.recv_fds(connection, 1, 3)
    with connection, connection.makefile("rwb", buffering=0) as client:
        header = json.loads(client.readline())
        forking.answer(client, forking.TAKEN)
    os.setsid()
    forking.become(header, streams)
    run(header["arguments"])


def _prepared_emulator() -> Callable[[list[str]], None]:
    from imp_emulator.cli import main  # noqa: PLC0415 - not where only ansible is wanted

    importlib.import_module("imp_emulator.serving.server")

    def run(arguments: list[str]) -> None:
        sys.argv, sys.path[0] = ["imp-emulator", *arguments], os.getcwd()  # noqa: PTH109 - sys.path holds text
        # What the command calls itself depends on how its Python was started.
        vars(sys.modules["__main__"])["__package__"] = None
        main()

    return run


def _import_ours() -> None:
    """Import plugins of the collection, and its modules, which the first task of each playbook asks what they take."""
    for kind in ("action", "filter", "inventory", "lookup", "modules", "plugin_utils/_screens"):
        for path in sorted((ROOT / "plugins" / kind).glob("*.py")):
            with contextlib.suppress(Exception):
                importlib.import_module(f"ansible_collections.ucops.imp.plugins.{kind.replace('/', '.')}.{path.stem}")


def _prepared_ansible() -> Callable[[list[str]], None]:
    """Do what ansible does before it looks at its arguments, and load the plugins that every run loads."""
    from ansible import cli, constants  # noqa: PLC0415 - not where only the emulator is wanted
    from ansible.cli import inventory, playbook  # noqa: PLC0415
    from ansible.config import manager  # noqa: PLC0415
    from ansible.plugins import loader  # noqa: PLC0415

    programs = {"ansible-inventory": inventory.main, "ansible-playbook": playbook.main}
    loader.init_plugin_loader()
    for kind, name in _LOADED:
        with contextlib.suppress(Exception):
            getattr(loader, f"{kind}_loader").get(name, class_only=True)
    # Nobody changes the working copy while tests run; of another collection that cannot be said.
    if constants.COLLECTIONS_PATHS[:1] == [str(ROOT / ".build" / "collections")]:
        _import_ours()
    for kind in _ALL_LOADED:
        with contextlib.suppress(Exception):
            list(getattr(loader, f"{kind}_loader").all(class_only=True))
    parent = Path(constants.DEFAULT_LOCAL_TMP).parent

    def run(arguments: list[str]) -> None:
        # That was done before the fork.
        cli.init_plugin_loader = lambda *_: None
        # Each process removes its own folder when it ends.
        atexit.unregister(manager.cleanup_tmp_file)
        constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix=f"ansible-local-{os.getpid()}", dir=parent)
        atexit.register(manager.cleanup_tmp_file, constants.DEFAULT_LOCAL_TMP, warn=True)
        name, *_others = sys.argv = arguments
        sys.path[0] = str(Path(name).parent)
        sys.exit(programs[Path(name).name]())

    return run


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
