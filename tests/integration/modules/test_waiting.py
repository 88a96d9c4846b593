# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often and how long a module asks again is what the task says: a pause that is ignored is seen by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._module import resource

from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.signing_requests import pem, signing_request

TIMEOUT, INTERVAL = 11, 4


def certificate(emulator: Emulator, folder: Path) -> Mapping[str, Any]:
    request = pem(signing_request("mail1.example.com", ["mail1.example.com"]))
    return {
        **ca_connection(emulator, "ca.example.com", account="requester"),
        "csr": request,
        "path": str(folder / "mail1.cer"),
    }


def restart(emulator: Emulator, _folder: Path) -> Mapping[str, Any]:
    asked = {"services": ["Cisco SIP Proxy"], "state": "restarted", "nodes": nodes(emulator, 8443, "imp-pub")}
    return {**connection(emulator, "imp"), **asked}


class OneLook(Polling):
    """A polling that gives up at once, as if the time were over, and remembers what it was asked for."""

    asked: list[tuple[float, float]]

    def looks(self) -> Iterator[Callable[[str], None]]:
        self.asked.append((self.timeout, self.interval))
        yield self.report


@pytest.mark.parametrize(("module", "options"), [("adcs_certificate", certificate), ("services", restart)])
def test_a_module_waits_as_the_task_says(
    environment: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    options: Callable[[Emulator, Path], Mapping[str, Any]],
) -> None:
    OneLook.asked = []
    monkeypatch.setattr(resource, "Polling", OneLook)

    run_module(module, {**options(environment, tmp_path), "wait_timeout": TIMEOUT, "poll_interval": INTERVAL})

    assert OneLook.asked
    assert set(OneLook.asked) == {(TIMEOUT, INTERVAL)}
