# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates across servers, runs, years and controllers: one request for each server, and nothing due is unseen."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import certificate_steps
from tests.support.certificate_site import MAIL1, MAIL2, ONE, SERVERS, WITH_NODES, CertificateSite
from tests.support.certificate_steps import STANDALONE
from tests.support.certificates import issue
from tests.support.emulator import Emulator
from tests.support.exchange import served
from tests.support.playbooks import ROOT, play
from tests.support.scenarios import shipped, write_scenario
from tests.support.tarball import build, install

WILDCARD = {"exchange_certificate_common_name": "*.example.com"}
SHARED_NAME = {
    "exchange_certificate_common_name": "mail.example.com",
    "exchange_certificate_alternative_names": ["mail.example.com", "autodiscover.example.com"],
}
DUE = {"exchange_certificate_renew_before_days": 60}
SIGN_IT = f"{MAIL1}.csr signed by your certification authority"


@pytest.fixture(name="site")
def site_fixture(certificates_environment: Emulator, tmp_path: Path) -> CertificateSite:
    return CertificateSite(certificates_environment, tmp_path)


@pytest.fixture
def submitted(site: CertificateSite) -> CertificateSite:
    """The site as a first run leaves it: the request of a server is pending."""
    certificate_steps.leave_submitted(site.emulator, site.files / MAIL1)
    return site


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_servers_that_share_a_name_have_a_request_each(site: CertificateSite) -> None:
    name = "%2A.example.com"
    waiting = site.play(*SERVERS, variables=WILDCARD)
    assert waiting.status == 2
    assert "it goes on with the same request" in waiting.output
    assert site.states() == ["pending", "pending"]
    stems = {f"{server}+{name}" for server in (MAIL1, MAIL2)}
    assert names(site.files) == {f"{stem}{ending}" for stem in stems for ending in (".csr", ".cer.request.json")}

    for number in (1, 2):
        site.emulator.control.ca_decide(STANDALONE, number, "issue")
    done = site.play(*SERVERS, variables=WILDCARD)
    assert done.status == 0, done.output
    assert site.states() == ["issued", "issued"]
    assert site.bound(MAIL1) != site.bound(MAIL2)
    for server in (MAIL1, MAIL2):
        assert site.bound(server) == (site.files / f"{server}+{name}.cer").read_text()
    last = site.emulator.control.last_journal_id()
    assert site.play(*SERVERS, variables=WILDCARD).status == 0
    assert site.emulator.journal(writes=True, after=last) == []


def test_with_an_administrator_servers_that_share_a_name_get_theirs_at_once(
    certificates_environment: Emulator, tmp_path: Path
) -> None:
    environment = certificates_environment
    played = play(environment.ready_file, tmp_path, "ucops.imp.certificates", *SERVERS, variables=SHARED_NAME)
    assert played.status == 0, played.output
    states = [request["state"] for request in environment.control.ca_requests(STANDALONE)]
    assert states == ["issued", "issued"], "an orphan was issued, or a server got none"
    bound = {server: served(environment, server).public_bytes(Encoding.PEM).decode() for server in (MAIL1, MAIL2)}
    files = environment.ready_file.parent / "certificates"
    assert bound == {server: (files / f"{server}+mail.example.com.cer").read_text() for server in bound}


def test_a_third_party_signs_for_servers_that_share_a_name(site: CertificateSite) -> None:
    variables = {**site.third_party, **SHARED_NAME}
    assert site.play(*SERVERS, variables=variables).status == 2
    for server in (MAIL1, MAIL2):
        site.save(f"{server}+mail.example.com", site.sign(f"{server}+mail.example.com"))
    done = site.play(*SERVERS, variables=variables)
    assert done.status == 0, done.output
    assert site.bound(MAIL1) != site.bound(MAIL2)


def test_no_two_certificates_share_a_file(tmp_path: Path) -> None:
    """Names that differ only in what has no place in the name of a file, or in where one ends and the next begins."""
    common = "exchange_certificate_common_name"
    hosts: dict[str, dict[str, str]] = {"mail/1": {}, "mail%2F1": {}, "../mail": {}, "a+b.example.com": {}}
    hosts |= {"a": {common: "b.example.com"}, "a.example.com": {common: "*.example.com"}}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    names_of_one = [
        "{{ inventory_hostname }}",
        "*.example.com",
        "_.example.com",
        "wildcard.example.com",
        "%2A.example.com",
    ]
    where = "exchange_certificate_stem"
    show = {"ansible.builtin.debug": {"msg": f"[[{{{{ {where} }}}}]]"}}
    role = ROOT / "roles" / "exchange_certificate"
    has_one = "inventory_hostname in ['a', 'a.example.com']"
    tasks = [
        {**show, "when": has_one},
        {**show, "when": f"not ({has_one})", "loop": names_of_one, "vars": {common: "{{ item }}"}},
    ]
    played = {"hosts": "all", "gather_facts": False, "vars_files": [str(role / "vars" / "main.yml")], "tasks": tasks}
    (tmp_path / "names.json").write_text(json.dumps([{**played, "vars": {"exchange_certificate_directory": "kept"}}]))
    done = play(tmp_path, tmp_path, str(tmp_path / "names.json"), inventory=tmp_path / "hosts.json")
    assert done.status == 0, done.output
    stems = [Path(stem) for stem in re.findall(r"\[\[(.*?)\]\]", done.output)]
    assert len(stems) == 2 + 4 * len(names_of_one)
    assert len(set(stems)) == len(stems)
    assert {stem.parent for stem in stems} == {tmp_path / "kept"}


@pytest.fixture(name="aging")
def aging_fixture(site: CertificateSite) -> CertificateSite:
    """Last year's certificate is bound, has 40 days left, and a new request is pending."""
    site.files.mkdir()
    (site.files / f"{MAIL1}.csr").write_text(certificate_steps.request(site.emulator))
    site.save(MAIL1, site.sign(MAIL1, 40))
    certificate_steps.bind(site.emulator, site.files / f"{MAIL1}.cer")
    due = site.play(*ONE, variables={**site.third_party, **DUE})
    assert due.status == 2
    assert SIGN_IT in due.output
    assert "What lies there now does not answer this request." in due.output
    return site


def test_the_second_year_of_a_third_party(aging: CertificateSite) -> None:
    site, variables = aging, {**aging.third_party, **DUE}
    last_year = site.bound()

    played, found = site.drift(**variables)
    assert played.status == 3, played.output
    assert "certificate" in found["drift"]
    checked = site.play(*ONE, "--check", variables=variables)
    assert checked.status == 0, checked.output
    assert SIGN_IT in checked.output
    assert checked.recap[MAIL1].changed > 0
    assert site.bound() == last_year, "the old one stays in use"

    stranger = issue(MAIL1, by=site.authority, hosts=[MAIL1]).pem
    site.save(MAIL1, stranger)
    refused = site.play(*ONE, variables=variables)
    assert (refused.status, SIGN_IT in refused.output) == (2, True)
    site.save(MAIL1, site.sign(MAIL1, 20))
    played, found = site.drift(**variables)
    assert "see renew_before_days" in played.output
    assert (played.status, "could-not-check" in found) == (2, True), played.output

    site.save(MAIL1, site.authority.pem + last_year + site.sign(MAIL1))
    done = site.play(*ONE, variables=variables)
    assert done.status == 0, done.output
    assert site.bound() not in (last_year, stranger)
    played, found = site.drift(**variables)
    assert (played.status, found) == (0, {}), played.output


def test_the_second_year_of_an_authority_of_the_domain(site: CertificateSite) -> None:
    certificate_steps.certify(site.emulator, site.files)
    due = {"exchange_certificate_renew_before_days": 400}
    played, found = site.drift(**due)
    assert (played.status, "certificate_request" in found["drift"]) == (3, True), played.output
    assert site.play(*ONE, variables=due).status == 2
    assert site.states() == ["issued", "pending"]
    played, found = site.drift(**due)
    assert (played.status, "certificate" in found["drift"]) == (3, True), played.output
    assert site.states() == ["issued", "pending"]


def test_what_another_controller_lacks_is_drift(submitted: CertificateSite) -> None:
    site = submitted
    elsewhere = {"exchange_certificate_directory": "elsewhere/certificates"}
    played, found = site.drift(**elsewhere)
    assert (played.status, set(found)) == (3, {"drift"}), played.output
    assert found["drift"] >= {"certificate_request", "certificate", "certificate_services"}
    checked = site.play(*ONE, "--check", variables=elsewhere)
    assert checked.status == 0, checked.output
    assert not (site.start / "elsewhere").exists()
    assert site.states() == ["pending"]


def test_what_cannot_be_asked_is_not_clean_and_nothing_follows_from_it(submitted: CertificateSite) -> None:
    site = submitted
    for protocol in ("certsrv", "powershell"):
        site.emulator.control.fault("status", effect={"status": 500}, protocol=protocol)
        played, found = site.drift()
        site.emulator.control.clear_faults()
        assert played.status == 2, played.output
        assert "could-not-check" in found
        assert "has no attribute" not in played.output
        assert "is undefined" not in played.output


@pytest.mark.parametrize("beside_the_playbook", [False, True])
def test_files_of_an_earlier_release_are_gone_on_with(site: CertificateSite, beside_the_playbook: bool) -> None:
    """It named them by the common name, with .txt, and kept them beside the playbook when no folder was given."""
    mine = site.folder / "mine"
    shutil.copytree(ROOT / "playbooks", mine)
    playbook = f"{mine}/certificates.yml"
    folder = mine / "certificates" if beside_the_playbook else site.files
    certificate_steps.leave_submitted(site.emulator, folder / "wildcard.example.com", "*.example.com", ".txt")
    assert site.states() == ["pending"]
    site.emulator.control.ca_decide(STANDALONE, 1, "issue")
    done = site.play(*ONE, variables=WILDCARD, playbook=playbook)
    assert done.status == 0, done.output
    assert site.states() == ["issued"]
    assert {path.stem for path in folder.iterdir() if path.suffix != ".json"} == {"wildcard.example.com"}, names(folder)
    assert beside_the_playbook == (not site.files.exists())


def listing(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix != ".pyc"}


def test_an_upgrade_of_the_collection_loses_nothing(site: CertificateSite, tmp_path: Path) -> None:
    tarball, target = build(tmp_path / "built"), tmp_path / "installed"
    place: dict[str, Any] = {
        "ANSIBLE_COLLECTIONS_PATH": str(target),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PWD": str(tmp_path),
    }
    install(tarball, target)
    before = listing(target)
    assert site.play(*WITH_NODES, **place).status == 2
    assert listing(target) == before, "something was written into the installed collection"
    assert names(site.files) == {f"{MAIL1}.csr", f"{MAIL1}.cer.request.json"}
    install(tarball, target)
    assert site.play(*ONE, **place).status == 2
    assert site.states() == ["pending"]


@pytest.fixture(name="denied")
def denied_fixture(start_emulator: Callable[..., Emulator], tmp_path: Path) -> CertificateSite:
    """The administrator of an authority that speaks Japanese has denied the request of a server."""
    content = shipped("certificates")
    for authority in content["certification_authorities"]:
        authority["language"] = "ja"
    site = CertificateSite(start_emulator("--scenario", str(write_scenario(tmp_path, content))), tmp_path)
    certificate_steps.leave_submitted(site.emulator, site.files / MAIL1)
    site.emulator.control.ca_decide(STANDALONE, 1, "deny")
    return site


def test_after_a_denial_a_new_request_is_made_when_that_is_wished(denied: CertificateSite) -> None:
    site, wish = denied, {"exchange_certificate_new_request": True}
    refused = site.play(*ONE)
    assert refused.status == 2
    assert "The CA has denied request 1" in refused.output
    assert "exchange_certificate_new_request: true" in refused.output
    assert site.states() == ["denied"]

    before = (site.files / f"{MAIL1}.csr").read_bytes()
    last = site.emulator.control.last_journal_id()
    played, found = site.drift(**wish)
    assert (played.status, "certificate_request" in found["drift"]) == (3, True), played.output
    assert site.emulator.journal(writes=True, after=last) == []

    for _run in range(2):
        assert site.play(*ONE, variables=wish).status == 2
        assert site.states() == ["denied", "pending"], "a new request is made once"
    after = (site.files / f"{MAIL1}.csr").read_bytes()
    assert x509.load_pem_x509_csr(after).public_key() != x509.load_pem_x509_csr(before).public_key()
    operations = [entry["operation"] for entry in site.emulator.journal(protocol="powershell", writes=True, after=last)]
    assert operations == ["Remove-ExchangeCertificate", "New-ExchangeCertificate"]
    site.emulator.control.ca_decide(STANDALONE, 2, "issue")
    done = site.play(*ONE)
    assert done.status == 0, done.output
    assert site.bound() == (site.files / f"{MAIL1}.cer").read_text()


def test_after_a_denial_the_same_request_is_submitted_again_when_that_is_wished(denied: CertificateSite) -> None:
    wish = {"exchange_certificate_resubmit": ["denied"]}
    assert denied.play(*ONE, variables=wish).status == 2
    assert denied.states() == ["denied", "pending"]
    assert denied.play(*ONE, variables=wish).status == 2
    assert denied.states() == ["denied", "pending"]


def test_a_request_that_was_submitted_by_hand_is_adopted(submitted: CertificateSite) -> None:
    site = submitted
    (site.files / f"{MAIL1}.cer.request.json").unlink()
    assert site.play(*ONE, variables={"exchange_certificate_request_id": 1}).status == 2
    assert site.states() == ["pending"]
    kept = json.loads((site.files / f"{MAIL1}.cer.request.json").read_text())
    assert kept["request_id"] == 1
