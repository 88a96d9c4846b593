# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are away: nothing runs there, their peers take over, and what they load when they are back."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.services import PRESENCE_ENGINE, SIP_PROXY
from imp_emulator.domain.imp import engine_settings, outages, recovery, restarts, services
from imp_emulator.domain.imp.services import Action, Reason, Status, Verb
from imp_emulator.errors import Forbidden, NotFound
from imp_emulator.store import nodes
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced
from imp_emulator.world.pace import Pace, Rule
from tests.support.redundancy import BACKUP, FAILED_OVER_DOWN, NORMAL, control, pair, pair_scenario, seeded_pair, shown
from tests.support.states import advance

__all__ = ["pair", "pair_scenario", "seeded_pair"]

NODE = ("dc1", "imp1")


def begin(environment: Environment, *, at_restart: bool = False) -> None:
    with environment.database.transaction():
        (outages.begin_at_restart if at_restart else outages.begin)(environment.context, *NODE)


def end(environment: Environment) -> None:
    with environment.database.transaction():
        outages.end(environment.context, *NODE)


def running(environment: Environment) -> set[str]:
    found = services.states(environment.context, *NODE)
    return {state.name for state in found if state.status is Status.STARTED}


def test_nothing_runs_on_a_node_that_is_away_and_the_same_as_before_when_it_is_back(pair: Environment) -> None:
    with pair.database.transaction():
        restarts.require_restart(pair.context, "dc1", (PRESENCE_ENGINE,), ("imp1",), "Presence gateway", "updated")
    control(pair, Action.STOP, SIP_PROXY)
    before = running(pair)
    assert {PRESENCE_ENGINE, "Cisco XCP Router"} <= before
    begin(pair)
    begin(pair)
    assert running(pair) == set()
    assert engine_settings.settings(pair.context, *NODE) is None
    assert pair.context.cut_off(*NODE)
    assert not pair.context.cut_off("dc1", "imp2")
    end(pair)
    assert running(pair) == before
    assert not pair.context.cut_off(*NODE)
    assert restarts.pending(pair.context, *NODE) == []


def test_the_peer_takes_over_and_the_users_stay_there_when_it_is_back(pair: Environment) -> None:
    begin(pair)
    advance(pair, 60 + recovery.MOVE_SECONDS)
    assert shown(pair) == [(FAILED_OVER_DOWN, "Peer Down"), (BACKUP, "Peer Down")]
    end(pair)
    assert shown(pair)[0][0] == "Failed Over"


@pytest.mark.parametrize("pace", [Pace.IMMEDIATE, Pace.SECONDS, Pace.POLLS])
def test_a_node_goes_away_with_its_next_restart_which_does_not_end(pair: Environment, pace: Pace) -> None:
    with pair.database.transaction():
        services.set_pace(pair.context, Rule(pace, 30))
        restarts.require_restart(pair.context, "dc1", (PRESENCE_ENGINE,), ("imp1",), "Presence gateway", "updated")
    begin(pair, at_restart=True)
    begin(pair, at_restart=True)
    assert not pair.context.cut_off(*NODE)
    control(pair, Action.RESTART, PRESENCE_ENGINE)
    assert pair.context.cut_off(*NODE)
    assert running(pair) == set()
    advance(pair, 60)
    assert running(pair) == set()
    assert [found.service for found in restarts.pending(pair.context, *NODE)] == [PRESENCE_ENGINE]
    services.set_pace(pair.context, Rule(Pace.IMMEDIATE))
    end(pair)
    assert PRESENCE_ENGINE in running(pair)


def test_a_stop_is_no_restart_and_an_outage_to_come_can_be_withdrawn(pair: Environment) -> None:
    begin(pair, at_restart=True)
    control(pair, Action.STOP, SIP_PROXY)
    control(pair, Action.START, SIP_PROXY)
    assert not pair.context.cut_off(*NODE)
    end(pair)
    control(pair, Action.RESTART, SIP_PROXY)
    assert (pair.context.cut_off(*NODE), shown(pair)) == (False, NORMAL)
    with pytest.raises(NotFound, match="not away"):
        end(pair)


def test_whoever_has_begun_to_start_or_stop_ends_with_its_node(pair: Environment) -> None:
    before = running(pair)
    with pair.database.transaction():
        services.set_pace(pair.context, Rule(Pace.SECONDS, 30))
    control(pair, Action.RESTART, PRESENCE_ENGINE)
    control(pair, Action.STOP, SIP_PROXY)
    begin(pair)
    advance(pair, 60)
    assert running(pair) == set()
    end(pair)
    advance(pair, 30)
    assert running(pair) == before - {SIP_PROXY}


def test_nothing_starts_on_a_node_that_is_away(pair: Environment) -> None:
    begin(pair)
    with pair.database.transaction():
        assert services.control(pair.context, *NODE, Action.START, PRESENCE_ENGINE) is Reason.NOT_RUNNING
    for verb in (Verb.START, Verb.DEACTIVATE):
        with pytest.raises(Forbidden, match="imp1 is away: its services can be started and stopped when it is back"):
            services.change(pair.context, *NODE, PRESENCE_ENGINE, verb)
    engine = services.status(pair.context, *NODE, PRESENCE_ENGINE)
    assert (engine.activated, services.verbs(pair.context, *NODE, [engine])) == (True, [[]])
    end(pair)
    engine = services.status(pair.context, *NODE, PRESENCE_ENGINE)
    assert services.verbs(pair.context, *NODE, [engine]) == [[Verb.RESTART, Verb.STOP, Verb.DEACTIVATE]]


def test_who_is_away_is_read_anew_from_a_state_that_was_restored(pair: Environment) -> None:
    begin(pair)
    with pair.database.transaction():
        pair.database.execute("DELETE FROM node_outage")
    pair.events.publish(StateReplaced())
    assert not pair.context.cut_off(*NODE)


def test_a_node_may_be_named_by_its_address_too(pair: Environment) -> None:
    known = nodes.node(pair.database, *NODE)
    assert known is not None
    with pair.database.transaction():
        outages.begin(pair.context, "dc1", known.ipv4)
    assert outages.outage(pair.context, "dc1", known.fqdn) == outages.outage(pair.context, *NODE)
    assert pair.context.cut_off(*NODE)
    with pytest.raises(NotFound):
        outages.outage(pair.context, "dc1", "nobody")
