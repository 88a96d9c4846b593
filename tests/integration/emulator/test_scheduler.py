# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clock and jobs of the running emulator: what happens on the way to another time, and what a kill leaves."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import pytest

from tests.support.emulator import Emulator
from tests.support.imp_admin import ENGINE, PROXY, Api, restart

NOON = "2030-01-01T12:00:00Z"
NODE = "imp-pub"
XCP = "Cisco XCP Router"


def states(emulator: Emulator, *names: str, node: str = NODE) -> list[str]:
    """Return how services of a node are; asking this way counts as no poll."""
    api = Api(emulator)
    with api.client:
        (found,) = [one for one in api.items("/presence-topology") if one["name"] == node]
    by_name = {service["name"]: service["status"] for service in found["services"]}
    return [by_name[name] for name in names or (ENGINE,)]


def start_time(emulator: Emulator, name: str, node: str = NODE) -> str:
    """Return when a service started, as the control center tells it."""
    with emulator.client(node) as client:
        answer = client.post(
            "/controlcenterservice2/services/ControlCenterServices",
            content='<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
            '<a:soapGetServiceStatus xmlns:a="http://schemas.cisco.com/ast/soap">'
            f"<a:ServiceStatus>{name}</a:ServiceStatus></a:soapGetServiceStatus></e:Body></e:Envelope>",
        )
    return answer.text.split("StartTime>")[1].split("<")[0]


def test_services_end_in_the_order_of_their_times_each_at_its_own(environment: Emulator) -> None:
    control = environment.control
    control.clock(now=NOON, frozen=True)
    for name, seconds in ((ENGINE, 300), (PROXY, 60), (XCP, 3600)):
        control.transitions("seconds", seconds, service=name)
    restart(environment, NODE, ENGINE, PROXY, XCP)
    control.advance(59)
    assert states(environment, ENGINE, PROXY, XCP) == ["Stopping", "Starting", "Stopping"]
    control.clock(now="2030-01-01T12:30:00Z")
    assert states(environment, ENGINE, PROXY, XCP) == ["Started", "Started", "Starting"]
    assert start_time(environment, PROXY) == "Tue Jan 01 12:01:00 2030"
    assert start_time(environment, ENGINE) == "Tue Jan 01 12:05:00 2030"
    # Going back takes nothing back, and what is not due there yet is due later.
    control.clock(now=NOON)
    assert states(environment, ENGINE, PROXY, XCP) == ["Started", "Started", "Stopping"]
    control.advance(3600)
    assert start_time(environment, XCP) == "Tue Jan 01 13:00:00 2030"


def test_while_the_clock_runs_a_service_ends_by_itself(environment: Emulator) -> None:
    environment.control.transitions("seconds", 0.2)
    restart(environment, NODE, ENGINE)
    deadline = monotonic() + 30
    while states(environment) != ["Started"]:
        assert monotonic() < deadline
    # What is set forward passes at once, also on a clock that runs.
    environment.control.transitions("seconds", 3600)
    restart(environment, NODE, ENGINE)
    environment.control.advance(3600)
    assert states(environment) == ["Started"]
    assert not environment.control.clock()["frozen"]
    assert environment.control.clock()["offset_seconds"] == 3600


def after_a_kill(start_emulator: Callable[..., Emulator], first: Emulator) -> Emulator:
    """Kill the emulator, and return one that goes on with what it has stored."""
    first.kill()
    return start_emulator()


def test_a_kill_leaves_clock_and_jobs(start_emulator: Callable[..., Emulator]) -> None:
    first = start_emulator()
    first.control.clock(now=NOON, frozen=True)
    first.control.advance(86_400)
    first.control.transitions("seconds", 600)
    restart(first, NODE, ENGINE)
    first.control.advance(300)
    before = first.control.clock()
    again = after_a_kill(start_emulator, first)
    assert again.control.clock() == before
    assert before["now"] == "2030-01-02T12:05:00+00:00"
    assert states(again) == ["Starting"], "nothing happens on a clock that stands still, whatever real time does"
    again.control.advance(299)
    assert states(again) == ["Starting"]
    again.control.advance(1)
    assert states(again) == ["Started"]
    assert start_time(again, ENGINE) == "Wed Jan 02 12:10:00 2030"


def test_what_became_due_while_the_emulator_was_down_is_done_when_it_answers(
    start_emulator: Callable[..., Emulator],
) -> None:
    first = start_emulator()
    first.control.clock(offset_seconds=1000)
    first.control.transitions("seconds", 0.05)
    first.control.transitions("hang", service=PROXY)
    restart(first, NODE, ENGINE, PROXY)
    again = after_a_kill(start_emulator, first)
    # Starting takes longer than that. Rules end with the process, and so does what hangs by them.
    assert states(again, ENGINE, PROXY) == ["Started", "Started"]
    assert again.control.clock()["offset_seconds"] == 1000


def test_a_snapshot_brings_its_clock_and_its_jobs_and_a_reset_has_none(environment: Emulator) -> None:
    control = environment.control
    control.clock(now=NOON, frozen=True)
    control.transitions("seconds", 60)
    control.transitions("hang", service=PROXY)
    restart(environment, NODE, ENGINE, PROXY)
    control.advance(10)
    control.snapshot("on-the-way")
    try:
        control.advance(50)
        control.transitions("immediate", service=PROXY)
        assert states(environment, ENGINE, PROXY) == ["Started", "Started"]
        control.clock(frozen=False, offset_seconds=0)
        control.restore("on-the-way")
        assert (control.clock()["now"], control.clock()["frozen"]) == ("2030-01-01T12:00:10+00:00", True)
        assert states(environment, ENGINE, PROXY) == ["Stopping", "Started"], "the rule by which it hung is gone"
        control.advance(50)
        assert start_time(environment, ENGINE) == "Tue Jan 01 12:01:00 2030"
        control.restore("on-the-way")
        control.reset()
        assert (control.clock()["offset_seconds"], control.clock()["frozen"]) == (0, False)
        started = start_time(environment, ENGINE)
        control.advance(3600)
        assert start_time(environment, ENGINE) == started
    finally:
        assert control.request("DELETE", "/snapshots/on-the-way").status_code == 204


@pytest.mark.parametrize("mode", ["seconds", "polls", "hang"])
def test_a_service_takes_no_time_where_none_is_wanted(environment: Emulator, mode: str) -> None:
    environment.control.clock(frozen=True)
    environment.control.transitions(mode, 0)
    restart(environment, NODE, ENGINE)
    assert states(environment) == ["Stopping" if mode == "hang" else "Started"]
