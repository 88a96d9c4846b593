# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pair of IM and Presence nodes with high availability, in the test's process, and shorter words for what is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imp_emulator.catalogue.services import PRESENCE_ENGINE, RECOVERY_MANAGER
from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import recovery, redundancy, services
from imp_emulator.domain.imp.redundancy import GroupKey, GroupView, Wanted
from imp_emulator.domain.imp.services import Action
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import Scenario
from imp_emulator.world.environment import Environment
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
      - {name: imp3, role: imp, usage: subscriber, ipv4: 192.0.2.14}
      - {name: imp1, role: imp, usage: publisher, ipv4: 192.0.2.12}
      - {name: imp2, role: imp, usage: subscriber, ipv4: 192.0.2.13}
    presence_redundancy_groups:
      - {name: pair, nodes: [imp1, IMP2], high_availability: true, description: The pair}
      - {name: single, nodes: [imp3]}
    users:
      listed:
        - {userid: carl, last_name: C, im_and_presence: true}
        - {userid: anna, last_name: A, im_and_presence: true, meeting_information: true, mail: anna@example.com}
        - {userid: bert, last_name: B, im_and_presence: true}
        - {userid: emil, last_name: E, im_and_presence: true}
        - {userid: dora, last_name: D, im_and_presence: true}
"""
"""Anna and Dora have their home at imp1, Bert at imp2, Carl and Emil at imp3."""

PAIR = GroupKey("name", "pair")


@pytest.fixture(scope="session")
def pair_scenario() -> Scenario:
    return scenario_file.read(SCENARIO)


@pytest.fixture(scope="session")
def seeded_pair(tmp_path_factory: pytest.TempPathFactory, pair_scenario: Scenario) -> Path:
    return states.seed(tmp_path_factory.mktemp("pair"), pair_scenario)


@pytest.fixture
def pair(seeded_pair: Path, tmp_path: Path, pair_scenario: Scenario) -> Iterator[Environment]:
    with states.environment(seeded_pair, tmp_path, pair_scenario) as environment:
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


def fail_over(environment: Environment) -> None:
    control(environment, Action.STOP)
    advance(environment, 90 + recovery.MOVE_SECONDS)
    assert users_here(environment) == [0, 3]
