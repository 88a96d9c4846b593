# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of Exchange servers come and go with the virtual clock, and gateways with them (G6, C1, C5, C6)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.connections import ca_connection, connection, nodes
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection, served
from tests.support.modules import run_module
from tests.support.scenarios import shipped, write_scenario

MAIL2 = "mail2.example.com"
AUTHORITY = "ca.example.com"
DAY = 86_400
GOOD = (True, "SSL Connection/Certificate Verification - Verified", None)
Start = Callable[..., Emulator]


def scenario(folder: Path, **servers: dict[str, int]) -> str:
    """Write the default scenario with other dates of its Exchange servers' certificates; returns the file."""
    content = shipped()
    for server in content["exchange"]["servers"]:
        server.update(servers.get(server["name"].partition(".")[0], {}))
    return str(write_scenario(folder, content))


def prepare(emulator: Emulator) -> None:
    """Add both gateways, and have the nodes trust whoever issues certificates here."""
    known = emulator.ready["exchange_account"]
    account = {"account": known["username"], "account_password": known["password"]}
    gateways = [{"name": name} for name in (MAIL1, MAIL2)]
    done = run_module("presence_gateways", {**connection(emulator, "imp"), "gateways": gateways, **account})
    assert not done.failed, done.msg
    files = [emulator.ready["exchange"][MAIL1]["chain_file"]]
    files.append(emulator.ready["certification_authorities"][AUTHORITY]["root_file"])
    place = {**connection(emulator, "platform"), "nodes": nodes(emulator, 443)}
    done = run_module("trust_certificates", {**place, "certificates": [{"path": path} for path in files]})
    assert not done.failed, done.msg


def status(emulator: Emulator) -> dict[str, tuple[bool, str, str | None]]:
    """What the publisher thinks of each gateway: whether all is well, the product's text and the detail."""
    result = run_module("presence_gateways_info", connection(emulator, "imp"))
    assert not result.failed, result.msg
    return {row["name"]: (row["verified"], row["verification"], row["detail"]) for row in result["status"]}


def bad(name: str, why: str) -> tuple[bool, str, str | None]:
    return (
        False,
        "SSL Connection/Certificate Verification - Failed - Bad Certificates",
        f"The certificate of {name} was refused: {why}.",
    )


def valid_row(emulator: Emulator, name: str) -> tuple[str, str]:
    """What preflight, which runs at real time, says of the dates of a server's certificate."""
    known = emulator.ready["exchange"][name]
    given: dict[str, Any] = {
        **connection(emulator, "cucm"),
        "imp": {**connection(emulator, "imp"), "nodes": nodes(emulator, 8443)},
        "gateways": [{"name": name, "probe_hostname": known["address"], "probe_port": known["ports"]["443"]}],
    }
    checks = run_module("preflight_info", given)["checks"]
    (row,) = (one for one in checks if one["check"] == "certificate-valid" and name in one["subject"])
    return row["result"], row["found"]


def renew(emulator: Emulator, folder: Path) -> x509.Certificate:
    """Have the authority issue a new certificate for the first server, and bind it."""
    names = {"common_name": MAIL1, "alternative_names": [MAIL1, "autodiscover.example.com"]}
    options = {**exchange_connection(emulator), **names}
    request = run_module("exchange_certificate", {**options, "state": "requested"})["current"]["request"]
    asked = {**ca_connection(emulator, AUTHORITY), "csr": request, "path": str(folder / "mail1.cer")}
    number = run_module("adcs_certificate", {**asked, "wait": False})["current"]["request_id"]
    emulator.control.ca_decide(AUTHORITY, number, "issue")
    issued = run_module("adcs_certificate", asked)["current"]["certificate"]["content"]
    bound = run_module("exchange_certificate", {**options, "state": "bound", "certificate": issued})
    assert not bound.failed, bound.msg
    return served(emulator)


def real_client_accepts(emulator: Emulator) -> bool:
    """Whether a client that judges by the machine's clock takes the certificate of the first server."""
    place = emulator.ready["exchange"][MAIL1]
    root = emulator.ready["certification_authorities"][AUTHORITY]["root_file"]
    context = ssl.create_default_context(cafile=root)
    with socket.create_connection((place["address"], place["ports"]["443"]), timeout=10) as plain:
        try:
            context.wrap_socket(plain, server_hostname=MAIL1).close()
        except ssl.SSLCertVerificationError:
            return False
    return True


def test_a_certificate_that_ends_turns_its_gateway_red_and_a_renewed_one_turns_it_green(
    start_emulator: Start, tmp_path: Path
) -> None:
    emulator = start_emulator("--scenario", scenario(tmp_path, mail1={"certificate_until_days": 60}))
    prepare(emulator)
    assert status(emulator) == {MAIL1: GOOD, MAIL2: GOOD}
    emulator.control.advance(59 * DAY)
    assert status(emulator) == {MAIL1: GOOD, MAIL2: GOOD}
    emulator.control.advance(2 * DAY)
    assert status(emulator) == {MAIL1: bad(MAIL1, "certificate has expired"), MAIL2: GOOD}

    renewed = renew(emulator, tmp_path)
    assert status(emulator) == {MAIL1: GOOD, MAIL2: GOOD}
    # It is new for the emulated servers and good for whoever lives at real time.
    assert real_client_accepts(emulator)
    now = datetime.fromisoformat(emulator.control.clock()["now"])
    assert timedelta(days=364) < renewed.not_valid_after_utc - now <= timedelta(days=365)
    emulator.control.advance(366 * DAY)
    assert status(emulator) == {MAIL1: bad(MAIL1, "certificate has expired"), MAIL2: GOOD}


@pytest.mark.parametrize("days", [400, -400])
def test_what_is_issued_after_the_clock_moved_is_good_at_both_times(
    environment: Emulator, tmp_path: Path, days: int
) -> None:
    environment.control.advance(days * DAY)
    issued = renew(environment, tmp_path)
    virtual = datetime.fromisoformat(environment.control.clock()["now"])
    for now in (virtual, datetime.now(timezone.utc)):
        assert issued.not_valid_before_utc <= now < issued.not_valid_after_utc
    assert real_client_accepts(environment)


def test_a_scenario_starts_with_an_expired_certificate_and_one_that_is_not_valid_yet(
    start_emulator: Start, tmp_path: Path
) -> None:
    dates = {
        "mail1": {"certificate_from_days": -400, "certificate_until_days": -30},
        "mail2": {"certificate_from_days": 10},
    }
    emulator = start_emulator("--scenario", scenario(tmp_path, **dates))
    prepare(emulator)
    expired, early = bad(MAIL1, "certificate has expired"), bad(MAIL2, "certificate is not yet valid")
    assert status(emulator) == {MAIL1: expired, MAIL2: early}
    result, found = valid_row(emulator, MAIL1)
    assert result == "failed"
    assert found.startswith("expired on ")
    assert valid_row(emulator, MAIL2)[0] == "failed"

    emulator.control.advance(11 * DAY)
    assert status(emulator) == {MAIL1: expired, MAIL2: GOOD}
    emulator.control.advance(-11 * DAY - 100 * DAY)
    assert status(emulator) == {MAIL1: GOOD, MAIL2: early}
    emulator.control.reset()
    prepare(emulator)
    assert status(emulator) == {MAIL1: expired, MAIL2: early}
