# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bulk jobs over HTTP: files, jobs and their logs (requirement U2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Path

from imp_emulator.domain.cucm import bulk_files, bulk_jobs
from imp_emulator.domain.cucm.bulk_jobs import Kind, Order, Status
from imp_emulator.domain.imp.services import instant
from imp_emulator.wire.cucm_admin.models import (
    BulkCheck,
    BulkContent,
    BulkFile,
    BulkFileIn,
    BulkFiles,
    BulkJob,
    BulkJobIn,
    BulkJobs,
    BulkLineError,
    BulkLog,
    BulkOptions,
    BulkProvisioning,
    BulkQuery,
    BulkSample,
    BulkStart,
    FileTransaction,
    JobId,
)
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.problems import ProblemError, responses
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here

router = EndpointRouter(tags=["Bulk jobs"])

_JSON_BODY = ("invalid-json", "unsupported-media-type")
_JOB = ("bulk-job-not-found", "bulk-job-state")
_MEMBER = "/bulk-jobs/{identifier}"
_LONGEST_ID = 12
_ID = {"path.identifier": "$response.body#/id"}
_LINKS = {
    "activate": {"operationId": "activateBulkJob", "parameters": _ID},
    "stop": {"operationId": "stopBulkJob", "parameters": _ID},
    "delete": {"operationId": "deleteBulkJob", "parameters": _ID},
    "log": {"operationId": "getBulkJobLog", "parameters": _ID},
}

Identifier = Annotated[JobId, Path(description="The job's id.")]


@router.get("/bulk-files", operation_id="listBulkFiles", responses=responses())
def list_files(here: Here) -> BulkFiles:
    """List the uploaded files by name, without what is in them."""
    return BulkFiles(items=[_file(found) for found in bulk_jobs.files(here.context, here.cluster)])


@router.post(
    "/bulk-files",
    status_code=201,
    operation_id="uploadBulkFile",
    dependencies=[JSON_ONLY],
    responses={201: {"description": "The file was stored."}, **responses(*_JSON_BODY, "bulk-file-exists")},
)
def upload_file(here: Here, file: BulkFileIn) -> BulkFile:
    """Store a file for a transaction."""
    kind = Kind(file.transaction)
    return _file(bulk_jobs.upload(here.context, here.cluster, kind, file.name, file.content, overwrite=file.overwrite))


@router.post(
    "/bulk-files/validate",
    operation_id="validateBulkFile",
    dependencies=[JSON_ONLY],
    responses=responses(*_JSON_BODY, "bulk-file-unreadable"),
)
def validate_file(here: Here, file: BulkContent) -> BulkCheck:
    """Tell which lines of a file could not be carried out now; nothing is stored."""
    kind = Kind(file.transaction)
    found = bulk_jobs.check(here.context, here.cluster, kind, file.content, file.keep_symbol)
    return BulkCheck(total=found.total, errors=_errors(found.errors))


@router.delete(
    "/bulk-files/{name}",
    status_code=204,
    operation_id="deleteBulkFile",
    responses=responses("bulk-file-not-found"),
)
def delete_file(here: Here, name: Annotated[str, Path(description="The file's name.")]) -> None:
    """Remove a file; jobs that were submitted with it keep what it said."""
    bulk_jobs.delete_file(here.context, here.cluster, name)


@router.get("/bulk-samples/{transaction}", operation_id="getBulkSample", responses=responses())
def get_sample(_here: Here, transaction: Annotated[FileTransaction, Path(description="What it is for.")]) -> BulkSample:
    """Return a sample file: the header and one line, in which # keeps what is stored."""
    kind = Kind(transaction)
    return BulkSample(transaction=kind, content=bulk_files.sample(kind is Kind.INSERT))


@router.get("/bulk-jobs", operation_id="listBulkJobs", responses=responses())
def list_jobs(here: Here) -> BulkJobs:
    """List the jobs, the oldest first, and tell how the service stands that carries them out."""
    state = bulk_jobs.service(here.context, here.cluster)
    service = BulkProvisioning(node=here.node, name=state.name, activated=state.activated, status=state.status)
    items = [_job(found) for found in bulk_jobs.jobs(here.context, here.cluster)]
    return BulkJobs(time=here.context.clock.now(), service=service, items=items)


@router.post(
    "/bulk-jobs",
    status_code=201,
    operation_id="submitBulkJob",
    dependencies=[JSON_ONLY],
    responses={
        201: {"description": "The job was submitted.", "links": _LINKS},
        **responses(*_JSON_BODY, "bulk-file-not-found", "bulk-job-newer", "bulk-provisioning-not-activated"),
    },
)
def submit_job(here: Here, job: BulkJobIn) -> BulkJob:
    """Submit a job that runs immediately, or later: it is on Hold until it is activated."""
    order = Order(
        kind=job.transaction,
        description=job.description,
        caller=here.caller,
        file_name=job.file_name,
        keep_symbol=job.keep_symbol,
        criteria=None if job.query is None else job.query.model_dump(exclude_none=True),
        options=None if job.set is None else job.set.model_dump(exclude_none=True),
        newest=job.newest,
    )
    return _job(bulk_jobs.submit(here.context, here.cluster, order, later=job.run == "later"))


@router.post(
    f"{_MEMBER}/activate",
    operation_id="activateBulkJob",
    dependencies=[JSON_ONLY],
    responses=responses(*_JSON_BODY, *_JOB),
)
def activate_job(here: Here, identifier: Identifier, start: BulkStart) -> BulkJob:
    """Have a job begin that has not begun: at a time, or as soon as it can."""
    at = None if start.start_at is None else start.start_at.timestamp()
    return _job(bulk_jobs.activate(here.context, here.cluster, _number(identifier), at))


@router.post(f"{_MEMBER}/stop", operation_id="stopBulkJob", responses=responses(*_JOB))
def stop_job(here: Here, identifier: Identifier) -> BulkJob:
    """Have a job that is at work end after the lines that are under way."""
    return _job(bulk_jobs.stop(here.context, here.cluster, _number(identifier)))


@router.delete(_MEMBER, status_code=204, operation_id="deleteBulkJob", responses=responses(*_JOB))
def delete_job(here: Here, identifier: Identifier) -> None:
    """Remove a job that is not at work, with its log."""
    bulk_jobs.delete(here.context, here.cluster, _number(identifier))


@router.get(
    f"{_MEMBER}/log",
    operation_id="getBulkJobLog",
    responses=responses("bulk-job-not-found", "bulk-log-not-found"),
)
def get_log(here: Here, identifier: Identifier) -> BulkLog:
    """Return a job's log file, and the lines that it could not carry out."""
    number = _number(identifier)
    content, failed = bulk_jobs.log(here.context, here.cluster, number)
    name = bulk_jobs.log_name(bulk_jobs.job(here.context, here.cluster, number)) or ""
    return BulkLog(name=name, content=content, errors=_errors(failed))


def _number(identifier: str) -> int:
    if not (identifier.isascii() and identifier.isdigit() and len(identifier) <= _LONGEST_ID):
        raise ProblemError(
            "invalid-field", f"identifier must be a number of {_LONGEST_ID} digits at most.", "identifier"
        )
    return int(identifier)


def _file(found: bulk_jobs.File) -> BulkFile:
    uploaded = instant(found.uploaded_at)
    return BulkFile(name=found.name, transaction=Kind(found.kind), sha256=found.sha256, uploaded_at=uploaded)


def _errors(found: Sequence[bulk_jobs.LineError]) -> list[BulkLineError]:
    return [BulkLineError(line=one.line, userid=one.userid, message=one.message) for one in found]


def _job(found: bulk_jobs.BulkJob) -> BulkJob:
    return BulkJob(
        id=str(found.id),
        description=found.description,
        transaction=Kind(found.kind),
        status=Status(found.status),
        file_name=found.file_name,
        sha256=found.sha256,
        keep_symbol=found.keep_symbol,
        query=None if found.criteria is None else BulkQuery(**found.criteria),
        set=None if found.options is None else BulkOptions(**found.options),
        submitted_by=found.submitted_by,
        submitted_at=instant(found.submitted_at),
        start_at=_time(found.start_at),
        launched_at=_time(found.launched_at),
        ended_at=_time(found.ended_at),
        result=found.result,
        processed=found.processed,
        failed=found.failed,
        total=found.total,
        log_name=bulk_jobs.log_name(found),
    )


def _time(at: float | None) -> datetime | None:
    return None if at is None else instant(at)
