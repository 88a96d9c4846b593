# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of Exchange remote PowerShell (``/PowerShell/``), on the Python package pypsrp.

The session has no language: it takes one cmdlet with its parameters at a time. What is tried again is what is safe:
opening the session, cmdlets that only read, and a cmdlet that the server was too busy to take (``exchange_busy``).
When the connection ends after a cmdlet that writes was sent, nobody knows whether it ran: :class:`AnswerLost`, and the
caller compares.
"""

from __future__ import annotations

import struct
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_busy import failure_name, of_fault, of_record
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import ANY_TIME, Backoff, NotNow
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    ApiError,
    Busy,
    Conflict,
    ConnectionFailed,
    Forbidden,
    ImpError,
    TimedOut,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection
from ansible_collections.ucops.imp.plugins.module_utils._http.adapter import (
    NotConnected,
    PolicySession,
    server_name,
    watched,
)
from ansible_collections.ucops.imp.plugins.module_utils._http.tls import tls_context

try:
    from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
    from pypsrp.negotiate import HTTPNegotiateAuth
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan
    from requests import exceptions as http
    from requests.auth import HTTPBasicAuth
    from spnego.exceptions import SpnegoError
except ImportError:
    MISSING_LIBRARY: str | None = traceback.format_exc()
else:
    MISSING_LIBRARY = None

CONFIGURATION = "Microsoft.Exchange"
PATH = "PowerShell/"

Output = list[Any]
"""What a cmdlet put out: texts, and objects as mappings of their properties."""

_UNREADABLE = (
    struct.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    SyntaxError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What pypsrp raises besides its own about answers that are broken; the parser of XML has a ``SyntaxError``."""
NOT_FOUND, ALREADY_EXISTS = "not-found", "already-exists"
_CODES = {
    "ManagementObjectNotFoundException": NOT_FOUND,
    "ManagementObjectAlreadyExistsException": ALREADY_EXISTS,
    "ADObjectAlreadyExistsException": ALREADY_EXISTS,
    "CommandNotFoundException": "no-such-cmdlet",
}


def require_library() -> None:
    """Raise :class:`ImpError` when the Python package that speaks PowerShell remoting is not installed."""
    if MISSING_LIBRARY is not None:
        raise ImpError(missing_required_lib("pypsrp"), code="missing-library")


class _NotNow(Exception):
    """A cmdlet that has told that the server has no time; the session is as good as before."""

    def __init__(self, why: NotNow) -> None:
        super().__init__(why.reason)
        self.why = why


@dataclass
class _Progress:
    """How far a cmdlet has come: on its way to the server, and taken by it."""

    sent: bool = False
    taken: bool = False


class ExchangePs:
    """A session of remote PowerShell, opened when the first cmdlet needs it.

    ``auth`` is ``basic``, ``ntlm`` or ``negotiate``.
    """

    def __init__(self, connection: Connection, auth: str, *, backoff: Backoff | None = None) -> None:
        require_library()
        self.connection = connection
        self._auth = auth
        self._backoff = backoff or Backoff()
        self._pool: RunspacePool | None = None
        self._http: PolicySession | None = None
        self._refused: Unauthorized | None = None

    def __enter__(self) -> ExchangePs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server(self) -> str:
        """``host:port`` for messages."""
        return server_name(self.connection)

    def read(self, cmdlet: str, parameters: Mapping[str, Any] | None = None) -> Output:
        """Run a cmdlet that changes nothing and return its output."""
        return self._invoke(cmdlet, parameters or {}, writes=False)

    def write(self, cmdlet: str, parameters: Mapping[str, Any]) -> Output:
        """Run a cmdlet that changes something and return its output.

        Raises :class:`ApiError` when it reports errors, :class:`AnswerLost` when it may or may not have run.
        """
        return self._invoke(cmdlet, parameters, writes=True)

    def close(self) -> None:
        """End the session; a server that does not answer to that ends it in its own time."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            pool.close()
        except _failures():
            pass
        finally:
            pool.connection.close()

    def _invoke(self, cmdlet: str, parameters: Mapping[str, Any], *, writes: bool) -> Output:
        attempt = 0
        while True:
            if self._refused is not None:
                # A wrong password must not be tried again, it would lock the account.
                raise self._refused
            self._backoff.go_on()
            progress = _Progress()
            asked = ANY_TIME
            try:
                return self._run(cmdlet, parameters, progress)
            except _NotNow as refused:
                error: ImpError = self._busy(refused.why)
                doubt, again, asked = not refused.why.undone, True, refused.why.asked
            except _failures() as failure:
                error, why = self._explain(failure)
                self._forget(politely=why is not None)
                broken = isinstance(error, ConnectionFailed | TimedOut) or (why is not None and not why.undone)
                doubt = progress.taken or (progress.sent and broken)
                if isinstance(error, Unauthorized):
                    self._refused = error
                again = isinstance(error, Busy | ConnectionFailed | TimedOut)
                if isinstance(failure, NotConnected):
                    again, asked = failure.again, failure.asked
                asked = why.asked if why is not None else asked
            if writes and doubt:
                text = f"The connection to {self.server} ended; {cmdlet} may or may not have run."
                text = text if not isinstance(error, Busy) else f"{error.message} {cmdlet} may or may not have run."
                raise AnswerLost(text, details={"server": self.server}) from None
            last = attempt >= self.connection.retries
            if not again or last or not self._backoff.wait(attempt, asked, error.message):
                raise error from None
            attempt += 1

    def _opened(self) -> RunspacePool:
        if self._pool is None:
            pool = RunspacePool(self._wsman(), configuration_name=CONFIGURATION)
            try:
                pool.open()
            except BaseException:
                pool.connection.close()
                raise
            self._pool = pool
        return self._pool

    def _wsman(self) -> WSMan:
        connection = self.connection
        timeout = int(connection.timeout)
        wsman = WSMan(
            connection.hostname,
            port=connection.port,
            username=connection.username,
            password=connection.password,
            ssl=True,
            path=PATH,
            auth=self._auth,
            connection_timeout=timeout,
            # The server is asked to answer before the client gives up on it.
            operation_timeout=max(1, int(connection.timeout * 2 / 3)),
            read_timeout=timeout,
        )
        wsman.transport.session = self._http = self._session()
        return wsman

    def _session(self) -> PolicySession:
        """Return what pypsrp sends with; a session of its own would heed the environment and follow redirects."""
        connection = self.connection
        session = PolicySession(connection, watched(tls_context(connection)))
        session.headers["User-Agent"] = "ucops.imp"
        account = (connection.username, connection.password)
        session.auth = HTTPBasicAuth(*account) if self._auth == "basic" else HTTPNegotiateAuth(*account, self._auth)
        return session

    def _run(self, cmdlet: str, parameters: Mapping[str, Any], progress: _Progress) -> Output:
        pipeline = PowerShell(self._opened())
        pipeline.add_cmdlet(cmdlet).add_parameters(dict(parameters))
        progress.sent = True
        pipeline.begin_invoke()
        progress.taken = True
        output = pipeline.end_invoke()
        try:
            pipeline.close()
        except _failures():
            # The cmdlet has run and its output is here; only this session is of no more use.
            self._forget()
        if pipeline.streams.error:
            raise _refusal(cmdlet, pipeline.streams.error)
        return [_plain(value) for value in output]

    def _forget(self, *, politely: bool = False) -> None:
        """Let go of a session that is broken; the server ends it in its own time, unless it is asked to at once."""
        if politely:
            # An open session counts towards the quotas.
            self.close()
            return
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.connection.close()

    def _explain(self, failure: Exception) -> tuple[ImpError, NotNow | None]:
        """Turn what pypsrp and requests raise into what the user is told, and into why it passes by itself."""
        details = {"server": self.server}
        if isinstance(failure, AuthenticationError | Unauthorized):
            text = (
                f"{self.server} does not accept the password of {self.connection.username} with auth={self._auth}. "
                f"{self.connection.kind.account}"
            )
            return Unauthorized(text, details=details), None
        if isinstance(failure, UnexpectedAnswer):
            return failure, None
        if isinstance(failure, NotConnected):
            return failure.error, None
        if isinstance(failure, http.Timeout):
            text = f"{self.server} did not answer within {self.connection.timeout:g} s. Raise timeout, or check it."
            return TimedOut(text, details=details), None
        if isinstance(failure, http.RequestException):
            text = f"No connection to {self.server}, or it broke. Check hostname, port and the server."
            return ConnectionFailed(text, details=details), None
        why = self._why_not_now(failure)
        return (self._explain_protocol(failure), None) if why is None else (self._busy(why), why)

    def _why_not_now(self, failure: Exception) -> NotNow | None:
        if not isinstance(failure, WinRMError):
            return None
        asked = self._http.asked if self._http is not None else ANY_TIME
        if isinstance(failure, WSManFaultError):
            return of_fault(failure.code, str(failure.reason or ""), asked)
        if isinstance(failure, WinRMTransportError):
            # What it says is a page of the web server.
            return of_fault(failure.code, "", asked)
        return of_fault(None, str(failure), asked)

    def _busy(self, why: NotNow) -> Busy:
        text = (
            f"{self.server} is busy: it answered {why.reason.rstrip('.')}. Run the task again later, or raise retries."
        )
        return Busy(text, details={"server": self.server})

    def _explain_protocol(self, failure: Exception) -> ImpError:
        status = failure.code if isinstance(failure, WinRMTransportError | WSManFaultError) else None
        details = {"server": self.server, "status": status}
        if status == 403:
            text = f"{self.server} knows {self.connection.username}, but the account may not do this. "
            return Forbidden(text + self.connection.kind.rights, details=details)
        if isinstance(failure, WSManFaultError):
            # For the session, not the cmdlet: what a fault says is the server's own word.
            return ApiError(f"{self.server}: {failure.reason or 'a fault without a reason'}", status=500)
        if isinstance(failure, ValueError | SpnegoError) and not isinstance(failure, WinRMError):
            text = f"{self.server} does not offer auth={self._auth}, or its answer cannot be read."
            return UnexpectedAnswer(text, details=details)
        return UnexpectedAnswer(
            f"{self.server} does not answer as Exchange remote PowerShell does. Check host and port.", details=details
        )


def _failures() -> tuple[type[Exception], ...]:
    """Return what pypsrp, the login and the session raise about a connection or an answer."""
    return (WinRMError, SpnegoError, http.RequestException, Unauthorized, UnexpectedAnswer, *_UNREADABLE)


def _properties(value: Any) -> dict[str, Any]:
    """Return the properties of an object or error record; pypsrp keeps them in two places."""
    return {**getattr(value, "adapted_properties", {}), **getattr(value, "extended_properties", {})}


def _plain(value: Any) -> Any:
    found = _properties(value)
    return found or value


def _refusal(cmdlet: str, errors: list[Any]) -> ApiError | _NotNow:
    """Make one error of the error records of a cmdlet."""
    record = errors[0]
    # A record that ends a pipeline comes without its type, so its parts are plain properties.
    identifier = str(getattr(record, "fq_error", None) or _properties(record).get("FullyQualifiedErrorId") or "")
    text = " ".join(str(error) for error in errors)
    not_now = of_record(identifier, text)
    if not_now is not None:
        return _NotNow(not_now)
    code = _CODES.get(failure_name(identifier))
    kind = Conflict if code in (NOT_FOUND, ALREADY_EXISTS) else ApiError
    return kind(f"{cmdlet}: {text}", status=200, code=code, details={"cmdlet": cmdlet, "error_id": identifier})
