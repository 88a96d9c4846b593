# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence set by an end user, and asked for."""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.domain.imp import web_service
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.presence_web_service import bodies, documents
from imp_emulator.wire.presence_web_service.calls import Call, Handler


def _set(call: Call, *, rich: bool) -> Response:
    session = call.end_user()
    body = bodies.root(call.request.body, "presence")
    override = bodies.override(call.request.headers)
    seconds = web_service.check_expiry(bodies.needed_expiry(call.request.headers))
    until = call.context.clock.timestamp() + seconds
    made = documents.rich_manual if rich else documents.basic_manual
    web_service.set_presence(call.context, session, call.request.node, made(body, override, until))
    return call.answer(200)


def _get(call: Call, *, rich: bool) -> Response:
    session = call.end_user()
    uri = web_service.check_contact(call.parts["contact"])
    contact = web_service.poll(call.context, session.cluster, uri)
    return call.answer(200, documents.rich(contact) if rich else documents.basic(contact))


OPERATIONS: Mapping[str, Handler] = {
    "setBasicPresence": Handler(True, lambda call: _set(call, rich=False)),
    "setRichPresence": Handler(True, lambda call: _set(call, rich=True)),
    "getBasicPresence": Handler(False, lambda call: _get(call, rich=False)),
    "getRichPresence": Handler(False, lambda call: _get(call, rich=True)),
}
"""What can be done, by this project's names."""
