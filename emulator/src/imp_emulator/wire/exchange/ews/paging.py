# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of what FindItem and FindFolder find: which part a request asks for, and what is told of where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from imp_emulator.wire.exchange.ews.access import results_at_most
from imp_emulator.wire.exchange.ews.envelope import Call, attribute, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError
from imp_emulator.wire.exchange.ews.values import boolean_text, read_integer
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class Window:
    """Which of the things that were found are shown.

    Attributes:
        start: The offset of the first.
        size: How many at most; ``None`` for all.
        from_end: Whether the offset counts from the end, and the pages go backwards.
        fraction: The part of the whole that comes before the first, in place of an offset.
        paged: Whether a part was asked for at all.
    """

    start: int = 0
    size: int | None = None
    from_end: bool = False
    fraction: Fraction | None = None
    paged: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a whole that is shown.

    Attributes:
        start: The offset of the first.
        end: The offset behind the last.
        attributes: What is told of where the part stands in the whole.
    """

    start: int
    end: int
    attributes: Mapping[str, str]


def read_window(body: Element, kind: str) -> Window:
    """Return which part a request asks for.

    Args:
        body: The element of the operation.
        kind: ``Item`` or ``Folder``, which stands in the names of its views.

    Raises:
        EwsError: It asks for what cannot be.
    """
    indexed, fraction = (soap.child(body, name) for name in (f"IndexedPage{kind}View", f"FractionalPage{kind}View"))
    if indexed is not None:
        offset = _number(indexed, "Offset")
        if offset < 0:
            text = "The offset of a page must not be negative."
            raise EwsError("ErrorInvalidIndexedPagingParameters", text)
        point = attribute(indexed, "BasePoint")
        if point not in ("Beginning", "End"):
            raise schema_violation("BasePoint is Beginning or End.", indexed)
        return Window(offset, most_entries(indexed), from_end=point == "End")
    if fraction is not None:
        numerator, denominator = _number(fraction, "Numerator"), _number(fraction, "Denominator")
        if denominator < 1 or not 0 <= numerator <= denominator:
            text = "A fraction is from 0 to 1, and its denominator is greater than 0."
            raise EwsError("ErrorInvalidFractionalPagingParameters", text)
        return Window(size=most_entries(fraction), fraction=Fraction(numerator, denominator))
    return Window(paged=False)


def part_of(context: Context, call: Call, window: Window, total: int) -> Part:
    """Return the part of so many results that is shown, as much of it as the policy of the account allows.

    Raises:
        EwsError: There are more than a request of this kind may have.
    """
    first, behind_last = _bounds(window, total, window.size)
    limit = results_at_most(context, call, behind_last - first, paged=window.paged)
    start, end = _bounds(window, total, min((size for size in (window.size, limit) if size is not None), default=None))
    return Part(start, end, _attributes(window, start, end - start, total))


def _attributes(window: Window, start: int, count: int, total: int) -> Mapping[str, str]:
    last = start == 0 if window.from_end else start + count >= total
    attributes = {"TotalItemsInView": str(total), "IncludesLastItemInRange": boolean_text(last)}
    if window.fraction is not None:
        return {**attributes, "NumeratorOffset": str(start + count), "AbsoluteDenominator": str(max(total, 1))}
    following = total - start if window.from_end else start + count
    return {**attributes, "IndexedPagingOffset": str(following)} if window.paged else attributes


def _bounds(window: Window, total: int, limit: int | None) -> tuple[int, int]:
    """Return the offsets, from the beginning, of the first item shown and of that behind the last."""
    size = total if limit is None else limit
    if window.from_end:
        end = max(0, total - window.start)
        return max(0, end - size), end
    start = min(total, window.start if window.fraction is None else int(total * window.fraction))
    return start, min(total, start + size)


def most_entries(view: Element) -> int | None:
    """Return how many results a view asks for at most; ``None`` when it does not say.

    Raises:
        EwsError: It is no number that can be.
    """
    if view.get("MaxEntriesReturned") is None:
        return None
    most = _number(view, "MaxEntriesReturned")
    if most < 1:
        raise EwsError("ErrorInvalidPagingMaxRows", "MaxEntriesReturned must be greater than 0.")
    return most


def _number(element: Element, name: str) -> int:
    try:
        return read_integer(attribute(element, name))
    except ValueError as why:
        raise schema_violation(f"{name}: {why}.", element) from None
