# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``exchange_certificate`` tells whether Exchange itself trusts the certificate (requirement C6a)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Identity, issue
from tests.support.connections import ca_connection
from tests.support.emulator import Emulator
from tests.support.exchange import MAIL1, exchange_connection, sign
from tests.support.modules import ModuleResult, assert_contract, run_module
from tests.support.scenarios import shipped, write_scenario

ALIAS = "autodiscover.example.com"
CA = issue("Test CA", ca=True)


def run(emulator: Emulator, state: str, *, check: bool = False, **more: Any) -> ModuleResult:
    # The names are others than those of the certificate that the server starts with.
    names = {"common_name": MAIL1, "alternative_names": [MAIL1, ALIAS]}
    options = {**exchange_connection(emulator), **names, "state": state, "retries": 1, **more}
    return run_module("exchange_certificate", options, check=check)


def signed(emulator: Emulator, by: Identity = CA) -> str:
    return sign(run(emulator, "requested")["current"]["request"], by)


def trust(result: ModuleResult) -> tuple[str, str, bool]:
    shown = result["current"]["certificate"]
    return shown["status"], shown["root_ca_type"], shown["trusted"]


@pytest.mark.parametrize("state", ["installed", "bound"])
def test_a_certificate_that_exchange_does_not_trust(environment: Emulator, state: str) -> None:
    certificate = signed(environment)
    result = run(environment, state, certificate=certificate)
    assert_contract(result, changed=True)
    assert result["current"]["state"] == state
    assert trust(result) == ("Untrusted", "None", False)
    (warning,) = result.warnings
    assert "its status is Untrusted" in warning
    assert "Install the root of the authority that issued it into the trusted root store" in warning
    # It is told again as long as it holds, in check mode as well; a task that only requests leaves it to the next one.
    assert [len(run(environment, state, check=check).warnings) for check in (False, True)] == [1, 1]
    assert run(environment, "requested").warnings == []

    environment.control.add_exchange_roots(MAIL1, CA.pem)
    again = run(environment, state)
    assert_contract(again, changed=False)
    assert trust(again) == ("Valid", "Registry", True)
    assert again.warnings == []


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("enterprise", "Enterprise"),
        ("group_policy", "GroupPolicy"),
        ("registry", "Registry"),
        ("third_party", "ThirdParty"),
    ],
)
def test_how_the_root_got_there(environment: Emulator, kind: str, shown: str) -> None:
    environment.control.add_exchange_roots(MAIL1, CA.pem, kind)
    result = run(environment, "bound", certificate=signed(environment))
    assert (trust(result), result.warnings) == (("Valid", shown, True), [])
    assert result["current"]["in_use"] == result["current"]["certificate"]


def test_the_certificate_that_the_server_starts_with(environment: Emulator) -> None:
    in_use = run(environment, "requested", check=True)["current"]["in_use"]
    assert (in_use["status"], in_use["root_ca_type"], in_use["trusted"]) == ("Valid", "Enterprise", True)


def issued_by_the_ca(environment: Emulator, folder: Path) -> str:
    """A certificate of the standalone authority, which says where its revocation list is."""
    asked = {
        **ca_connection(environment),
        "csr": run(environment, "requested")["current"]["request"],
        "path": str(folder / "mail1.cer"),
    }
    number = run_module("adcs_certificate", {**asked, "wait": False})["current"]["request_id"]
    environment.control.ca_decide("ca.example.com", number, "issue")
    return str(run_module("adcs_certificate", asked)["current"]["certificate"]["content"])


def test_a_server_that_cannot_look_for_revocation(environment: Emulator, tmp_path: Path) -> None:
    root = Path(environment.ready["certification_authorities"]["ca.example.com"]["root_file"]).read_text()
    environment.control.add_exchange_roots(MAIL1, root)
    environment.control.exchange_revocation(MAIL1, reachable=False)
    result = run(environment, "bound", certificate=issued_by_the_ca(environment, tmp_path))
    assert trust(result) == ("RevocationCheckFailure", "Registry", False)
    (warning,) = result.warnings
    assert "cannot reach the revocation list" in warning
    environment.control.exchange_revocation(MAIL1, reachable=True)
    assert (trust(run(environment, "bound")), run(environment, "bound").warnings) == (("Valid", "Registry", True), [])


def test_one_that_exchange_calls_invalid_is_not_requested_anew(environment: Emulator) -> None:
    """Another one would be as invalid; what is wrong is told."""
    top = issue("Test CA", ca=True)
    middle = issue("no-ca.example.com", by=top)
    environment.control.add_exchange_roots(MAIL1, top.pem)
    result = run(environment, "bound", certificate=signed(environment, middle) + middle.pem)
    assert_contract(result, changed=True)
    assert trust(result) == ("Invalid", "Registry", False)
    assert "its status is Invalid" in result.warnings[0]
    assert_contract(run(environment, "requested"), changed=False)


def test_roots_of_a_scenario(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    content = shipped("certificates")
    content["exchange"]["servers"][0] |= {
        "roots": [
            {"authority": "ca.example.com", "type": "group_policy"},
            {"certificate": CA.pem, "type": "third_party"},
        ],
        "crl_reachable": False,
    }
    environment = start_emulator("--scenario", str(write_scenario(tmp_path, content)))

    kinds = {one["subject"]: one["type"] for one in environment.control.exchange_roots(MAIL1)}
    assert kinds == {
        "CN=Example Domain CA": "enterprise",
        "CN=Example Root CA": "group_policy",
        "CN=Test CA": "third_party",
        f"CN={MAIL1},O=Example": "registry",
    }
    result = run(environment, "bound", certificate=issued_by_the_ca(environment, tmp_path))
    assert trust(result) == ("RevocationCheckFailure", "GroupPolicy", False)
