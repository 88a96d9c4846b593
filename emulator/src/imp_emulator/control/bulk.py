# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of bulk jobs, also of clusters without an admin API, and what somebody does to one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from imp_emulator.control.refusals import asked_cluster, asked_clusters, context_of, refusals
from imp_emulator.domain.cucm import bulk_jobs
from imp_emulator.domain.cucm.bulk_jobs import BulkJob

router = APIRouter(prefix="/bulk-jobs")


Identifier = Annotated[int, Path(ge=1, lt=10**12, description="The job's id.")]


class Verb(StrEnum):
    """What can be done to a job."""

    ACTIVATE = "activate"
    STOP = "stop"


@router.get("")
async def list_bulk_jobs(request: Request, cluster: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The bulk jobs, of one cluster or of all: what each does, how far it is, and how it has ended."""
    context = context_of(request)
    wanted = asked_clusters(context, cluster)
    return {"jobs": [_shown(name, found) for name in wanted for found in bulk_jobs.jobs(context, name)]}


@router.post("/{cluster}/{identifier}/{verb}")
async def change_bulk_job(request: Request, cluster: str, identifier: Identifier, verb: Verb) -> dict[str, Any]:
    """Have a job begin that has not begun, or one end that is at work; returns it as it is then."""
    context = context_of(request)
    name = asked_cluster(context, cluster)
    with refusals(), context.database.transaction():
        if verb is Verb.ACTIVATE:
            bulk_jobs.activate(context, name, identifier, None)
        else:
            bulk_jobs.stop(context, name, identifier)
    with refusals():
        return _shown(name, bulk_jobs.job(context, name, identifier))


def _shown(cluster: str, found: BulkJob) -> dict[str, Any]:
    return {
        "cluster": cluster,
        "id": found.id,
        "description": found.description,
        "transaction": found.kind,
        "status": found.status,
        "result": found.result,
        "processed": found.processed,
        "failed": found.failed,
        "total": found.total,
    }
