# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``exchange_certificate`` against the emulator, step by step (requirements C1, C3, C6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.certificates import Identity, issue
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection, served, sign, thumbprint
from tests.support.modules import FourSteps, ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "exchange_certificate"
ALIAS = "autodiscover.example.com"


@pytest.fixture(name="ca", scope="module")
def ca_fixture() -> Identity:
    return issue("Test CA", ca=True)


def options(emulator: Emulator, state: str, *, auth: str = "basic", **more: Any) -> dict[str, Any]:
    # The names are others than those of the certificate that the server starts with.
    wanted = {
        "common_name": MAIL1,
        "alternative_names": [MAIL1, ALIAS],
        "organization": "Example, Inc.",
        "country": "JP",
    }
    return {**exchange_connection(emulator, auth=auth), **wanted, "state": state, "retries": 1, **more}


def run(emulator: Emulator, state: str, *, check: bool = False, **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, state, **more), check=check)


def writes(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.journal(protocol="powershell", writes=True)]


def four_steps(emulator: Emulator, state: str, **more: Any) -> FourSteps:
    return assert_four_steps(MODULE, options(emulator, state, **more), lambda: writes(emulator))


@pytest.fixture(name="signed")
def signed_fixture(environment: Emulator, ca: Identity) -> str:
    """A certificate that answers the pending request of the server."""
    result = run(environment, "requested")
    assert not result.failed, result.msg
    environment.control.clear_journal()
    return sign(result["current"]["request"], ca)


@pytest.fixture(name="bound")
def bound_fixture(environment: Emulator, signed: str) -> str:
    """The same, bound."""
    result = run(environment, "bound", certificate=signed)
    assert not result.failed, result.msg
    environment.control.clear_journal()
    return signed


def test_request(environment: Emulator) -> None:
    steps = four_steps(environment, "requested")
    subject = f'C=JP,O="Example, Inc.",CN={MAIL1}'
    assert steps.done["diff"]["after"] == {
        "certificate_request": {MAIL1: {"subject": subject, "names": [ALIAS, MAIL1], "key_size": 2048}}
    }
    assert steps.done["restart_required"] == []
    current = steps.done["current"]
    assert (current["state"], current["certificate"], current["renewal_due"]) == ("requested", None, False)
    assert current["in_use"]["thumbprint"] == thumbprint(served(environment))
    parsed = x509.load_pem_x509_csr(current["request"].encode())
    assert parsed.subject.rfc4514_string() == f"CN={MAIL1},O=Example\\, Inc.,C=JP"
    assert writes(environment) == ["New-ExchangeCertificate"]
    assert "PRIVATE KEY" not in steps.done.output
    assert environment.ready["exchange_admin"]["password"] not in steps.done.output


def test_install(environment: Emulator, signed: str) -> None:
    before = served(environment)
    steps = four_steps(environment, "installed", certificate=signed)
    assert [change["kind"] for change in steps.done["changes"]] == ["certificate"]
    current = steps.done["current"]
    assert (current["state"], current["request"]) == ("installed", None)
    assert current["certificate"]["pem"] == signed
    assert current["certificate"]["services"] == []
    assert writes(environment) == ["Import-ExchangeCertificate"]
    assert served(environment) == before


def test_bind_does_what_is_missing(environment: Emulator, signed: str) -> None:
    steps = four_steps(environment, "bound", certificate=signed)
    name = thumbprint(x509.load_pem_x509_certificate(signed.encode()))
    assert [(change["kind"], change["id"]) for change in steps.done["changes"]] == [
        ("certificate", MAIL1),
        ("certificate_services", name),
    ]
    assert steps.done["restart_required"] == ["Cisco Presence Engine", "Cisco SIP Proxy"]
    assert writes(environment) == ["Import-ExchangeCertificate", "Enable-ExchangeCertificate"]
    assert steps.done["current"]["state"] == "bound"
    assert steps.done["current"]["in_use"]["thumbprint"] == thumbprint(served(environment)) == name


@pytest.mark.usefixtures("bound")
def test_once_it_is_there_nothing_is_done_in_any_state(environment: Emulator) -> None:
    for state in ("requested", "installed", "bound"):
        for check in (True, False):
            result = run(environment, state, check=check)
            assert_contract(result, changed=False)
            assert result["current"]["state"] == "bound"
            assert result["current"]["request"] is None
    assert writes(environment) == []


@pytest.mark.usefixtures("bound")
def test_further_services(environment: Emulator) -> None:
    steps = four_steps(environment, "bound", services=["SMTP", "IIS"])
    assert steps.done["diff"]["after"]["certificate_services"].popitem()[1] == {"services": ["IIS", "SMTP"]}
    assert steps.done["current"]["certificate"]["services"] == ["IIS", "SMTP"]


def test_a_whole_play_is_predicted(environment: Emulator) -> None:
    """In check mode nothing is requested or issued, so the later tasks have nothing to go by."""
    assert run(environment, "requested", check=True).changed
    predicted = run(environment, "bound", check=True, certificate="")
    assert_contract(predicted, changed=True)
    assert [change["kind"] for change in predicted["changes"]] == ["certificate", "certificate_services"]
    assert "predicted as if" in predicted.warnings[0]
    assert writes(environment) == []


def test_renewal(environment: Emulator, ca: Identity, signed: str) -> None:
    short = sign(run(environment, "requested")["current"]["request"], ca, days=20)
    assert run(environment, "bound", certificate=short, renew_before_days=10).changed
    assert_contract(run(environment, "requested", renew_before_days=10, check=True), changed=False)

    environment.control.clear_journal()
    steps = four_steps(environment, "requested")
    assert steps.predicted["current"]["renewal_due"]
    assert steps.predicted["current"]["certificate"]["pem"] == short
    assert steps.done["current"]["state"] == "requested"
    # The old one stays in use until the new one is bound.
    assert thumbprint(served(environment)) == thumbprint(x509.load_pem_x509_certificate(short.encode()))
    renewed = sign(steps.done["current"]["request"], ca)
    assert run(environment, "bound", certificate=renewed).changed
    assert thumbprint(served(environment)) == thumbprint(x509.load_pem_x509_certificate(renewed.encode()))
    assert_contract(run(environment, "requested"), changed=False)
    assert_contract(run(environment, "bound"), changed=False)


def test_what_answers_a_request(environment: Emulator, tmp_path: Path, ca: Identity, signed: str) -> None:
    """A certificate of another request, of last year or of another server does not; it does with a chain around it."""
    file = tmp_path / "mail1.cer"

    def answered(content: str | None) -> bool:
        if content is not None:
            file.write_text(content)
        result = run(environment, "requested", certificate_path=str(file))
        assert_contract(result, changed=False)
        return bool(result["current"]["answered"])

    assert not answered(None)
    assert not answered("")
    assert not answered("rubbish")
    assert not answered(issue(MAIL1, by=ca, hosts=[MAIL1, ALIAS]).pem)
    assert answered(signed)
    assert answered(ca.pem + signed)
    assert run(environment, "bound", certificate_path=str(file)).changed
    due: dict[str, Any] = {"renew_before_days": 400}
    renewal = run(environment, "requested", certificate_path=str(file), **due)
    assert_contract(renewal, changed=True)
    assert not renewal["current"]["answered"]
    for state in ("installed", "bound"):
        refused = run(environment, state, certificate_path=str(file), **due)
        assert "Have the pending request signed" in refused.msg
    renewed = sign(renewal["current"]["request"], ca, days=500)
    both = run(environment, "bound", certificate=signed + ca.pem + renewed, **due)
    assert_contract(both, changed=True)
    assert thumbprint(served(environment)) == thumbprint(x509.load_pem_x509_certificate(renewed.encode()))
    assert_contract(run(environment, "bound", certificate=signed + ca.pem + renewed, **due), changed=False)


def test_a_request_is_given_up(environment: Emulator) -> None:
    first = run(environment, "requested")["current"]["request"]
    environment.control.clear_journal()
    steps = four_steps(environment, "requested", discard_request=first)
    assert [(change["kind"], change["action"]) for change in steps.done["changes"]] == [
        ("certificate_request", "delete"),
        ("certificate_request", "create"),
    ]
    second = steps.done["current"]["request"]
    assert x509.load_pem_x509_csr(second.encode()).public_key() != x509.load_pem_x509_csr(first.encode()).public_key()
    assert writes(environment) == ["Remove-ExchangeCertificate", "New-ExchangeCertificate"]


@pytest.mark.usefixtures("bound")
def test_other_names_need_another_certificate(environment: Emulator) -> None:
    fewer = run(environment, "requested", alternative_names=[MAIL1])
    assert_contract(fewer, changed=False)
    more = run(environment, "requested", alternative_names=[MAIL1, ALIAS, "owa.example.com"])
    assert_contract(more, changed=True)


def test_a_wildcard(environment: Emulator, ca: Identity) -> None:
    wildcard: dict[str, Any] = {"common_name": "*.example.com", "alternative_names": None}
    request = run(environment, "requested", **wildcard)["current"]["request"]
    result = run(environment, "bound", **wildcard, certificate=sign(request, ca))
    assert_contract(result, changed=True)
    assert result["current"]["certificate"]["names"] == ["*.example.com"]
    assert_contract(run(environment, "requested", **wildcard), changed=False)


def test_a_bundle_from_a_file(environment: Emulator, tmp_path: Path, ca: Identity, signed: str) -> None:
    file = tmp_path / "bundle.pem"
    file.write_text(ca.pem + signed)
    result = run(environment, "bound", certificate_path=str(file))
    assert_contract(result, changed=True)
    assert result["current"]["certificate"]["pem"] == signed


def test_absent(environment: Emulator, signed: str) -> None:
    steps = four_steps(environment, "absent")
    assert [(change["kind"], change["action"]) for change in steps.done["changes"]] == [
        ("certificate_request", "delete")
    ]
    assert steps.done["current"]["state"] == "absent"


@pytest.mark.usefixtures("bound")
def test_what_iis_uses_is_not_removed(environment: Emulator) -> None:
    result = run(environment, "absent")
    assert_contract(result, changed=False, failed=True)
    assert "used by IIS" in result["failures"][0]["message"]


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
@pytest.mark.parametrize(
    ("operation", "state"),
    [
        ("New-ExchangeCertificate", "requested"),
        ("Import-ExchangeCertificate", "installed"),
        ("Enable-ExchangeCertificate", "bound"),
    ],
)
def test_a_lost_answer_is_settled_by_comparing(
    environment: Emulator, ca: Identity, kind: str, operation: str, state: str
) -> None:
    certificate: dict[str, Any] = {}
    if state != "requested":
        certificate["certificate"] = sign(run(environment, "requested")["current"]["request"], ca)
        if state == "bound":
            run(environment, "installed", **certificate)
        environment.control.clear_journal()
    environment.control.fault(kind, protocol="powershell", operation=operation, times=1)
    result = run(environment, state, **certificate)
    assert_contract(result, changed=True)
    # Lost before it was carried out: sent again. Lost after: found to be done.
    assert writes(environment) == [operation] * (2 if kind == "drop" else 1)
    assert_contract(run(environment, state, **certificate), changed=False)


def test_when_the_output_of_a_write_gets_lost_the_state_is_compared(environment: Emulator) -> None:
    """The cmdlet has run when its output is fetched; the third fetch is that of the request."""
    environment.control.fault(
        "status", effect={"status": 503}, protocol="powershell", operation="Receive", times=1, skip=2
    )
    assert_contract(run(environment, "requested"), changed=True)
    struck = [entry["id"] for entry in environment.journal(operation="Receive") if entry["fault"]]
    (made,) = environment.journal(protocol="powershell", writes=True)
    assert struck == [made["id"] + 1]


def test_a_busy_server_is_asked_again(environment: Emulator) -> None:
    environment.control.fault(
        "status", effect={"status": 503}, protocol="powershell", operation="New-ExchangeCertificate", times=1
    )
    assert_contract(run(environment, "requested"), changed=True)
    assert len(writes(environment)) == 2
    assert_contract(run(environment, "requested"), changed=False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"alternative_names": [ALIAS]}, "must contain common_name"),
        ({"alternative_names": [MAIL1, "192.0.2.21"]}, "host names only"),
        ({"alternative_names": [MAIL1, MAIL1.upper()]}, "more than once"),
        ({"common_name": "mail one"}, "common_name"),
        ({"country": "Japan"}, "two letters"),
        ({"key_size": 1024}, "allow_weak_key"),
        ({"renew_before_days": -1}, "renew_before_days"),
        ({"certificate": "text"}, "certificate: "),
        ({"discard_request": "text"}, "discard_request: works with state=requested only"),
        ({"discard_request": "text", "state": "requested"}, "discard_request: it is no certificate signing request"),
        ({"certificate": "text", "state": "absent"}, "certificate: does not work with state=absent"),
        ({"certificate_path": "/no/such/file"}, "certificate_path: /no/such/file: No such file or directory."),
        ({"certificate": "x", "certificate_path": "y"}, "mutually exclusive"),
        ({"services": ["FTP"]}, "services"),
        ({"auth": "kerberos"}, "auth"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, wrong: dict[str, Any], said: str) -> None:
    result = run_module(MODULE, {**options(environment, "bound"), **wrong})
    assert result.failed
    assert said in result.msg
    assert environment.journal(protocol="powershell") == []


def test_certificates_that_cannot_be_installed(environment: Emulator, ca: Identity, signed: str) -> None:
    other = run(environment, "bound", certificate=issue("other.example.com", by=ca).pem)
    assert "it is not for" in other.msg
    stranger = run(environment, "bound", certificate=issue(MAIL1, by=ca, hosts=[MAIL1, ALIAS]).pem)
    assert "no pending request of this server has its key" in stranger.msg
    ending = run(environment, "bound", certificate=signed, renew_before_days=400)
    assert "see renew_before_days" in ending.msg
    key = run(environment, "bound", certificate="-----BEGIN {0}-----\nMII\n-----END {0}-----".format("PRIVATE KEY"))
    assert "private key" in key.msg
    assert writes(environment) == []


@pytest.mark.parametrize(("prepared", "said"), [(False, "nothing was requested yet"), (True, "request is pending")])
def test_nothing_to_install(environment: Emulator, prepared: bool, said: str) -> None:
    if prepared:
        run(environment, "requested")
    result = run(environment, "bound")
    assert (result.failed, result["code"]) == (True, "invalid-input")
    assert said in result.msg


def test_the_server_refuses_a_weak_key(environment: Emulator) -> None:
    result = run(environment, "requested", key_size=1024, allow_weak_key=True)
    assert_contract(result, changed=False, failed=True)
    assert "below the minimum of 2048" in result["failures"][0]["message"]


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_other_ways_to_authenticate(environment: Emulator, auth: str) -> None:
    assert_contract(run(environment, "requested", auth=auth), changed=True)


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_a_wrong_password(environment: Emulator, auth: str) -> None:
    wrong = "not-the-password"
    result = run(environment, "requested", auth=auth, password=wrong)
    assert (result.failed, result["code"]) == (True, "unauthorized")
    assert wrong not in result.output


def test_an_account_without_the_right(environment: Emulator) -> None:
    result = run(environment, "requested", **environment.ready["exchange_account"])
    assert (result.failed, result["code"]) == (True, "forbidden")
    assert "Organization Management" in result.msg


def test_connections_that_fail(environment: Emulator) -> None:
    untrusted = run(environment, "requested", port=environment.ready["exchange"][MAIL1]["ports"]["443"])
    assert (untrusted.failed, untrusted["code"]) == (True, "tls-failed")
    assert "self-signed certificate" in untrusted.msg or "unable to get" in untrusted.msg
    nobody = run(environment, "requested", port=1, retries=0)
    assert (nobody.failed, nobody["code"]) == (True, "connection-failed")
    other = run(environment, "requested", port=environment.port("imp-pub"), hostname="127.0.0.1", retries=0)
    assert (other.failed, other["code"]) == (True, "unexpected-answer")


def test_the_port_whose_certificate_changes(environment: Emulator, signed: str) -> None:
    """Whoever comes through port 443 may bind the certificate with which the same port answers from then on."""
    port = environment.ready["exchange"][MAIL1]["ports"]["443"]
    result = run(environment, "bound", certificate=signed, port=port, validate_certs=False)
    assert_contract(result, changed=True)
    assert_contract(run(environment, "bound", port=port, validate_certs=False), changed=False)
    assert result["current"]["in_use"]["thumbprint"] == thumbprint(served(environment))


def test_the_environment_variables_of_requests_do_not_count(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", environment.ready["exchange"][MAIL1]["leaf_file"])
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert_contract(run(environment, "requested"), changed=True)


def test_a_missing_library_is_named(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    library = "ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell.MISSING_LIBRARY"
    monkeypatch.setattr(library, "ImportError: no pypsrp")
    result = run(environment, "requested")
    assert (result.failed, result["code"]) == (True, "missing-library")
    assert "pypsrp" in result.msg
