# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FindItem: what takes place in a time, or the items of a folder page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from imp_emulator.domain.exchange import calendars, folders, throttling
from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.wire.exchange.ews.access import folder_of, results_at_most
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, listed, schema_violation
from imp_emulator.wire.exchange.ews.item_access import answer_each
from imp_emulator.wire.exchange.ews.item_shapes import ItemShape, read_shape
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, m, t
from imp_emulator.wire.exchange.ews.paging import Window, most_entries, part_of, read_window
from imp_emulator.wire.exchange.ews.restrictions import Test, read_order, read_restriction
from imp_emulator.wire.exchange.ews.values import boolean_text, read_time
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

_LONGEST_YEARS = 2
"""What a calendar view covers at most."""
_TRAVERSALS = ("Shallow", "SoftDeleted", "Associated")
_REFUSED = {
    "SeekToConditionPageItemView": "ErrorCalendarSeekToConditionNotSupported",
    "ContactsView": "ErrorInvalidOperation",
    "GroupBy": "ErrorInvalidOperation",
    "DistinguishedGroupBy": "ErrorInvalidOperation",
    "QueryString": "ErrorContentIndexingNotEnabled",
}
"""What is not emulated, with the code of its refusal."""

Order = Callable[[Sequence[CalendarItem]], list[CalendarItem]]


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, in whichever folder.

    Attributes:
        limit: How many results the account's policy allows, or ``None``.
        test: Which items are meant; ``None`` for all.
        order: What sorts them; ``None`` for the order in which they came.
    """

    context: Context
    call: Call
    shape: ItemShape
    limit: int | None
    test: Test | None
    order: Order | None

    def elements(self, mailbox: Mailbox, items: Sequence[CalendarItem]) -> Element:
        """Return the list of items that were found."""
        return t.Items(*(self.shape.element(self.context, self.call, mailbox, item) for item in items))


def _find_item(context: Context, call: Call) -> Element:
    body = call.body
    shape = read_shape(body, find=True)
    traversal = attribute(body, "Traversal")
    if traversal not in _TRAVERSALS:
        raise schema_violation(f"Traversal is one of {', '.join(_TRAVERSALS)}.", body)

    def find(element: Element) -> Iterator[Element]:
        mailbox, folder = folder_of(context, call, element)
        search = _search(context, call, shape)
        # Nothing is associated with a folder here, and nothing deleted softly is kept.
        holds = folder.name == folders.CALENDAR and traversal == "Shallow"
        view = soap.child(body, "CalendarView")
        if view is None:
            yield _paged(search, mailbox, read_window(body, "Item"), holds=holds)
            return
        if folder.name != folders.CALENDAR:
            raise EwsError("ErrorCalendarFolderIsInvalidForCalendarView")
        yield _viewed(search, mailbox, view)

    return answer_each("FindItem", listed(body, "ParentFolderIds"), find)


def _search(context: Context, call: Call, shape: ItemShape) -> _Search:
    for name, code in _REFUSED.items():
        if soap.child(call.body, name) is not None:
            raise EwsError(code, f"Looking for items with {name} is not emulated.")
    restriction, order = (soap.child(call.body, name) for name in ("Restriction", "SortOrder"))
    return _Search(
        context,
        call,
        shape,
        throttling.find_limit(context, call.caller),
        None if restriction is None else read_restriction(restriction, call.zone),
        None if order is None else read_order(order),
    )


def _viewed(search: _Search, mailbox: Mailbox, view: Element) -> Element:
    """Return what takes place in the time of a ``CalendarView``."""
    if search.test is not None or search.order is not None:
        text = "A calendar view has no restriction and no other order than its own."
        raise EwsError("ErrorInvalidOperation", text)
    start, end = (_time(view, name, search.call.zone) for name in ("StartDate", "EndDate"))
    if end < start:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate")
    if _years_later(start) < end:
        raise EwsError("ErrorCalendarViewRangeTooBig")
    wanted = most_entries(view)
    most = search.limit if wanted is None else min(wanted, search.limit or wanted)
    found = calendars.view(search.context, mailbox.id, start, end, most)
    asked = found.total if wanted is None else min(found.total, wanted)
    results_at_most(search.context, search.call, asked, paged=wanted is not None)
    return m.RootFolder(
        search.elements(mailbox, found.items),
        TotalItemsInView=str(found.total),
        IncludesLastItemInRange=boolean_text(found.whole),
    )


def _paged(search: _Search, mailbox: Mailbox, window: Window, *, holds: bool) -> Element:
    """Return a page of the items of a folder, with the series unexpanded."""
    found: list[CalendarItem] | None = None if holds else []
    if holds and (search.test is not None or search.order is not None):
        found = [
            item for item in calendars.every(search.context, mailbox.id) if search.test is None or search.test(item)
        ]
        found = found if search.order is None else search.order(found)
    total = calendars.page(search.context, mailbox.id, 0, 0).total if found is None else len(found)
    part = part_of(search.context, search.call, window, total)
    items: Sequence[CalendarItem]
    if found is None:
        items = calendars.page(search.context, mailbox.id, part.start, part.end - part.start).items
    else:
        items = found[part.start : part.end]
    return m.RootFolder(search.elements(mailbox, items), part.attributes)


def _time(element: Element, name: str, zone: str) -> datetime:
    try:
        return read_time(attribute(element, name), zone)
    except ValueError as why:
        raise schema_violation(f"{name}: {why}.", element) from None


def _years_later(time: datetime) -> datetime:
    try:
        return time.replace(year=time.year + _LONGEST_YEARS)
    except ValueError:
        # The 29th of February, or a year behind all that there are.
        return time + timedelta(days=366 * _LONGEST_YEARS) if time.year < 9990 else time.replace(year=9999)


OPERATIONS: Mapping[str, Handler] = {"FindItem": Handler(write=False, run=_find_item)}
