# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a node: what may be done with them, how long it takes, and what the reason codes say (R1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from imp_emulator.catalogue.services import CATALOGUE
from imp_emulator.domain.imp import restarts, services
from imp_emulator.domain.imp.services import Action, Reason, Status
from imp_emulator.errors import NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.store.database import Database
from imp_emulator.store.imp import services as store
from imp_emulator.world.environment import Environment
from imp_emulator.world.pace import Pace, Rule
from tests.support.states import advance

ENGINE, PROXY, AXL = "Cisco Presence Engine", "Cisco SIP Proxy", "Cisco AXL Web Service"
NODE = ("dc1", "imp-pub")


def control(environment: Environment, action: Action, service: str = ENGINE) -> Reason:
    return services.control(environment.context, *NODE, action, service)


def deploy(environment: Environment, activate: bool, service: str = ENGINE) -> Reason:
    return services.deploy(environment.context, *NODE, service, activate)


def state(environment: Environment, service: str = ENGINE) -> services.ServiceState:
    return services.status(environment.context, *NODE, service)


def polled(environment: Environment, service: str = ENGINE) -> Status:
    return services.poll(environment.context, *NODE, [service])[0].status


def pace(environment: Environment, mode: Pace, value: float = 0) -> None:
    environment.pace.set(Rule(mode, value))


def test_after_the_first_boot_everything_runs_but_what_is_to_be_activated(emulated: Environment) -> None:
    by_name = {found.name: found for found in services.states(emulated.context, *NODE)}
    stopped = [name for name, found in by_name.items() if found.status is not Status.STARTED]
    assert stopped == ["Cisco XCP File Transfer Manager", AXL]
    assert by_name[AXL].reason is Reason.NOT_ACTIVATED
    assert {ENGINE, PROXY, "Cisco XCP Router", "A Cisco DB", "Cisco Tomcat"} <= set(by_name)
    assert services.is_running(emulated.context, "dc1", "cucm-pub", AXL)


def test_some_services_run_on_the_publisher_only() -> None:
    known = {spec.name: spec for spec in CATALOGUE["cucm"]}
    resting = [name for name, spec in known.items() if spec.runs_on("publisher") and not spec.runs_on("subscriber")]
    assert resting == [
        "Cisco DRF Master",
        "Cisco CDR Repository Manager",
        "Cisco CAR Scheduler",
        "Cisco CAR DB",
        "Cisco SOAP - CallRecord Service",
        "Cisco Bulk Provisioning Service",
    ]
    assert not known["Cisco CTL Provider"].runs_on("publisher")


@pytest.mark.parametrize("role", ["cucm", "imp"])
def test_the_catalogue_names_each_service_once_and_what_it_depends_on_is_there(role: str) -> None:
    names = [spec.name for spec in CATALOGUE[role]]
    assert len(names) == len({name.lower() for name in names})
    assert {name for spec in CATALOGUE[role] for name in spec.depends} <= set(names)
    for name in {"cucm": ["Cisco CDR Agent", "Cisco DRF Local", "Cisco DRF Master"], "imp": ["MIB2 Agent"]}[role]:
        assert name in names


@pytest.mark.parametrize(
    ("action", "service", "reason"),
    [
        (Action.START, ENGINE, Reason.ALREADY_STARTED),
        (Action.START, AXL, Reason.NOT_ACTIVATED),
        (Action.STOP, AXL, Reason.NOT_ACTIVATED),
        (Action.RESTART, AXL, Reason.NOT_ACTIVATED),
        (Action.STOP, "A Cisco DB", Reason.NOT_ALLOWED),
        (Action.RESTART, "A Cisco DB", Reason.NOT_ALLOWED),
        (Action.STOP, "Cisco Tomcat", Reason.NOT_ALLOWED),
        (Action.RESTART, "cisco tomcat", Reason.NOT_ALLOWED),
        (Action.START, "Cisco Nothing", Reason.NO_SUCH_SERVICE),
        (Action.RESTART, "Cisco CallManager", Reason.NO_SUCH_SERVICE),
    ],
)
def test_a_refused_command_says_why_and_changes_nothing(
    emulated: Environment, action: Action, service: str, reason: Reason
) -> None:
    before = services.states(emulated.context, *NODE)
    assert control(emulated, action, service) is reason
    assert services.states(emulated.context, *NODE) == before


def test_stop_start_and_restart_at_once(emulated: Environment) -> None:
    assert control(emulated, Action.STOP) is Reason.DONE
    assert (state(emulated).status, state(emulated).reason) == (Status.STOPPED, Reason.COMMANDED_OUT)
    assert control(emulated, Action.STOP) is Reason.ALREADY_STOPPED
    assert control(emulated, Action.RESTART) is Reason.DONE
    assert state(emulated).status is Status.STARTED
    assert state(emulated, PROXY).status is Status.STARTED
    assert services.is_running(emulated.context, "dc1", "imp-sub", ENGINE)


def test_uptime_follows_the_virtual_clock_and_is_minus_one_while_stopped(emulated: Environment) -> None:
    control(emulated, Action.RESTART)
    advance(emulated, 90)
    assert state(emulated).uptime == 90
    control(emulated, Action.STOP)
    assert (state(emulated).uptime, state(emulated).started_at) == (-1, None)
    control(emulated, Action.START)
    assert (state(emulated).uptime, state(emulated).started_at) == (0, emulated.clock.timestamp())
    advance(emulated, -3600)
    assert state(emulated).uptime == 0


def test_a_restart_over_polls_shows_stopping_then_starting(emulated: Environment) -> None:
    pace(emulated, Pace.POLLS, 4)
    assert control(emulated, Action.RESTART) is Reason.DONE
    assert control(emulated, Action.STOP) is Reason.PENDING
    assert deploy(emulated, False) is Reason.PENDING
    seen = [polled(emulated) for _ in range(5)]
    assert seen == [Status.STOPPING, Status.STOPPING, Status.STARTING, Status.STARTING, Status.STARTED]


def test_only_status_requests_that_name_the_service_count_as_polls(emulated: Environment) -> None:
    pace(emulated, Pace.POLLS, 1)
    control(emulated, Action.STOP)
    assert [state(emulated).status for _ in range(3)] == [Status.STOPPING] * 3
    services.poll(emulated.context, *NODE, [PROXY])
    services.poll(emulated.context, "dc1", "imp-sub")
    assert state(emulated).status is Status.STOPPING
    services.poll(emulated.context, *NODE)
    assert state(emulated).status is Status.STOPPED


def test_a_start_over_seconds_ends_when_virtual_time_has_passed(emulated: Environment) -> None:
    control(emulated, Action.STOP)
    pace(emulated, Pace.SECONDS, 30)
    control(emulated, Action.START)
    advance(emulated, 29)
    assert polled(emulated) is Status.STARTING
    advance(emulated, 11)
    assert polled(emulated) is Status.STARTED
    assert state(emulated).uptime == 10


def test_a_restart_over_seconds_is_half_stopping_half_starting(emulated: Environment) -> None:
    pace(emulated, Pace.SECONDS, 30)
    control(emulated, Action.RESTART)
    assert state(emulated).status is Status.STOPPING
    advance(emulated, 15)
    assert state(emulated).status is Status.STARTING
    assert not services.is_running(emulated.context, *NODE, ENGINE)


def test_a_hanging_service_hangs_until_the_rule_is_lifted(emulated: Environment) -> None:
    emulated.pace.set(Rule(Pace.HANG, node="imp-pub", service=ENGINE))
    control(emulated, Action.RESTART)
    advance(emulated, 86_400)
    assert [polled(emulated) for _ in range(20)] == [Status.STOPPING] * 20
    assert control(emulated, Action.RESTART) is Reason.PENDING
    assert control(emulated, Action.RESTART, PROXY) is Reason.DONE
    assert polled(emulated, PROXY) is Status.STARTED
    services.set_pace(emulated.context, Rule(Pace.IMMEDIATE, node="imp-pub", service=ENGINE))
    assert polled(emulated) is Status.STARTED


def test_activation_starts_and_deactivation_stops(emulated: Environment) -> None:
    assert deploy(emulated, True, AXL) is Reason.DONE
    assert (state(emulated, AXL).activated, state(emulated, AXL).status) == (True, Status.STARTED)
    assert deploy(emulated, True, AXL) is Reason.DONE
    assert deploy(emulated, False, AXL) is Reason.DONE
    assert (state(emulated, AXL).activated, state(emulated, AXL).status) == (False, Status.STOPPED)
    assert state(emulated, AXL).reason is Reason.NOT_ACTIVATED
    assert deploy(emulated, False, AXL) is Reason.DONE


def test_network_services_are_never_activated_or_deactivated(emulated: Environment) -> None:
    assert deploy(emulated, False, "Cisco XCP Router") is Reason.NOT_SUPPORTED
    assert deploy(emulated, True, "A Cisco DB") is Reason.NOT_SUPPORTED
    assert deploy(emulated, True, "Cisco Nothing") is Reason.NO_SUCH_SERVICE


def test_activating_an_active_but_stopped_service_leaves_it_stopped(emulated: Environment) -> None:
    control(emulated, Action.STOP)
    assert deploy(emulated, True) is Reason.DONE
    assert state(emulated).status is Status.STOPPED


def test_unknown_services_and_nodes(emulated: Environment) -> None:
    assert services.poll(emulated.context, *NODE, ["Nothing"])[0].status is Status.UNKNOWN
    with pytest.raises(NotFound):
        services.status(emulated.context, *NODE, "Nothing")
    with pytest.raises(NotFound):
        services.states(emulated.context, "dc1", "imp-xyz")


@pytest.mark.parametrize("action", [Action.START, Action.RESTART])
def test_a_service_that_starts_needs_no_restart_any_more(emulated: Environment, action: Action) -> None:
    restarts.require_restart(emulated.context, "dc1", [ENGINE], None, "something", "changed")
    control(emulated, Action.STOP)
    assert [found.node for found in restarts.pending(emulated.context, "dc1")] == ["imp-pub", "imp-sub"]
    control(emulated, action)
    assert [found.node for found in restarts.pending(emulated.context, "dc1")] == ["imp-sub"]


def test_looking_changes_nothing(emulated: Environment) -> None:
    """Not even what is overdue: on a clock that stands still only the scheduler ends it."""
    for service, mode in ((ENGINE, Pace.SECONDS), (PROXY, Pace.HANG), ("Cisco XCP Router", Pace.POLLS)):
        pace(emulated, mode, 5)
        control(emulated, Action.RESTART, service)
    emulated.clock.advance(60)
    connection = emulated.database._connection
    before = connection.total_changes
    services.states(emulated.context, *NODE)
    assert not services.is_running(emulated.context, *NODE, ENGINE)
    restarts.pending(emulated.context, "dc1")
    polled(emulated, ENGINE)
    assert polled(emulated, PROXY) is Status.STOPPING
    assert connection.total_changes == before
    polled(emulated, "Cisco XCP Router")
    assert connection.total_changes == before + 1
    advance(emulated, 0)
    assert services.is_running(emulated.context, *NODE, ENGINE)


def test_a_change_between_the_end_of_a_start_and_its_job_stays_pending(emulated: Environment) -> None:
    """On a clock that runs, a job runs a moment after its time."""
    pace(emulated, Pace.SECONDS, 10)
    restarts.require_restart(emulated.context, "dc1", [ENGINE], ["imp-pub"], "before", "changed")
    control(emulated, Action.RESTART)
    emulated.clock.advance(11)
    restarts.require_restart(emulated.context, "dc1", [ENGINE], ["imp-pub"], "in between", "changed")
    advance(emulated, 0)
    assert (state(emulated).status, state(emulated).uptime) == (Status.STARTED, 1)
    (found,) = restarts.pending(emulated.context, "dc1", "imp-pub")
    assert [cause.obj for cause in found.causes] == ["in between"]
    # A clock that was set back makes no reason younger than the start that has loaded it.
    emulated.clock.advance(-3600)
    pace(emulated, Pace.IMMEDIATE)
    control(emulated, Action.RESTART)
    assert restarts.pending(emulated.context, "dc1", "imp-pub") == []


def test_the_services_of_the_first_boot_have_run_for_a_day_of_the_virtual_clock(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    store.seed(database, scenario_file.read(generate(users=1)), 100_000.0)
    assert {found.started_at for found in store.services(database, *NODE) if found.running} == {13_600.0}
