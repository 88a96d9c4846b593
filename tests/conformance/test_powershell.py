# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange remote PowerShell with the public client pypsrp: cmdlets, errors, and who may come in (C3, C6, G2)."""

from __future__ import annotations

import json
import sqlite3
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.powershell import PowerShell, RunspacePool

from tests.support.certificates import Identity, issue
from tests.support.emulator import Emulator
from tests.support.exchange import (
    CONFIGURATION,
    MAIL1,
    SUBJECT,
    Session,
    certificates,
    powershell,
    request,
    served,
    sign,
    thumbprint,
    wsman,
)

AUTHS = ["basic", "ntlm", "negotiate"]


@pytest.fixture(name="ca", scope="module")
def ca_fixture() -> Identity:
    return issue("Test CA", ca=True)


def installed(session: Session, ca: Identity) -> str:
    outcome = session.run("Import-ExchangeCertificate", FileData=sign(request(session), ca).encode())
    assert outcome.errors == []
    return str(outcome.output[0]["Thumbprint"])


@pytest.mark.parametrize("auth", AUTHS)
def test_each_way_to_authenticate(environment: Emulator, auth: str) -> None:
    with powershell(environment, auth=auth) as session:
        (first,) = certificates(session)
    assert first["Services"] == "IIS, SMTP"
    callers = {
        entry["caller"] for entry in environment.journal(protocol="powershell", operation="Get-ExchangeCertificate")
    }
    assert callers == {environment.ready["exchange_admin"]["username"]}


def shown(session: Session, cmdlet: str, **parameters: Any) -> list[str]:
    """What a client prints of the objects that a cmdlet gives, and of its errors, with their exceptions."""
    pipeline = PowerShell(session.pool).add_cmdlet(cmdlet).add_parameters(parameters)
    found = [str(one) for one in pipeline.invoke()]
    errors = [text for one in pipeline.streams.error for text in (str(one), str(one.exception))]
    pipeline.close()
    return found + errors


def test_objects_carry_their_text(session: Session, environment: Emulator) -> None:
    (first,) = certificates(session)
    (text,) = shown(session, "Get-ExchangeCertificate")
    parts = dict(part.split("]\n  ", 1) for part in text.rstrip().removeprefix("[").split("\n\n["))
    assert parts == {
        "Subject": first["Subject"],
        "Issuer": first["Issuer"],
        "Serial Number": first["SerialNumber"],
        "Not Before": f"{datetime.fromisoformat(first['NotBefore']):%m/%d/%Y %I:%M:%S %p}",
        "Not After": f"{datetime.fromisoformat(first['NotAfter']):%m/%d/%Y %I:%M:%S %p}",
        "Thumbprint": first["Thumbprint"],
    }
    account = environment.ready["exchange_account"]["username"]
    scope = {"Name": "Staff", "RecipientRestrictionFilter": "Alias -like 'user*'"}
    assert shown(session, "New-ManagementScope", **scope) == ["Staff"]
    role = {"Name": "Calendars", "Role": "ApplicationImpersonation", "User": account}
    assert shown(session, "New-ManagementRoleAssignment", **role) == ["Calendars"]


def test_errors_carry_their_text(session: Session) -> None:
    refused, cause = shown(session, "Remove-ExchangeCertificate", Thumbprint="0" * 40, Confirm=False)
    assert cause.endswith(f"Exception: {refused}")


@pytest.mark.parametrize("auth", AUTHS)
def test_a_wrong_password(environment: Emulator, auth: str) -> None:
    connection = wsman(environment, auth=auth, password="not-the-password")
    with pytest.raises(AuthenticationError):
        RunspacePool(connection, configuration_name=CONFIGURATION).open()
    connection.close()
    assert environment.journal(writes=True) == []


@pytest.mark.parametrize("auth", AUTHS)
def test_an_account_without_the_right(environment: Emulator, auth: str) -> None:
    connection = wsman(environment, auth=auth, account="exchange_account")
    with pytest.raises(WinRMTransportError) as refused:
        RunspacePool(connection, configuration_name=CONFIGURATION).open()
    connection.close()
    assert refused.value.code == 403


def test_a_request_is_a_real_one_and_its_key_stays(environment: Emulator, session: Session) -> None:
    text = request(session, FriendlyName="Mail", PrivateKeyExportable=True)
    assert text.startswith("-----BEGIN NEW CERTIFICATE REQUEST-----")
    parsed = x509.load_pem_x509_csr(text.encode())
    assert parsed.is_signature_valid
    assert parsed.subject.rfc4514_string() == f"CN={MAIL1},OU=IT,O=Example\\, Inc.,L=Minato,ST=Tokyo,C=JP"
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [MAIL1, "mail.example.com"]
    key = parsed.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048

    pending = certificates(session)[0]
    assert (pending["Status"], pending["Services"], pending["FriendlyName"]) == ("PendingRequest", "None", "Mail")
    assert (pending["HasPrivateKey"], pending["PrivateKeyExportable"], pending["PublicKeySize"]) == (True, True, 2048)
    assert pending["Subject"] == f'CN={MAIL1}, OU=IT, O="Example, Inc.", L=Minato, S=Tokyo, C=JP'
    assert pending["CertificateRequest"] == text
    assert pending["CertificateDomains"] == [MAIL1, "mail.example.com"]
    journal = json.dumps(environment.journal())
    assert "PRIVATE KEY" not in str(certificates(session)) + journal
    assert [entry["operation"] for entry in environment.journal(writes=True)] == ["New-ExchangeCertificate"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"DomainName": ["mail.example.com"]}, "must contain the subject's common name"),
        ({"KeySize": 1024}, "below the minimum of 2048"),
        ({"KeySize": 2000}, "not supported"),
        ({"SubjectName": "O=Example"}, "exactly one common name"),
        ({"SubjectName": "nonsense"}, "not a valid distinguished name"),
        ({"DomainName": [MAIL1, "a b"]}, "not a valid domain name"),
        ({"GenerateRequest": False}, "Only certificate requests"),
        ({"Server": "mail2.example.com"}, "isn't this one"),
    ],
)
def test_what_the_environment_refuses_does_not_end_the_pipeline(
    environment: Emulator, session: Session, wrong: dict[str, Any], said: str
) -> None:
    wanted = {"GenerateRequest": True, "SubjectName": SUBJECT, "DomainName": [MAIL1], **wrong}
    outcome = session.run("New-ExchangeCertificate", **wanted)
    assert not outcome.failed
    assert said in outcome.errors[0]
    assert outcome.error_ids[0].startswith("[Server=MAIL1,RequestId=")
    assert "[FailureCategory=Cmdlet-" in outcome.error_ids[0]
    assert len(certificates(session)) == 1


def test_a_weak_key_where_the_server_allows_it(start_emulator: Callable[..., Emulator], tmp_path: Any) -> None:
    scenario = tmp_path / "old.yml"
    scenario.write_text(
        "format: 1\nclusters: [{name: dc1, version: 14.0.1.13900-155, domain: dc1.example.com, nodes: "
        "[{name: cucm-pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}]}]\n"
        f"exchange: {{servers: [{{name: {MAIL1}, ipv4: 192.0.2.21, minimum_key_size: 1024}}]}}\n"
    )
    with powershell(start_emulator("--scenario", str(scenario))) as session:
        key = x509.load_pem_x509_csr(request(session, KeySize=1024).encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 1024


def test_the_next_handshake_shows_the_certificate_that_is_enabled(
    environment: Emulator, session: Session, ca: Identity
) -> None:
    before, other, management = (
        served(environment),
        served(environment, "mail2.example.com"),
        served(environment, port=5986),
    )
    name = installed(session, ca)
    assert served(environment) == before
    # Nobody has told the server to trust that authority; binding does not ask for it.
    assert certificates(session)[0]["Status"] == "Untrusted"

    assert session.run("Enable-ExchangeCertificate", Thumbprint=name, Services="IIS").errors == []
    after = served(environment)
    assert thumbprint(after) == name
    assert after.issuer == ca.certificate.subject
    assert {row["Thumbprint"]: row["Services"] for row in certificates(session)} == {
        name: "IIS",
        thumbprint(before): "SMTP",
    }
    # No other listener has changed, and the session goes on.
    assert served(environment, "mail2.example.com") == other
    assert served(environment, port=5986) == management

    assert session.run("Enable-ExchangeCertificate", Thumbprint=thumbprint(before), Services="IIS").errors == []
    assert served(environment) == before
    environment.control.reset()
    assert len(certificates(session)) == 1


def test_intermediates_that_come_along_are_sent(environment: Emulator, session: Session) -> None:
    root = issue("Test root", ca=True)
    issuing = issue("Test issuing", by=root, ca=True)
    bundle = sign(request(session), issuing) + root.pem + issuing.pem
    name = session.run("Import-ExchangeCertificate", FileData=bundle.encode()).output[0]["Thumbprint"]
    assert session.run("Enable-ExchangeCertificate", Thumbprint=name, Services=["IIS", "SMTP"]).errors == []
    place = environment.ready["exchange"][MAIL1]
    # With the root alone the client can verify: the server has sent the intermediate.
    context = httpx.create_ssl_context(verify=False)
    context.load_verify_locations(cadata=root.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    url = f"https://{place['address']}:{place['ports']['443']}/"
    assert httpx.get(url, verify=context, trust_env=False).status_code == 404


def test_a_restart_and_a_snapshot_keep_what_is_enabled(start_emulator: Callable[..., Emulator], ca: Identity) -> None:
    first = start_emulator()
    first.control.snapshot("before")
    with powershell(first) as session:
        name = installed(session, ca)
        session.run("Enable-ExchangeCertificate", Thumbprint=name, Services="IIS")
    first.kill()
    second = start_emulator()
    assert thumbprint(served(second)) == name
    second.control.restore("before")
    assert thumbprint(served(second)) != name
    second.control.reset()
    assert thumbprint(served(second)) != name


def test_import_needs_a_pending_request_of_its_key(environment: Emulator, session: Session, ca: Identity) -> None:
    stranger = issue(MAIL1, by=ca)
    outcome = session.run("Import-ExchangeCertificate", FileData=stranger.pem.encode())
    assert "No pending request" in outcome.errors[0]
    assert not outcome.failed
    broken = session.run("Import-ExchangeCertificate", FileData=b"-----BEGIN CERTIFICATE-----")
    assert "holds no certificate" in broken.errors[0]

    signed = sign(request(session), ca).encode()
    der = x509.load_pem_x509_certificate(signed).public_bytes(Encoding.DER)
    assert session.run("Import-ExchangeCertificate", FileData=der).errors == []
    again = session.run("Import-ExchangeCertificate", FileData=signed)
    assert "already exists" in again.errors[0]


def test_a_pending_request_cannot_be_enabled(session: Session) -> None:
    request(session)
    name = certificates(session)[0]["Thumbprint"]
    outcome = session.run("Enable-ExchangeCertificate", Thumbprint=name, Services="IIS")
    assert "pending request and cannot be enabled" in outcome.errors[0]
    unknown = session.run("Enable-ExchangeCertificate", Thumbprint=name, Services="Telnet")
    assert "Cannot convert value Telnet" in unknown.errors[0]


def test_remove(environment: Emulator, session: Session) -> None:
    request(session)
    pending, first = (row["Thumbprint"] for row in certificates(session))
    asked = session.run("Remove-ExchangeCertificate", Thumbprint=pending)
    assert asked.failed
    assert "-Confirm:$false" in asked.errors[0]
    assert session.run("Remove-ExchangeCertificate", Thumbprint=pending, Confirm=False).errors == []
    in_use = session.run("Remove-ExchangeCertificate", Thumbprint=first, Confirm=False)
    assert "used by IIS" in in_use.errors[0]
    gone = session.run("Get-ExchangeCertificate", Thumbprint=pending)
    assert "was not found" in gone.errors[0]
    assert "ManagementObjectNotFoundException" in gone.error_ids[0]
    with sqlite3.connect(f"file:{environment.state}?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM exchange_certificate WHERE server = ?", (MAIL1,)).fetchone() == (
            1,
        )


def test_what_if_changes_nothing(session: Session) -> None:
    outcome = session.run("New-ExchangeCertificate", GenerateRequest=True, SubjectName=SUBJECT, WhatIf=True)
    assert (outcome.output, outcome.errors) == ([], [])
    assert len(certificates(session)) == 1


def test_role_assignments(environment: Emulator, session: Session) -> None:
    account = environment.ready["exchange_account"]["username"]
    role = {"Role": "ApplicationImpersonation"}
    assert session.run("Get-ManagementRoleAssignment", **role).output == []
    made = session.run("New-ManagementRoleAssignment", **role, User=account).output[0]
    assert (made["Role"], made["RoleAssignee"]) == ("ApplicationImpersonation", account)
    assert session.run("Get-ManagementRoleAssignment", **role, RoleAssignee="svc-imp").output == [made]
    assert session.run("Get-ManagementRoleAssignment", Identity=made["Name"].upper()).output == [made]
    twice = session.run("New-ManagementRoleAssignment", **role, User=account)
    assert "AlreadyExists" in twice.error_ids[0]
    nobody = session.run("New-ManagementRoleAssignment", **role, User="nobody")
    assert "object 'nobody' couldn't be found" in nobody.errors[0]
    other = session.run("New-ManagementRoleAssignment", Role="Mail Recipients", User=account)
    assert "couldn't be found" in other.errors[0]
    assert session.run("Remove-ManagementRoleAssignment", Identity=made["Name"], Confirm=False).errors == []
    assert session.run("Get-ManagementRoleAssignment").output == []
    missing = session.run("Remove-ManagementRoleAssignment", Identity=made["Name"], Confirm=False)
    assert "couldn't be found" in missing.errors[0]
