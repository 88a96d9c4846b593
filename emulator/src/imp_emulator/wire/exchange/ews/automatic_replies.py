# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetUserOofSettings and SetUserOofSettings: the automatic replies of a mailbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from imp_emulator.domain.exchange import automatic_replies
from imp_emulator.domain.exchange.automatic_replies import AUDIENCES, DISABLED, SCHEDULED, STATES, AutomaticReplies
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews.access import mailbox_for
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, required, schema_violation
from imp_emulator.wire.exchange.ews.item_parts import text_element
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, bare_success, m, t
from imp_emulator.wire.exchange.ews.values import read_time, time_text
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def _get(context: Context, call: Call) -> Element:
    mailbox = _mailbox(context, call)
    replies = automatic_replies.get(context, mailbox.id)
    start, end = _shown_time(replies, context.clock.now())
    return m.GetUserOofSettingsResponse(
        bare_success(),
        t.OofSettings(
            t.OofState(replies.state),
            t.ExternalAudience(replies.external_audience),
            t.Duration(t.StartTime(time_text(start)), t.EndTime(time_text(end))),
            _reply_element("InternalReply", replies.internal_reply, replies.internal_language),
            _reply_element("ExternalReply", replies.external_reply, replies.external_language),
        ),
        m.AllowExternalOof("All"),
    )


def _reply_element(name: str, message: str, language: str) -> Element:
    reply = t(name, text_element("Message", message))
    if language:
        reply.set(_LANGUAGE, language)
    return reply


def _shown_time(replies: AutomaticReplies, now: datetime) -> tuple[datetime, datetime]:
    """Return the scheduled time, or today where none was ever given: the element is always there."""
    if replies.start is not None and replies.end is not None:
        return replies.start, replies.end
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today, today + timedelta(days=1)


def _set(context: Context, call: Call) -> Element:
    mailbox = _mailbox(context, call)
    before = automatic_replies.get(context, mailbox.id)
    replies = _read(required(call.body, "UserOofSettings"), before, call.zone)
    try:
        automatic_replies.set(context, mailbox.id, replies)
    except InvalidValue as refused:
        raise EwsError("ErrorInvalidScheduledOofDuration", refused.message) from None
    return m.SetUserOofSettingsResponse(bare_success())


def _mailbox(context: Context, call: Call) -> Mailbox:
    """Return the mailbox that is named; only the one acted for may be."""
    return mailbox_for(context, call, soap.content(soap.child(required(call.body, "Mailbox"), "Address")))


def _read(settings: Element, before: AutomaticReplies, zone: str) -> AutomaticReplies:
    state, audience = (soap.content(required(settings, name)) for name in ("OofState", "ExternalAudience"))
    for word, known in ((state, STATES), (audience, AUDIENCES)):
        if word not in known:
            raise schema_violation(f"'{word[:40]}' is none of {', '.join(known)}.", settings)
    start, end = before.start, before.end
    duration = soap.child(settings, "Duration")
    if duration is not None:
        start, end = (_time(required(duration, name), zone) for name in ("StartTime", "EndTime"))
    elif state == SCHEDULED:
        raise EwsError("ErrorInvalidScheduledOofDuration", "Scheduled automatic replies need a Duration.")
    internal, internal_language = _reply(settings, "InternalReply") or (before.internal_reply, before.internal_language)
    external, external_language = _reply(settings, "ExternalReply") or (before.external_reply, before.external_language)
    return AutomaticReplies(state, audience, start, end, internal, external, internal_language, external_language)


def _reply(settings: Element, name: str) -> tuple[str, str] | None:
    """Return a reply and its language; who switches replies off need not say again what they were."""
    reply = soap.child(settings, name)
    if reply is None:
        if soap.content(soap.child(settings, "OofState")) == DISABLED:
            return None
        raise EwsError("ErrorInvalidUserOofSettings", f"Automatic replies need an {name}.")
    message = soap.child(reply, "Message")
    return ("" if message is None else message.text or ""), reply.get(_LANGUAGE, "")


def _time(element: Element, zone: str) -> datetime:
    try:
        return read_time(element.text, zone)
    except ValueError as why:
        raise schema_violation(f"{why}.", element) from None


OPERATIONS: Mapping[str, Handler] = {
    "GetUserOofSettings": Handler(write=False, run=_get),
    "SetUserOofSettings": Handler(write=True, run=_set),
}
