# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bulk jobs of each cluster, the service that carries them out, and the lines that failed."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.domain.cucm import bulk_jobs
from imp_emulator.domain.cucm.bulk_jobs import BulkJob, Status
from imp_emulator.domain.imp import services

SHOWN, SHOWN_LINES = 50, 20
"""So many jobs of a cluster, and lines of a job, are on the page; all of them are told by its log."""
_TONES = {Status.COMPLETED: "good", Status.INCOMPLETE: "bad", Status.HOLD: ""}


async def view(look: Look) -> dict[str, Any]:
    """Return ``clusters``: each with its service, whether that ``runs``, and its jobs, the newest first."""
    found = []
    for cluster in look.clusters:
        service = bulk_jobs.service(look.context, cluster)
        jobs = bulk_jobs.jobs(look.context, cluster)[: -SHOWN - 1 : -1]
        found.append(
            {
                "name": cluster,
                "service": service,
                "runs": service.status is services.Status.STARTED,
                "jobs": [_shown(look, cluster, one) for one in jobs],
            }
        )
    return {"clusters": found}


def _shown(look: Look, cluster: str, job: BulkJob) -> dict[str, Any]:
    tone = "bad" if job.failed else _TONES.get(Status(job.status), "warn")
    failed = bulk_jobs.errors(look.context, cluster, job.id, SHOWN_LINES) if job.failed or tone == "bad" else []
    more = max(0, job.failed - len(failed))
    return {"job": job, "tone": tone, "log": bulk_jobs.log_name(job), "failed": failed, "more": more}
