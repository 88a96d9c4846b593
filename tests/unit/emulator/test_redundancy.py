# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups: what moves users, where to, when, and what brings them back (Cisco's guide)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator.catalogue.services import CRITICAL_SERVICES, PRESENCE_ENGINE, RECOVERY_MANAGER, SIP_PROXY
from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.cucm import users as user_rules
from imp_emulator.domain.imp import recovery, redundancy, services
from imp_emulator.domain.imp.redundancy import GroupKey, GroupView, Wanted
from imp_emulator.domain.imp.services import Action
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import Scenario
from imp_emulator.store import jobs
from imp_emulator.store.cucm import users
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault
from imp_emulator.world.pace import Pace, Rule
from tests.support import states
from tests.support.states import advance

SCENARIO = """
format: 1
clusters:
  - name: dc1
    version: 14.0.1.13900-155
    domain: example.com
    nodes:
      - {name: cucm-pub, role: cucm, usage: publisher, ipv4: 192.0.2.11}
      - {name: imp1, role: imp, usage: publisher, ipv4: 192.0.2.12}
      - {name: imp2, role: imp, usage: subscriber, ipv4: 192.0.2.13}
      - {name: imp3, role: imp, usage: subscriber, ipv4: 192.0.2.14}
    presence_redundancy_groups:
      - {name: pair, nodes: [imp1, IMP2], high_availability: true, description: The pair}
      - {name: single, nodes: [imp3]}
    users:
      listed:
        - {userid: anna, last_name: A, im_and_presence: true}
        - {userid: bert, last_name: B, im_and_presence: true}
        - {userid: carl, last_name: C, im_and_presence: true}
        - {userid: dora, last_name: D, im_and_presence: true}
"""
"""Anna and Dora have their home at imp1, Bert at imp2, Carl at imp3."""

PAIR = GroupKey("name", "pair")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_file.read(SCENARIO)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, scenario: Scenario) -> Path:
    return states.seed(tmp_path_factory.mktemp("pair"), scenario)


@pytest.fixture
def pair(seeded: Path, tmp_path: Path, scenario: Scenario) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, scenario) as environment:
        yield environment


def view(environment: Environment, name: str = "pair") -> GroupView:
    return redundancy.find(environment.context, "dc1", GroupKey("name", name))


def shown(environment: Environment) -> list[tuple[str, str]]:
    """State and reason of imp1 and imp2."""
    return [(node.state.value, node.reason.value) for node in view(environment).nodes]


def users_here(environment: Environment) -> list[int]:
    return [node.users_here for node in view(environment).nodes]


def control(environment: Environment, action: Action, service: str = PRESENCE_ENGINE, node: str = "imp1") -> None:
    with environment.database.transaction():
        assert services.control(environment.context, "dc1", node, action, service) is services.Reason.DONE


def set_parameter(environment: Environment, name: str, value: str) -> None:
    with environment.database.transaction():
        found = parameters.find(environment.context, "dc1", "EnterpriseWideData", RECOVERY_MANAGER, name)
        parameters.change(environment.context, "dc1", found, value)


def switch(environment: Environment, on: bool) -> None:
    with environment.database.transaction():
        redundancy.update(environment.context, "dc1", PAIR, Wanted(ha_enabled=on))


def act(environment: Environment, what: str, node: str = "imp1") -> None:
    with environment.database.transaction():
        getattr(redundancy, what)(environment.context, "dc1", "pair", node)


NORMAL = [("Normal", "Normal"), ("Normal", "Normal")]
FAILED_OVER_DOWN = "Failed Over with Critical Services Not Running"
BACKUP = "Running in Backup Mode"
DOWN = "Critical Service Down"
ADMIN = "On Admin Request"
FAILED = [("Running in Failed Mode", DOWN)] * 2


def test_a_pair_in_order(pair: Environment) -> None:
    group = view(pair)
    assert (group.name, group.description, group.ha_enabled, group.users) == ("pair", "The pair", True, 3)
    assert [(node.node, node.users_assigned, node.users_here) for node in group.nodes] == [
        ("imp1", 2, 2),
        ("imp2", 1, 1),
    ]
    assert shown(pair) == NORMAL
    assert [group.name for group in redundancy.groups(pair.context, "dc1")] == ["pair", "single"]


@pytest.mark.parametrize("service", [name for name in CRITICAL_SERVICES if name not in ("Cisco DB", RECOVERY_MANAGER)])
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
    }


def test_a_service_that_is_not_critical_moves_nobody(pair: Environment) -> None:
    control(pair, Action.STOP, "Cisco Login Datastore")
    advance(pair, 1000)
    assert shown(pair) == NORMAL


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


def fail_over(environment: Environment) -> None:
    control(environment, Action.STOP)
    advance(environment, 90 + recovery.MOVE_SECONDS)
    assert users_here(environment) == [0, 3]


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
    assert stopped == set(CRITICAL_SERVICES) - {"Cisco DB", RECOVERY_MANAGER}
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


@pytest.mark.parametrize(
    ("begin", "node", "after"),
    [
        ("nothing", "imp1", [("Initializing", "Initialization"), ("Normal", "Normal")]),
        ("failover", "imp1", [("Idle", "Initialization"), (BACKUP, ADMIN)]),
        ("failover", "imp2", [("Idle", ADMIN), (BACKUP, "Initialization")]),
        ("fail", "imp1", [(FAILED_OVER_DOWN, "Initialization"), (BACKUP, DOWN)]),
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
    control(pair, Action.RESTART, RECOVERY_MANAGER, node)
    assert shown(pair) == after
    advance(pair, 1000)
    final = {"nothing": NORMAL, "half": [("Idle", ADMIN), (BACKUP, "Initialization")]}.get(begin, after)
    assert shown(pair) == final


def test_one_that_restarts_while_the_other_runs_in_failed_mode_fails_too(pair: Environment) -> None:
    control(pair, Action.STOP)
    control(pair, Action.STOP, node="imp2")
    advance(pair, 90)
    control(pair, Action.START)
    control(pair, Action.RESTART, RECOVERY_MANAGER)
    advance(pair, 15)
    assert shown(pair) == [("Running in Failed Mode", "Unknown"), ("Running in Failed Mode", DOWN)]


# Switching


def test_switching_off_takes_users_home_and_ends_the_watch(pair: Environment) -> None:
    fail_over(pair)
    switch(pair, on=False)
    assert (shown(pair), users_here(pair)) == ([("Failed", DOWN), ("Normal", "Normal")], [2, 1])
    assert [node.since for node in view(pair).nodes] == [None, None]
    advance(pair, 10_000)
    assert users_here(pair) == [2, 1]
    assert pair.database.one("SELECT 1 FROM job WHERE kind LIKE 'redundancy%'") is None


def test_switched_off_nothing_moves_users(pair: Environment) -> None:
    switch(pair, on=False)
    control(pair, Action.STOP)
    advance(pair, 10_000)
    assert (shown(pair), users_here(pair)) == ([("Failed", DOWN), ("Normal", "Normal")], [2, 1])


def test_switching_on_takes_one_heartbeat(pair: Environment) -> None:
    switch(pair, on=False)
    switch(pair, on=True)
    assert shown(pair) == [("Initializing", "Initialization")] * 2
    advance(pair, 14)
    assert shown(pair)[0][0] == "Initializing"
    advance(pair, 1)
    assert shown(pair) == NORMAL


@pytest.mark.parametrize("both", [False, True])
def test_switching_on_with_services_down_moves_users_at_once(pair: Environment, both: bool) -> None:
    switch(pair, on=False)
    for node in ("imp1", "imp2")[: 1 + both]:
        control(pair, Action.STOP, node=node)
    switch(pair, on=True)
    advance(pair, 15)
    assert shown(pair) == (FAILED if both else [("Failing Over", DOWN), ("Taking Over", DOWN)])
    advance(pair, recovery.MOVE_SECONDS)
    assert users_here(pair) == ([2, 1] if both else [0, 3])


def test_a_peer_that_is_not_there_is_waited_for_longer_at_the_start(pair: Environment) -> None:
    switch(pair, on=False)
    control(pair, Action.STOP, RECOVERY_MANAGER)
    switch(pair, on=True)
    advance(pair, 119)
    assert shown(pair) == [("Initializing", "Initialization")] * 2
    advance(pair, 1 + recovery.MOVE_SECONDS)
    assert shown(pair) == [
        (FAILED_OVER_DOWN, "Initialization"),
        (BACKUP, "Peer Down During Initialization"),
    ]


def test_the_same_switch_twice_changes_nothing(pair: Environment) -> None:
    fail_over(pair)
    switch(pair, on=True)
    assert (shown(pair), users_here(pair)) == ([(FAILED_OVER_DOWN, DOWN), (BACKUP, DOWN)], [0, 3])


def test_looking_twice_puts_nothing_off(pair: Environment) -> None:
    control(pair, Action.STOP)
    due = jobs.waiting(pair.database, recovery.DOWN, "dc1/imp1")
    advance(pair, 30)
    recovery.look_at_all(pair.context)
    assert jobs.waiting(pair.database, recovery.DOWN, "dc1/imp1") == due


# Groups


def change(environment: Environment, wanted: Wanted, key: GroupKey = PAIR) -> None:
    with environment.database.transaction():
        redundancy.update(environment.context, "dc1", key, wanted)


def test_a_group_is_renamed_and_described(pair: Environment) -> None:
    change(pair, Wanted(name="other", description="words"))
    assert (view(pair, "OTHER").description, view(pair, "other").ha_enabled) == ("words", True)


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        (Wanted(name="single"), Duplicate, "single exists already"),
        (Wanted(name="a b"), InvalidValue, "letters, digits, underscores and hyphens"),
        (Wanted(name=""), InvalidValue, "1 to 128"),
        (Wanted(name="x" * 129), InvalidValue, "1 to 128"),
        (Wanted(description="50 %"), InvalidValue, "none of"),
        (Wanted(nodes=("imp3", None)), Forbidden, "imp3 is in the presence redundancy group single"),
        (Wanted(nodes=("imp2", "imp2")), InvalidValue, "cannot be both"),
        (Wanted(nodes=("cucm-pub", None)), InvalidValue, "no IM and Presence node cucm-pub"),
        (Wanted(nodes=("", "")), InvalidValue, "needs an IM and Presence node"),
        (Wanted(nodes=(None, "")), Forbidden, "needs two nodes"),
        (Wanted(nodes=("imp2", "imp1")), Forbidden, "switch it off first"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    pair: Environment, wanted: Wanted, error: type[Exception], message: str
) -> None:
    before = view(pair)
    with pytest.raises(error, match=message):
        change(pair, wanted)
    assert view(pair) == before


def test_nodes_are_exchanged_while_high_availability_is_off(pair: Environment) -> None:
    change(pair, Wanted(nodes=(None, ""), ha_enabled=False))
    change(pair, Wanted(nodes=(None, "imp2"), ha_enabled=True), GroupKey("name", "single"))
    advance(pair, 15)
    group = view(pair, "single")
    assert [(node.node, node.state.value) for node in group.nodes] == [("imp3", "Normal"), ("imp2", "Normal")]
    assert [node.node for node in view(pair).nodes] == ["imp1"]
    assert redundancy.group_name(pair.context, "dc1", "imp2") == "single"


def test_a_single_node_has_no_high_availability(pair: Environment) -> None:
    with pytest.raises(Forbidden, match="two nodes"):
        change(pair, Wanted(ha_enabled=True), GroupKey("name", "single"))


def test_a_group_with_users_stays(pair: Environment) -> None:
    with pytest.raises(Forbidden, match="switch it off"):
        redundancy.remove(pair.context, "dc1", PAIR)
    with pytest.raises(Forbidden, match="1 users are assigned"):
        redundancy.remove(pair.context, "dc1", GroupKey("name", "single"))
    with pytest.raises(NotFound):
        redundancy.remove(pair.context, "dc1", GroupKey("name", "none"))


def test_a_user_that_is_enabled_after_a_failover_is_served_by_the_peer(pair: Environment) -> None:
    fail_over(pair)
    with pair.database.transaction():
        for userid in ("eva", "finn", "gerd"):
            found = {"userid": userid, "last_name": userid, "im_and_presence": True}
            pkid = user_rules.add(pair.context, "dc1", found)
            user = users.presence_user(pair.database, "dc1", users.UserKey("pkid", pkid))
            assert user is not None
            assert user.served_by == ("imp2" if user.presence_node == "imp1" else user.presence_node)
    assert users_here(pair) == [0, sum(node.users_assigned for node in view(pair).nodes)]
