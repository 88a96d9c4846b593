# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups: their nodes, and their high availability switched on and off."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.services import RECOVERY_MANAGER
from imp_emulator.domain.cucm import users as user_rules
from imp_emulator.domain.imp import recovery, redundancy
from imp_emulator.domain.imp.redundancy import GroupKey, Wanted
from imp_emulator.domain.imp.services import Action
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.store import jobs
from imp_emulator.store.cucm import users
from imp_emulator.world.environment import Environment
from tests.support.redundancy import (
    BACKUP,
    DOWN,
    FAILED,
    FAILED_OVER_DOWN,
    NORMAL,
    PAIR,
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


def test_switching_off_takes_users_home_and_ends_the_watch(pair: Environment) -> None:
    fail_over(pair)
    switch(pair, on=False)
    assert (shown(pair), users_here(pair)) == ([("Failed", DOWN), ("Normal", "Normal")], [2, 1])
    assert [node.since for node in view(pair).nodes] == [None, None]
    advance(pair, 10_000)
    assert users_here(pair) == [2, 1]
    assert pair.database.one("SELECT 1 FROM job WHERE kind LIKE 'redundancy%'") is None


@pytest.mark.parametrize("waits_for", [recovery.DOWN, recovery.FALL_BACK, recovery.SETTLE])
def test_what_was_to_come_is_withdrawn(pair: Environment, waits_for: str) -> None:
    if waits_for == recovery.FALL_BACK:
        set_parameter(pair, "EnableAutomaticFallback", "T")
        fail_over(pair)
        control(pair, Action.START)
    elif waits_for == recovery.DOWN:
        control(pair, Action.STOP)
    else:
        act(pair, "failover")
    waiting = "SELECT kind FROM job WHERE kind LIKE 'redundancy%'"
    assert [row["kind"] for row in pair.database.all(waiting)] == [waits_for]
    switch(pair, on=False)
    assert pair.database.all(waiting) == []


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
    with pytest.raises(Forbidden, match="2 users are assigned"):
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
