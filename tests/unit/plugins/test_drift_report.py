# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run as a whole ends with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import Origin, Status
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.report import Report

from tests.support import drift
from tests.support.drift import result

REAL = replace(drift.GATEWAYS, predicted=False)


def finished(
    *results: tuple[Origin, dict[str, Any]],
    clusters: tuple[str, ...] = ("dc1",),
    failed: bool = False,
    dark: bool = False,
) -> Report:
    report = Report("Drift report", playbook="drift.yml")
    for origin, found in results:
        report.add(origin, found)
    report.finish(clusters, failed=failed, unreachable=dark)
    return report


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([(drift.GATEWAYS, result())], 0),
        ([(drift.GATEWAYS, result(drift.DESCRIPTION))], 3),
        ([(drift.GATEWAYS, result(undeclared=[drift.UNDECLARED]))], 3),
        ([(drift.GATEWAYS, result(unknown=[drift.UNKNOWN]))], 3),
        ([(REAL, result(drift.DESCRIPTION))], 0),
        ([(REAL, result(drift.DESCRIPTION)), (drift.GATEWAYS, result(drift.USER))], 3),
        ([(drift.TRUST, result(failures=[drift.NODE_DOWN]))], 2),
        ([(drift.TRUST, result(drift.MISSING, failures=[drift.NODE_DOWN]))], 2),
        ([(drift.FOREIGN, {"changed": True})], 3),
    ],
)
def test_the_exit_status(found: list[tuple[Origin, dict[str, Any]]], status: int) -> None:
    assert finished(*found).exit_status == status


@pytest.mark.parametrize(("failed", "dark", "status"), [(True, False, 2), (False, True, 4), (True, True, 4)])
def test_ansibles_own_status_comes_before_drift(failed: bool, dark: bool, status: int) -> None:
    report = finished((drift.GATEWAYS, result(drift.DESCRIPTION)), failed=failed, dark=dark)
    assert report.exit_status == status
    assert report.count(Status.DRIFT) == 1


@pytest.mark.parametrize("results", [[], [(drift.FOREIGN, {"changed": False})]])
def test_nothing_checked_is_not_clean(results: list[tuple[Origin, dict[str, Any]]]) -> None:
    report = finished(*results, clusters=())
    assert report.exit_status == 2
    assert [record.status for record in report.records] == [Status.COULD_NOT_CHECK]
    assert "Nothing was checked" in report.records[0].sentence


def test_a_cluster_of_which_nothing_was_checked_is_not_clean() -> None:
    report = finished((drift.GATEWAYS, result()), clusters=("dc1", "dc2"))
    assert report.exit_status == 2
    assert [(record.cluster, record.status) for record in report.records] == [("dc2", Status.COULD_NOT_CHECK)]
    assert report.clusters == ["dc1", "dc2"]


def test_what_two_tasks_find_is_told_once() -> None:
    again = replace(drift.GATEWAYS, task="Once more", line=99)
    report = finished((drift.GATEWAYS, result(drift.DESCRIPTION)), (again, result(drift.DESCRIPTION)))
    assert [record.line for record in report.records] == [14]


def test_clusters_are_apart_and_the_worst_comes_first() -> None:
    report = drift.full_report()
    assert report.clusters == ["dc1", "dc2", "dc3"]
    assert [record.status for record in report.of("dc1")][:2] == [Status.COULD_NOT_CHECK, Status.DRIFT]
    assert report.of("dc2") == []
    assert [record.status for record in report.of("dc3")] == [Status.CORRECTED]


def users(*numbers: int, enabled: bool) -> dict[str, Any]:
    switched = drift.field("meeting_information", not enabled, enabled)
    return result(*(drift.change("calendar_user", f"user{number}", switched) for number in numbers))


@pytest.mark.parametrize(
    ("switched", "kinds"),
    [
        # 1,000 users should have it, so 10 is right; 100 have lost it, and 9 would be right for those that are left.
        (users(*range(100), enabled=True), {"calendar_user"}),
        (users(*range(300), enabled=True), {"calendar_user", "calendaring_parameter"}),
        (users(*range(100), enabled=False), {"calendar_user", "calendaring_parameter"}),
        (result(), {"calendaring_parameter"}),
    ],
)
def test_a_spread_that_is_right_for_the_declared_users_has_not_drifted(
    switched: dict[str, Any], kinds: set[str]
) -> None:
    report = finished((drift.USERS, switched), (drift.PARAMETERS, result(drift.SPREAD, assigned_users=900)))
    assert {record.kind for record in report.records} == kinds


def test_a_spread_that_was_declared_as_a_number_follows_nothing() -> None:
    report = finished((drift.USERS, users(*range(100), enabled=True)), (drift.PARAMETERS, result(drift.SPREAD)))
    assert "calendaring_parameter" in {record.kind for record in report.records}


def test_the_users_of_another_cluster_do_not_explain_a_spread() -> None:
    elsewhere = replace(drift.USERS, cluster="dc2")
    report = finished(
        (elsewhere, users(*range(100), enabled=True)), (drift.PARAMETERS, result(drift.SPREAD, assigned_users=900))
    )
    assert "calendaring_parameter" in {record.kind for record in report.records}
