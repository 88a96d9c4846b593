# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom an account may act for: how the one is named, filters, management scopes; and the account's password."""

from __future__ import annotations

import pytest

from imp_emulator.domain.exchange import (
    impersonation,
    mailboxes,
    management_roles,
    management_scopes,
    recipient_filters,
)
from imp_emulator.domain.exchange.impersonation import Identity
from imp_emulator.domain.imp import gateways
from imp_emulator.domain.imp.gateways import Draft
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.serving import ready_content
from imp_emulator.world.environment import Environment

ACCOUNT = "EXAMPLE\\svc-imp"
ADDRESS = "user0001@example.com"


def passes(text: str) -> bool:
    known = {"Alias": ("anna",), "DisplayName": ("Anna O'Hara",), "EmailAddresses": ("SMTP:a@x", "smtp:b@y")}
    return recipient_filters.parse(text, tuple(known))(known)


@pytest.mark.parametrize(
    "text",
    [
        "Alias -eq 'anna'",
        "alias -EQ ANNA",
        'Alias -eq "Anna"',
        "{Alias -like 'an*'}",
        "Alias -like '*NN*'",
        "Alias -ne 'ben'",
        "Alias -notlike 'b*'",
        "DisplayName -eq 'Anna O''Hara'",
        "EmailAddresses -eq 'smtp:b@y'",
        "EmailAddresses -like 'smtp:a*'",
        "Alias -eq 'ben' -or Alias -eq 'anna'",
        "Alias -eq 'anna' -or Alias -eq 'ben' -and Alias -eq 'carl'",
        "-not (Alias -eq 'ben') -and (Alias -like 'a*')",
        "-not -not Alias -eq 'anna'",
    ],
)
def test_who_passes(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Alias -eq 'ann'",
        "Alias -eq 'an*'",
        "Alias -like 'ann'",
        "Alias -like 'a?na'",
        "Alias -like '[a]nna'",
        "Alias -ne 'ANNA'",
        "EmailAddresses -ne 'smtp:b@y'",
        "Alias -eq 'anna' -and Alias -eq 'ben'",
        "(Alias -eq 'anna' -or Alias -eq 'ben') -and Alias -eq 'carl'",
        "-not Alias -eq 'anna'",
    ],
)
def test_who_does_not_pass(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a property is expected at the end"),
        ("Alias", "a comparison is expected at the end"),
        ("Alias -eq", "-eq wants a value"),
        ("Alias -gt 'a'", "'-gt' is no comparison"),
        ("MemberOfGroup -eq 'x'", "'MemberOfGroup' is no property here; known are Alias, DisplayName, EmailAddresses"),
        ("(Alias -eq 'a'", "a bracket has no end"),
        ("Alias -eq 'a", "a quotation mark has no end"),
        ("Alias -eq 'a' 'b'", "'b' is not expected"),
        ("Alias -eq 'a' -or", "a property is expected at the end"),
        ("'Alias' -eq 'a'", "a property is expected and not 'Alias'"),
        ("-not " * 40 + "Alias -eq 'a'", "nested more than 32 deep"),
        ("Alias -eq '" + "a" * 5000 + "'", "longer than 4096"),
    ],
)
def test_what_is_no_filter(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match="The recipient filter is not valid") as caught:
        passes(text)
    assert why in caught.value.message


def test_the_service_account_is_itself_by_both_its_names(emulated: Environment) -> None:
    context = emulated.context
    assert impersonation.login_names(context, ACCOUNT) == (ACCOUNT, "svc-imp@example.com")
    own = impersonation.own_mailbox(context, ACCOUNT)
    assert own is not None
    assert own.address == "svc-imp@example.com"
    assert impersonation.login_names(context, "EXAMPLE\\other") == ("EXAMPLE\\other",)
    assert impersonation.own_mailbox(context, "EXAMPLE\\other") is None


def test_whom_each_kind_of_name_means(emulated: Environment) -> None:
    context = emulated.context
    management_roles.assign(context, "ApplicationImpersonation", "svc-imp")
    user = mailboxes.find(context, ADDRESS)
    assert user is not None
    user = mailboxes.change(context, user, aliases=["anna@example.com"], principal_name="anna.abe@example.com")

    def found(identity: Identity, name: str) -> int:
        return impersonation.acted_for(context, ACCOUNT, identity, name).id

    assert found(Identity.SID, user.sid) == user.id
    assert found(Identity.PRINCIPAL_NAME, "Anna.Abe@example.com") == user.id
    assert found(Identity.PRIMARY_ADDRESS, ADDRESS.upper()) == user.id
    assert found(Identity.ADDRESS, "anna@example.com") == user.id
    for identity, name in (
        (Identity.PRIMARY_ADDRESS, "anna@example.com"),
        (Identity.PRINCIPAL_NAME, ADDRESS),
        (Identity.SID, ADDRESS),
        (Identity.ADDRESS, user.sid),
    ):
        with pytest.raises(NotFound):
            found(identity, name)


def test_the_role_reaches_the_mailboxes_of_its_scope(emulated: Environment) -> None:
    context = emulated.context
    with pytest.raises(Forbidden):
        impersonation.acted_for(context, ACCOUNT, Identity.ADDRESS, ADDRESS)
    management_scopes.add(context, "Pilot", "UserPrincipalName -like '*0002@example.com'")
    management_roles.assign(context, "ApplicationImpersonation", "svc-imp", scope="PILOT")
    other = impersonation.acted_for(context, ACCOUNT, Identity.ADDRESS, "user0002@example.com")
    assert other.address == "user0002@example.com"
    with pytest.raises(Forbidden):
        impersonation.acted_for(context, ACCOUNT, Identity.ADDRESS, ADDRESS)
    # The role of one account is none of another's.
    with pytest.raises(Forbidden):
        impersonation.acted_for(context, "EXAMPLE\\exadmin", Identity.ADDRESS, "user0002@example.com")


def test_an_account_has_a_role_once_in_each_scope(emulated: Environment) -> None:
    context = emulated.context
    management_scopes.add(context, "Pilot", "Alias -like 'user*'")
    names = [
        management_roles.assign(context, "ApplicationImpersonation", "svc-imp", scope=scope).name
        for scope in (None, "Pilot")
    ]
    assert names == ["ApplicationImpersonation-svc-imp", "ApplicationImpersonation-svc-imp-1"]
    for scope in (None, "Pilot"):
        with pytest.raises(Duplicate):
            management_roles.assign(context, "ApplicationImpersonation", "svc-imp", "another", scope=scope)
    with pytest.raises(NotFound):
        management_roles.assign(context, "ApplicationImpersonation", "exadmin", scope="Nowhere")


def test_what_a_scope_may_be_called(emulated: Environment) -> None:
    context = emulated.context
    management_scopes.add(context, "Pilot", "Alias -like 'user*'")
    with pytest.raises(Duplicate):
        management_scopes.add(context, "pilot", "Alias -like 'x'")
    for name in (" ", "x" * 65):
        with pytest.raises(InvalidValue):
            management_scopes.add(context, name, "Alias -like 'x'")
    with pytest.raises(InvalidValue):
        management_scopes.change(context, "Pilot", "nonsense")
    assert management_scopes.scope(context, "PILOT").restriction == "Alias -like 'user*'"


@pytest.mark.parametrize(("account", "told"), [("example\\SVC-imp", "the new one"), ("EXAMPLE\\other", "the old one")])
def test_the_ready_file_tells_the_password_that_a_cluster_has_to_be_given(
    emulated: Environment, account: str, told: str
) -> None:
    draft = Draft("mail1.example.com", account=account, password="the old one")
    with emulated.database.transaction():
        gateways.add(emulated.context, "dc1", draft)
        impersonation.change_password(emulated.context, "the new one")
    found = ready_content.of_gateways(emulated.database, "dc1")["gateways_account"]
    assert found == {"username": account, "password": told}
