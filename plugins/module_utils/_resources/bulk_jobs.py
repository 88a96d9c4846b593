# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Jobs of the Bulk Administration Tool (requirement U2): submitted once, followed, and their failed lines run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import SEARCH_TAGS, USER_TAGS
from ansible_collections.ucops.imp.plugins.module_utils._clients.cucm_admin import CucmAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    Forbidden,
    ImpError,
    InvalidInput,
    NotArrived,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import DAY, check_range, check_unique, given
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import (
    CREATE,
    DELETE,
    UPDATE,
    Change,
    Field,
    FieldChange,
    Plan,
    Refusal,
)
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file, bulk_file, text_file
from ansible_collections.ucops.imp.plugins.module_utils._formats.bulk_file import BulkFile
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._product.bulk_administration import (
    CUSTOM_FILE,
    FILE_TRANSACTIONS,
    HOLD,
    IMMEDIATELY,
    LATER,
    LATEST_YEAR,
    LONGEST_NAME,
    LONGEST_PATTERN,
    LONGEST_SYMBOL,
    PENDING,
    QUERY,
    RUNNING,
    SHOWN,
    STARTED,
    TRANSACTIONS,
    Known,
    LineErrors,
    State,
    Wanted,
    moment,
    needed_start,
    newest,
    not_started,
    progress,
    shown_start,
    time_of,
    told_lines,
    what_to_do,
)

KIND = "bulk_job"
RERUN = "rerun"


class BulkJobs(Resource[State]):
    """The jobs that a list asks for, each known by its description."""

    counted = "jobs"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.api = CucmAdmin(context.transport())
        self._present: bool = context.params["state"] == "present"
        self._wanted: dict[str, Wanted] = {}
        self._taken: set[str] = set()

    # --- what is wanted

    def problems(self) -> list[str]:
        params = self.context.params
        found = check_range("wait_timeout", params["wait_timeout"], 0, DAY, "seconds")
        found += check_range("poll_interval", params["poll_interval"], 0.01, DAY, "seconds")
        found += check_unique("jobs", [item["name"] for item in params["jobs"]])
        for number, item in enumerate(params["jobs"]):
            found += [f"jobs[{number}].{problem}" for problem in self._item_problems(item)]
        return found

    def _item_problems(self, item: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with an item; remember it as it is wanted."""
        name = item["name"]
        if not name.strip() or len(name) > LONGEST_NAME:
            return [f"name: a job needs a name of {LONGEST_NAME} characters at most."]
        if not self._present:
            self._wanted[name] = Wanted(name, "")
            return []
        transaction = item["transaction"]
        if transaction is None:
            return ["transaction: say which; it can be left out with state=absent only."]
        found = _misplaced(item)
        file, told = self._file(item) if transaction in FILE_TRANSACTIONS and item["path"] is not None else (None, [])
        found += told
        start_at, told = _start(item)
        found += told
        keep = item["keep_symbol"] if transaction == CUSTOM_FILE else None
        if keep is not None and (keep != keep.strip() or not keep.isprintable() or len(keep) > LONGEST_SYMBOL):
            found.append(f"keep_symbol: it has 1 to {LONGEST_SYMBOL} characters that one sees, and no blank around it.")
        if not found:
            self._wanted[name] = Wanted(
                name,
                transaction,
                file,
                None if file is None else bulk_file.name_on_server(item["path"], file, transaction),
                keep,
                given(item["query"] or {}, SEARCH_TAGS) or None,
                given(item["set"] or {}, USER_TAGS) or None,
                item["run"],
                start_at,
            )
        return found

    def _file(self, item: Mapping[str, Any]) -> tuple[BulkFile | None, list[str]]:
        path = item["path"]
        try:
            file, problems = bulk_file.read_bytes(text_file.content(Path(path)))
        except OSError as error:
            return None, [f"path: {path} cannot be read: {error.strerror}."]
        except text_file.NotRead as error:
            return None, [f"path: {path} cannot be read: {error}"]
        if file is not None and file.note:
            self.context.warn(f"jobs: {item['name']}: {file.note}")
        return file, [f"path: {problem}" for problem in problems]

    # --- what is there

    def read(self) -> State:
        state = self._waited()
        params = self.context.params
        if not self._present or not params["validate"]:
            return state
        checks = {
            name: self._check(wanted)
            for name, wanted in self._wanted.items()
            if name not in state.known and wanted.file is not None
        }
        return replace(state, checks=checks)

    def read_back(self) -> State:
        return self._waited()

    def _waited(self) -> State:
        """Read, until the jobs that run have ended where the task waits for them."""
        params = self.context.params
        state = self._read()
        if not params["wait"] or self.context.check_mode or not self._present:
            return state
        polling = self.context.polling(params["wait_timeout"], params["poll_interval"])
        with self.context.backoff.until(polling.timeout):
            for report in polling.looks():
                running = [known for name, known in state.known.items() if self._is_awaited(name, known, state.now)]
                if not running:
                    break
                report(", ".join(f"{one.job['description']}: {progress(one.job)}" for one in running))
                state = self._read()
        return state

    def _is_awaited(self, name: str, known: Known, now: str) -> bool:
        """Whether the task waits for the end of a job: it is at work, or is to be as soon as it can."""
        if known.status in RUNNING:
            return True
        immediate = known.status == PENDING and self._wanted[name].run == IMMEDIATELY
        return immediate and needed_start(self._wanted[name], known.job, now) is None

    def _read(self) -> State:
        listed = self.api.bulk_jobs()
        known = {}
        for name, wanted in self._wanted.items() if self._present else ():
            found = newest(wanted, listed["items"], lambda identifier: self.api.bulk_log(identifier)["errors"])
            if found is not None:
                known[name] = found
        return State(listed["service"], listed["time"], listed["items"], known, {}, frozenset(self._taken))

    def _check(self, wanted: Wanted) -> LineErrors:
        fields = {"transaction": TRANSACTIONS[wanted.transaction], "content": wanted.file.text if wanted.file else ""}
        symbol = {} if wanted.keep_symbol is None else {"keep_symbol": wanted.keep_symbol}
        try:
            return list(self.api.check_bulk_file({**fields, **symbol})["errors"])
        except ImpError as error:
            if error.code != "bulk-file-unreadable":
                raise
            return [{"line": 1, "userid": "", "message": error.message.removeprefix("line 1: ")}]

    # --- what to do

    def plan(self, state: State) -> Plan:
        if not self._present:
            return self._removal(state)
        plan = Plan()
        for name, wanted in self._wanted.items():
            known = state.known.get(name)
            plan += self._submission(wanted, state) if known is None else self._continuation(wanted, known, state)
        return plan

    def _removal(self, state: State) -> Plan:
        steps = []
        for name in self._wanted:
            jobs = [job["id"] for job in state.jobs if job["description"] == name]
            if jobs:
                gone = FieldChange.of(Field("jobs"), jobs, None)
                steps.append(Change(KIND, name, DELETE, (gone,), {"jobs": jobs}))
        return Plan(tuple(steps))

    def _submission(self, wanted: Wanted, state: State) -> Plan:
        """Return the plan of a job that is not there."""
        failed = state.checks.get(wanted.name, ())
        if failed and wanted.file is not None:
            known = Known({}, wanted.file, failed)
            text = f"{told_lines(known.lines())} Nothing was submitted; mend the file, or set validate=false."
            return Plan(refusals=(Refusal(text, "bulk-file-invalid", wanted.name, {"lines": known.lines()}),))
        if (late := _over(wanted, state)) is not None:
            return late
        service = state.service
        if not service["activated"]:
            text = f"{service['name']} is not activated on {service['node']}. Activate it, see ucops.imp.services."
            return Plan(refusals=(Refusal(text, "bulk-provisioning-not-activated", wanted.name),))
        warnings = () if service["status"] == STARTED else (not_started(service),)
        shown = {
            "transaction": TRANSACTIONS[wanted.transaction],
            "file_name": wanted.file_name,
            "lines": None if wanted.file is None else len(wanted.file.rows),
            "keep_symbol": wanted.keep_symbol,
            "query": wanted.query,
            "set": wanted.options,
            "start": shown_start(wanted),
        }
        fields = tuple(FieldChange.of(Field(name), None, value) for name, value in shown.items() if value is not None)
        about = {"file": wanted.file, "name": wanted.file_name, "newest": state.newest(wanted.name)}
        return Plan((Change(KIND, wanted.name, CREATE, fields, about),), warnings)

    def _continuation(self, wanted: Wanted, known: Known, state: State) -> Plan:
        """Return the plan of a job that is there: when it begins, and its failed lines."""
        if known.status in (HOLD, PENDING):
            start = needed_start(wanted, known.job, state.now)
            if start is None:
                return Plan()
            if (late := _over(wanted, state)) is not None:
                return late
            fields = (FieldChange.of(Field("start"), *start),)
            return Plan((Change(KIND, wanted.name, UPDATE, fields, {"job": known.job["id"]}),))
        if not self._runs_again(wanted.name, known, state):
            return Plan()
        fields = (FieldChange.of(Field("lines_left"), known.left, 0),)
        rest = known.rest
        name = None if rest is None else bulk_file.name_on_server(wanted.file_name or "", rest, wanted.transaction)
        about = {"file": rest, "name": name, "after": known.job["id"], "newest": state.newest(wanted.name)}
        return Plan((Change(KIND, wanted.name, RERUN, fields, about),))

    def _runs_again(self, name: str, known: Known, state: State) -> bool:
        if not (self.context.params["rerun_failed"] and known.failed and name not in state.taken):
            return False
        return known.rest is None or bool(known.rest.rows)

    def apply(self, change: Change) -> None:
        if change.action == DELETE:
            for identifier in change.desired["jobs"]:
                self._delete(identifier)
            return
        wanted = self._wanted[change.id]
        if change.action == UPDATE:
            self._activate(change.desired["job"], wanted)
        else:
            # What has failed is run again at once, whenever the job was due.
            later = wanted.run == LATER and change.action == CREATE
            self._submit(wanted, change.desired, later=later)
        self._taken.add(change.id)

    def still_needed(self, change: Change) -> Change | None:
        if change.action != RERUN:
            return super().still_needed(change)
        state = self._read()
        known = state.known.get(change.id)
        if known is None or known.job["id"] == change.desired["after"]:
            return replace(change, desired={**change.desired, "newest": state.newest(change.id)})
        self._taken.add(change.id)
        return None

    def _submit(self, wanted: Wanted, about: Mapping[str, Any], *, later: bool) -> None:
        """Submit a job, unless another one of its name came since the server was read: then it may be this very job."""
        transaction = TRANSACTIONS[wanted.transaction]
        fields: dict[str, Any] = {"description": wanted.name, "transaction": transaction, "newest": about["newest"]}
        fields["run"] = LATER if later else IMMEDIATELY
        file, name = about["file"], about["name"]
        if file is not None:
            if name not in {found["name"] for found in self.api.bulk_files() if found["sha256"] == file.digest}:
                self.api.upload_bulk_file({"name": name, "transaction": transaction, "content": file.text})
            fields["file_name"] = name
        more = {"keep_symbol": wanted.keep_symbol, "query": wanted.query, "set": wanted.options}
        fields.update({key: value for key, value in more.items() if value is not None})
        identifier = self.api.submit_bulk_job(fields)
        if later and wanted.start_at is not None:
            try:
                self._activate(identifier, wanted)
            except (ApiError, InvalidInput, Forbidden) as error:
                now = self._read()
                known = now.known.get(wanted.name)
                if known is not None and needed_start(wanted, known.job, now.now) is None:
                    # Somebody else was faster.
                    return
                text = f"The job {identifier} is there, on Hold, for its start was refused: {error.message}"
                raise NotArrived(text, code=error.code, details=error.details) from None

    def _activate(self, identifier: str, wanted: Wanted) -> None:
        start = {} if wanted.start_at is None else {"start_at": wanted.start_at.isoformat()}
        self.api.activate_bulk_job(identifier, start)

    def _delete(self, identifier: str) -> None:
        """Remove a job; one that is at work is stopped first, and ends with the lines under way."""
        params = self.context.params
        polling = self.context.polling(params["wait_timeout"], params["poll_interval"])
        with self.context.backoff.until(polling.timeout):
            for report in polling.looks():
                found = next((job for job in self.api.bulk_jobs()["items"] if job["id"] == identifier), None)
                if found is None:
                    return
                if found["status"] not in RUNNING:
                    self.api.delete_bulk_job(identifier)
                    return
                if found["status"] == RUNNING[0]:
                    self.api.stop_bulk_job(identifier)
                report(f"{found['description']}: {progress(found)}")
        raise WaitExpired(f"The job {identifier} did not end within {params['wait_timeout']} seconds after its stop.")

    # --- what is told

    def assess(self, state: State) -> Plan:
        """Fail for what has ended without being done, and for what has not ended in time."""
        refusals = []
        params, check_mode = self.context.params, self.context.check_mode
        for name, known in state.known.items():
            if known.failed:
                if check_mode and self._runs_again(name, known, state):
                    continue
                text = f"{told_lines(known.lines())} {what_to_do(known)}"
                refusals.append(Refusal(text, "bulk-job-failed", name, {"job": known.job["id"]}))
            elif params["wait"] and not check_mode and self._is_awaited(name, known, state.now):
                text = f"The job has not ended within {params['wait_timeout']} seconds: {progress(known.job)}."
                text += "" if state.service["status"] == STARTED else f" {not_started(state.service)}"
                refusals.append(Refusal(text, WaitExpired.default_code, name))
        return Plan(refusals=tuple(refusals))

    def current(self, state: State) -> list[dict[str, Any]]:
        return [
            {"name": name, **{key: known.job[key] for key in SHOWN}, "errors": known.lines()}
            for name, known in state.known.items()
        ]


def _over(wanted: Wanted, state: State) -> Plan | None:
    """Return the refusal of a start that lies in the past at the server, ``None`` for any other."""
    if wanted.start_at is None or wanted.start_at > moment(state.now):
        return None
    text = f"start_at: it is over at the server, where it is {state.now}."
    return Plan(refusals=(Refusal(text, id=wanted.name),))


def _misplaced(item: Mapping[str, Any]) -> list[str]:
    """Return which options of an item are missing for its transaction, or do not go with it."""
    transaction = item["transaction"]
    needed = ("query", "set") if transaction == QUERY else ("path",)
    found = [f"{name}: {transaction} needs it." for name in needed if not item[name]]
    for name, kinds in (("path", FILE_TRANSACTIONS), ("query", (QUERY,)), ("set", (QUERY,))):
        if item[name] is not None and transaction not in kinds:
            found.append(f"{name}: {transaction} does not take it; leave it out.")
    if item["query"] is not None and not given(item["query"], SEARCH_TAGS):
        found.append(f"query: give at least one of {', '.join(SEARCH_TAGS)}; userid='%' selects everybody.")
    found += [
        f"query.{name}: it has more than {LONGEST_PATTERN} characters."
        for name, pattern in given(item["query"] or {}, SEARCH_TAGS).items()
        if len(pattern) > LONGEST_PATTERN
    ]
    if item["set"] is not None:
        options = given(item["set"], USER_TAGS)
        said = bat_file.meeting_problem(*(options.get(name) for name in USER_TAGS))
        found += [f"set: {said}"] if said else []
        found += [] if options else [f"set: give at least one of {', '.join(USER_TAGS)}."]
    return found


def _start(item: Mapping[str, Any]) -> tuple[datetime | None, list[str]]:
    """Return when a job is to start, or what is wrong with that."""
    text = item["start_at"]
    if text is None:
        return None, []
    if item["run"] != LATER:
        return None, ["start_at: it goes with run=later only."]
    at = time_of(text)
    # Nobody plans for then, and a server in another zone could not write it.
    said = at is not None and at.year < LATEST_YEAR
    return at, [] if said else ["start_at: give a time with its zone, such as 2026-11-28T22:00:00Z."]


def read_bulk_jobs(context: Context) -> dict[str, Any]:
    """Return the results of the module bulk_jobs_info."""
    api = CucmAdmin(context.transport())
    params = context.params
    listed = api.bulk_jobs()
    wanted = params["names"]
    jobs = [job for job in listed["items"] if wanted is None or job["description"] in wanted]
    found = [{"name": job["description"], **{key: job[key] for key in SHOWN}, "errors": []} for job in jobs]
    for job in found if params["errors"] else ():
        if job["failed"]:
            job["errors"] = api.bulk_log(job["id"])["errors"]
    files = [{key: file[key] for key in ("name", "transaction", "sha256")} for file in api.bulk_files()]
    sample = params["sample"]
    samples = {} if sample is None else {"sample": api.bulk_sample(TRANSACTIONS[sample])}
    return {"jobs": found, "files": files, "service": listed["service"], **samples}
