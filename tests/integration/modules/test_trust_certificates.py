# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``trust_certificates`` and its info twin against the emulator (requirements C8, C10, C11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12

from tests.support.certificates import Identity, issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "trust_certificates"
RESTART = ["Cisco Presence Engine", "Cisco SIP Proxy"]
ROOT = issue("Example Root CA", ca=True)
INTERMEDIATE = issue("Example Issuing CA", by=ROOT, ca=True)
CHAIN = INTERMEDIATE.pem + ROOT.pem
PFX = pkcs12.serialize_key_and_certificates(b"root", ROOT.key, ROOT.certificate, None, NoEncryption())


def options(emulator: Emulator, *certificates: dict[str, Any], **more: Any) -> dict[str, Any]:
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443)}
    return {**place, "certificates": list(certificates), **more}


def run(emulator: Emulator, *certificates: dict[str, Any], check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *certificates, **more), check=check)


def stored(emulator: Emulator, node: str, store: str = "cup-trust") -> dict[str, dict[str, Any]]:
    """Return what the info module tells of one node's store, by fingerprint."""
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443, node), "store": store}
    result = run_module(f"{MODULE}_info", place)
    assert not result.failed, result.msg
    return {certificate["fingerprint"]: certificate for certificate in result["certificates"]}


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="certmgr", writes=True)


def shown(identity: Identity, store: str = "cup-trust") -> dict[str, Any]:
    """Return what a diff tells of a certificate."""
    return {
        "store": store,
        "subject": identity.certificate.subject.rfc4514_string(),
        "issuer": identity.certificate.issuer.rfc4514_string(),
        "not_after": identity.certificate.not_valid_after_utc.isoformat(),
    }


def ids(result: ModuleResult, part: str = "changes") -> list[str]:
    return [entry["id"] for entry in result[part]]


def test_a_chain_reaches_every_node(environment: Emulator) -> None:
    wanted = options(environment, {"content": CHAIN, "description": "Exchange"})
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert steps.done["diff"] == {
        "before": {},
        "after": {
            "trust_certificate": {
                f"{node}:{identity.fingerprint}": shown(identity)
                for node in ("imp-pub", "imp-sub")
                for identity in (INTERMEDIATE, ROOT)
            }
        },
    }
    assert steps.done["restart_required"] == RESTART
    assert [entry["node"] for entry in writes(environment)] == ["imp-pub", "imp-pub", "imp-sub", "imp-sub"]
    for node in ("imp-pub", "imp-sub"):
        found = stored(environment, node)[ROOT.fingerprint]
        assert found["content"] == ROOT.pem
        assert found["subject"] == "CN=Example Root CA"
        assert found["file_name"].endswith(".pem")


def test_only_what_is_missing_is_uploaded(environment: Emulator) -> None:
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443, "imp-sub")}
    assert run_module(MODULE, {**place, "certificates": [{"content": ROOT.pem}]}).changed
    result = run(environment, {"content": CHAIN})
    assert_contract(result, changed=True)
    assert ids(result) == [
        f"imp-pub:{INTERMEDIATE.fingerprint}",
        f"imp-pub:{ROOT.fingerprint}",
        f"imp-sub:{INTERMEDIATE.fingerprint}",
    ]


def test_without_nodes_the_one_server_is_meant(environment: Emulator) -> None:
    wanted = {**connection(environment, "platform"), "certificates": [{"content": ROOT.pem}]}
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert ids(steps.done) == [f"127.0.0.1:{ROOT.fingerprint}"]


def test_files_that_overlap_in_pem_and_der(environment: Emulator, tmp_path: Path) -> None:
    pem, der = tmp_path / "chain.pem", tmp_path / "root.cer"
    pem.write_text(CHAIN)
    der.write_bytes(ROOT.certificate.public_bytes(Encoding.DER))
    result = run(environment, {"path": str(pem)}, {"path": str(der)})
    assert_contract(result, changed=True)
    assert len(result["changes"]) == 4


def test_files_as_windows_and_openssl_write_them(environment: Emulator, tmp_path: Path) -> None:
    """The case certificate-file-kinds: all of them are the same two certificates."""
    both = [INTERMEDIATE.certificate, ROOT.certificate]
    files = {
        "utf16.pem": CHAIN.replace("\n", "\r\n").encode("utf-16"),
        "p7.der": pkcs7.serialize_certificates(both, Encoding.DER),
        "p7.pem": pkcs7.serialize_certificates(both, Encoding.PEM),
        "trusted.pem": ROOT.pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        result = run(environment, {"path": str(tmp_path / name)})
        assert_contract(result, changed=name == "utf16.pem")
    assert [set(stored(environment, node)) for node in ("imp-pub", "imp-sub")] == [
        {INTERMEDIATE.fingerprint, ROOT.fingerprint}
    ] * 2
    (tmp_path / "root.pfx").write_bytes(PFX)
    (tmp_path / "literal.pem").write_text(ROOT.pem.replace("\n", "\\n"))
    refused = run(environment, {"path": str(tmp_path / "root.pfx")}, {"path": str(tmp_path / "literal.pem")})
    assert f"certificates[0]: {tmp_path}/root.pfx: it is PKCS #12 (.pfx, .p12)" in refused.msg
    assert f"certificates[1]: {tmp_path}/literal.pem: line 1: \\n stands in it as text" in refused.msg


@pytest.mark.parametrize(
    ("store", "restart"),
    [("cup-trust", RESTART), ("cup-xmpp-trust", ["Cisco XCP Router"]), ("tomcat-trust", ["Cisco Tomcat"])],
)
def test_each_store(environment: Emulator, store: str, restart: list[str]) -> None:
    wanted = options(environment, {"content": ROOT.pem}, store=store)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert steps.done["restart_required"] == restart
    assert steps.done["changes"][0]["fields"][0]["after"] == store
    others = {"cup-trust", "cup-xmpp-trust", "tomcat-trust"} - {store}
    assert ROOT.fingerprint in stored(environment, "imp-pub", store)
    assert not any(ROOT.fingerprint in stored(environment, "imp-pub", other) for other in others)


def test_the_token_of_a_store_may_be_another(environment: Emulator) -> None:
    assert run(environment, {"content": ROOT.pem}, store="cup-trust", service_token="cup-xmpp").changed
    assert ROOT.fingerprint in stored(environment, "imp-pub", "cup-xmpp-trust")
    result = run(environment, {"content": ROOT.pem}, service_token="nothing")
    assert_contract(result, changed=False, failed=True)
    assert ids(result, "failures") == ["imp-pub", "imp-sub"]


@pytest.mark.parametrize("by", ["fingerprint", "content"])
def test_absent(environment: Emulator, by: str) -> None:
    run(environment, {"content": CHAIN})
    colons = ":".join(ROOT.fingerprint[index : index + 2] for index in range(0, 64, 2)).upper()
    named = {"fingerprint": colons} if by == "fingerprint" else {"content": ROOT.pem}
    steps = assert_four_steps(MODULE, options(environment, named, state="absent"), lambda: writes(environment))
    assert steps.done["diff"] == {
        "before": {"trust_certificate": {f"{node}:{ROOT.fingerprint}": shown(ROOT) for node in ("imp-pub", "imp-sub")}},
        "after": {},
    }
    assert stored(environment, "imp-pub").keys() >= {INTERMEDIATE.fingerprint}


def test_purge_keeps_the_nodes_own_identities(environment: Emulator) -> None:
    with environment.client("imp-pub", 443, "os") as client:
        identities = client.get("/platformcom/api/v1/certmgr/config/snapshot/server").json()["identities"]
    own = {_fingerprint(entry["certificate"]) for entry in identities if entry["certificate"]}
    before = set(stored(environment, "imp-pub"))
    run(environment, {"content": CHAIN})
    steps = assert_four_steps(
        MODULE, options(environment, {"content": ROOT.pem}, purge=True), lambda: writes(environment)
    )
    after = set(stored(environment, "imp-pub"))
    assert f"imp-pub:{INTERMEDIATE.fingerprint}" in ids(steps.done)
    assert ROOT.fingerprint in after
    assert after >= before & own
    assert all(change["action"] == "delete" for change in steps.done["changes"])


def _fingerprint(pem: str) -> str:
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex()


# --- two certificates with one subject, of which a node keeps one

OLD, NEW = issue("Renewed CA", ca=True, days=(-9, 365)), issue("Renewed CA", ca=True, days=(-2, 365))
SAME_TIME = issue("Renewed CA", ca=True, days=(-2, 30))
KEEPS = "imp-pub, imp-sub: of certificates with one subject (CN=Renewed CA) a node keeps"


def kept(emulator: Emulator) -> list[set[str]]:
    return [set(stored(emulator, node)) for node in ("imp-pub", "imp-sub")]


def warned(result: ModuleResult) -> list[str]:
    return [said for said in result.warnings if "one subject" in said]


@pytest.mark.parametrize("named", [[OLD, NEW], [NEW, OLD], [NEW, SAME_TIME], [NEW, SAME_TIME, OLD]])
@pytest.mark.parametrize("first", [None, OLD])
def test_of_two_with_one_subject_the_node_keeps_one(
    environment: Emulator, named: list[Identity], first: Identity | None
) -> None:
    """The module foresees it, says which, and the next run has nothing to do."""
    if first:
        run(environment, {"content": first.pem})
    wanted = options(environment, {"content": "".join(one.pem for one in named)})
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert ids(steps.done) == [f"{node}:{NEW.fingerprint}" for node in ("imp-pub", "imp-sub")]
    assert kept(environment) == [{NEW.fingerprint}] * 2
    for result in (steps.predicted, steps.done, steps.repeated):
        (said, *more) = warned(result)
        assert said.startswith(f"{KEEPS} the one whose validity begins last, {NEW.fingerprint} (")
        assert "What the others have signed is not trusted" in said
        assert not more or first is OLD
        assert all(one.fingerprint in " ".join([said, *more]) for one in named)


def test_an_older_one_is_not_taken_and_costs_the_others_nothing(environment: Emulator) -> None:
    run(environment, {"content": NEW.pem})
    result = run(environment, {"content": OLD.pem + ROOT.pem})
    assert_contract(result, changed=True)
    assert ids(result) == [f"{node}:{ROOT.fingerprint}" for node in ("imp-pub", "imp-sub")]
    (said,) = warned(result)
    assert f"{NEW.fingerprint} (" in said
    assert said.endswith("delete it with state=absent if it shall give way.")
    again = run(environment, {"content": OLD.pem + ROOT.pem})
    assert_contract(again, changed=False)
    assert warned(again) == [said]


def test_purge_makes_room_for_an_older_one(environment: Emulator) -> None:
    run(environment, {"content": NEW.pem})
    wanted = options(environment, {"content": OLD.pem}, purge=True)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert [change["action"] for change in steps.done["changes"]] == ["delete", "create"] * 2
    assert kept(environment) == [{OLD.fingerprint}] * 2
    assert warned(steps.done) == []


def test_an_empty_list_changes_nothing(environment: Emulator) -> None:
    assert_contract(run(environment), changed=False)


def test_one_refused_certificate_does_not_stop_the_others(environment: Emulator) -> None:
    environment.control.fault(
        "status",
        effect={"status": 500},
        protocol="certmgr",
        operation="POST /trust/certificates",
        node="imp-pub",
        times=1,
    )
    result = run(environment, {"content": CHAIN})
    assert_contract(result, changed=True, failed=True)
    assert ids(result, "failures") == [f"imp-pub:{INTERMEDIATE.fingerprint}"]
    assert len(result["changes"]) == 3
    assert_contract(run(environment, {"content": CHAIN}), changed=True)


def test_a_node_that_cannot_be_reached_does_not_stop_the_others(environment: Emulator) -> None:
    places = nodes(environment, 443)
    places[0]["port"] = 1
    result = run(environment, {"content": ROOT.pem}, nodes=places, retries=0)
    assert_contract(result, changed=True, failed=True)
    assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [("imp-pub", "connection-failed")]
    assert ids(result) == [f"imp-sub:{ROOT.fingerprint}"]
    told = run_module(f"{MODULE}_info", {**connection(environment, "platform"), "nodes": places, "retries": 0})
    assert told.failed
    assert ROOT.fingerprint in {certificate["fingerprint"] for certificate in told["certificates"]}


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize("operation", ["POST /trust/certificates", "DELETE /trust/certificate"])
def test_a_lost_answer_is_settled_by_comparing(environment: Emulator, kind: str, operation: str) -> None:
    place = {**connection(environment, "platform"), "nodes": nodes(environment, 443, "imp-pub")}
    wanted = {**place, "certificates": [{"content": ROOT.pem}]}
    if operation.startswith("DELETE"):
        run_module(MODULE, wanted)
        wanted["state"] = "absent"
    environment.control.clear_journal()
    environment.control.fault(kind, protocol="certmgr", operation=operation, times=1)
    result = run_module(MODULE, wanted)
    assert_contract(result, changed=True)
    assert [entry["operation"] for entry in writes(environment)] == [operation] * (2 if kind == "drop" else 1)
    assert not run_module(MODULE, wanted).changed


def test_an_expired_certificate_is_uploaded_with_a_warning(environment: Emulator) -> None:
    old = issue("Old CA", ca=True, days=(-10, -1))
    result = run(environment, {"content": old.pem}, check=True)
    assert_contract(result, changed=True)
    assert result.warnings[0].startswith("CN=Old CA has expired")


KEY = "-----BEGIN {0}-----\nQ2FuYXJ5LWtleQ==\n-----END {0}-----\n".format("PRIVATE KEY")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"certificates": [{"content": "hello"}]}, "certificates[0]: it holds no PEM certificate"),
        ({"certificates": [{"content": ROOT.pem}, {"content": ""}]}, "certificates[1].content: it is an empty text"),
        ({"certificates": [{"content": ROOT.pem + KEY}]}, "private key"),
        ({"certificates": [{"content": ROOT.pem + INTERMEDIATE.pem[:99]}]}, "no matching end"),
        ({"certificates": [{"path": "/no/such/file.pem"}]}, "certificates[0]: /no/such/file.pem: No such file"),
        ({"certificates": [{"path": "/"}]}, "certificates[0]: /: Is a directory"),
        ({"certificates": [{"fingerprint": ROOT.fingerprint}]}, "state=absent only"),
        ({"certificates": [{"fingerprint": "abc"}], "state": "absent"}, "64 hexadecimal digits"),
        ({"certificates": [{"fingerprint": ROOT.fingerprint}] * 2, "state": "absent"}, "more than once"),
        ({"certificates": [{"path": __file__}] * 2}, "more than once"),
        ({"certificates": [{"content": ROOT.pem, "path": "x"}]}, "mutually exclusive"),
        ({"certificates": [{"description": "nothing"}]}, "one of the following is required"),
        ({"certificates": [], "purge": True}, "purge=true would leave"),
        ({"certificates": [{"content": ROOT.pem}], "purge": True, "state": "absent"}, "purge: "),
        ({"certificates": [{"content": ROOT.pem}], "store": "my-trust"}, "store"),
        ({"certificates": [{"content": ROOT.pem}], "state": "query"}, "state"),
        ({"certificates": [{"content": ROOT.pem}], "nodes": []}, "nodes: the list is empty"),
        ({"certificates": [{"content": ROOT.pem}], "nodes": [{"name": "a b"}]}, "nodes[0].hostname"),
        ({"certificates": [{"content": ROOT.pem}], "nodes": [{"name": "a", "port": 0}]}, "nodes[0].port"),
        ({"certificates": [{"content": ROOT.pem}], "nodes": [{"name": "a"}, {"name": "A"}]}, "a is given more than"),
        (
            {"certificates": [{"content": ROOT.pem}], "nodes": [{"name": "a"}, {"name": "b", "hostname": "a"}]},
            "a port 1 is given more than once",
        ),
        ({}, "certificates"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run_module(MODULE, {**connection(environment, "platform"), "port": 1, **wrong})
    assert result.failed
    assert said in result.msg
    assert "Q2FuYXJ5LWtleQ" not in result.output
    assert environment.journal() == []


def test_bad_nodes_of_info_are_refused(environment: Emulator) -> None:
    result = run_module(f"{MODULE}_info", {**connection(environment, "platform"), "nodes": []})
    assert (result.failed, result["code"]) == (True, "invalid-input")


def test_a_server_without_certificate_management(environment: Emulator) -> None:
    """As an older release: another web application answers at the port."""
    account = environment.account("application")
    place = {**connection(environment, "imp"), "username": account[0], "password": account[1]}
    result = run_module(MODULE, {**place, "certificates": [{"content": ROOT.pem}]})
    assert result.failed
    assert result["failures"][0]["code"] in ("no-public-api", "refused")
