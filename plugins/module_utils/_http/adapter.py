# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""One policy for whatever is sent over HTTPS, as an adapter and a session of the Python package requests.

Every client uses it, pypsrp and the NTLM login included, so these hold for all of them:

* A call ends: one deadline, ``timeout`` seconds, holds from connecting to the last byte of the answer, the messages of
  a login included. The socket itself watches it at each read and write, because a timeout of requests starts anew with
  every byte, so that dripping headers or endless ``100 Continue`` would outlast it. What is late raises; a part of an
  answer is never taken for the whole.
* A call receives at most :data:`LARGEST_ANSWER` bytes, headers and the answers to a login included.
* The server is the one of the options: no redirect is followed, and nothing of the environment is heeded, neither
  proxies nor CA bundles nor ``.netrc``.
* TLS is as the options say.
* Nothing is tried again here. Whether a failure came before anything was sent (:class:`NotConnected`) or afterwards is
  told apart, so that the caller can decide.
* A login is refused after so many 401 that a password is sent once (:data:`MOST_REFUSALS`).
* An encoded answer is refused: none is asked for, and a small one can grow to any size.
"""

from __future__ import annotations

import socket
import ssl
import time
import traceback
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import ANY_TIME, Asked, NotNow, of_status
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    Busy,
    ConnectionFailed,
    ImpError,
    TimedOut,
    TlsFailed,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection, in_url

try:
    import requests
    from requests.adapters import BaseAdapter
    from requests.exceptions import ConnectionError as ConnectionLost
    from requests.exceptions import ReadTimeout, RequestException
    from requests.utils import get_encoding_from_headers
    from urllib3.exceptions import HTTPError
    from urllib3.response import HTTPResponse as ResponseOfUrllib3
    from urllib3.util import wait_for_read
except ImportError:
    MISSING_LIBRARY: str | None = traceback.format_exc()
    # So that the classes below can be defined; nobody gets an object of them.
    BaseAdapter = object  # type: ignore[assignment, misc]
    ConnectionLost = ReadTimeout = RequestException = HTTPError = OSError  # type: ignore[assignment, misc]
    _Session: Any = object
else:
    MISSING_LIBRARY = None
    _Session = requests.Session

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. None of the interfaces that the clients speak answers with more."""

LogIn = Callable[[Callable[["requests.PreparedRequest"], "requests.Response"]], None]
"""Authenticates a fresh connection; it is given a function that sends a request over it."""

SLACK = 0.05
"""Seconds by which a call may be late. So much less waiting is not worth a system call at each read."""

MOST_REFUSALS = 3
"""401 in one call: nobody logged in yet, the challenge, and the refusal."""


def require_library() -> None:
    """Raise :class:`ImpError` when the Python package that speaks HTTPS is not installed."""
    if MISSING_LIBRARY is not None:
        raise ImpError(missing_required_lib("requests"), code="missing-library")


def server_name(connection: Connection) -> str:
    """Return ``host:port`` as it stands in URLs and messages."""
    return f"{in_url(connection.hostname)}:{connection.port}"


def silence(connection: Connection, late: bool) -> str:
    """Return what became of an answer that did not come, or not whole, as the end of a sentence."""
    return f"did not answer within {connection.timeout:g} s" if late else "closed the connection without an answer"


def lost(connection: Connection, late: bool) -> ImpError:
    """Say that no answer came to a request that changes nothing."""
    server, details = server_name(connection), {"server": server_name(connection)}
    what = f"{server} {silence(connection, late)}."
    if late:
        return TimedOut(f"{what} Raise timeout, or look at the load of the server.", details=details)
    return ConnectionFailed(f"{what} Check that its web service runs.", details=details)


class NotConnected(ConnectionLost):
    """Nothing was sent, because there is no connection.

    ``error`` is what the user is told when no retry is left; ``again`` says whether a retry may help, ``asked`` after
    which pause.
    """

    def __init__(self, error: ImpError, *, again: bool, asked: Asked = ANY_TIME) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again
        self.asked = asked


class _CannotConnect(Exception):
    """Carries a :class:`NotConnected` past urllib3 and requests, which would wrap an ``OSError``."""

    def __init__(self, failure: NotConnected) -> None:
        super().__init__(str(failure))
        self.failure = failure


class _Call:
    """One request with the login that it needs: how long it may still last, and what it has received."""

    def __init__(self, server: str, seconds: float) -> None:
        self._server = server
        self._ends = time.monotonic() + seconds
        self._received = 0
        self._refusals = 0

    @property
    def late(self) -> bool:
        return time.monotonic() >= self._ends

    def seconds_left(self) -> float:
        """Return the seconds that are left; raises ``TimeoutError`` when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call has taken too long")
        return left

    def count_bytes(self, received: int) -> None:
        self._received += received
        if self._received > LARGEST_ANSWER:
            raise UnexpectedAnswer(f"The answer of {self._server} is larger than {LARGEST_ANSWER // 2**20} MB.")

    def count_refusal(self) -> None:
        self._refusals += 1
        if self._refusals >= MOST_REFUSALS:
            raise Unauthorized(f"{self._server} does not accept the password.")


class _Socket(ssl.SSLSocket):
    """Watches the deadline and the size of the call that it is used for, at each read and write.

    OpenSSL's own loop for one read or write ends by the socket's timeout, too: no drip within a TLS record outlasts it.
    """

    call: _Call | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self._hurry()
        received = super().recv_into(buffer, nbytes, flags)
        if self.call is not None:
            self.call.count_bytes(received)
        return received

    def send(self, data: Any, flags: int = 0) -> int:
        self._hurry()
        return super().send(data, flags)

    def settimeout(self, value: float | None) -> None:
        """Set the timeout, unless it is that already: to set it is a system call, at which threads take turns."""
        if value != self.gettimeout():
            super().settimeout(value)

    def _hurry(self) -> None:
        """Raise when no time is left, and otherwise wait no longer than that."""
        if self.call is not None:
            left = self.call.seconds_left()
            if (self.gettimeout() or left + 1) > left + SLACK:
                self.settimeout(left)


def watched(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let connections of these TLS settings watch deadline and size; returns the settings."""
    context.sslsocket_class = _Socket
    return context


def limit(sock: ssl.SSLSocket, server: str, seconds: float) -> None:
    """Hold what is asked over a watched connection that belongs to no session to the bounds of one call."""
    if not isinstance(sock, _Socket):
        raise TypeError(f"the connection to {server} is not watched")
    sock.call = _Call(server, seconds)


class _Connection(HTTPSConnection):
    """A connection that tells a failure to connect from any other, and whose socket watches each call."""

    def __init__(self, adapter: PolicyAdapter) -> None:
        super().__init__(adapter.options.hostname, adapter.options.port, context=adapter.context)
        self.adapter = adapter
        self._unsent: list[bytes] = []

    @property
    def usable(self) -> bool:
        """Whether the next request can be sent over it; one with something to read has been ended by the server."""
        return self.sock is not None and not wait_for_read(self.sock, timeout=0)

    def connect(self) -> None:
        try:
            plain = self._reach()
            try:
                self.sock = self.adapter.context.wrap_socket(plain, server_hostname=self.adapter.options.hostname)
            finally:
                # Nothing happens to it when TLS has taken it over.
                plain.close()
        except (OSError, UnicodeError) as failure:
            raise _CannotConnect(self.adapter.not_connected(failure)) from None

    def ask(self, request: requests.PreparedRequest) -> HTTPResponse:
        """Send a request and return its answer, of which the head has been read."""
        if isinstance(self.sock, _Socket):
            self.sock.call = self.adapter.call
            # As long as ever; what the last call has left of it may be less.
            self.sock.settimeout(self.adapter.options.timeout)
        self._unsent.clear()
        self.request(str(request.method), request.path_url, request.body, request.headers)
        super().send(b"".join(self._unsent))
        return self.getresponse()

    def send(self, data: Any) -> None:
        """Keep a part of the request: head and body are sent together, which takes less time than one by one."""
        self._unsent.append(data)

    def _reach(self) -> socket.socket:
        """Connect to the first address that answers; the time that is left is shared among those not tried yet.

        The server is that of the options, whatever URL somebody asks for.
        """
        options = self.adapter.options
        failure = OSError("the name has no address")
        found = socket.getaddrinfo(options.hostname, options.port, type=socket.SOCK_STREAM)
        for number, (family, kind, protocol, _name, where) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self.adapter.call.seconds_left() / (len(found) - number))
                sock.connect(where)
                # For the TLS handshake, to which Python lets a timeout apply as a whole.
                sock.settimeout(self.adapter.call.seconds_left())
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure


class PolicyAdapter(BaseAdapter):
    """Sends requests to one server as the module's docstring says, over one connection at a time.

    It is for one thread. ``call`` is what is under way, ``may_connect`` is off while a new connection would lack the
    login of the old one.
    """

    def __init__(self, connection: Connection, context: ssl.SSLContext) -> None:
        self.options = connection
        self.server = server_name(connection)
        self.call = _Call(self.server, connection.timeout)
        self.connection: _Connection | None = None
        self.may_connect = True
        super().__init__()
        self.context = context

    def begin(self) -> _Call:
        """Start the clock of the next call."""
        self.may_connect = True
        self.call = _Call(self.server, self.options.timeout)
        return self.call

    @property
    def connected(self) -> bool:
        """Whether the next request finds a connection."""
        return self.connection is not None and self.connection.usable

    def drop(self) -> None:
        """Close a connection that is of no more use."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        self.drop()

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Send one request, whatever the caller says about timeouts, TLS and proxies.

        Not over the connections of urllib3: they look at all of these once more for each request, and change TLS
        settings that they are given, in each release in another way.
        """
        response = self._response(request, self._connected().ask(request))
        if response.status_code == 401:
            self.call.count_refusal()
        return response

    def _connected(self) -> _Connection:
        """Return the connection, made anew when there is none that can be used."""
        if self.connection is not None and self.connection.usable:
            return self.connection
        self.drop()
        if not self.may_connect:
            text = f"{self.server} closed the connection after the login. Check that its web service runs."
            raise _CannotConnect(NotConnected(ConnectionFailed(text, details={"server": self.server}), again=True))
        connection = _Connection(self)
        connection.connect()
        self.connection = connection
        return connection

    def _response(self, request: requests.PreparedRequest, answer: HTTPResponse) -> requests.Response:
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding.strip().lower() not in ("", "identity"):
            text = f"{self.server} sent an encoded answer ({encoding[:40]}), which was not asked for. Check host and "
            raise UnexpectedAnswer(f"{text}port: there may be a proxy in between.", details={"status": answer.status})
        # As requests does it, but for cookies, which are the session's, and for a copy of the headers, which tell upper
        # from lower case as little as the copy would.
        response = requests.Response()
        response.raw = ResponseOfUrllib3(
            body=answer,
            # Pairs, since a header may come more than once.
            headers=answer.headers.items(),  # type: ignore[arg-type]
            status=answer.status,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            # By default 1.26 takes a part for the whole when it is read piece by piece.
            enforce_content_length=True,
            original_response=answer,
            request_method=request.method,
        )
        response.status_code = answer.status
        response.headers = response.raw.headers  # type: ignore[assignment]
        response.encoding = get_encoding_from_headers(response.headers)
        response.reason = answer.reason
        response.url = str(request.url)
        response.request = request
        response.connection = self  # type: ignore[assignment]
        return response

    def not_connected(self, failure: OSError | UnicodeError) -> NotConnected:
        """Say why there is no connection, and whether waiting may help."""
        details = {"server": self.server}
        if isinstance(failure, ssl.SSLCertVerificationError):
            reason = failure.verify_message.rstrip(".")
            text = f"The certificate of {self.server} is not trusted: {reason}. Give its CA in ca_path and a hostname "
            text += "that the certificate names; validate_certs=false accepts any server."
            return NotConnected(TlsFailed(text, details=details), again=False)
        if isinstance(failure, socket.gaierror | UnicodeError):
            text = f"The name {self.options.hostname} does not resolve. Check hostname and the resolver."
            again = getattr(failure, "errno", None) == socket.EAI_AGAIN
            return NotConnected(ConnectionFailed(text, details=details), again=again)
        if isinstance(failure, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            # So ends the handshake with a web server that starts, stops or takes no more connections.
            text = f"{self.server} closed the connection before TLS was agreed. Check its web service and the port."
            return NotConnected(ConnectionFailed(text, details=details), again=True)
        if isinstance(failure, ssl.SSLError):
            why = failure.reason or "handshake failed"
            text = f"{self.server} does not speak TLS as expected ({why}). Check the port."
            return NotConnected(TlsFailed(text, details=details), again=False)
        if isinstance(failure, TimeoutError):
            text = f"No connection to {self.server} within {self.options.timeout:g} s. Check route and firewall."
            return NotConnected(TimedOut(text, details=details), again=True)
        why = failure.strerror or str(failure)
        text = f"No connection to {self.server}: {why}. Check hostname, port and the server."
        return NotConnected(ConnectionFailed(text, details=details), again=True)


class PolicySession(_Session):
    """A session of requests with one server and nothing from the environment, for one thread.

    ``log_in`` is called for each connection before the request that it is made for.
    """

    def __init__(
        self,
        connection: Connection,
        context: ssl.SSLContext,
        log_in: LogIn | None = None,
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()
        self.policy = PolicyAdapter(connection, context)
        self._log_in = log_in
        self.asked = ANY_TIME
        """The pause that the last answer asks for, for who gets to see no headers."""
        self.adapters.clear()
        self.mount("https://", self.policy)

    def send(self, request: requests.PreparedRequest, **_kwargs: Any) -> requests.Response:
        """Send a request and read its whole answer.

        Raises :class:`NotConnected` when nothing was sent, ``ReadTimeout`` when the answer is late, ``ConnectionError``
        when it was lost, :class:`UnexpectedAnswer` for what is no answer, :class:`Unauthorized` for too many refusals.
        """
        call = self.policy.begin()
        done = False
        self.asked = ANY_TIME
        try:
            self._authenticate()
            response = self._send(request)
            self.asked = Asked.by(response.headers)
            done = True
        except _CannotConnect as failure:
            raise failure.failure from None
        except (RequestException, HTTPError, HTTPException, OSError) as failure:
            raise (ReadTimeout if call.late else ConnectionLost)(str(failure)) from failure
        finally:
            if not done:
                self.policy.drop()
        return response

    def get_redirect_target(self, _resp: requests.Response) -> None:
        """Return that an answer leads nowhere else."""

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        if self.auth is None:
            # Nothing for the session of requests to do: no hook, no cookie, nothing of the environment.
            response: requests.Response = self.policy.send(request)
            # Read at once: requests goes through three generators, for callers that want it in parts or decoded.
            response._content = response.raw.read(decode_content=False)
            return response
        fixed: dict[str, Any] = {"stream": False, "verify": True, "cert": None, "proxies": {}, "allow_redirects": False}
        answer: requests.Response = super().send(request, **fixed)
        return answer

    def _authenticate(self) -> None:
        """Log a fresh connection in; the request that it is made for has not been sent yet."""
        if self._log_in is None or self.policy.connected:
            return

        def send(request: requests.PreparedRequest) -> requests.Response:
            response = self._send(request)
            # A server without time for a login has not refused it: the password must not be taken for wrong.
            not_now = of_status(response.status_code, Asked.by(response.headers))
            if not_now is not None:
                raise _CannotConnect(self._no_login(not_now))
            self.policy.may_connect = False
            return response

        try:
            self._log_in(send)
        except (RequestException, HTTPError, HTTPException, OSError) as failure:
            error = lost(self.policy.options, self.policy.call.late)
            raise _CannotConnect(NotConnected(error, again=True)) from failure

    def _no_login(self, why: NotNow) -> NotConnected:
        server = self.policy.server
        text = f"{server} is busy: it answered {why.reason} to the login. Run the task again later, or raise retries."
        return NotConnected(Busy(text, details={"server": server}), again=True, asked=why.asked)
