# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``drift.yml`` and its callback: what is changed by hand is told, exactly that, and nothing is ever written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.certificates import issue
from tests.support.connections import nodes
from tests.support.drift_site import CALLBACK, ENGINE, PROXY, Finding, Site
from tests.support.emulator import Emulator
from tests.support.playbooks import INVENTORY

REPORTS = ["drift.html", "drift.json", "drift.junit.xml", "drift.md", "drift.sarif"]
CHECKS = 6
"""Of each cluster: trust, gateways, users, parameters, restarts, services."""
MAIL = "mail1.example.com"
OTHER_PASSWORD = "canary-of-a-hand-on-the-console"
PENDING: set[Finding] = {
    ("drift", "dc1", "service", f"{node}:{ENGINE}", "restart_required") for node in ("imp-pub", "imp-sub")
}


def chain(site: Site) -> list[x509.Certificate]:
    file = Path(site.emulator.ready["exchange"]["mail1.example.com"]["chain_file"])
    return x509.load_pem_x509_certificates(file.read_bytes())


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def gateway_description(site: Site) -> None:
    site.by_hand("presence_gateways", "imp", gateways=[{"name": "mail1.example.com", "description": "ask Jim"}])


def gateway_port(site: Site) -> None:
    site.by_hand("presence_gateways", "imp", gateways=[{"name": "mail2.example.com", "port": 8443}])


def account_password(site: Site) -> None:
    account = site.emulator.ready["exchange_account"]["username"]
    site.by_hand("presence_gateways", "imp", account=account, account_password=OTHER_PASSWORD)


def trusted_certificate(site: Site) -> None:
    gone = [{"fingerprint": fingerprint(chain(site)[0])}]
    (subscriber,) = nodes(site.emulator, 443, "imp-sub")
    site.by_hand("trust_certificates", "platform", certificates=gone, state="absent", nodes=[subscriber])


def calendaring_parameter(site: Site) -> None:
    site.by_hand("calendaring_parameters", "cucm", ews_status_frequency=120)


def user_option(site: Site) -> None:
    site.by_hand("calendar_users", "cucm", users=[{"userid": "user0007", "meeting_information": False}])


def stopped_service(site: Site) -> None:
    (subscriber,) = nodes(site.emulator, 8443, "imp-sub")
    site.by_hand("services", "imp", nodes=[subscriber], services=[PROXY], state="stopped", poll_interval=0.05)


TAMPERS: dict[Callable[[Site], None], tuple[str, str, str]] = {
    gateway_description: ("presence_gateway", "mail1.example.com", "description"),
    gateway_port: ("presence_gateway", "mail2.example.com", "port"),
    account_password: ("gateway_credentials", "shared", "password"),
    trusted_certificate: ("trust_certificate", "imp-sub:{fingerprint}", "exists"),
    calendaring_parameter: ("calendaring_parameter", "ews_status_frequency", "value"),
    user_option: ("calendar_user", "user0007", "meeting_information"),
    stopped_service: ("service", f"imp-sub:{PROXY}", "status"),
}
"""What is done by hand, and the kind, id and field of the one finding that it makes."""


def found(site: Site, *tampers: Callable[[Site], None]) -> set[Finding]:
    there = {"fingerprint": fingerprint(chain(site)[0])}
    return {
        ("drift", "dc1", kind, identifier.format(**there), name)
        for kind, identifier, name in map(TAMPERS.__getitem__, tampers)
    }


def secrets(site: Site) -> list[str]:
    accounts = [
        account for cluster in site.emulator.ready["clusters"].values() for account in cluster["accounts"].values()
    ]
    return [OTHER_PASSWORD, site.emulator.ready["exchange_account"]["password"], *(one["password"] for one in accounts)]


def test_what_is_as_declared_makes_an_empty_report(site: Site, tmp_path: Path) -> None:
    look = site.look(tmp_path)

    assert look.status == 0, look.output
    assert look.findings == set()
    assert site.emulator.journal(writes=True) == []
    assert sorted(look.reports) == REPORTS
    assert look.report["summary"]["checks"] == 2 * CHECKS
    cases = list(ET.fromstring(look.reports["drift.junit.xml"]).iter("testcase"))
    assert (len(cases), [child for case in cases for child in case]) == (2 * CHECKS, [])
    assert json.loads(look.reports["drift.sarif"])["runs"][0]["results"] == []
    assert "Drift report: Clean" in look.output


def test_each_field_that_was_changed_by_hand_is_told_and_nothing_else(site: Site, tmp_path: Path) -> None:
    """With ``--check`` and without it, very verbosely: the same findings, and no secret anywhere."""
    for tamper in TAMPERS:
        tamper(site)
    last = site.emulator.control.last_journal_id()

    # Nobody is changed, so that there are none to begin with.
    plain = site.look(tmp_path, variables={"calendar_users_canary": 1})
    checked = site.look(tmp_path, "--check", "--diff", "-vvvv")

    assert (plain.status, checked.status) == (3, 3), plain.output
    assert plain.played.module_calls.count("imp-pub.dc1 ucops.imp.calendar_users") == 1
    assert plain.findings == found(site, *TAMPERS) | PENDING | {
        # The SIP Proxy reads the trust store too; on imp-sub it is stopped, so it has nothing to load.
        ("drift", "dc1", "service", f"imp-sub:{PROXY}", "restart_required"),
    }
    assert checked.findings == plain.findings
    assert site.emulator.journal(writes=True, after=last) == []
    assert "ansible-playbook [core" in checked.output, "the run was not verbose"
    told = "".join([plain.output, checked.output, *plain.reports.values(), *checked.reports.values()])
    assert [secret for secret in secrets(site) if secret in told] == []


def test_one_field_is_one_finding(site: Site, tmp_path: Path) -> None:
    gateway_description(site)
    site.restart()

    look = site.look(tmp_path)

    assert look.status == 3, look.output
    assert look.findings == found(site, gateway_description)
    (finding,) = json.loads(look.reports["drift.sarif"])["runs"][0]["results"]
    assert finding["ruleId"] == "presence_gateway"
    place = finding["locations"][0]["physicalLocation"]
    # What the user would change, not the role of the collection that compares it.
    declared = site.inventory / "group_vars" / "dc1" / "calendar_integration.yml"
    assert place["artifactLocation"]["uri"] == str(declared)
    line = declared.read_text().splitlines()[place["region"]["startLine"] - 1]
    assert line == "    description: Exchange, first site"


def test_a_restart_that_the_cluster_waits_for_is_drift(site: Site, tmp_path: Path) -> None:
    """Changed and changed back: the configuration is right, and not loaded."""
    gateway_description(site)
    right = [{"name": "mail1.example.com", "description": "Exchange, first site"}]
    site.by_hand("presence_gateways", "imp", gateways=right)

    look = site.look(tmp_path)

    assert (look.status, look.findings) == (3, PENDING), look.output


def add_undeclared(site: Site) -> set[Finding]:
    stranger = issue("Somebody's Own CA", ca=True)
    (subscriber,) = nodes(site.emulator, 443, "imp-sub", cluster="dc2")
    site.by_hand("presence_gateways", "imp", "dc2", gateways=[{"name": "192.0.2.21"}])
    site.by_hand("trust_certificates", "platform", "dc2", certificates=[{"content": stranger.pem}], nodes=[subscriber])
    site.by_hand("calendaring_parameters", "cucm", "dc2", exchange_queue=100)
    site.by_hand("calendar_users", "cucm", "dc2", users=[{"userid": "user0030"}])
    site.restart("dc2")
    return {
        ("undeclared", "dc2", "presence_gateway", "192.0.2.21", "exists"),
        ("undeclared", "dc2", "trust_certificate", f"imp-sub:{fingerprint(stranger.certificate)}", "exists"),
        ("undeclared", "dc2", "calendaring_parameter", "exchange_queue", "value"),
        ("undeclared", "dc2", "calendar_user", "user0030", "exists"),
    }


def test_what_nobody_declared_is_told_unless_nobody_wants_to_know(site: Site, tmp_path: Path) -> None:
    expected = add_undeclared(site)
    quiet = {"ucops_imp_drift_undeclared": False}

    look, deaf = site.look(tmp_path), site.look(tmp_path, variables=quiet)

    assert (look.status, look.findings) == (3, expected), look.output
    assert (deaf.status, deaf.findings) == (0, set()), deaf.output


def test_what_is_down_is_not_clean_and_the_rest_is_still_checked(site: Site, tmp_path: Path) -> None:
    """A node of one cluster and the whole other cluster; a user of the first was changed by hand."""
    user_option(site)
    site.emulator.control.fault("drop", cluster="dc1", node="imp-sub")
    site.emulator.control.fault("drop", cluster="dc2")

    look = site.look(tmp_path)

    assert look.status == 2, look.output
    here = {finding for finding in look.findings if finding[1] == "dc1"}
    assert here == found(site, user_option) | {
        ("could-not-check", "dc1", "trust_certificates", "imp-sub", None),
        ("could-not-check", "dc1", "services", "imp-sub", None),
    }
    there = look.findings - here
    assert {finding[0] for finding in there} == {"could-not-check"}
    modules = {"trust_certificates", "presence_gateways", "calendar_users", "calendaring_parameters", "services"}
    assert {finding[2] for finding in there} == modules
    assert {record["code"] for record in look.report["records"]} == {"connection-failed", None}
    suites = {suite.get("name"): suite for suite in ET.fromstring(look.reports["drift.junit.xml"])}
    assert suites["dc1"].get("errors") == "2"
    assert "imp-sub" in look.output.partition("Drift report")[2]


def test_where_nothing_is_checked_nothing_is_clean(site: Site, tmp_path: Path) -> None:
    look = site.look(tmp_path, variables={"calendar_integration_parts": []})

    assert look.status == 2, look.output
    assert {finding[:2] for finding in look.findings} == {("could-not-check", "dc1"), ("could-not-check", "dc2")}
    assert "Nothing was checked" in look.output


def test_no_publisher_in_the_inventory_is_not_clean(site: Site, tmp_path: Path) -> None:
    look = site.look(tmp_path, "--limit", "cucm_publisher")

    assert look.status == 2, look.output
    assert "Nothing was checked" in look.reports["drift.md"]


def test_a_part_that_there_is_not_is_no_part_that_is_clean(site: Site, tmp_path: Path) -> None:
    look = site.look(tmp_path, variables={"calendar_integration_parts": ["calendaring", "gateways"]})

    assert look.status == 2, look.output
    said = look.reports["drift.md"].replace("\\", "")
    assert "calendar_integration_parts" in said
    assert "one or more of: trust, presence_gateways" in said
    assert look.report["summary"]["checks"] == 0


def test_without_the_callback_it_refuses(site: Site, tmp_path: Path) -> None:
    played = site.play(tmp_path, "ucops.imp.drift")

    assert played.status == 2
    assert "ANSIBLE_CALLBACKS_ENABLED=ucops.imp.drift" in played.output
    assert site.emulator.journal() == []


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("UCOPS_IMP_DRIFT_FORMATS", "json,pdf", "pdf"),
        ("UCOPS_IMP_DRIFT_DIR", "file/below", "The folder for drift reports cannot be made"),
    ],
)
def test_a_bad_option_is_told_before_anything_is_sent(
    site: Site, tmp_path: Path, setting: str, value: str, said: str
) -> None:
    (tmp_path / "file").touch()

    played = site.play(tmp_path, "ucops.imp.drift", variables=None, **CALLBACK, **{setting: value})

    assert played.status == 5, played.output
    assert said in played.output
    assert "Traceback" not in played.output
    assert site.emulator.journal() == []


def test_what_a_run_corrects_is_told_and_is_no_drift(site: Site, tmp_path: Path) -> None:
    gateway_description(site)

    look = site.look(tmp_path, playbook="ucops.imp.site")

    assert look.status == 0, look.output
    corrected = {("corrected", *finding[1:]) for finding in found(site, gateway_description) | PENDING}
    assert look.findings == corrected
    (record,) = (record for record in look.report["records"] if record["kind"] == "presence_gateway")
    assert (record["before"], record["after"]) == ("ask Jim", "Exchange, first site")


def test_certificates_of_exchange_are_compared_when_asked_for(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    """Without ``--check``: the role must not take the play for one that requests the certificate."""
    fresh = Site(start_emulator("--scenario", "certificates"), INVENTORY)
    variables = {"ucops_imp_certificates": True, "calendar_integration_parts": ["trust"]}

    look = fresh.look(tmp_path, "--limit", "imp-pub.dc1,mail1.example.com", variables=variables)

    assert look.status == 3, look.output
    trust = {finding for finding in look.findings if finding[2] == "trust_certificate"}
    assert {finding[3].partition(":")[0] for finding in trust} == {"imp-pub", "imp-sub"}
    assert look.findings - trust == {
        ("drift", MAIL, "certificate_request", MAIL, "exists"),
        ("drift", MAIL, "certificate", MAIL, "exists"),
        ("drift", MAIL, "certificate_services", MAIL, "services"),
    }
    assert fresh.emulator.journal(writes=True) == []
    assert not (fresh.emulator.ready_file.parent / "certificates").exists()


OWN_PLAYBOOK = """
- hosts: imp_publisher
  gather_facts: false
  module_defaults:
    group/ucops.imp.imp: "{{ ucops_imp_publisher }}"
  tasks:
    - name: Do not compare the password
      ucops.imp.presence_gateways:
        account: "{{ presence_gateways_account }}"
        account_password: "{{ presence_gateways_account_password }}"
        update_password: on_create
    - name: Keep a file
      ansible.builtin.copy:
        content: "{{ presence_gateways_account_password }}"
        dest: "{{ playbook_dir }}/kept"
        mode: "0600"
    - block:
        - name: Look for something that is not there
          ansible.builtin.stat:
            path: "{{ no_such_variable }}"
      rescue:
        - name: Go on
          ansible.builtin.debug:
      when: fails | default(false)
"""


@pytest.mark.parametrize(("fails", "status"), [(False, 3), (True, 2)])
def test_a_playbook_of_ones_own(site: Site, tmp_path: Path, fails: bool, status: int) -> None:
    """What is write-only is unknown; of other collections the fact is told; a rescued error is no clean check."""
    book = tmp_path / "own.yml"
    book.write_text(OWN_PLAYBOOK)

    look = site.look(tmp_path, "--check", playbook=str(book), variables={"fails": fails})

    assert look.status == status, look.output
    expected: set[Finding] = set()
    for cluster in ("dc1", "dc2"):
        expected.add(("unknown", cluster, "gateway_credentials", "shared", "password"))
        expected.add(("drift", cluster, "task", "Keep a file", None))
        if fails:
            expected.add(("could-not-check", cluster, "task", "Look for something that is not there", None))
    assert look.findings == expected
    located = {(record["task"], record["path"], record["line"]) for record in look.report["records"]}
    line = OWN_PLAYBOOK.splitlines().index("    - name: Keep a file") + 1
    assert ("Keep a file", "own.yml", line) in located
    assert [secret for secret in secrets(site) if secret in str(look.reports)] == []
