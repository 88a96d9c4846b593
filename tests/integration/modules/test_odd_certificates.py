# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd certificates on every way through the modules: uploaded, listed, offered, imported, bound, judged, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection
from tests.support.modules import ModuleResult, assert_four_steps, run_module
from tests.support.odd_certificates import (
    BASIC,
    CONSTRAINTS,
    IS_CA,
    POLICIES,
    ROOT_KEY,
    SAN,
    T61,
    USAGE,
    Extension,
    Odd,
    beside,
    hosts,
    leaf_sans,
    name,
    odd,
    root,
    tlv,
    valid,
)

ALIAS = "autodiscover.example.com"
LATIN_1 = name(("C", "DE"), ("O", "B\xfcro".encode("latin-1"), T61), ("CN", "K\xf6ln CA".encode("latin-1"), T61))
ROOT = root(LATIN_1, beside()["policy-text-in-latin-1"])
ISSUING = odd(
    "Issuing CA",
    (BASIC, IS_CA, True),
    (CONSTRAINTS, tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x87, b"\n\1\2\3\xff\0\0\0"))))),
    beside()["aia-cut-off"],
    by=ROOT,
    key=ROOT_KEY,
)
STORED = {
    "latin-1": ROOT,
    "odd-extensions": ISSUING,
    "version-1": odd("Old Root", key=ROOT_KEY, version=b"\0"),
    "x400-address": root("X400 Root", (SAN, leaf_sans()["x400-address"])),
    "negative-serial": odd("Negative", (BASIC, IS_CA), serial=b"\xff\x01"),
    "no-name": odd(name(), (BASIC, IS_CA)),
    "several-names": odd(name(("CN", "one"), ("CN", "two\nthree")), (BASIC, IS_CA)),
    "unknown-algorithm": odd("Unknown", (BASIC, IS_CA), algorithm=bytes.fromhex("300506032b6509")),
    "constraints-twice": odd("Twice", (BASIC, IS_CA), (BASIC, IS_CA)),
    "usage-of-another-kind": odd("Usage", (USAGE, b"\x05\x00"), (POLICIES, b"")),
}


def platform(emulator: Emulator) -> dict[str, Any]:
    return {**connection(emulator, "platform"), "nodes": nodes(emulator, 443)}


def test_each_is_uploaded_listed_and_removed_by_its_fingerprint(environment: Emulator, tmp_path: Path) -> None:
    for kind, one in STORED.items():
        (tmp_path / f"{kind}.pem").write_text(one.pem)
        (tmp_path / f"{kind}.cer").write_bytes(one.der)
    given = [{"path": str(tmp_path / f"{kind}.{form}")} for kind, form in zip(STORED, ("pem", "cer") * 5, strict=True)]
    wanted = {**platform(environment), "certificates": given}

    def writes() -> list[dict[str, Any]]:
        return environment.journal(protocol="certmgr", writes=True)

    steps = assert_four_steps("trust_certificates", wanted, writes)
    subjects = {one["fingerprint"]: one["subject"] for one in steps.done["current"] if one["node"] == "imp-pub"}
    assert subjects[ROOT.fingerprint] == "CN=Köln CA,O=Büro,C=DE"
    assert subjects[STORED["several-names"].fingerprint] == r"CN=two\0Athree,CN=one"
    assert {one.fingerprint for one in STORED.values()} <= subjects.keys()

    told = run_module("trust_certificates_info", platform(environment))
    assert {one.pem for one in STORED.values()} <= {one["content"] for one in told["certificates"]}
    purged = run_module("trust_certificates", {**wanted, "certificates": given[:1], "purge": True})
    assert not purged.failed, purged.msg
    gone = [{"fingerprint": ROOT.fingerprint}]
    removed = run_module("trust_certificates", {**wanted, "certificates": gone, "state": "absent"})
    assert not removed.failed, removed.msg
    left = {one["fingerprint"] for one in run_module("trust_certificates_info", platform(environment))["certificates"]}
    assert not left & {one.fingerprint for one in STORED.values()}


def test_a_server_with_an_odd_certificate_is_bound_judged_and_trusted(environment: Emulator, tmp_path: Path) -> None:
    names = tlv(0x30, *(tlv(0x82, one) for one in (MAIL1.encode(), ALIAS.encode(), b"b\xfccher.example")))
    leaf = issued(environment, ISSUING, (SAN, names), *beside().values())
    bound = exchange(environment, "bound", certificate=leaf.pem + ISSUING.pem)
    assert not bound.failed, bound.msg
    assert bound["current"]["certificate"]["fingerprint"] == leaf.fingerprint
    assert "bücher.example" in bound["current"]["certificate"]["names"]
    assert not exchange(environment, "bound", certificate=leaf.pem).changed

    known = environment.ready["exchange"][MAIL1]
    gateways = [{"name": MAIL1, "probe_hostname": known["address"], "probe_port": known["ports"]["443"]}]
    kinds = {kind: {**connection(environment, kind), "retries": 0} for kind in ("imp", "platform")}
    checked = run_module("preflight_info", {**connection(environment, "cucm"), **kinds, "gateways": gateways})
    assert not checked.failed, checked.msg
    rows = {row["check"]: row for row in checked["checks"] if MAIL1 in row["subject"]}
    assert rows["gateway-name-matches"]["result"] == "ok"
    assert rows["gateway-trusted"]["result"] == "warning"

    place = {**connection(environment, "imp"), "nodes": nodes(environment, 8443), "peers": [{"name": MAIL1}]}
    seen = run_module("certificate_import", place)
    assert not seen.failed, seen.msg
    assert seen["current"][0]["verification"].endswith("Failed - Certificate Missing From Chain")
    assert [one["subject"] for one in seen["current"][0]["certificates"]] == ["CN=whoever", "CN=Issuing CA"]
    (tmp_path / "root.cer").write_bytes(ROOT.der)
    anchored = run_module("certificate_import", {**place, "anchor": {"path": str(tmp_path / "root.cer")}})
    assert not anchored.failed, anchored.msg
    assert [change["id"] for change in anchored["changes"]] == [
        f"{node}:{ISSUING.fingerprint}" for node in ("imp-pub", "imp-sub")
    ]
    advice = run_module("certificate_import", place)["current"][0]["advice"]
    assert "upload the certificate of CN=Köln CA,O=Büro,C=DE" in advice
    given = {**platform(environment), "certificates": [{"content": ROOT.pem}]}
    assert not run_module("trust_certificates", given).failed
    trusted = run_module("certificate_import", place)
    assert [one["verified"] for one in trusted["current"]] == [True, True]


@pytest.mark.parametrize("twice", [(BASIC, b"\x30\x00"), (USAGE, b"\x03\x02\x05\xa0")], ids=["constraints", "usage"])
def test_a_certificate_that_no_server_can_use_is_refused_in_a_sentence(environment: Emulator, twice: Extension) -> None:
    leaf = issued(environment, ROOT, (SAN, hosts(MAIL1, ALIAS)), twice, twice)
    result = exchange(environment, "bound", certificate=leaf.pem)
    assert result.failed
    assert "cannot be used by a server" in result.msg
    assert "bug" not in result.msg


def test_one_that_the_server_finds_out_of_its_time_is_no_stranger(environment: Emulator) -> None:
    leaf = issued(environment, ROOT, (SAN, hosts(MAIL1, ALIAS)), validity=valid((2, 40)))
    for result in (exchange(environment, "installed", certificate=leaf.pem) for _run in range(2)):
        assert result.failed
        assert "its status is DateInvalid. Its validity" in result.msg
        assert "no pending request" not in result.msg


def issued(environment: Emulator, by: Odd, *extensions: Extension, validity: bytes | None = None) -> Odd:
    """Return what an authority of odd habits issues for the pending request of the server."""
    requested = exchange(environment, "requested")
    assert not requested.failed, requested.msg
    request = x509.load_pem_x509_csr(requested["current"]["request"].encode())
    key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return odd("whoever", *extensions, by=by, public=key, validity=validity)


def exchange(environment: Emulator, state: str, **more: Any) -> ModuleResult:
    given = {
        **exchange_connection(environment),
        "common_name": MAIL1,
        "alternative_names": [MAIL1, ALIAS],
        "retries": 1,
    }
    return run_module("exchange_certificate", {**given, "renew_before_days": 5, "state": state, **more})
