# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How far a task is: what it says goes to ansible, which shows it (``plugins/action``), and to the system log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import shortened
from ansible_collections.ucops.imp.plugins.module_utils._core.words import flat

SECONDS_BETWEEN_LOGS = 10.0
SECONDS_BETWEEN_COUNTS = 0.2
LONGEST_TEXT = 200
"""Characters; a line of a terminal has room for hardly as many."""


class Progress:
    """What of a task is done, and what it waits for.

    ``tell`` takes a line for ansible, ``log`` a text for the system log; ``hide`` takes the secrets out of a text.
    Threads may share it.
    """

    def __init__(
        self, tell: Callable[[bytes], None], log: Callable[[str], None], hide: Callable[[str], str] = str
    ) -> None:
        self.done = 0
        self.failed = 0
        self.total = 0
        self.what = "changes"
        """The plural of what is counted."""
        self._tell = tell
        self._log = log
        self._hide = hide
        self._lock = threading.Lock()
        self._counted = 0.0
        self._logged = time.monotonic()

    def begin(self, total: int, what: str) -> None:
        """Begin to make so many changes."""
        with self._lock:
            self.total, self.what = total, what
            self._send()

    def count(self, *, done: int = 0, failed: int = 0) -> None:
        """Count what has come to its end."""
        with self._lock:
            self.done += done
            self.failed += failed
            now = time.monotonic()
            if now - self._counted >= SECONDS_BETWEEN_COUNTS or self.done + self.failed == self.total:
                self._counted = now
                self._send()
            self._log_at_times(self._words)

    def say(self, text: str) -> None:
        """Say in words what is done or waited for."""
        with self._lock:
            # It may have words of a server, and goes to a terminal as it is.
            harmless = flat(self._hide(text))
            self._send(shortened(harmless, LONGEST_TEXT))
            self._log_at_times(lambda: harmless)

    def told(self) -> str:
        """Return what was done, as sentences for who has stopped the task."""
        if not self.total:
            return "Nothing was changed."
        return f"{self._words()}."

    def _words(self) -> str:
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.done:,} of {self.total:,} {self.what} done{failed}"

    def _send(self, text: str = "") -> None:
        message: dict[str, Any] = {"text": text}
        if self.total:
            message |= {"done": self.done, "failed": self.failed, "total": self.total, "what": self.what}
        self._tell(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def _log_at_times(self, words: Callable[[], str]) -> None:
        now = time.monotonic()
        if now - self._logged >= SECONDS_BETWEEN_LOGS:
            self._logged = now
            self._log(words())
