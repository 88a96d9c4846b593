# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service of an IM and Presence node: /presence-service on ports 8083 (TLS) and 8082, REST only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from lxml import etree

from imp_emulator.domain.imp import web_sessions
from imp_emulator.errors import DomainError
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Operation, Request, Response
from imp_emulator.wire.http import soap
from imp_emulator.wire.presence_web_service import logins, presences, subscriptions
from imp_emulator.wire.presence_web_service.bodies import KEY
from imp_emulator.wire.presence_web_service.calls import BASE, Call, Handler, document, media_type, path_of
from imp_emulator.wire.presence_web_service.errors import ERRORS, WebServiceError, number_of, status
from imp_emulator.world.context import Context

OPERATIONS: Mapping[str, Handler] = {**logins.OPERATIONS, **presences.OPERATIONS, **subscriptions.OPERATIONS}

_USER = f"{BASE}/users/(?P<user>[^/]*)"
_NAMES: Mapping[str, Mapping[str, str]] = {
    f"{_USER}/sessions": {"POST": "login"},
    # A client that follows a redirect of its login repeats it there.
    f"{_USER}/session": {"PUT": "forcedLogin", "POST": "login", "DELETE": "logout"},
    f"{_USER}/presence/(?P<type>[^/]*)": {"PUT": "set{}Presence"},
    f"{_USER}/presence/(?P<type>[^/]*)/contacts/(?P<contact>[^/]*)": {"GET": "get{}Presence"},
    f"{_USER}/presence/(?P<type>[^/]*)/subscriptions/(?P<id>[^/]*)": {"GET": "get{}SubscribedPresence"},
    f"{BASE}/endpoints": {"POST": "registerEndpoint"},
    f"{BASE}/endpoints/(?P<id>[^/]*)": {"PUT": "updateEndpoint", "DELETE": "unregisterEndpoint"},
    f"{_USER}/subscriptions": {"POST": "subscribe"},
    f"{_USER}/subscriptions/(?P<id>[^/]*)": {"PUT": "updateSubscription", "DELETE": "unsubscribe"},
}
"""The paths, and the operation of each method; ``{}`` is the type of presence."""
_ROUTES = [(re.compile(path), names) for path, names in _NAMES.items()]
_TYPES = ("basic", "rich")

_SOAP = f"{BASE}/soap"
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_SOAP_12_TYPE = "application/soap+xml"
_NO_SOAP = "This emulator has no SOAP interface of the Presence Web Service; its REST interface does the same."


class PresenceWebService:
    """What stands under /presence-service of a node."""

    name = "presence_web_service"

    def __init__(self, context: Context, accounts: Accounts) -> None:
        self._context = context
        self._accounts = accounts
        self.operations: Mapping[str, bool] = {name: handler.write for name, handler in OPERATIONS.items()}

    def owns(self, path: str) -> bool:
        return f"{path}/".startswith(f"{BASE}/")

    def authenticate(self, request: Request) -> Response | None:
        """Say who calls, for the journal; whether it may depends on the operation."""
        key = request.headers.get(KEY, "").strip()
        session = web_sessions.find(self._context, request.cluster, request.node, key) if key else None
        request.caller = None if session is None else web_sessions.name(self._context, session)
        return None

    def route(self, request: Request) -> Operation:
        path = path_of(request)
        if path == _SOAP:
            return Operation("", False, lambda: _no_soap(request))
        if "chunked" in request.headers.get("transfer-encoding", "").lower():
            return Operation("", False, lambda: self.failure(request, 411, "A body must have a Content-Length."))
        for pattern, names in _ROUTES:
            if found := pattern.fullmatch(path):
                parts = {name: unquote(part) for name, part in found.groupdict().items()}
                return self._operation(request, names, parts)
        return Operation("", False, lambda: self.failure(request, 404, "There is no such resource."))

    def _operation(self, request: Request, names: Mapping[str, str], parts: Mapping[str, str]) -> Operation:
        if request.method not in names:
            return Operation("", False, lambda: _not_allowed(names))
        kind = parts.get("type")
        if kind is not None and kind not in _TYPES:
            return Operation("", False, lambda: _error(request, 110))
        name = names[request.method].format((kind or "").capitalize())
        handler = OPERATIONS[name]
        call = Call(self._context, self._accounts, request, parts)
        return Operation(
            name,
            handler.write,
            lambda: _run(handler, call),
            refuse=lambda code, _: _error(request, int(code)) if code in map(str, ERRORS) else None,
        )

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Error 200 for status 500; no source tells what the service says to any other."""
        if status == 500:
            return _error(request, 200)
        content = etree.Element("error")
        etree.SubElement(content, "message").text = message
        return Response(status, document(content), media_type(request))


def _run(handler: Handler, call: Call) -> Response:
    try:
        return handler.run(call)
    except WebServiceError as error:
        return _error(call.request, error.number)
    except DomainError as error:
        return _error(call.request, number_of(error))


def _error(request: Request, number: int) -> Response:
    """Return an error's document, whose form no source publishes."""
    content = etree.Element("error")
    etree.SubElement(content, "code").text = str(number)
    etree.SubElement(content, "message").text = ERRORS[number]
    return Response(status(number), document(content), media_type(request))


def _not_allowed(names: Mapping[str, str]) -> Response:
    return Response(405, b"", "", {"Allow": ", ".join(names)})


def _no_soap(request: Request) -> Response:
    """Say that there is no SOAP, in the version of SOAP that the client speaks."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _SOAP_12_TYPE:
        return Response(500, soap.fault("Client", _NO_SOAP), soap.CONTENT_TYPE)
    markup = (
        f'<e:Envelope xmlns:e="{_SOAP_12}"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason>'
        f'<e:Text xml:lang="en">{_NO_SOAP}</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>'
    )
    return Response(500, markup.encode(), f"{kind};charset=UTF-8")


def error_page(code: int, message: str) -> Response:
    """Return what is said outside of the service."""
    content = etree.Element("error")
    etree.SubElement(content, "message").text = message
    return Response(code, document(content), "text/xml;charset=UTF-8")
