# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""HTTPS with one kept connection per thread: TLS, timeouts, retries, and honesty about answers that got lost.

::

    with Transport(connection) as transport:
        answer = transport.request("GET", "/axl/")
        answer = transport.request("POST", "/axl/", body=xml, headers={...}, idempotent=True)

``request`` returns every answer except those that mean the same everywhere: 401 (:class:`Unauthorized`), 403
(:class:`Forbidden`), and 429 or 503 after the last retry (:class:`Busy`). All else, 4xx and 500 included, is for the
client of the protocol to read. What is tried again, ``retries`` times with growing, jittered pauses:

* 429 and 503, after the pause that ``Retry-After`` asks for: the server says that it did not do it;
* a connection that could not be made: nothing was sent;
* a connection lost while waiting for an answer, when the request is ``idempotent`` (GET, HEAD, or what the caller
  says). Otherwise :class:`AnswerLost`: the server may have done it, so the caller compares state before sending again.

After a failure that no later request would escape (401, TLS, no connection after all retries) the transport repeats
that error without sending anything: a wrong password must not be tried thousands of times, it would lock the account.

Threads may share a transport: each has a connection of its own. Of the environment nothing is heeded, neither proxies
nor CA bundles (``HTTPS_PROXY``, ``REQUESTS_CA_BUNDLE``): what a task says is what happens. Redirects are not followed.
The standard library is enough for this, and loads in a third of the time that ``requests`` takes.
"""

from __future__ import annotations

import base64
import email.utils
import http.client
import json
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._errors import (
    AnswerLost,
    Busy,
    ConnectionFailed,
    Forbidden,
    ImpError,
    TimedOut,
    TlsFailed,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._ntlm import NtlmLogin
from ansible_collections.ucops.imp.plugins.module_utils._options import Connection, address
from ansible_collections.ucops.imp.plugins.module_utils._tls import tls_context

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. AXL answers stop at 8 MB; anything beyond this is not one of ours."""

_BUSY = (429, 503)
_LOST = (OSError, http.client.HTTPException)


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
        except ValueError:
            kind = self.headers.get("content-type", "no content type")
            raise UnexpectedAnswer(
                f"The server answered HTTP {self.status} with {kind} where JSON is due. Check host and port: it may be "
                "another product, an older release or a proxy.",
                details={"status": self.status},
            ) from None


class _NotSent(Exception):
    """The connection could not be made; ``error`` is what the user is told when no retry is left."""

    def __init__(self, error: ImpError, *, again: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again


class Transport:
    """Requests to one server, with counts of ``requests`` sent and ``retries`` among them."""

    def __init__(
        self,
        connection: Connection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.connection = connection
        self.requests = 0
        self.retries = 0
        self._sleep = sleep
        self._jitter = jitter
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[http.client.HTTPSConnection] = []
        self._broken: ImpError | None = None
        self._context: ssl.SSLContext | None = None
        self._headers = {"User-Agent": "ucops.imp"}
        self._ntlm: NtlmLogin | None = None
        if connection.auth == "ntlm":
            login = (connection.hostname, connection.username, connection.password)
            self._ntlm = NtlmLogin(*login, headers=self._headers)
        else:
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
            connections, self._open = self._open, []
        for connection in connections:
            connection.close()

    def forget_failure(self) -> None:
        """Try again after an error that is otherwise repeated unsent; for a server that is known to come back."""
        self._broken = None

    @property
    def server(self) -> str:
        """``host:port`` for messages."""
        return f"{_bracketed(self.connection.hostname)}:{self.connection.port}"

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Answer:
        """Send a request and return its answer; see the module's docstring for what is raised.

        ``path`` is absolute and already encoded. ``idempotent`` says that doing it twice is as good as once.
        """
        repeatable = method in ("GET", "HEAD") if idempotent is None else idempotent
        attempt = 0
        while True:
            if self._broken is not None:
                raise self._broken
            last = attempt >= self.connection.retries
            try:
                answer = self._exchange(method, path, body, dict(headers or {}))
            except _NotSent as failure:
                if last or not failure.again:
                    self._broken = failure.error
                    raise failure.error from None
                pause = self._pause(attempt)
            except _LOST as failure:
                if last or not repeatable:
                    raise self._lost(failure, repeatable) from None
                pause = self._pause(attempt)
            else:
                self._refuse(answer)
                if answer.status not in _BUSY:
                    return answer
                if last:
                    raise self._busy(answer, attempt)
                pause = _retry_after(answer) or self._pause(attempt)
            attempt += 1
            with self._lock:
                self.retries += 1
            self._sleep(pause)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Send one request over this thread's connection and read the whole answer."""
        connection = self._connection()
        cookies: dict[str, str] = self._local.cookies
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        with self._lock:
            self.requests += 1
        done = False
        try:
            connection.request(method, path, body=body, headers={**self._headers, **headers})
            response = connection.getresponse()
            content = response.read(LARGEST_ANSWER + 1)
            if len(content) > LARGEST_ANSWER:
                raise UnexpectedAnswer(f"The answer of {self.server} is larger than {LARGEST_ANSWER // 2**20} MB.")
            done = True
        finally:
            if not done:
                self._drop(connection)
        self._keep_cookies(response.headers.get_all("Set-Cookie") or [])
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _keep_cookies(self, lines: list[str]) -> None:
        """Remember session cookies (AXL's JSESSIONIDSSO), which spare the server a fresh login for every request."""
        for line in lines:
            name, separator, value = line.split(";", 1)[0].strip().partition("=")
            if separator and name:
                self._local.cookies[name] = value

    def _connection(self) -> http.client.HTTPSConnection:
        """Return this thread's live connection, made anew when there is none or the server has closed it."""
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            # Nothing is due on an idle connection: being readable means that the server hung up.
            self._drop(connection)
        if not hasattr(self._local, "cookies"):
            self._local.cookies = {}
        connection = http.client.HTTPSConnection(
            self.connection.hostname, self.connection.port, timeout=self.connection.timeout, context=self._tls()
        )
        try:
            connection.connect()
        except OSError as failure:
            connection.close()
            raise self._not_sent(failure) from None
        if self._ntlm is not None:
            self._log_in(connection, self._ntlm)
        self._local.connection = connection
        with self._lock:
            self._open.append(connection)
        return connection

    def _log_in(self, connection: http.client.HTTPSConnection, login: NtlmLogin) -> None:
        """Authenticate a fresh connection; the request that it is made for has not been sent yet."""
        try:
            login.log_in(connection)
        except _LOST as failure:
            connection.close()
            raise _NotSent(self._lost(failure, repeatable=True), again=True) from None
        except Unauthorized:
            connection.close()
            self._broken = self._unauthorized()
            raise self._broken from None
        except UnexpectedAnswer:
            connection.close()
            raise

    def _drop(self, connection: http.client.HTTPSConnection) -> None:
        """Close a connection that is of no more use."""
        connection.close()
        self._local.connection = None
        with self._lock:
            if connection in self._open:
                self._open.remove(connection)

    def _tls(self) -> ssl.SSLContext:
        """Return the TLS settings, made once: loading a CA bundle takes tens of milliseconds."""
        with self._lock:
            if self._context is None:
                self._context = tls_context(self.connection)
            return self._context

    def _pause(self, attempt: int) -> float:
        """Return the seconds before the next try: doubling, capped, and spread so that clients do not march in step."""
        return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.5 + self._jitter() / 2))

    def _refuse(self, answer: Answer) -> None:
        """Raise for answers about the account, which every protocol here gives in the same way."""
        user, server = self.connection.username, self.server
        if answer.status == 401:
            self._broken = self._unauthorized()
            raise self._broken
        if answer.status == 403:
            raise Forbidden(
                f"{server} knows {user} but does not permit this. {_ROLES[self.connection.kind]}",
                details={"server": server, "status": 403},
            )

    def _unauthorized(self) -> Unauthorized:
        return Unauthorized(
            f"{self.server} does not accept the password of {self.connection.username}. "
            f"{_ACCOUNTS[self.connection.kind]}",
            details={"server": self.server, "status": 401},
        )

    def _busy(self, answer: Answer, attempt: int) -> Busy:
        return Busy(
            f"{self.server} is busy: it answered HTTP {answer.status} to {attempt + 1} tries. Run the task again "
            "later, or raise retries.",
            details={"server": self.server, "status": answer.status},
        )

    def _lost(self, failure: BaseException, repeatable: bool) -> ImpError:
        """Say that the connection ended after a request was sent."""
        details = {"server": self.server}
        late = isinstance(failure, TimeoutError)
        what = f"did not answer within {self.connection.timeout:g} s" if late else "hung up without an answer"
        if not repeatable:
            return AnswerLost(f"{self.server} {what}; the change may or may not have been made.", details=details)
        if late:
            return TimedOut(f"{self.server} {what}. Raise timeout, or look at the load of the server.", details=details)
        return ConnectionFailed(f"{self.server} {what}. Check that its web service runs.", details=details)

    def _not_sent(self, failure: OSError) -> _NotSent:
        """Say why there is no connection, and whether waiting may help."""
        details = {"server": self.server}
        if isinstance(failure, ssl.SSLCertVerificationError):
            reason = failure.verify_message.rstrip(".")
            return _NotSent(
                TlsFailed(
                    f"The certificate of {self.server} is not trusted: {reason}. Give its CA in ca_path and a hostname "
                    "that the certificate names; validate_certs=false accepts any server.",
                    details=details,
                ),
                again=False,
            )
        if isinstance(failure, ssl.SSLError):
            why = failure.reason or "handshake failed"
            return _NotSent(
                TlsFailed(f"{self.server} does not speak TLS as expected ({why}). Check the port.", details=details),
                again=False,
            )
        if isinstance(failure, socket.gaierror):
            text = f"The name {self.connection.hostname} does not resolve. Check hostname and the resolver."
            return _NotSent(ConnectionFailed(text, details=details), again=failure.errno == socket.EAI_AGAIN)
        if isinstance(failure, TimeoutError):
            text = f"No connection to {self.server} within {self.connection.timeout:g} s. Check route and firewall."
            return _NotSent(TimedOut(text, details=details), again=True)
        text = f"No connection to {self.server}: {failure.strerror or failure}. Check hostname, port and the server."
        return _NotSent(ConnectionFailed(text, details=details), again=True)


_ACCOUNTS = {
    "cucm": "It takes an application user of Unified CM.",
    "imp": "It takes an application user of Unified CM, not the operating-system administrator.",
    "platform": "It takes the operating-system administrator, not an application user.",
    "ca": "It takes an account of the domain, as DOMAIN\\user or user@domain.",
}
_ROLES = {
    "cucm": "Give it the role Standard AXL API Access.",
    "imp": "Give it the roles Standard CCMADMIN Administration and Standard SERVICEABILITY.",
    "platform": "It must be an administrator of the platform.",
    "ca": "Submitting needs the permission to enroll, deciding on requests that to manage certificates.",
}


def _readable(sock: socket.socket) -> bool:
    """Whether something, or the end, waits to be read; without blocking."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that the server asks to wait (RFC 9110: a number or a date), within reason."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        seconds = float(value)
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _bracketed(host: str) -> str:
    ip = address(host)
    return f"[{host}]" if ip is not None and ip.version == 6 else host
