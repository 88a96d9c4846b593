# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What can go wrong when a module talks to a cluster, in words that say what to do about it.

Every failure that a user can meet is an :class:`ImpError` with a stable ``code``, a ``message`` for people and
``details`` for programs. None of the three ever holds a password, a cookie or a request body. Clients raise these and
nothing else; the runner turns them into the module's ``failures`` or its message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

LONGEST_MESSAGE = 1000
"""Characters of a message; what is longer is read by nobody."""
_LONGEST_SENTENCE = 400
_LEFT_OUT = " ... "
_LONGEST_NUMBER = 10


def shortened(text: str, most: int = LONGEST_MESSAGE) -> str:
    """Return a text of ``most`` characters at most: its begin, which names the option, and its end with the rule."""
    if len(text) <= most:
        return text
    end = most // 3
    return text[: most - end - len(_LEFT_OUT)] + _LEFT_OUT + text[-end:]


def joined(sentences: Iterable[str], rest: str = "and {} more.", most: int | None = None) -> str:
    """Return sentences as one message, ``most`` of them at most, each shortened.

    ``rest`` tells the number of those that are too many.
    """
    told = [shortened(sentence, _LONGEST_SENTENCE) for sentence in sentences]
    room = LONGEST_MESSAGE - len(rest) - _LONGEST_NUMBER
    for count, sentence in enumerate(told):
        room -= len(sentence) + 1
        if room < 0 or count == most:
            return " ".join([*told[:count], rest.format(len(told) - count)])
    return " ".join(told)


class ImpError(Exception):
    """A failure that the user is told about.

    Attributes:
        code: short stable word for programs, for example ``unauthorized``.
        message: one or two sentences for people: what happened, where, and what to do.
        details: JSON-able facts beside the message (host, port, status, ...); never a secret.
    """

    default_code = "failed"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        self.message = shortened(message)
        super().__init__(self.message)
        self.code = code or self.default_code
        self.details = dict(details or {})

    def as_failure(self, identifier: str) -> dict[str, Any]:
        """Return the entry of the result's ``failures`` for the item ``identifier``: ``{id, code, message}``."""
        return {"id": identifier, "code": self.code, "message": self.message}


class InvalidInput(ImpError):
    """Options that cannot be right; nothing was sent. ``problems`` has one sentence for each of them."""

    default_code = "invalid-input"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = [shortened(problem) for problem in problems]
        message = joined(self.problems, "{} more problems, see details.")
        super().__init__(message, details={"problems": self.problems})


class ConnectionFailed(ImpError):
    """No connection: the name does not resolve, nobody listens, or the connection broke before a request was sent."""

    default_code = "connection-failed"


class TlsFailed(ImpError):
    """The server's certificate is not acceptable, or TLS could not be agreed upon."""

    default_code = "tls-failed"


class Unauthorized(ImpError):
    """The account name or password is wrong (HTTP 401)."""

    default_code = "unauthorized"


class Forbidden(ImpError):
    """The account is right but lacks a role (HTTP 403)."""

    default_code = "forbidden"


class TimedOut(ImpError):
    """No connection, or no answer to a request that only reads, within ``timeout`` seconds."""

    default_code = "timeout"


class Busy(ImpError):
    """The server still has no time after the last retry, and has done nothing of what it was asked for."""

    default_code = "busy"


class AnswerLost(ImpError):
    """A write was sent and its answer never came: it may or may not have been carried out.

    Whoever catches this reads the state and compares before sending anything again.
    """

    default_code = "answer-lost"


class ApiError(ImpError):
    """The server understood the request and refused it; ``code`` and ``message`` are the server's own.

    ``status`` is the HTTP status.
    """

    default_code = "refused"

    def __init__(
        self, message: str, *, status: int, code: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, code=code, details={"status": status, **(details or {})})
        self.status = status


class Conflict(ApiError):
    """The server refused because things are not as the request takes for granted: somebody else has been faster.

    An object that is there already, is gone, or has changed since it was read. Whoever catches this looks again: if
    all is as wanted, nothing has failed.
    """

    MEANS_IT = (404, 409, 410, 412)
    """The HTTP statuses that say it at an interface whose objects have addresses of their own (RFC 9110)."""


class UnexpectedAnswer(ImpError):
    """The answer is not what this interface sends: another product, a proxy in between, or a broken server."""

    default_code = "unexpected-answer"


class NoPublicApi(ImpError):
    """The cluster has no interface for this step; Cisco offers it in the web pages only."""

    default_code = "no-public-api"


class WaitExpired(ImpError):
    """Something did not reach the wanted state in time."""

    default_code = "wait-expired"


class NotArrived(WaitExpired):
    """A change was accepted, and what it leads to did not come in time: it counts as made and as failed."""


class NotEffective(ImpError):
    """The server accepted a change, but reading back shows that it did not happen."""

    default_code = "not-effective"
