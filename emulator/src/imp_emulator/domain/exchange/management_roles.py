# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments of the Exchange organisation: who may act for the mailboxes of others."""

from __future__ import annotations

from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import Duplicate, InvalidValue, NotFound
from imp_emulator.store import accounts
from imp_emulator.store.exchange import role_assignments as store
from imp_emulator.store.exchange.role_assignments import IMPERSONATION, RoleAssignment, short
from imp_emulator.world.context import Context

__all__ = ["IMPERSONATION", "RoleAssignment"]


def assignments(context: Context, role: str | None = None, assignee: str | None = None) -> list[RoleAssignment]:
    """Return the assignments, all or those of a role or an account.

    Raises:
        NotFound: There is no such account.
    """
    who = None if assignee is None else _account(context, assignee)
    return [
        known
        for known in store.assignments(context.database)
        if role in (None, known.role) and who in (None, known.assignee)
    ]


def assignment(context: Context, name: str) -> RoleAssignment:
    """Return one assignment by its name.

    Raises:
        NotFound: There is none.
    """
    for known in store.assignments(context.database):
        if known.name.lower() == name.lower():
            return known
    raise _missing(name)


def assign(context: Context, role: str, user: str, name: str | None = None) -> RoleAssignment:
    """Give an account a role; without a name the assignment gets one made of both, as Exchange does.

    Raises:
        InvalidValue: The role is not one that is emulated.
        NotFound: There is no such account.
        Duplicate: An assignment of that name exists, or the account has the role already.
    """
    if role.lower() != IMPERSONATION.lower():
        raise InvalidValue("role", f"The management role {role!r} couldn't be found.", "role")
    account = _account(context, user)
    name = name or store.default_name(account)
    for known in store.assignments(context.database):
        if known.name.lower() == name.lower() or known.assignee == account:
            text = f"The management role assignment {known.name!r} gives {account} the role {IMPERSONATION} already."
            raise Duplicate("assignment-exists", text)
    assigned = RoleAssignment(name, IMPERSONATION, account)
    store.add(context.database, assigned)
    return assigned


def unassign(context: Context, name: str) -> None:
    """Delete an assignment.

    Raises:
        NotFound: There is none.
    """
    store.remove(context.database, assignment(context, name).name)


def reaches(context: Context, account: str, mailbox: Mailbox) -> bool:  # noqa: ARG001 - each assignment reaches all
    """Tell whether an account has the role to act for a mailbox."""
    return any(
        known.role == IMPERSONATION and known.assignee.lower() == account.lower()
        for known in store.assignments(context.database)
    )


def _account(context: Context, user: str) -> str:
    """Return an account's name in its stored form; it may be given with or without its domain."""
    for account in accounts.accounts(context.database, accounts.EXCHANGE):
        if user.lower() in (account.username.lower(), short(account.username).lower()):
            return account.username
    raise _missing(user)


def _missing(name: str) -> NotFound:
    text = f"The operation couldn't be performed because object '{name}' couldn't be found."
    return NotFound("object-not-found", text)
