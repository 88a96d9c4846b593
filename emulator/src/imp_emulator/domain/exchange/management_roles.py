# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments of the Exchange organisation: who may act for the mailboxes of others."""

from __future__ import annotations

from imp_emulator.domain.exchange import management_scopes
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


def assign(context: Context, role: str, user: str, name: str | None = None, scope: str | None = None) -> RoleAssignment:
    """Give an account a role; without a name the assignment gets one made of both, as Exchange does.

    Args:
        context: The environment.
        role: The name of the role.
        user: The account, with or without its domain.
        name: The assignment's name.
        scope: The management scope that it is limited to; ``None`` for the whole organisation.

    Raises:
        InvalidValue: The role is not one that is emulated.
        NotFound: There is no such account, or no such scope.
        Duplicate: An assignment of that name exists, or the account has the role there already.
    """
    if role.lower() != IMPERSONATION.lower():
        raise InvalidValue("role", f"The management role {role!r} couldn't be found.", "role")
    account = _account(context, user)
    within = None if scope is None else management_scopes.scope(context, scope).name
    known = store.assignments(context.database)
    name = name or _free_name(store.default_name(account), known, within)
    for other in known:
        if other.name.lower() == name.lower() or (other.assignee == account and other.scope == within):
            text = f"The management role assignment {other.name!r} gives {account} the role {IMPERSONATION} already."
            raise Duplicate("assignment-exists", text)
    assigned = RoleAssignment(name, IMPERSONATION, account, within)
    store.add(context.database, assigned)
    return assigned


def _free_name(wanted: str, known: list[RoleAssignment], within: str | None) -> str:
    """Return a name that no assignment of another scope has: a number goes behind one that is taken."""
    taken = {other.name.lower() for other in known if other.scope != within}
    numbers = (f"{wanted}-{number}" if number else wanted for number in range(len(taken) + 1))
    return next(name for name in numbers if name.lower() not in taken)


def unassign(context: Context, name: str) -> None:
    """Delete an assignment.

    Raises:
        NotFound: There is none.
    """
    store.remove(context.database, assignment(context, name).name)


def reaches(context: Context, account: str, mailbox: Mailbox) -> bool:
    """Tell whether an account has the role to act for a mailbox: everywhere, or in a scope that holds the mailbox."""
    return any(
        known.scope is None or management_scopes.holds(context, known.scope, mailbox)
        for known in store.assignments(context.database)
        if known.role == IMPERSONATION and known.assignee.lower() == account.lower()
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
