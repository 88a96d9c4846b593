# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first state: each repository stores its part of the scenario."""

from __future__ import annotations

from imp_emulator import ca_pki, pki
from imp_emulator.scenario import Scenario
from imp_emulator.store import accounts, exchange, gateways, hosts, nodes, parameters, services, trust, users
from imp_emulator.store.database import Database


def seed(database: Database, scenario: Scenario) -> None:
    """Fill an empty state file, inside the transaction that is open.

    Raises:
        ScenarioError: The scenario asks for something that this machine does not have, see ``accounts.seed``.
    """
    for part in (nodes, hosts, accounts, pki, ca_pki, exchange, users, parameters, services, trust, gateways):
        part.seed(database, scenario)
