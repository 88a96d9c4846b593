# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts of two runs at once: who sees that another run restarts a node lets it go first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._resources.services import MOST_WAYS_GIVEN

from tests.integration.modules.test_rolling_restart import ENGINE, PROXY, QUICK, commands, heal, run
from tests.support.connections import nodes
from tests.support.emulator import Emulator
from tests.support.imp_admin import restart
from tests.support.modules import assert_contract


def test_a_restart_that_somebody_else_has_begun_meanwhile_is_waited_for(environment: Emulator) -> None:
    # The first restart does not end before somebody has taken down the other node.
    environment.control.transitions("hang", node="imp-pub", service=ENGINE)

    def somebody() -> None:
        deadline = time.monotonic() + 20
        while not commands(environment):
            assert time.monotonic() < deadline, "the module has sent nothing"
            time.sleep(0.02)
        environment.control.transitions("seconds", 2, node="imp-sub")
        restart(environment, "imp-sub", ENGINE)
        heal(environment)

    with ThreadPoolExecutor() as pool:
        person = pool.submit(somebody)
        place = nodes(environment, 8443)
        result = run(environment, ENGINE, PROXY, nodes=place, wait_timeout=20)
        person.result()
    assert_contract(result, changed=True)
    assert len(result["changes"]) == 4
    assert commands(environment)[:3] == ["imp-pub", "imp-sub", "imp-pub"], "the person's command is the second"


def another_run_goes_on(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have another run restart the subscriber when a task lets it go first; return the pauses that the task makes."""
    pauses: list[float] = []

    def give_way(self: Polling) -> None:
        if not pauses:
            restart(emulator, "imp-sub", ENGINE)
        pauses.append(self.interval)

    monkeypatch.setattr(Polling, "give_way", give_way)
    return pauses


def test_who_has_waited_for_another_run_lets_it_go_first(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both see the same node come back: the run that took it down goes on with the other one at that moment."""
    environment.control.transitions("polls", 2)
    restart(environment, "imp-pub", ENGINE)
    pauses = another_run_goes_on(environment, monkeypatch)
    result = run(environment, ENGINE)
    assert_contract(result, changed=True)
    assert pauses == [QUICK["poll_interval"]] * 2, "once after the publisher was back, once after the subscriber"
    seen = [(entry["node"], entry["operation"]) for entry in environment.journal(protocol="control_center")]
    others, first, second = [position for position, (_node, asked) in enumerate(seen) if "Control" in asked][1:]
    assert [seen[position][0] for position in (others, first, second)] == ["imp-sub", "imp-pub", "imp-sub"]
    assert [node for node, _asked in seen[others + 1 : first]].count("imp-sub") >= 3, "the subscriber was waited for"


def test_who_begins_when_a_node_is_just_back_lets_its_run_go_first(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has not seen that restart; it is told by a service that runs for no time at all."""
    restart(environment, "imp-pub", ENGINE)
    environment.control.clock(frozen=True)
    environment.control.transitions("polls", 2)
    pauses = another_run_goes_on(environment, monkeypatch)
    assert_contract(run(environment, ENGINE), changed=True)
    assert len(pauses) == 2, "once for the publisher, once for the subscriber"
    assert commands(environment)[1:] == ["imp-sub", "imp-pub", "imp-sub"]


def test_a_service_that_starts_again_and_again_holds_nobody_up_for_ever(
    environment: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.control.clock(frozen=True)
    environment.control.transitions("polls", 2)
    restart(environment, "imp-sub", ENGINE)
    ways: list[float] = []

    def starts_again(self: Polling) -> None:
        ways.append(self.interval)
        environment.control.advance(1)
        if len(ways) < 50:
            restart(environment, "imp-sub", ENGINE)

    monkeypatch.setattr(Polling, "give_way", starts_again)
    assert_contract(run(environment, ENGINE), changed=True)
    assert "imp-pub" in commands(environment)[: 2 + MOST_WAYS_GIVEN]


def test_who_comes_later_finds_nobody_to_let_go_first(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    restart(environment, "imp-pub", ENGINE)
    environment.control.advance(60)
    monkeypatch.setattr(Polling, "give_way", lambda _polling: pytest.fail("there is nobody"))
    assert_contract(run(environment, ENGINE), changed=True)
