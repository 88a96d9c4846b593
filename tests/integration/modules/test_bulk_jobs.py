# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``bulk_jobs`` and ``bulk_jobs_info`` against the emulator's Bulk Administration Tool (U2)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from imp_emulator.client.control import ControlError
from tests.support.connections import connection
from tests.support.emulator import Emulator
from tests.support.modules import ModuleResult, assert_contract, assert_four_steps, run_module

MODULE = "bulk_jobs"
INFO = "bulk_jobs_info"
CANARY = "Canary-51c7-bulk"
SERVICE = "Cisco Bulk Provisioning Service"
UPDATE = f"""\
USER ID,DEPARTMENT,PASSWORD,ENABLE USER FOR UNIFIED CM IM AND PRESENCE
user0001,Sales,{CANARY},t
user0002,~,~,t
"""
FAST = {"poll_interval": 0.02, "wait_timeout": 20}


def job(path: Path, content: str | None = None, **more: Any) -> dict[str, Any]:
    if content is not None:
        path.write_text(content, encoding="utf-8")
    about = {"name": "Sales", "transaction": "update_users_custom_file", "path": str(path), "keep_symbol": "~"}
    return {**about, **more}


def options(emulator: Emulator, *jobs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**connection(emulator, "cucm"), "jobs": list(jobs), **FAST, **more}


def run(emulator: Emulator, *jobs: dict[str, Any], **more: Any) -> ModuleResult:
    return run_module(MODULE, options(emulator, *jobs, **more))


def writes(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.journal(protocol="cucm_admin", writes=True)]


def users(emulator: Emulator) -> dict[str, dict[str, Any]]:
    result = run_module("calendar_users_info", connection(emulator, "cucm"))
    return {user["userid"]: user for user in result["users"]}


def told(emulator: Emulator, **more: Any) -> ModuleResult:
    result = run_module(INFO, {**connection(emulator, "cucm"), **more})
    assert not result.failed, result.msg
    return result


def test_a_file_is_uploaded_and_its_job_runs_once(environment: Emulator, tmp_path: Path) -> None:
    wanted = job(tmp_path / "sales, autumn.csv", UPDATE)
    steps = assert_four_steps(MODULE, options(environment, wanted), lambda: writes(environment))
    assert writes(environment) == ["uploadBulkFile", "submitBulkJob"]
    (done,) = steps.done["current"]
    assert (done["status"], done["result"], done["processed"], done["failed"]) == ("Completed", "Success", 2, 0)
    assert re.fullmatch(rf"{done['id']}#[0-9]{{14}}\.txt", done["log_name"])
    assert re.fullmatch(r"sales_ autumn-[0-9a-f]{8}\.txt", done["file_name"])
    assert steps.done["changes"][0]["fields"][-1] == {
        "name": "start",
        "before": None,
        "after": "immediately",
        "secret": False,
    }
    found = users(environment)
    assert found["user0001"]["im_and_presence"]
    assert found["user0002"]["im_and_presence"]
    assert CANARY not in str(steps)

    # Another content is another job, and both are told.
    assert_contract(
        run(environment, job(tmp_path / "sales, autumn.csv", UPDATE.replace("Sales", "Buying"))), changed=True
    )
    info = told(environment, names=["Sales"], sample="update_users_custom_file")
    assert [one["status"] for one in info["jobs"]] == ["Completed", "Completed"]
    assert len(info["files"]) == 2
    assert info["service"] == {"node": "cucm-pub", "name": SERVICE, "activated": True, "status": "Started"}
    header, line = info["sample"].splitlines()
    assert len(header.split(",")) == len(line.split(",")) == 38
    assert told(environment, names=[])["jobs"] == []
    assert CANARY not in info.output
    with environment.client("cucm-pub") as client:
        path = f"/cucm-admin/v1/bulk-files/{quote(done['file_name'])}"
        assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert len(told(environment)["files"]) == 1

    gone = assert_four_steps(
        MODULE, options(environment, {"name": "Sales"}, state="absent"), lambda: writes(environment)
    )
    assert len(gone.done["changes"][0]["fields"][0]["before"]) == 2
    assert told(environment)["jobs"] == []


def test_a_wrong_line_is_found_before_anything_is_sent_and_run_again_when_it_was_mended(
    environment: Emulator, tmp_path: Path
) -> None:
    """Insert users, one of whom is there already; the line numbers are those of the file on the controller."""
    path = tmp_path / "new.csv"
    content = "sep=;\nUSER ID;LAST NAME;FIRST NAME\nnew1;One;\nuser0001;Two;\nnew3;Three;\n"
    wanted = job(path, content, name="New", transaction="insert_users")
    other = job(tmp_path / "sales.csv", UPDATE)
    first = run(environment, wanted, other)
    assert first.failed
    (failure,) = first["failures"]
    assert (failure["id"], failure["code"]) == ("New", "bulk-file-invalid")
    assert failure["message"].startswith("1 line cannot be carried out. line 4 (user0001): A user user0001")
    assert [one["id"] for one in first["changes"]] == ["Sales"]

    environment.control.clear_journal()
    submitted = run(environment, wanted, validate=False)
    assert submitted.failed
    assert submitted.changed
    assert submitted["failures"][0]["code"] == "bulk-job-failed"
    (known,) = submitted["current"]
    assert (known["status"], known["result"], known["processed"], known["failed"]) == ("Completed", "Error", 3, 1)
    assert known["errors"] == [{"line": 4, "userid": "user0001", "message": "A user user0001 exists already."}]
    assert {"new1", "new3"} <= users(environment).keys()

    # It stays failed, without a write, until its lines are run again.
    before = len(writes(environment))
    again = run(environment, wanted)
    assert again.failed
    assert not again.changed
    assert "rerun_failed" in again.msg
    assert len(writes(environment)) == before
    checked = run_module(MODULE, options(environment, wanted, rerun_failed=True), check=True)
    assert not checked.failed, checked.msg
    assert [one["action"] for one in checked["changes"]] == ["rerun"]
    vain = run(environment, wanted, rerun_failed=True)
    assert vain.failed
    assert vain["current"][0]["total"] == 1
    assert vain["current"][0]["errors"] == known["errors"]

    with environment.client("cucm-pub") as client:
        remove = (
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns:ns="http://www.cisco.com/AXL/API/14.0"><soapenv:Body><ns:removeUser><userid>user0001</userid>'
            "</ns:removeUser></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"SOAPAction": '"CUCM:DB ver=14.0 removeUser"', "Content-Type": "text/xml"}
        client.post("/axl/", content=remove, headers=headers).raise_for_status()
    steps = assert_four_steps(MODULE, options(environment, wanted, rerun_failed=True), lambda: writes(environment))
    assert [one["action"] for one in steps.done["changes"]] == ["rerun"]
    assert "user0001" in users(environment)


def test_a_query_waits_on_hold_and_for_its_time_on_the_servers_clock(environment: Emulator) -> None:
    environment.control.clock(frozen=True, now="2026-11-26T08:00:00+00:00")
    query = {"name": "Later", "transaction": "update_users_query", "query": {"userid": "user000%"}, "run": "later"}
    wanted = {**query, "set": {"im_and_presence": True, "home_cluster": None}}
    steps = assert_four_steps(MODULE, options(environment, wanted), lambda: writes(environment))
    assert steps.done["current"][0]["status"] == "Hold"

    # As an administrator does it in the Job Scheduler, here at the control plane.
    assert_contract(run(environment, {**wanted, "name": "By hand"}), changed=True)
    held = environment.control.bulk_jobs("dc1")[-1]
    assert (held["description"], held["status"]) == ("By hand", "Hold")
    assert environment.control.change_bulk_job(held["id"], "activate")["status"] == "Completed"
    with pytest.raises(ControlError, match="is Completed and cannot be stopped"):
        environment.control.change_bulk_job(held["id"], "stop")

    timed = {**wanted, "start_at": "2026-11-26T09:30:00+01:00"}
    steps = assert_four_steps(MODULE, options(environment, timed), lambda: writes(environment))
    assert steps.done["changes"][0]["fields"] == [
        {"name": "start", "before": "Hold", "after": "2026-11-26T08:30:00+00:00", "secret": False}
    ]
    assert steps.done["current"][0]["status"] == "Pending"
    environment.control.advance(1801)
    done = run(environment, timed)
    assert_contract(done, changed=False)
    assert (done["current"][0]["status"], done["current"][0]["total"]) == ("Completed", 9)

    # There is no gateway, so all of them fail; they are run again at once.
    failing = {**timed, "name": "Fails", "set": {"meeting_information": True}, "start_at": "2026-11-26T08:40:00Z"}
    assert_contract(run(environment, failing), changed=True)
    environment.control.advance(600)
    again = run(environment, failing, rerun_failed=True)
    assert again.changed
    assert again["failures"][0]["message"].startswith("9 lines cannot be carried out.")
    assert [job["status"] for job in told(environment, names=["Fails"])["jobs"]] == ["Completed", "Completed"]

    late = run(environment, {**timed, "name": "Too late"})
    assert late.failed
    assert "it is over at the server" in late["failures"][0]["message"]


def test_a_service_that_is_not_there(environment: Emulator, tmp_path: Path) -> None:
    """Stopped, a job waits for it; deactivated, none is taken; and without the admin API all says where to go."""
    control = {**connection(environment, "cucm"), "services": [SERVICE], "poll_interval": 0.02}
    stopped = run_module("services", {**control, "state": "stopped"})
    assert not stopped.failed, stopped.msg
    wanted = job(tmp_path / "sales.csv", UPDATE)
    waited = run(environment, wanted, wait_timeout=0)
    assert waited.failed
    assert waited["failures"][0]["code"] == "wait-expired"
    assert f"{SERVICE} on cucm-pub is Stopped" in waited["failures"][0]["message"]
    assert f"{SERVICE} on cucm-pub is Stopped" in waited.warnings[0]
    started = run_module("services", {**control, "state": "started"})
    assert not started.failed, started.msg
    assert_contract(run(environment, wanted), changed=False)

    off = run_module("services", {**control, "state": "deactivated"})
    assert not off.failed, off.msg
    refused = run(environment, {**wanted, "name": "another"})
    assert refused["failures"][0]["code"] == "bulk-provisioning-not-activated"
    assert not refused.changed


def test_an_account_without_the_role_and_a_cluster_without_the_interface(environment: Emulator) -> None:
    readonly = {**connection(environment, "cucm", account="readonly"), "retries": 0}
    # A node of IM and Presence answers at the port, as every real cluster does, but not with this interface.
    real = connection(environment, "imp")
    for module, own in ((MODULE, {"jobs": [{"name": "Sales"}], "state": "absent"}), (INFO, {})):
        refused = run_module(module, {**readonly, **own})
        assert refused["code"] == "forbidden"
        assert "Standard CCMADMIN Administration" in refused.msg
        absent = run_module(module, {**real, **own})
        assert absent["code"] == "no-public-api"
        assert "Bulk Administration, Users, on the first node" in absent.msg


def test_a_lost_answer_submits_no_job_twice(environment: Emulator, tmp_path: Path) -> None:
    """Neither the first one nor that of its failed lines, which fail again."""
    path = tmp_path / "new.csv"
    path.write_text("USER ID,LAST NAME\nuser0001,One\nnew2,Two\n", encoding="utf-8")
    wanted = {"name": "New", "transaction": "insert_users", "path": str(path)}
    for rerun, jobs in ((False, 1), (True, 2)):
        environment.control.fault("drop_after", protocol="cucm_admin", operation="submitBulkJob", times=1)
        result = run(environment, wanted, validate=False, rerun_failed=rerun)
        assert [failure["code"] for failure in result["failures"]] == ["bulk-job-failed"]
        assert result.changed
        assert len(told(environment)["jobs"]) == jobs


def test_a_job_at_work_is_waited_for_and_stopped_before_it_is_deleted(environment: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    lines = "".join(f"new{number},x\n" for number in range(401))
    path.write_text(f"USER ID,LAST NAME\n{lines}", encoding="utf-8")
    wanted = {"name": "New", "transaction": "insert_users", "path": str(path)}
    environment.control.clock(frozen=True)
    begun = run(environment, wanted, wait=False)
    assert_contract(begun, changed=True)
    assert (begun["current"][0]["status"], begun["current"][0]["processed"]) == ("Processing", 200)
    late = run(environment, wanted, wait_timeout=0)
    assert "Processing, 200 of 401 lines" in late["failures"][0]["message"]
    stuck = run(environment, {"name": "New"}, state="absent", wait_timeout=0)
    assert stuck["failures"][0]["code"] == "wait-expired"
    environment.control.advance(1)
    stopped = run(environment, wanted)
    assert (stopped["current"][0]["status"], stopped["current"][0]["failed"]) == ("InComplete", 0)
    assert stopped["failures"][0]["code"] == "bulk-job-failed"
    environment.control.clock(frozen=False)
    again = run(environment, wanted, rerun_failed=True)
    assert_contract(again, changed=True)
    assert (again["current"][0]["status"], again["current"][0]["total"]) == ("Completed", 201)
    assert {"new0", "new400"} <= users(environment).keys()


def test_what_cannot_be_meant_is_said_before_anything_is_sent(environment: Emulator, tmp_path: Path) -> None:
    masked = job(tmp_path / "masked.csv", "USER ID,PASSWORD\nuser0001,********\n", name="masked")
    headless = job(tmp_path / "headless.csv", f"user0001,{CANARY}\n", name="headless")
    jobs = [
        masked,
        headless,
        job(tmp_path / "missing.csv", name="missing"),
        {"name": "bare"},
        {"name": "query", "transaction": "update_users_query", "query": {}, "set": {"meeting_information": True}},
        {"name": "both", "transaction": "insert_users", "query": {"userid": "%"}},
        {**headless, "name": "when", "start_at": "2026-11-26T09:30:00"},
        {**headless, "name": "zone", "run": "later", "start_at": "tomorrow"},
    ]
    result = run(environment, *jobs)
    assert result.failed
    problems = result["details"]["problems"]
    for number, words in enumerate(
        (
            "path: line 2: column 2: it holds ********",
            "path: line 1: the first line must name the columns, USER ID among them.",
            "missing.csv cannot be read: No such file or directory.",
            "transaction: say which",
            "query: give at least one of first_name, last_name, userid",
            "path: insert_users needs it.",
            "start_at: it goes with run=later only.",
            "start_at: give a time with its zone",
        )
    ):
        assert any(one.startswith(f"jobs[{number}].") and words in one for one in problems), (number, problems)
    assert CANARY not in result.output
    assert environment.journal(protocol="cucm_admin") == []


def test_the_interface_takes_no_text_and_no_time_that_it_could_not_tell(environment: Emulator) -> None:
    query = {"description": "x", "transaction": "Update Users - Query", "set": {"im_and_presence": True}}
    wanted = {**query, "query": {"userid": "%"}, "run": "later"}
    with environment.client("cucm-pub") as client:
        identifier = client.post("/cucm-admin/v1/bulk-jobs", json=wanted).raise_for_status().json()["id"]
        for path, body, field in (
            ("bulk-jobs", {**wanted, "query": {"userid": "\ud800"}}, "query"),
            ("bulk-jobs", {**wanted, "query": {"userid": "x" * 256}}, "query"),
            ("bulk-files/validate", {"transaction": "Insert Users", "content": "USER ID\n\ud800\n"}, "content"),
            (f"bulk-jobs/{identifier}/activate", {"start_at": "9999-12-31T23:00:00-12:00"}, "start_at"),
        ):
            headers = {"Content-Type": "application/json"}
            refused = client.post(f"/cucm-admin/v1/{path}", content=json.dumps(body), headers=headers)
            assert (refused.status_code, refused.json()["field"]) == (422, field)
        assert [job["status"] for job in client.get("/cucm-admin/v1/bulk-jobs").json()["items"]] == ["Hold"]
