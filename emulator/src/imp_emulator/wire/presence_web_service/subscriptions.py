# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of applications, and subscriptions of end users that are told there."""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.domain.imp import web_service
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.http import soap
from imp_emulator.wire.presence_web_service import bodies, documents
from imp_emulator.wire.presence_web_service.calls import Call, Handler, encoded
from imp_emulator.wire.presence_web_service.errors import WebServiceError


def _register(call: Call) -> Response:
    session = call.application()
    body = bodies.root(call.request.body, "endpoint")
    url = soap.content(soap.child(body, "url"))
    seconds = bodies.needed_expiry(call.request.headers, body)
    return _endpoint(call, web_service.register(call.context, session, call.request.node, url, seconds))


def _renew_endpoint(call: Call) -> Response:
    session = call.application()
    body = bodies.root(call.request.body, "endpoint") if call.request.body.strip() else None
    if body is not None and soap.content(soap.child(body, "url")):
        raise WebServiceError(123)
    seconds = bodies.needed_expiry(call.request.headers, body)
    number = _number(call, 132)
    web_service.renew_endpoint(call.context, session, call.request.node, number, seconds)
    return _endpoint(call, number)


def _unregister(call: Call) -> Response:
    session = call.application()
    web_service.unregister(call.context, session, call.request.node, _number(call, 132))
    return call.answer(200)


def _subscribe(call: Call) -> Response:
    session = call.end_user()
    body = bodies.root(call.request.body, "subscription")
    bodies.check_type(body, needed=True)
    contacts = bodies.contacts(body)
    if contacts is None:
        raise WebServiceError(146)
    endpoint = bodies.endpoint(body)
    if endpoint is None:
        raise WebServiceError(132)
    seconds = bodies.needed_expiry(call.request.headers, body)
    number = web_service.subscribe(call.context, session, call.request.node, contacts, endpoint, seconds)
    return _subscription(call, number)


def _extend(call: Call) -> Response:
    session = call.end_user()
    body = bodies.root(call.request.body, "subscription") if call.request.body.strip() else None
    contacts, endpoint = None, None
    if body is not None:
        bodies.check_type(body, needed=False)
        contacts, endpoint = bodies.contacts(body), bodies.endpoint(body)
    seconds = bodies.expiry(call.request.headers, body)
    if contacts is None and seconds is None:
        raise WebServiceError(145)
    if contacts is not None and not contacts:
        raise WebServiceError(135)
    number = _number(call, 133)
    node = call.request.node
    web_service.extend(call.context, session, node, number, contacts or (), seconds or 0, endpoint)
    return _subscription(call, number)


def _unsubscribe(call: Call) -> Response:
    session = call.end_user()
    contacts = None
    if call.request.body.strip():
        contacts = bodies.contacts(bodies.root(call.request.body, "subscription"))
        if contacts is None:
            raise WebServiceError(146)
    web_service.unsubscribe(call.context, session, call.request.node, _number(call, 133), contacts)
    return call.answer(200)


def _changes(call: Call, *, rich: bool) -> Response:
    session = call.end_user()
    changed = web_service.changes(call.context, session, call.request.node, _number(call, 133))
    shown = documents.rich if rich else documents.basic
    return call.answer(200, documents.listed([shown(contact) for contact in changed]))


def _number(call: Call, error: int) -> int:
    found = bodies.number(call.parts["id"])
    if found is None:
        raise WebServiceError(error)
    return found


def _endpoint(call: Call, number: int) -> Response:
    return call.answer(201, location=call.url(f"/endpoints/{number}"))


def _subscription(call: Call, number: int) -> Response:
    return call.answer(201, location=call.url(f"/users/{encoded(call.parts['user'])}/subscriptions/{number}"))


OPERATIONS: Mapping[str, Handler] = {
    "registerEndpoint": Handler(True, _register),
    "updateEndpoint": Handler(True, _renew_endpoint),
    "unregisterEndpoint": Handler(True, _unregister),
    "subscribe": Handler(True, _subscribe),
    "updateSubscription": Handler(True, _extend),
    "unsubscribe": Handler(True, _unsubscribe),
    "getBasicSubscribedPresence": Handler(True, lambda call: _changes(call, rich=False)),
    "getRichSubscribedPresence": Handler(True, lambda call: _changes(call, rich=True)),
}
"""What can be done, by this project's names."""
