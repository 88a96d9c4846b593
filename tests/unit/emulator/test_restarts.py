# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pending restarts: one for any number of changes, kept until the service has really started (G5, C11)."""

from __future__ import annotations

from imp_emulator.domain.imp import restarts, services
from imp_emulator.domain.imp.services import Action
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import Pace, Rule
from tests.support.states import advance

ENGINE, PROXY, AXL = "Cisco Presence Engine", "Cisco SIP Proxy", "Cisco AXL Web Service"


def require(environment: Environment, obj: str, *required: str, nodes: list[str] | None = None) -> None:
    restarts.require_restart(environment.context, "dc1", required or [ENGINE], nodes, obj, "changed")


def restart(environment: Environment, node: str = "imp-pub", service: str = ENGINE) -> None:
    services.control(environment.context, "dc1", node, Action.RESTART, service)


def pending(environment: Environment) -> list[tuple[str, str, list[str]]]:
    return [(p.node, p.service, [c.obj for c in p.causes]) for p in restarts.pending(environment.context, "dc1")]


def test_many_changes_are_one_pending_restart_of_each_node(emulated: Environment) -> None:
    first = emulated.clock.timestamp()
    require(emulated, "one")
    advance(emulated, 5)
    require(emulated, "two")
    require(emulated, "one")
    assert pending(emulated) == [("imp-pub", ENGINE, ["one", "two"]), ("imp-sub", ENGINE, ["one", "two"])]
    found = restarts.pending(emulated.context, "dc1", "imp-pub")[0]
    assert found.since == first
    assert [cause.at for cause in found.causes] == [first + 5, first + 5]
    restart(emulated)
    assert pending(emulated) == [("imp-sub", ENGINE, ["one", "two"])]


def test_only_the_nodes_and_services_that_are_meant(emulated: Environment) -> None:
    require(emulated, "trust", ENGINE, PROXY, nodes=["imp-sub"])
    assert pending(emulated) == [("imp-sub", ENGINE, ["trust"]), ("imp-sub", PROXY, ["trust"])]
    assert restarts.pending(emulated.context, "dc1", "imp-pub") == []


def test_services_that_are_not_activated_need_no_restart(emulated: Environment) -> None:
    require(emulated, "thing", AXL)
    assert pending(emulated) == []
    require(emulated, "thing")
    services.deploy(emulated.context, "dc1", "imp-pub", ENGINE, activate=False)
    assert pending(emulated) == [("imp-sub", ENGINE, ["thing"])]


def test_a_restart_counts_when_it_ends_not_when_it_begins(emulated: Environment) -> None:
    require(emulated, "before", nodes=["imp-pub"])
    emulated.pace.set(Rule(Pace.SECONDS, 10))
    restart(emulated)
    assert pending(emulated) == [("imp-pub", ENGINE, ["before"])]
    advance(emulated, 10)
    assert pending(emulated) == []


def test_a_change_after_an_unnoticed_end_of_a_restart_stays_pending(emulated: Environment) -> None:
    emulated.pace.set(Rule(Pace.SECONDS, 10))
    restart(emulated)
    advance(emulated, 20)
    require(emulated, "after", nodes=["imp-pub"])
    advance(emulated, 20)
    assert pending(emulated) == [("imp-pub", ENGINE, ["after"])]


def test_a_restart_that_hangs_clears_nothing(emulated: Environment) -> None:
    require(emulated, "thing", nodes=["imp-pub"])
    emulated.pace.set(Rule(Pace.HANG))
    restart(emulated)
    advance(emulated, 3600)
    assert pending(emulated) == [("imp-pub", ENGINE, ["thing"])]
