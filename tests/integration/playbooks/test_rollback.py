# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is taken back: ``ucops.imp.site`` with backups, then ``ucops.imp.restore`` with its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.playbooks import Played, play

HOST = "imp-pub.dc1"
MODULES = ["trust_certificates", "presence_gateways", "calendar_users", "calendaring_parameters", "services"]


def state(environment: Emulator) -> dict[str, Any]:
    """All that a site run changes and that can be put back."""
    gateways = run_module("presence_gateways_info", connection(environment, "imp"))
    users = run_module("calendar_users_info", connection(environment, "cucm"))
    parameters = run_module("calendaring_parameters_info", connection(environment, "cucm"))
    trusted = run_module(
        "trust_certificates_info", {**connection(environment, "platform"), "nodes": nodes(environment, 443)}
    )
    return {
        "gateways": gateways["gateways"],
        "account": gateways["account"],
        "users": users["users"],
        "parameters": parameters["current"],
        "trusted": sorted((one["node"], one["fingerprint"]) for one in trusted["certificates"]),
    }


def run(environment: Emulator, folder: Path, playbook: str, *options: str, **variables: Any) -> Played:
    played = play(environment.ready_file, folder, playbook, *options, variables=variables)
    assert played.status == 0, played.output
    return played


def test_a_run_is_taken_back(environment: Emulator, tmp_path: Path) -> None:
    before = state(environment)
    run(environment, tmp_path, "ucops.imp.site", ucops_imp_backup="yes", ucops_imp_backup_path="backups")
    after = state(environment)

    (kept,) = (tmp_path / "backups").iterdir()
    files = sorted((kept / HOST).iterdir())
    assert [path.stem.split("-")[-1] for path in files] == MODULES
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

    environment.control.clear_journal()
    restored = run(environment, tmp_path, "ucops.imp.restore", restore_path=f"backups/{kept.name}")
    assert state(environment) == before != after
