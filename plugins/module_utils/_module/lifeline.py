# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The line between a module and the ansible that waits for it: progress goes one way, "it is over" the other.

Ansible's worker makes a FIFO, reads it, and hands its path to the module (:data:`ADDRESS`). When the worker is gone,
killed or stopped, the system closes its end, and the module knows. A module without a line (in the background, on
another connection, run by hand) has the signals alone.

When it is over nothing new is begun: no change, no request, no pause. A change that is under way comes to its end, or
is given up, by the rules that hold anyway. Whatever only reads is left where it stands.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

ADDRESS = "UCOPS_IMP_LINE"
"""The environment variable with the path of the FIFO, which ``plugins/action`` sets for the task."""
GONE = "ansible has ended"
GRACE = 1.0
"""Seconds after which a process that only reads is ended, whatever it waits for."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, the polite end, and a terminal that is closed."""

_SLICE = 0.1
"""Seconds that a pause goes on at most before it looks whether it is over."""
_LOOKS = 250
"""Milliseconds between two looks of the watching thread."""

_Handler = Any


class Stopped(BaseException):
    """The work ends here. It is no failure of an item, so nothing but the runner catches it.

    ``result`` is what of the module's result is known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.result: dict[str, Any] = {}


class Lifeline:
    """Whether the work goes on, and a way to tell how it goes.

    ``last_words`` returns what the module prints when the process has to be ended while it reads.
    """

    def __init__(self, address: str | None, last_words: Callable[[], str]) -> None:
        self.reason = ""
        """Why it is over; empty as long as it goes on."""
        self._last_words = last_words
        self._fd = _opened(address)
        self._before: dict[int, _Handler] = {}
        self._raises = False
        self._raised = False
        self._changing = False
        self._closed = False

    def __enter__(self) -> Lifeline:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in SIGNALS:
            # What is ignored stays so, as after nohup; only the thread needs one that is heard.
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGTERM:
                self._before[number] = signal.signal(number, self._on_signal)
        self._raises = True
        if self._fd is not None:
            threading.Thread(target=self._watch, args=(self._fd,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def go_on(self) -> None:
        """Raise :class:`Stopped` when it is over; for who is about to begin something."""
        if self.reason and self._raises:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Pause; raise :class:`Stopped` as soon as it is over."""
        end = time.monotonic() + seconds
        while True:
            self.go_on()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _SLICE))

    def finish(self) -> None:
        """Let what ends the work, such as a log-out and the result, come to its own end: nothing is stopped now."""
        self._raises = False

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Have changes come to their end: meanwhile it is over only for who asks."""
        self._changing = True
        try:
            yield
        finally:
            self._changing = False

    def tell(self, words: bytes) -> None:
        """Send a line to ansible, if there is a reader that keeps up."""
        if self._fd is not None and not self._closed:
            with suppress(OSError):
                os.write(self._fd, words)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.reason = self.reason or f"it was sent {signal.Signals(number).name}"
        # Once: what ends the work by then is not to be interrupted itself.
        if self._raises and not self._changing and not self._raised:
            self._raised = True
            raise Stopped

    def _watch(self, line: int) -> None:
        """Wake the main thread when the line is cut, and end the process if that is of no avail."""
        cut = select.poll()
        cut.register(line, 0)
        while not self._closed and not cut.poll(_LOOKS):
            pass
        if not self._closed:
            self.reason = self.reason or GONE
            main = threading.main_thread().ident
            if main is not None:
                signal.pthread_kill(main, signal.SIGTERM)
            self._end_reading()
        os.close(line)

    def _end_reading(self) -> None:
        """Wait for the end; when :data:`GRACE` is over and the work still reads, nothing is lost by ending it here."""
        since = time.monotonic()
        while self._raises and not self._closed:
            time.sleep(_SLICE)
            if self._changing:
                since = time.monotonic()
            elif time.monotonic() - since >= GRACE:
                with suppress(OSError, ValueError):
                    sys.stdout.write(f"\n{self._last_words()}\n")
                    sys.stdout.flush()
                os._exit(1)


def _opened(address: str | None) -> int | None:
    """Open the writing end of a line; ``None`` where there is none, or it is not this user's FIFO."""
    if not address:
        return None
    try:
        found = os.open(address, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    status = os.fstat(found)
    if stat.S_ISFIFO(status.st_mode) and status.st_uid in (os.geteuid(), os.getuid()):
        return found
    os.close(found)
    return None
