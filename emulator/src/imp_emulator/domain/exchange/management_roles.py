# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments of the Exchange organisation: who may act for the mailboxes of others."""

from __future__ import annotations

from imp_emulator.errors import Duplicate, InvalidValue, NotFound
from imp_emulator.store import accounts
from imp_emulator.store.database import Row
from imp_emulator.store.exchange import certificates as exchange
from imp_emulator.world.context import Context

IMPERSONATION = "ApplicationImpersonation"


def assignments(context: Context, role: str | None = None, assignee: str | None = None) -> list[Row]:
    """Return the assignments as rows (name, role, assignee), all or those of a role or an account.

    Raises:
        NotFound: There is no such account.
    """
    who = None if assignee is None else _account(context, assignee)
    return [
        row
        for row in exchange.assignments(context.database)
        if role in (None, row["role"]) and who in (None, row["assignee"])
    ]


def assignment(context: Context, name: str) -> Row:
    """Return one assignment by its name.

    Raises:
        NotFound: There is none.
    """
    for row in exchange.assignments(context.database):
        if row["name"].lower() == name.lower():
            return row
    raise _missing(name)


def assign(context: Context, role: str, user: str, name: str | None = None) -> Row:
    """Give an account a role; without a name the assignment gets one made of both, as Exchange does.

    Raises:
        InvalidValue: The role is not one that is emulated.
        NotFound: There is no such account.
        Duplicate: An assignment of that name exists, or the account has the role already.
    """
    if role.lower() != IMPERSONATION.lower():
        raise InvalidValue("role", f"The management role {role!r} couldn't be found.", "role")
    account = _account(context, user)
    name = name or f"{IMPERSONATION}-{_short(account)}"
    for row in exchange.assignments(context.database):
        if row["name"].lower() == name.lower() or row["assignee"] == account:
            text = f"The management role assignment {row['name']!r} gives {account} the role {IMPERSONATION} already."
            raise Duplicate("assignment-exists", text)
    exchange.assign(context.database, name, IMPERSONATION, account)
    return assignment(context, name)


def unassign(context: Context, name: str) -> None:
    """Delete an assignment.

    Raises:
        NotFound: There is none.
    """
    exchange.unassign(context.database, assignment(context, name)["name"])


def _account(context: Context, user: str) -> str:
    """Return an account's name in its stored form; it may be given with or without its domain."""
    for account in accounts.accounts(context.database, accounts.EXCHANGE):
        if user.lower() in (account.username.lower(), _short(account.username).lower()):
            return account.username
    raise _missing(user)


def _short(account: str) -> str:
    r"""Return the name without its domain: ``EXAMPLE\name`` and ``name@example.com`` are both ``name``."""
    return account.rpartition("\\")[2].partition("@")[0]


def _missing(name: str) -> NotFound:
    text = f"The operation couldn't be performed because object '{name}' couldn't be found."
    return NotFound("object-not-found", text)
