# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``certificate_import`` against the emulator (requirements C8, C9, C10, C11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Identity, issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "certificate_import"
MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
RESTART = ["Cisco Presence Engine", "Cisco SIP Proxy"]
FAILED = "SSL Connection/Certificate Verification - Failed - "


@pytest.fixture(name="stranger", scope="module")
def stranger_fixture() -> Identity:
    return issue("Another Root CA", ca=True)


def options(emulator: Emulator, *peers: str, **more: Any) -> dict[str, Any]:
    place = {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443)}
    return {**place, "peers": [{"name": peer} for peer in peers or (MAIL1,)], **more}


def run(emulator: Emulator, *peers: str, check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *peers, **more), check=check)


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="imp_admin", writes=True)


def text_of(emulator: Emulator, part: str, peer: str = MAIL1) -> str:
    return Path(emulator.ready["exchange"][peer][f"{part}_file"]).read_text(encoding="ascii")


def upload(emulator: Emulator, pem: str) -> None:
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443)}
    assert run_module("trust_certificates", {**place, "certificates": [{"content": pem}]}).changed
    emulator.control.clear_journal()


def ids(result: ModuleResult, part: str = "changes") -> list[str]:
    return [entry["id"] for entry in result[part]]


def codes(result: ModuleResult) -> list[tuple[str, str]]:
    return [(failure["id"], failure["code"]) for failure in result["failures"]]


def test_without_approval_it_only_reports(environment: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(environment), lambda: writes(environment), quiet=True)
    found = steps.done["current"][0]
    assert (found["node"], found["peer"], found["reachable"], found["verified"]) == ("imp-pub", MAIL1, True, False)
    assert found["verification"] == f"{FAILED}Certificate Missing From Chain"
    assert [(one["position"], one["status"]) for one in found["certificates"]] == [(1, "Missing"), (2, "Missing")]
    issuing = found["certificates"][1]["fingerprint"]
    assert [(one["node"], one["fingerprint"]) for one in steps.done["missing"]] == [
        ("imp-pub", issuing),
        ("imp-sub", issuing),
    ]
    assert found["advice"].endswith("accept what is missing, or have the server send its whole chain.")
    assert [entry["operation"] for entry in environment.journal(protocol="imp_admin")] == ["checkCertificateImport"] * 8


def test_what_is_not_offered_stays_missing_until_it_is_uploaded(environment: Emulator) -> None:
    steps = assert_four_steps(MODULE, options(environment, accept_chain=True), lambda: writes(environment))
    assert steps.done["restart_required"] == RESTART
    assert steps.done["missing"] == []
    issuing = steps.done["current"][0]["certificates"][1]
    assert ids(steps.done) == [f"{node}:{issuing['fingerprint']}" for node in ("imp-pub", "imp-sub")]
    found = steps.done["current"][0]
    assert found["verification"] == f"{FAILED}Certificate Missing From Chain"
    assert f"upload the certificate of {issuing['issuer']} with trust_certificates" in found["advice"]
    assert any(found["advice"] in warning for warning in steps.done.warnings)

    upload(environment, text_of(environment, "root"))
    after = run(environment, accept_chain=True)
    assert_contract(after, changed=False)
    assert [(one["verified"], one["advice"]) for one in after["current"]] == [(True, None)] * 2
    assert after.warnings == []


def test_one_that_the_node_does_not_take_is_told(environment: Emulator) -> None:
    """The store has another one with its subject that begins later."""
    (offered,) = run(environment)["missing"][:1]
    common_name, organization = (part.split("=")[1] for part in offered["subject"].split(","))
    newer = issue(common_name, ca=True, days=(0, 365), organization=organization)
    upload(environment, newer.pem)
    result = run(environment, accept_chain=True)
    assert_contract(result, changed=False, failed=True)
    assert codes(result) == [(f"{node}:{offered['fingerprint']}", "not-installed") for node in ("imp-pub", "imp-sub")]
    assert f"Of certificates with one subject ({offered['subject']})" in result.msg


def test_a_certificate_that_two_servers_offer_is_installed_once(environment: Emulator) -> None:
    steps = assert_four_steps(
        MODULE, options(environment, MAIL1, MAIL2, accept_chain=True), lambda: writes(environment)
    )
    assert len(ids(steps.done)) == len(set(ids(steps.done)))
    assert len(writes(environment)) == len(steps.done["changes"])
    assert len(steps.done["current"]) == 4


def test_an_anchor_lets_in_what_leads_to_it(environment: Emulator, tmp_path: Path) -> None:
    anchor = tmp_path / "root.pem"
    anchor.write_text(text_of(environment, "root"))
    steps = assert_four_steps(MODULE, options(environment, anchor={"path": str(anchor)}), lambda: writes(environment))
    assert len(steps.done["changes"]) == 2


def test_an_anchor_keeps_out_what_does_not(environment: Emulator, stranger: Identity) -> None:
    result = run(environment, anchor={"content": stranger.pem})
    assert_contract(result, changed=False, failed=True)
    assert codes(result) == [(f"{node}:{MAIL1}", "not-approved") for node in ("imp-pub", "imp-sub")]
    assert len(result["missing"]) == 2
    assert writes(environment) == []


def test_fingerprints_let_in_exactly_what_they_name(environment: Emulator) -> None:
    report = run(environment)["current"][0]
    leaf, issuing = (one["fingerprint"] for one in report["certificates"])
    named = [issuing.upper(), ":".join(leaf[index : index + 2] for index in range(0, 64, 2))]
    environment.control.clear_journal()
    steps = assert_four_steps(MODULE, options(environment, fingerprints=named), lambda: writes(environment))
    assert sorted(ids(steps.done)) == sorted(f"{n}:{f}" for n in ("imp-pub", "imp-sub") for f in (leaf, issuing))


def test_fingerprints_keep_out_the_others(environment: Emulator, stranger: Identity) -> None:
    issuing = run(environment)["current"][0]["certificates"][1]
    result = run(environment, fingerprints=[stranger.fingerprint])
    assert_contract(result, changed=False, failed=True)
    assert codes(result) == [(f"{node}:{MAIL1}", "not-approved") for node in ("imp-pub", "imp-sub")]
    assert issuing["fingerprint"] in result["failures"][0]["message"]
    # Where all is well without it nobody has to approve anything.
    upload(environment, text_of(environment, "chain"))
    assert_contract(run(environment, fingerprints=[stranger.fingerprint]), changed=False)


def test_a_server_that_cannot_be_reached_does_not_stop_the_others(environment: Emulator) -> None:
    told = run(environment, "mail9.example.com")
    assert_contract(told, changed=False)
    assert "does not resolve" in told.warnings[0]
    assert "See whether the name resolves" in told.warnings[0]
    result = run(environment, "mail9.example.com", MAIL1, accept_chain=True)
    assert_contract(result, changed=True, failed=True)
    assert codes(result) == [(f"{n}:mail9.example.com", "peer-unreachable") for n in ("imp-pub", "imp-sub")]
    assert len(result["changes"]) == 2


def test_a_node_that_cannot_be_reached_does_not_stop_the_others(environment: Emulator) -> None:
    places = nodes(environment, 8443)
    places[0]["port"] = 1
    result = run(environment, MAIL1, MAIL2, accept_chain=True, nodes=places, retries=0)
    assert_contract(result, changed=True, failed=True)
    assert {failure["id"] for failure in result["failures"]} == {"imp-pub"}
    assert all(change.startswith("imp-sub:") for change in ids(result))


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_lost_answer_is_settled_by_comparing(environment: Emulator, kind: str) -> None:
    wanted = {**options(environment, accept_chain=True), "nodes": nodes(environment, 8443, "imp-pub")}
    environment.control.fault(kind, protocol="imp_admin", operation="acceptCertificateImport", times=1)
    result = run_module(MODULE, wanted)
    assert_contract(result, changed=True)
    assert len(writes(environment)) == (2 if kind == "drop" else 1)
    assert not run_module(MODULE, wanted).changed


def test_one_refusal_does_not_stop_the_others(environment: Emulator) -> None:
    refuse = {"protocol": "imp_admin", "operation": "acceptCertificateImport", "node": "imp-pub"}
    environment.control.fault("status", effect={"status": 500}, **refuse)
    result = run(environment, accept_chain=True)
    assert_contract(result, changed=True, failed=True)
    assert [one.partition(":")[0] for one in ids(result)] == ["imp-sub"]
    assert ids(result, "failures")[0].startswith("imp-pub:")


@pytest.mark.parametrize("store", ["cup-xmpp-trust", "tomcat-trust"])
def test_other_stores(environment: Emulator, store: str) -> None:
    wanted = options(environment, accept_chain=True, store=store)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert steps.done["changes"][0]["fields"][0]["after"] == store


KEY = "-----BEGIN {0}-----\nQ2FuYXJ5LWtleQ==\n-----END {0}-----\n".format("PRIVATE KEY")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"peers": []}, "peers: the list is empty"),
        ({"peers": [{"name": "https://mail1"}]}, "peers[0].name"),
        ({"peers": [{"name": MAIL1, "port": 0}]}, "peers[0].port"),
        ({"peers": [{"name": MAIL1}, {"name": MAIL1.upper()}]}, "more than once"),
        ({"fingerprints": []}, "fingerprints: the list is empty"),
        ({"fingerprints": ["abc"]}, "64 hexadecimal digits"),
        ({"anchor": {"content": "hello"}}, "anchor: it holds no PEM certificate"),
        ({"anchor": {"content": KEY}}, "private key"),
        ({"anchor": {"path": "/no/such/file.pem"}}, "anchor: /no/such/file.pem: No such file"),
        ({"anchor": {}}, "one of the following is required"),
        ({"fingerprints": ["0" * 64], "accept_chain": True}, "accept_chain: approves everything"),
        ({"fingerprints": ["0" * 64], "anchor": {"path": "x"}}, "mutually exclusive"),
        ({"store": "my-trust"}, "store"),
        ({"nodes": []}, "nodes: the list is empty"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    place = {**connection(environment, "imp"), "port": 1, "peers": [{"name": MAIL1}]}
    result = run_module(MODULE, {**place, **wrong})
    assert result.failed
    assert said in result.msg
    assert "Q2FuYXJ5LWtleQ" not in result.output
    assert environment.journal() == []


def test_a_server_without_the_admin_api(environment: Emulator) -> None:
    place = {**connection(environment, "platform"), "peers": [{"name": MAIL1}]}
    result = run_module(MODULE, place)
    assert result.failed
    assert (result["code"], result["failures"][0]["code"]) == ("no-public-api", "no-public-api")
