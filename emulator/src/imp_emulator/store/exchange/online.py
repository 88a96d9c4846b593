# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant of Exchange Online: whether it has Exchange Web Services, and for whom."""

from __future__ import annotations

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database


def seed(database: Database, scenario: Scenario) -> None:
    """Store what the scenario says of its tenant, if it has one."""
    if scenario.online is None:
        return
    client_ids = {application.label: application.username for application in scenario.online.applications}
    set_state(database, scenario.online.tenant_id, scenario.online.ews)
    set_allowed(database, [client_ids[label] for label in scenario.online.ews_allow_list])


def state(database: Database, tenant_id: str) -> str:
    """Return ``on``, ``off`` or ``allow-listed``.

    Raises:
        KeyError: There is no such tenant.
    """
    row = database.one("SELECT state FROM online_ews WHERE tenant_id = ?", (tenant_id,))
    if row is None:
        raise KeyError(tenant_id)
    return str(row["state"])


def set_state(database: Database, tenant_id: str, state: str) -> None:
    """Store the state; an older one is replaced."""
    database.execute("INSERT OR REPLACE INTO online_ews (tenant_id, state) VALUES (?, ?)", (tenant_id, state))


def allowed(database: Database) -> list[str]:
    """Return the client IDs of the allow list, sorted."""
    return [row["client_id"] for row in database.all("SELECT client_id FROM online_ews_allowed ORDER BY client_id")]


def set_allowed(database: Database, client_ids: list[str]) -> None:
    """Replace the allow list."""
    database.execute("DELETE FROM online_ews_allowed")
    database.executemany("INSERT INTO online_ews_allowed (client_id) VALUES (?)", [(one,) for one in client_ids])
