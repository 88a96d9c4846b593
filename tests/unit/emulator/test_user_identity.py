# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names are one only when the emulated server says so: scenario, store, AXL and logins, over generated names."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imp_emulator.catalogue import parameters, services
from imp_emulator.letter_case import ascii_lower, like
from imp_emulator.pipeline.ntlm import _stored_name
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess
from tests.support.odd_names import ALIKE, ODD, SETS, USERIDS, WILD, ascii_key

AGAIN = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One state for all examples, which is what each of them leaves behind as it was."""

CONTROLS = st.text(st.sampled_from("a \t\n\r\x85\u2028"), min_size=1, max_size=5)
LIST = "<searchCriteria><userid>{}</userid></searchCriteria><returnedTags><userid/></returnedTags>"


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


def written(name: str) -> str:
    return escape(name, {"\r": "&#13;"})


def add(axl: InProcess, name: str) -> Any:
    group = "<presenceGroupName>Standard Presence group</presenceGroupName>"
    return axl.ask("addUser", f"<user><lastName>N</lastName><userid>{written(name)}</userid>{group}</user>")


def listed(axl: InProcess, pattern: str) -> list[str]:
    return axl.ask("listUser", LIST.format(written(pattern))).values("user/userid")


def get(axl: InProcess, name: str) -> Any:
    return axl.ask("getUser", f"<userid>{written(name)}</userid>")


def remove(axl: InProcess, names: list[str]) -> None:
    for name in names:
        axl.ask("removeUser", f"<userid>{written(name)}</userid>").done()


def scenario(names: list[str]) -> str:
    content = yaml.safe_load(generate(users=0))
    content["clusters"][0]["users"] = {"listed": [{"userid": name, "last_name": "N"} for name in names]}
    return yaml.safe_dump(content)


# --- scenarios


@settings(deadline=None)
@given(st.one_of(SETS, st.lists(CONTROLS, min_size=1, max_size=3, unique_by=ascii_key)))
@example([*ODD])
def test_a_scenario_lists_whomever_axl_takes(names: list[str]) -> None:
    read = scenario_file.read(scenario(names))
    assert [user.userid for user in read.clusters[0].users] == names


@pytest.mark.parametrize(("one", "other"), [("anna", "ANNA"), ("müller", "MüLLER"), ("x", "x")])
def test_a_scenario_refuses_a_user_twice(one: str, other: str) -> None:
    with pytest.raises(ScenarioError, match=r"clusters\[0\].users: holds .* twice"):
        scenario_file.read(scenario([one, other]))


# --- AXL and the store


@AGAIN
@given(names=st.one_of(SETS, st.lists(CONTROLS, min_size=1, max_size=3, unique_by=ascii_key)))
def test_every_user_is_a_user_of_its_own(axl: InProcess, names: list[str]) -> None:
    there = listed(axl, "%")
    for name in names:
        add(axl, name).done()
    assert listed(axl, "%") == [*there, *names]
    for name in names:
        axl.ask("updateUser", f"<userid>{written(name)}</userid><title>{written(name)}</title>").done()
    found = {name: get(axl, name) for name in names}
    assert {name: answer.values("user/title") for name, answer in found.items()} == {name: [name] for name in names}
    remove(axl, names)
    assert listed(axl, "%") == there


@AGAIN
@given(name=USERIDS)
def test_only_the_letter_case_of_the_alphabet_makes_a_duplicate(axl: InProcess, name: str) -> None:
    added = [name]
    add(axl, name).done()
    for other in {name.upper(), name.lower(), name.swapcase(), name.casefold(), f"{name} ", f" {name}"}:
        answer = add(axl, other)
        if any(ascii_key(other) == ascii_key(known) for known in added):
            assert answer.fault.axlcode == -239
        else:
            answer.done()
            added.append(other)
    remove(axl, added)


def test_a_search_knows_two_wildcards_and_letter_case(axl: InProcess) -> None:
    for name in WILD:
        add(axl, name).done()
    assert listed(axl, "A_b") == ["a_b", "axb", "a%b", "a*b", "a?b", "a\\b"]
    assert listed(axl, "a%B") == [name for name in WILD if name[0] == "a"]
    for name in ("axb", "a*b", "a?b", "a[xy]b", "a\\b"):
        assert listed(axl, name) == [name]


def test_sql_compares_every_letter(axl: InProcess) -> None:
    for name in ALIKE:
        add(axl, name).done()
    for name in ALIKE:
        for comparison in ("=", "like", "matches"):
            found = axl.sql(f"select userid from enduser where userid {comparison} '{name}'").values("row/userid")
            assert found == [name], comparison


# --- other names


@given(st.text(), st.text())
def test_letter_case_is_what_the_state_file_ignores(one: str, other: str) -> None:
    assert (ascii_lower(one) == ascii_lower(other)) is (ascii_key(one) == ascii_key(other))


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("IMP_PUB", "imp-pub", True),
        ("imp%", "IMP-PUB", True),
        ("\u212a", "k", False),
        ("ü", "Ü", False),
        ("a.b", "axb", False),
    ],
)
def test_patterns_ignore_the_letter_case_of_the_alphabet(pattern: str, value: str, matches: bool) -> None:
    assert like(pattern, value) is matches


def test_services_and_parameters_have_their_very_letters() -> None:
    assert services.spec("imp", "cisco PRESENCE engine") is not None
    assert services.spec("imp", "Ci\u017fco Presence Engine") is None
    assert parameters.spec("cisco presence ENGINE", "calendarspread") is not None
    assert parameters.spec("Cisco Presence Engine", "Calendar\u017fpread") is None


def test_windows_accounts_that_look_alike_are_two_where_both_exist() -> None:
    passwords = {"EXAMPLE\\strasser": "a", "EXAMPLE\\straßer": "b"}
    assert [_stored_name(name, passwords) for name in passwords] == list(passwords)
    assert _stored_name("example\\Müller", {"EXAMPLE\\MÜLLER": "a"}) == "EXAMPLE\\MÜLLER"
