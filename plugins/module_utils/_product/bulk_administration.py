# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Bulk jobs of Unified CM: their words, and what became of one that somebody asked for. Pure: no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted, sentence, told_once
from ansible_collections.ucops.imp.plugins.module_utils._formats.bulk_file import BulkFile

INSERT, QUERY, CUSTOM_FILE = "insert_users", "update_users_query", "update_users_custom_file"
TRANSACTIONS = {INSERT: "Insert Users", QUERY: "Update Users - Query", CUSTOM_FILE: "Update Users - Custom File"}
"""The option's words, and the product's."""
FILE_TRANSACTIONS = (INSERT, CUSTOM_FILE)
IMMEDIATELY, LATER = "immediately", "later"
HOLD, PENDING, COMPLETED, INCOMPLETE = "Hold", "Pending", "Completed", "InComplete"
RUNNING = ("Processing", "Stop Requested")
ENDED = (COMPLETED, INCOMPLETE)
STARTED = "Started"
TOLD_LINES = 3
"""So many lines that fail are told in a message; all of them are in ``current``."""
LONGEST_NAME, LONGEST_SYMBOL, LONGEST_PATTERN = 128, 16, 255
LATEST_YEAR = 9999
_FRACTION = re.compile(r"\.(\d+)")

SHOWN = (
    *("id", "transaction", "status", "result", "processed", "failed", "total", "file_name", "keep_symbol"),
    *("start_at", "launched_at", "ended_at", "log_name"),
)
"""What is told of a job."""

Job = Mapping[str, Any]
"""A job as the admin API tells it."""
LineErrors = Sequence[Mapping[str, Any]]
"""``{line, userid, message}``; the line is that of what was sent."""


@dataclass(frozen=True)
class Wanted:
    """A job that an item of the options asks for; ``file_name`` is that on the server."""

    name: str
    transaction: str
    file: BulkFile | None = field(default=None, repr=False)
    file_name: str | None = None
    keep_symbol: str | None = None
    query: Mapping[str, str] | None = None
    options: Mapping[str, bool] | None = None
    run: str = IMMEDIATELY
    start_at: datetime | None = None

    def is_for(self, job: Job, file: BulkFile | None) -> bool:
        """Whether a job does what is wanted, with this file."""
        return (
            job["description"] == self.name
            and job["transaction"] == TRANSACTIONS[self.transaction]
            and job["keep_symbol"] == self.keep_symbol
            and job["sha256"] == (None if file is None else file.digest)
            and said(job["query"]) == self.query
            and said(job["set"]) == self.options
        )


@dataclass(frozen=True)
class Known:
    """What became of a wanted job: the newest one on the server, the file that it was given, and its failed lines."""

    job: Job
    file: BulkFile | None = field(default=None, repr=False)
    errors: LineErrors = ()

    @property
    def status(self) -> str:
        """The product's word for its state."""
        return str(self.job["status"])

    @property
    def left(self) -> int:
        """How many lines are not done although the job has ended."""
        return int(self.job["failed"]) + int(self.job["total"]) - int(self.job["processed"])

    @property
    def failed(self) -> bool:
        """Whether it has ended and not all is done."""
        return self.status in ENDED and (self.left > 0 or self.status == INCOMPLETE)

    @property
    def rest(self) -> BulkFile | None:
        """The lines that are not done; ``None`` for a query, which is simply run again."""
        if self.file is None:
            return None
        return self.file.only({error["line"] for error in self.errors}, behind=self.job["processed"])

    def lines(self) -> list[dict[str, Any]]:
        """Return the failed lines with their numbers in the file on the controller."""
        lines = {} if self.file is None else self.file.lines
        return [{**error, "line": lines.get(error["line"], error["line"])} for error in self.errors]


@dataclass(frozen=True)
class State:
    """The jobs on the server, what became of the wanted ones, and what the server finds in files that it has not had.

    Attributes:
        now: The server's time.
        known: By the item's name; those that are not there are left out.
        checks: The lines that could not be carried out, by the item's name.
        taken: The items that this task has seen to; what has failed since is not run again by the same task.
    """

    service: Mapping[str, Any]
    now: str
    jobs: Sequence[Job]
    known: Mapping[str, Known]
    checks: Mapping[str, LineErrors] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()

    def newest(self, name: str) -> str:
        """Return the id of the newest job of this name, whatever it does; ``""`` when there is none."""
        return next((str(job["id"]) for job in reversed(self.jobs) if job["description"] == name), "")


def newest(wanted: Wanted, jobs: Sequence[Job], log: Callable[[str], LineErrors]) -> Known | None:
    """Return what became of a wanted job, through the jobs that ran its failed lines again; ``jobs`` oldest first."""
    same = [job for job in jobs if job["description"] == wanted.name]
    fitting = [number for number, job in enumerate(same) if wanted.is_for(job, wanted.file)]
    if not fitting:
        return None
    behind = fitting[-1]
    found = _known(same[behind], wanted.file, log)
    while found.failed and (rest := found.rest) is not None and rest.rows:
        later = [number for number, job in enumerate(same) if number > behind and wanted.is_for(job, rest)]
        if not later:
            break
        behind = later[-1]
        found = _known(same[behind], rest, log)
    return found


def _known(job: Job, file: BulkFile | None, log: Callable[[str], LineErrors]) -> Known:
    return Known(job, file, log(job["id"]) if job["failed"] and job["status"] in ENDED else ())


def said(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the server tells of a query, or of what it sets, without what is left out."""
    return None if fields is None else {name: value for name, value in fields.items() if value is not None}


def needed_start(wanted: Wanted, job: Job, now: str) -> tuple[str, str] | None:
    """Return when a job that has not begun is to begin, before and after; ``None`` when that is right.

    Nothing puts a job on Hold again, and one that is due is left alone.
    """
    holds = job["status"] == HOLD or job["start_at"] is None
    if not holds and moment(job["start_at"]) <= moment(now):
        return None
    before = HOLD if holds else moment(job["start_at"]).isoformat()
    after = shown_start(wanted)
    return None if after in (before, HOLD) else (before, after)


def shown_start(wanted: Wanted) -> str:
    if wanted.run == IMMEDIATELY:
        return IMMEDIATELY
    return HOLD if wanted.start_at is None else wanted.start_at.isoformat()


def moment(text: str) -> datetime:
    """Return a time that the admin API tells; raises ``UnexpectedAnswer``."""
    at = time_of(text)
    if at is None:
        raise UnexpectedAnswer("The admin API of Unified CM sent a time that is none.")
    return at


def time_of(text: str) -> datetime | None:
    """Return a time that says its zone, else ``None``."""
    # Python 3.10 knows neither Z nor a fraction of another length.
    text = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text, count=1)
    try:
        at = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
        return None if at.tzinfo is None else at.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        # The last hours of the year 9999 are beyond it in another zone.
        return None


def told_lines(lines: LineErrors) -> str:
    """Return which lines fail, as a sentence."""
    if not lines:
        return "Not all lines were gone through."
    failing = [
        (f"line {one['line']}" + (f" ({one['userid']})" if one["userid"] else ""), sentence(one["message"]))
        for one in lines
    ]
    more = len(failing) - TOLD_LINES
    sentences = told_once(failing[:TOLD_LINES])
    told = f"{counted(len(failing), 'line')} cannot be carried out."
    return " ".join([told, *sentences, *([f"And {more:,} more."] if more > 0 else [])])


def what_to_do(known: Known) -> str:
    log = f"The log on the server is {known.job['log_name']}. "
    if known.rest is not None and not known.rest.rows:
        return f"{log}Mend the file."
    return f"{log}Mend what is wrong there, then set rerun_failed=true to run only these lines again."


def progress(job: Job) -> str:
    of = f", {job['processed']:,} of {job['total']:,} lines" if job["total"] else ""
    return f"{job['status']}{of}"


def not_started(service: Mapping[str, Any]) -> str:
    return (
        f"{service['name']} on {service['node']} is {service['status']}: jobs are Pending until it is started, see "
        "ucops.imp.services."
    )
