# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of ``certificates.yml``, each by the module that takes it: what a test begins with, at a tenth of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.connections import ca_connection, connection
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection
from tests.support.modules import ModuleResult, run_module

STANDALONE = "ca.example.com"
OF_THE_INVENTORY = {"organization": "Example", "country": "JP"}
"""What ``inventory/emulator`` says of every request."""


def _run(module: str, options: dict[str, Any]) -> ModuleResult:
    result = run_module(module, options)
    assert not result.failed, result.msg
    return result


def request(emulator: Emulator, server: str = MAIL1, common_name: str | None = None) -> str:
    """Have a request pending on a server, whose name is in it by default; returns it in PEM."""
    wanted = {**OF_THE_INVENTORY, "common_name": common_name or server, "state": "requested"}
    result = _run("exchange_certificate", {**exchange_connection(emulator, server=server), **wanted})
    return str(result["current"]["request"])


def submit(emulator: Emulator, csr: str, path: Path, host: str = STANDALONE, **more: Any) -> int:
    """Submit a request, or fetch its certificate when it is issued by now; returns its number."""
    options = {**ca_connection(emulator, host, account="requester"), "csr": csr, "path": str(path), "wait": False}
    return int(_run("adcs_certificate", {**options, **more})["current"]["request_id"])


def leave_submitted(emulator: Emulator, stem: Path, common_name: str = MAIL1, ending: str = ".csr") -> None:
    """Leave a request of the first server submitted, as an unanswered run does; its files are beside ``stem``."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    csr = request(emulator, common_name=common_name)
    Path(f"{stem}{ending}").write_text(csr)
    submit(emulator, csr, Path(f"{stem}.cer"))


def bind(emulator: Emulator, path: Path, server: str = MAIL1) -> None:
    """Install the certificate that answers the request pending on a server, and bind it."""
    wanted = {"common_name": server, "certificate_path": str(path), "services": ["IIS"], "state": "bound"}
    _run("exchange_certificate", {**exchange_connection(emulator, server=server), **wanted})


def certify(emulator: Emulator, folder: Path, host: str = STANDALONE, **more: Any) -> None:
    """Take all steps for the first server; no node is told of the authority."""
    folder.mkdir()
    csr, path = request(emulator), folder / f"{MAIL1}.cer"
    number = submit(emulator, csr, path, host, **more)
    if emulator.control.ca_requests(host)[-1]["state"] == "pending":
        emulator.control.ca_decide(host, number, "issue")
    submit(emulator, csr, path, host, **more)
    bind(emulator, path)


def add_gateways(emulator: Emulator, *names: str) -> None:
    """Add presence gateways, as ``presence_gateways.yml`` does with the inventory of the emulator."""
    account = emulator.ready["exchange_account"]
    wanted = {"account": account["username"], "account_password": account["password"]}
    gateways = [{"name": name} for name in names]
    _run("presence_gateways", {**connection(emulator, "imp"), **wanted, "gateways": gateways})
