# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The runner: the one way in which a module of the collection works, and the only place that writes.

A module is its documentation, its :class:`~._core.options.Arguments` and one call::

    def main() -> None:
        run(Parameters, ARGUMENTS)            # a state module; Parameters is a Resource
        run_info(read_parameters, ARGUMENTS)  # an _info module; a function Context -> dict of results

``run`` checks the input, reads and plans. It shows what the plan warns of, and fails for what it refuses: the whole
task before anything is sent, or single items at its end. Unless in check mode it applies each change, goes on past
those that fail, reads back, and ends with the result contract:

``changed``, ``diff``, ``changes``
    what was done (in check mode: what would be); a change that failed is not in them, unless it was accepted and then
    did not come to its end (:class:`~._core.errors.NotArrived`).
``current``
    what :meth:`Resource.current` says after the changes; in check mode, as it is.
``failures``
    ``[{id, code, message}]``; when there are any, the task fails after everything else was tried.
``restart_required``
    names of the services that must restart before the changes have effect. With the option ``pending_restarts_path``
    each is written down there before the change that needs it, see ``pending_restarts``.
``backup_file``
    with the option ``backup`` only, when something changes: the file with what was there before, see ``backups``.
``undeclared``
    with the option ``report_undeclared`` only: ``[{kind, id, fields}]``, what is there after the changes (in check
    mode: as it is) though nobody asked for it. It makes no task changed or failed.
``unknown``
    of resources with fields that can be written but not always compared: ``[{kind, id, field, reason}]``.

Long work tells how far it is (``progress``), because ansible shows nothing of a module before it ends. When ansible is
gone, or the process is told to end, nothing new is begun (``lifeline``): the task fails with the code ``stopped``, and
its result has what was done by then.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    Busy,
    Conflict,
    ConnectionFailed,
    Forbidden,
    ImpError,
    InvalidInput,
    NoPublicApi,
    NotArrived,
    NotEffective,
    TlsFailed,
    Unauthorized,
    joined,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Plan, Unknown
from ansible_collections.ucops.imp.plugins.module_utils._core.words import told_once
from ansible_collections.ucops.imp.plugins.module_utils._formats.request_file import write_atomically
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import ADDRESS, Lifeline, Stopped
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PENDING_RESTARTS
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import ModuleOptions, SecretModule
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import Job, tell

State = TypeVar("State")

TRIES = 3
"""So often a change is tried whose answer gets lost, or that somebody else comes before."""
CHANGED_MEANWHILE = 412
"""The HTTP status that says only that the object has changed since it was read (RFC 9110)."""
CHANGES_QUEUED_PER_THREAD = 64
OBJECTS_BETWEEN_COLLECTIONS = 100_000
TOLD_IN_MESSAGE = 5
"""So many different failures are told in the message; all of them are in ``failures``."""
REFUSED = (ApiError, Busy, ConnectionFailed, Forbidden, InvalidInput, NoPublicApi, TlsFailed, Unauthorized)
"""Errors after which a change that needs a restart was certainly not made, as each of these is one request."""


def run(build: Callable[[Context], Resource[Any]], arguments: Arguments) -> NoReturn:
    """Run a state module; ends the process with its result."""

    def work(context: Context) -> dict[str, Any]:
        resource = build(context)
        _check_input(context, resource.problems)
        if not context.check_mode:
            context.notebook.check()
        state = resource.read()
        plan = context.heed(resource.plan(state))
        unknown = resource.unknown(state)
        done, backup_file = plan, {}
        if plan.changed and not context.check_mode:
            backup_file = {} if not context.backups.wanted else context.backups.keep(resource.backup(state, plan))
            with context.writing:
                done, arrived = _apply(resource, plan)
            try:
                context.lifeline.go_on()
                done, state = _read_back(resource, done, arrived, state)
            except Stopped as stop:
                stop.result = {**_made(resource, done), **backup_file}
                raise
        context.heed(resource.assess(state))
        return {
            **_made(resource, done),
            "current": resource.current(state),
            **backup_file,
            **_audit(resource, state, unknown),
            **resource.more_results(state),
        }

    _main(_job(arguments, lambda context: build(context).problems()), work)


def _shown(context: Context, done: Plan) -> dict[str, Any]:
    """Return the result's ``diff``; write all changes into the file that the user has asked for, in check mode too."""
    diff, path = done.diff, context.params.get("diff_path")
    if path:
        try:
            write_atomically(Path(path), done.listing, mode=0o600)
        except ImpError as error:
            # The cluster has been changed by now: a list of it that is missing undoes nothing.
            context.warn(f"diff_path: {error.message}")
            return diff
    if "prepared" in diff and "diff_path" in context.params:
        told = f"All of them are in {path}." if path else "To have all of them in a file, set diff_path."
        diff["prepared"] += f"{told}\n"
    return diff


def _diff_path_problems(path: str | None) -> list[str]:
    """Return why the file for all changes could not be written."""
    if not path:
        return []
    file = Path(path)
    try:
        if not file.parent.is_dir():
            return [f"diff_path: there is no folder {file.parent}; make it first."]
        if file.is_dir():
            return [f"diff_path: {path} is a folder; give the name of a file."]
    except OSError as error:
        return [f"diff_path: {path} cannot be written: {error.strerror}."]
    return [] if os.access(file.parent, os.W_OK) else [f"diff_path: the folder {file.parent} cannot be written to."]


def _made(resource: Resource[Any], done: Plan) -> dict[str, Any]:
    """Return the results about the changes."""
    return {
        "changed": done.changed,
        "diff": _shown(resource.context, done),
        "changes": done.changes,
        "restart_required": sorted({service for step in done for service in resource.restarts(step)}),
    }


def _audit(resource: Resource[State], state: State, unknown: list[Unknown] | None) -> dict[str, Any]:
    """Return the results about what nobody asked for and what could not be compared, where the module has them."""
    results: dict[str, Any] = {}
    if resource.context.params.get("report_undeclared"):
        results["undeclared"] = [found.as_dict() for found in resource.undeclared(state)]
    if unknown is not None:
        results["unknown"] = [found.as_dict() for found in unknown]
    return results


def run_info(
    read: Callable[[Context], dict[str, Any]],
    arguments: Arguments,
    *,
    problems: Callable[[Context], list[str]] = lambda _context: [],
) -> NoReturn:
    """Run a module that only reads; ``read`` returns its results. Ends the process.

    ``problems`` returns what is wrong with the options beyond the argument spec, one sentence each.
    """

    def work(context: Context) -> dict[str, Any]:
        _check_input(context, lambda: problems(context))
        return {"changed": False, **read(context)}

    _main(_job(arguments, problems), work)


def _job(arguments: Arguments, problems: Callable[[Context], list[str]]) -> Job:
    def refuse(options: ModuleOptions) -> None:
        with ExitStack() as closing:
            context = Context(options, arguments, closing, Lifeline(None, lambda: ""))
            _check_input(context, lambda: problems(context))

    return Job(arguments, refuse)


def _check_input(context: Context, problems: Callable[[], list[str]]) -> None:
    found = context.connection.problems() + context.notebook.problems() + context.backups.problems()
    # Whoever looks further takes for granted that a text that is given is one.
    found += context.odd_values or problems()
    found += context.input_problems + _diff_path_problems(context.params.get("diff_path"))
    if found:
        raise InvalidInput(dict.fromkeys(found))


@contextmanager
def _few_collections() -> Iterator[None]:
    """Have Python look for cycles of objects seldom: of 100,000 users that are read it took a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _main(job: Job, work: Callable[[Context], dict[str, Any]]) -> NoReturn:
    """Make the module, do the work, and end with one clear result whatever happens."""
    tell(job)
    arguments = job.arguments
    module = SecretModule([*arguments.may_be_empty, *PENDING_RESTARTS], **arguments.module_kwargs())
    with Lifeline(os.environ.get(ADDRESS), lambda: _last_words(context)) as lifeline:
        with ExitStack() as closing:
            context = Context(module, arguments, closing, lifeline)
            try:
                result, failure = _worked(context, module, work)
            except Stopped as stop:
                lifeline.finish()
                result, failure = stop.result, _stopped(context.counter.told(), lifeline.reason)
        # Outside of any except clause, so that no core adds the traceback of an error that is already explained.
        if failure is not None:
            details = {"details": failure.details} if failure.details else {}
            result = {"changed": False, **result, **details}
            module.fail_json(msg=failure.message, code=failure.code, failures=context.failures, **result)
        module.warn_of_common_passwords(result)
        if context.failures:
            said: dict[str, Any] = {"msg": _summary(context.failures), "failures": context.failures}
            if _only_a_person_can(context.failures):
                module.fail_json(**said, code=NoPublicApi.default_code, **result)
            module.fail_json(**said, code="items-failed", **result)
        module.exit_json(failures=[], **result)


def _worked(
    context: Context, module: SecretModule, work: Callable[[Context], dict[str, Any]]
) -> tuple[dict[str, Any], ImpError | None]:
    """Return the result, or why there is none; raise :class:`Stopped` when it is over before."""
    try:
        context.lifeline.begin()
        if module.wrong_shapes:
            raise InvalidInput(module.wrong_shapes)
        with _few_collections():
            return work(context), None
    except ImpError as error:
        return {}, error
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user gets a sentence, not a traceback
        return {}, context.explain(error)
    finally:
        context.lifeline.finish()


def _stopped(told: str, reason: str) -> ImpError:
    return ImpError(f"Stopped. {told} Run it again to go on.", code="stopped", details={"reason": reason})


def _last_words(context: Context) -> str:
    """Return what a module prints that is ended while it waits for an answer that it only reads, to read back too."""
    error = _stopped(context.counter.told(), context.lifeline.reason)
    told = {"msg": error.message, "code": error.code, "details": error.details, "failures": []}
    return json.dumps({"failed": True, "changed": context.counter.done > 0, **told})


def _only_a_person_can(failures: list[dict[str, Any]]) -> bool:
    """Tell whether nothing has failed but that the cluster has no interface, which each of its nodes says by itself."""
    return {item["code"] for item in failures} == {NoPublicApi.default_code}


def _summary(failures: list[dict[str, Any]]) -> str:
    """Return the message of a task of which some items failed."""
    told = told_once((item["id"], item["message"]) for item in failures)
    summary = f"{len(failures):,} failed, everything else was tried."
    return joined([summary, *told], "and {} more, see failures.", TOLD_IN_MESSAGE + 1)


@dataclass(frozen=True)
class _Outcome:
    """What became of a planned change: the one that was made, which may be another by then, and what went wrong.

    Neither means that somebody else has made it, or that it was not tried because the work ends (``stopped``). ``lost``
    tells that it may have been made although it failed.
    """

    made: Change | None = None
    error: ImpError | None = None
    lost: bool = False
    stopped: bool = False


def _apply(resource: Resource[Any], plan: Plan) -> tuple[Plan, Plan]:
    """Apply every change, note those that fail, and return the ones that were made and those that came to their end."""
    context = resource.context
    made: list[Change] = []
    arrived: list[Change] = []
    context.counter.begin(len(plan), resource.counted)
    with context.lifeline.changing():
        for change, outcome in _outcomes(resource, plan):
            if outcome.error is not None:
                context.fail(change.id, outcome.error)
            elif outcome.made is not None:
                arrived.append(outcome.made)
            if outcome.made is not None:
                made.append(outcome.made)
    return Plan(tuple(made)), Plan(tuple(arrived))


def _outcomes(resource: Resource[Any], plan: Plan) -> Iterator[tuple[Change, _Outcome]]:
    """Yield each change with its outcome, in the plan's order, as they get done."""
    if resource.concurrency <= 1:
        for change in plan:
            yield change, _apply_and_count(resource, change)
        return
    pool = ThreadPoolExecutor(max_workers=resource.concurrency)
    batch = resource.concurrency * CHANGES_QUEUED_PER_THREAD
    try:
        for start in range(0, len(plan), batch):
            steps = plan.steps[start : start + batch]
            yield from zip(steps, pool.map(lambda change: _apply_and_count(resource, change), steps), strict=True)
    finally:
        # On an interrupt what has not begun is not begun any more.
        pool.shutdown(wait=True, cancel_futures=True)


def _apply_and_count(resource: Resource[Any], change: Change) -> _Outcome:
    """Apply one change, unless the work has ended, and count it."""
    context = resource.context
    try:
        context.lifeline.go_on()
        outcome = _apply_one(resource, change)
    except Stopped:
        return _Outcome(stopped=True)
    if outcome.error is not None:
        context.counter.count(failed=1)
    else:
        context.counter.count(done=1)
    return outcome


def _apply_one(resource: Resource[Any], change: Change) -> _Outcome:
    """Apply one change; a restart that it needs is written down before, and stays in doubt."""
    notebook = resource.context.notebook
    try:
        note = notebook.note(change, resource.restarts(change), resource.restart_nodes(change))
    except ImpError as unreadable:
        return _Outcome(error=unreadable)
    outcome = _apply_and_compare(resource, change)
    if outcome.error is None:
        # Also when somebody else has made it: who that was may not have noted the restart.
        notebook.made(note)
    elif _is_refusal(outcome.error) and not outcome.lost:
        notebook.withdraw(note)
    return outcome


def _is_refusal(error: ImpError) -> bool:
    """Whether a change was certainly not made."""
    # A server, or a proxy before it, that breaks down without a word of the interface says nothing about the change.
    broken = isinstance(error, ApiError) and error.status >= 500 and error.code == ApiError.default_code
    return isinstance(error, REFUSED) and not broken


def _apply_and_compare(resource: Resource[Any], change: Change) -> _Outcome:
    """Apply one change; when its answer got lost, or somebody else was faster, look before anything is sent again."""
    lost, attempt = False, 0
    try:
        while True:
            error = _apply_or_doubt(resource, change)
            if error is None:
                return _Outcome(made=change)
            lost = lost or isinstance(error, AnswerLost)
            needed = resource.still_needed(change)
            if needed is None:
                return _Outcome(made=change if lost else None)
            if attempt + 1 == TRIES or _is_final(error, change, needed):
                return _Outcome(error=error, lost=lost)
            change = needed
            resource.context.backoff.wait(attempt)
            attempt += 1
    except NotArrived as late:
        return _Outcome(made=change, error=late, lost=lost)
    except ImpError as failure:
        return _Outcome(error=failure, lost=lost)
    except Exception as bug:  # noqa: BLE001 - a bug with one item must not hide what was done to the others
        return _Outcome(error=resource.context.explain(bug), lost=True)


def _apply_or_doubt(resource: Resource[Any], change: Change) -> AnswerLost | Conflict | None:
    """Apply a change; return what makes it necessary to look again."""
    try:
        resource.apply(change)
    except (AnswerLost, Conflict) as doubt:
        return doubt
    return None


def _is_final(error: AnswerLost | Conflict, change: Change, needed: Change) -> bool:
    """Whether a refusal stands: nothing has changed that it could have been about."""
    return isinstance(error, Conflict) and error.status != CHANGED_MEANWHILE and needed == change


def _read_back(resource: Resource[State], done: Plan, arrived: Plan, before: State) -> tuple[Plan, State]:
    """Return the changes that reading back confirms, and the state then; unconfirmed changes become failures.

    Only those that ``arrived`` can be confirmed; the others have failed already, or somebody else has made them.
    """
    context = resource.context
    try:
        state = resource.read_back()
        still = {step.key for step in _planned_again(resource, state)}
    except ImpError as error:
        # What was done stays in the result: only its confirmation is missing.
        context.fail("reading back", error)
        return done, before
    unconfirmed = arrived.only(still)
    for change in unconfirmed:
        text = "The server accepted the change, but reading back shows that it was not made."
        context.fail(change.id, NotEffective(text))
    lost = {change.key for change in unconfirmed}
    return done.only(step.key for step in done if step.key not in lost), state


def _planned_again(resource: Resource[State], state: State) -> Plan:
    """Return what would have to be done still; nothing where that says nothing about what was done."""
    return resource.context.heed(resource.plan(state)) if resource.confirms(state) else Plan()
