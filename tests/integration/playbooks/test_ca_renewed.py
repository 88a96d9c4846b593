# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority is renewed: what it signed before stays in use, so all its certificates stay trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.imp_admin import gateway_verdicts
from tests.support.modules import run_module
from tests.support.playbooks import play
from tests.support.scenarios import shipped, with_users, write_scenario

CERTIFICATES = "ucops.imp.certificates"
STANDALONE, ENTERPRISE = "ca.example.com", "eca.example.com"
PURGE = {"trust_purge": True, "trust_certificates": []}
VERIFIED = ["Verified", "Verified"]
USERS = 20


@pytest.fixture(name="environment")
def environment_fixture(start_emulator: Callable[..., Emulator], tmp_path: Path) -> Emulator:
    content = with_users(shipped("certificates"), USERS)
    return start_emulator("--scenario", str(write_scenario(tmp_path, content)))


def run(environment: Emulator, folder: Path, playbook: str, **variables: Any) -> None:
    played = play(environment.ready_file, folder, playbook, variables=variables)
    assert played.status == 0, played.output


def trusted(environment: Emulator, node: str) -> set[str]:
    options = {**connection(environment, "platform"), "nodes": nodes(environment, 443, node)}
    return {one["fingerprint"] for one in run_module("trust_certificates_info", options)["certificates"]}


def of_the_ca(environment: Emulator, host: str, renewals: int) -> set[str]:
    """The fingerprints of all its certificates, and of those above them."""
    found: set[str] = set()
    for renewal in range(renewals + 1):
        result = run_module("adcs_ca_info", {**ca_connection(environment, host), "renewal": renewal, "crl": False})
        found |= {one["fingerprint"] for one in result["chain"]}
    return found


def assert_no_drift(environment: Emulator, folder: Path, variables: dict[str, Any]) -> None:
    reports = folder / "reports"
    played = play(
        environment.ready_file,
        folder,
        "ucops.imp.drift",
        variables=variables,
        environment={"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift", "UCOPS_IMP_DRIFT_DIR": str(reports)},
    )
    assert played.status == 0, played.output
    assert json.loads((reports / "drift.json").read_text())["records"] == []


def test_a_new_key(environment: Emulator, tmp_path: Path) -> None:
    run(environment, tmp_path, "ucops.imp.site", ucops_imp_certificates=True)
    environment.control.ca_renew(STANDALONE, new_key=True)

    run(environment, tmp_path, CERTIFICATES, **PURGE)

    both = of_the_ca(environment, STANDALONE, 1)
    assert len(both) == 2
    assert [trusted(environment, node) for node in ("imp-pub", "imp-sub")] == [both, both]
    assert gateway_verdicts(environment) == VERIFIED
    # What site.yml does after certificates.yml leaves them alone as well, and there is nothing left to do.
    last = environment.control.last_journal_id()
    run(environment, tmp_path, "ucops.imp.site", ucops_imp_certificates=True, **PURGE)
    assert environment.journal(writes=True, after=last) == []
    assert_no_drift(environment, tmp_path, {"ucops_imp_certificates": True, **PURGE})


@pytest.mark.parametrize(
    ("host", "keys", "purge"),
    [
        (STANDALONE, [False], False),
        (STANDALONE, [True, True], True),
        (ENTERPRISE, [True], True),
    ],
)
def test_renewed_before_and_after(
    environment: Emulator, tmp_path: Path, host: str, keys: list[bool], purge: bool
) -> None:
    """One server has what the first key signed, the other what the last one did; the nodes never had the first."""
    template = {"exchange_certificate_template": "WebServer"} if host == ENTERPRISE else {}
    variables = {"ucops_ca_host": host, **template, **(PURGE if purge else {"trust_certificates": []})}
    gateways = [{"name": f"mail{number}.example.com"} for number in (1, 2)]
    run(environment, tmp_path, "ucops.imp.presence_gateways", presence_gateways_list=gateways)
    run_role_on(environment, tmp_path, "mail1.example.com", variables)
    for new_key in keys:
        environment.control.ca_renew(host, new_key=new_key)

    run(environment, tmp_path, CERTIFICATES, **variables)

    wanted = of_the_ca(environment, host, len(keys))
    assert [trusted(environment, node) for node in ("imp-pub", "imp-sub")] == [wanted, wanted]
    assert gateway_verdicts(environment) == VERIFIED
    last = environment.control.last_journal_id()
    run(environment, tmp_path, CERTIFICATES, **variables)
    assert environment.journal(writes=True, after=last) == []


def run_role_on(environment: Emulator, folder: Path, server: str, variables: dict[str, Any]) -> None:
    """Get one server its certificate; no node is told of the authority."""
    played = play(environment.ready_file, folder, CERTIFICATES, "--limit", server, variables=variables)
    assert played.status == 0, played.output
    assert trusted(environment, "imp-pub") == set()


def test_purge_waits_while_an_earlier_certificate_is_unknown(environment: Emulator, tmp_path: Path) -> None:
    run(environment, tmp_path, CERTIFICATES)
    environment.control.ca_renew(STANDALONE)
    before = trusted(environment, "imp-pub")
    environment.control.fault("status", effect={"status": 500}, operation="GET /certnew.cer", skip=1)

    played = play(environment.ready_file, tmp_path, CERTIFICATES, "--limit", "imp-pub.dc1", variables=PURGE)

    assert played.status == 2
    assert "does not give its certificate of renewal 0" in played.output
    assert trusted(environment, "imp-pub") == before
