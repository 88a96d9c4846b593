# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management scopes: to which mailboxes a role assignment reaches, by a filter of recipients."""

from __future__ import annotations

from imp_emulator.domain.exchange import mailboxes, recipient_filters
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store.exchange import management_scopes as store
from imp_emulator.store.exchange import role_assignments
from imp_emulator.store.exchange.management_scopes import ManagementScope
from imp_emulator.world.context import Context

__all__ = ["ManagementScope"]

PROPERTIES = (
    "Alias",
    "DisplayName",
    "EmailAddresses",
    "Name",
    "PrimarySmtpAddress",
    "RecipientType",
    "RecipientTypeDetails",
    "UserPrincipalName",
)
"""What a filter may ask of a mailbox."""

_LONGEST_NAME = 64


def scopes(context: Context) -> list[ManagementScope]:
    """Return all scopes, by name."""
    return store.scopes(context.database)


def scope(context: Context, name: str) -> ManagementScope:
    """Return one scope by its name.

    Raises:
        NotFound: There is none.
    """
    found = store.scope(context.database, name)
    if found is None:
        raise NotFound("object-not-found", f"The management scope {name!r} couldn't be found.")
    return found


def add(context: Context, name: str, restriction: str) -> ManagementScope:
    """Add a scope.

    Args:
        context: The environment.
        name: Its name, 1 to 64 characters.
        restriction: The filter of recipients, see :mod:`imp_emulator.domain.exchange.recipient_filters`.

    Raises:
        Duplicate: There is one of that name.
        InvalidValue: The name or the filter is not valid.
    """
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidValue("scope-name", f"The name must have 1 to {_LONGEST_NAME} characters.", "Name")
    if store.scope(context.database, name) is not None:
        raise Duplicate("scope-exists", f"The management scope {name!r} exists already.")
    recipient_filters.parse(restriction, PROPERTIES)
    store.put(context.database, ManagementScope(name, restriction))
    return scope(context, name)


def change(context: Context, name: str, restriction: str) -> None:
    """Give a scope another filter.

    Raises:
        NotFound: There is no such scope.
        InvalidValue: The filter is not valid.
    """
    found = scope(context, name)
    recipient_filters.parse(restriction, PROPERTIES)
    store.put(context.database, ManagementScope(found.name, restriction))


def remove(context: Context, name: str) -> None:
    """Delete a scope.

    Raises:
        NotFound: There is none of that name.
        Forbidden: A role assignment has it.
    """
    found = scope(context, name)
    for known in role_assignments.assignments(context.database):
        if known.scope is not None and known.scope.lower() == found.name.lower():
            text = f"The management scope {found.name!r} is in use by the role assignment {known.name!r}."
            raise Forbidden("scope-in-use", text)
    store.remove(context.database, found.name)


def holds(context: Context, name: str, mailbox: Mailbox) -> bool:
    """Tell whether a mailbox is within a scope.

    Raises:
        NotFound: There is no such scope.
    """
    passes = recipient_filters.parse(scope(context, name).restriction, PROPERTIES)
    addresses = [f"SMTP:{mailbox.address}", *(f"smtp:{alias}" for alias in mailboxes.aliases(context, mailbox))]
    alias = mailbox.address.partition("@")[0]
    return passes(
        {
            "Alias": (alias,),
            "DisplayName": (mailbox.display_name,),
            "EmailAddresses": (*addresses, *(address.partition(":")[2] for address in addresses)),
            "Name": (mailbox.display_name,),
            "PrimarySmtpAddress": (mailbox.address,),
            "RecipientType": ("UserMailbox",),
            "RecipientTypeDetails": ("UserMailbox",),
            "UserPrincipalName": (mailbox.principal_name,),
        }
    )
