# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts that the emulated products know."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field

from imp_emulator.scenario.model import AccountSpec, Scenario, ScenarioError
from imp_emulator.store.database import Database, Row

EXCHANGE = ""
"""The cluster of the Exchange accounts, which belong to none."""
ONLINE = "exchange/online"
"""What stands for a cluster with the applications of Exchange Online; no cluster and no host can have such a name."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an emulated product.

    Attributes:
        kind: Where it counts: ``application``, ``os``, ``exchange``, ``exchange_admin``, ``ca`` or ``online``.
        label: Its name in the ready file.
        roles: The products' names of its roles.
    """

    kind: str
    username: str
    label: str
    password: str = field(repr=False)
    roles: tuple[str, ...]


def seed(database: Database, scenario: Scenario) -> None:
    """Store the accounts of a scenario, each with a password from its environment variable or a random one.

    Raises:
        ScenarioError: A scenario names an environment variable that is unset or empty.
    """
    for cluster in scenario.clusters:
        for account in cluster.accounts:
            _insert(database, cluster.name, account)
    for account in (scenario.exchange_account, scenario.exchange_admin):
        _insert(database, EXCHANGE, account)
    for authority in scenario.certification_authorities:
        for account in authority.accounts:
            _insert(database, authority.host, account)
    for account in scenario.online.applications if scenario.online else ():
        _insert(database, ONLINE, account)


def _insert(database: Database, cluster: str, account: AccountSpec) -> None:
    database.execute(
        "INSERT INTO account (cluster, kind, username, label, password, roles) VALUES (?, ?, ?, ?, ?, ?)",
        (cluster, account.kind, account.username, account.label, password(account), json.dumps(account.roles)),
    )


def password(account: AccountSpec) -> str:
    """Return the password of an account that is made: from its environment variable, or a random one.

    Raises:
        ScenarioError: The environment variable is unset or empty.
    """
    if account.password_env is None:
        return new_password()
    found = os.environ.get(account.password_env, "")
    if not found:
        raise ScenarioError(f"environment variable {account.password_env} (account {account.username})", "is not set")
    return found


def accounts(database: Database, cluster: str) -> list[Account]:
    """Return the accounts of a cluster by their labels; see :data:`EXCHANGE`."""
    return [_account(row) for row in database.all("SELECT * FROM account WHERE cluster = ? ORDER BY label", (cluster,))]


def account(database: Database, cluster: str, kind: str, username: str) -> Account | None:
    """Return one account, or ``None``."""
    row = database.one(
        "SELECT * FROM account WHERE cluster = ? AND kind = ? AND username = ?", (cluster, kind, username)
    )
    return None if row is None else _account(row)


def set_password(database: Database, cluster: str, account: Account, password: str) -> None:
    """Give an account another password."""
    database.execute(
        "UPDATE account SET password = ? WHERE cluster = ? AND kind = ? AND username = ?",
        (password, cluster, account.kind, account.username),
    )


def new_password() -> str:
    """Return a password that nobody can guess."""
    return secrets.token_urlsafe(18)


def _account(row: Row) -> Account:
    return Account(row["kind"], row["username"], row["label"], row["password"], tuple(json.loads(row["roles"])))
