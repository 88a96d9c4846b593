# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of faults: each that comes along can be put in force, and what is wrong with a user's own is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from imp_emulator.cli import app
from imp_emulator.cli_groups import GROUPS
from imp_emulator.control import faults
from imp_emulator.control.fault_places import PROTOCOLS
from imp_emulator.scenario import faults as fault_sets
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.serving.listeners import LISTENERS
from imp_emulator.store.database import Database
from imp_emulator.wire.exchange_notifications import ExchangeNotifications
from imp_emulator.world.clock import Clock
from imp_emulator.world.environment import Environment
from imp_emulator.world.faults import Effect, EffectKind, Fault, Faults
from imp_emulator.world.pace import ServicePace
from tests.support.pages import blocks


def environment(tmp_path: Path, listed: object) -> Environment:
    content = {**yaml.safe_load(generate(0)), "faults": listed}
    scenario = scenario_file.read(yaml.safe_dump(content))
    return Environment(Database(tmp_path / "state.sqlite3"), Clock(), ServicePace(), scenario)


@pytest.mark.parametrize("name", fault_sets.shipped())
def test_each_set_that_comes_along_can_be_put_in_force(tmp_path: Path, name: str) -> None:
    found = fault_sets.load(name)
    assert found.about
    world = environment(tmp_path, list(found.faults))
    faults.begin(world, {})
    assert len(world.faults.active) == len(found.faults) > 0


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([{"effect": {"kind": "flood"}}], "faults[0].effect: Input tag 'flood'"),
        ([{"effect": {"kind": "drop"}}, {"effect": {"kind": "drop"}, "probability": 2}], "faults[1].probability: "),
        (
            [{"effect": {"kind": "drop"}, "sometimes": True}],
            "faults[0].sometimes: is not known here; known are cluster,",
        ),
        ([{"kind": "drop"}], "faults[0].effect: is missing; it tells what happens, for example {kind: drop}"),
        ([{"effect": {"status": 503}}], "faults[0].effect: has no kind; the kinds are status, "),
        ([{"effect": {"kind": "delay"}}], "faults[0].effect.delay.seconds: is missing"),
        ([{"effect": {"kind": "drop", "share": 1}}], "faults[0].effect.drop.share: is not known here"),
        ([{"protocol": "axl", "effect": {"kind": "error", "code": "nonsense"}}], "faults[0]: 'nonsense'"),
        (
            [{"protocol": "axl", "times": 1, "effect": {"kind": "clock_skew", "seconds": 1}}],
            "faults[0]: a clock is wrong for every request; leave out protocol, times",
        ),
        (
            [{"protocol": "axl", "operation": "getUser", "effect": {"kind": "certificate"}}],
            "faults[0]: a certificate is shown before anything is asked for; leave out operation",
        ),
        ([{"effect": {"kind": "drop"}, "times": True}], "faults[0].times: Input should be a number, not a"),
        ([{"effect": {"kind": "cut", "share": False}}], "faults[0].effect.cut.share: Input should be a number"),
        # Nobody is there whom it could strike.
        ([{"cluster": "dc9", "effect": {"kind": "drop"}}], "faults[0]: cluster: there is no 'dc9'; known are dc1"),
        ([{"node": "IMP-PUB", "effect": {"kind": "drop"}}], "faults[0]: node: there is no 'IMP-PUB'; known are "),
        ([{"cluster": "", "node": "imp-pub", "effect": {"kind": "drop"}}], "faults[0]: node: there is no 'imp-pub'"),
        ([{"protocol": "AXL", "effect": {"kind": "drop"}}], "faults[0]: protocol: there is no 'AXL'; known are axl, "),
        (
            [{"protocol": "axl", "operation": "updateusers", "effect": {"kind": "drop"}}],
            "faults[0]: operation: there is no 'updateusers'; known are listUser, updateUser",
        ),
        (
            [
                {"node": "imp-pub", "effect": {"kind": "clock_skew", "seconds": 1}},
                {"node": "", "effect": {"kind": "drop"}},
            ],
            "faults[1]: node: there is no ''",
        ),
    ],
)
def test_a_fault_of_a_scenario_that_breaks_a_rule_is_named_by_its_place(
    tmp_path: Path, listed: object, said: str
) -> None:
    with pytest.raises(ScenarioError) as refused:
        faults.begin(environment(tmp_path, listed), {"axl": ["updateUser", "listUser"]})
    assert str(refused.value).startswith(said)


def test_of_many_operations_it_is_said_how_many_are_left_out(tmp_path: Path) -> None:
    known = {"axl": [f"listUser{number:02}" for number in range(23)]}
    world = environment(tmp_path, [{"operation": "drop", "effect": {"kind": "drop"}}])
    with pytest.raises(ScenarioError, match=r"known are listUser00, .*, listUser19 and 3 more$"):
        faults.begin(world, known)
    world = environment(tmp_path, [{"operation": "listUser023", "effect": {"kind": "drop"}}])
    with pytest.raises(ScenarioError, match=r"is it 'listUser\d\d'\?$"):
        faults.begin(world, known)


@pytest.mark.parametrize("operation", ["page", "malformed", "GET", "GET /x"])
def test_a_request_that_means_no_operation_can_have_a_fault(tmp_path: Path, operation: str) -> None:
    """As the journal calls them, of AXL, Exchange Web Services and others."""
    world = environment(tmp_path, [{"protocol": "axl", "operation": operation, "effect": {"kind": "drop"}}])
    faults.begin(world, {"axl": ["listUser"]})
    assert len(world.faults.active) == 1


def test_each_protocol_that_a_listener_speaks_can_have_a_fault() -> None:
    spoken = {getattr(maker, "name", "") for *_about, makers in LISTENERS for maker in makers} | {
        ExchangeNotifications.name
    }
    assert set(PROTOCOLS) == spoken


@pytest.mark.parametrize("page", ["emulator/README.md", "docs/busy-servers.md"])
def test_the_pages_name_every_kind_of_fault(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    told = {one for row in rows for found in re.findall(r'^`(\w+)`|, `(\w+)`$|"kind": "(\w+)"', row) for one in found}
    assert {kind.value for kind in EffectKind} - told == set()


def test_the_set_of_the_page_can_be_put_in_force(tmp_path: Path) -> None:
    (printed,) = (block.text for block in blocks("docs/busy-servers.md") if block.language == "yaml")
    world = environment(tmp_path, list(fault_sets.read(printed).faults))
    faults.begin(world, {})
    assert len(world.faults.active) == 3


def test_the_page_names_every_command() -> None:
    """The table of ``emulator/README.md`` has each command of ``imp-emulator``, with its group."""
    text = (Path(__file__).parents[3] / "emulator/README.md").read_text(encoding="utf-8")
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    names += [f"{group} {command.name}" for group, room in GROUPS.items() for command in room.registered_commands]
    assert len(names) > 20
    assert [name for name in names if f"`{name}" not in text] == []


def test_a_set_that_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="a_bad_monday"):
        fault_sets.load(str(tmp_path / "missing.yml"))
    (tmp_path / "odd.yml").write_text("about: x\nflaws: []\n")
    with pytest.raises(ScenarioError, match=r"odd\.yml: flaws: is not known here"):
        fault_sets.load(str(tmp_path / "odd.yml"))
    (tmp_path / "odd.yml").write_text("[]")
    with pytest.raises(ScenarioError, match=r"odd\.yml: must be a mapping"):
        fault_sets.load(str(tmp_path / "odd.yml"))


def test_another_certificate_strikes_connections_and_nothing_else() -> None:
    faults_in_force = Faults()
    swapped = Fault(1, Effect(EffectKind.CERTIFICATE), protocol="axl", every=2, times=1)
    faults_in_force.active = [swapped]
    assert faults_in_force.strike("dc1", "cucm-pub", "axl", "getUser") is None
    places = [("cucm-pub", {"certmgr"}), *[("cucm-pub", {"axl", "control_center"})] * 4]
    seen = [faults_in_force.swap_certificate("dc1", node, protocols) for node, protocols in places]
    assert seen == [False, False, True, False, False]
    assert (swapped.matched, swapped.hits) == (2, 1)


@pytest.mark.parametrize("value", ["2026-01-01", "!!binary aGk="])
def test_what_json_does_not_know_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape("faults[1]: holds what is no text, number, list or mapping")):
        fault_sets.read(f"faults: [{{effect: {{kind: drop}}}}, {{effect: {{kind: {value}}}}}]")


@pytest.mark.parametrize("load", [fault_sets.load, scenario_file.load])
def test_what_is_no_file_of_a_user(load: Callable[[str], object]) -> None:
    """A device may never end, and a name may be longer than any file's."""
    with pytest.raises(ScenarioError, match=r"/dev/zero: .*it is no regular file"):
        load("/dev/zero")
    with pytest.raises(ScenarioError, match="File name too long"):
        load("x" * 5000)


def test_the_draws_of_a_fault_are_those_of_its_seed() -> None:
    def struck(seed: int) -> list[bool]:
        fault = Fault(1, Effect(EffectKind.DROP), probability=0.3, seed=seed)
        return [fault.hit("dc1", "cucm-pub", "axl", "getUser") for _ in range(200)]

    assert struck(7) == struck(7) != struck(8)
    assert 30 < sum(struck(7)) < 90
