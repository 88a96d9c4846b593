# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``adcs_certificate`` against both certification authorities (C2 to C5): one request, whatever happens."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.connections import ca_connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.scenarios import shipped, write_scenario
from tests.support.signing_requests import pem, rsa_key, signing_request, spki

MODULE = "adcs_certificate"
STANDALONE = "ca.example.com"
ENTERPRISE = "eca.example.com"
HOST = "mail1.example.com"
CANARY = "Canary-55d1-90aa"

Options = Callable[..., dict[str, Any]]


@pytest.fixture(name="options")
def options_fixture(environment: Emulator, tmp_path: Path) -> Options:
    """A function that returns the module's options for a CA, with files of the test's own."""

    def make(host: str = ENTERPRISE, *, account: str = "requester", **more: Any) -> dict[str, Any]:
        template = {"template": "WebServer"} if host == ENTERPRISE else {}
        return {
            **ca_connection(environment, host, account=account),
            "csr": pem(signing_request(HOST, [HOST])),
            "path": str(tmp_path / "mail1.cer"),
            "poll_interval": 1,
            **template,
            **more,
        }

    return make


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="certsrv", writes=True)


def certificate_at(options: dict[str, Any]) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(options["path"]).read_bytes())


def remembered(options: dict[str, Any]) -> dict[str, Any]:
    return json.loads(Path(options["path"] + ".request.json").read_text())


def forget_number(options: dict[str, Any]) -> None:
    """Leave the files as a run leaves them that is killed between submitting and remembering."""
    intent = {**remembered(options), "state": "submitting", "request_id": None}
    Path(options["path"] + ".request.json").write_text(json.dumps(intent))
    Path(options["path"]).unlink(missing_ok=True)


def test_what_the_ca_does_not_even_number_cannot_be_submitted_again(environment: Emulator, options: Options) -> None:
    wanted = options()
    # A version that no request has; the module does not look at it.
    wanted["csr"] = ssl.DER_cert_to_PEM_cert(
        signing_request(HOST).public_bytes(Encoding.DER).replace(b"\x02\x01\x00", b"\x02\x01\x07", 1)
    ).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    result = run_module(MODULE, wanted)
    assert "The CA does not take the request: Error Parsing Request" in result.msg
    assert "resubmit" not in result.msg
    assert not Path(wanted["path"] + ".request.json").exists()


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_an_enterprise_ca_issues_at_once(environment: Emulator, options: Options, auth: str) -> None:
    wanted = options(ENTERPRISE, auth=auth)
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert [(change["kind"], change["id"], change["action"]) for change in steps.done["changes"]] == [
        ("certificate_request", HOST, "create"),
        ("certificate", wanted["path"], "create"),
    ]
    assert [entry["operation"] for entry in writes(environment)] == ["POST /certfnsh.asp"]
    assert steps.predicted["current"] == {"request_id": None, "state": None, "message": None, "certificate": None}
    current = steps.done["current"]
    assert (current["request_id"], current["state"]) == (1, "issued")
    assert current["certificate"]["content"] == Path(wanted["path"]).read_text()
    assert spki(certificate_at(wanted).public_key()) == spki(rsa_key().public_key())
    for result in (steps.predicted, steps.done, steps.checked, steps.repeated):
        assert wanted["password"] not in result.output
    assert wanted["password"] not in json.dumps(remembered(wanted))


def test_a_standalone_ca_waits_for_its_administrator(environment: Emulator, options: Options) -> None:
    wanted = options(STANDALONE, wait_timeout=0)
    for _run in range(2):
        result = run_module(MODULE, wanted)
        assert (result.failed, result["failures"][0]["code"]) == (True, "wait-expired")
        assert (result["current"]["state"], result["current"]["request_id"]) == ("pending", 1)
    assert [request["state"] for request in environment.control.ca_requests(STANDALONE)] == ["pending"]
    environment.control.ca_decide(STANDALONE, 1, "issue")
    done = run_module(MODULE, wanted)
    assert_contract(done, changed=True)
    assert [change["kind"] for change in done["changes"]] == ["certificate"]
    assert not run_module(MODULE, wanted).changed
    assert len(writes(environment)) == 1


def test_the_task_waits_for_the_administrator(environment: Emulator, options: Options) -> None:
    """The request is issued while the task waits: the second time that it asks for the certificate is held up."""
    environment.control.fault("delay", effect={"seconds": 1}, protocol="certsrv", operation="GET /certnew.cer", skip=1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run_module, MODULE, options(STANDALONE, wait_timeout=60))
        while not environment.journal(protocol="certsrv", operation="GET /certnew.cer"):
            assert not waiting.done(), waiting.result().output
        environment.control.ca_decide(STANDALONE, 1, "issue")
        assert_contract(waiting.result(), changed=True)


def test_without_waiting_a_later_run_fetches(environment: Emulator, options: Options) -> None:
    wanted = options(STANDALONE, wait=False)
    assert_contract(run_module(MODULE, wanted), changed=True)
    assert not Path(wanted["path"]).exists()
    again = run_module(MODULE, wanted)
    assert_contract(again, changed=False)
    assert again["current"]["state"] == "pending"
    environment.control.ca_decide(STANDALONE, 1, "issue")
    assert_contract(run_module(MODULE, wanted), changed=True)
    assert certificate_at(wanted).subject == signing_request(HOST).subject


def test_a_denied_request(environment: Emulator, options: Options) -> None:
    wanted = options(STANDALONE, wait=False)
    run_module(MODULE, wanted)
    environment.control.ca_decide(STANDALONE, 1, "deny")
    for check in (True, False):
        result = run_module(MODULE, wanted, check=check)
        assert (result.failed, result["code"]) == (True, "request-denied")
        assert "Denied by the control plane" in result.msg
    assert len(writes(environment)) == 1
    assert_contract(run_module(MODULE, {**wanted, "resubmit": ["denied"]}), changed=True)
    assert [request["state"] for request in environment.control.ca_requests(STANDALONE)] == ["denied", "pending"]
    corrected = {**wanted, "csr": pem(signing_request(HOST))}
    assert_contract(run_module(MODULE, corrected), changed=True)
    assert len(writes(environment)) == 3


@pytest.fixture(name="foreign", params=["de", "ja"])
def foreign_fixture(
    request: pytest.FixtureRequest, start_emulator: Callable[..., Emulator], tmp_path: Path
) -> Emulator:
    """An environment whose authorities speak another language than English."""
    content = shipped("certificates")
    for authority in content["certification_authorities"]:
        authority["language"] = request.param
    return start_emulator("--scenario", str(write_scenario(tmp_path, content)))


def test_an_authority_may_speak_any_language(foreign: Emulator, tmp_path: Path) -> None:
    wanted = {
        **ca_connection(foreign, STANDALONE),
        "csr": pem(signing_request(HOST, [HOST])),
        "path": str(tmp_path / "mail1.cer"),
        "wait": False,
    }
    assert_contract(run_module(MODULE, wanted), changed=True)
    pending = run_module(MODULE, wanted)
    assert_contract(pending, changed=False)
    assert pending["current"]["state"] == "pending"
    assert "Taken" not in pending["current"]["message"]
    foreign.control.ca_decide(STANDALONE, 1, "deny")
    denied = run_module(MODULE, wanted)
    assert denied["code"] == "request-denied"
    assert "Denied" not in denied.msg
    assert_contract(run_module(MODULE, {**wanted, "resubmit": ["denied"]}), changed=True)
    foreign.control.ca_decide(STANDALONE, 2, "issue")
    assert run_module(MODULE, wanted)["current"]["state"] == "issued"
    foreign.control.ca_decide(STANDALONE, 2, "revoke")
    assert run_module(MODULE, wanted)["code"] == "request-revoked"
    gone = {**wanted, "request_file": str(tmp_path / "other.json"), "request_id": 9}
    assert run_module(MODULE, gone)["code"] == "request-denied", "the authority does not know it"


@pytest.mark.parametrize("more", [{"template": "Nonsense"}, {"csr": pem(signing_request("Example Domain CA"))}])
def test_an_authority_may_refuse_in_any_language(foreign: Emulator, tmp_path: Path, more: dict[str, Any]) -> None:
    """With an error code, and without: denied by the rules of the authority alone."""
    wanted = {
        **ca_connection(foreign, ENTERPRISE),
        "csr": pem(signing_request(HOST, [HOST])),
        "path": str(tmp_path / "mail1.cer"),
        "template": "WebServer",
        **more,
    }
    refused = run_module(MODULE, wanted)
    assert refused["failures"][0]["code"] == "request-denied"
    assert remembered(wanted)["request_id"] == 1
    assert run_module(MODULE, wanted)["code"] == "request-denied"
    assert len(foreign.control.ca_requests(ENTERPRISE)) == 1


def test_check_mode_needs_no_folder(environment: Emulator, options: Options, tmp_path: Path) -> None:
    wanted = options(STANDALONE, path=str(tmp_path / "later" / "mail1.cer"))
    predicted = run_module(MODULE, wanted, check=True)
    assert_contract(predicted, changed=True)
    assert any("there is no directory" in warning for warning in predicted.warnings)
    assert "path: there is no directory" in run_module(MODULE, wanted).msg
    (tmp_path / "later").write_text("a file")
    assert "path: there is no directory" in run_module(MODULE, wanted, check=True).msg
    assert writes(environment) == []


def test_the_certificate_may_stand_in_a_chain(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE)
    run_module(MODULE, wanted)
    kept = Path(wanted["path"])
    root = Path(environment.ready["certification_authorities"][ENTERPRISE]["root_file"]).read_text()
    kept.write_text(root + kept.read_text())
    Path(wanted["path"] + ".request.json").unlink()
    assert_contract(run_module(MODULE, wanted), changed=False)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"template": "Nonsense"}, "0x80094800"),
        ({"template": None}, "0x80094801"),
        ({"csr": pem(signing_request("Example Domain CA"))}, "is the name of the certification authority."),
        ({"csr": pem(signing_request(HOST, ["other.example.com"]))}, "does not hold the common name."),
    ],
)
def test_the_ca_refuses(environment: Emulator, options: Options, more: dict[str, Any], said: str) -> None:
    wanted = options(ENTERPRISE, **more)
    result = run_module(MODULE, wanted)
    assert_contract(result, changed=False, failed=True)
    assert said in result["failures"][0]["message"]
    again = run_module(MODULE, wanted)
    assert (again.failed, again["code"]) == (True, "request-denied")
    assert len(writes(environment)) == 1, "a denied request is not submitted again by itself"


def test_a_revoked_certificate(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE)
    run_module(MODULE, wanted)
    environment.control.ca_decide(ENTERPRISE, 1, "revoke")
    assert run_module(MODULE, wanted)["code"] == "request-revoked"
    replaced = run_module(MODULE, {**wanted, "resubmit": ["revoked"]})
    assert_contract(replaced, changed=True)
    assert replaced["current"]["request_id"] == 2


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_lost_answer_is_settled_by_looking_up(environment: Emulator, options: Options, kind: str) -> None:
    environment.control.fault(kind, protocol="certsrv", operation="POST /certfnsh.asp", times=1)
    wanted = options(ENTERPRISE)
    assert_contract(run_module(MODULE, wanted), changed=True)
    assert len(environment.control.ca_requests(ENTERPRISE)) == 1
    assert not run_module(MODULE, wanted).changed


@pytest.mark.parametrize("host", [STANDALONE, ENTERPRISE])
def test_a_run_killed_after_submitting_is_healed(environment: Emulator, options: Options, host: str) -> None:
    wanted = options(host, wait=False)
    run_module(MODULE, wanted)
    forget_number(wanted)
    checked = run_module(MODULE, wanted, check=True)
    assert checked["current"]["request_id"] == 1
    assert remembered(wanted)["state"] == "submitting", "check mode has written the file"
    run_module(MODULE, wanted)
    assert remembered(wanted)["request_id"] == 1
    assert len(environment.control.ca_requests(host)) == 1


def test_a_run_killed_before_submitting_is_healed(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE)
    run_module(MODULE, wanted)
    forget_number(wanted)
    environment.control.reset()
    assert_contract(run_module(MODULE, wanted), changed=True)
    assert len(environment.control.ca_requests(ENTERPRISE)) == 1


def test_a_ca_without_lookup_leaves_the_decision_to_the_user(environment: Emulator, options: Options) -> None:
    wanted = options(STANDALONE, wait=False)
    run_module(MODULE, wanted)
    forget_number(wanted)
    environment.control.fault("status", effect={"status": 404}, protocol="ca_admin")
    result = run_module(MODULE, wanted)
    assert (result.failed, result["code"]) == (True, "submission-in-doubt")
    assert len(writes(environment)) == 1
    adopted = run_module(MODULE, {**wanted, "request_id": 1})
    assert_contract(adopted, changed=False)
    assert remembered(wanted)["request_id"] == 1
    assert_contract(run_module(MODULE, wanted), changed=False)
    forget_number(wanted)
    assert_contract(run_module(MODULE, {**wanted, "resubmit": ["in_doubt"]}), changed=True)
    assert len(writes(environment)) == 2


def test_the_certificate_of_another_key_is_refused(environment: Emulator, options: Options) -> None:
    other = options(ENTERPRISE, csr=pem(signing_request(HOST, key=rsa_key(number=1))))
    run_module(MODULE, other)
    Path(other["path"] + ".request.json").unlink()
    result = run_module(MODULE, options(ENTERPRISE, request_id=1))
    assert (result.failed, result["code"]) == (True, "other-request")


def test_a_certificate_that_is_there_already_counts(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE)
    run_module(MODULE, wanted)
    Path(wanted["path"] + ".request.json").unlink()
    again = run_module(MODULE, wanted)
    assert_contract(again, changed=False)
    assert again["current"]["certificate"]["content"] == Path(wanted["path"]).read_text()
    assert len(writes(environment)) == 1


def test_a_lost_or_foreign_file_is_written_again(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE)
    run_module(MODULE, wanted)
    issued = Path(wanted["path"]).read_text()
    for content in ("", "rubbish"):
        Path(wanted["path"]).write_text(content)
        assert_contract(run_module(MODULE, wanted), changed=True)
        assert Path(wanted["path"]).read_text() == issued
    assert len(writes(environment)) == 1


def test_renewal(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE, renew_before_days=30)
    # Issued 340 days ago, for a year.
    environment.control.clock(offset_seconds=-340 * 86400)
    run_module(MODULE, wanted)
    environment.control.clock(offset_seconds=0)
    assert not run_module(MODULE, {**wanted, "renew_before_days": 0}).changed
    steps = assert_four_steps(MODULE, wanted, lambda: writes(environment))
    assert [(change["kind"], change["action"]) for change in steps.done["changes"]] == [
        ("certificate_request", "create"),
        ("certificate", "update"),
    ]
    assert steps.done["current"]["request_id"] == 2


def test_a_renewal_that_would_never_end(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE, renew_before_days=365)
    assert_contract(run_module(MODULE, wanted), changed=True)
    again = run_module(MODULE, wanted)
    assert_contract(again, changed=False)
    assert "every run would renew" in again.warnings[0]


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("check", [True, False])
def test_a_wrong_password(environment: Emulator, options: Options, auth: str, check: bool) -> None:
    wanted = options(ENTERPRISE, auth=auth, password=CANARY)
    result = run_module(MODULE, wanted, check=check)
    assert (result.failed, result["code"]) == (True, "unauthorized")
    assert CANARY not in result.output
    assert not Path(wanted["path"] + ".request.json").exists()


def test_a_refusal_before_anything_was_done_leaves_no_doubt(environment: Emulator, options: Options) -> None:
    wanted = options(ENTERPRISE, retries=0)
    environment.control.fault("status", protocol="certsrv", operation="POST /certfnsh.asp", times=1)
    assert run_module(MODULE, wanted)["failures"][0]["code"] == "busy"
    assert not Path(wanted["path"] + ".request.json").exists()
    assert_contract(run_module(MODULE, wanted), changed=True)


def test_a_server_without_the_pages(environment: Emulator, options: Options) -> None:
    exchange = environment.ready["exchange"][HOST]
    wanted = options(ENTERPRISE, port=exchange["ports"]["443"], validate_certs=False)
    result = run_module(MODULE, wanted)
    assert (result.failed, result["code"]) == (True, "no-web-enrollment")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"csr": "rubbish"}, "csr: it is no certificate signing request"),
        ({"csr": "-----BEGIN PRIVATE" + " KEY-----"}, "csr: it holds a private key"),
        ({"csr_path": "x.csr"}, "mutually exclusive"),
        ({"path": "nowhere/x.cer"}, "path: there is no directory"),
        ({"wait_timeout": -1}, "wait_timeout"),
        ({"poll_interval": 0}, "poll_interval"),
        ({"renew_before_days": -1}, "renew_before_days"),
        ({"request_id": 0}, "request_id"),
        ({"attributes": {"a": "b\nc"}}, "attributes: "),
        ({"resubmit": ["always"]}, "resubmit"),
        ({"auth": "kerberos"}, "auth"),
    ],
)
def test_bad_input(environment: Emulator, options: Options, wrong: dict[str, Any], said: str) -> None:
    result = run_module(MODULE, options(ENTERPRISE, **wrong))
    assert result.failed
    assert said in result.msg
    assert environment.journal() == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "utf-8-sig"])
def test_a_request_as_windows_writes_it(environment: Emulator, options: Options, tmp_path: Path, encoding: str) -> None:
    """What Exchange's documented WriteAllBytes makes is UTF-16; it is the same request, so nothing is asked again."""
    wanted = options(ENTERPRISE)
    request = tmp_path / "request.req"
    text = wanted.pop("csr").replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST").replace("\n", "\r\n")
    request.write_bytes(text.encode(encoding))
    assert_contract(run_module(MODULE, {**wanted, "csr_path": str(request)}), changed=True)
    certificate = certificate_at(wanted)
    request.write_text(text)
    assert_contract(run_module(MODULE, {**wanted, "csr_path": str(request)}), changed=False)
    assert certificate_at(wanted) == certificate


def test_a_request_from_a_file(environment: Emulator, options: Options, tmp_path: Path) -> None:
    wanted = options(ENTERPRISE, csr_path=str(tmp_path / "request.txt"))
    del wanted["csr"]
    missing: ModuleResult = run_module(MODULE, wanted)
    assert "csr_path" in missing.msg
    (tmp_path / "request.txt").write_text(
        pem(signing_request(HOST)).replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT")
    )
    assert_contract(run_module(MODULE, wanted), changed=True)


@pytest.mark.parametrize(
    "content",
    [
        "rubbish",
        "[]",
        '{"format": 2}',
        '{"format": 1}',
        '{"format": 1, "ca": "x", "csr": "y", "template": null, "state": "submitted"}',
    ],
)
def test_a_request_file_of_somebody_else(environment: Emulator, options: Options, content: str) -> None:
    wanted = options(ENTERPRISE)
    Path(wanted["path"] + ".request.json").write_text(content)
    result = run_module(MODULE, wanted)
    assert (result.failed, result["code"]) == (True, "request-file")
    assert writes(environment) == []
