# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Drift records from the results of tasks. Pure: no ansible, no files.

``records_of`` turns the result of one task on one host into records, one for each object and field. The collection's
modules say in ``changes``, ``undeclared``, ``unknown`` and ``failures`` what they found; of any other module only the
facts that it changed or failed, and its message, are taken, because nobody knows which of its results are secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.masked import NOT_SHOWN, without_masks
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import CREATE, DELETE, DIFFERS, GIVEN
from ansible_collections.ucops.imp.plugins.module_utils._core.words import noun, quoted, text
from ansible_collections.ucops.imp.plugins.plugin_utils._drift.places import Declared

HIDDEN = NOT_SHOWN
"""Stands for a secret's value that a module should not have told."""
EXISTS = "exists"
"""The field of an object that is missing, or there though it should not be: its other fields have no counterpart."""
HA_ENABLED = "ha_enabled"
"""The field of a presence redundancy group that ``services`` switches."""
COLLECTION = "ucops.imp."
TASK = "task"
"""The kind of a record about a task that names no object."""
ASYNC_STATUS = "async_status"
"""The module whose result is that of a task in the background."""
LONGEST_MESSAGE = 1000
TOLD_TO_FAIL = "The module did not fail: until or failed_when of the task did."
NO_LOG = "The task has no_log, which hides what it found."


class Status(str, Enum):
    """What a record says; the values are the words of the reports, the order is that of the reports."""

    COULD_NOT_CHECK = "could-not-check"
    DRIFT = "drift"
    UNDECLARED = "undeclared"
    UNKNOWN = "unknown"
    CORRECTED = "corrected"


@dataclass(frozen=True)
class Origin:
    """Where a result comes from.

    Attributes:
        cluster: the host's ``ucops_imp_cluster``, or its name.
        path: the file that stands for the task, as the reports show it: one of the user's where there is one.
        predicted: whether the task ran in check mode, so that its changes were not made.
        declared: what the user has declared for the task, to find the line of each object.
    """

    cluster: str
    host: str
    task: str
    path: str
    line: int
    action: str
    predicted: bool
    declared: Declared | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Record:
    """One field of one object; see docs/drift.md for the meaning of each attribute."""

    status: Status
    cluster: str
    host: str
    kind: str
    id: str
    field: str | None
    before: Any
    after: Any
    secret: bool
    message: str | None
    code: str | None
    task: str
    path: str
    line: int

    def as_dict(self) -> dict[str, Any]:
        """Return the record with plain JSON values."""
        return {**asdict(self), "status": self.status.value}

    @property
    def what(self) -> str:
        """What kind of object it is, in words: ``Presence gateway``."""
        return noun(self.kind).capitalize()

    @property
    def sentence(self) -> str:
        """What was found, in words that follow the name of the object."""
        if self.status is Status.COULD_NOT_CHECK:
            return f"could not be checked: {self.message}"
        if self.status is Status.UNKNOWN:
            return f"{self.field or 'it'} could not be compared: {self.message}"
        if self.status is Status.UNDECLARED:
            return self._undeclared()
        return self._corrected() if self.status is Status.CORRECTED else self._drift()

    def _undeclared(self) -> str:
        if self.field == EXISTS:
            return f"is there, but nobody declared it{self._details}"
        return f"{self.field} is {quoted(self.before)}, which nobody declared; the default is {quoted(self.after)}"

    def _drift(self) -> str:
        if self.field is None:
            return self.message or "would change"
        if self.field == EXISTS:
            return f"is missing{self._details}" if self.after else f"is there, but should not be{self._details}"
        if self.field == "restart_required":
            return "has not loaded its configuration: a restart is pending"
        if self.field == HA_ENABLED:
            return f"is {'off, as a run that ended early has left it' if self.after else 'on'}"
        if self.secret:
            return f"{self.field} is not the declared one"
        return f"{self.field} is {quoted(self.before)}, should be {quoted(self.after)}"

    def _corrected(self) -> str:
        if self.field is None:
            return "was changed"
        if self.field == EXISTS:
            return "was added" if self.after else "was removed"
        if self.field == "restart_required":
            return "was restarted"
        if self.field == HA_ENABLED:
            return f"was switched {'on' if self.after else 'off'}"
        if self.secret:
            return f"{self.field} was set"
        return f"{self.field} was {quoted(self.before)}, is {quoted(self.after)}"

    @property
    def _details(self) -> str:
        return f" ({self.message})" if self.message else ""


def is_ours(action: str) -> bool:
    """Whether a module, by its full name, is one of this collection."""
    return action.startswith(COLLECTION)


def is_check(origin: Origin, result: Mapping[str, Any]) -> bool:
    """Whether a result compares something with what is declared; what only reads or computes proves nothing.

    A job in the background may have been started by an earlier run: its result is told by what our modules return.
    """
    if not isinstance(result.get("changes"), list):
        return False
    read = origin.action.rpartition(".")[2] == ASYNC_STATUS
    return is_ours(origin.action) or (read and isinstance(result.get("failures"), list))


def items_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the results that a result consists of: those of a loop's items that were not skipped, or itself."""
    items = result.get("results")
    if not isinstance(items, list) or not items or not all(isinstance(item, Mapping) for item in items):
        return [result]
    return [item for item in items if not item.get("skipped")]


def has_failed(item: Mapping[str, Any]) -> bool:
    """Whether an item of a loop has failed, or could not be reached."""
    return bool(item.get("failed") or item.get("unreachable"))


def records_of(origin: Origin, result: Mapping[str, Any], *, failed: bool = False) -> list[Record]:
    """Return the records of one result; ``failed`` also stands for a host that could not be reached.

    A loop's result holds one for each item; those count, not their sum.
    """
    items = items_of(result)
    if items == [result]:
        return list(_records(origin, result, failed))
    found = [record for item in items for record in _records(origin, item, has_failed(item))]
    return found if found or not failed else list(_records(origin, result, failed))


def _records(origin: Origin, result: Mapping[str, Any], failed: bool) -> Iterator[Record]:
    compared = is_check(origin, result)
    ours = compared or is_ours(origin.action)
    if ours and not compared and "censored" in result and not failed:
        yield _record(origin, Status.UNKNOWN, message=NO_LOG)
        return
    yield from _failures(origin, result, failed, ours)
    if compared:
        for change in result["changes"]:
            yield from _changes(origin, change)
    elif result.get("changed") and not failed:
        yield _record(origin, _changed(origin))
    if ours:
        yield from _noted(origin, result)


def _noted(origin: Origin, result: Mapping[str, Any]) -> Iterator[Record]:
    """Yield what is no change: what nobody declared, and what could not be compared."""
    for found in result.get("undeclared") or []:
        yield _undeclared(origin, found)
    for found in result.get("unknown") or []:
        yield _record(
            origin,
            Status.UNKNOWN,
            kind=found["kind"],
            id=found["id"],
            field=found["field"],
            message=str(found.get("reason") or "it cannot be read back."),
        )


def _changed(origin: Origin) -> Status:
    return Status.DRIFT if origin.predicted else Status.CORRECTED


def _failures(origin: Origin, result: Mapping[str, Any], failed: bool, ours: bool) -> Iterator[Record]:
    """Yield what could not be checked; items may have failed though the task was told to call that a success."""
    listed = result.get("failures") if ours else None
    for failure in listed or []:
        yield _record(
            origin,
            Status.COULD_NOT_CHECK,
            kind=_module(origin),
            id=failure["id"],
            message=_short(failure["message"]),
            code=failure["code"],
        )
    if failed and not listed:
        message = NO_LOG if "censored" in result else _short(result.get("msg") or "The task failed.")
        if is_check(origin, result):
            message = TOLD_TO_FAIL
        code = result.get("code") if ours else None
        yield _record(origin, Status.COULD_NOT_CHECK, message=message, code=code)


def _changes(origin: Origin, change: Mapping[str, Any]) -> Iterator[Record]:
    status = _changed(origin)
    named = {"kind": change["kind"], "id": change["id"]}
    fields = change["fields"]
    if change["action"] in (CREATE, DELETE):
        added = change["action"] == CREATE
        told = {item["name"]: item["after" if added else "before"] for item in fields if not item["secret"]}
        message = text(told) if told else None
        yield _record(origin, status, **named, field=EXISTS, before=not added, after=added, message=message)
        return
    if not fields:
        yield _record(origin, status, **named, message=f"{change['action']} is needed")
    # A restart that is required says all: that the service is started, or is not, comes with it.
    only = [item for item in fields if item["name"] == "restart_required"] or fields
    for item in only:
        secret = bool(item["secret"])
        before, after = (_safe(item[side], secret) for side in ("before", "after"))
        yield _record(origin, status, **named, field=item["name"], before=before, after=after, secret=secret)


def _undeclared(origin: Origin, found: Mapping[str, Any]) -> Record:
    named = {"kind": found["kind"], "id": found["id"]}
    fields = dict(found.get("fields") or {})
    if fields.keys() >= {"value", "default"}:
        # A parameter always exists; what nobody declared is its value.
        return _record(
            origin, Status.UNDECLARED, **named, field="value", before=fields["value"], after=fields["default"]
        )
    message = text(fields) if fields else None
    return _record(origin, Status.UNDECLARED, **named, field=EXISTS, before=True, after=False, message=message)


def _safe(value: Any, secret: bool) -> Any:
    return HIDDEN if secret and value not in (None, DIFFERS, GIVEN) else value


def _short(message: Any) -> str:
    told = str(message)
    return told if len(told) <= LONGEST_MESSAGE else f"{told[:LONGEST_MESSAGE]} ..."


def _module(origin: Origin) -> str:
    return origin.action.removeprefix(COLLECTION) if is_ours(origin.action) else TASK


def _record(origin: Origin, status: Status, **found: Any) -> Record:
    """Make a record; without an object it is about the task itself."""
    about: dict[str, Any] = {"kind": _module(origin), "id": origin.task, "field": None, "before": None, "after": None}
    about |= {"secret": False, "message": None, "code": None}
    about |= without_masks(found)
    declared = origin.declared
    place = declared.place(str(about["kind"]), str(about["id"]), about["field"]) if declared else None
    return Record(
        status=status,
        cluster=origin.cluster,
        host=origin.host,
        task=origin.task,
        path=place.path if place else origin.path,
        line=place.line if place else origin.line,
        **about,
    )
