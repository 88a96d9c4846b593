# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of calendaring parameters and its rules (requirements P1 to P5)."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    AUTO,
    BY_OPTION,
    CALENDARING,
    Parameter,
    parse_spread,
    problem,
    recommended_spread,
    restarts,
)
from ansible_collections.ucops.imp.plugins.modules.calendaring_parameters import DOCUMENTATION
from hypothesis import given
from hypothesis import strategies as st

from tests.support.project_files import ROOT

LIMITS = {
    "ews_status_frequency": ("P1", 1, 1440, 60),
    "exchange_notification_port": ("P2", 1024, 65535, 50020),
    "calendar_spread": ("P3", 0, 59, 50),
    "exchange_timeout": ("P4", 1, 20, 3),
    "exchange_queue": ("P4", 1, 5000, 2200),
    "exchange_threads": ("P4", 1, 100, 60),
    "office_365_pull_interval": ("O1", 10, 1440, 60),
}


@pytest.mark.parametrize("option", LIMITS)
def test_ranges_and_defaults_are_those_of_the_guide(option: str) -> None:
    parameter = BY_OPTION[option]
    requirement, least, most, default = LIMITS[option]
    assert (parameter.requirement, parameter.default) == (requirement, default)
    for value in (least, most, default):
        assert problem(parameter, value) is None
    for value in (least - 1, most + 1, -(2**40), 2**40):
        said = problem(parameter, value)
        assert said is not None
        for part in (option, str(value), f"{least} to {most}", parameter.label):
            assert part in said


def test_one_default_is_another_one_in_newer_releases() -> None:
    other = {p.option: (p.default_in(14), p.default_in(15), p.default_in(16)) for p in CALENDARING if p.newer_default}
    assert other == {"out_of_office_information": ("display", "do_not_display", "do_not_display")}
    assert BY_OPTION["exchange_timeout"].default_in(15) == 3


def test_words_are_those_of_the_page() -> None:
    assert {p.option: (p.default, p.spec.get("choices")) for p in CALENDARING if p.option not in LIMITS} == {
        "out_of_office_information": ("display", ["display", "do_not_display"]),
        "fips_mode_authentication": ("auto", ["auto", "basic_only"]),
    }


def test_caution_is_for_the_three_of_p4() -> None:
    cautioned = {parameter.option for parameter in CALENDARING if parameter.caution}
    assert cautioned == {parameter.option for parameter in CALENDARING if parameter.requirement == "P4"}
    assert len(cautioned) == 3


def test_options_and_names_are_unique() -> None:
    assert len({parameter.name for parameter in CALENDARING}) == len(BY_OPTION) == len(CALENDARING)


@pytest.mark.parametrize("parameter", CALENDARING, ids=lambda parameter: parameter.option)
def test_the_documentation_says_what_the_table_says(parameter: Parameter) -> None:
    option = yaml.safe_load(DOCUMENTATION)["options"][parameter.option]
    text = " ".join(option["description"])
    if isinstance(parameter.allowed, range):
        assert f"V({parameter.allowed[0]}) to V({parameter.allowed[-1]})" in text
        assert f"default is {parameter.default}." in text
    else:
        assert option["choices"] == list(parameter.allowed)
    assert ("Cisco advises against changing it." in text) is parameter.caution


@pytest.mark.parametrize("parameter", CALENDARING, ids=lambda parameter: parameter.option)
def test_the_role_hands_the_parameter_on(parameter: Parameter) -> None:
    role = ROOT / "roles" / "calendaring"
    (task,) = yaml.safe_load((role / "tasks" / "main.yml").read_text(encoding="utf-8"))
    variable = f"calendaring_{parameter.option}"
    taken = f"{{{{ calendaring_options.{variable} | default(omit) }}}}"
    assert task["ucops.imp.calendaring_parameters"][parameter.option] == taken
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    option = specs["main"]["options"][variable]
    if isinstance(parameter.allowed, range):
        assert f"{parameter.allowed[0]} to {parameter.allowed[-1]}" in option["description"]
    else:
        assert option["choices"] == list(parameter.allowed)


@pytest.mark.parametrize("parameter", CALENDARING, ids=lambda parameter: parameter.option)
def test_values_survive_the_wire(parameter: Parameter) -> None:
    for value in parameter.allowed:
        assert parameter.decode(parameter.encode(value)) == value


@pytest.mark.parametrize(("option", "wire"), [("exchange_queue", "many"), ("fips_mode_authentication", "7")])
def test_an_unknown_value_is_shown_as_it_is(option: str, wire: str) -> None:
    assert BY_OPTION[option].decode(wire) == wire


@pytest.mark.parametrize(
    ("users", "seconds"), [(0, 0), (1, 1), (100, 1), (101, 2), (1000, 10), (1001, 11), (5900, 59), (5901, 59)]
)
def test_spread_follows_the_number_of_users(users: int, seconds: int) -> None:
    assert recommended_spread(users) == seconds


@given(st.integers(min_value=0, max_value=10**9))
def test_recommended_spread_is_always_allowed(users: int) -> None:
    assert problem(BY_OPTION["calendar_spread"], recommended_spread(users)) is None


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("auto", AUTO), ("AUTO", AUTO), ("10", 10), (" 0 ", 0), ("-1", -1), ("1.5", None), ("", None)],
)
def test_spread_is_a_number_or_auto(value: str, meaning: object) -> None:
    assert parse_spread(value) == meaning


def test_restarts_are_named_only_where_they_are_known() -> None:
    assert restarts("Cisco Presence Engine", "AnyParameter") == ("Cisco Presence Engine",)
    assert restarts("Enterprise Wide", "EnableIPV6") == ("Cisco Presence Engine", "Cisco SIP Proxy", "Cisco XCP Router")
    assert restarts("Enterprise Wide", "ClusterID") == ()
    assert restarts("Cisco CallManager", "EnableIPV6") == ()
