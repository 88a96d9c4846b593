# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The impersonation account that all Exchange gateways of a cluster share (requirement G4).

The password can be set and compared, never read.
"""

from __future__ import annotations

import hmac

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.events import GatewayCredentialsChanged
from imp_emulator.domain.imp import restarts
from imp_emulator.domain.network import names
from imp_emulator.errors import DomainError, Forbidden, InvalidValue
from imp_emulator.store.imp import gateways as store
from imp_emulator.world.context import Context

FAILED_COMPARES = 10
"""How many comparisons may fail within :data:`WINDOW` before further ones are refused."""

WINDOW = 60.0
"""Seconds on the virtual clock."""

MAXIMUM_PASSWORD = 256
_MISSING = "Add failed. Account Name and Password must be non NULL and non blank for an Exchange Gateway."


class TooManyCompares(DomainError):
    """Too many comparisons have failed of late.

    Attributes:
        retry_after: Whole seconds until the next one is let in.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("too-many-compares", "Too many comparisons have failed; try again later.")
        self.retry_after = retry_after


def account(context: Context, cluster: str) -> str | None:
    """Return the name of the shared account, or ``None`` while there is no Exchange gateway."""
    shared = store.credentials(context.database, cluster)
    return None if shared is None else shared.account


def change(context: Context, cluster: str, new_account: str | None, new_password: str | None) -> bool:
    """Change the account of every Exchange gateway; ``None`` leaves a part as it is.

    Returns whether anything changed; if so, every Presence Engine has to restart.

    Raises:
        InvalidValue: There is no account yet and not both parts are given, a part is blank, a new account comes
            without its password, or the account has neither of the two forms.
    """
    shared = store.credentials(context.database, cluster)
    for field, part in (("account", new_account), ("password", new_password)):
        if (shared is None) if part is None else names.is_blank(part):
            raise InvalidValue("credentials-required", _MISSING, field)
    if shared is not None:
        new_account = shared.account if new_account is None else new_account
        if new_password is None:
            if new_account != shared.account:
                raise InvalidValue("credentials-required", _MISSING, "password")
            return False
    return _store(context, cluster, str(new_account), str(new_password))


def _store(context: Context, cluster: str, new_account: str, new_password: str) -> bool:
    names.account(new_account)
    if len(new_password) > MAXIMUM_PASSWORD:
        message = f"password must have at most {MAXIMUM_PASSWORD} characters."
        raise InvalidValue("invalid-field", message, "password")
    shared = store.credentials(context.database, cluster)
    if shared is not None and (shared.account, shared.password) == (new_account, new_password):
        return False
    store.put_credentials(context.database, cluster, new_account, new_password)
    context.events.publish(GatewayCredentialsChanged(cluster))
    if shared is not None:
        restarts.require_restart(context, cluster, (PRESENCE_ENGINE,), None, "Presence gateway credentials", "updated")
    return True


def replace(context: Context, cluster: str, new_account: str, new_password: str) -> bool:
    """Set both parts at once, apart from any gateway; returns whether anything changed.

    Raises the errors of :func:`change`, and ``Forbidden`` while there is no Exchange gateway that could share them.
    """
    if store.count_of_type(context.database, cluster, store.EWS_SERVER) == 0:
        raise Forbidden("no-gateway", "There is no presence gateway that could use the credentials.")
    return change(context, cluster, new_account, new_password)


def compare(context: Context, cluster: str, some_account: str, some_password: str) -> bool:
    """Tell whether an account and password are the shared ones; which of the two differs is not told.

    Raises:
        InvalidValue: The account has neither of the two forms, or the password is blank.
        TooManyCompares: :data:`FAILED_COMPARES` have failed within the last :data:`WINDOW` seconds.
    """
    names.account(some_account)
    if names.is_blank(some_password):
        raise InvalidValue("invalid-field", "password must not be blank.", "password")
    let_in(context, cluster)
    shared = store.credentials(context.database, cluster)
    expected = ("", "") if shared is None else (shared.account, shared.password)
    same_account = hmac.compare_digest(some_account.encode(), expected[0].encode())
    same_password = hmac.compare_digest(some_password.encode(), expected[1].encode())
    if shared is not None and same_account and same_password:
        return True
    note_failure(context, cluster)
    return False


def let_in(context: Context, cluster: str) -> None:
    """Raise ``TooManyCompares`` when :data:`FAILED_COMPARES` have failed within the last :data:`WINDOW` seconds."""
    now = context.clock.timestamp()
    failed = store.failed_compares(context.database, cluster, now - WINDOW, now)
    if len(failed) >= FAILED_COMPARES:
        raise TooManyCompares(max(1, int(failed[-FAILED_COMPARES] + WINDOW - now + 0.999)))


def note_failure(context: Context, cluster: str) -> None:
    """Count that a comparison has failed."""
    store.add_failed_compare(context.database, cluster, context.clock.timestamp())
