# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a mailbox: automatic replies, time zone and language (resource type mailboxSettings)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imp_emulator.domain.exchange import automatic_replies, mailboxes, time_zones
from imp_emulator.domain.exchange.automatic_replies import AutomaticReplies
from imp_emulator.domain.exchange.availability import WORKING_DAYS, WORKING_MINUTES
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.exchange.online.graph_call import Call, GraphError, answer, mailbox_of, zone
from imp_emulator.wire.exchange.online.graph_times import read_wall, wall
from imp_emulator.world.context import Context

_STATES = {"Disabled": "disabled", "Enabled": "alwaysEnabled", "Scheduled": "scheduled"}
_AUDIENCES = {"None": "none", "Known": "contactsOnly", "All": "all"}
_FIXED = {
    "dateFormat": "yyyy-MM-dd",
    "timeFormat": "HH:mm",
    "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
    "userPurpose": {"value": "user"},
}
"""What every mailbox has and nobody can change here."""
_NEVER = "0001-01-01T00:00:00.0000000"
"""How a time is written that was never set."""


def read(context: Context, call: Call) -> Response:
    """Return the settings, or one of them."""
    mailbox = mailbox_of(context, call)
    return _answer(call, _settings(context, mailbox, call))


def change(context: Context, call: Call) -> Response:
    """Change settings; what is not said stays."""
    mailbox = mailbox_of(context, call)
    if "setting" in call.path:
        raise GraphError(405, "BadRequest", "Settings are changed all together, at mailboxSettings itself.")
    content = call.content()
    for name in content:
        if name not in _CHANGES:
            raise GraphError(400, "ErrorInvalidRequest", f"The setting '{name}' cannot be changed here.")
    try:
        for name, value in content.items():
            _CHANGES[name](context, mailbox, value)
    except InvalidValue as error:
        code = "ErrorInvalidScheduledOofDuration" if error.code == "invalid-duration" else "ErrorInvalidRequest"
        raise GraphError(400, code, error.message) from None
    return _answer(call, _settings(context, mailboxes.get(context, mailbox.id), call))


def _answer(call: Call, settings: dict[str, Any]) -> Response:
    name = call.path.get("setting")
    place = call.metadata(f"{call.user_path()}/mailboxSettings")
    if name is None:
        return answer(
            call, {"@odata.context": place} | call.query.projected(settings, "microsoft.graph.mailboxSettings")
        )
    known = {one.lower(): one for one in settings}
    if name.lower() not in known:
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{name}'.")
    value = settings[known[name.lower()]]
    return answer(
        call, {"@odata.context": f"{place}/{name}"} | (value if isinstance(value, dict) else {"value": value})
    )


def _settings(context: Context, mailbox: Mailbox, call: Call) -> dict[str, Any]:
    return {
        "automaticRepliesSetting": _replies(automatic_replies.get(context, mailbox.id), call),
        "timeZone": time_zones.windows(mailbox.time_zone),
        "language": {"locale": mailbox.language, "displayName": mailbox.language},
        "workingHours": working_hours(mailbox),
        **_FIXED,
    }


def working_hours(mailbox: Mailbox) -> dict[str, Any]:
    """Return the working hours that every mailbox has, in its time zone."""
    start, end = (f"{minutes // 60:02d}:{minutes % 60:02d}:00.0000000" for minutes in WORKING_MINUTES)
    return {
        "daysOfWeek": [day.lower() for day in WORKING_DAYS],
        "startTime": start,
        "endTime": end,
        "timeZone": {"name": time_zones.windows(mailbox.time_zone)},
    }


def _replies(replies: AutomaticReplies, call: Call) -> dict[str, Any]:
    return {
        "status": _STATES[replies.state],
        "externalAudience": _AUDIENCES[replies.external_audience],
        "internalReplyMessage": replies.internal_reply,
        "externalReplyMessage": replies.external_reply,
        "scheduledStartDateTime": _scheduled(replies.start, call),
        "scheduledEndDateTime": _scheduled(replies.end, call),
    }


def _scheduled(moment: datetime | None, call: Call) -> dict[str, str]:
    if moment is None:
        return {"dateTime": _NEVER, "timeZone": call.zone_name}
    return wall(moment, call.zone, call.zone_name)


def _change_replies(context: Context, mailbox: Mailbox, value: Any) -> None:
    if not isinstance(value, dict):
        raise GraphError(400, "ErrorInvalidRequest", "automaticRepliesSetting must be an object.")
    changed: dict[str, Any] = {}
    for name, one in value.items():
        if name.startswith("@odata."):
            continue
        if name not in _REPLY_FIELDS:
            text = f"The property '{name}' does not exist on type 'microsoft.graph.automaticRepliesSetting'."
            raise GraphError(400, "RequestBodyRead", text)
        field, known = _REPLY_FIELDS[name]
        changed[field] = _time(name, one) if known is None else _known(name, one, known)
    replies = dataclasses.replace(automatic_replies.get(context, mailbox.id), **changed)
    automatic_replies.set(context, mailbox.id, replies)


def _time(name: str, value: Any) -> datetime | None:
    """Return a scheduled time; one that was never set comes back as it was shown."""
    if isinstance(value, dict) and value.get("dateTime") == _NEVER:
        return None
    return read_wall(value, name)[0]


def _known(name: str, value: Any, known: Mapping[str, str]) -> str:
    if not known:
        text = "" if value is None else value
        if not isinstance(text, str):
            raise GraphError(400, "ErrorInvalidRequest", f"The property '{name}' must be text.")
        return text
    words = {shown.lower(): kept for kept, shown in known.items()}
    if str(value).lower() not in words:
        text = f"The property '{name}' must be one of {', '.join(known.values())}."
        raise GraphError(400, "ErrorInvalidRequest", text)
    return words[str(value).lower()]


def _change_zone(context: Context, mailbox: Mailbox, value: Any) -> None:
    mailboxes.change(context, mailbox, time_zone=zone(str(value)))


def _change_language(context: Context, mailbox: Mailbox, value: Any) -> None:
    locale = value.get("locale") if isinstance(value, dict) else None
    if not isinstance(locale, str):
        raise GraphError(400, "ErrorInvalidRequest", "language must have a locale.")
    mailboxes.change(context, mailbox, language=locale)


_REPLY_FIELDS: Mapping[str, tuple[str, Mapping[str, str] | None]] = {
    "status": ("state", _STATES),
    "externalAudience": ("external_audience", _AUDIENCES),
    "internalReplyMessage": ("internal_reply", {}),
    "externalReplyMessage": ("external_reply", {}),
    "scheduledStartDateTime": ("start", None),
    "scheduledEndDateTime": ("end", None),
}
"""The field of the domain, and its words: none for a text, ``None`` for a time."""
_CHANGES = {
    "automaticRepliesSetting": _change_replies,
    "timeZone": _change_zone,
    "language": _change_language,
}
