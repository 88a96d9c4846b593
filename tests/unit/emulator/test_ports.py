# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's notification port must be unused (P2): the engine starts only where nothing else has it."""

from __future__ import annotations

import pytest

from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.catalogue.ports import PRODUCT
from imp_emulator.catalogue.services import PRESENCE_ENGINE, SIP_PROXY
from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import ports, restarts, services
from imp_emulator.domain.imp.services import Action, Reason, Status
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import Pace, Rule
from tests.support.states import advance

CLUSTER = "dc1"


def set_port(environment: Environment, port: int) -> None:
    row = parameters.find(environment.context, CLUSTER, ENTERPRISE_NODE, PRESENCE_ENGINE, ports.NOTIFICATION_PORT)
    parameters.change(environment.context, CLUSTER, row, str(port))


def restart(environment: Environment, node: str, service: str = PRESENCE_ENGINE) -> services.ServiceState:
    assert services.control(environment.context, CLUSTER, node, Action.RESTART, service) is Reason.DONE
    return services.status(environment.context, CLUSTER, node, service)


@pytest.mark.parametrize("port", [5060, 8443, 50000])
def test_a_port_of_the_product_itself(emulated: Environment, port: int) -> None:
    set_port(emulated, port)
    # What runs has its old port; only the next start tries the new one.
    assert services.is_running(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE)
    for node in ("imp-pub", "imp-sub"):
        state = restart(emulated, node)
        assert (state.status, state.reason, state.activated) == (Status.STOPPED, Reason.NOT_RUNNING, True)
        assert state.detail == f"Microsoft Exchange Notification Port {port} is in use by {PRODUCT[port]}"
    # What it was to load is not loaded.
    assert [pending.node for pending in restarts.pending(emulated.context, CLUSTER)] == ["imp-pub", "imp-sub"]


def test_what_another_program_has_taken(emulated: Environment) -> None:
    ports.occupy(emulated.context, CLUSTER, "imp-sub", 50020, "a backup agent")
    assert restart(emulated, "imp-pub").status is Status.STARTED
    assert restart(emulated, "imp-sub", SIP_PROXY).status is Status.STARTED
    assert restart(emulated, "imp-sub").detail.endswith("50020 is in use by a backup agent")
    ports.release(emulated.context, CLUSTER, "imp-sub", 50020)
    # The reason stays until the next start, which is in progress first.
    assert services.status(emulated.context, CLUSTER, "imp-sub", PRESENCE_ENGINE).reason is Reason.NOT_RUNNING
    emulated.pace.set(Rule(Pace.POLLS, 2))
    assert restart(emulated, "imp-sub").status is Status.STARTING
    for _ in range(2):
        services.poll(emulated.context, CLUSTER, "imp-sub", [PRESENCE_ENGINE])
    state = services.status(emulated.context, CLUSTER, "imp-sub", PRESENCE_ENGINE)
    assert (state.status, state.reason, state.detail) == (Status.STARTED, Reason.DONE, "")


def test_a_start_is_judged_by_the_moment_at_which_it_ended(emulated: Environment) -> None:
    emulated.pace.set(Rule(Pace.SECONDS, 5))
    assert services.control(emulated.context, CLUSTER, "imp-pub", Action.RESTART, PRESENCE_ENGINE) is Reason.DONE
    advance(emulated, 10)
    # Nobody has asked since, and now another port is wanted that cannot be had.
    set_port(emulated, 8443)
    assert services.is_running(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE)
    assert [pending.service for pending in restarts.pending(emulated.context, CLUSTER, "imp-pub")] == [PRESENCE_ENGINE]


def test_activation_starts_no_more_than_a_start(emulated: Environment) -> None:
    ports.occupy(emulated.context, CLUSTER, "imp-pub", 50020, "x")
    services.deploy(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE, activate=False)
    assert services.deploy(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE, activate=True) is Reason.DONE
    state = services.status(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE)
    assert (state.status, state.activated, state.reason) == (Status.STOPPED, True, Reason.NOT_RUNNING)
    # An engine that is not activated is no failed start.
    services.deploy(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE, activate=False)
    assert services.status(emulated.context, CLUSTER, "imp-pub", PRESENCE_ENGINE).reason is Reason.NOT_ACTIVATED


def test_what_cannot_be_occupied(emulated: Environment) -> None:
    with pytest.raises(InvalidValue):
        ports.occupy(emulated.context, CLUSTER, "imp-pub", 65536, "x")
    for call in (
        lambda: ports.occupy(emulated.context, CLUSTER, "imp-9", 1, "x"),
        lambda: ports.occupied(emulated.context, "dc9", "imp-pub"),
        lambda: ports.release(emulated.context, CLUSTER, "imp-pub", 50020),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    ("value", "said"), [("[0]", "[0]: must be a whole number"), ("[true]", "[0]"), ("[7, 7]", "twice")]
)
def test_a_scenario_names_ports(value: str, said: str) -> None:
    text = generate(users=1).replace("role: imp\n", f"role: imp\n    occupied_ports: {value}\n", 1)
    with pytest.raises(ScenarioError) as refused:
        scenario_file.read(text)
    assert "clusters[0].nodes[1].occupied_ports" in str(refused.value)
    assert said in str(refused.value)
