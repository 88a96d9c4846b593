# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The controller's end of the line to a module: what the module tells is shown, and the line is cut when ansible ends.

All of it happens in a worker of ansible, which waits for the module meanwhile. A thread reads the line. It cuts it when
ansible's main process is gone, or the worker was told to end: by Ctrl-C, by SIGTERM, or because its terminal is closed.
Then the module ends (``module_utils/_module/lifeline``), and what it has done is told on ansible's error output, which
may be there still although nobody reads the worker's messages any more.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._module.lifeline import Heard
from ansible_collections.ucops.imp.plugins.plugin_utils._progress.story import Story, Told, in_a_log, on_a_terminal

SECONDS_BETWEEN_LOOKS = 0.2
_AT_ONCE = 65536
"""Bytes that are read at once: what a FIFO holds."""


class NoLine(Exception):
    """No line can be made here; the module works without one."""


class Line:
    """A line to one module, for as long as the block lasts.

    ``title`` stands in front of each text, and ``show`` shows one; without it nothing is shown. ``folder`` is one of
    this user's own. Raises :class:`NoLine` where there is no worker or no FIFO.
    """

    def __init__(self, title: str, show: Callable[[str], None] | None, folder: str) -> None:
        self._title = title
        self._show = show
        self._parent = _parent()
        self._folder, self.address = "", ""
        self._fd = self._make(folder)
        self._terminal = _error_output(self._parent)
        self._over = threading.Event()
        self._signal = 0
        self._story = Story(time.monotonic())
        self._rest = b""
        self._heard = Heard()
        self._thread = threading.Thread(target=self._attend, daemon=True)

    def _make(self, folder: str) -> int:
        """Make the FIFO and open its end; nobody else's file may stand in its place."""
        try:
            self._folder = tempfile.mkdtemp(prefix="line-", dir=folder)
            self.address = str(Path(self._folder, "line"))
            os.mkfifo(self.address, 0o600)
            return os.open(self.address, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise NoLine(str(error)) from None

    def __enter__(self) -> Line:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._signal = self._signal or self._heard.first()
        self._heard.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def bid_farewell(self, result: Mapping[str, Any]) -> None:
        """Tell what a module has done that had to end early, and end this worker as ansible would have."""
        if not self._is_cut():
            self._close_terminal()
            return
        self._tell(farewell(result, self._story.told if self._show else Told()))
        self._close_terminal()
        if self._signal:
            os.kill(os.getpid(), self._signal)
        # Who is left alone would wait for ever for somebody to take its result.
        leave_if_orphaned()

    def _is_cut(self) -> bool:
        """Whether the module has to end, because ansible does."""
        return bool(self._signal) or os.getppid() != self._parent

    def _attend(self) -> None:
        """Read the line, show what is due, and close it when the module has ended or has to."""
        rhythm = on_a_terminal() if self._terminal is not None and os.isatty(self._terminal) else in_a_log()
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            self._signal = self._heard.first()
            if self._is_cut():
                break
            now = time.monotonic()
            self._read(now)
            if self._show is not None and rhythm.is_due(now - self._story.since, self._story.told):
                # What cannot be shown is no reason to end the module.
                with suppress(Exception):
                    self._show(f"{self._title}{self._story.words(now)}")
        self._read(time.monotonic())
        os.close(self._fd)

    def _read(self, now: float) -> None:
        with suppress(OSError):
            *lines, self._rest = (self._rest + os.read(self._fd, _AT_ONCE)).split(b"\n")
            for line in lines:
                self._story.hear(line, now)

    def _tell(self, text: str) -> None:
        if self._terminal is not None:
            with suppress(OSError):
                os.write(self._terminal, f"{self._title}{text}\n".encode("utf-8", "replace"))

    def _close_terminal(self) -> None:
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None


def leave_if_orphaned() -> None:
    """End this worker when the ansible that it works for is gone: nothing is to be begun any more.

    Raises :class:`NoLine` in a process that is no worker.
    """
    if os.getppid() != _parent():
        os._exit(1)


def _parent() -> int:
    """Return the process id of ansible's main process; raises :class:`NoLine` in a process that is no worker of it."""
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None or threading.current_thread() is not threading.main_thread():
        raise NoLine("this is no worker")
    return parent.pid


def _error_output(process: int) -> int | None:
    """Open the error output of a process anew; ``None`` where the system does not offer that.

    A worker's own output leads nowhere from core 2.19 on.
    """
    with suppress(OSError):
        return os.open(f"/proc/{process}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    return None


def farewell(result: Mapping[str, Any], told: Told) -> str:
    """Return what is told of a module that had to end early: its result says it, or what it told last."""
    if result.get("code") == "stopped":
        return str(result["msg"])
    if "failures" in result and not result.get("failed"):
        return "Done before ansible ended."
    done = f"{told.counts}. " if told.total else ""
    return f"Stopped. {done}Run it again to go on."
