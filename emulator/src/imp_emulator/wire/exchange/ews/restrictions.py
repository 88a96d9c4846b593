# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restrictions and orders of FindItem: which items are meant, and in what order.

What a property cannot be compared by is refused, so that no answer is ever unfiltered when a filter was asked for. The
words of the codes are in Microsoft's list of response codes; that texts are compared without regard to letter case,
but for ``Contains`` with ``Exact``, is assumed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.wire.exchange.ews import item_parts
from imp_emulator.wire.exchange.ews.envelope import schema_violation
from imp_emulator.wire.exchange.ews.item_properties import BY_PATH, REMINDER_MINUTES
from imp_emulator.wire.exchange.ews.messages import Element, EwsError
from imp_emulator.wire.exchange.ews.values import read_boolean, read_integer, read_time
from imp_emulator.wire.http import soap

Test = Callable[[CalendarItem], bool]
_Value = Callable[[CalendarItem], Any]
_MOST_NODES = 255
_SEVERAL = ("And", "Or")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": operator.eq,
    "IsNotEqualTo": operator.ne,
    "IsGreaterThan": operator.gt,
    "IsGreaterThanOrEqualTo": operator.ge,
    "IsLessThan": operator.lt,
    "IsLessThanOrEqualTo": operator.le,
}
_EXPRESSIONS = frozenset((*_SEVERAL, "Not", "Contains", "Exists", *_COMPARISONS))
_CASE_COUNTS = ("Exact", "IgnoreNonSpacingCharacters")
_MODES: dict[str, Callable[[str, str], bool]] = {
    "FullString": operator.eq,
    "Prefixed": str.startswith,
    "Substring": operator.contains,
    "ExactPhrase": operator.contains,
    "PrefixOnWords": lambda text, part: re.search(rf"(?<!\w){re.escape(part)}", text) is not None,
}
_TIMES = frozenset(
    f"item:{name}"
    for name in ("DateTimeReceived", "DateTimeSent", "DateTimeCreated", "LastModifiedTime", "ReminderNextTime")
) | frozenset(f"calendar:{name}" for name in ("Start", "End", "DateTimeStamp", "RecurrenceId", "OriginalStart"))
_FLAGS = frozenset(
    path for path in BY_PATH if path.partition(":")[2].startswith(("Is", "HasAttachments", "ReminderIsSet"))
)
_NUMBERS = frozenset({f"item:{REMINDER_MINUTES}"})


def read_restriction(restriction: Element, zone: str) -> Test:
    """Return the test of a ``Restriction``.

    Args:
        restriction: The element.
        zone: The IANA name of the zone of times without one.

    Raises:
        EwsError: It is not as the schema wants it, too long, or compares what cannot be compared.
    """
    if sum(1 for element in restriction.iter() if soap.local_name(element) in _EXPRESSIONS) > _MOST_NODES:
        raise EwsError("ErrorRestrictionTooLong", f"A restriction has {_MOST_NODES} expressions at most.")
    if len(restriction) != 1:
        raise schema_violation("A Restriction holds one expression.", restriction)
    return _test(restriction[0], zone)


def _test(element: Element, zone: str) -> Test:
    name = soap.local_name(element)
    if name in _EXPRESSIONS and len(element) == 0:
        raise schema_violation(f"The expression '{name}' is empty.", element)
    if name in _SEVERAL:
        tests = [_test(child, zone) for child in element]
        combine = all if name == "And" else any
        return lambda item: combine(test(item) for test in tests)
    if name == "Not" and len(element) == 1:
        inner = _test(element[0], zone)
        return lambda item: not inner(item)
    if name in _COMPARISONS:
        return _comparison(element, _COMPARISONS[name], zone)
    if name == "Contains":
        return _contains(element)
    if name == "Exists":
        value = _value(element[0])
        return lambda item: value(item) not in (None, "", ())
    raise EwsError("ErrorUnsupportedQueryFilter", f"The expression '{name}' is not emulated.")


def _comparison(element: Element, compare: Callable[[Any, Any], bool], zone: str) -> Test:
    value = _value(element[0])
    holder = soap.child(element, "FieldURIOrConstant")
    if holder is None or len(holder) != 1:
        raise schema_violation("A comparison names a property and a FieldURIOrConstant.", element)
    other: _Value
    if soap.local_name(holder[0]) == "Constant":
        constant = _constant(element[0], holder[0].get("Value", ""), zone)
        other = lambda _: constant  # noqa: E731 - the counterpart of the property that else stands here
    else:
        other = _value(holder[0])

    def test(item: CalendarItem) -> bool:
        left, right = _folded(value(item)), _folded(other(item))
        if isinstance(left, tuple):
            # Of a list each member is compared, and one that fits is enough.
            return any(_kind(member) == _kind(right) and compare(_folded(member), right) for member in left)
        if _kind(left) != _kind(right):
            # One of them is missing, or they are of different kinds: then they are unlike, and none is the greater.
            return compare is operator.ne
        return left is not None and compare(left, right)

    return test


def _kind(value: Any) -> str:
    """Return of what kind a value is; ``""``, which comes first, for one that is missing."""
    return "" if value is None else type(value).__name__


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _constant(path: Element, text: str, zone: str) -> Any:
    """Return a constant as what the property is that it is compared with."""
    name = path.get("FieldURI", "")
    extended = path.get("PropertyType", "")
    try:
        if name in _TIMES or extended == "SystemTime":
            return read_time(text, zone)
        if name in _FLAGS or extended == "Boolean":
            return read_boolean(text)
        if name in _NUMBERS or extended in ("Integer", "Short", "Long"):
            return read_integer(text)
    except ValueError as error:
        raise EwsError("ErrorInvalidValueForProperty", f"{name or 'The property'}: {error}.") from None
    return text


def _contains(element: Element) -> Test:
    value = _value(element[0])
    constant = soap.child(element, "Constant")
    mode = _MODES.get(element.get("ContainmentMode", "FullString"))
    if constant is None or mode is None:
        raise schema_violation("A Contains has a Constant and a known ContainmentMode.", element)
    fold: Callable[[str], str] = str if element.get("ContainmentComparison", "Exact") in _CASE_COUNTS else str.casefold
    part = fold(constant.get("Value", ""))

    def test(item: CalendarItem) -> bool:
        found = value(item)
        if found is None:
            return False
        if not isinstance(found, str | tuple):
            raise EwsError("ErrorContainsFilterWrongType", "Contains looks into texts only.")
        texts = (found,) if isinstance(found, str) else found
        return any(mode(fold(text), part) for text in texts)

    return test


def _value(path: Element, code: str = "ErrorUnsupportedPathForQuery") -> _Value:
    """Return what reads a property of an item for comparing it."""
    if soap.local_name(path) == "ExtendedFieldURI":
        return _extended(path)
    known = BY_PATH.get(path.get("FieldURI", ""))
    if known is None or known.value is None:
        raise EwsError(code, f"The property {path.get('FieldURI', '')!r} cannot be used to find or order items.")
    return known.value


def _extended(path: Element) -> _Value:
    try:
        key = item_parts.extended_key(path)
    except ValueError as error:
        raise schema_violation(f"{error}.", path) from None

    def value(item: CalendarItem) -> Any:
        element = item_parts.extended_back(item.others.get(key, ""))
        if element is None:
            return None
        content = element[1]
        if soap.local_name(content) == "Values":
            return tuple(child.text or "" for child in content)
        try:
            return _constant(path, content.text or "", "UTC")
        except EwsError:
            return content.text

    return value


def read_order(order: Element) -> Callable[[Sequence[CalendarItem]], list[CalendarItem]]:
    """Return what sorts items as a ``SortOrder`` says; those without the property come first.

    Raises:
        EwsError: It is not as the schema wants it, or names a property that cannot be ordered by.
    """
    fields: list[tuple[_Value, int]] = []
    for field in order:
        direction = field.get("Order", "")
        if direction not in ("Ascending", "Descending") or len(field) != 1:
            raise schema_violation("A FieldOrder has one property and is Ascending or Descending.", field)
        value = _value(field[0], "ErrorUnsupportedPathForSortGroup")
        fields.append((value, 1 if direction == "Ascending" else -1))

    def compare(one: CalendarItem, other: CalendarItem) -> int:
        for value, sign in fields:
            left, right = _sortable(value(one)), _sortable(value(other))
            if left != right:
                return sign if left > right else -sign
        return 0

    return lambda items: sorted(items, key=cmp_to_key(compare))


def _sortable(value: Any) -> tuple[str, Any]:
    """Return what a value is ordered by: its kind first, as one of a client's own properties may be of any."""
    return _kind(value), "" if value is None else _folded(value)
