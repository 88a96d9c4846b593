# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""When a server has no time: what says so in every protocol, and how long to wait before a request is tried again."""

from __future__ import annotations

import email.utils
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A server that asks for more is asked again sooner: ``retries`` says when it is enough."""


NOTHING_DONE = (408, 425, 429, 503)
"""HTTP statuses of a server that has not begun with a request: request timeout (it did not come whole), too early, too
many requests, service unavailable (RFC 9110, 6585, 8470)."""
NOBODY_KNOWS = (502, 504)
"""HTTP statuses of a proxy that has no answer of the server behind it, which may have carried the request out."""

_WORDS = re.compile(
    r"\b(?:too busy|(?:server|service|system|database) is (?:currently |temporarily )?busy|server busy"
    r"|too many requests|(?:try|retry)(?: \w+){0,3} (?:later|in a (?:moment|while|few \w+))|please retry|retry once"
    r"|temporarily (?:unavailable|overloaded|not available)|currently unavailable|being throttled|throttling limit"
    r"|rate limit(?: has been)? exceeded|exceeded (?:the )?(?:allowed )?rate)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"(?<!\w)(?:'[^']*'|\"[^\"]*\"|\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d)(?!\w)")
_TAGS = re.compile(r"<[^>]*>|&nbsp;|\s+")
_PAUSES = (
    (re.compile(r"\b(\d{1,9}) ?(?:ms|millisec(?:ond)?s?)\b", re.IGNORECASE), 0.001),
    (re.compile(r"\b(?:after|for|in|least) (\d{1,7}) ?(?:s|sec(?:ond)?s?)\b", re.IGNORECASE), 1.0),
    (re.compile(r"\b(?:after|for|in|least) (\d{1,5}) ?min(?:ute)?s?\b", re.IGNORECASE), 60.0),
)
_TOLD_WORDS = 200


@dataclass(frozen=True)
class Asked:
    """The pause that a server asks for: its headers ``Retry-After`` and ``Date``, as it writes them.

    A server that names a time means its own clock, which ``date`` tells.
    """

    retry_after: str = ""
    date: str = ""

    @classmethod
    def by(cls, headers: Mapping[str, str]) -> Asked:
        """Return what the headers of an answer ask for; their names are in lower case, or in any."""
        return cls(headers.get("retry-after", "").strip(), headers.get("date", ""))


ANY_TIME = Asked()
"""A server that asks for no pause."""


@dataclass(frozen=True)
class NotNow:
    """What an answer says that means "not now": ``reason`` in a few words, for people, and the pause ``asked`` for.

    ``undone`` tells that nothing was done; otherwise nobody knows, and a change must not be sent again before the state
    has been compared.
    """

    reason: str
    asked: Asked = ANY_TIME
    undone: bool = True

    def after(self, asked: Asked) -> NotNow:
        """Return the same with the pause that headers ask for; one in words counts where they ask for none."""
        return replace(self, asked=asked) if asked.retry_after else self


def of_status(status: int, asked: Asked = ANY_TIME) -> NotNow | None:
    """Return what an HTTP status means that says the same at every server; ``None`` for an answer like any other.

    Any failure of a server that asks to come back is one that passes.
    """
    if status not in (*NOTHING_DONE, *NOBODY_KNOWS) and not (status >= 500 and asked.retry_after):
        return None
    return NotNow(f"HTTP {status}", asked, undone=status in NOTHING_DONE)


def of_page(status: int, content_type: str, page: str) -> NotNow | None:
    """Return what an error page of a web server, or of a proxy before it, means when it asks to come back."""
    if status < 500 or not content_type.strip().lower().startswith(("text/html", "text/plain")):
        return None
    return NotNow(f"HTTP {status}", undone=False) if _WORDS.search(_TAGS.sub(" ", page)) else None


def of_words(text: str, *, undone: bool = True) -> NotNow | None:
    """Return what a server's own words mean when they ask to come back; ``None`` for any other text.

    What it quotes are a user's words, which may read like anything.
    """
    return in_words(text, undone=undone) if _WORDS.search(_QUOTED.sub("", text)) else None


def in_words(text: str, *, undone: bool = True) -> NotNow:
    """Return that a server that says ``text`` has no time, with the pause that its words ask for, if any."""
    told = " ".join(text.split())
    found = next(((match, unit) for pattern, unit in _PAUSES if (match := pattern.search(told))), None)
    pause = str(math.ceil(int(found[0][1]) * found[1])) if found else ""
    return NotNow(told if len(told) <= _TOLD_WORDS else f"{told[:_TOLD_WORDS]}...", Asked(pause), undone)


def unheard(_text: str) -> None:
    """Say it to nobody."""


def _always() -> None:
    """Let everything begin."""


@dataclass
class Backoff:
    """Pauses that double up to a cap, spread so that clients do not march in step; a server may ask for others.

    All clients of a task share one, for the task may have an end. ``jitter`` returns a number from 0 to 1; ``now`` the
    seconds since the epoch, for a server that names a time; ``clock`` seconds that only ever grow; ``report`` tells
    people what is waited for; ``go_on`` raises when nothing is to be sent any more.
    """

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    report: Callable[[str], None] = unheard
    go_on: Callable[[], None] = _always
    end: float = field(default=math.inf, init=False)
    """When nothing is tried again any more, by ``clock``."""

    @contextmanager
    def until(self, seconds: float) -> Iterator[None]:
        """Let no pause go on for longer than this from now: for who waits for something else, up to then only."""
        before = self.end
        self.end = min(before, self.clock() + seconds)
        try:
            yield
        finally:
            self.end = before

    def wait(self, attempt: int, asked: Asked = ANY_TIME, why: str = "") -> bool:
        """Pause after a failed attempt, the first of which is 0, and return true; false when the end comes before.

        ``why`` tells people what is waited for.
        """
        seconds = self.seconds(attempt, asked)
        if self.clock() + seconds > self.end:
            return False
        if why:
            self.report(f"try {attempt + 2} in {seconds:.1f} s: {why}")
        self.sleep(seconds)
        return True

    def seconds(self, attempt: int, asked: Asked = ANY_TIME) -> float:
        """Return how long :meth:`wait` pauses."""
        wanted = self._wanted(asked.retry_after.strip(), asked.date)
        if wanted:
            return wanted
        # A float is too small for 2 to the power of many thousand.
        doubled = FIRST_PAUSE * 2 ** min(attempt, 30)
        return float(min(LONGEST_PAUSE, doubled) * (0.5 + self.jitter() / 2))

    def _wanted(self, value: str, date: str) -> float | None:
        """Return the seconds that the server asks for (RFC 9110: a number or a date), within reason."""
        if not value:
            return None
        if value.isdecimal():
            return min(float(value), LONGEST_RETRY_AFTER)
        until, now = _timestamp(value), _timestamp(date)
        if until is None:
            return None
        return min(max(until - (self.now() if now is None else now), 0.0), LONGEST_RETRY_AFTER)


def _timestamp(date: str) -> float | None:
    """Return the seconds since the epoch of a date in a header; ``None`` for what is none."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
