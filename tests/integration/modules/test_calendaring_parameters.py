# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``calendaring_parameters`` and its info twin against the emulator (requirements P1 to P5)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import CALENDARING, Parameter

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "calendaring_parameters"
ENGINE = "Cisco Presence Engine"
FIRST_STATE: dict[str, Any] = {parameter.option: parameter.default for parameter in CALENDARING}


def other(parameter: Parameter) -> int | str:
    """Return a value that is allowed and not the default."""
    if isinstance(parameter.allowed, range):
        return int(parameter.default) + 1
    return next(word for word in parameter.allowed if word != parameter.default)


OTHER_VALUES: dict[str, Any] = {parameter.option: other(parameter) for parameter in CALENDARING}


def run(emulator: Emulator, *, check: bool = False, **options: Any) -> ModuleResult:
    return run_module(MODULE, {**connection(emulator, "cucm"), **options}, check=check)


def read_back(emulator: Emulator) -> dict[str, Any]:
    result = run_module("calendaring_parameters_info", connection(emulator, "cucm"))
    assert not result.failed, result.msg
    return result["current"]


def axl(emulator: Emulator, **filters: Any) -> list[dict[str, Any]]:
    return emulator.journal(protocol="axl", **filters)


def test_first_state_is_the_products(environment: Emulator) -> None:
    assert read_back(environment) == FIRST_STATE


@pytest.mark.parametrize("option", OTHER_VALUES)
def test_each_parameter_is_set_alone(environment: Emulator, option: str) -> None:
    value = OTHER_VALUES[option]
    options = {**connection(environment, "cucm"), option: value}
    steps = assert_four_steps(MODULE, options, lambda: axl(environment, writes=True))
    assert steps.done["diff"] == {
        "before": {"calendaring_parameter": {option: {"value": FIRST_STATE[option]}}},
        "after": {"calendaring_parameter": {option: {"value": value}}},
    }
    assert steps.done["restart_required"] == [ENGINE]
    assert read_back(environment) == {**FIRST_STATE, option: value}
    assert len(axl(environment, writes=True)) == 1


def test_all_parameters_at_once(environment: Emulator) -> None:
    options = {**connection(environment, "cucm"), **OTHER_VALUES}
    steps = assert_four_steps(MODULE, options, lambda: axl(environment, writes=True))
    assert steps.done["current"] == OTHER_VALUES == read_back(environment)
    assert [change["id"] for change in steps.done["changes"]] == list(OTHER_VALUES)
    assert steps.done["changes"][0] == {
        "kind": "calendaring_parameter",
        "id": "ews_status_frequency",
        "action": "update",
        "fields": [{"name": "value", "before": 60, "after": 61, "secret": False}],
    }
    assert [entry["operation"] for entry in axl(environment, writes=True)] == ["updateServiceParameter"] * len(
        CALENDARING
    )


def test_values_that_hold_are_not_written(environment: Emulator) -> None:
    options = {**connection(environment, "cucm"), **FIRST_STATE}
    assert_four_steps(MODULE, options, lambda: axl(environment, writes=True), quiet=True)


def test_reading_takes_two_requests(environment: Emulator) -> None:
    """The version and one list, however many parameters there are."""
    assert_contract(run(environment, **FIRST_STATE), changed=False)
    assert [entry["operation"] for entry in axl(environment)] == ["getCCMVersion", "listServiceParameter"]


@pytest.mark.parametrize(("users", "seconds"), [(0, 0), (1, 1), (1000, 10), (1001, 11), (20000, 59)])
def test_spread_is_computed_from_the_given_users(environment: Emulator, users: int, seconds: int) -> None:
    result = run(environment, calendar_spread="auto", assigned_users=users)
    assert_contract(result, changed=True)
    assert (result["current"]["calendar_spread"], result["assigned_users"]) == (seconds, users)


def test_spread_is_computed_from_the_enabled_users(environment: Emulator, users_with_calendar: int) -> None:
    predicted = run(environment, check=True, calendar_spread="auto")
    assert predicted["assigned_users"] == users_with_calendar
    before = len(axl(environment, writes=True))
    options = {**connection(environment, "cucm"), "calendar_spread": "auto"}
    steps = assert_four_steps(MODULE, options, lambda: axl(environment, writes=True))
    assert steps.done["diff"]["after"] == {"calendaring_parameter": {"calendar_spread": {"value": 3}}}
    assert len(axl(environment, writes=True)) == before + 1


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("ews_status_frequency", 0, "1 to 1440"),
        ("ews_status_frequency", 1441, "1 to 1440"),
        ("exchange_notification_port", 1023, "1024 to 65535"),
        ("exchange_notification_port", 65536, "1024 to 65535"),
        ("calendar_spread", -1, "0 to 59"),
        ("calendar_spread", 60, "0 to 59"),
        ("calendar_spread", "soon", "neither a number nor auto"),
        ("exchange_timeout", 0, "1 to 20"),
        ("exchange_timeout", 21, "1 to 20"),
        ("exchange_queue", 5001, "1 to 5000"),
        ("exchange_threads", 101, "1 to 100"),
        ("out_of_office_information", "sometimes", "display, do_not_display"),
        ("fips_mode_authentication", "never", "auto, basic_only"),
        ("assigned_users", 5, "calendar_spread=auto"),
        ("parameter_names", {"spread": "X"}, "ews_status_frequency, exchange_notification_port"),
        ("parameter_names", {"calendar_spread": ""}, "empty text"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    environment: Emulator, option: str, value: Any, rule: str
) -> None:
    options: dict[str, Any] = {"exchange_queue": 2000, option: value}
    result = run(environment, **options)
    assert result.failed
    for part in (option, rule, *([] if isinstance(value, dict) else [str(value)])):
        assert part in result.msg
    assert environment.journal() == []


def test_a_value_of_another_type_is_refused(environment: Emulator) -> None:
    result = run(environment, ews_status_frequency="often")
    assert result.failed
    assert result.msg == "ews_status_frequency: 'often' is not a whole number. Give a whole number."
    assert environment.journal() == []


def test_every_problem_is_told_at_once(environment: Emulator) -> None:
    result = run(environment, exchange_queue=0, exchange_threads=0, calendar_spread="auto", assigned_users=-1)
    assert [said.split(":")[0] for said in result["details"]["problems"]] == [
        "exchange_queue",
        "exchange_threads",
        "assigned_users",
    ]


def test_caution_about_the_three_tuning_parameters(environment: Emulator) -> None:
    result = run(environment, check=True, exchange_timeout=4, exchange_queue=2000, exchange_threads=50)
    assert len(result.warnings) == 3
    for option, warning in zip(
        ("exchange_timeout", "exchange_queue", "exchange_threads"), result.warnings, strict=True
    ):
        assert warning.startswith(f"{option}: Cisco advises to leave")
    assert run(environment, check=True, **FIRST_STATE).warnings == []


def test_the_clusters_refusal_concerns_one_parameter_only(environment: Emulator) -> None:
    """Release 14 wants 10 minutes at least, which the guide does not say."""
    result = run(environment, ews_status_frequency=5, calendar_spread=10)
    assert_contract(result, changed=True, failed=True)
    assert [failure["id"] for failure in result["failures"]] == ["ews_status_frequency"]
    assert [change["id"] for change in result["changes"]] == ["calendar_spread"]
    assert result["restart_required"] == [ENGINE]
    assert read_back(environment) == {**FIRST_STATE, "calendar_spread": 10}


def test_a_parameter_that_the_cluster_does_not_have(environment: Emulator) -> None:
    names = {"calendar_spread": "PeSpreadSeconds"}
    for check in (True, False):
        result = run(environment, check=check, calendar_spread=10, exchange_queue=2000, parameter_names=names)
        assert_contract(result, changed=True, failed=True)
        assert [(failure["id"], failure["code"]) for failure in result["failures"]] == [
            ("calendar_spread", "not-found")
        ]
        assert "PeSpreadSeconds" in result["failures"][0]["message"]
        assert "parameter_names" in result["failures"][0]["message"]
        assert [change["id"] for change in result["changes"]] == ["exchange_queue"]
    assert read_back(environment) == {**FIRST_STATE, "exchange_queue": 2000}


def test_names_are_looked_for_where_the_option_says(environment: Emulator) -> None:
    """The internal name of another parameter stands in for one that a real cluster calls otherwise."""
    names = {"exchange_queue": "ExchangeThreads"}
    assert_contract(run(environment, exchange_queue=70, parameter_names=names), changed=True)
    assert read_back(environment) == {**FIRST_STATE, "exchange_threads": 70}
    info = run_module("calendaring_parameters_info", {**connection(environment, "cucm"), "parameter_names": names})
    assert info["current"]["exchange_queue"] == 70
    assert info["parameters"]["exchange_queue"] == {
        "label": "Exchange Queue",
        "name": "ExchangeThreads",
        "found": True,
        "default": 2200,
    }


def test_info_tells_what_the_cluster_does_not_have(environment: Emulator) -> None:
    options = {**connection(environment, "cucm"), "parameter_names": {"calendar_spread": "Other"}}
    info = run_module("calendaring_parameters_info", options, check=True)
    assert "calendar_spread" not in info["current"]
    assert info["parameters"]["calendar_spread"]["found"] is False
    wrong = run_module("calendaring_parameters_info", {**options, "parameter_names": {"spread": "Other"}})
    assert wrong.failed
    assert "parameter_names" in wrong.msg


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_lost_answer_is_compared_and_never_sent_blindly(environment: Emulator, kind: str) -> None:
    environment.control.fault(kind, operation="updateServiceParameter", times=1)
    result = run(environment, calendar_spread=10)
    assert_contract(result, changed=True)
    assert read_back(environment)["calendar_spread"] == 10
    done = [entry for entry in axl(environment, operation="updateServiceParameter") if entry["status"] == 200]
    assert len(done) == 1


def test_drift_is_found_and_healed(environment: Emulator) -> None:
    run(environment, calendar_spread=10)
    run(environment, calendar_spread=20)
    result = run(environment, check=True, calendar_spread=10)
    assert result["changes"][0]["fields"] == [{"name": "value", "before": 20, "after": 10, "secret": False}]
    assert_contract(run(environment, calendar_spread=10), changed=True)


def test_parameters_that_are_dropped_go_back_to_the_default(environment: Emulator) -> None:
    run(environment, **OTHER_VALUES)
    kept = {"ews_status_frequency": OTHER_VALUES["ews_status_frequency"], "reset_others": True}
    options = {**connection(environment, "cucm"), **kept}
    steps = assert_four_steps(MODULE, options, lambda: axl(environment, writes=True))
    others = FIRST_STATE.keys() - {"ews_status_frequency"}
    assert {change["id"] for change in steps.predicted["changes"]} == others
    assert read_back(environment) == {**FIRST_STATE, "ews_status_frequency": kept["ews_status_frequency"]}
    assert run(environment, report_undeclared=True, check=True, **kept)["undeclared"] == []


def test_a_dropped_parameter_is_told_as_undeclared_or_as_a_change_and_never_as_both(environment: Emulator) -> None:
    run(environment, exchange_queue=100)
    left = run(environment, check=True, report_undeclared=True, calendar_spread=50)
    reset = run(environment, check=True, report_undeclared=True, reset_others=True)
    assert ([one["id"] for one in left["undeclared"]], left["changes"]) == (["exchange_queue"], [])
    assert reset["undeclared"] == []
    assert reset["changes"][0]["fields"] == [{"name": "value", "before": 100, "after": 2200, "secret": False}]
