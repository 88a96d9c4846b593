# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role assignments of the Exchange organisation."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database

IMPERSONATION = "ApplicationImpersonation"
"""The role to act for the mailboxes of others."""


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role that an account has in the whole organisation, or for the mailboxes of a management scope."""

    name: str
    role: str
    assignee: str
    scope: str | None = None


def seed(database: Database, scenario: Scenario) -> None:
    """Store the role of the account of the gateways, where the scenario gives it to it."""
    if scenario.impersonation:
        account = scenario.exchange_account.username
        add(database, RoleAssignment(default_name(account), IMPERSONATION, account))


def default_name(account: str) -> str:
    r"""Return what Exchange calls an assignment by itself; an account is ``EXAMPLE\name`` or ``name@example.com``."""
    return f"{IMPERSONATION}-{short(account)}"


def short(account: str) -> str:
    r"""Return the name without its domain: ``EXAMPLE\name`` and ``name@example.com`` are both ``name``."""
    return account.rpartition("\\")[2].partition("@")[0]


def assignments(database: Database) -> list[RoleAssignment]:
    """Return the role assignments, by name."""
    rows = database.all("SELECT name, role, assignee, scope FROM role_assignment ORDER BY name")
    return [RoleAssignment(**dict(row)) for row in rows]


def add(database: Database, assignment: RoleAssignment) -> None:
    """Store a role assignment."""
    database.execute(
        "INSERT INTO role_assignment (name, role, assignee, scope) VALUES (?, ?, ?, ?)",
        (assignment.name, assignment.role, assignment.assignee, assignment.scope),
    )


def remove(database: Database, name: str) -> None:
    """Delete a role assignment."""
    database.execute("DELETE FROM role_assignment WHERE name = ?", (name,))
