# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first state: each repository stores its part of the scenario."""

from __future__ import annotations

from imp_emulator.crypto import authority, certificates, stand_ins
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import accounts, hosts, nodes
from imp_emulator.store.cucm import directories, parameters, users
from imp_emulator.store.database import Database
from imp_emulator.store.exchange import certificates as exchange_certificates
from imp_emulator.store.exchange import mailboxes, online, role_assignments
from imp_emulator.store.exchange import roots as exchange_roots
from imp_emulator.store.imp import gateways, homes, ports, redundancy, services, trust


def seed(database: Database, scenario: Scenario, now: float) -> None:
    """Fill an empty state file, inside the transaction that is open.

    Args:
        database: The state file.
        scenario: What to put in.
        now: The time of the virtual clock.

    Raises:
        ScenarioError: The scenario asks for something that this machine does not have, see ``accounts.seed``, or holds
            what only its part can tell to be wrong.
    """
    for part in (
        nodes,
        hosts,
        accounts,
        certificates,
        stand_ins,
        authority,
        exchange_certificates,
        exchange_roots,
        mailboxes,
        online,
        role_assignments,
        users,
        homes,
        parameters,
        ports,
        trust,
        gateways,
    ):
        part.seed(database, scenario)
    directories.seed(database, scenario, now)
    redundancy.seed(database, scenario, now)
    services.seed(database, scenario, now)
