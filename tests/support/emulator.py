# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator under test: a process of its own, reached over the wire and through its control plane only.

Fixtures: ``emulator`` (one process for the whole session, one per xdist worker), ``environment`` (the same, set back to
its scenario before the test) and ``start_emulator`` (processes of the test's own, for those that stop or kill them).
"""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import exercised

START_SECONDS = 60
STOP_SECONDS = 30
_POLL_SECONDS = 0.02

Json = Any
"""What a decoded answer holds: mappings, lists, text and numbers."""


class Control:
    """The control plane's calls; every one but :meth:`request` fails the test unless it succeeds."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request, whatever its outcome."""
        return self._client.request(method, path, **options)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.request(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def about(self) -> Json:
        """Return name, version and implemented operations."""
        return self._call("GET", "/about")

    def reset(self) -> None:
        """Go back to the scenario."""
        self._call("POST", "/reset")

    def snapshots(self) -> list[str]:
        """Return the names of all snapshots."""
        return list(self._call("GET", "/snapshots")["snapshots"])

    def snapshot(self, name: str) -> None:
        """Take a snapshot."""
        self._call("PUT", f"/snapshots/{name}")

    def restore(self, name: str) -> None:
        """Go back to a snapshot."""
        self._call("POST", f"/snapshots/{name}/restore")

    def journal(self, **filters: Any) -> Json:
        """Return journal entries; filters: cluster, node, protocol, operation, writes, after."""
        return self._call("GET", "/journal", params=filters)["entries"]

    def last_journal_id(self) -> int:
        """Return the newest entry's identifier, to ask for what comes ``after`` it."""
        return int(self._call("GET", "/journal", params={"after": 2**62})["last"])

    def clear_journal(self) -> None:
        """Forget the requests seen so far."""
        self._call("DELETE", "/journal")

    def transitions(self, mode: str, value: float = 0, node: str | None = None, service: str | None = None) -> None:
        """Set how services start and stop: ``immediate``, ``polls``, ``seconds`` or ``hang``."""
        self._call("PUT", "/transitions", json={"mode": mode, "value": value, "node": node, "service": service})

    def clock(self, **change: Any) -> Json:
        """Change the virtual clock (now, offset_seconds, frozen) and return it; without arguments only read it."""
        return self._call("PUT", "/clock", json=change) if change else self._call("GET", "/clock")

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._call("POST", "/clock/advance", json={"seconds": seconds})

    def fault(self, kind: str, *, effect: Json | None = None, **match: Any) -> int:
        """Inject a fault and return its identifier.

        ``effect`` holds what the kind takes (status, retry_after, seconds); ``match`` takes cluster, node, protocol,
        operation, times, skip, probability and seed.
        """
        return int(self._call("POST", "/faults", json={"effect": {"kind": kind} | (effect or {})} | match)["id"])

    def faults(self) -> Json:
        """Return the faults in force."""
        return self._call("GET", "/faults")["faults"]

    def clear_faults(self) -> None:
        """Withdraw all faults."""
        self._call("DELETE", "/faults")

    def ca_requests(self, host: str, state: str | None = None) -> Json:
        """Return the requests that a CA has seen: pending, issued, denied or revoked ones, or all."""
        query = {"state": state} if state else {}
        return self._call("GET", f"/certification-authorities/{host}/requests", params=query)["requests"]

    def ca_decide(self, host: str, request: int, verb: str) -> Json:
        """Issue, deny or revoke a request as a CA's administrator would."""
        return self._call("POST", f"/certification-authorities/{host}/requests/{request}/{verb}")

    def ca_renew(self, host: str, *, new_key: bool = True) -> int:
        """Renew a CA's own certificate; returns how often that has been done."""
        path = f"/certification-authorities/{host}/renew"
        return int(self._call("POST", path, json={"new_key": new_key})["renewals"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class Emulator:
    """An emulator process in a folder of its own.

    Attributes:
        ready: The content of the ready file.
        ready_file: Its path.
    """

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ready_file = folder / "ready.json"
        self.state = folder / "state.sqlite3"
        self._errors = folder / "stderr.txt"
        # A killed predecessor's ready file would be taken for the new one's.
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "imp_emulator", "serve", "--state", str(self.state)]
        command += ["--ready-file", str(self.ready_file), *arguments]
        with self._errors.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        self.ready: Json = self._wait_until_ready()
        self.control = Control(**self.ready["control"])

    def _wait_until_ready(self) -> Json:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert self.process.poll() is None, f"the emulator ended: {self.stderr}"
            assert time.monotonic() < deadline, "the emulator did not become ready"
            time.sleep(_POLL_SECONDS)
        return json.loads(self.ready_file.read_text(encoding="utf-8"))

    @property
    def stderr(self) -> str:
        """What the process has written to its standard error."""
        return self._errors.read_text(encoding="utf-8")

    @property
    def ca_file(self) -> str:
        """The CA certificate of the nodes."""
        return str(self.ready["ca_file"])

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """A client context that trusts the nodes' CA and nothing else."""
        return ssl.create_default_context(cafile=self.ca_file)

    def port(self, node: str, port: int = 8443, cluster: str = "dc1") -> int:
        """Return the real port of a node's listener."""
        return int(self.ready["clusters"][cluster]["nodes"][node]["ports"][str(port)])

    def url(self, cluster: str, node: str, port: int = 8443) -> str:
        """Return the base URL of a node's listener, without a slash at its end."""
        address = self.ready["clusters"][cluster]["nodes"][node]["address"]
        return f"https://{address}:{self.port(node, port, cluster)}"

    def account(self, label: str = "application", cluster: str = "dc1") -> tuple[str, str]:
        """Return user name and password of an account: ``application``, ``readonly`` or ``os``."""
        account = self.ready["clusters"][cluster]["accounts"][label]
        return account["username"], account["password"]

    def client(
        self, node: str, port: int = 8443, account: str | None = "application", cluster: str = "dc1", **options: Any
    ) -> httpx.Client:
        """Return a keep-alive client of a node's listener, logged in with an account (``None``: with none)."""
        credentials = self.account(account, cluster) if account else None
        return httpx.Client(
            base_url=self.url(cluster, node, port),
            auth=credentials,
            verify=self.tls,
            trust_env=False,
            **({"timeout": 30} | options),
        )

    def journal(self, **filters: Any) -> Json:
        """Return journal entries, see :meth:`Control.journal`."""
        return self.control.journal(**filters)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.control.close()

    def stop(self) -> None:
        """End the process cleanly; an error of its own, which it reports on its standard error, fails the test."""
        if self.process.poll() is None:
            exercised.note(self.control.about())
            self.process.terminate()
            assert self.process.wait(STOP_SECONDS) == 0, self.stderr
        self.control.close()
        for sign in ("internal error", "Traceback", "Exception"):
            assert sign not in self.stderr, self.stderr


@contextmanager
def running_emulator(folder: Path, *arguments: str) -> Iterator[Emulator]:
    """An emulator that is stopped at the end; ``arguments`` are further ones of ``imp-emulator serve``."""
    running = Emulator(folder, *arguments)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The session's emulator with the default scenario, in whatever state the last test left it."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def environment(emulator: Emulator) -> Emulator:
    """The session's emulator, set back to its scenario: state, journal, faults, transitions and clock."""
    emulator.control.reset()
    return emulator


@pytest.fixture
def start_emulator(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """A function that starts an emulator: ``start_emulator(*arguments, folder="name", environment=None)``.

    The same folder again means the same state file. Those that still run at the end of the test are stopped.
    """
    started: list[Emulator] = []

    def start(*arguments: str, folder: str = "own", environment: dict[str, str] | None = None) -> Emulator:
        started.append(Emulator(tmp_path / folder, *arguments, environment=environment))
        return started[-1]

    yield start
    for running in started:
        running.stop()
