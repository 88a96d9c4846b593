# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For whom a request acts: the account itself, or by impersonation whom its role reaches."""

from __future__ import annotations

import pytest

from tests.support.emulator import Emulator
from tests.support.ews import Ews, grant_impersonation, impersonation
from tests.support.exchange import powershell

VERSION = '<t:RequestServerVersion Version="Exchange2013_SP1"/>'
USER = "user0001@example.com"
OTHER = "user0002@example.com"


def folder(identifier: str = '<t:DistinguishedFolderId Id="calendar"/>') -> str:
    return (
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
        f"<m:FolderIds>{identifier}</m:FolderIds></m:GetFolder>"
    )


def named(address: str) -> str:
    mailbox = f"<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"
    return f'<t:DistinguishedFolderId Id="calendar">{mailbox}</t:DistinguishedFolderId>'


def folder_id(ews: Ews) -> str:
    found = ews.ask(folder()).find(".//t:FolderId")
    assert found is not None
    return found.get("Id", "")


def test_without_the_role_nobody_is_acted_for(environment: Emulator) -> None:
    with Ews(environment, USER) as ews:
        answer = ews.ask(folder())
        assert (answer.status, answer.codes) == (500, ["ErrorImpersonateUserDenied"])
        text = "The account does not have permission to impersonate the requested user."
        assert answer.body.findtext("faultstring") == text


def test_the_role_is_given_and_taken_by_an_administrator(environment: Emulator) -> None:
    grant_impersonation(environment)
    with Ews(environment, USER) as ews, Ews(environment) as own:
        assert ews.ask(folder()).codes == ["NoError"]
        assert folder_id(ews) != folder_id(own)
        with powershell(environment) as shell:
            known = shell.run("Get-ManagementRoleAssignment", Role="ApplicationImpersonation").output[0]["Name"]
            outcome = shell.run("Remove-ManagementRoleAssignment", Identity=known, Confirm=False)
            assert not outcome.failed, outcome.errors
        assert ews.ask(folder()).codes == ["ErrorImpersonateUserDenied"]


@pytest.mark.parametrize("kind", ["PrincipalName", "PrimarySmtpAddress", "SmtpAddress"])
def test_whom_to_act_for_is_named_in_several_ways(environment: Emulator, kind: str) -> None:
    grant_impersonation(environment)
    with Ews(environment) as ews:
        answers = [
            ews.ask(folder(), VERSION + impersonation(name, kind)) for name in (USER, USER.upper(), f"  {USER}\n")
        ]
        assert [answer.codes for answer in answers] == [["NoError"]] * 3
        assert len({answer.response.content for answer in answers}) == 1
        assert ews.ask(folder(), impersonation(USER, kind) + VERSION).codes == ["NoError"]


@pytest.mark.parametrize("kind", ["PrincipalName", "SID", "PrimarySmtpAddress", "SmtpAddress"])
def test_nobody_of_that_name(environment: Emulator, kind: str) -> None:
    grant_impersonation(environment)
    name = "S-1-5-21-1-2-3-4" if kind == "SID" else "nobody@example.com"
    with Ews(environment) as ews:
        answer = ews.ask(folder(), VERSION + impersonation(name, kind))
        assert (answer.status, answer.codes) == (500, ["ErrorNonExistentMailbox"])


@pytest.mark.parametrize(
    "header",
    [
        "<t:ExchangeImpersonation/>",
        "<t:ExchangeImpersonation><t:ConnectingSID/></t:ExchangeImpersonation>",
        impersonation("", "SID"),
        impersonation("  ", "PrimarySmtpAddress"),
        impersonation(USER, "Sid"),
        impersonation(f"{USER}</t:SmtpAddress><t:SmtpAddress>{OTHER}", "SmtpAddress"),
    ],
)
def test_a_header_that_names_nobody(environment: Emulator, header: str) -> None:
    grant_impersonation(environment)
    with Ews(environment) as ews:
        answer = ews.ask(folder(), VERSION + header)
        assert (answer.status, answer.codes) == (500, ["ErrorInvalidExchangeImpersonationHeaderData"])


def test_another_mailbox_than_the_one_acted_for_is_closed(environment: Emulator) -> None:
    grant_impersonation(environment)
    with Ews(environment, USER) as ews, Ews(environment, OTHER) as other, Ews(environment) as own:
        assert own.ask(folder(named(USER))).codes == ["ErrorAccessDenied"]
        assert ews.ask(folder(named(USER) + named(OTHER))).codes == ["NoError", "ErrorAccessDenied"]
        assert ews.ask(folder(named("nobody@example.com"))).codes == ["ErrorNonExistentMailbox"]
        foreign = folder_id(other)
        assert ews.ask(folder(f'<t:FolderId Id="{foreign}"/>')).codes == ["ErrorAccessDenied"]
        assert own.ask(folder(f'<t:FolderId Id="{foreign}"/>')).codes == ["ErrorAccessDenied"]
        assert other.ask(folder(f'<t:FolderId Id="{foreign}"/>')).codes == ["NoError"]


def test_a_scope_limits_whom_the_role_reaches(environment: Emulator) -> None:
    account = environment.ready["exchange_account"]["username"]
    with powershell(environment) as shell:

        def run(cmdlet: str, **parameters: object) -> list[dict[str, object]]:
            outcome = shell.run(cmdlet, **parameters)
            assert not outcome.failed, outcome.errors
            return outcome.output

        run(
            "New-ManagementScope",
            Name="Pilot",
            RecipientRestrictionFilter="PrimarySmtpAddress -eq 'user0001@example.com'",
        )
        role = {"Role": "ApplicationImpersonation", "User": account}
        run("New-ManagementRoleAssignment", **role, CustomRecipientWriteScope="pilot")
        known = run("Get-ManagementRoleAssignment", Role="ApplicationImpersonation")[0]
        assert known["RecipientWriteScope"] == "CustomRecipientScope"
        assert known["CustomRecipientWriteScope"] == "Pilot"
        with Ews(environment, USER) as ews, Ews(environment, OTHER) as other:
            assert ews.ask(folder()).codes == ["NoError"]
            assert other.ask(folder()).codes == ["ErrorImpersonateUserDenied"]
            run("Set-ManagementScope", Identity="Pilot", RecipientRestrictionFilter="Alias -like 'user*2'")
            assert run("Get-ManagementScope")[0]["RecipientFilter"] == "Alias -like 'user*2'"
            assert ews.ask(folder()).codes == ["ErrorImpersonateUserDenied"]
            assert other.ask(folder()).codes == ["NoError"]
            assert environment.control.request("GET", "/impersonation").json() == {"allowed": False}
            environment.control.impersonation(allowed=True)
            assert ews.ask(folder()).codes == ["NoError"]
            environment.control.impersonation(allowed=False)
            assert other.ask(folder()).codes == ["ErrorImpersonateUserDenied"]
            run("New-ManagementRoleAssignment", **role, CustomRecipientWriteScope="Pilot")
            # A second assignment without a scope reaches everybody.
            run("New-ManagementRoleAssignment", **role)
            assert ews.ask(folder()).codes == ["NoError"]
        in_use = shell.run("Remove-ManagementScope", Identity="Pilot", Confirm=False)
        assert "is in use" in in_use.errors[0]
        run("Remove-ManagementRoleAssignment", Identity=known["Name"], Confirm=False)
        run("Remove-ManagementScope", Identity="Pilot", Confirm=False)
        assert run("Get-ManagementScope") == []
        missing = shell.run("New-ManagementRoleAssignment", **role, Name="x", CustomRecipientWriteScope="Pilot")
        assert "couldn't be found" in missing.errors[0]


def test_every_server_is_a_front_end_to_every_mailbox(environment: Emulator) -> None:
    grant_impersonation(environment)
    found = []
    for server in ("mail1.example.com", "mail2.example.com"):
        with Ews(environment, USER, server=server) as ews:
            found.append(folder_id(ews))
    assert found[0] == found[1]
