# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operations on items share: which item is meant, one answer for each, and the codes of what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from imp_emulator.domain.exchange import calendars
from imp_emulator.domain.exchange.calendars import CalendarItem, ItemRef
from imp_emulator.errors import DomainError, InvalidValue, NotFound
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.access import check
from imp_emulator.wire.exchange.ews.envelope import Call, attribute, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, error, response, success
from imp_emulator.wire.exchange.ews.values import read_integer
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_CODES: Mapping[str, str] = {
    "calendar-item-changed": "ErrorIrresolvableConflict",
    "calendar-item-field": "ErrorInvalidPropertySet",
    "calendar-item-not-found": "ErrorItemNotFound",
    "duration-too-long": "ErrorCalendarDurationIsTooLong",
    "end-before-start": "ErrorCalendarEndDateIsEarlierThanStartDate",
    "invalid-recurrence": "ErrorCalendarInvalidRecurrence",
    "no-occurrence": "ErrorRecurrenceHasNoOccurrence",
    "occurrence-crosses": "ErrorOccurrenceCrossingBoundary",
    "occurrence-deleted": "ErrorItemNotFound",
    "occurrence-not-found": "ErrorItemNotFound",
    "time-out-of-range": "ErrorValueOutOfRange",
    "time-zone": "ErrorCalendarInvalidTimeZone",
}
"""How Exchange calls what the rules of calendars refuse."""


def translated(refused: DomainError) -> EwsError:
    """Return what a rule of calendars has refused, as this protocol says it."""
    return EwsError(_CODES.get(refused.code, "ErrorInvalidOperation"), refused.message)


def answer_each(
    name: str,
    wanted: Iterable[Element],
    carry_out: Callable[[Element], Iterable[Element]],
    nothing: Callable[[], Iterable[Element]] = tuple,
) -> Element:
    """Return the answer of an operation on several things: one response message for each, in order.

    What cannot be done fails alone; a request that breaks the schema fails as a whole.

    Args:
        name: The name of the operation.
        wanted: The elements of what is asked.
        carry_out: Does one and returns the content of its message.
        nothing: Returns the content of the message of an error, where the schema wants some.
    """
    messages = []
    for element in wanted:
        try:
            messages.append(success(name, *carry_out(element)))
        except EwsError as why:
            if why.fault:
                raise
            messages.append(error(name, why, *nothing()))
        except DomainError as refused:
            messages.append(error(name, translated(refused), *nothing()))
    return response(name, messages)


def item_of(context: Context, call: Call, element: Element) -> CalendarItem:
    """Return the item that an ``ItemId``, ``OccurrenceItemId`` or ``RecurringMasterItemId`` stands for.

    Raises:
        EwsError: There is none, the id is of another kind, or the request may not open its mailbox.
    """
    kind = soap.local_name(element)
    if kind not in _KINDS:
        raise EwsError("ErrorInvalidOperation", f"Items cannot be asked for by {kind} here.")
    return _KINDS[kind](context, call, element)


def _ref(context: Context, call: Call, text: str) -> ItemRef:
    ref = ids.parse_item_id(text)
    check(context, call, ref.mailbox)
    return ref


def _item(context: Context, call: Call, element: Element) -> CalendarItem:
    return calendars.get(context, _ref(context, call, attribute(element, "Id")))


def _occurrence(context: Context, call: Call, element: Element) -> CalendarItem:
    ref = _ref(context, call, attribute(element, "RecurringMasterId"))
    try:
        index = read_integer(attribute(element, "InstanceIndex"))
    except ValueError as why:
        raise schema_violation(f"{why}.", element) from None
    if ref.original_start is not None:
        raise EwsError("ErrorCalendarCannotUseIdForRecurringMasterId", "The id is that of an occurrence.")
    try:
        return calendars.occurrence(context, ref, index)
    except InvalidValue as refused:
        raise EwsError("ErrorCalendarCannotUseIdForRecurringMasterId", refused.message) from None
    except NotFound as refused:
        code = {
            "occurrence-deleted": "ErrorCalendarOccurrenceIsDeletedFromRecurrence",
            "occurrence-out-of-range": "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange",
        }.get(refused.code, "ErrorItemNotFound")
        raise EwsError(code, refused.message) from None


def _master(context: Context, call: Call, element: Element) -> CalendarItem:
    ref = _ref(context, call, attribute(element, "OccurrenceId"))
    if ref.original_start is None:
        raise EwsError("ErrorCalendarCannotUseIdForOccurrenceId", "The id is not that of an occurrence.")
    return calendars.master(context, ref)


_KINDS: Mapping[str, Callable[[Context, Call, Element], CalendarItem]] = {
    "ItemId": _item,
    "OccurrenceItemId": _occurrence,
    "RecurringMasterItemId": _master,
}
