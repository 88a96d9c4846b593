# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated environment, whole: for the listeners, the pipeline and the control plane; rules get a part of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import InitVar, dataclass, field

from imp_emulator.scenario.model import Scenario
from imp_emulator.store.database import Database
from imp_emulator.store.imp import outages
from imp_emulator.store.journal import DEFAULT_LIMIT, Journal
from imp_emulator.world.clock import Clock
from imp_emulator.world.context import Context, Listener
from imp_emulator.world.events import Events
from imp_emulator.world.faults import Faults
from imp_emulator.world.pace import ServicePace
from imp_emulator.world.scheduler import Scheduler
from imp_emulator.world.sessions import Sessions


@dataclass(slots=True)
class Environment:
    """The state file, the virtual clock, the pace of services and the scenario that all began with.

    Attributes:
        clock: The virtual clock; it is set to where the state file says that it stood.
        scheduler: Runs the jobs of the state file, and is the one that moves the clock.
        events: Carries upwards what happened.
        journal_limit: How many requests the journal remembers.
        network: The emulated network's listeners: (virtual address, port of the real product) -> listener.
        engine_listeners: Where Exchange's notifications for the Presence Engine of a node arrive, by cluster and node.
        away: The nodes (cluster, name) that answer nobody, as the state says; see :meth:`look_who_is_away`.
        answered: How often each (protocol, operation) was answered with a status below 400 since the process started;
            a reset does not touch it.
        context: The part that handlers and rules are given.
    """

    database: Database
    clock: Clock
    pace: ServicePace
    scenario: Scenario
    faults: Faults = field(default_factory=Faults)
    sessions: Sessions = field(default_factory=Sessions)
    network: dict[tuple[str, int], Listener] = field(default_factory=dict)
    engine_listeners: dict[tuple[str, str], Listener] = field(default_factory=dict)
    away: set[tuple[str, str]] = field(default_factory=set)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    journal_limit: InitVar[int] = DEFAULT_LIMIT
    journal: Journal = field(init=False)
    scheduler: Scheduler = field(init=False)
    events: Events = field(init=False)
    context: Context = field(init=False)

    def __post_init__(self, journal_limit: int) -> None:
        self.journal = Journal(self.database, journal_limit)
        self.scheduler = Scheduler(self.database, self.clock)
        self.events = Events(self.database)
        self.context = Context(
            database=self.database,
            clock=self.clock,
            jobs=self.scheduler.jobs,
            events=self.events,
            pace=self.pace,
            scenario=self.scenario,
            network=self.network,
            cut_off=self._cut_off,
        )
        self.look_who_is_away()

    def look_who_is_away(self) -> None:
        """Read from the state which nodes are away: every request asks for it, and it changes seldom."""
        found = outages.outages(self.database)
        self.away = {(outage.cluster, outage.node) for outage in found if outage.since is not None}

    def _cut_off(self, cluster: str, node: str) -> bool:
        return (cluster, node) in self.away or self.faults.cut_off(cluster, node)
