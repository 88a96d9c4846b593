# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler and a rule are given of the environment: the state, the time, and what is fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database
from imp_emulator.world.clock import Clock
from imp_emulator.world.events import Events
from imp_emulator.world.pace import ServicePace
from imp_emulator.world.scheduler import Jobs

Listener = tuple[str, int]
"""The loopback address and the real port of a listener."""


@dataclass(frozen=True, slots=True)
class Context:
    """The part of the environment that rules work on.

    Faults, the journal, sessions and snapshots are not in it: no rule may know of them.

    Attributes:
        database: The state; inside a request the gate has its transaction open.
        clock: The virtual time; it is only read.
        jobs: What is to happen at a later virtual time.
        events: Who has to be told what happened.
        pace: How fast services start and stop.
        scenario: What the environment was made from; it does not change.
        network: The emulated network's listeners: (virtual address, port of the real product) -> listener.
        cut_off: Tells whether a node (cluster, name) cannot be reached: it is away, or a fault keeps everybody from it.
    """

    database: Database
    clock: Clock
    jobs: Jobs
    events: Events
    pace: ServicePace
    scenario: Scenario
    network: Mapping[tuple[str, int], Listener]
    cut_off: Callable[[str, str], bool]
