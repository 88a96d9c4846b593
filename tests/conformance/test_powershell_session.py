# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of Exchange remote PowerShell with the public client pypsrp: language, parameters, messages, waiting."""

from __future__ import annotations

import threading
import time
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell
from pypsrp.shell import WinRS

from tests.support.certificates import Identity, issue
from tests.support.emulator import Emulator
from tests.support.exchange import (
    Session,
    certificates,
    exchange_connection,
    powershell,
    request,
    sign,
)


@pytest.fixture(name="ca", scope="module")
def ca_fixture() -> Identity:
    return issue("Test CA", ca=True)


@pytest.mark.parametrize("name", ["Get-Process", "Get-Mailbox", "Export-ExchangeCertificate", "Invoke-Expression"])
def test_no_other_cmdlet(environment: Emulator, session: Session, name: str) -> None:
    outcome = session.run(name)
    assert outcome.failed
    assert f"The term '{name}' is not recognized" in outcome.errors[0]
    assert outcome.error_ids == ["CommandNotFoundException"]
    assert environment.journal(writes=True) == []


def test_no_language(session: Session) -> None:
    for pipeline in (
        PowerShell(session.pool).add_script("Get-ExchangeCertificate"),
        PowerShell(session.pool).add_cmdlet("Get-ExchangeCertificate").add_cmdlet("Remove-ExchangeCertificate"),
        PowerShell(session.pool).add_cmdlet("Get-ExchangeCertificate").add_statement().add_cmdlet("Get-Process"),
    ):
        outcome = session.invoke(pipeline)
        assert outcome.failed
        assert "no-language mode" in outcome.errors[0]
        assert outcome.error_ids == ["ScriptsNotAllowed"]


@pytest.mark.parametrize(
    ("arguments", "error_id"),
    [
        ({"Thumb": "00", "Colour": "red"}, "NamedParameterNotFound"),
        ({"D": None}, "AmbiguousParameter"),
        ({}, "MissingMandatoryParameter"),
        ({"Thumbprint": 5, "Services": "IIS"}, "ParameterArgumentTransformationError"),
        ({"Thumbprint": "00", "Services": "IIS", "Force": "yes"}, "ParameterArgumentTransformationError"),
    ],
)
def test_parameters_that_do_not_bind(session: Session, arguments: dict[str, Any], error_id: str) -> None:
    outcome = session.run("Enable-ExchangeCertificate", **arguments)
    assert outcome.failed
    assert outcome.error_ids == [f"{error_id},Enable-ExchangeCertificate"]


def test_positional_and_shortened_parameters(session: Session) -> None:
    (first,) = certificates(session)
    shortened = session.run("get-exchangecertificate", thumb=first["Thumbprint"].lower(), DomainC="dc", Verbose=None)
    positional = session.invoke(
        PowerShell(session.pool).add_cmdlet("Get-ExchangeCertificate").add_argument(first["Thumbprint"])
    )
    assert shortened.output == positional.output == [first]


def test_a_message_in_fragments(environment: Emulator, ca: Identity) -> None:
    """The client splits what is larger than an envelope: the rest comes with Send, and the cmdlet runs at the end."""
    with powershell(environment) as session:
        signed = sign(request(session), ca)
        session.pool._fragmenter.max_size = 1200
        environment.control.clear_journal()
        outcome = session.run("Import-ExchangeCertificate", FileData=signed.encode())
    assert outcome.errors == []
    operations = [entry["operation"] for entry in environment.journal(protocol="powershell")]
    assert operations[0] == "Command"
    assert operations[operations.index("Import-ExchangeCertificate") - 1] in ("Command", "Send")


def test_two_sessions_do_not_meet(environment: Emulator, session: Session) -> None:
    with powershell(environment) as other:
        stolen = WinRS(other.pool.connection, resource_uri=session.pool.shell.resource_uri, id="NO-SUCH-SHELL")
        stolen._selector_set = None
        with pytest.raises(WSManFaultError) as fault:
            stolen.receive("stdout")
        assert fault.value.code == 2150858843
        assert len(certificates(other)) == len(certificates(session)) == 1


def test_waiting_for_output_holds_nobody_up(environment: Emulator, session: Session) -> None:
    waited: list[float] = []

    def wait() -> None:
        started = time.monotonic()
        with pytest.raises(WSManFaultError) as fault:
            session.pool.shell.receive("stdout", timeout=3)
        assert fault.value.code == 2150858793
        waited.append(time.monotonic() - started)

    thread = threading.Thread(target=wait)
    thread.start()
    with powershell(environment) as other:
        assert len(certificates(other)) == 1
        assert thread.is_alive()
    thread.join(timeout=20)
    assert waited
    assert 2.5 < waited[0] < 10


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 500),
        (b"<x/>", 500),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', 500),
        (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body/></s:Envelope>', 500),
    ],
)
def test_other_messages_get_a_fault(environment: Emulator, body: bytes, status: int) -> None:
    place = exchange_connection(environment)
    url = f"https://{place['hostname']}:{place['port']}/PowerShell/"
    account = (place["username"], place["password"])
    answer = httpx.post(url, content=body, auth=account, verify=environment.tls, trust_env=False)
    assert answer.status_code == status
    fault = ElementTree.fromstring(answer.content).find(".//{*}WSManFault")
    assert fault is not None
    assert fault.attrib["Code"].isdigit()


def test_an_injected_fault_leaves_the_session_as_it_was(environment: Emulator, session: Session) -> None:
    environment.control.fault(
        "status", effect={"status": 500}, protocol="powershell", operation="New-ExchangeCertificate", times=1
    )
    with pytest.raises(WSManFaultError):
        request(session)
    assert len(certificates(session)) == 1
    request(session)
    assert len(certificates(session)) == 2
