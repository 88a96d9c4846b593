# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``bulk_jobs`` where something comes between: another run, a slow server, a start that is refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, run_module

AT_NINE = {
    "name": "At nine",
    "transaction": "update_users_query",
    "query": {"userid": "user0003"},
    "set": {"im_and_presence": True},
    "run": "later",
    "start_at": "2026-11-26T09:00:00Z",
}


def run(emulator: Emulator, *jobs: dict[str, Any], check: bool = False, **more: Any) -> ModuleResult:
    options = {**connection(emulator, "cucm"), "jobs": list(jobs), "poll_interval": 0.02, "wait_timeout": 20, **more}
    return run_module("bulk_jobs", options, check=check)


def writes(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.journal(protocol="cucm_admin", writes=True)]


def test_a_server_that_is_late_gets_one_job_although_it_is_sent_again(environment: Emulator, tmp_path: Path) -> None:
    """A second one of new users would fail in each line, and both for ever."""
    path = tmp_path / "new.csv"
    path.write_text("USER ID,LAST NAME\nnew1,One\n", encoding="utf-8")
    environment.control.fault(
        "delay", effect={"seconds": 1.5}, protocol="cucm_admin", operation="submitBulkJob", times=1
    )
    wanted = {"name": "New", "transaction": "insert_users", "path": str(path)}
    assert_contract(run(environment, wanted, timeout=1), changed=True)
    deadline = time.monotonic() + 10
    while writes(environment).count("submitBulkJob") < 2:
        assert time.monotonic() < deadline, "the late request was never answered"
        time.sleep(0.05)
    assert len(environment.control.bulk_jobs("dc1")) == 1
    assert_contract(run(environment, wanted), changed=False)


def test_a_job_is_refused_when_another_one_of_its_name_came_before(environment: Emulator) -> None:
    order = {"description": "x", "transaction": "Update Users - Query", "query": {"userid": "user0001"}}
    order |= {"set": {"im_and_presence": True}, "newest": ""}
    with environment.client("cucm-pub") as client:
        first = client.post("/cucm-admin/v1/bulk-jobs", json=order)
        assert first.status_code == 201
        second = client.post("/cucm-admin/v1/bulk-jobs", json=order)
        assert (second.status_code, second.json()["code"]) == (412, "bulk-job-newer")
        order["newest"] = first.json()["id"]
        assert client.post("/cucm-admin/v1/bulk-jobs", json=order).status_code == 201


def test_a_start_that_is_over_is_refused_for_a_job_on_hold_too(environment: Emulator) -> None:
    environment.control.clock(frozen=True, now="2026-11-26T08:00:00+00:00")
    assert_contract(run(environment, {**AT_NINE, "start_at": None}), changed=True)
    environment.control.clear_journal()
    for check in (True, False):
        late = run(environment, {**AT_NINE, "start_at": "2026-11-26T07:00:00Z"}, check=check)
        assert "it is over at the server" in late["failures"][0]["message"]
        assert not late.changed
    assert writes(environment) == []


def test_a_job_whose_start_is_refused_is_told_as_what_it_is(environment: Emulator) -> None:
    environment.control.clock(frozen=True, now="2026-11-26T08:00:00+00:00")
    refusal = {"code": "bulk-job-state"}
    environment.control.fault("error", effect=refusal, protocol="cucm_admin", operation="activateBulkJob", times=1)
    refused = run(environment, AT_NINE)
    assert_contract(refused, changed=True, failed=True)
    assert "is there, on Hold, for its start was refused" in refused["failures"][0]["message"]
    assert refused["current"][0]["status"] == "Hold"
    again = run(environment, AT_NINE)
    assert_contract(again, changed=True)
    assert again["current"][0]["status"] == "Pending"
    assert_contract(run(environment, AT_NINE), changed=False)


def test_an_answer_that_was_refused_after_the_start_was_stored_is_no_failure(environment: Emulator) -> None:
    environment.control.clock(frozen=True, now="2026-11-26T08:00:00+00:00")
    environment.control.fault(
        "status", effect={"status": 500, "after": True}, protocol="cucm_admin", operation="activateBulkJob", times=1
    )
    done = run(environment, AT_NINE)
    assert_contract(done, changed=True)
    assert done["current"][0]["status"] == "Pending"


def test_what_the_server_would_refuse_is_told_before(environment: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("USER ID,TITLE\nuser0001,x\n", encoding="utf-8")
    of_file = {"transaction": "update_users_custom_file", "path": str(path)}
    jobs: list[dict[str, Any]] = [
        {**AT_NINE, "name": "long", "query": {"department": "x" * 256}},
        {**AT_NINE, "name": "late", "start_at": "9999-12-31T23:00:00Z"},
        {**of_file, "name": "break", "keep_symbol": "a\nb"},
        {**of_file, "name": "unseen", "keep_symbol": "\u200b"},
    ]
    told = run(environment, *jobs)["details"]["problems"]
    assert [one.split(" ")[0] for one in told] == [
        "jobs[0].query.department:",
        "jobs[1].start_at:",
        "jobs[2].keep_symbol:",
        "jobs[3].keep_symbol:",
    ]
    assert environment.journal(protocol="cucm_admin") == []


def test_lines_behind_a_blank_one_are_told(environment: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("USER ID,TITLE\nuser0001,x\n,\nuser0002,y\nuser0003,z\n", encoding="utf-8")
    wanted = {"name": "Cut", "transaction": "update_users_custom_file", "path": str(path)}
    assert run(environment, wanted).warnings == [
        "jobs: Cut: line 3 is blank and ends the file; 2 rows after it are ignored."
    ]
