# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``adcs_ca_info`` (requirement C7) and ``adcs_request`` (C4) against both certification authorities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.support.connections import ca_connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.scenarios import shipped, write_scenario
from tests.support.signing_requests import pem, signing_request

STANDALONE = "ca.example.com"
ENTERPRISE = "eca.example.com"


def info(emulator: Emulator, host: str, **more: Any) -> ModuleResult:
    result = run_module("adcs_ca_info", {**ca_connection(emulator, host, account="requester"), **more})
    assert not result.failed, result.msg
    return result


def submitted(emulator: Emulator, folder: Path, number: int = 1) -> int:
    """Submit a request to the standalone CA; returns its number there."""
    options = ca_connection(emulator, STANDALONE, account="requester")
    csr = pem(signing_request(f"mail{number}.example.com"))
    result = run_module(
        "adcs_certificate", {**options, "csr": csr, "path": str(folder / f"{number}.cer"), "wait": False}
    )
    assert not result.failed, result.msg
    return int(result["current"]["request_id"])


def decisions(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="ca_admin", writes=True)


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_a_root_ca(environment: Emulator, auth: str) -> None:
    result = info(environment, STANDALONE, auth=auth)
    root = Path(environment.ready["certification_authorities"][STANDALONE]["root_file"]).read_text()
    assert result["root"] == result["certificate"] == result["chain"][0]
    assert result["chain_content"] == result["root"]["content"] == root
    assert (result["renewals"], result["renewal"]) == (0, 0)
    assert result["crl"]["revoked"] == []


def test_an_issuing_ca_below_a_root(environment: Emulator) -> None:
    result = info(environment, ENTERPRISE)
    assert [one["subject"] for one in result["chain"]] == ["CN=Example Domain CA 01", "CN=Example Domain CA"]
    assert result["root"] == result["chain"][1]
    issuing = x509.load_pem_x509_certificate(result["certificate"]["content"].encode())
    issuing.verify_directly_issued_by(x509.load_pem_x509_certificate(result["root"]["content"].encode()))


def test_renewals(environment: Emulator) -> None:
    first = info(environment, ENTERPRISE)
    environment.control.ca_renew(ENTERPRISE)
    second = info(environment, ENTERPRISE, crl=False)
    assert (second["renewals"], second["renewal"], second["crl"]) == (1, 1, None)
    assert second["certificate"] != first["certificate"]
    assert second["root"] == first["root"]
    assert info(environment, ENTERPRISE, renewal=0)["certificate"] == first["certificate"]
    options = {**ca_connection(environment, ENTERPRISE), "renewal": 2}
    assert "0 to 1" in run_module("adcs_ca_info", options).msg


def test_the_nodes_can_be_made_to_trust_it(environment: Emulator) -> None:
    chain = info(environment, ENTERPRISE)["chain_content"]
    username, password = environment.account("os")
    options = {"hostname": "127.0.0.1", "port": environment.port("imp-pub", 443), "ca_path": environment.ca_file}
    trust = {**options, "username": username, "password": password, "certificates": [{"content": chain}]}
    assert len(run_module("trust_certificates", trust)["changes"]) == 2


def test_issue(environment: Emulator, tmp_path: Path) -> None:
    numbers = [submitted(environment, tmp_path, number) for number in (1, 2)]
    options = {**ca_connection(environment, STANDALONE), "request_ids": numbers}
    steps = assert_four_steps("adcs_request", options, lambda: decisions(environment))
    assert [(change["id"], change["action"]) for change in steps.done["changes"]] == [("1", "issue"), ("2", "issue")]
    assert [request["state"] for request in steps.done["current"]] == ["issued", "issued"]
    x509.load_pem_x509_certificate(steps.done["current"][0]["certificate"].encode())


def test_deny_and_issue_after_all(environment: Emulator, tmp_path: Path) -> None:
    options = {**ca_connection(environment, STANDALONE), "request_ids": [submitted(environment, tmp_path)]}
    steps = assert_four_steps("adcs_request", {**options, "state": "denied"}, lambda: decisions(environment))
    assert steps.done["current"][0]["message"] == r"Denied by EXAMPLE\caadmin"
    assert_contract(run_module("adcs_request", options), changed=True)


def test_revoke(environment: Emulator, tmp_path: Path) -> None:
    number = submitted(environment, tmp_path)
    options = {**ca_connection(environment, STANDALONE), "request_ids": [number]}
    run_module("adcs_request", options)
    revoked = {**options, "state": "revoked", "reason": "superseded"}
    assert_four_steps("adcs_request", revoked, lambda: decisions(environment))
    serial = environment.control.ca_requests(STANDALONE)[0]["serial"]
    crl = info(environment, STANDALONE)["crl"]
    assert crl["revoked"] == [serial]
    entry = x509.load_pem_x509_crl(crl["content"].encode()).get_revoked_certificate_by_serial_number(int(serial, 16))
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.superseded


def test_what_cannot_be_is_told_for_each_request(environment: Emulator, tmp_path: Path) -> None:
    number = submitted(environment, tmp_path)
    result = run_module(
        "adcs_request", {**ca_connection(environment, STANDALONE), "request_ids": [99, number], "state": "revoked"}
    )
    assert_contract(result, changed=False, failed=True)
    told = {failure["id"]: failure["code"] for failure in result["failures"]}
    assert told == {"99": "request-not-found", "1": "wrong-state"}


def test_who_may_not_decide(environment: Emulator, tmp_path: Path) -> None:
    options = {
        **ca_connection(environment, STANDALONE, account="requester"),
        "request_ids": [submitted(environment, tmp_path)],
    }
    result = run_module("adcs_request", options)
    assert (result.failed, result["failures"][0]["code"]) == (True, "forbidden")
    assert environment.control.ca_requests(STANDALONE, "issued") == []


def test_a_server_without_the_interface(environment: Emulator) -> None:
    exchange = environment.ready["exchange"]["mail1.example.com"]
    options = {**ca_connection(environment, STANDALONE), "port": exchange["ports"]["443"], "validate_certs": False}
    result = run_module("adcs_request", {**options, "request_ids": [1]})
    assert (result.failed, result["code"]) == (True, "no-public-api")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"request_ids": [0]}, "request_ids: requests are numbered from 1"),
        ({"request_ids": [1, 1]}, "request_ids: 1 is given more than once"),
        ({"request_ids": [1], "reason": "superseded"}, "reason: "),
        ({"request_ids": [1], "state": "pending"}, "state"),
        ({}, "request_ids"),
    ],
)
def test_bad_input(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run_module("adcs_request", {**ca_connection(environment, STANDALONE), **wrong})
    assert result.failed
    assert said in result.msg
    assert environment.journal() == []


def valid(result: ModuleResult) -> list[str]:
    """The fingerprints of what is to be trusted; the text says the same."""
    parsed = x509.load_pem_x509_certificates(result["valid_content"].encode())
    fingerprints = [one.fingerprint(hashes.SHA256()).hex() for one in parsed]
    assert fingerprints == [one["fingerprint"] for one in result["valid"]]
    return fingerprints


@pytest.mark.parametrize("keys", [[True], [False], [True, True], [True, False, True]])
@pytest.mark.parametrize("host", [STANDALONE, ENTERPRISE])
def test_every_certificate_of_a_renewed_ca_is_still_valid(environment: Emulator, host: str, keys: list[bool]) -> None:
    seen = [info(environment, host, crl=False)["certificate"]["fingerprint"]]
    for new_key in keys:
        environment.control.ca_renew(host, new_key=new_key)
        seen.insert(0, info(environment, host, crl=False)["certificate"]["fingerprint"])
    result = info(environment, host, crl=False)
    root = result["root"]["fingerprint"]
    # The root of the issuing CA comes after the newest certificate, and only once.
    assert valid(result) == (seen if host == STANDALONE else [seen[0], root, *seen[1:]])
    assert (result["renewals"], result["expired"], result["missing"], result.warnings) == (len(keys), [], [], [])
    # Whichever renewal is asked for, what is to be trusted is the same.
    assert valid(info(environment, host, crl=False, renewal=0)) == valid(result)


def test_an_expired_certificate_of_a_ca_is_told_and_not_asked_for(
    start_emulator: Callable[..., Emulator], tmp_path: Path
) -> None:
    # A day's validity that began a day ago: the first certificate has ended when the emulator has started.
    content = shipped("certificates")
    (authority,) = [one for one in content["certification_authorities"] if one["host"] == STANDALONE]
    authority["validity_days"] = 1
    environment = start_emulator("--scenario", str(write_scenario(tmp_path, content)))
    first = info(environment, STANDALONE, crl=False)
    assert (first["valid"], first["valid_content"]) == ([], "")
    environment.control.ca_renew(STANDALONE)
    result = info(environment, STANDALONE, crl=False)
    assert valid(result) == [result["certificate"]["fingerprint"]]
    assert result["expired"] == [first["certificate"]]
    (warning,) = result.warnings
    assert "Not among what is to be trusted, because it has expired: CN=Example Root CA" in warning


@pytest.mark.parametrize("status", [404, 500])
def test_an_earlier_certificate_that_the_ca_does_not_give_is_told(environment: Emulator, status: int) -> None:
    environment.control.ca_renew(STANDALONE)
    newest = info(environment, STANDALONE, crl=False)["certificate"]["fingerprint"]
    # The newest certificate is asked for first, the one before it second.
    environment.control.fault("status", effect={"status": status}, operation="GET /certnew.cer", skip=1, times=1)
    result = info(environment, STANDALONE, crl=False, retries=0)
    assert (valid(result), result["missing"]) == ([newest], [0])
    assert "does not give its certificate of renewal 0" in result.warnings[0]


def test_the_newest_certificate_must_be_given(environment: Emulator) -> None:
    environment.control.ca_renew(STANDALONE)
    environment.control.fault("status", effect={"status": 404}, operation="GET /certnew.cer", skip=1, times=1)
    options = {**ca_connection(environment, STANDALONE), "crl": False, "renewal": 0}
    assert run_module("adcs_ca_info", options).failed
