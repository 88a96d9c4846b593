# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``certificates.yml`` is killed after each of its steps in turn; the next run goes on, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support import certificate_steps
from tests.support.certificate_site import MAIL1, ONE, WITH_NODES
from tests.support.emulator import Emulator
from tests.support.kill import kill_when
from tests.support.playbooks import play

CERTIFICATES = "ucops.imp.certificates"
STEPS = {
    "upload": "POST /trust/certificates",
    "request": "New-ExchangeCertificate",
    "submit": "POST /certfnsh.asp",
    "issue": "issueRequest",
    "install": "Import-ExchangeCertificate",
    "bind": "Enable-ExchangeCertificate",
    "restart": "soapDoControlServices",
}
"""The steps in the order in which the playbook takes them, and how the journal names their first write."""
OF_THE_SERVER = {"request", "submit", "issue", "install"}
"""The steps whose next one is the server's, too: what the nodes trust by then is not looked at once more."""
HELD = 3600
"""Seconds for which the step after the awaited one is held up, so that the kill always comes between the two."""


REPLACED = {"give up": "Remove-ExchangeCertificate", "make": "New-ExchangeCertificate", "submit": "POST /certfnsh.asp"}
"""The steps with which a request that was denied is replaced, in their order."""


def done(environment: Emulator, operation: str, after: int = 0) -> bool:
    return bool(environment.journal(writes=True, operation=operation, after=after))


def requests(environment: Emulator) -> list[str]:
    answer = environment.control.request("GET", "/certification-authorities/ca.example.com/requests")
    return [request["state"] for request in answer.json()["requests"]]


def unverified(environment: Emulator) -> list[str]:
    with environment.client("imp-pub") as client:
        items = client.get("/imp-admin/v1/presence-gateways/status").json()["items"]
    return [item["name"] for item in items if not item["verification"].endswith("Verified")]


def test_killed_after_every_step(start_emulator: Callable[..., Emulator], tmp_path: Path) -> None:
    environment = start_emulator("--scenario", "certificates")
    certificate_steps.add_gateways(environment, MAIL1)
    assert unverified(environment) == [MAIL1]

    for (step, operation), following in zip(STEPS.items(), [*list(STEPS.values())[1:], None], strict=True):
        last = environment.control.last_journal_id()
        if following is not None:
            environment.control.fault("delay", effect={"seconds": HELD}, operation=following)
        hosts = ONE if step in OF_THE_SERVER else WITH_NODES
        kill_when(environment, tmp_path, CERTIFICATES, partial(done, environment, operation, last), *hosts)
        environment.control.clear_faults()
        assert done(environment, operation), step

    finished = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES)
    assert finished.status == 0, finished.output
    assert requests(environment) == ["issued"], "one certificate and no more"
    assert unverified(environment) == []

    last = environment.control.last_journal_id()
    again = play(environment.ready_file, tmp_path, CERTIFICATES, *WITH_NODES)
    assert again.status == 0, again.output
    assert environment.journal(writes=True, after=last) == []


@pytest.mark.parametrize("step", ["give up", "make"])
def test_killed_while_a_denied_request_is_replaced(
    start_emulator: Callable[..., Emulator], tmp_path: Path, step: str
) -> None:
    environment = start_emulator("--scenario", "certificates")
    wish = (*ONE, "-e", "{exchange_certificate_new_request: true}")
    certificate_steps.leave_submitted(environment, environment.ready_file.parent / "certificates" / MAIL1)
    environment.control.ca_decide("ca.example.com", 1, "deny")

    last = environment.control.last_journal_id()
    following = dict(zip(REPLACED, [*list(REPLACED.values())[1:], ""], strict=True))[step]
    environment.control.fault("delay", effect={"seconds": HELD}, operation=following)
    kill_when(environment, tmp_path, CERTIFICATES, partial(done, environment, REPLACED[step], last), *wish)
    environment.control.clear_faults()

    finished = play(environment.ready_file, tmp_path, CERTIFICATES, *wish)
    assert finished.status == 0, finished.output
    assert requests(environment) == ["denied", "issued"]
    made = environment.journal(protocol="powershell", writes=True, operation="New-ExchangeCertificate", after=last)
    assert len(made) == 1
