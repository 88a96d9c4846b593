# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant of Exchange Online: its applications, and who may still speak Exchange Web Services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario.model import EWS_ALLOW_LISTED, EWS_ON, EWS_STATES, OnlineSpec
from imp_emulator.store import accounts
from imp_emulator.store.accounts import Account
from imp_emulator.store.exchange import online as store
from imp_emulator.world.context import Context

END_OF_EWS = datetime(2027, 4, 1, tzinfo=UTC)
"""From then on no tenant has Exchange Web Services, whatever its switch says (Microsoft's announcement)."""


@dataclass(frozen=True, slots=True)
class EwsAccess:
    """Who of a tenant may speak Exchange Web Services.

    Attributes:
        state: ``on``, ``off`` or ``allow-listed``.
        allow_list: The labels of the applications on the list, sorted.
        ended: Whether it is over for every tenant.
    """

    state: str
    allow_list: tuple[str, ...]
    ended: bool


def tenant(context: Context) -> OnlineSpec:
    """Return the tenant.

    Raises:
        NotFound: The scenario has none.
    """
    if context.scenario.online is None:
        raise NotFound("no-exchange-online", "The scenario has no tenant of Exchange Online.")
    return context.scenario.online


def is_tenant(context: Context, name: str) -> bool:
    """Tell whether a name is the tenant's ID or its domain, in any letter case."""
    found = tenant(context)
    return name.lower() in (found.tenant_id, found.tenant_domain)


def is_person(context: Context, address: str) -> bool:
    """Tell whether an address is that of somebody whom the scenario names, whether or not there is a mailbox."""
    wanted = address.lower()
    return any(user.mail.lower() == wanted for cluster in context.scenario.clusters for user in cluster.users)


def application(context: Context, client_id: str) -> Account | None:
    """Return a registered application by its client ID, in any letter case."""
    return accounts.account(context.database, accounts.ONLINE, "online", client_id.lower())


def is_application(context: Context, account: str) -> bool:
    """Tell whether a caller is an application of the tenant, by its client ID."""
    return context.scenario.online is not None and application(context, account) is not None


def ews_access(context: Context) -> EwsAccess:
    """Return who may speak Exchange Web Services.

    Raises:
        NotFound: The scenario has no tenant.
    """
    allowed = store.allowed(context.database)
    labels = [one.label for one in accounts.accounts(context.database, accounts.ONLINE) if one.username in allowed]
    state = store.state(context.database, tenant(context).tenant_id)
    return EwsAccess(state, tuple(sorted(labels)), context.clock.now() >= END_OF_EWS)


def set_ews_access(context: Context, state: str, allow_list: list[str] | None = None) -> None:
    """Turn Exchange Web Services on or off, or leave them to the applications of a list.

    Args:
        allow_list: The labels of the applications on the list; ``None`` leaves it as it is.

    Raises:
        NotFound: The scenario has no tenant.
        InvalidValue: There is no such state or application.
    """
    if state not in EWS_STATES:
        raise InvalidValue("invalid-field", f"state must be one of {', '.join(EWS_STATES)}.", "state")
    store.set_state(context.database, tenant(context).tenant_id, state)
    if allow_list is None:
        return
    known = {one.label: one.username for one in accounts.accounts(context.database, accounts.ONLINE)}
    for label in allow_list:
        if label not in known:
            raise InvalidValue("invalid-field", f"allow_list: there is no application {label!r}.", "allow_list")
    store.set_allowed(context.database, sorted({known[label] for label in allow_list}))


def may_speak_ews(context: Context, client_id: str) -> bool:
    """Tell whether an application of the tenant may speak Exchange Web Services at this moment."""
    if context.clock.now() >= END_OF_EWS:
        return False
    state = store.state(context.database, tenant(context).tenant_id)
    return state == EWS_ON or (state == EWS_ALLOW_LISTED and client_id in store.allowed(context.database))
