# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph v1.0, as far as calendars, automatic replies and users need it.

An application that has logged in as itself may call what its permissions allow; which ones each call needs is what
Microsoft's page on the call says. What is not here is refused and never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from imp_emulator.domain.exchange.access_tokens import Refusal, Resource, TokenRefused
from imp_emulator.domain.exchange.request_limits import RequestLimits
from imp_emulator.errors import DomainError
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.exchange.online import (
    bearer,
    graph_events,
    graph_query,
    graph_schedule,
    graph_settings,
    graph_users,
)
from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, error_answer, find_mailbox
from imp_emulator.world.context import Context

_BASE = "/v1.0"
_KEY = re.compile(r"\('((?:[^'/]|'')+)'\)(?=/|$)")
_USER = r"/users/(?P<user>[^/]+)"
_CALENDAR = rf"{_USER}(?:/calendar|/calendars/(?P<calendar>[^/]+))?"
_EVENT = rf"{_CALENDAR}/events/(?P<event>[^/]+)"
_ONE_CALENDAR = rf"{_USER}(?:/calendar|/calendars/(?P<calendar>[^/]+))"
_SETTINGS = rf"{_USER}/mailboxSettings(?:/(?P<setting>[A-Za-z]+))?"

_BASIC = frozenset({"Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"})
_WRITE = frozenset({"Calendars.ReadWrite"})
_SETTINGS_READ = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
_SETTINGS_WRITE = frozenset({"MailboxSettings.ReadWrite"})
_USERS = frozenset({"User.Read.All"})

Handler = Callable[[Context, Call], Response]


@dataclass(frozen=True, slots=True)
class _Route:
    """A call: its method and path, one of the permissions that it needs, and who answers it."""

    name: str
    method: str
    path: re.Pattern[str]
    permissions: frozenset[str]
    handler: Handler
    write: bool = False


def _route(
    name: str, method: str, path: str, permissions: frozenset[str], handler: Handler, write: bool = False
) -> _Route:
    # Names in a path are taken in any letter case, identifiers are not touched.
    return _Route(name, method, re.compile(path, re.IGNORECASE), permissions, handler, write)


_ROUTES = (
    _route("listUsers", "GET", "/users", _USERS, graph_users.list_users),
    _route("getUser", "GET", _USER, _USERS, graph_users.get_user),
    _route("listCalendars", "GET", rf"{_USER}/calendars", _BASIC, graph_events.list_calendars),
    _route("getCalendar", "GET", _ONE_CALENDAR, _BASIC, graph_events.get_calendar),
    _route("listCalendarView", "GET", rf"{_CALENDAR}/calendarView", _BASIC, graph_events.list_view),
    _route("listEvents", "GET", rf"{_CALENDAR}/events", _BASIC, graph_events.list_events),
    _route("createEvent", "POST", rf"{_CALENDAR}/events", _WRITE, graph_events.create_event, write=True),
    _route("getEvent", "GET", _EVENT, _BASIC, graph_events.get_event),
    _route("updateEvent", "PATCH", _EVENT, _WRITE, graph_events.update_event, write=True),
    _route("deleteEvent", "DELETE", _EVENT, _WRITE, graph_events.delete_event, write=True),
    _route(
        "answerInvitation",
        "POST",
        rf"{_EVENT}/(?P<answer>accept|tentativelyAccept|decline)",
        _WRITE,
        graph_events.answer_invitation,
        write=True,
    ),
    _route("listInstances", "GET", rf"{_EVENT}/instances", _BASIC, graph_events.list_instances),
    _route("getSchedule", "POST", rf"{_ONE_CALENDAR}/(?:microsoft\.graph\.)?getSchedule", _BASIC, graph_schedule.run),
    _route("getMailboxSettings", "GET", _SETTINGS, _SETTINGS_READ, graph_settings.read),
    _route("updateMailboxSettings", "PATCH", _SETTINGS, _SETTINGS_WRITE, graph_settings.change, write=True),
)


class Graph:
    """What stands on port 443 of ``graph.microsoft.com``."""

    name = "graph"
    operations: Mapping[str, bool] = {route.name: route.write for route in _ROUTES}

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._limits = RequestLimits(context)

    def owns(self, path: str) -> bool:
        return True

    def authenticate(self, request: Request) -> Response | None:
        try:
            bearer.log_in(self._context, request, Resource.GRAPH)
        except TokenRefused as error:
            return self._unauthorised(request, error.refusal)
        return None

    def route(self, request: Request) -> Operation:
        # A key stands behind a slash, or in parentheses as the service itself writes it (OData 4.01, part 2, 4.3.1).
        path = _KEY.sub(lambda key: "/" + key[1].replace("''", "'"), request.path.removeprefix(_BASE))
        matches = [(route, route.path.fullmatch(path)) for route in _ROUTES]
        found = [(route, match) for route, match in matches if match and request.path.startswith(_BASE)]
        for route, match in found:
            if route.method == request.method:
                return Operation(route.name, route.write, partial(self._run, request, route, match))
        return Operation(request.method, False, partial(self._refuse, request, _unknown(request, bool(found))))

    def failure(self, request: Request, status: int, message: str) -> Response:
        code = _FAILURES.get(status, "UnknownError")
        return self._refuse(request, GraphError(status, code, message))

    def _run(self, request: Request, route: _Route, match: re.Match[str]) -> Response:
        principal = bearer.principal(request)
        try:
            _check_permission(principal.permissions, route)
            query = _query(request, route)
            path = {name: value for name, value in match.groupdict().items() if value is not None}
            call = Call(request, principal, query, path)
            call.read_preferences()
            wait = self._wait(call, route)
            if wait is not None:
                return self._refuse(request, _THROTTLED, {"Retry-After": str(wait)})
            return route.handler(self._context, call)
        except GraphError as error:
            return self._refuse(request, error)
        except graph_query.QueryError as error:
            return self._refuse(request, GraphError(400, error.code, str(error)))
        except DomainError as error:
            return self._refuse(request, GraphError(400, "ErrorInvalidRequest", error.message))

    def _wait(self, call: Call, route: _Route) -> int | None:
        """Count a call for a mailbox; returns how many seconds to wait when it is one too many."""
        mailbox = None if route.permissions is _USERS else find_mailbox(self._context, call.path["user"])
        return None if mailbox is None else self._limits.take(call.principal.client_id, mailbox.id)

    def _refuse(self, request: Request, error: GraphError, headers: Mapping[str, str] | None = None) -> Response:
        return error_answer(request, error, self._context.clock.now(), headers)

    def _unauthorised(self, request: Request, refusal: Refusal) -> Response:
        challenge = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
        error = GraphError(401, "InvalidAuthenticationToken", refusal.value)
        return self._refuse(request, error, {"WWW-Authenticate": challenge})


def _query(request: Request, route: _Route) -> graph_query.Query:
    """Decode the options of a URL: a page of the directory has other sizes than one of a calendar."""
    if route.permissions is _USERS:
        return graph_query.read(request.query, top=100, limit=999, own=graph_users.MARK)
    return graph_query.read(request.query, top=10, limit=1000)


_THROTTLED = GraphError(429, "ApplicationThrottled", "The application is over its limit of requests for this mailbox.")
_FAILURES = {
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
"""What Microsoft Graph calls an error that no call of its own has raised."""


def _check_permission(permissions: frozenset[str], route: _Route) -> None:
    if permissions & route.permissions:
        return
    if not permissions:
        text = "The token contains no permissions, or permissions can not be understood."
        raise GraphError(401, "NoPermissionsInAccessToken", text)
    if route.permissions is _USERS:
        text = "Insufficient privileges to complete the operation."
        raise GraphError(403, "Authorization_RequestDenied", text)
    raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _unknown(request: Request, known_path: bool) -> GraphError:
    """Return the refusal of a call that is not here."""
    if known_path:
        text = f"Specified HTTP method {request.method} is not allowed for the request target."
        return GraphError(405, "BadRequest", text)
    version, _, rest = request.path.removeprefix("/").partition("/")
    if version != "v1.0":
        return GraphError(400, "BadRequest", f"Invalid version: {version}")
    if rest.split("/")[0] == "me":
        text = "/me request is only valid with delegated authentication flow."
        return GraphError(400, "BadRequest", text)
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{rest.rpartition('/')[2]}'.")
