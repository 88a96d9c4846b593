# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certification authority is renewed: of its certificates, which have one subject, a node keeps the newest.

With the old key everything stays trusted. With a new one the servers need new certificates, and the run says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import certificate_steps
from tests.support.certificate_site import MAIL1, MAIL2, WITH_NODES
from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.imp_admin import gateway_verdicts
from tests.support.modules import run_module
from tests.support.playbooks import on_one_line, play

CERTIFICATES = "ucops.imp.certificates"
STANDALONE, ENTERPRISE = "ca.example.com", "eca.example.com"
PURGE = {"trust_purge": True, "trust_certificates": []}
VERIFIED = ["Verified", "Verified"]
MISSING = "Failed - Certificate Missing From Chain"
ANEW = {"exchange_certificate_renew_before_days": 370}
"""Every certificate is due that was made ten days ago or before: the authority issues for 365 days."""
PARTS = ["trust", "presence_gateways", "presence_engine", "gateway_status"]
"""The parts of the site that have to do with certificates."""
NODES = ("--limit", "imp-pub.dc1")
"""What the nodes trust; other tests run a second time on the servers."""


@pytest.fixture(name="environment")
def environment_fixture(certificates_environment: Emulator) -> Emulator:
    return certificates_environment


def run(environment: Emulator, folder: Path, playbook: str, *options: str, **variables: Any) -> None:
    played = play(environment.ready_file, folder, playbook, *options, variables=variables)
    assert played.status == 0, played.output


def trusted(environment: Emulator, node: str) -> set[str]:
    options = {**connection(environment, "platform"), "nodes": nodes(environment, 443, node)}
    return {one["fingerprint"] for one in run_module("trust_certificates_info", options)["certificates"]}


def trust(environment: Emulator, host: str) -> None:
    """Have the nodes trust an authority."""
    root = environment.ready["certification_authorities"][host]["root_file"]
    options = {
        **connection(environment, "platform"),
        "nodes": nodes(environment, 443),
        "certificates": [{"path": root}],
    }
    result = run_module("trust_certificates", options)
    assert result.changed, result.msg


def of_the_ca(environment: Emulator, host: str, renewals: int) -> set[str]:
    """The fingerprints of its certificates and of those above them: of each subject the one that begins last."""
    found: dict[str, dict[str, Any]] = {}
    for renewal in range(renewals + 1):
        result = run_module("adcs_ca_info", {**ca_connection(environment, host), "renewal": renewal, "crl": False})
        for one in result["chain"]:
            if one["subject"] not in found or found[one["subject"]]["not_before"] < one["not_before"]:
                found[one["subject"]] = one
    return {one["fingerprint"] for one in found.values()}


def assert_no_drift(environment: Emulator, folder: Path, variables: dict[str, Any]) -> None:
    reports = folder / "reports"
    played = play(
        environment.ready_file,
        folder,
        "ucops.imp.drift",
        *WITH_NODES,
        variables=variables,
        environment={"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift", "UCOPS_IMP_DRIFT_DIR": str(reports)},
    )
    assert played.status == 0, played.output
    assert json.loads((reports / "drift.json").read_text())["records"] == []


def test_a_new_key(environment: Emulator, tmp_path: Path) -> None:
    gateways = [{"name": MAIL1}]
    variables = {
        "ucops_imp_certificates": True,
        "calendar_integration_parts": PARTS,
        "presence_gateways_list": gateways,
    }
    certificate_steps.add_gateways(environment, MAIL1)
    certificate_steps.certify(environment, environment.ready_file.parent / "certificates")
    trust(environment, STANDALONE)
    environment.control.advance(10 * 24 * 3600)
    environment.control.ca_renew(STANDALONE, new_key=True)

    told = play(environment.ready_file, tmp_path, "ucops.imp.certificates", *NODES, variables={**variables, **PURGE})
    assert told.status == 2
    warned = on_one_line(told.output)
    assert "What the others have signed is not trusted: have those servers get new certificates." in warned
    assert "Missing From Chain" in told.output

    # Now the server gets one that the new key has signed, and all is well.
    run(environment, tmp_path, CERTIFICATES, *WITH_NODES, **variables, **PURGE, **ANEW)

    newest = of_the_ca(environment, STANDALONE, 1)
    assert len(newest) == 1
    assert [trusted(environment, node) for node in ("imp-pub", "imp-sub")] == [newest, newest]
    assert gateway_verdicts(environment) == ["Verified"]
    last = environment.control.last_journal_id()
    assert_no_drift(environment, tmp_path, {**variables, **PURGE})
    assert environment.journal(writes=True, after=last) == []


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
    certificate_steps.add_gateways(environment, MAIL1, MAIL2)
    submitted_with = {"template": "WebServer"} if host == ENTERPRISE else {}
    certificate_steps.certify(environment, environment.ready_file.parent / "certificates", host, **submitted_with)
    assert trusted(environment, "imp-pub") == set()
    for new_key in keys:
        environment.control.ca_renew(host, new_key=new_key)

    signed_by_an_old_key = any(keys)
    played = play(environment.ready_file, tmp_path, CERTIFICATES, variables=variables)
    assert played.status == (2 if signed_by_an_old_key else 0), played.output

    wanted = of_the_ca(environment, host, len(keys))
    assert [trusted(environment, node) for node in ("imp-pub", "imp-sub")] == [wanted, wanted]
    assert gateway_verdicts(environment) == ([MISSING, "Verified"] if signed_by_an_old_key else VERIFIED)
    last = environment.control.last_journal_id()
    play(environment.ready_file, tmp_path, CERTIFICATES, *NODES, variables=variables)
    assert environment.journal(writes=True, after=last) == []


def test_purge_waits_while_an_earlier_certificate_is_unknown(environment: Emulator, tmp_path: Path) -> None:
    trust(environment, STANDALONE)
    environment.control.ca_renew(STANDALONE)
    before = trusted(environment, "imp-pub")
    assert before == of_the_ca(environment, STANDALONE, 0)
    environment.control.fault("status", effect={"status": 500}, operation="GET /certnew.cer", skip=1)

    played = play(environment.ready_file, tmp_path, CERTIFICATES, *NODES, variables=PURGE)

    assert played.status == 2
    assert "does not give its certificate of renewal 0" in played.output
    assert trusted(environment, "imp-pub") == before
