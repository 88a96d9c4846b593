# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``service_parameters`` and its info twin against the emulator (IPv6 of requirement G7, and any other parameter)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "service_parameters"
IPV6 = {"service": "Enterprise Wide", "name": "EnableIPV6", "value": "T"}
IPV6_ID = "EnterpriseWideData/Enterprise Wide/EnableIPV6"
SPREAD = {"service": "Cisco Presence Engine", "name": "CalendarSpread", "value": "10"}
SPREAD_ID = "EnterpriseWideData/Cisco Presence Engine/CalendarSpread"


def run(emulator: Emulator, *parameters: dict[str, Any], check: bool = False) -> ModuleResult:
    return run_module(MODULE, {**connection(emulator, "cucm"), "parameters": list(parameters)}, check=check)


def read_back(emulator: Emulator, *parameters: dict[str, Any]) -> list[dict[str, str]]:
    result = run_module(f"{MODULE}_info", {**connection(emulator, "cucm"), "parameters": list(parameters)})
    assert not result.failed, result.msg
    return result["parameters"]


def writes(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.journal(protocol="axl", writes=True)


def test_an_enterprise_parameter_is_set(environment: Emulator) -> None:
    options = {**connection(environment, "cucm"), "parameters": [IPV6]}
    steps = assert_four_steps(MODULE, options, lambda: writes(environment))
    assert steps.done["diff"] == {
        "before": {"service_parameter": {IPV6_ID: {"value": "F"}}},
        "after": {"service_parameter": {IPV6_ID: {"value": "T"}}},
    }
    assert steps.done["current"] == {IPV6_ID: "T"}
    assert steps.done["restart_required"] == ["Cisco Presence Engine", "Cisco SIP Proxy", "Cisco XCP Router"]
    assert len(writes(environment)) == 1
    assert read_back(environment, {"service": "Enterprise Wide", "name": "EnableIPV6"}) == [
        {**IPV6, "node": "EnterpriseWideData"}
    ]


def test_parameters_of_several_services_at_once(environment: Emulator) -> None:
    result = run(environment, IPV6, SPREAD)
    assert_contract(result, changed=True)
    assert [change["id"] for change in result["changes"]] == [IPV6_ID, SPREAD_ID]
    assert result["changes"][1] == {
        "kind": "service_parameter",
        "id": SPREAD_ID,
        "action": "update",
        "fields": [{"name": "value", "before": "50", "after": "10", "secret": False}],
    }
    assert [entry["operation"] for entry in writes(environment)] == ["updateServiceParameter"] * 2


def test_a_parameter_of_the_presence_engine_restarts_it_alone(environment: Emulator) -> None:
    assert run(environment, SPREAD)["restart_required"] == ["Cisco Presence Engine"]


def test_one_failure_does_not_stop_the_others(environment: Emulator) -> None:
    unknown = {**SPREAD, "name": "NoSuchParameter"}
    too_much = {**SPREAD, "name": "ExchangeQueue", "value": "99999"}
    result = run(environment, unknown, too_much, SPREAD)
    assert_contract(result, changed=True, failed=True)
    failures = {failure["id"].rpartition("/")[2]: failure["code"] for failure in result["failures"]}
    assert failures.keys() == {"NoSuchParameter", "ExchangeQueue"}
    assert failures["NoSuchParameter"] == "not-found"
    assert [change["id"] for change in result["changes"]] == [SPREAD_ID]


def test_an_unknown_service_or_node_is_told(environment: Emulator) -> None:
    for parameter in ({**SPREAD, "service": "Cisco Nothing"}, {**SPREAD, "node": "imp-pub9"}):
        result = run(environment, parameter, check=True)
        assert_contract(result, changed=False, failed=True)
        assert result["failures"][0]["code"] == "not-found"
        assert parameter["service"] in result.msg


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ([{**IPV6, "name": " "}], "parameters[0].name: it is an empty text"),
        ([{**IPV6, "service": ""}], "parameters[0].service: it is an empty text"),
        ([{**IPV6, "node": ""}], "parameters[0].node: it is an empty text"),
        ([IPV6, {**IPV6, "value": "F"}], f"parameters: {IPV6_ID} is given more than once"),
        ([{"service": "Enterprise Wide", "name": "EnableIPV6"}], "value"),
        ([{**IPV6, "vlaue": "T"}], "vlaue"),
        ("EnableIPV6=T", "parameters"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(environment: Emulator, parameters: Any, said: str) -> None:
    result = run_module(MODULE, {**connection(environment, "cucm"), "parameters": parameters})
    assert result.failed
    assert said in result.msg
    assert environment.journal() == []


def test_info_reads_whole_services(environment: Emulator) -> None:
    found = read_back(environment, {"service": "Cisco Presence Engine"}, {"service": "Enterprise Wide", "name": "Nope"})
    names = [parameter["name"] for parameter in found]
    assert names == sorted(names)
    assert {"CalendarSpread", "ExchangeTimeout"} <= set(names)
    assert {parameter["service"] for parameter in found} == {"Cisco Presence Engine"}
    assert writes(environment) == []
