# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a module manages: a resource, and the context that it is given."""

from __future__ import annotations

import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from pathlib import PurePath
from typing import Any, Generic, TypeVar

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ImpError,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, Connection, connection_from
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, Plan, Undeclared, Unknown
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling, Stopwatch
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Backups, Entry, saved
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import Lifeline
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import Notebook
from ansible_collections.ucops.imp.plugins.module_utils._module.progress import Progress
from ansible_collections.ucops.imp.plugins.module_utils._module.secrets import ModuleOptions, masked

State = TypeVar("State")
Kept = TypeVar("Kept")


class Context:
    """What a resource may use of the module: options, connections, warnings, and a place for failures."""

    def __init__(self, module: ModuleOptions, arguments: Arguments, closing: ExitStack, lifeline: Lifeline) -> None:
        self.params: dict[str, Any] = module.params
        self.check_mode: bool = module.check_mode
        self.connection = connection_from(arguments.kind, module.params)
        self.lifeline = lifeline
        self.counter = Progress(lifeline.tell, module.log, lambda text: masked(text, module.no_log_values))
        self.backoff = Backoff(sleep=lifeline.sleep, report=self.progress, go_on=lifeline.go_on)
        """The pauses of the task, of all its connections."""
        self.notebook = Notebook(module.params.get("pending_restarts_path"), self.warn, time.time)
        self.backups = Backups(module.params, module.module_name, self.connection.hostname, module.no_log_values)
        self.odd_values = module.odd_values
        """Which texts among the options cannot be meant, whatever the module is about."""
        self.input_problems = module.input_problems()
        """What is wrong with the options whatever the module is about."""
        self.failures: list[dict[str, Any]] = []
        self.writing = Stopwatch()
        """How long the changes of the task took; it has not run when there was none to make."""
        self._noted: set[tuple[str, str, str]] = set()
        self._warned: set[str] = set()
        self._module = module
        self._closing = closing

    def transport(self, connection: Connection | None = None, concurrency: int | None = None) -> Transport:
        """Return a transport that is closed when the module ends; by default to the server of the options.

        ``concurrency`` bounds the requests that threads send at once; without it everybody may.
        """
        return self.keep(Transport(connection or self.connection, backoff=self.backoff, concurrency=concurrency))

    def keep(self, resource: AbstractContextManager[Kept]) -> Kept:
        """Enter a resource and return it; it is closed when the module ends."""
        return self._closing.enter_context(resource)

    def warn(self, message: str) -> None:
        """Warn the user, once: what is planned again after reading back is no news."""
        if message not in self._warned:
            self._warned.add(message)
            self._module.warn(message)

    def hide(self, secret: str) -> None:
        """Have a secret that a server has made, such as the key of a session, masked wherever it might show."""
        self._module.no_log_values.add(secret)

    def fail(self, identifier: str, error: ImpError) -> None:
        """Note that one item failed and go on; the task fails at its end. The same failure is noted once."""
        key = (identifier, error.code, error.message)
        if key not in self._noted:
            self._noted.add(key)
            self.failures.append(error.as_failure(identifier))

    def heed(self, plan: Plan) -> Plan:
        """Warn of what a plan warns of, fail for what it refuses, and return it; raise what is about the whole task."""
        for warning in plan.warnings:
            self.warn(warning)
        for refusal in plan.refusals:
            if refusal.id is not None:
                self.fail(refusal.id, refusal.error)
        if plan.failure is not None:
            raise plan.failure
        return plan

    def explain(self, error: Exception) -> ImpError:
        """Turn a bug into a failure that can be reported, without the value of any secret option."""
        text = masked(str(error), self._module.no_log_values)
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{PurePath(last.filename).name}:{last.lineno}"
        message = f"This is a bug in the collection, please report it: {type(error).__name__} at {where}: {text}"
        return ImpError(message, code="unexpected")

    def progress(self, text: str) -> None:
        """Say what is done or waited for, to whoever watches the task and to the controller's system log."""
        self.counter.say(text)

    def polling(self, timeout: float, interval: float) -> Polling:
        """Return the loop that waits for what happens elsewhere, and tells how it goes."""
        return Polling(timeout, interval, self.progress, sleep=self.lifeline.sleep)


class Resource(ABC, Generic[State]):
    """What a state module manages.

    The first methods make the change, in the order in which the runner calls them. Those from :meth:`current` on tell
    about it.
    """

    concurrency = 1
    """So many changes are applied at once, each in a thread of its own."""
    counted = "changes"
    """What a change is one of, in the plural, for people who watch."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def problems(self) -> list[str]:
        """Return what is wrong with the options beyond the argument spec: one sentence each."""
        return []

    @abstractmethod
    def read(self) -> State:
        """Return what is there.

        Raise :class:`ImpError` when nothing can be done without it; note what concerns single items with
        ``context.fail``.
        """

    @abstractmethod
    def plan(self, state: State) -> Plan:
        """Return what has to change, what to warn of and what cannot be done.

        A function of the state and the options alone: it sends nothing, asks no clock, neither warns nor raises, and
        remembers nothing, so that the same two make the same plan again.
        """

    @abstractmethod
    def apply(self, change: Change) -> None:
        """Make one change; raise :class:`ImpError` when it fails. A lost answer is the runner's business."""

    def still_needed(self, change: Change) -> Change | None:
        """After a lost answer, or when somebody else was faster: what the object needs now, ``None`` for nothing.

        Override where reading all is expensive.
        """
        found = (step for step in self.context.heed(self.plan(self.read_back())) if step.key == change.key)
        return next(found, None)

    def read_back(self) -> State:
        """Return what is there after changes. Override where the first reading does more, such as waiting."""
        return self.read()

    def confirms(self, state: State) -> bool:
        """Whether a change that is still planned with this state, read back, was not made."""
        return True

    def assess(self, state: State) -> Plan:
        """Return what this state, after the changes (in check mode: as it is), leaves to warn of and what fails by it.

        A plan without changes, and as pure as :meth:`plan`. Called after everything else was tried.
        """
        return Plan()

    @abstractmethod
    def current(self, state: State) -> Any:
        """Return the result's ``current``, JSON values without secrets."""

    def restarts(self, change: Change) -> Iterable[str]:
        """Return the services that must restart before this change has effect."""
        return ()

    def restart_nodes(self, change: Change) -> list[str] | None:
        """Return the nodes on which they must, ``None`` for every node of the cluster."""
        return None

    def backup(self, state: State, plan: Plan) -> Iterable[Entry]:
        """Return what the changes of a plan are about as it is now: what it takes to put it back, without secrets.

        Override where the fields that change do not say all of an object, or where one gives way unnamed. Pure.
        """
        return [saved(step) for step in plan]

    def undeclared(self, state: State) -> list[Undeclared]:
        """Return what is there though the options neither ask for it nor delete it.

        Asked for with ``report_undeclared`` only, after everything else. Like :meth:`plan` it must be a function of the
        state and the options alone, and sends nothing.
        """
        return []

    def unknown(self, state: State) -> list[Unknown] | None:
        """Return the fields that the options ask for and that :meth:`plan` could not compare with this state.

        ``None`` is for a resource without such fields, whose result does not speak of them.
        """
        return None

    def more_results(self, state: State) -> dict[str, Any]:
        """Return further results of this module, with the state after the changes."""
        return {}
