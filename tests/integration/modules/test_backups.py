# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules write down of a server before they change it is enough to put it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._module.backups import read
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.undo import Undo, undo

from tests.support.certificates import issue
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection, served, sign, thumbprint
from tests.support.modules import ModuleResult, run_module


def changed(folder: Path, module: str, options: dict[str, Any]) -> ModuleResult:
    result = run_module(module, {**options, "backup": True, "backup_options": {"dir_path": str(folder)}})
    assert result.changed, result.msg
    assert not result.failed, result.msg
    return result


def undone(result: ModuleResult) -> Undo:
    return undo(read(Path(result["backup_file"])).entries)


def bind(emulator: Emulator, folder: Path, *names: str) -> ModuleResult:
    """Have the server use a new certificate for these names."""
    options = {**exchange_connection(emulator), "common_name": MAIL1, "alternative_names": [MAIL1, *names]}
    request = changed(folder, "exchange_certificate", {**options, "state": "requested"})["current"]["request"]
    certificate = sign(request, issue("Test CA", ca=True))
    return changed(folder, "exchange_certificate", {**options, "certificate": certificate, "state": "bound"})


def test_iis_uses_its_old_certificate_again(environment: Emulator, tmp_path: Path) -> None:
    first = bind(environment, tmp_path, "one.example.com")
    old = thumbprint(served(environment))
    second = bind(environment, tmp_path, "two.example.com")
    assert thumbprint(served(environment)) != old

    found = undone(second)
    (options,) = found.exchange_certificates
    run = run_module("exchange_certificate", {**exchange_connection(environment), **options, "state": "bound"})
    assert run.changed, run.msg
    assert thumbprint(served(environment)) == old
    assert "the new certificate with its key" in " ".join(found.cannot)
    assert undone(first).exchange_certificates[0]["certificate"] != options["certificate"]


def test_the_import_tool_says_what_it_adds(environment: Emulator, gateway: str, tmp_path: Path) -> None:
    options = {**connection(environment, "imp"), "peers": [{"name": gateway}], "accept_chain": True}
    result = changed(tmp_path, "certificate_import", options)
    (gone,) = undone(result).trust_last
    assert (gone["state"], gone["store"]) == ("absent", "cup-trust")
    node = result["changes"][0]["id"].rpartition(":")[0]
    assert gone["nodes"] == [node]
    assert [f"{node}:{one['fingerprint']}" for one in gone["certificates"]] == [
        change["id"] for change in result["changes"]
    ]


def test_a_service_is_told_and_left_alone(environment: Emulator, tmp_path: Path) -> None:
    options = {**connection(environment, "imp"), "services": ["Cisco SIP Proxy"], "poll_interval": 0.05}
    found = undone(changed(tmp_path, "services", {**options, "state": "stopped"}))
    assert found.back == []
    assert found.cannot[0].startswith("Was stopped, which nobody can undo: ")
