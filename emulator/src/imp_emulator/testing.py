# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests of roles and playbooks: an emulated environment that runs as long as a block does.

    with running(scenario="scenario.yml") as environment:
        environment.control.fault("status", operation="updateUser", times=1)
        ...
        assert environment.journal(writes=True) == []

The fixtures in :mod:`imp_emulator.pytest_plugin` do the same for pytest. Only the standard library is needed here.
"""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from imp_emulator.client import ready_file
from imp_emulator.client.control import Answer, Control, ControlError, JournalForm, Json
from imp_emulator.client.launch import EmulatorError, launch

__all__ = ["Answer", "Control", "ControlError", "Emulator", "EmulatorError", "JournalForm", "Json", "running"]

STOP_SECONDS = 30


class Emulator:
    """An emulator process in a folder of its own, on free ports.

    Where ``cluster`` is left out, the first one of the scenario is meant.

    Args:
        folder: Takes state, ready file and log; made if need be. The same folder again means the same state.
        arguments: Further ones of ``imp-emulator serve``, for example ``"--scenario", "certificates"``.
        environment: The process's environment variables; by default those of this process.

    Attributes:
        ready: The content of the ready file: clusters, Exchange servers, certification authorities, the account of
            each, and the paths of their certificates.
        ready_file: Its path.
        state: The state file.
        process: The process.
        popen: What starts the process, called as ``subprocess.Popen`` is; a class of your own may have another.
        control: The client of the control plane.
        journal: Its :meth:`Control.journal`.

    Raises:
        EmulatorError: It does not start; says what it wrote to its standard error.
    """

    popen: ClassVar[Callable[..., subprocess.Popen[bytes]]] = subprocess.Popen

    def __init__(self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.ready_file = folder / "ready.json"
        self.state = folder / "state.sqlite3"
        self._errors = folder / "stderr.txt"
        files = (self.state, self.ready_file, self._errors)
        self.process = launch(*files, *arguments, environment=environment, popen=self.popen)
        self.ready: Json = json.loads(self.ready_file.read_text(encoding="utf-8"))
        self.control = Control(**self.ready["control"])
        self.journal = self.control.journal

    @property
    def stderr(self) -> str:
        """What the process has written to its standard error."""
        return self._errors.read_text(encoding="utf-8")

    @property
    def ca_file(self) -> str:
        """The path of the CA certificate of the nodes."""
        return str(self.ready["ca_file"])

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """A client context that trusts the nodes' CA and nothing else."""
        return ssl.create_default_context(cafile=self.ca_file)

    @property
    def console(self) -> str:
        """The link that opens the console in a browser."""
        return ready_file.link(self.ready)

    def _cluster(self, name: str | None) -> Json:
        clusters = self.ready["clusters"]
        return clusters[name or next(iter(clusters))]

    def address(self, node: str, cluster: str | None = None) -> str:
        """Return the loopback address of a node's listeners."""
        return str(self._cluster(cluster)["nodes"][node]["address"])

    def port(self, node: str, port: int = 8443, cluster: str | None = None) -> int:
        """Return the real port of the listener that stands for a product's ``port``."""
        return int(self._cluster(cluster)["nodes"][node]["ports"][str(port)])

    def url(self, node: str, port: int = 8443, cluster: str | None = None) -> str:
        """Return the base URL of a node's listener, without a slash at its end."""
        return f"https://{self.address(node, cluster)}:{self.port(node, port, cluster)}"

    def account(self, label: str = "application", cluster: str | None = None) -> tuple[str, str]:
        """Return user name and password of an account: ``application``, ``readonly`` or ``os``."""
        account = self._cluster(cluster)["accounts"][label]
        return account["username"], account["password"]

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """End the process cleanly, if it still runs.

        Raises:
            EmulatorError: It ended with an error, or reported one of its own on its standard error.
        """
        if self.process.poll() is None:
            self.process.terminate()
            if self.process.wait(STOP_SECONDS) != 0:
                raise EmulatorError(f"the emulator ended with status {self.process.returncode}: {self.stderr}")
        if any(sign in self.stderr for sign in ("internal error", "Traceback", "Exception")):
            raise EmulatorError(f"the emulator reported an error of its own: {self.stderr}")


@contextmanager
def running(
    scenario: str | Path = "default",
    folder: Path | None = None,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Emulator]:
    """An emulator that is stopped at the end.

    Args:
        scenario: A scenario file, or the name of a shipped one.
        folder: Where it keeps its files; without it in a temporary folder that is removed at the end.
        arguments: Further ones of ``imp-emulator serve``.
        environment: The process's environment variables; by default those of this process.

    Raises:
        EmulatorError: It does not start, or does not stop cleanly.
    """
    with tempfile.TemporaryDirectory(prefix="imp-emulator-") as temporary:
        emulator = Emulator(folder or Path(temporary), "--scenario", str(scenario), *arguments, environment=environment)
        try:
            yield emulator
        finally:
            emulator.stop()
