# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scheduler: what is to happen at a time of the virtual clock, in order, stored with the clock.

While the clock runs, jobs run when their time comes. When the clock is moved, they run one after the other on the way:
the clock shows the time of each, and the next one waits until everything that it caused has ended. On a clock that
stands still nothing happens.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from imp_emulator.store import clock as clock_store
from imp_emulator.store import jobs as store
from imp_emulator.store.database import Database, NotStored
from imp_emulator.store.jobs import Job
from imp_emulator.world.clock import Clock, moment
from imp_emulator.world.events import log_failure

Handler = Callable[[Job], None] | Callable[[Job], Coroutine[Any, Any, None]]

_REPEATED_SECONDS = 2 * 3600.0
"""How much of a long way of the clock sees what repeats, however much of it there is."""
_REPEATED_HOURS = 5_000
"""How many hours of jobs that repeat a way of the clock sees beside that, over all of them."""
PATIENCE = 3.0
"""Seconds of real time that the start waits for what became due; nearly always that is done in less."""
_LOOK_AGAIN_SECONDS = 60.0
"""The longest wait in one go: somebody may set the machine's clock."""
_logger = logging.getLogger("imp_emulator")


class HaltedError(Exception):
    """The way to another time was cut short, because the state was replaced or the emulator ends."""


class Jobs:
    """What rules may do with jobs: add and cancel them, inside the transaction that is open."""

    def __init__(self, scheduler: Scheduler, database: Database, changed: Callable[[], None]) -> None:
        self._scheduler = scheduler
        self._database = database
        self._changed = changed

    def add(self, kind: str, key: str, due_at: float, payload: Any = None, *, repeats: bool = False) -> None:
        """Have something done at a virtual time; an earlier job of the same kind and key is replaced.

        Args:
            kind: Names the handler.
            key: What the job is about.
            due_at: Seconds since the epoch; a time that has passed means as soon as possible.
            payload: What the handler needs, as JSON can hold it.
            repeats: Whether it comes again and again only to find that all is well; then it may be left out on a long
                way of the clock, except near its end. All that keep an eye on each other must say the same.
        """
        store.add(self._database, kind, key, payload, moment(due_at), repeats=repeats)
        self._database.on_commit(self._changed)

    def at_once(self, kind: str, key: str, payload: Any = None) -> None:
        """Have something done as soon as the transaction is committed, also while the clock stands still.

        It is a job like any other: when the process is killed before it has run, the next one runs it.
        """
        self.add(kind, key, self._scheduler.now(), payload)
        self._database.on_commit(partial(self._scheduler.begin, kind, key))

    def cancel(self, kind: str, key: str) -> bool:
        """Withdraw a job; tell whether it was there."""
        return store.cancel(self._database, kind, key)


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """What repeats and is due before ``until``, a virtual time, comes ``seconds`` later."""

    until: float
    seconds: float


class Scheduler:
    """Runs jobs in the order of their due times, those of the same time in the order in which they were added.

    A handler that is a function runs in one transaction, together with the job's removal: after a killed process it has
    run as a whole, or will. One that is a coroutine function is work that its job caused; the job goes when that has
    ended, so after a kill it begins anew. A job that fails is logged without its payload, and goes.

    Attributes:
        jobs: The part that rules are given.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._halts = 0
        self._leaps: list[Callable[[float], None]] = []
        self._follower: asyncio.Task[None] | None = None
        self.jobs = Jobs(self, database, self._changed.set)
        self._reload()

    def register(self, kind: str, handler: Handler) -> None:
        """Say what carries out the jobs of a kind."""
        self._handlers[kind] = handler

    def when_left_out(self, leap: Callable[[float], None]) -> None:
        """Have a function called in a transaction, with the seconds, when what repeats was left out for so long.

        Whoever has noted when something repeating came last moves that time on, so as not to miss what was left out.
        """
        self._leaps.append(leap)

    def track(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Start work that somebody's change or a job has caused; the clock is not moved on before it has ended.

        It must end by itself and must not wait for virtual time to pass: what is to happen later is a job. A lasting
        connection is no such work, the handling of what arrives on it is.

        Args:
            work: What to do, outside of every transaction.
            name: What the log calls it when it fails; no secret.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(partial(self._done, name))

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            log_failure(name, error)

    def now(self) -> float:
        """Return the virtual time, seconds since the epoch."""
        return self._clock.timestamp()

    def begin(self, kind: str, key: str) -> None:
        """Begin with a job that is due, before its turn; one that cannot run now stays and has its turn."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return  # Nobody serves.
        if self._halts or kind not in self._handlers:
            return
        try:
            job = store.waiting(self._database, kind, key)
            if job is not None and job.due_at <= self._clock.timestamp():
                self._run(job, moved=False)
        except NotStored as error:
            log_failure(f"beginning with the job {kind}", error)

    async def advance(self, seconds: float) -> None:
        """Let virtual time pass, with all that is due on the way.

        Raises:
            HaltedError: The state was replaced meanwhile.
        """
        await self.change_clock(lambda clock: clock.advance(seconds))

    async def change_clock(self, change: Callable[[Clock], None]) -> None:
        """Change the clock and store it: forward with all that is due on the way, back without anything.

        Raises:
            HaltedError: The state was replaced meanwhile.
        """
        async with self._turn:
            before = self._clock.timestamp()
            goal = copy.copy(self._clock)
            change(goal)
            try:
                if goal.timestamp() >= before:
                    await self._run_until(goal.timestamp(), before, copy.copy(goal))
                self._clock.setting = goal.setting
                with self._transaction(moved=True):
                    pass
            except BaseException:
                self._clock.setting = clock_store.load(self._database)
                raise
        self._changed.set()

    async def _run_until(self, until: float, at: float, stop: Clock | None) -> None:
        """Run what is due until a time, on a clock that shows the time of each job but never one before ``at``.

        ``stop`` is the clock that is stored on the way: it runs or stands still, and a process that is killed goes on
        from where it has come to. Without one the stored clock stays as it is.
        """
        await self._ended()
        left_out = self._left_out(until, at)
        try:
            while (job := store.first(self._database)) is not None and job.due_at <= until:
                if job.repeats and job.due_at < left_out.until:
                    later = moment(max(job.due_at + left_out.seconds, left_out.until))
                    store.postpone(self._database, job.id, later)
                else:
                    if left_out.seconds > 0 and job.due_at >= left_out.until:
                        left_out = self._end_of(left_out)
                    at = max(job.due_at, at)
                    self._run_at(job, at, stop)
                await asyncio.sleep(0)  # Requests are answered meanwhile.
                await self._ended()
            if left_out.seconds > 0:
                # What was left out may come again only behind the end of the way.
                self._end_of(left_out)
        finally:
            self._clock.release()

    def _run_at(self, job: Job, at: float, stop: Clock | None) -> None:
        """Run a job at a time of a way of the clock, see :meth:`_run_until`."""
        if stop is not None:
            stop.set(at)
            self._clock.setting = stop.setting
        self._clock.hold(at)
        self._run(job, moved=stop is not None)

    def _left_out(self, until: float, at: float) -> _LeftOut:
        """Tell for which part of a way of the clock what repeats is left out: 10,000 users would make it too long.

        All of it is postponed by the same time, so that it stays in order: who waits for a sign of life does not take
        one that was left out for one that did not come.
        """
        first = store.first(self._database)
        begin = at if at or first is None else first.due_at
        seen = _REPEATED_SECONDS + _REPEATED_HOURS * 3600.0 / max(1, store.count_repeating(self._database))
        # Jobs are due at times that the clock can show, or one that looks at it would find that it is too early.
        last = moment(until - seen)
        return _LeftOut(last, moment(last - begin))

    def _end_of(self, left_out: _LeftOut) -> _LeftOut:
        """Tell that what repeats comes again from now on; nothing more is left out then."""
        with self._database.transaction():
            for leap in self._leaps:
                leap(left_out.seconds)
        return _LeftOut(left_out.until, 0.0)

    async def _ended(self) -> None:
        """Wait for the end of all that was caused, and of what that has caused; raise when it was given up."""
        while self._work:
            await asyncio.wait(self._work)
        if self._halts:
            raise HaltedError

    @contextmanager
    def _transaction(self, *, moved: bool) -> Iterator[None]:
        """A transaction, which also stores the clock when it was moved."""
        with self._database.transaction():
            if moved:
                clock_store.save(self._database, self._clock.setting)
            yield

    def _run(self, job: Job, *, moved: bool) -> None:
        """Carry out a job, or begin to when its handler is a coroutine function."""
        handler = self._handlers.get(job.kind)
        if inspect.iscoroutinefunction(handler):
            with self._transaction(moved=moved):
                store.take(self._database, job.id)
            self.track(self._to_its_end(handler, job), _name(job))
            return
        try:
            with self._transaction(moved=moved):
                store.remove(self._database, job.id)
                if handler is None:
                    _logger.error("internal error: nothing carries out %s", _name(job))
                else:
                    handler(job)
        except NotStored:
            raise  # Nothing of it has happened, and it stays until it can be stored.
        except Exception as error:  # noqa: BLE001 - the other jobs go on
            log_failure(_name(job), error)
            with self._transaction(moved=moved):
                store.remove(self._database, job.id)

    async def _to_its_end(self, handler: Callable[[Job], Awaitable[None]], job: Job) -> None:
        try:
            await handler(job)
        except NotStored as error:
            # A full disk, for example. The job is begun with again, now that it may be stored or by the next process.
            log_failure(_name(job), error)
            store.give_back(self._database, job.id, moment(self._clock.timestamp() + _LOOK_AGAIN_SECONDS))
            return
        except Exception as error:  # noqa: BLE001 - the other jobs go on
            log_failure(_name(job), error)
        store.remove(self._database, job.id)

    async def start(self) -> None:
        """Run what became due while nobody was there, and from now on what becomes due.

        Ten thousand users that are to be followed take long: after :data:`PATIENCE` the rest is done meanwhile.
        """
        first = asyncio.create_task(self.catch_up())
        done, _ = await asyncio.wait((first,), timeout=PATIENCE)
        if done:
            first.result()
        self._follower = asyncio.create_task(self._follow_after(first))

    async def _follow_after(self, first: asyncio.Task[None]) -> None:
        try:
            await first
        except NotStored as error:
            # A full disk, for example. What is due still is run, or tried, with the next.
            log_failure("running what became due before the start", error)
        await self._follow()

    async def catch_up(self) -> None:
        """Run what became due while nobody ran it, each at its own time; nothing when the clock stands still."""
        async with self._turn:
            if not self._clock.frozen:
                with suppress(HaltedError):
                    await self._run_until(self._clock.timestamp(), 0.0, None)

    async def stop(self) -> None:
        """Run nothing any more; jobs that have not come to their end stay for the next start."""
        self._halts += 1
        if self._follower is not None:
            self._follower.cancel()
        await self._give_up()

    @asynccontextmanager
    async def halted(self) -> AsyncIterator[None]:
        """Replace the state inside: nothing runs meanwhile, and afterwards clock and jobs are those of the new state.

        What is under way is given up, because it belongs to a state that is gone.
        """
        self._halts += 1
        try:
            await self._give_up()
            async with self._turn:
                await self._give_up()
                try:
                    yield
                finally:
                    self._reload()
        finally:
            self._halts -= 1
            self._changed.set()

    async def _give_up(self) -> None:
        while self._work:
            for task in self._work:
                task.cancel()
            await asyncio.wait(self._work)

    def _reload(self) -> None:
        self._clock.setting = clock_store.load(self._database)
        store.release_all(self._database)

    async def _follow(self) -> None:
        """Run each job when its time comes, as long as the clock runs."""
        while True:
            self._changed.clear()
            try:
                seconds = self._seconds_to_wait()
                if seconds <= 0:
                    await self._run_first()
            except NotStored as error:
                # A full disk, for example. Whoever changes something next has it tried again.
                log_failure("storing what the scheduler did", error)
                seconds = _LOOK_AGAIN_SECONDS
            if seconds > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._changed.wait()

    async def _run_first(self) -> None:
        async with self._turn:
            # Whoever had the turn before may have moved the clock, or replaced the jobs.
            if self._seconds_to_wait() <= 0 and (job := store.first(self._database)) is not None:
                self._run(job, moved=False)
        await asyncio.sleep(0)  # Requests are answered meanwhile.

    def _seconds_to_wait(self) -> float:
        job = None if self._clock.frozen else store.first(self._database)
        return _LOOK_AGAIN_SECONDS if job is None else min(job.due_at - self._clock.timestamp(), _LOOK_AGAIN_SECONDS)


def _name(job: Job) -> str:
    return f"the job {job.kind} {job.key}"
