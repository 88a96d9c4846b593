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


def started(number: int) -> dict[str, Any]:
    """What ansible tells when it has put a task into the background."""
    return {"ansible_job_id": f"j{number}", "started": 1, "finished": 0, "changed": True, "results_file": "/x"}


def ended(number: int, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"ansible_job_id": f"j{number}", "started": 1, "finished": 1, **found, **more}


STATUS = replace(drift.FOREIGN, task="Wait for it", action="ansible.builtin.async_status", line=40)


@pytest.mark.parametrize(
    ("found", "exit_status", "statuses"),
    [
        (result(), 0, []),
        (result(drift.DESCRIPTION), 3, [Status.DRIFT]),
        (result(failures=[drift.NODE_DOWN]), 2, [Status.COULD_NOT_CHECK]),
    ],
)
def test_the_end_of_a_job_counts_and_its_start_does_not(
    found: dict[str, Any], exit_status: int, statuses: list[Status]
) -> None:
    report = finished((drift.GATEWAYS, started(1)), (STATUS, ended(1, found)))
    assert (report.exit_status, [record.status for record in report.records]) == (exit_status, statuses)
    assert [check.origin.task for check in report.checks] == [drift.GATEWAYS.task]
    assert {record.task for record in report.records} <= {drift.GATEWAYS.task}


def test_jobs_of_a_loop_are_each_their_own() -> None:
    starts = {"changed": True, "results": [started(1), started(2), {"skipped": True}, result(drift.USER)]}
    ends = {"results": [ended(2, result(drift.DESCRIPTION)), ended(1, result(failures=[drift.NODE_DOWN]), failed=True)]}
    report = finished((drift.GATEWAYS, starts), (STATUS, ends))
    assert [(record.status, record.id) for record in report.records] == [
        (Status.COULD_NOT_CHECK, "imp-sub"),
        (Status.DRIFT, "user0042"),
        (Status.DRIFT, "mail1.example.com"),
    ]


def test_a_job_of_another_collection_tells_that_it_changed_something() -> None:
    report = finished((drift.FOREIGN, started(1)), (STATUS, ended(1, {"changed": True})), (drift.TRUST, result()))
    assert [(record.kind, record.id) for record in report.records] == [("task", "Keep a file")]


@pytest.mark.parametrize(("origin", "statuses"), [(drift.GATEWAYS, [Status.COULD_NOT_CHECK]), (drift.FOREIGN, [])])
def test_a_job_that_nobody_waits_for_was_not_checked(origin: Origin, statuses: list[Status]) -> None:
    still = {**started(1), "changed": False}
    report = finished((drift.TRUST, result()), (origin, started(1)), (STATUS, still))
    assert [record.status for record in report.records] == statuses


def test_a_job_that_does_not_end_was_not_checked_and_is_told_once() -> None:
    report = Report("Drift report")
    report.add(drift.GATEWAYS, started(1))
    report.add_failed(STATUS, {**started(1), "changed": False, "attempts": 3})
    report.finish([], failed=False, unreachable=False)
    assert [(record.id, record.kind) for record in report.records] == [(drift.GATEWAYS.task, "presence_gateways")]
    assert "has not ended in the time" in report.records[0].sentence


def test_a_job_of_an_earlier_run_is_known_by_what_it_tells() -> None:
    report = finished((STATUS, ended(7, result(drift.DESCRIPTION))))
    assert [(record.status, record.id) for record in report.records] == [(Status.DRIFT, "mail1.example.com")]


@pytest.mark.parametrize(
    ("attempt", "last", "statuses"),
    [
        (result(drift.DESCRIPTION), result(), [Status.CORRECTED]),
        (result(drift.DESCRIPTION), result(drift.DESCRIPTION), [Status.CORRECTED]),
        (result(drift.DESCRIPTION), result(drift.USER), [Status.CORRECTED, Status.CORRECTED]),
        # What failed before is done now, or told by the last attempt.
        (result(drift.DESCRIPTION, failures=[drift.NODE_DOWN]), result(drift.USER), [Status.CORRECTED] * 2),
        (result(unknown=[drift.UNKNOWN]), result(), []),
    ],
)
def test_every_attempt_counts(attempt: dict[str, Any], last: dict[str, Any], statuses: list[Status]) -> None:
    report = Report("Drift report")
    report.add_attempt(REAL, attempt)
    report.add(REAL, last)
    report.finish([], failed=False, unreachable=False)
    assert [record.status for record in report.records] == statuses
    assert len(report.checks) == 1
