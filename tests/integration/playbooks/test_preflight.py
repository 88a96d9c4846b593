# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook ``ucops.imp.preflight``: table, file for machines, exit status; and that it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.playbooks import Played, play

HOST = "imp-pub.dc1"


def run(environment: Emulator, folder: Path, *options: str, **variables: Any) -> Played:
    played = play(environment.ready_file, folder, "ucops.imp.preflight", *options, variables=variables)
    assert environment.journal(writes=True) == []
    secrets = [environment.account(account)[1] for account in ("application", "os")]
    assert [secret for secret in secrets if secret in played.output] == []
    assert played.recap[HOST].changed == 0
    return played


def test_a_cluster_that_is_well(environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once with the emulator's inventory; in check mode, as verbose as can be, with the file for machines.

    Its folder starts where the process is.
    """
    monkeypatch.setenv("PWD", "/no/such/folder")
    folder = tmp_path / "reports"
    played = run(environment, tmp_path, "--check", "-vvvv", preflight_directory="reports")
    assert played.status == 0, played.output
    assert played.module_calls[0] == f"{HOST} ucops.imp.preflight_info"
    assert "RESULT   CHECK" in played.output
    assert "gateway-name-matches  mail1.example.com: SAN mail1.example.com" in played.output
    assert "0 failed, 0 unknown, 4 warning, 2 skipped, 76 ok\n\nFor machines: " in played.output
    assert f"For machines: {folder}/{HOST}.json\n\nNothing has failed.\n" in played.output
    report = json.loads((folder / f"{HOST}.json").read_text())
    assert report.keys() == {"host", "passed", "counts", "checks"}
    assert (report["host"], report["passed"]) == (HOST, True)
    assert sum(report["counts"].values()) == len(report["checks"]) == 82


def test_a_cluster_that_is_not(environment: Emulator, tmp_path: Path) -> None:
    place = {**connection(environment, "imp"), "nodes": nodes(environment, 8443, "imp-sub")}
    assert run_module("services", {**place, "services": ["Cisco SIP Proxy"], "state": "stopped"}).changed
    environment.control.clear_journal()

    played = run(environment, tmp_path)

    assert played.status == 2
    assert played.recap[HOST].failed == 1
    table = played.output.partition("dc1: preflight\n")[2].partition("\n\nPut right what has failed")[0].splitlines()
    assert max(map(len, table)) <= 79, "there is no terminal"
    assert table[1].split() == ["RESULT", "CHECK", "SUBJECT:", "FOUND", "(EXPECTED)"]
    assert table[3].startswith("failed   service-runs          Cisco SIP Proxy on imp-sub: Stopped")
    assert "1 failed. service-runs: Cisco SIP Proxy on imp-sub: Stopped. Start it" in " ".join(played.output.split())
    assert played.module_calls == [f"{HOST} ucops.imp.preflight_info"], "one call for each cluster"


def test_ipv6_that_site_switches_on_may_be_off_before_its_first_run(environment: Emulator, tmp_path: Path) -> None:
    with environment.client("imp-pub") as client:
        for number, node in enumerate(("imp-pub", "imp-sub"), start=12):
            address = {"address": f"2001:db8::{number}"}
            client.put(f"/imp-admin/v1/nodes/{node}/ipv6", json=address).raise_for_status()
    environment.control.clear_journal()
    server = environment.ready["exchange"]["mail1.example.com"]
    reached = {"probe_hostname": server["address"], "probe_port": server["ports"]["443"]}
    gateways = [{"name": server["ipv6"], **reached}]

    assert "1 failed. ipv6-enabled" in " ".join(run(environment, tmp_path, preflight_gateways=gateways).output.split())
    played = run(environment, tmp_path, preflight_gateways=gateways, presence_gateways_enable_ipv6=True)
    assert played.status == 0, played.output
    assert "warning  ipv6-enabled" in played.output


def test_the_filter_says_what_it_wants(environment: Emulator, tmp_path: Path) -> None:
    task = {"ansible.builtin.debug": {"msg": "{{ 'text' | ucops.imp.preflight_table }}"}}
    book = tmp_path / "table.yml"
    book.write_text(json.dumps([{"hosts": "imp_publisher", "gather_facts": False, "tasks": [task]}]))
    played = play(environment.ready_file, tmp_path, str(book))
    assert played.status == 2
    assert "preflight_table: give it the checks that ucops.imp.preflight_info returns" in played.output
