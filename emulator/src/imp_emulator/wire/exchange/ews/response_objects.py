# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of CreateItem that answer to others: an invitation is accepted or declined, a meeting is cancelled."""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.domain.exchange import calendars, meetings
from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.domain.exchange.meetings import Recipients
from imp_emulator.errors import InvalidValue
from imp_emulator.wire.exchange.ews.access import mailbox_for
from imp_emulator.wire.exchange.ews.envelope import Call, attribute, schema_violation
from imp_emulator.wire.exchange.ews.item_access import item_of
from imp_emulator.wire.exchange.ews.item_shapes import ID_ONLY
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, m, t
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_CANCEL = "CancelCalendarItem"
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "AcceptItem": ("Accept", "Accept"),
    "TentativelyAcceptItem": ("Tentative", "Tentative"),
    "DeclineItem": ("Decline", "Decline"),
}
"""What they answer, and the end of the codes of their refusals."""
RESPONSE_OBJECTS = (*_ANSWERS, _CANCEL)
_REFUSED = ("ProposedStart", "ProposedEnd")
"""What a response must not say. All else is of the mail that it would be, and there is no mail."""
_DISPOSITIONS = ("SaveOnly", "SendOnly", "SendAndSaveCopy")


def respond(context: Context, call: Call, element: Element) -> Element:
    """Carry out one of :data:`RESPONSE_OBJECTS` and return the list with the item's id, also of one that is gone then.

    Raises:
        EwsError: It is not as the schema wants it, or cannot be done to that item.
        NotFound: There is no such item.
    """
    disposition = call.body.get("MessageDisposition")
    if disposition is None:
        raise EwsError("ErrorMessageDispositionRequired", "A response needs the attribute MessageDisposition.")
    if disposition not in _DISPOSITIONS:
        raise schema_violation(f"MessageDisposition is one of {', '.join(_DISPOSITIONS)}.", call.body)
    reference = soap.child(element, "ReferenceItemId")
    if reference is None:
        raise EwsError("ErrorMissingInformationReferenceItemId", "A response needs a ReferenceItemId.")
    for child in element:
        if soap.local_name(child) in _REFUSED:
            raise EwsError("ErrorInvalidOperation", "A response that proposes another time is not emulated.")
    item = item_of(context, call, t.ItemId(Id=attribute(reference, "Id")))
    name = soap.local_name(element)
    if name == _CANCEL:
        if not meetings.is_organizer(item):
            raise EwsError("ErrorCalendarIsNotOrganizer", "Only the organizer cancels a meeting.")
        meetings.cancel(context, item, Recipients.ALL)
        calendars.delete(context, item.ref)
        return _told(context, call, item)
    response, ending = _ANSWERS[name]
    try:
        left = meetings.respond(context, item, response, tell=disposition != "SaveOnly")
    except InvalidValue as refused:
        kind = "IsOrganizer" if refused.code == "is-organizer" else "IsCancelled"
        raise EwsError(f"ErrorCalendar{kind}For{ending}", refused.message) from None
    return _told(context, call, left or item)


def _told(context: Context, call: Call, item: CalendarItem) -> Element:
    return m.Items(ID_ONLY.element(context, call, mailbox_for(context, call), item))
