# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""HTTPS with one kept connection per thread: retries, and honesty about answers that got lost.

::

    with Transport(connection) as transport:
        answer = transport.request("GET", "/things")
        answer = transport.request("POST", "/things", body=xml, headers={...}, idempotent=True)

``request`` returns every answer except those that mean the same everywhere: 401 (:class:`Unauthorized`), 403
(:class:`Forbidden`), and those of a server that has no time, after the last retry (:class:`Busy`). All else, 4xx and
500 included, is for the client of the protocol to read; so is 401 where the protocol has a login of its own. What is
tried again, ``retries`` times with growing, jittered pauses:

* what says "not now", after the pause that ``Retry-After`` asks for: 408, 425, 429 and 503, and what else the client of
  the protocol reads as that (``busy``), when nothing was done; 502 and 504 of a proxy count as a lost answer;
* a connection that could not be made or logged in: nothing was sent;
* an answer that is late, broken off or lost, when the request is ``idempotent`` (GET, HEAD, or what the caller says).
  Otherwise :class:`AnswerLost`: the server may have done it, so the caller compares state before sending again.

After a failure that no later request would escape (401, TLS, no connection after all retries) the transport repeats
that error without sending anything: a wrong password must not be tried thousands of times, it would lock the account.

Threads may share a transport: each has a session of its own, with its connection and cookies. With ``concurrency`` they
send so many requests at once at most, and fewer to a server that has no time: one that says so in any way, is late, or
takes no connection (:class:`Pace`). What holds for a single
try, such as its deadline, is the policy of ``adapter``.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import (
    ANY_TIME,
    Asked,
    Backoff,
    NotNow,
    of_page,
    of_status,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    Busy,
    Forbidden,
    ImpError,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._core.pace import Pace, Turns
from ansible_collections.ucops.imp.plugins.module_utils._http.adapter import (
    MISSING_LIBRARY,
    LogIn,
    NotConnected,
    PolicySession,
    lost,
    require_library,
    server_name,
    silence,
    watched,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.login import NtlmLogin
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import tls_context

if MISSING_LIBRARY is None:
    from requests.exceptions import RequestException, Timeout
    from requests.models import PreparedRequest


_PAGE_LOOKED_AT = 16 * 1024
"""Bytes of an error page."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the decoded body; raises :class:`UnexpectedAnswer` when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.headers.get("content-type", "no content type")
            raise UnexpectedAnswer(
                f"The server answered HTTP {self.status} with {kind} where JSON was expected. Check host and port: it "
                "may be another product, an older release or a proxy.",
                details={"status": self.status},
            ) from None


def _of_page(answer: Answer) -> NotNow | None:
    if answer.status < 500:
        return None
    page = answer.body[:_PAGE_LOOKED_AT].decode("utf-8", "replace")
    return of_page(answer.status, answer.headers.get("content-type", ""), page)


@dataclass(frozen=True)
class _Failure:
    """A try that failed: what the user is told when it was the last, and whether and why another may help.

    ``breaks`` says that no other request to this server would fare better, ``busy`` whether it had no time; ``None``
    where that is not known.
    """

    error: ImpError
    again: bool
    why: str
    asked: Asked = ANY_TIME
    breaks: bool = False
    busy: bool | None = True


ReadBusy = Callable[[Answer], "NotNow | None"]
"""Reads whether an answer says "not now" in the words of its protocol."""


class Transport:
    """Requests to one server, with counts of ``requests`` sent and ``retries`` among them."""

    def __init__(
        self, connection: Connection, *, backoff: Backoff | None = None, concurrency: int | None = None
    ) -> None:
        require_library()
        self.connection = connection
        self.server = server_name(connection)
        """``host:port`` for messages."""
        self.requests = 0
        self.retries = 0
        self._backoff = backoff or Backoff()
        self._turns = None if concurrency is None else Turns(Pace(concurrency))
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[PolicySession] = []
        self._broken: ImpError | None = None
        self._context: ssl.SSLContext | None = None
        self._origin = f"https://{self.server}"
        self._headers = {"User-Agent": "ucops.imp"}
        self._ntlm: NtlmLogin | None = None
        if connection.auth == "ntlm":
            self._ntlm = NtlmLogin(connection, self._headers)
        elif not connection.kind.own_login:
            token = base64.b64encode(f"{connection.username}:{connection.password}".encode()).decode("ascii")
            self._headers["Authorization"] = f"Basic {token}"

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()

    def pause(self, attempt: int) -> bool:
        """Wait as before a retry, for a client that has a reason of its own to ask again; false when it is too late."""
        return self._backoff.wait(attempt)

    def until(self, seconds: float) -> AbstractContextManager[None]:
        """Begin no retry later than this from now, at this server or another of the task."""
        return self._backoff.until(seconds)

    def forget_failure(self) -> None:
        """Try again after an error that is otherwise repeated unsent; for a server that is known to come back."""
        self._broken = None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        busy: ReadBusy | None = None,
    ) -> Answer:
        """Send a request and return its answer; see the module's docstring for what is raised.

        ``path`` is absolute and already encoded. ``idempotent`` says that doing it twice is as good as once. ``busy``
        knows how the protocol says that the server has no time, beside the statuses that say so everywhere.
        """
        repeatable = method in ("GET", "HEAD") if idempotent is None else idempotent
        attempt = 0
        while True:
            if self._broken is not None:
                raise self._broken
            self._backoff.go_on()
            exchange = partial(self._exchange, method, path, body, dict(headers or {}))
            outcome = self._in_turn(partial(self._try, exchange, repeatable, busy, attempt + 1))
            if isinstance(outcome, Answer):
                return outcome
            last = not outcome.again or attempt >= self.connection.retries
            if last or not self._backoff.wait(attempt, outcome.asked, outcome.why):
                if outcome.breaks:
                    self._broken = outcome.error
                raise outcome.error
            with self._lock:
                self.retries += 1
            attempt += 1

    def _in_turn(self, send: Callable[[], Answer | _Failure]) -> Answer | _Failure:
        """Send a request when the server is likely to take one more, and learn from what it says."""
        if self._turns is None:
            return send()
        with self._turns.turn() as turn:
            self._backoff.go_on()
            if self._broken is not None:
                raise self._broken
            outcome = send()
            turn.busy = outcome.busy if isinstance(outcome, _Failure) else False
        return outcome

    def _try(
        self, exchange: Callable[[], Answer], repeatable: bool, busy: ReadBusy | None, tries: int
    ) -> Answer | _Failure:
        """Send a request for the ``tries``th time; raise what no retry would mend."""
        try:
            answer = exchange()
        except NotConnected as failure:
            return _Failure(failure.error, failure.again, failure.error.message, failure.asked, breaks=True)
        except RequestException as failure:
            late = isinstance(failure, Timeout)
            error = self._lost(late, repeatable)
            return _Failure(error, repeatable, error.message, busy=late or None)
        not_now = self._not_now(answer, busy)
        if not_now is None:
            return answer
        error = self._busy(not_now, answer.status, tries, repeatable)
        why = f"{self.server} answered {not_now.reason}"
        return _Failure(error, not_now.undone or repeatable, why, not_now.asked)

    def _not_now(self, answer: Answer, busy: ReadBusy | None) -> NotNow | None:
        """Return why to ask again, ``None`` for an answer; raise for answers about the account."""
        self._refuse(answer)
        asked = Asked.by(answer.headers)
        found = None if busy is None else busy(answer)
        found = found or of_status(answer.status, asked) or _of_page(answer)
        return None if found is None else found.after(asked)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Send one request over this thread's session and return the whole answer."""
        session = self._session()
        cookies: dict[str, str] = self._local.cookies
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        with self._lock:
            self.requests += 1
        try:
            response = session.send(self._prepared(method, path, body, {**self._headers, **headers}))
        except Unauthorized:
            self._broken = self._unauthorized()
            raise self._broken from None
        self._keep_cookies(response.raw.headers.getlist("Set-Cookie"))
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, names, response.content)

    def _prepared(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> PreparedRequest:
        """Return the request for requests, which takes longer to prepare one itself than to send it."""
        prepared = PreparedRequest()
        prepared.method = method
        prepared.url = self._origin + path
        if body is not None:
            headers["Content-Length"] = str(len(body))
        # Nobody looks for one of them in other letter case, for which requests has a slower kind of dictionary.
        prepared.headers = headers  # type: ignore[assignment]
        prepared.body = body
        return prepared

    def _keep_cookies(self, lines: list[str]) -> None:
        """Remember session cookies, which spare the server a fresh login for every request."""
        for line in lines:
            name, separator, value = line.split(";", 1)[0].strip().partition("=")
            if separator and name:
                self._local.cookies[name] = value

    def _session(self) -> PolicySession:
        """Return this thread's session, made when there is none."""
        session: PolicySession | None = getattr(self._local, "session", None)
        if session is None:
            session = PolicySession(self.connection, self._tls(), self._log_in())
            self._local.session = session
            self._local.cookies = {}
            with self._lock:
                self._sessions.append(session)
        return session

    def _log_in(self) -> LogIn | None:
        """Return what authenticates a fresh connection with requests for a page that changes nothing."""
        login, page = self._ntlm, self.connection.kind.login_page
        if login is None:
            return None
        return lambda send: login.log_in(lambda headers: send(self._prepared("GET", page, None, headers)))

    def _tls(self) -> ssl.SSLContext:
        """Return the TLS settings, made once: loading a CA bundle takes tens of milliseconds."""
        with self._lock:
            if self._context is None:
                self._context = watched(tls_context(self.connection))
            return self._context

    def _refuse(self, answer: Answer) -> None:
        """Raise for answers about the account, which every protocol here gives in the same way."""
        user, server = self.connection.username, self.server
        if answer.status == 401 and not self.connection.kind.own_login:
            self._broken = self._unauthorized()
            raise self._broken
        if answer.status == 403:
            raise Forbidden(
                f"{server} knows {user}, but the account may not do this. {self.connection.kind.rights}",
                details={"server": server, "status": 403},
            )

    def _unauthorized(self) -> Unauthorized:
        return Unauthorized(
            f"{self.server} does not accept the password of {self.connection.username}. {self.connection.kind.account}",
            details={"server": self.server, "status": 401},
        )

    def _busy(self, why: NotNow, status: int, tries: int, repeatable: bool) -> ImpError:
        """Say that the server has no time; of a change that may have been made, that nobody knows."""
        details = {"server": self.server, "status": status}
        if not (why.undone or repeatable):
            text = f"{self.server} answered {why.reason}; the change may or may not have been made."
            return AnswerLost(text, details=details)
        told = (
            f"{self.server} is busy: it answered {why.reason.rstrip('.')} to {tries} {'try' if tries == 1 else 'tries'}"
        )
        return Busy(f"{told}. Run the task again later, or raise retries.", details=details)

    def _lost(self, late: bool, repeatable: bool) -> ImpError:
        """Say that a request was sent and its answer did not come, or not whole."""
        if repeatable:
            return lost(self.connection, late)
        what = f"{self.server} {silence(self.connection, late)}"
        return AnswerLost(f"{what}; the change may or may not have been made.", details={"server": self.server})
