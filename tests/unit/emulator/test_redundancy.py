# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Server Recovery Managers: what moves users, where to, when, and what brings them back (Cisco's guide)."""

from __future__ import annotations

import asyncio

import pytest

from imp_emulator.catalogue.services import CRITICAL_SERVICES, DATABASE, PRESENCE_ENGINE, RECOVERY_MANAGER, SIP_PROXY
from imp_emulator.domain.imp import explanations, recovery, redundancy, services, web_sessions
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine.presence_engine import PresenceEngines
from imp_emulator.errors import Forbidden, NotFound
from imp_emulator.serving import background
from imp_emulator.store.cucm import users
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import Pace, Rule
from tests.support.redundancy import (
    ADMIN,
    BACKUP,
    DOWN,
    FAILED,
    FAILED_OVER_DOWN,
    NORMAL,
    act,
    control,
    fail_over,
    pair,
    pair_scenario,
    seeded_pair,
    set_parameter,
    shown,
    switch,
    users_here,
    view,
)
from tests.support.states import advance

__all__ = ["pair", "pair_scenario", "seeded_pair"]


def test_a_pair_in_order(pair: Environment) -> None:
    group = view(pair)
    assert (group.name, group.description, group.ha_enabled, group.users) == ("pair", "The pair", True, 3)
    assert [(node.node, node.users_assigned, node.users_here) for node in group.nodes] == [
        ("imp1", 2, 2),
        ("imp2", 1, 1),
    ]
    assert shown(pair) == NORMAL
    assert [group.name for group in redundancy.groups(pair.context, "dc1")] == ["pair", "single"]


@pytest.mark.parametrize("service", [name for name in CRITICAL_SERVICES if name not in (DATABASE, RECOVERY_MANAGER)])
def test_a_critical_service_that_stays_down_moves_the_users(pair: Environment, service: str) -> None:
    control(pair, Action.STOP, service)
    advance(pair, 89)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])
    advance(pair, 1)
    assert shown(pair) == [("Failing Over", DOWN), ("Taking Over", DOWN)]
    advance(pair, recovery.MOVE_SECONDS)
    assert shown(pair) == [(FAILED_OVER_DOWN, DOWN), (BACKUP, DOWN)]
    assert users_here(pair) == [0, 3]
    homes = {user.userid: (user.presence_node, user.served_by) for user in users.presence_users(pair.database, "dc1")}
    assert homes == {
        "anna": ("imp1", "imp2"),
        "bert": ("imp2", "imp2"),
        "carl": ("imp3", "imp3"),
        "dora": ("imp1", "imp2"),
        "emil": ("imp3", "imp3"),
    }


def test_a_service_that_is_not_critical_moves_nobody(pair: Environment) -> None:
    control(pair, Action.STOP, "Cisco Login Datastore")
    advance(pair, 1000)
    assert shown(pair) == NORMAL


def test_a_service_that_is_deactivated_is_not_missed(pair: Environment) -> None:
    with pair.database.transaction():
        services.deploy(pair.context, "dc1", "imp1", SIP_PROXY, activate=False)
    advance(pair, 1000)
    assert shown(pair) == NORMAL


def test_one_that_is_deactivated_after_it_has_failed_is_not_missed_either(pair: Environment) -> None:
    fail_over(pair)
    with pair.database.transaction():
        services.deploy(pair.context, "dc1", "imp1", PRESENCE_ENGINE, activate=False)
    assert shown(pair)[0] == ("Failed Over", DOWN)


def test_one_that_is_activated_and_does_not_start_is_missed(pair: Environment) -> None:
    for activate in (False, True):
        with pair.database.transaction():
            services.set_pace(pair.context, Rule(Pace.HANG if activate else Pace.IMMEDIATE, service=SIP_PROXY))
            assert services.deploy(pair.context, "dc1", "imp1", SIP_PROXY, activate) is services.Reason.DONE
        advance(pair, 10)
    advance(pair, 79)
    assert shown(pair) == NORMAL
    advance(pair, 1)
    assert shown(pair)[0] == ("Failing Over", DOWN)


def test_a_restart_that_is_quick_enough_moves_nobody(pair: Environment) -> None:
    pair.pace.set(Rule(Pace.SECONDS, 89))
    control(pair, Action.RESTART)
    advance(pair, 1000)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_a_restart_that_takes_too_long_moves_them(pair: Environment) -> None:
    pair.pace.set(Rule(Pace.SECONDS, 91))
    control(pair, Action.RESTART)
    advance(pair, 91)
    assert shown(pair)[0][0] == "Failing Over"
    advance(pair, 10)
    # It runs again, so only somebody who has the users go back is wanted.
    assert shown(pair) == [("Failed Over", DOWN), (BACKUP, DOWN)]
    advance(pair, 100_000)
    assert shown(pair) == [("Failed Over", DOWN), (BACKUP, DOWN)]


def test_the_delay_is_the_parameters(pair: Environment) -> None:
    set_parameter(pair, "CriticalServiceDelay", "20")
    control(pair, Action.STOP)
    advance(pair, 19)
    assert shown(pair) == NORMAL
    advance(pair, 1)
    assert shown(pair)[0][0] == "Failing Over"


def test_users_go_back_by_hand_once_the_services_run(pair: Environment) -> None:
    fail_over(pair)
    with pytest.raises(Forbidden, match=r"Idle or Failed Over.*imp1 is Failed Over with Critical Services Not Running"):
        act(pair, "fallback")
    control(pair, Action.START)
    assert shown(pair) == [("Failed Over", DOWN), (BACKUP, DOWN)]
    act(pair, "fallback")
    assert shown(pair) == [("Taking Back", ADMIN), ("Falling Back", ADMIN)]
    assert users_here(pair) == [0, 3]
    advance(pair, recovery.MOVE_SECONDS)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_a_service_that_goes_down_again_is_seen(pair: Environment) -> None:
    fail_over(pair)
    control(pair, Action.START)
    control(pair, Action.STOP, SIP_PROXY)
    assert shown(pair)[0] == (FAILED_OVER_DOWN, DOWN)


def test_users_go_back_by_themselves_thirty_minutes_after_both_are_well(pair: Environment) -> None:
    set_parameter(pair, "EnableAutomaticFallback", "T")
    fail_over(pair)
    control(pair, Action.START)
    advance(pair, 1799)
    assert users_here(pair) == [0, 3]
    advance(pair, 1)
    assert shown(pair) == [("Taking Back", "Automatic Fallback"), ("Falling Back", "Automatic Fallback")]
    advance(pair, recovery.MOVE_SECONDS)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_what_goes_down_meanwhile_begins_the_thirty_minutes_anew(pair: Environment) -> None:
    set_parameter(pair, "EnableAutomaticFallback", "T")
    fail_over(pair)
    control(pair, Action.START)
    advance(pair, 1000)
    control(pair, Action.STOP, node="imp2")
    control(pair, Action.START, node="imp2")
    advance(pair, 1799)
    assert users_here(pair) == [0, 3]
    advance(pair, 1 + recovery.MOVE_SECONDS)
    assert shown(pair) == NORMAL


def test_the_fallback_can_be_switched_on_and_off_later(pair: Environment) -> None:
    fail_over(pair)
    control(pair, Action.START)
    set_parameter(pair, "EnableAutomaticFallback", "T")
    advance(pair, 1000)
    set_parameter(pair, "EnableAutomaticFallback", "F")
    advance(pair, 10_000)
    assert users_here(pair) == [0, 3]


def test_an_administrator_fails_a_node_over_and_back(pair: Environment) -> None:
    act(pair, "failover")
    assert shown(pair) == [("Failing Over", ADMIN), ("Taking Over", ADMIN)]
    advance(pair, recovery.MOVE_SECONDS)
    assert shown(pair) == [("Idle", ADMIN), (BACKUP, ADMIN)]
    stopped = {
        state.name
        for state in services.states(pair.context, "dc1", "imp1", CRITICAL_SERVICES)
        if state.status is not services.Status.STARTED
    }
    assert stopped == set(CRITICAL_SERVICES) - {DATABASE, RECOVERY_MANAGER}
    advance(pair, 100_000)
    assert shown(pair) == [("Idle", ADMIN), (BACKUP, ADMIN)]
    act(pair, "fallback")
    advance(pair, recovery.MOVE_SECONDS)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])
    assert all(services.is_running(pair.context, "dc1", "imp1", name) for name in CRITICAL_SERVICES)


def test_a_fallback_waits_for_services_that_start(pair: Environment) -> None:
    act(pair, "failover")
    advance(pair, recovery.MOVE_SECONDS)
    pair.pace.set(Rule(Pace.SECONDS, 42))
    act(pair, "fallback")
    advance(pair, 41)
    assert shown(pair)[0][0] == "Taking Back"
    advance(pair, 4)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_a_fallback_whose_services_do_not_start_fails(pair: Environment) -> None:
    act(pair, "failover")
    advance(pair, recovery.MOVE_SECONDS)
    pair.pace.set(Rule(Pace.HANG, service=SIP_PROXY))
    act(pair, "fallback")
    advance(pair, 89)
    assert shown(pair)[0][0] == "Taking Back"
    advance(pair, 5)
    assert shown(pair) == [("Running in Failed Mode", "Start of Critical Services Failed")] * 2
    assert users_here(pair) == [0, 3]


@pytest.mark.parametrize("what", ["failover", "fallback"])
def test_what_the_states_do_not_allow_is_refused(pair: Environment, what: str) -> None:
    if what == "failover":
        fail_over(pair)
    with pytest.raises(Forbidden, match="imp1 is"):
        act(pair, what)
    with pytest.raises(NotFound):
        act(pair, what, "imp3")
    switch(pair, on=False)
    with pytest.raises(Forbidden, match="is off"):
        act(pair, what)


def test_both_nodes_down_run_in_failed_mode_until_they_recover(pair: Environment) -> None:
    control(pair, Action.STOP)
    advance(pair, 50)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 40)
    assert (shown(pair), users_here(pair)) == (FAILED, [2, 1])
    control(pair, Action.START)
    control(pair, Action.START, node="imp2")
    advance(pair, 10_000)
    assert shown(pair) == FAILED
    with pair.database.transaction():
        redundancy.recover(pair.context, "dc1", "pair")
    assert shown(pair) == [("Initializing", "Initialization")] * 2
    now = pair.clock.timestamp()
    for node in ("imp1", "imp2"):
        assert services.status(pair.context, "dc1", node, RECOVERY_MANAGER).started_at == now
    advance(pair, 15)
    assert shown(pair) == NORMAL
    with pytest.raises(Forbidden, match="failed mode"):
        redundancy.recover(pair.context, "dc1", "pair")


def test_recovery_starts_what_does_not_run_and_takes_users_home(pair: Environment) -> None:
    fail_over(pair)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 90)
    assert (shown(pair), users_here(pair)) == (FAILED, [0, 3])
    pair.pace.set(Rule(Pace.SECONDS, 30))
    with pair.database.transaction():
        redundancy.recover(pair.context, "dc1", "pair")
    advance(pair, 60)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_a_node_that_begins_waits_for_services_that_start(pair: Environment) -> None:
    for node in ("imp1", "imp2"):
        control(pair, Action.STOP, node=node)
    advance(pair, 90)
    pair.pace.set(Rule(Pace.SECONDS, 30, service=PRESENCE_ENGINE))
    with pair.database.transaction():
        redundancy.recover(pair.context, "dc1", "pair")
    advance(pair, 29)
    assert shown(pair) == [("Initializing", "Initialization")] * 2
    advance(pair, 1 + recovery.MOVE_SECONDS)
    assert shown(pair) == NORMAL


def test_a_backup_that_fails_gives_all_users_to_a_peer_that_is_well_again(pair: Environment) -> None:
    fail_over(pair)
    control(pair, Action.START)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 90)
    recovered = "Auto Recover Critical Service Down"
    assert shown(pair) == [("Backup Activated", recovered), ("Failover Affected Services", recovered)]
    assert users_here(pair) == [3, 0]
    control(pair, Action.START, node="imp2")
    assert shown(pair)[1] == ("Failed Over", recovered)
    act(pair, "fallback", "imp2")
    advance(pair, recovery.MOVE_SECONDS)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])


def test_a_server_recovery_manager_that_is_gone_is_a_peer_that_is_down(pair: Environment) -> None:
    control(pair, Action.STOP, RECOVERY_MANAGER)
    advance(pair, 59)
    assert shown(pair) == NORMAL
    advance(pair, 1 + recovery.MOVE_SECONDS)
    assert shown(pair) == [(FAILED_OVER_DOWN, "Peer Down"), (BACKUP, "Peer Down")]
    assert users_here(pair) == [0, 3]
    control(pair, Action.START, RECOVERY_MANAGER)
    assert shown(pair)[0] == ("Failed Over", "Initialization")


def test_a_node_that_is_cut_off_fails_over(pair: Environment) -> None:
    pair.faults.active.append(Fault(1, Effect(EffectKind.DROP), node="imp1"))
    recovery.look_at_all(pair.context)
    advance(pair, 60 + recovery.MOVE_SECONDS)
    assert shown(pair) == [(FAILED_OVER_DOWN, "Peer Down"), (BACKUP, "Peer Down")]
    pair.faults.clear()
    recovery.look_at_all(pair.context)
    assert shown(pair)[0] == ("Failed Over", "Peer Down")


@pytest.mark.parametrize("moment", ["the process starts", "a state is restored"])
def test_faults_that_went_with_a_process_or_a_state_are_missed_by_nobody(pair: Environment, moment: str) -> None:
    """Faults live in memory, the nodes' states in the file: they come apart where nobody has changed anything."""
    pair.faults.active.append(Fault(1, Effect(EffectKind.DROP), node="imp1"))
    recovery.look_at_all(pair.context)
    advance(pair, 60 + recovery.MOVE_SECONDS)
    pair.faults.clear()
    assert shown(pair)[0] == (FAILED_OVER_DOWN, "Peer Down")
    if moment == "a state is restored":
        pair.events.publish(StateReplaced())
    else:
        asyncio.run(background.start(pair, PresenceEngines(pair)))
    assert shown(pair)[0] == ("Failed Over", "Peer Down")


def test_what_is_wrong_may_change_meanwhile(pair: Environment) -> None:
    """A Server Recovery Manager that is back has its services' time counted, not its own."""
    control(pair, Action.STOP, RECOVERY_MANAGER)
    control(pair, Action.STOP)
    advance(pair, 59)
    control(pair, Action.START, RECOVERY_MANAGER)
    advance(pair, 14)
    assert users_here(pair) == [2, 1]
    assert shown(pair)[0] == ("Initializing", "Initialization")
    advance(pair, 1 + recovery.MOVE_SECONDS)
    assert shown(pair) == [(FAILED_OVER_DOWN, DOWN), (BACKUP, DOWN)]


def test_another_trouble_has_its_own_time(pair: Environment) -> None:
    """Nobody who is gone has a node fail over: from then on its peer counts."""
    control(pair, Action.STOP)
    advance(pair, 50)
    control(pair, Action.STOP, RECOVERY_MANAGER)
    advance(pair, 59)
    assert shown(pair) == NORMAL
    advance(pair, 1)
    assert shown(pair) == [("Failing Over", "Peer Down"), ("Taking Over", "Peer Down")]


@pytest.mark.parametrize(
    ("begin", "node", "after"),
    [
        ("nothing", "imp1", [("Initializing", "Initialization"), ("Normal", "Normal")]),
        ("failover", "imp1", [("Idle", "Initialization"), (BACKUP, ADMIN)]),
        ("failover", "imp2", [("Idle", ADMIN), (BACKUP, "Initialization")]),
        ("fail", "imp1", [(FAILED_OVER_DOWN, "Initialization"), (BACKUP, DOWN)]),
        ("half", "imp1", [("Failing Over", ADMIN), ("Taking Over", ADMIN)]),
        ("half", "imp2", [("Failing Over", ADMIN), ("Taking Over", "Initialization")]),
    ],
)
def test_a_restarted_server_recovery_manager(
    pair: Environment, begin: str, node: str, after: list[tuple[str, str]]
) -> None:
    if begin == "fail":
        fail_over(pair)
    elif begin != "nothing":
        act(pair, "failover")
        advance(pair, 0 if begin == "half" else recovery.MOVE_SECONDS)
    since = [found.since for found in view(pair).nodes]
    advance(pair, 1)
    control(pair, Action.RESTART, RECOVERY_MANAGER, node)
    assert shown(pair) == after
    assert ([found.since for found in view(pair).nodes] == since) == (begin != "nothing")
    advance(pair, 1000)
    half = [("Idle", ADMIN), (BACKUP, after[1][1])]
    assert shown(pair) == {"nothing": NORMAL, "half": half}.get(begin, after)


def test_what_is_wrong_with_the_peer_has_its_own_time_meanwhile(pair: Environment) -> None:
    control(pair, Action.RESTART, RECOVERY_MANAGER)
    advance(pair, 10)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 5)
    assert (shown(pair), users_here(pair)) == (NORMAL, [2, 1])
    advance(pair, 84)
    assert shown(pair) == NORMAL
    advance(pair, 1)
    assert shown(pair) == [("Taking Over", DOWN), ("Failing Over", DOWN)]


def test_users_are_asked_for_where_they_are(pair: Environment) -> None:
    """The Presence Web Service sends a user to the node that serves it; the peer is the one to turn to."""
    assert web_sessions.redirected(pair.context, "dc1", "imp1", "anna") is None
    fail_over(pair)
    elsewhere = web_sessions.redirected(pair.context, "dc1", "imp1", "anna")
    assert elsewhere is not None
    assert elsewhere.name == "imp2"
    assert web_sessions.redirected(pair.context, "dc1", "imp2", "anna") is None
    backups = [web_sessions.backup(pair.context, "dc1", node) for node in ("imp1", "imp2", "imp3")]
    assert [found and found.name for found in backups] == ["imp2", "imp1", "imp1"]
    (_, node, *_) = explanations.explain(pair.context, "dc1", "anna")
    assert (node.name, "imp2" in node.detail) == ("node", True)


def test_one_that_restarts_while_the_other_runs_in_failed_mode_fails_too(pair: Environment) -> None:
    control(pair, Action.STOP)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 90)
    control(pair, Action.START)
    control(pair, Action.RESTART, RECOVERY_MANAGER)
    advance(pair, 15)
    assert shown(pair) == [("Running in Failed Mode", "Unknown"), ("Running in Failed Mode", DOWN)]
