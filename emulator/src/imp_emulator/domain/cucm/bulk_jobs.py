# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bulk Administration Tool: files, jobs, and the service that carries them out, one after the other (U2).

A job that runs at once is Pending until Cisco Bulk Provisioning Service on the publisher of Unified CM takes it. One
that runs later is on Hold until it is activated. The service goes through the lines in portions, so that a long job is
seen at work and can be stopped; what a line cannot do is noted in the job's log, and the others are done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imp_emulator.catalogue.services import BULK_PROVISIONING
from imp_emulator.domain.cucm import bulk_files, users
from imp_emulator.domain.cucm.bulk_files import Line
from imp_emulator.domain.events import ServiceDeployed, ServiceStarted, ServiceStopping
from imp_emulator.domain.imp import services
from imp_emulator.errors import Conflict, DomainError, Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower, like
from imp_emulator.store import nodes
from imp_emulator.store.cucm import bulk as store
from imp_emulator.store.jobs import Job
from imp_emulator.world.clock import moment
from imp_emulator.world.context import Context

BulkJob = store.BulkJob
File = store.File
LineError = store.LineError

LAUNCH, WORK = "bulk-launch", "bulk-work"
"""The kinds of the scheduler's jobs: the time of a bulk job has come; the next portion of one is due."""
PORTION, PORTION_SECONDS = 200, 1.0
"""So many lines are done at once, and the next ones so many virtual seconds later."""
LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_SYMBOL, LONGEST_PATTERN = 128, 128, 16, 255


class Kind(StrEnum):
    """The transactions that are emulated, in the product's words."""

    INSERT = "Insert Users"
    UPDATE_QUERY = "Update Users - Query"
    UPDATE_FILE = "Update Users - Custom File"


class Status(StrEnum):
    """The states of a job, in the product's words."""

    HOLD = "Hold"
    PENDING = "Pending"
    PROCESSING = "Processing"
    STOP_REQUESTED = "Stop Requested"
    COMPLETED = "Completed"
    INCOMPLETE = "InComplete"


_RUNNING = (Status.PROCESSING, Status.STOP_REQUESTED)


@dataclass(frozen=True, slots=True)
class Order:
    """What a new job is to do.

    Attributes:
        file_name: An uploaded file, for the transactions that take one.
        keep_symbol: What keeps the stored value in a file of Update Users; ``None`` when nothing does.
        criteria: Patterns by field, for an update by query; % stands for any text.
        options: What that one sets.
        newest: The id of the newest job of this description that the caller knows, empty for none; ``None`` when the
            caller does not mind.
    """

    kind: Kind
    description: str
    caller: str
    file_name: str | None = None
    keep_symbol: str | None = None
    criteria: Mapping[str, str] | None = None
    options: Mapping[str, bool] | None = None
    newest: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What a file would come to: how many lines it has, and which of them could not be carried out."""

    total: int
    errors: list[LineError]


# --- files


def files(context: Context, cluster: str) -> list[File]:
    """Return the uploaded files by name."""
    return store.files(context.database, cluster)


def upload(context: Context, cluster: str, kind: Kind, name: str, content: str, *, overwrite: bool) -> File:
    """Store a file for a transaction.

    Raises:
        InvalidValue: Its name holds a comma or a slash, or nothing, or the transaction takes no file.
        Duplicate: There is one of its name, and it is not to be overwritten.
    """
    _check_takes_file(kind)
    if not name.strip() or len(name) > LONGEST_NAME or any(sign in ",/\\" or not sign.isprintable() for sign in name):
        text = f"The name of a file has 1 to {LONGEST_NAME} characters, no comma and no slash."
        raise InvalidValue("invalid-field", text, "name")
    if not overwrite and store.file(context.database, cluster, name) is not None:
        raise Duplicate("bulk-file-exists", f"There is a file {name} already.", "name")
    digest = hashlib.sha256(content.encode()).hexdigest()
    stored = File(name, kind.value, digest, context.clock.timestamp())
    store.put_file(context.database, cluster, stored, content)
    return stored


def delete_file(context: Context, cluster: str, name: str) -> None:
    """Remove a file; jobs that were submitted with it keep what it said. Raises ``NotFound``."""
    _file(context, cluster, name)
    store.delete_file(context.database, cluster, name)


def check(context: Context, cluster: str, kind: Kind, content: str, keep_symbol: str | None) -> Check:
    """Tell what a file would come to now, without any change.

    Raises:
        NoFile: It is no such file at all.
        InvalidValue: The transaction takes none.
    """
    _check_takes_file(kind)
    insert = kind is Kind.INSERT
    lines = bulk_files.read(content, insert)
    errors: list[LineError] = []
    taken: set[str] = set()
    for line in lines:
        try:
            values = bulk_files.wanted(line, insert, keep_symbol)
            if not insert:
                users.check_changes(context, cluster, users.UserKey("userid", line.userid), values)
                continue
            users.check_new(context, cluster, {**values, "userid": line.userid})
            if ascii_lower(line.userid) in taken:
                raise Duplicate("user-exists", f"A user {line.userid} stands in the file already.", "userid")
            _check_free(context, cluster, line.userid)
            taken.add(ascii_lower(line.userid))
        except DomainError as error:
            errors.append(LineError(line.number, line.userid, error.message))
    return Check(len(lines), errors)


def _check_takes_file(kind: Kind) -> None:
    if kind is Kind.UPDATE_QUERY:
        raise InvalidValue("invalid-field", f"{kind} takes no file.", "transaction")


def _check_free(context: Context, cluster: str, userid: str) -> None:
    if users.exists(context, cluster, userid):
        raise Duplicate("user-exists", f"A user {userid} exists already.", "userid")


def _file(context: Context, cluster: str, name: str) -> File:
    found = store.file(context.database, cluster, name)
    if found is None:
        raise NotFound("bulk-file-not-found", f"There is no file {name}.", "file_name")
    return found


# --- jobs


def jobs(context: Context, cluster: str) -> list[BulkJob]:
    """Return the jobs, the oldest first."""
    return store.jobs(context.database, cluster)


def job(context: Context, cluster: str, identifier: int) -> BulkJob:
    """Return a job; raises ``NotFound``."""
    found = store.job(context.database, cluster, identifier)
    if found is None:
        raise NotFound("bulk-job-not-found", f"There is no job {identifier}.", "id")
    return found


def errors(context: Context, cluster: str, identifier: int, first: int | None = None) -> list[LineError]:
    """Return the lines that a job could not carry out, in their order; ``first`` at most."""
    return store.errors(context.database, cluster, identifier, first)


def submit(context: Context, cluster: str, order: Order, *, later: bool) -> BulkJob:
    """Add a job that begins as soon as it can, or ``later``: on Hold until it is activated.

    Raises:
        Forbidden: The service that carries jobs out is not activated.
        NotFound: There is no such file.
        InvalidValue: The order makes no sense.
        Conflict: Another job of this description is the newest one than the caller knows.
    """
    if not _service(context, cluster).activated:
        text = f"{BULK_PROVISIONING} is not activated on {_publisher(context, cluster)}; activate it first."
        raise Forbidden("bulk-provisioning-not-activated", text)
    file, content = _checked(context, cluster, order)
    _check_newest(context, cluster, order)
    now = moment(context.clock.timestamp())
    added = BulkJob(
        id=_free_id(context, cluster, int(now)),
        description=order.description,
        kind=order.kind.value,
        status=(Status.HOLD if later else Status.PENDING).value,
        file_name=order.file_name,
        sha256=None if file is None else file.sha256,
        keep_symbol=order.keep_symbol,
        criteria=None if order.criteria is None else dict(order.criteria),
        options=None if order.options is None else dict(order.options),
        submitted_by=order.caller,
        submitted_at=now,
        start_at=None if later else now,
        launched_at=None,
        ended_at=None,
        result=None,
        processed=0,
        failed=0,
        total=0,
    )
    store.insert(context.database, cluster, added, content)
    if not later:
        context.jobs.at_once(LAUNCH, f"{cluster}/{added.id}", cluster)
    return added


def _checked(context: Context, cluster: str, order: Order) -> tuple[File | None, str]:
    """Return the file of an order with its content, when it has one; raise what makes no sense."""
    if not order.description.strip() or len(order.description) > LONGEST_DESCRIPTION:
        text = f"A job needs a description of {LONGEST_DESCRIPTION} characters at most."
        raise InvalidValue("invalid-field", text, "description")
    symbol = order.keep_symbol
    if symbol is not None and order.kind is not Kind.UPDATE_FILE:
        raise InvalidValue("invalid-field", f"{order.kind} has no symbol that keeps a value.", "keep_symbol")
    if symbol is not None and not (symbol.strip() == symbol and 0 < len(symbol) <= LONGEST_SYMBOL):
        text = f"The symbol has 1 to {LONGEST_SYMBOL} characters and no blank around it."
        raise InvalidValue("invalid-field", text, "keep_symbol")
    if order.kind is Kind.UPDATE_QUERY:
        if order.file_name is not None or not order.criteria or not order.options:
            text = "An update by query needs a query and what to set, and takes no file."
            raise InvalidValue("invalid-field", text, "query")
        return None, ""
    if order.file_name is None or order.criteria is not None or order.options is not None:
        raise InvalidValue("invalid-field", f"{order.kind} needs a file, and takes no query.", "file_name")
    file = _file(context, cluster, order.file_name)
    if file.kind != order.kind.value:
        text = f"{file.name} was uploaded for {file.kind}, not for {order.kind}."
        raise InvalidValue("invalid-field", text, "file_name")
    return file, store.content_of_file(context.database, cluster, file.name)


def _check_newest(context: Context, cluster: str, order: Order) -> None:
    same = [str(found.id) for found in jobs(context, cluster) if found.description == order.description]
    newest = same[-1] if same else ""
    if order.newest not in (None, newest):
        text = f"The newest job of this description is {newest or 'gone'}, another one than expected."
        raise Conflict("bulk-job-newer", text, "newest")


def _free_id(context: Context, cluster: str, wanted: int) -> int:
    while store.job(context.database, cluster, wanted) is not None:
        wanted += 1
    return wanted


def activate(context: Context, cluster: str, identifier: int, start_at: float | None) -> BulkJob:
    """Have a job that has not begun begin at a virtual time, or as soon as it can.

    Raises:
        NotFound: There is no such job.
        Forbidden: It has begun.
        InvalidValue: The time is over.
    """
    found = job(context, cluster, identifier)
    _require(found, (Status.HOLD, Status.PENDING), "be activated")
    now = context.clock.timestamp()
    if start_at is not None and start_at < now:
        raise InvalidValue("invalid-field", "A job cannot start in the past.", "start_at")
    at = moment(now if start_at is None else start_at)
    store.change(context.database, cluster, identifier, {"status": Status.PENDING.value, "start_at": at})
    if start_at is None:
        context.jobs.at_once(LAUNCH, f"{cluster}/{identifier}", cluster)
    else:
        context.jobs.add(LAUNCH, f"{cluster}/{identifier}", at, cluster)
    return job(context, cluster, identifier)


def stop(context: Context, cluster: str, identifier: int) -> BulkJob:
    """Have a job end that is at work: after the lines that are under way; raises ``NotFound`` and ``Forbidden``."""
    found = job(context, cluster, identifier)
    _require(found, (Status.PROCESSING,), "be stopped")
    store.change(context.database, cluster, identifier, {"status": Status.STOP_REQUESTED.value})
    return job(context, cluster, identifier)


def delete(context: Context, cluster: str, identifier: int) -> None:
    """Remove a job that is not at work, with its log; raises ``NotFound`` and ``Forbidden``."""
    found = job(context, cluster, identifier)
    _require(found, [status for status in Status if status not in _RUNNING], "be deleted")
    store.delete(context.database, cluster, identifier)


def _require(found: BulkJob, statuses: Sequence[Status], what: str) -> None:
    if found.status not in statuses:
        raise Forbidden("bulk-job-state", f"The job {found.id} is {found.status} and cannot {what}.")


# --- the log


def log_name(found: BulkJob) -> str | None:
    """Return the name of a job's log file, as the product makes it; ``None`` before the launch."""
    if found.launched_at is None:
        return None
    return f"{found.id}#{services.instant(found.launched_at):%m%d%Y%H%M%S}.txt"


def log(context: Context, cluster: str, identifier: int) -> tuple[str, list[LineError]]:
    """Return the text of a job's log file, and the lines that it could not carry out.

    Raises:
        NotFound: There is no such job, or it has not begun.
    """
    found = job(context, cluster, identifier)
    if found.launched_at is None:
        raise NotFound("bulk-log-not-found", f"The job {identifier} has not begun, so it has no log.", "id")
    failed = errors(context, cluster, identifier)
    text = [f"Job ID: {found.id}", f"Description: {found.description}", f"Transaction: {found.kind}"]
    text += [] if found.file_name is None else [f"File: {found.file_name}"]
    text += [f"Launched: {services.instant(found.launched_at):%m/%d/%Y %H:%M:%S}", ""]
    text += [f"Line {one.line}: {f'{one.userid}: ' if one.userid else ''}{one.message}" for one in failed]
    text += ["", f"Records processed: {found.processed}, failed: {found.failed}, total: {found.total}"]
    return "\n".join([*text, f"Status: {found.status}", ""]), failed


# --- the service


def _publisher(context: Context, cluster: str) -> str:
    return next(node.name for node in nodes.nodes(context.database, cluster, "cucm") if node.usage == "publisher")


def _service(context: Context, cluster: str) -> services.ServiceState:
    return services.status(context, cluster, _publisher(context, cluster), BULK_PROVISIONING)


def service(context: Context, cluster: str) -> services.ServiceState:
    """Return how the service stands that carries jobs out."""
    return _service(context, cluster)


def service_changed(context: Context, event: ServiceDeployed | ServiceStarted | ServiceStopping) -> None:
    """Go on with what waits for the service, or leave what it was at, now that it has started or goes."""
    if event.service == BULK_PROVISIONING and event.node == _publisher(context, event.cluster):
        with context.database.transaction():
            _look(context, event.cluster)


def resume(context: Context) -> None:
    """Begin what became due while nobody was there."""
    with context.database.transaction():
        for spec in context.scenario.clusters:
            _look(context, spec.name)


def launch(context: Context, due: Job) -> None:
    """Carry out a job of the scheduler: the time of a bulk job has come."""
    _look(context, due.payload)


def work(context: Context, due: Job) -> None:
    """Carry out a job of the scheduler: the next portion is due."""
    cluster: str = due.payload
    found = store.first_with(context.database, cluster, _RUNNING)
    if found is not None and _portion(context, cluster, found):
        _look(context, cluster)


def _look(context: Context, cluster: str) -> None:
    """Begin what is due, one job after the other, as far as the service runs and is free."""
    runs = _service(context, cluster).status is services.Status.STARTED
    found = store.first_with(context.database, cluster, _RUNNING)
    if found is not None:
        if not runs:
            _end(context, cluster, found, Status.INCOMPLETE)
        return
    while runs and (due := _due(context, cluster)) is not None:
        if not _portion(context, cluster, _begin(context, cluster, due)):
            return


def _due(context: Context, cluster: str) -> BulkJob | None:
    return store.first_with(context.database, cluster, [Status.PENDING], context.clock.timestamp())


def _begin(context: Context, cluster: str, found: BulkJob) -> BulkJob:
    """Note that the service has taken a job; an update by query is about the users that it finds now."""
    changes: dict[str, Any] = {"status": Status.PROCESSING.value, "launched_at": context.clock.timestamp()}
    if found.criteria is not None:
        selected = [user for user in users.search(context, cluster, found.criteria) if _fits(user, found.criteria)]
        changes["content"] = json.dumps([user.pkid for user in selected])
        changes["total"] = len(selected)
    store.change(context.database, cluster, found.id, changes)
    return job(context, cluster, found.id)


def _fits(user: users.User, criteria: Mapping[str, str]) -> bool:
    """Tell whether a user matches with % as the only wildcard; for the search _ is one, too."""
    return all(like(pattern, getattr(user, field), one="") for field, pattern in criteria.items())


def _portion(context: Context, cluster: str, found: BulkJob) -> bool:
    """Carry out the next lines of a job, and tell whether it has come to its end by that."""
    if found.status == Status.STOP_REQUESTED:
        _end(context, cluster, found, Status.INCOMPLETE)
        return True
    content = store.content(context.database, cluster, found.id)
    try:
        lines = _selected(content) if found.criteria is not None else bulk_files.read(content, _inserts(found))
    except bulk_files.NoFile as error:
        store.add_errors(context.database, cluster, found.id, [LineError(error.line, "", error.reason)])
        _end(context, cluster, found, Status.INCOMPLETE)
        return True
    failed = []
    for line in lines[found.processed : found.processed + PORTION]:
        try:
            _carry_out(context, cluster, found, line)
        except DomainError as error:
            failed.append(LineError(line.number, line.userid or _userid(context, cluster, line), error.message))
    store.add_errors(context.database, cluster, found.id, failed)
    processed = min(len(lines), found.processed + PORTION)
    counts = {"processed": processed, "failed": found.failed + len(failed), "total": len(lines)}
    store.change(context.database, cluster, found.id, counts)
    if processed < len(lines):
        context.jobs.add(WORK, cluster, moment(context.clock.timestamp() + PORTION_SECONDS), cluster)
        return False
    _end(context, cluster, job(context, cluster, found.id), Status.COMPLETED)
    return True


def _inserts(found: BulkJob) -> bool:
    return found.kind == Kind.INSERT


def _selected(content: str) -> list[Line]:
    """Return the users of an update by query as lines, numbered from 1; each has the user's UUID as its one cell."""
    return [Line(number, {"pkid": pkid}, "") for number, pkid in enumerate(json.loads(content), start=1)]


def _userid(context: Context, cluster: str, line: Line) -> str:
    """Return the user id of one that a query has found; empty when there is none any more."""
    pkid = (line.cells or {}).get("pkid")
    if pkid is None:
        return ""
    try:
        return users.find(context, cluster, users.UserKey("pkid", pkid)).userid
    except NotFound:
        return ""


def _carry_out(context: Context, cluster: str, found: BulkJob, line: Line) -> None:
    if found.options is not None:
        pkid = (line.cells or {})["pkid"]
        users.update(context, cluster, users.UserKey("pkid", pkid), found.options)
        return
    values = bulk_files.wanted(line, _inserts(found), found.keep_symbol)
    if _inserts(found):
        # Looked at before, as adding a user begins with writing.
        _check_free(context, cluster, line.userid)
        users.add(context, cluster, {**values, "userid": line.userid})
    else:
        users.update(context, cluster, users.UserKey("userid", line.userid), values)


def _end(context: Context, cluster: str, found: BulkJob, status: Status) -> None:
    right = status is Status.COMPLETED and found.failed == 0
    changes = {"status": status.value, "ended_at": context.clock.timestamp(), "result": "Success" if right else "Error"}
    store.change(context.database, cluster, found.id, changes)
