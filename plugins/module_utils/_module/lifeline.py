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

import errno
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
_WAKE = signal.SIGURG
"""Interrupts what the main thread waits for. It does nothing by itself, should it come when all is over."""

_SLICE = 0.1
"""Seconds that a pause goes on at most before it looks whether it is over."""


class Stopped(BaseException):
    """The work ends here. It is no failure of an item, so nothing but the runner catches it.

    ``result`` is what of the module's result is known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.result: dict[str, Any] = {}


class Heard:
    """:data:`SIGNALS`, for a thread that looks for them: they may come to any thread, and the main one may be waiting.

    One that is ignored, such as the hang-up after ``nohup``, stays so. Made in the main thread, which also closes it.
    """

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)
        self._fd_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        numbers = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, _unheeded) for number in numbers}

    def first(self) -> int:
        """Return the first of these signals that has come since the last look; 0 for none."""
        with suppress(OSError):
            return next((number for number in os.read(self.reader, 64) if number in self._before), 0)
        return 0

    def wake(self) -> None:
        """Make the reader readable, for a thread that waits for it."""
        os.write(self._writer, b"\0")

    def close(self) -> None:
        """Leave the signals to whom they were before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        os.close(self._writer)
        os.close(self.reader)


def _unheeded(_number: int, _frame: FrameType | None) -> None:
    """Do nothing here: a byte that the system has written tells of the signal."""


class Lifeline:
    """Whether the work goes on, and a way to tell how it goes.

    ``last_words`` returns what the module prints when the process has to be ended while it reads.
    """

    def __init__(self, address: str | None, last_words: Callable[[], str]) -> None:
        self.reason = ""
        """Why it is over; empty as long as it goes on."""
        self._last_words = last_words
        self._fd: int | None = None
        self._telling = threading.Lock()
        try:
            self._fd = _opened(address) if address else None
        except (FileNotFoundError, _NoReader):
            # It was cut before the module came to open it.
            self.reason = GONE
        self._heard: Heard | None = None
        self._thread: threading.Thread | None = None
        self._before: Any = None
        self._raises = False
        self._raised = False
        self._changing = False
        self._closed = False

    def __enter__(self) -> Lifeline:
        if threading.current_thread() is threading.main_thread():
            self._heard = Heard()
            self._before = signal.signal(_WAKE, self._on_wake)
            self._thread = threading.Thread(target=self._watch, args=(self._heard,), daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._heard is not None and self._thread is not None:
            self._heard.wake()
            self._thread.join()
            self._heard.close()
            signal.signal(_WAKE, self._before)

    def begin(self) -> None:
        """Have the work stopped from now on; raise :class:`Stopped` when it is over already."""
        self._raises = self._heard is not None
        self.go_on()

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
        with self._telling, suppress(OSError):
            if self._fd is not None and not self._closed:
                os.write(self._fd, words)

    def _on_wake(self, _number: int, _frame: FrameType | None) -> None:
        # Once: what ends the work by then is not to be interrupted itself.
        if self.reason and self._raises and not self._changing and not self._raised:
            self._raised = True
            raise Stopped

    def _watch(self, heard: Heard) -> None:
        """Wake the main thread when it is over, and end the process if that is of no avail."""
        waits = select.poll()
        waits.register(heard.reader, select.POLLIN)
        if self._fd is not None:
            waits.register(self._fd, 0)
        while not (self._closed or self.reason):
            for descriptor, _event in waits.poll():
                if descriptor == self._fd:
                    self.reason = GONE
                elif number := heard.first():
                    self.reason = f"it was sent {signal.Signals(number).name}"
        main = threading.main_thread().ident
        if not self._closed and main is not None:
            signal.pthread_kill(main, _WAKE)
            self._end_reading()
        with self._telling:
            # The system gives the number away again, to a connection for example, and nothing may be told into that.
            line, self._fd = self._fd, None
        if line is not None:
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


class _NoReader(Exception):
    """Nobody holds the other end of a line."""


def _opened(address: str) -> int | None:
    """Open the writing end of a line; ``None`` where it is not for this user, or no FIFO of this user's.

    Raises ``FileNotFoundError`` or :class:`_NoReader` for a line that has been cut.
    """
    try:
        found = os.open(address, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise _NoReader from None
        return None
    status = os.fstat(found)
    if stat.S_ISFIFO(status.st_mode) and status.st_uid in (os.geteuid(), os.getuid()):
        return found
    os.close(found)
    return None
