# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users whose ids are easily taken for one another: each is read, changed and told of as what it is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file

from tests.support.axl import add_gateway
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module
from tests.support.odd_names import ODD, WILD, scenario_of_users

SIX = ("strasser", "straßer", "finn", "\ufb01nn", "müller", "MÜLLER")
ON = {"im_and_presence": True, "meeting_information": True}
ALL = {"userid": "%"}


@pytest.fixture(scope="module")
def started(imp_emulator_class: type[Emulator], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("odd")
    emulator = imp_emulator_class(folder, "--scenario", str(scenario_of_users(folder, ODD)))
    yield emulator
    emulator.stop()


@pytest.fixture
def cluster(started: Emulator) -> Emulator:
    started.control.reset()
    add_gateway(started)
    started.control.clear_journal()
    return started


def run(emulator: Emulator, *, check: bool = False, **options: Any) -> ModuleResult:
    return run_module("calendar_users", {**connection(emulator, "cucm"), **options}, check=check)


def done_in_four_steps(emulator: Emulator, **options: Any) -> ModuleResult:
    given = {**connection(emulator, "cucm"), **options}
    return assert_four_steps("calendar_users", given, lambda: emulator.journal(protocol="axl", writes=True)).done


def info(emulator: Emulator, **options: Any) -> ModuleResult:
    result = run_module("calendar_users_info", {**connection(emulator, "cucm"), **options})
    assert not result.failed, result.msg
    return result


def enabled(emulator: Emulator) -> set[str]:
    return {user["userid"] for user in info(emulator, enabled_only=True)["users"]}


def changed(result: ModuleResult) -> list[str]:
    return [change["id"] for change in result["changes"]]


def test_the_case_of_the_six(cluster: Emulator) -> None:
    """Three pairs that casefold() takes for one user each."""
    assert {user["userid"] for user in info(cluster)["users"]} >= {*SIX}
    one = done_in_four_steps(cluster, users=[{"userid": "strasser"}])
    assert (changed(one), one["current"]["selected"]) == (["strasser"], 1)
    assert enabled(cluster) == {"strasser"}
    everybody = done_in_four_steps(cluster, query=ALL)
    assert changed(everybody) == [name for name in ODD if name != "strasser"]
    assert everybody["current"] == {
        "selected": len(ODD),
        "unknown": 0,
        **dict.fromkeys(("home_cluster", "im_and_presence", "meeting_information"), len(ODD)),
    }
    assert enabled(cluster) == set(ODD)


def test_everybody_is_listed_alone_and_together(cluster: Emulator) -> None:
    for name in ODD:
        assert [user["userid"] for user in info(cluster, users=[name])["users"]] == [name]
    together = info(cluster, users=list(reversed(ODD)))
    assert [user["userid"] for user in together["users"]] == list(reversed(ODD))
    assert (together["unknown"], together["counts"]["selected"]) == ([], len(ODD))


def test_a_list_changes_its_own_users_and_nobody_else(cluster: Emulator) -> None:
    """A fixed sample of halves, each beginning with nobody enabled."""
    sample = random.Random(8)
    for _round in range(3):
        chosen = sample.sample(ODD, len(ODD) // 2)
        result = run(cluster, users=[{"userid": name} for name in chosen])
        assert_contract(result, changed=True)
        assert changed(result) == chosen
        assert enabled(cluster) == set(chosen)
        run(cluster, query=ALL, im_and_presence=False)


def test_one_user_with_another_ones_options(cluster: Emulator) -> None:
    users = [{"userid": "straßer", "meeting_information": False}, {"userid": "strasser"}, {"userid": "FINN"}]
    result = done_in_four_steps(cluster, users=users)
    assert result["diff"]["after"] == {
        "calendar_user": {"straßer": {"im_and_presence": True}, "strasser": ON, "finn": ON},
    }


def test_a_file_changes_its_own_users_and_nobody_else(cluster: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    people = [{"userid": name, **ON} for name in ODD if name not in SIX[::2]]
    file.write_text(bat_file.write(people), encoding="utf-8")
    result = done_in_four_steps(cluster, csv_path=str(file))
    assert set(changed(result)) == set(ODD) - set(SIX[::2]) == enabled(cluster)


def test_what_nobody_declared_is_told_by_its_very_id(cluster: Emulator) -> None:
    run(cluster, users=[{"userid": name} for name in SIX])
    result = run(cluster, check=True, users=[{"userid": name} for name in SIX[::2]], report_undeclared=True)
    assert [found["id"] for found in result["undeclared"]] == list(SIX[1::2])
    users = [{"userid": "Müller"}, {"userid": "STRASSEr"}, {"userid": "f\u0131nn"}]
    other = run(cluster, check=True, users=users, report_undeclared=True)
    assert [failure["id"] for failure in other["failures"]] == ["f\u0131nn"]
    assert {found["id"] for found in other["undeclared"]} == set(SIX) - {"müller", "strasser"}


@pytest.mark.parametrize("name", [name for name in WILD if "%" not in name])
def test_a_plain_name_in_a_query_means_itself(cluster: Emulator, name: str) -> None:
    assert [user["userid"] for user in info(cluster, query={"userid": name})["users"]] == [name]
    assert changed(run(cluster, check=True, query={"userid": name})) == [name]


def test_the_percent_sign_is_a_wildcard_in_a_query_alone(cluster: Emulator) -> None:
    found = [user["userid"] for user in info(cluster, query={"userid": "50%"})["users"]]
    assert found == ["50%", "500"]
    assert changed(run(cluster, check=True, users=[{"userid": "50%"}])) == ["50%"]
    assert info(cluster, query={"userid": "a_%"})["counts"]["selected"] == 1
    assert info(cluster, query={"userid": "A\\%"})["counts"]["selected"] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"users": [{"userid": "Anna"}, {"userid": "anna"}]}, "users: Anna is given more than once"),
        ({"users": [{"userid": "a\x01b"}]}, "users[0].userid: it has the control character U+0001"),
        ({"query": {"userid": "a\x01b"}}, "query.userid: it has the control character U+0001"),
    ],
)
def test_what_can_be_nobody_is_refused_before_anything_is_sent(
    cluster: Emulator, options: dict[str, Any], said: str
) -> None:
    result = run(cluster, **options)
    assert result.failed
    assert said in result.msg
    assert cluster.journal() == []


def test_info_refuses_the_same(cluster: Emulator) -> None:
    result = run_module("calendar_users_info", {**connection(cluster, "cucm"), "users": ["", "a\x00b"]})
    assert result["details"]["problems"] == [
        "users[0]: it is an empty text. Give a value, or leave the option out.",
        "users[1]: it has the control character U+0000. Look at where the value comes from.",
    ]
    assert cluster.journal() == []


def test_a_service_and_a_parameter_in_other_letter_case_are_the_servers(cluster: Emulator) -> None:
    """What the server finds, the collection compares, writes and restarts for; a pattern is no name."""
    parameter = {"service": "cisco presence engine", "name": "calendarspread", "value": "7"}
    given = {**connection(cluster, "cucm"), "parameters": [parameter]}
    done = assert_four_steps("service_parameters", given, lambda: cluster.journal(writes=True)).done
    assert done["restart_required"] == ["Cisco Presence Engine"]
    wild = {**connection(cluster, "cucm"), "parameters": [{**parameter, "service": "Cisco_Presence_Engine"}]}
    result = run_module("service_parameters", wild)
    assert [failure["code"] for failure in result["failures"]] == ["not-found"]
    twice = [parameter, {**parameter, "service": "Cisco Presence Engine", "value": "8"}]
    refused = run_module("service_parameters", {**connection(cluster, "cucm"), "parameters": twice})
    assert "is given more than once" in refused.msg
