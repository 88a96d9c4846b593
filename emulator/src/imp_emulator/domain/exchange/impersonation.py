# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the Exchange organisation, and for whom they may act: themselves, and whom their roles reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from imp_emulator.domain.events import AccountPasswordChanged
from imp_emulator.domain.exchange import mailboxes, management_roles, online
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import Forbidden, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import accounts
from imp_emulator.world.context import Context


class Identity(Enum):
    """How the one to act for is named."""

    PRINCIPAL_NAME = "principal name"
    SID = "SID"
    PRIMARY_ADDRESS = "primary SMTP address"
    ADDRESS = "SMTP address"


def login_names(context: Context, account: str) -> tuple[str, ...]:
    r"""Return by which names an account logs in: the stored one, and its principal name (``svc-imp@example.com``)."""
    if account == context.scenario.exchange_account.username:
        return (account, context.scenario.service_address)
    return (account,)


def change_password(context: Context, password: str | None) -> None:
    """Give the account of the gateways another password; whoever has signed in with the old one has to do so again.

    Args:
        password: ``None`` for one that nobody knows yet.
    """
    wanted = context.scenario.exchange_account
    account = accounts.account(context.database, accounts.EXCHANGE, wanted.kind, wanted.username)
    if account is None:
        raise LookupError(f"there is no account {wanted.username}")
    accounts.set_password(context.database, accounts.EXCHANGE, account, password or accounts.new_password())
    context.events.publish(AccountPasswordChanged())


def own_mailbox(context: Context, account: str) -> Mailbox | None:
    """Return the mailbox of an account itself, or ``None`` when it has none."""
    if account == context.scenario.exchange_account.username:
        return mailboxes.of_service_account(context)
    return None


def acted_for(context: Context, account: str, identity: Identity, name: str) -> Mailbox:
    """Return the mailbox that an account acts for by impersonation.

    Args:
        context: The environment.
        account: Who asks, by its stored name.
        identity: What ``name`` is.
        name: Whom it names.

    Raises:
        NotFound: Nobody with a mailbox is called so.
        Forbidden: The account does not have the role ApplicationImpersonation for this mailbox.
    """
    mailbox = _LOOKUPS[identity](context, name)
    if mailbox is None:
        raise NotFound("mailbox-not-found", f"There is no mailbox {name!r}.")
    # An application of the tenant got through the door with full_access_as_app, which reaches every mailbox.
    if not online.is_application(context, account) and not management_roles.reaches(context, account, mailbox):
        raise Forbidden("impersonation-denied", f"{account} may not act for {mailbox.address}.")
    return mailbox


def _by_primary_address(context: Context, name: str) -> Mailbox | None:
    mailbox = mailboxes.find(context, name)
    return mailbox if mailbox is not None and ascii_lower(mailbox.address) == ascii_lower(name) else None


_LOOKUPS: Mapping[Identity, Callable[[Context, str], Mailbox | None]] = {
    Identity.PRINCIPAL_NAME: mailboxes.by_principal_name,
    Identity.SID: mailboxes.by_sid,
    Identity.PRIMARY_ADDRESS: _by_primary_address,
    Identity.ADDRESS: mailboxes.find,
}
