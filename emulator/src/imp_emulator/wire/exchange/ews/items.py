# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GetItem, CreateItem, UpdateItem and DeleteItem, for the items of calendars."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from imp_emulator.domain.exchange import calendars, folders, meetings, occurrence_order
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.domain.exchange.meetings import Recipients
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.access import folder_of, mailbox_for
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, listed, schema_violation
from imp_emulator.wire.exchange.ews.item_access import answer_each, item_of
from imp_emulator.wire.exchange.ews.item_changes import REQUEST_SENT, read_draft, read_updates
from imp_emulator.wire.exchange.ews.item_shapes import ID_ONLY, read_shape
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, m, t
from imp_emulator.wire.exchange.ews.response_objects import RESPONSE_OBJECTS, respond
from imp_emulator.wire.exchange.ews.versions import Version
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_DELETE_TYPES = ("HardDelete", "SoftDelete", "MoveToDeletedItems")
_NEVER_OVERWRITE = "NeverOverwrite"
_CONFLICT_RESOLUTIONS = (_NEVER_OVERWRITE, "AutoResolve", "AlwaysOverwrite")
_SEND: Mapping[str, Recipients] = {
    "SendToNone": Recipients.NONE,
    "SendOnlyToAll": Recipients.ALL,
    "SendToAllAndSaveCopy": Recipients.ALL,
    "SendOnlyToChanged": Recipients.CHANGED,
    "SendToChangedAndSaveCopy": Recipients.CHANGED,
}
"""Whom the attributes for invitations and cancellations mean; CreateItem and DeleteItem have the first three."""


def _no_items() -> tuple[Element, ...]:
    return (m.Items(),)


def _get_item(context: Context, call: Call) -> Element:
    shape = read_shape(call.body, find=False)

    def get(element: Element) -> Iterator[Element]:
        item = item_of(context, call, element)
        yield m.Items(shape.element(context, call, mailbox_for(context, call), item))

    return answer_each("GetItem", listed(call.body, "ItemIds"), get, _no_items)


def _create_item(context: Context, call: Call) -> Element:
    def create(element: Element) -> Iterator[Element]:
        name = soap.local_name(element)
        if name in RESPONSE_OBJECTS:
            yield respond(context, call, element)
            return
        mailbox = _calendar(context, call)
        if name != "CalendarItem":
            raise EwsError("ErrorInvalidOperation", f"Only calendar items can be made here, and no {name}.")
        recipients = _recipients(call.body, "SendMeetingInvitations", "ErrorSendMeetingInvitationsRequired", 3)
        draft = meetings.organized(mailbox, read_draft(element, call.zone))
        if draft.attendees and recipients is not Recipients.NONE:
            draft = dataclasses.replace(draft, others={**draft.others, **REQUEST_SENT})
        item = calendars.create(context, mailbox.id, draft)
        meetings.invite(context, item, recipients)
        yield m.Items(ID_ONLY.element(context, call, mailbox, item))

    return answer_each("CreateItem", listed(call.body, "Items"), create, _no_items)


def _calendar(context: Context, call: Call) -> Mailbox:
    """Return the mailbox in whose calendar new items are to be saved."""
    target = soap.child(call.body, "SavedItemFolderId")
    if target is None:
        return mailbox_for(context, call)
    if len(target) != 1:
        raise schema_violation("A SavedItemFolderId holds one folder's id.", target)
    mailbox, folder = folder_of(context, call, target[0])
    if folder.name != folders.CALENDAR:
        text = f"The folder {folder.name} holds no calendar items."
        raise EwsError("ErrorCannotCreateCalendarItemInNonCalendarFolder", text)
    return mailbox


def _update_item(context: Context, call: Call) -> Element:
    resolution = attribute(call.body, "ConflictResolution")
    if resolution not in _CONFLICT_RESOLUTIONS:
        raise schema_violation(f"ConflictResolution is one of {', '.join(_CONFLICT_RESOLUTIONS)}.", call.body)
    attribute_name = "SendMeetingInvitationsOrCancellations"
    recipients = _recipients(call.body, attribute_name, "ErrorSendMeetingInvitationsOrCancellationsRequired", 5)

    def update(change: Element) -> Iterator[Element]:
        if len(change) != 2:
            raise schema_violation("An ItemChange has an id and Updates.", change)
        before = item_of(context, call, change[0])
        mailbox = mailbox_for(context, call)
        key = change[0].get("ChangeKey")
        if not key:
            raise EwsError("ErrorChangeKeyRequiredForWriteOperations")
        read = ids.parse_change_key(key)
        values = {
            name: value
            for name, value in read_updates(change[1], call.zone, before).items()
            # Clients send these with an occurrence although only its series has them.
            if name not in ("uid", "recurrence") or value != getattr(before, name)
        }
        times = (values.get(name, getattr(before, name)) for name in ("start", "end"))
        occurrence_order.check(context, before, *times)
        expected = read if resolution == _NEVER_OVERWRITE else None
        if recipients is not Recipients.NONE and values.get("attendees", before.attendees):
            values["others"] = {**values.get("others", before.others), **REQUEST_SENT}
        if values.get("attendees") and before.organizer is None:
            values.update(organizer=meetings.organizer_of(mailbox), response="Organizer")
        item = calendars.update(context, before.ref, values, expected) if values else before
        meetings.tell_changes(context, before, item, recipients)
        yield m.Items(ID_ONLY.element(context, call, mailbox, item))
        if call.version >= Version.EXCHANGE2007_SP1:
            yield m.ConflictResults(t.Count("0" if read == before.change else str(len(values))))

    return answer_each("UpdateItem", listed(call.body, "ItemChanges"), update, _no_items)


def _delete_item(context: Context, call: Call) -> Element:
    kind = attribute(call.body, "DeleteType")
    if kind not in _DELETE_TYPES:
        raise schema_violation(f"DeleteType is one of {', '.join(_DELETE_TYPES)}.", call.body)
    recipients = _recipients(call.body, "SendMeetingCancellations", "ErrorSendMeetingCancellationsRequired", 3)

    def delete(element: Element) -> tuple[Element, ...]:
        item = item_of(context, call, element)
        meetings.cancel(context, item, recipients)
        calendars.delete(context, item.ref)
        return ()

    return answer_each("DeleteItem", listed(call.body, "ItemIds"), delete)


def _recipients(body: Element, name: str, code: str, number: int) -> Recipients:
    """Return whom an attribute for invitations or cancellations means, of the first ``number`` words that there are."""
    word = body.get(name)
    if word is None:
        raise EwsError(code, f"Calendar items need the attribute {name}.")
    words = tuple(_SEND)[:number]
    if word not in words:
        raise schema_violation(f"{name} is one of {', '.join(words)}.", body)
    return _SEND[word]


OPERATIONS: Mapping[str, Handler] = {
    "GetItem": Handler(write=False, run=_get_item),
    "CreateItem": Handler(write=True, run=_create_item),
    "UpdateItem": Handler(write=True, run=_update_item),
    "DeleteItem": Handler(write=True, run=_delete_item),
}
