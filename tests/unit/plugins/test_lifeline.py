# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module whose ansible is gone, or that is told to end, begins nothing new and says what it has done."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action.normal import ActionModule as NormalModule
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.action.calendar_users import ActionModule
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._module import lifeline
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import Heard, Lifeline
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import (
    PENDING_RESTARTS,
    PendingRestarts,
)
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import IMP
from ansible_collections.ucops.imp.plugins.plugin_utils._progress.line import Line, NoLine, farewell
from ansible_collections.ucops.imp.plugins.plugin_utils._progress.story import Told

from tests.support.modules import ModuleResult, run_main
from tests.support.things import CONNECTION, Things

ARGUMENTS = Arguments(IMP, {"things": {"type": "dict", "required": True}, **PENDING_RESTARTS})
PATIENCE = 30  # seconds


class Reader:
    """Ansible's end of the line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def cut(self) -> None:
        # The module runs in this thread, and may be stopped here.
        mine, self._fd = self._fd, -1
        if mine >= 0:
            os.close(mine)

    def told(self) -> bytes:
        return os.read(self._fd, 65536)


@pytest.fixture(name="line")
def line_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    reader = Reader(tmp_path / "line")
    monkeypatch.setenv(lifeline.ADDRESS, str(reader.path))
    yield reader
    reader.cut()


def wait_until_over(context: Context) -> None:
    deadline = time.monotonic() + PATIENCE
    while not context.lifeline.reason:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ends(kind: type[Things], number: int = 3, **options: Any) -> ModuleResult:
    """Run a task about so many things, and see that the signals are left as they were."""
    kind.store, kind.applied = {}, []
    before = [signal.getsignal(one) for one in (*lifeline.SIGNALS, signal.SIGURG)]
    things = {f"t{one}": 1 for one in range(number)}
    result = run_main(lambda: run(kind, ARGUMENTS), {**CONNECTION, "things": things, **options})
    assert [signal.getsignal(one) for one in (*lifeline.SIGNALS, signal.SIGURG)] == before
    assert signal.set_wakeup_fd(-1) == -1
    return result


@pytest.fixture(
    name="over", params=["ansible has ended", "it was sent SIGINT", "it was sent SIGTERM", "it was sent SIGHUP"]
)
def over_fixture(request: pytest.FixtureRequest, line: Reader) -> Iterator[tuple[Callable[[], None], str]]:
    """The ways in which it may be over: what does it, and the reason that is told."""
    name = request.param.rpartition(" ")[2]
    if not name.isupper():
        yield line.cut, request.param
        return
    number = getattr(signal, name)
    # Tests may run where it is ignored, in the background of a shell or under nohup.
    before = signal.signal(number, signal.SIG_DFL)
    yield lambda: os.kill(os.getpid(), number), request.param
    signal.signal(number, before)


def test_the_change_under_way_is_made_and_no_other(over: tuple[Callable[[], None], str]) -> None:
    class Ended(Things):
        def apply(self, change: Change) -> None:
            if change.id == "t1":
                over[0]()
                wait_until_over(self.context)
            super().apply(change)

    result = ends(Ended)

    assert (result.failed, result["code"], result.changed) == (True, "stopped", True)
    assert result.msg == "Stopped. 2 of 3 changes done. Run it again to go on."
    assert [change["id"] for change in result["changes"]] == Ended.applied == ["t0", "t1"]
    assert result["restart_required"] == ["Engine"]
    assert result["details"] == {"reason": over[1]}


def test_many_at_once_are_stopped_together(line: Reader) -> None:
    class Ended(Things):
        concurrency = 4
        counted = "users"

        def apply(self, change: Change) -> None:
            if change.id == "t20":
                line.cut()
                wait_until_over(self.context)
            super().apply(change)

    result = ends(Ended, 1000)

    done = len(Ended.applied)
    assert 21 <= done < 1000
    assert result.msg == f"Stopped. {done} of 1,000 users done. Run it again to go on."
    assert len(result["changes"]) == done


@pytest.mark.parametrize("waits", ["asleep", "for an answer"])
def test_what_only_reads_is_left_where_it_stands(line: Reader, waits: str) -> None:
    class Ended(Things):
        def read(self) -> dict[str, Any]:
            line.cut()
            if waits == "asleep":
                self.context.backoff.sleep(PATIENCE)
            else:
                one, other = socket.socketpair()
                with one, other:
                    one.settimeout(PATIENCE)
                    one.recv(1)
            raise AssertionError("it went on")

    result = ends(Ended)

    assert result.msg == "Stopped. Nothing was changed. Run it again to go on."
    assert (result.changed, Ended.applied) == (False, [])


def test_after_the_changes_what_was_done_is_told_though_nothing_is_read_back(line: Reader) -> None:
    class Ended(Things):
        def read_back(self) -> dict[str, Any]:
            line.cut()
            self.context.polling(PATIENCE, PATIENCE).sleep(PATIENCE)
            raise AssertionError("it went on")

    result = ends(Ended)

    assert result.msg == "Stopped. 3 of 3 changes done. Run it again to go on."
    assert len(result["changes"]) == 3


def test_no_request_is_sent_any_more(line: Reader) -> None:
    class Ended(Things):
        def apply(self, change: Change) -> None:
            line.cut()
            wait_until_over(self.context)
            transport: Transport = self.context.transport()
            try:
                transport.request("POST", "/")
            finally:
                self.applied.append(f"{transport.requests} requests")

    assert ends(Ended).msg == "Stopped. 0 of 3 changes done. Run it again to go on."
    assert Ended.applied == ["0 requests"]


def test_pending_restarts_stay_true(line: Reader, tmp_path: Path) -> None:
    """Of a change that waits when it is over nobody knows what became of it; what was not begun needs no restart."""

    class Ended(Things):
        def apply(self, change: Change) -> None:
            super().apply(change)
            if change.id == "t1":
                line.cut()
                self.context.lifeline.sleep(PATIENCE)

    notes = tmp_path / "notes.json"
    ends(Ended, pending_restarts_path=str(notes))

    noted = PendingRestarts(str(notes)).read().restarts
    assert [(note.id, note.made is None) for note in noted] == [("t0", False), ("t1", True)]


@pytest.mark.parametrize("gone", ["no reader", "no file"])
def test_a_module_that_comes_too_late_does_nothing(line: Reader, gone: str) -> None:
    line.cut()
    if gone == "no file":
        line.path.unlink()
    assert ends(Things).msg == "Stopped. Nothing was changed. Run it again to go on."
    assert Things.applied == []


def test_what_is_no_line_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("untouched")
    monkeypatch.setenv(lifeline.ADDRESS, str(file))
    assert ends(Things).changed
    assert file.read_text() == "untouched"


def test_how_far_it_is_goes_over_the_line(line: Reader) -> None:
    assert ends(Things).changed
    assert line.told().startswith(b'{"text": "", "done": 0, "failed": 0, "total": 3, "what": "changes"}\n')


def test_a_reader_that_does_not_keep_up_holds_up_nobody(line: Reader) -> None:
    class Talking(Things):
        def read(self) -> dict[str, Any]:
            for _ in range(2000):
                self.context.progress("x" * 150)
            return super().read()

    assert ends(Talking).changed


def test_what_was_ignored_stays_so(line: Reader) -> None:
    """As after ``nohup``."""

    class Lost(Things):
        def apply(self, change: Change) -> None:
            os.kill(os.getpid(), signal.SIGHUP)
            super().apply(change)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ends(Lost).changed
    finally:
        signal.signal(signal.SIGHUP, before)


PROGRAM = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import Lifeline
one, other = socket.socketpair()
with Lifeline(sys.argv[1], lambda: "last words") as line:
    line.begin()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(one.recv, 1)
        print("begins", flush=True)
        answer.result()
"""


MODULE = """
import socket
from concurrent.futures import ThreadPoolExecutor
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import run
from tests.support import modules, things
one, other = socket.socketpair()
class Silent(things.Things):
    store, applied = {}, []
    def read_back(self):
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(one.recv, 1)
            print("begins", flush=True)
            answer.result()
with modules._as_a_module(), modules._arguments({**things.CONNECTION, "things": {"a": 1, "b": 2}}):
    run(Silent, things.ARGUMENTS)
"""


def ended(program: str, line: Reader, end: Callable[[int], None]) -> str:
    """Run a program, end it when it waits for an answer, and return its last words."""
    command = [sys.executable, "-c", program, str(line.path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        end(process.pid)
        said = process.stdout.read()
        assert process.wait(PATIENCE) == 1
    return said


def test_a_process_that_waits_for_an_answer_in_a_thread_is_ended(line: Reader) -> None:
    assert ended(PROGRAM, line, lambda _process: line.cut()) == "\nlast words\n"


def test_one_that_reads_back_tells_what_was_changed(line: Reader) -> None:
    told = json.loads(ended(MODULE, line, lambda process: os.kill(process, signal.SIGTERM)))
    assert (told["failed"], told["changed"], told["code"]) == (True, True, "stopped")
    assert told["msg"] == "Stopped. 2 of 2 changes done. Run it again to go on."
    assert told["details"] == {"reason": "it was sent SIGTERM"}


def test_nothing_is_told_into_what_has_taken_the_place_of_a_line_that_was_cut(line: Reader) -> None:
    with Lifeline(str(line.path), lambda: "") as module:
        own = module._fd
        line.cut()
        assert module._thread is not None
        module._thread.join(PATIENCE)
        one, other = socket.socketpair()
        with one, other:
            assert own in (one.fileno(), other.fileno()), "the number is given away again"
            one.setblocking(False)
            other.setblocking(False)
            module.tell(b"how far it is")
            for end in (one, other):
                with pytest.raises(BlockingIOError):
                    end.recv(1)


def test_only_a_worker_of_ansible_makes_a_line(tmp_path: Path) -> None:
    with pytest.raises(NoLine):
        Line("title", None, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_strategy_without_workers_runs_modules_without_a_line() -> None:
    action = ActionModule.__new__(ActionModule)
    action._task = SimpleNamespace(action="ucops.imp.services", async_val=0, no_log=False)
    action._connection = SimpleNamespace(transport="local")
    assert action._line({}) is None


def test_a_worker_that_is_told_to_end_ends_though_the_module_could_not_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_action: Any, _tmp: Any, _variables: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AnsibleError("There is no such interpreter.")

    action = ActionModule.__new__(ActionModule)
    action._task = SimpleNamespace(action="ucops.imp.services", async_val=0, no_log=False, environment=None)
    action._connection = SimpleNamespace(transport="local")
    action._templar = Templar(loader=DataLoader())
    monkeypatch.setattr(NormalModule, "run", failing)
    worker = multiprocessing.get_context("fork").Process(target=action.run)
    worker.start()
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGTERM


@pytest.mark.parametrize("ignored", [False, True])
def test_ansibles_end_hears_no_signal_that_is_ignored(ignored: bool) -> None:
    """As after ``nohup``: ansible goes on, and so does the module."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        heard = Heard()
        os.kill(os.getpid(), signal.SIGHUP)
        assert heard.first() == (0 if ignored else signal.SIGHUP)
        heard.close()
        assert signal.getsignal(signal.SIGHUP) == (signal.SIG_IGN if ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("result", "told", "words"),
    [
        ({"code": "stopped", "msg": "Stopped. So.", "failed": True, "failures": []}, Told(), "Stopped. So."),
        ({"changed": True, "failures": []}, Told(), "Done before ansible ended."),
        ({"failed": True, "msg": "MODULE FAILURE"}, Told(), "Stopped. Run it again to go on."),
        (
            {"failed": True, "msg": "MODULE FAILURE"},
            Told(done=3, total=7, what="users"),
            "Stopped. 3 of 7 users. Run it again to go on.",
        ),
    ],
)
def test_the_last_line(result: dict[str, Any], told: Told, words: str) -> None:
    assert farewell(result, told) == words
