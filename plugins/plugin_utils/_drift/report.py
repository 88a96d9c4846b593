# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The drift report of a run: what was checked, what was found, and with which status the run ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import recommended_spread
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.records import (
    Origin,
    Record,
    Status,
    has_failed,
    is_check,
    is_ours,
    items_of,
    records_of,
)

CLEAN = 0
COULD_NOT_CHECK = 2
"""Ansible's own status for a task that failed."""
DRIFT = 3
UNREACHABLE = 4
"""Ansible's own status for a host that was not reached."""

FORMAT = 1
"""Of the JSON report; raised when a program that reads it would have to change."""
NOTHING = "Nothing was checked. No host matched, or every task was skipped."
JOB = "ansible_job_id"
"""What ansible calls a task that it has put into the background, in its results."""
NOT_AWAITED = "It was started in the background, and the run has not read its result: wait for it with async_status."
NOT_ENDED = "The task in the background has not ended in the time that it was given."


@dataclass(frozen=True)
class Check:
    """A task that compared something; ``records`` counts what it found."""

    origin: Origin
    records: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        told = {name: getattr(self.origin, name) for name in ("cluster", "host", "task", "path", "line")}
        return {**told, "records": self.records}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass
class Report:
    """What a run has found so far. ``finish`` ends it; renderers read it afterwards.

    Attributes:
        exit_status: 0 clean, 3 drift, otherwise Ansible's own.
    """

    title: str
    playbook: str = ""
    started: str = field(default_factory=_now)
    finished: str = ""
    checks: list[Check] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    exit_status: int = CLEAN
    _assigned: dict[str, int] = field(default_factory=dict)
    _jobs: dict[str, Origin] = field(default_factory=dict)
    """The tasks that run in the background, as far as the run knows."""

    def add(self, origin: Origin, result: Mapping[str, Any], *, failed: bool = False) -> None:
        """Take the result of one task on one host, the last one when it was tried several times."""
        items = items_of(result)
        if not any(JOB in item for item in items):
            self._take(origin, result, failed)
            return
        for item in items:
            take = self._add_job if JOB in item else self._take
            take(origin, item, failed if item is result else has_failed(item))

    def add_failed(self, origin: Origin, result: Mapping[str, Any]) -> None:
        """Take the result of a task that has failed on a host, or of a host that could not be reached."""
        self.add(origin, result, failed=True)

    def add_attempt(self, origin: Origin, result: Mapping[str, Any]) -> None:
        """Take the result of an attempt that another follows: what it found or changed counts, its errors do not."""
        found = records_of(origin, result)
        self.records += [record for record in found if record.status in (Status.DRIFT, Status.CORRECTED)]

    def _add_job(self, origin: Origin, result: Mapping[str, Any], failed: bool) -> None:
        """Take the start or the end of a task in the background: its end belongs to the task that was started.

        The start of a job is always a change for Ansible, and tells nothing.
        """
        job = str(result.get(JOB))
        ended = bool(result.get("finished"))
        if not ended and not failed:
            if job not in self._jobs and result.get("started"):
                self._jobs[job] = origin
            return
        origin = self._jobs.pop(job, origin)
        self._take(origin, result if ended else {"msg": NOT_ENDED, **result}, failed)

    def _take(self, origin: Origin, result: Mapping[str, Any], failed: bool) -> None:
        found = records_of(origin, result, failed=failed)
        self.records += found
        compared = [item for item in items_of(result) if is_check(origin, item)]
        if compared:
            self.checks.append(Check(origin, len(found)))
        for item in compared:
            if isinstance(item.get("assigned_users"), int):
                self._assigned[origin.cluster] = item["assigned_users"]

    def could_not_check(self, cluster: str, message: str) -> None:
        """Note something that no task told."""
        origin = Origin(cluster, cluster, self.playbook, self.playbook, 1, "", predicted=True)
        self.records += records_of(origin, {"msg": message}, failed=True)

    def finish(self, clusters: Iterable[str], *, failed: bool, unreachable: bool) -> None:
        """End the report.

        ``clusters`` are those that the run has met: one that nothing was checked of is not clean. ``failed`` and
        ``unreachable`` tell whether Ansible itself has counted a failed or unreachable host.
        """
        for origin in self._jobs.values():
            if is_ours(origin.action):
                self.records += records_of(origin, {"msg": NOT_AWAITED}, failed=True)
        self._jobs.clear()
        heard = {check.origin.cluster for check in self.checks} | {record.cluster for record in self.records}
        for cluster in sorted({*clusters} - heard):
            self.could_not_check(cluster, NOTHING)
        if not self.checks and not self.records:
            self.could_not_check("-", NOTHING)
        order = list(Status)
        own = [record for record in self._distinct() if not self._follows(record)]
        # Stable: within a cluster and status, the order of the run.
        self.records = sorted(own, key=lambda record: (record.cluster, order.index(record.status)))
        self.exit_status = self._status(failed, unreachable)
        self.finished = _now()

    def _distinct(self) -> list[Record]:
        """Return the records, each once: two tasks about the same object find the same."""
        seen: dict[str, Record] = {}
        for record in self.records:
            seen.setdefault(repr(replace(record, task="", path="", line=0)), record)
        return list(seen.values())

    def _follows(self, record: Record) -> bool:
        """Whether a difference only follows from others of this run, and goes away with them.

        The automatic calendar spread counts the users whose meetings are shown as they are now. If it is right for
        the users as they should be, it is not the spread that has drifted.
        """
        users = self._assigned.get(record.cluster)
        if users is None or (record.status, record.id) != (Status.DRIFT, "calendar_spread"):
            return False
        switched = [
            1 if other.after else -1
            for other in self.records
            if (other.status, other.cluster) == (Status.DRIFT, record.cluster)
            and (other.kind, other.field) == ("calendar_user", "meeting_information")
        ]
        return bool(switched) and recommended_spread(max(users + sum(switched), 0)) == record.before

    def _status(self, failed: bool, unreachable: bool) -> int:
        if unreachable or failed:
            return UNREACHABLE if unreachable else COULD_NOT_CHECK
        found = {record.status for record in self.records}
        if Status.COULD_NOT_CHECK in found:
            return COULD_NOT_CHECK
        return DRIFT if found - {Status.CORRECTED} else CLEAN

    @property
    def clusters(self) -> list[str]:
        """The clusters of the run, by name."""
        return sorted({check.origin.cluster for check in self.checks} | {record.cluster for record in self.records})

    def of(self, cluster: str, status: Status | None = None) -> list[Record]:
        """Return the records of a cluster, of one status or all."""
        return [found for found in self.records if found.cluster == cluster and status in (None, found.status)]

    def count(self, status: Status) -> int:
        """Return how many records have this status."""
        return sum(record.status is status for record in self.records)

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        if self.exit_status in (COULD_NOT_CHECK, UNREACHABLE):
            return "Not everything could be checked."
        if self.exit_status == DRIFT:
            return "What is there is not what is declared."
        if self.records:
            return "What differed was corrected."
        return "Clean: what is there is what is declared."

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the JSON report."""
        return {
            "format": FORMAT,
            "title": self.title,
            "playbook": self.playbook,
            "started": self.started,
            "finished": self.finished,
            "exit_status": self.exit_status,
            "verdict": self.verdict,
            "summary": {
                "clusters": self.clusters,
                "checks": len(self.checks),
                **{status.value: self.count(status) for status in Status},
            },
            "checks": [check.as_dict() for check in self.checks],
            "records": [record.as_dict() for record in self.records],
        }
