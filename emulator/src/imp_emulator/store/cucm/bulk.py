# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bulk jobs of the clusters, the files that they use, and what became of their lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from imp_emulator.store.database import Database, Row


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file, without its content.

    Attributes:
        kind: The transaction that it was uploaded for.
        sha256: Of its content, in hexadecimal digits.
        uploaded_at: Virtual time, seconds since the epoch.
    """

    name: str
    kind: str
    sha256: str
    uploaded_at: float


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A job, without what it works on. All times are virtual, in seconds since the epoch.

    Attributes:
        file_name: ``None`` for an update by query, as are the digest of the file and ``keep_symbol``.
        criteria: Patterns by field; ``None`` for a job with a file, as are the options that it sets.
        start_at: When it is to begin; ``None`` on Hold.
        processed: How many lines it has been through, the failed ones among them.
        total: How many there are; 0 before the launch.
    """

    id: int
    description: str
    kind: str
    status: str
    file_name: str | None
    sha256: str | None
    keep_symbol: str | None
    criteria: dict[str, str] | None
    options: dict[str, bool] | None
    submitted_by: str
    submitted_at: float
    start_at: float | None
    launched_at: float | None
    ended_at: float | None
    result: Literal["Success", "Error"] | None
    processed: int
    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a job could not carry out a line; ``userid`` is empty where the line names none."""

    line: int
    userid: str
    message: str


_FILE = "SELECT name, kind, sha256, uploaded_at FROM bulk_file"
_JOB = (
    "SELECT id, description, kind, status, file_name, sha256, keep_symbol, criteria, options, submitted_by,"
    " submitted_at, start_at, launched_at, ended_at, result, processed, failed, total FROM bulk_job"
)


def put_file(database: Database, cluster: str, file: File, content: str) -> None:
    """Store a file; one of its name is replaced."""
    database.execute(
        "INSERT OR REPLACE INTO bulk_file (cluster, name, kind, content, sha256, uploaded_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (cluster, file.name, file.kind, content, file.sha256, file.uploaded_at),
    )


def file(database: Database, cluster: str, name: str) -> File | None:
    """Return a file, or ``None``."""
    row = database.one(f"{_FILE} WHERE cluster = ? AND name = ?", (cluster, name))
    return None if row is None else File(*row)


def files(database: Database, cluster: str) -> list[File]:
    """Return the files of a cluster by name."""
    return [File(*row) for row in database.all(f"{_FILE} WHERE cluster = ? ORDER BY name", (cluster,))]


def content_of_file(database: Database, cluster: str, name: str) -> str:
    """Return the content of a file; empty when there is none."""
    row = database.one("SELECT content FROM bulk_file WHERE cluster = ? AND name = ?", (cluster, name))
    return "" if row is None else str(row[0])


def delete_file(database: Database, cluster: str, name: str) -> None:
    """Remove a file."""
    database.execute("DELETE FROM bulk_file WHERE cluster = ? AND name = ?", (cluster, name))


def insert(database: Database, cluster: str, job: BulkJob, content: str) -> None:
    """Store a new job with what it works on."""
    values = {name: getattr(job, name) for name in BulkJob.__dataclass_fields__}
    values |= {name: None if values[name] is None else json.dumps(values[name]) for name in ("criteria", "options")}
    columns = ["cluster", *values, "content"]
    sql = f"INSERT INTO bulk_job ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
    database.execute(sql, (cluster, *values.values(), content))


def change(database: Database, cluster: str, identifier: int, changes: Mapping[str, Any]) -> None:
    """Change columns of a job."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    sql = f"UPDATE bulk_job SET {assignments} WHERE cluster = ? AND id = ?"  # noqa: S608 - this project's column names
    database.execute(sql, (*changes.values(), cluster, identifier))


def job(database: Database, cluster: str, identifier: int) -> BulkJob | None:
    """Return a job, or ``None``."""
    row = database.one(f"{_JOB} WHERE cluster = ? AND id = ?", (cluster, identifier))
    return None if row is None else _job(row)


def jobs(database: Database, cluster: str) -> list[BulkJob]:
    """Return the jobs of a cluster, the oldest first."""
    return [_job(row) for row in database.all(f"{_JOB} WHERE cluster = ? ORDER BY id", (cluster,))]


def first_with(database: Database, cluster: str, statuses: Iterable[str], until: float | None = None) -> BulkJob | None:
    """Return the job in one of these states that was to begin first, by ``until`` when that is given."""
    wanted = list(statuses)
    sql = f"{_JOB} WHERE cluster = ? AND status IN ({', '.join('?' * len(wanted))})"
    values: list[Any] = [cluster, *wanted]
    if until is not None:
        sql, values = f"{sql} AND start_at <= ?", [*values, until]
    row = database.one(f"{sql} ORDER BY start_at, id LIMIT 1", values)
    return None if row is None else _job(row)


def content(database: Database, cluster: str, identifier: int) -> str:
    """Return what a job works on."""
    row = database.one("SELECT content FROM bulk_job WHERE cluster = ? AND id = ?", (cluster, identifier))
    return "" if row is None else str(row[0])


def delete(database: Database, cluster: str, identifier: int) -> None:
    """Remove a job with its log."""
    database.execute("DELETE FROM bulk_job WHERE cluster = ? AND id = ?", (cluster, identifier))


def add_errors(database: Database, cluster: str, identifier: int, errors: Iterable[LineError]) -> None:
    """Note lines that a job could not carry out."""
    database.executemany(
        "INSERT INTO bulk_error (cluster, job, line, userid, message) VALUES (?, ?, ?, ?, ?)",
        ((cluster, identifier, error.line, error.userid, error.message) for error in errors),
    )


def errors(database: Database, cluster: str, identifier: int, first: int | None = None) -> list[LineError]:
    """Return the lines that a job could not carry out, in their order; ``first`` at most."""
    rows = database.all(
        "SELECT line, userid, message FROM bulk_error WHERE cluster = ? AND job = ? ORDER BY line LIMIT ?",
        (cluster, identifier, -1 if first is None else first),
    )
    return [LineError(*row) for row in rows]


def _job(row: Row) -> BulkJob:
    values = dict(row)
    loaded = {name: None if values[name] is None else json.loads(values[name]) for name in ("criteria", "options")}
    return BulkJob(**{**values, **loaded})
