# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``certificates.yml`` with an authority that nobody automates, and in check mode."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support import certificate_steps
from tests.support.certificate_site import MAIL1, WITH_NODES
from tests.support.certificates import answer_request, issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.imp_admin import gateway_verdicts
from tests.support.modules import run_module
from tests.support.playbooks import INVENTORY, Played, play

CERTIFICATES = "ucops.imp.certificates"
ONE_GATEWAY = {"presence_gateways_list": [{"name": MAIL1}]}


def test_a_third_party_signs(certificates_environment: Emulator, tmp_path: Path) -> None:
    environment = certificates_environment
    certificate_steps.add_gateways(environment, MAIL1)
    authority = issue("Third Party CA", ca=True)
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(authority.pem)
    variables = {
        "exchange_certificate_authority": "third_party",
        "exchange_certificate_directory": str(tmp_path / "certificates"),
        "trust_certificates": [{"path": str(bundle)}],
    }

    first = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES, variables=variables)
    assert first.status == 2
    assert "mail1.example.com.csr signed by your certification authority" in first.output
    # The server drops out of the plays that would show it, so it has a screen of its own.
    assert "mail1.example.com: 1 of 1 part failed" in first.output
    assert "1 certificate request added  mail1.example.com\n" in first.output
    request = (tmp_path / "certificates" / "mail1.example.com.csr").read_bytes()

    signed = answer_request(x509.load_pem_x509_csr(request), by=authority)
    (tmp_path / "certificates" / "mail1.example.com.cer").write_text(signed)
    second = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES, variables=variables)
    assert second.status == 0, second.output
    assert gateway_verdicts(environment) == ["Verified"]
    assert second.output.count("\nDONE ") == 1
    assert "1 certificate added mail1.example.com" in " ".join(second.output.split())

    last = environment.control.last_journal_id()
    third = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES, variables=variables)
    assert third.status == 0, third.output
    assert environment.journal(writes=True, after=last) == []


def test_what_the_command_line_sets_for_all_plays(certificates_environment: Emulator, tmp_path: Path) -> None:
    """``-e`` wins over what a playbook gives to a role, also in a play that is for other parts only."""
    environment = certificates_environment
    certificate_steps.add_gateways(environment, MAIL1)
    chosen = ("-e", "calendar_integration_parts=trust,presence_gateways", "-e", "exchange_certificate_check_mode=no")
    certificates = ("-e", "ucops_imp_certificates=yes")

    def run(playbook: str, *options: str, **more: str) -> Played:
        given = (*WITH_NODES, *options, *chosen)
        return play(environment.ready_file, tmp_path, playbook, *given, variables=ONE_GATEWAY, environment=more)

    # The play of the certificates restarts for the gateway, although that is no part that was chosen.
    first = run("ucops.imp.site", *certificates)
    assert first.status == 0, first.output
    assert gateway_verdicts(environment) == ["Verified"]

    last = environment.control.last_journal_id()
    reported = {"ANSIBLE_CALLBACKS_ENABLED": "ucops.imp.drift", "UCOPS_IMP_DRIFT_DIR": str(tmp_path)}
    clean = run("ucops.imp.drift", *certificates, **reported)
    assert clean.status == 0, clean.output
    environment.control.reset()
    missing = run("ucops.imp.drift", *certificates, **reported)
    assert missing.status == 3, missing.output
    assert environment.journal(writes=True, after=last) == []


@pytest.mark.parametrize("on_the_command_line", [True, False])
def test_who_may_keep_the_nodes_from_asking_the_authority(
    certificates_environment: Emulator, tmp_path: Path, on_the_command_line: bool
) -> None:
    """``-e`` may, whose user lists what signs; what an inventory says for other runs may not."""
    environment = certificates_environment
    root = environment.ready["certification_authorities"]["ca.example.com"]["root_file"]
    inventory = tmp_path / "inventory"
    shutil.copytree(INVENTORY, inventory)
    (inventory / "group_vars" / "dc1" / "own.yml").write_text("trust_from_adcs: false\n")
    listed = {"trust_certificates": [{"path": root}], "ucops_imp_certificates": True}
    given = ("-e", "trust_from_adcs=no") if on_the_command_line else ()
    only = ("--limit", "imp-pub.dc1", "--tags", "trust")

    played = play(
        environment.ready_file, tmp_path, "ucops.imp.site", *only, *given, variables=listed, inventory=inventory
    )

    assert played.status == 0, played.output
    # Once for the certificates, and once more for the parts, which would purge it.
    asked = [call for call in played.module_calls if "adcs_ca_info" in call]
    assert len(asked) == (0 if on_the_command_line else 2)
    there = {**connection(environment, "platform"), "nodes": nodes(environment, 443)}
    trusted = [one["fingerprint"] for one in run_module("trust_certificates_info", there)["certificates"]]
    of_the_root = x509.load_pem_x509_certificate(Path(root).read_bytes()).fingerprint(hashes.SHA256()).hex()
    assert {fingerprint.replace(":", "").lower() for fingerprint in trusted} == {of_the_root}


def test_check_mode_sends_nothing(certificates_environment: Emulator, tmp_path: Path) -> None:
    environment = certificates_environment

    played = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES, "--check", "--diff")

    assert played.status == 0, played.output
    assert environment.journal(writes=True) == []
    # The request, and what follows from it: installed and bound.
    assert played.recap["mail1.example.com"].changed == 2
    assert not (environment.ready_file.parent / "certificates").exists()
