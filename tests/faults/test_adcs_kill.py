# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``adcs_certificate`` killed while its request is on the way: the next run finishes, and one request was made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.connections import ca_connection
from tests.support.emulator import Emulator
from tests.support.modules import assert_contract, run_module
from tests.support.signing_requests import pem, signing_request

SECONDS = 30
PROGRAM = """
import json, sys
from tests.support.modules import run_module
run_module("adcs_certificate", json.load(sys.stdin))
"""


def start(options: dict[str, Any]) -> subprocess.Popen[str]:
    """Run the module in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(options))
    process.stdin.close()
    return process


@pytest.mark.parametrize("host", ["ca.example.com", "eca.example.com"])
def test_a_killed_run_is_healed(environment: Emulator, tmp_path: Path, host: str) -> None:
    path = tmp_path / "mail1.cer"
    options = {**ca_connection(environment, host), "csr": pem(signing_request("mail1.example.com")), "path": str(path)}
    options |= {"template": "WebServer", "wait": False}
    # The request has arrived, and is carried out after its sender is gone.
    environment.control.fault("delay", effect={"seconds": 2}, protocol="certsrv", operation="POST /certfnsh.asp")
    process = start(options)
    memory = Path(f"{path}.request.json")
    deadline = time.monotonic() + SECONDS
    while not memory.exists() or not environment.control.faults()[0]["hits"]:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.kill()
    process.wait()
    assert json.loads(memory.read_text())["state"] == "submitting"
    while not environment.control.ca_requests(host):
        assert time.monotonic() < deadline
    environment.control.clear_faults()

    healed = run_module("adcs_certificate", options)
    assert_contract(healed, changed=host == "eca.example.com")
    assert healed["current"]["request_id"] == 1
    environment.control.clear_journal()
    assert_contract(run_module("adcs_certificate", options), changed=False)
    assert environment.journal(writes=True) == []
    assert len(environment.control.ca_requests(host)) == 1
