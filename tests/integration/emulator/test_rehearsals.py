# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong, over the wire: nodes that are away, another password, a certificate near its end; the command."""

from __future__ import annotations

import json
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from typer.testing import CliRunner

from imp_emulator import cli
from imp_emulator.client.control import ControlError
from tests.support.emulator import Emulator
from tests.support.ews import HEADERS, PATH, SERVER, Ews, envelope
from tests.support.imp_admin import ENGINE, restart

FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
    '<m:FolderIds><t:DistinguishedFolderId Id="root"/></m:FolderIds></m:GetFolder>'
)


def command(emulator: Emulator, *words: str, status: int = 0, **environment: str) -> str:
    """Run ``imp-emulator`` in this process, and return what it prints."""
    variables = {"IMP_EMULATOR_READY": str(emulator.ready_file), **environment}
    done = CliRunner(env=variables).invoke(cli.app, list(words))
    assert done.exit_code == status, done.output
    # A refusal stands in a box.
    return re.sub(r"[│\s]+", " ", done.output) if status else done.output


def account(emulator: Emulator) -> tuple[str, str]:
    """Return what the ready file tells of the gateways' account at this moment."""
    told = json.loads(emulator.ready_file.read_text(encoding="utf-8"))["exchange_account"]
    return told["username"], told["password"]


def test_nobody_gets_an_answer_from_a_node_that_is_away(environment: Emulator) -> None:
    assert environment.control.outage("imp-sub") == {"away": False, "since": None, "begins_at_restart": False}
    with environment.client("imp-sub", account=None) as anybody, environment.client("imp-pub") as peer:
        assert anybody.get("/imp-admin/v1/nodes").status_code == 401
        command(environment, "node", "away", "imp-sub")
        told = environment.control.outage("imp-sub")
        assert (told["away"], told["begins_at_restart"]) == (True, False)
        assert datetime.fromisoformat(told["since"]).tzinfo is UTC
        with pytest.raises(httpx.TransportError):
            anybody.get("/imp-admin/v1/nodes")
        assert [(found["status"], found["fault"]) for found in environment.journal(node="imp-sub")][1:] == [
            (0, "outage")
        ]
        assert peer.get("/imp-admin/v1/nodes").status_code == 200
        assert {found["status"] for found in environment.control.services("imp-sub")} == {"Stopped"}
        command(environment, "node", "back", "imp-sub")
        assert anybody.get("/imp-admin/v1/nodes").status_code == 401
    with pytest.raises(ControlError, match="404 imp-sub is not away"):
        environment.control.end_outage("imp-sub")
    with pytest.raises(ControlError, match="404"):
        environment.control.begin_outage("imp-sub", cluster="none")


def test_a_node_goes_away_with_its_restart_and_a_reset_brings_it_back(environment: Emulator) -> None:
    command(environment, "node", "away", "imp-pub", "--at-restart")
    assert environment.control.outage("imp-pub")["begins_at_restart"]
    restart(environment, "imp-pub", ENGINE)
    with environment.client("imp-pub") as client:
        with pytest.raises(httpx.TransportError):
            client.get("/imp-admin/v1/nodes")
        environment.control.reset()
        assert client.get("/imp-admin/v1/nodes").status_code == 200


def test_another_password_counts_at_once_and_the_ready_file_tells_it(environment: Emulator) -> None:
    before = account(environment)
    command(environment, "exchange", "password")
    after = account(environment)
    assert after[0] == before[0] != after[1] != before[1]
    for known, status in ((before, 401), (after, 200)):
        with Ews(environment, account=None, auth=known) as ews:
            assert ews.client.post(PATH, content=envelope(FOLDER), headers=HEADERS).status_code == status
    command(environment, "exchange", "password", "--password-env", "NEW_ONE", NEW_ONE="a password of ours")
    assert account(environment)[1] == "a password of ours"
    assert "NEW_ONE is not set" in command(environment, "exchange", "password", "--password-env", "NEW_ONE", status=2)
    environment.control.reset()
    assert account(environment) == before


def shown(emulator: Emulator, server: str = SERVER) -> x509.Certificate:
    place = emulator.ready["exchange"][server]
    pem = ssl.get_server_certificate((place["address"], place["ports"]["443"]))
    return x509.load_pem_x509_certificate(pem.encode())


def test_a_certificate_issued_anew_is_the_same_but_for_its_end(environment: Emulator) -> None:
    before = shown(environment)
    now = datetime.fromisoformat(environment.control.clock()["now"])
    told = command(environment, "exchange", "certificate", SERVER, "--days", "20").split()
    after = shown(environment)
    assert told == [SERVER, after.not_valid_after_utc.isoformat()]
    assert timedelta(0) < after.not_valid_after_utc - now - timedelta(days=20) < timedelta(minutes=1)
    same: Any = [(one.subject, one.issuer, one.public_key(), list(one.extensions)) for one in (before, after)]
    assert same[0] == same[1]
    assert before.serial_number != after.serial_number
    command(environment, "exchange", "certificate", SERVER, "--days", "-5")
    over = shown(environment)
    assert over.not_valid_before_utc < over.not_valid_after_utc < now
    with pytest.raises(ControlError, match="404"):
        environment.control.issue_certificate_again("mail9.example.com", days=1)


def test_a_self_signed_certificate_is_issued_anew_too(certificates_environment: Emulator) -> None:
    certificates_environment.control.issue_certificate_again(SERVER, days=3)
    after = shown(certificates_environment)
    assert after.issuer == after.subject
    after.verify_directly_issued_by(after)


def test_the_commands_for_ports_the_clock_and_snapshots(environment: Emulator) -> None:
    command(environment, "node", "take-port", "imp-pub", "50021", "--used-by", "a backup agent")
    assert environment.control.occupied_ports("imp-pub") == {50021: "a backup agent"}
    command(environment, "node", "release-port", "imp-pub", "50021")
    assert environment.control.occupied_ports("imp-pub") == {}
    stopped = command(environment, "clock", "stop")
    assert stopped.endswith("UTC, stands still\n")
    assert command(environment, "clock", "show") == stopped
    command(environment, "snapshot", "take", "before")
    assert "before" in command(environment, "snapshot", "list").splitlines()
    moved = [command(environment, "clock", "advance", time)[:19] for time in ("90s", "30m", "2h", "1d")]
    start = datetime.fromisoformat(stopped[:19])
    passed = [datetime.fromisoformat(time) - start for time in moved]
    assert passed == [timedelta(seconds=seconds) for seconds in (90, 1890, 9090, 95490)]
    assert "such as 30m" in command(environment, "clock", "advance", "soon", status=2)
    command(environment, "snapshot", "restore", "before")
    assert command(environment, "clock", "show") == stopped
    command(environment, "snapshot", "remove", "before")
    assert "before" not in command(environment, "snapshot", "list").splitlines()
    assert command(environment, "clock", "run").endswith("UTC, runs\n")


def test_the_command_has_users_fall_back(environment: Emulator) -> None:
    environment.control.clock(frozen=True)
    (group,) = environment.control.redundancy_groups()
    environment.control.set_high_availability(group["name"], enabled=True)
    environment.control.advance(15)
    environment.control.begin_outage("imp-pub")
    environment.control.advance(65)
    environment.control.end_outage("imp-pub")
    command(environment, "redundancy", "fallback", "imp-pub")
    environment.control.advance(5)
    (group,) = environment.control.redundancy_groups()
    assert [node["state"] for node in group["nodes"]] == ["Normal", "Normal"]
    assert "has the node cucm-pub" in command(environment, "redundancy", "fallback", "cucm-pub", status=2)


@pytest.mark.parametrize(
    "words",
    [
        ("snapshot", "take", "before the change"),
        ("snapshot", "remove", "für/?#"),
        ("exchange", "certificate", "mail 1?", "--days", "3"),
        ("node", "away", "imp pub/.."),
    ],
)
def test_a_name_that_is_none_is_refused_in_a_sentence(environment: Emulator, words: tuple[str, ...]) -> None:
    variables = {"IMP_EMULATOR_READY": str(environment.ready_file)}
    done = CliRunner(env=variables).invoke(cli.app, list(words))
    assert isinstance(done.exception, ControlError), done.exception


def test_the_list_of_faults_says_what_each_does(environment: Emulator) -> None:
    environment.control.fault("status", effect={"status": 503}, protocol="axl")
    environment.control.fault("status", effect={"status": 502, "after": True}, node="imp-pub", operation="listUser")
    environment.control.fault("certificate", node="imp-sub", protocol="certmgr")
    numbers, *told = zip(
        *(line.split("\t") for line in command(environment, "faults", "list").splitlines()), strict=True
    )
    assert told == [
        ("status 503", "status 502 after", "certificate"),
        ("axl", "imp-pub/listUser", "imp-sub/certmgr"),
        ("0 of 0", "0 of 0", "0 of 0"),
    ]
    assert len(set(numbers)) == 3


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("{effect: {kind: delay}}", "faults[1].effect.delay.seconds: is missing"),
        ("{effect: {kind: drop}, skip: many}", "faults[1].skip: Input should be a valid integer"),
        ("{node: imp-sbu, effect: {kind: drop}}", "faults[1]: node: there is no 'imp-sbu'; known are "),
        (
            "{protocol: axl, operation: updateUsr, effect: {kind: drop}}",
            "faults[1]: operation: there is no 'updateUsr'; is it 'updateUser'?",
        ),
    ],
    ids=["missing", "no-number", "node", "operation"],
)
def test_a_set_of_faults_is_in_force_as_a_whole_or_not_at_all(
    environment: Emulator, tmp_path: Path, second: str, told: str
) -> None:
    kept = environment.control.fault("drop", protocol="ews")
    mine = tmp_path / "mine.yml"
    mine.write_text(f"faults: [{{effect: {{kind: drop}}, every: 1000}}, {second}]")
    variables = {"IMP_EMULATOR_READY": str(environment.ready_file)}
    done = CliRunner(env=variables).invoke(cli.app, ["faults", "begin", str(mine)])
    assert isinstance(done.exception, ControlError), done.exception
    assert str(done.exception).startswith(f"{mine}: {told}")
    assert [fault["id"] for fault in environment.control.faults()] == [kept]


def test_a_protocol_that_another_scenario_would_have_is_no_mistake(environment: Emulator, tmp_path: Path) -> None:
    """The sets are for all scenarios; but it is said."""
    mine = tmp_path / "mine.yml"
    mine.write_text("faults: [{protocol: graph, effect: {kind: drop}}]")
    told = command(environment, "faults", "begin", str(mine)).splitlines()
    served = ", ".join(environment.control.about()["protocols"])
    assert [line for line in told if line.startswith("imp-emulator: ")] == [
        f"imp-emulator: nothing here speaks graph, so its faults strike nothing; there are {served}",
    ]
    assert len(environment.control.faults()) == 1


def test_the_errors_of_a_protocol_that_is_not_there_are_not_an_empty_list(environment: Emulator) -> None:
    assert "one of axl, " in command(environment, "errors", "--protocol", "axll", status=2)
    assert command(environment, "errors", "--protocol", "axl").startswith("axl\t")
