# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator under test: a process of its own, reached over the wire and through its control plane only.

The fixtures are those that ``imp_emulator.pytest_plugin`` gives everybody, under shorter names: ``emulator`` (one
process for the whole session, one per xdist worker), ``environment`` (the same, set back to its scenario before the
test) and ``start_emulator`` (processes of the test's own, for those that stop or kill them).
``certificates_environment`` is like ``environment``, with the scenario that begins without certificates.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from imp_emulator import testing
from tests.support import exercised, programs


class Emulator(testing.Emulator):
    """An emulator process, with a client for each of its listeners."""

    popen = staticmethod(programs.popen)

    def client(
        self,
        node: str,
        port: int = 8443,
        account: str | None = "application",
        cluster: str | None = None,
        **options: Any,
    ) -> httpx.Client:
        """Return a keep-alive client of a node's listener, logged in with an account (``None``: with none)."""
        credentials = self.account(account, cluster) if account else None
        return httpx.Client(
            base_url=self.url(node, port, cluster),
            auth=credentials,
            verify=self.tls,
            trust_env=False,
            **({"timeout": 30} | options),
        )

    def stop(self) -> None:
        """End the process cleanly, and keep which operations it has answered."""
        if self.process.poll() is None:
            exercised.note(self.control.about())
        super().stop()


@pytest.fixture(scope="session")
def imp_emulator_class() -> type[Emulator]:
    return Emulator


@pytest.fixture(scope="session")
def emulator(imp_emulator: Emulator) -> Emulator:
    return imp_emulator


@pytest.fixture
def environment(imp_environment: Emulator) -> Emulator:
    return imp_environment


@pytest.fixture
def start_emulator(imp_start: Callable[..., Emulator]) -> Callable[..., Emulator]:
    return imp_start


@pytest.fixture(scope="session")
def certificates_emulator(
    imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    emulator = imp_emulator_class(tmp_path_factory.mktemp("certificates"), "--scenario", "certificates")
    yield emulator
    emulator.stop()


@pytest.fixture
def certificates_environment(certificates_emulator: Emulator) -> Emulator:
    """Set it back to its scenario, and remove what playbooks with ``inventory/emulator`` keep beside it."""
    certificates_emulator.control.reset()
    for folder in ("certificates", "pending-restarts"):
        shutil.rmtree(certificates_emulator.ready_file.parent / folder, ignore_errors=True)
    return certificates_emulator
