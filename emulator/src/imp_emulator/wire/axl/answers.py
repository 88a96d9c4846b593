# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building answers: the elements that a type can return, filled from an object, only those that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.schema import Complex, sequence
from imp_emulator.wire.http.soap import text as escape

MAXIMUM_ANSWER = 8 * 1024 * 1024
"""AXL refuses to answer more bytes than this (facts: "Query request too large")."""

Fill = Callable[[Any], str | None]


class Tag(NamedTuple):
    """An element that can be returned.

    Attributes:
        fill: Gives its text from an object; markup that starts with ``<`` stands for the whole element, and an empty
            text or ``None`` makes an empty element. Text is escaped already.
        since: The first schema version that has it.
        until: The first schema version that has it no more.
    """

    name: str
    fill: Fill
    since: float = 0.0
    until: float = 99.0


def text(attribute: str) -> Fill:
    """Fill from a text or number."""
    get = attrgetter(attribute)

    def fill(item: object) -> str | None:
        value = get(item)
        return None if value is None else escape(str(value))

    return fill


def flag(attribute: str) -> Fill:
    """Fill with true or false."""
    get = attrgetter(attribute)
    return lambda item: "true" if get(item) else "false"


def fixed(value: str) -> Fill:
    """Fill with the same text always."""
    return lambda _item: value


def empty(_item: object) -> None:
    """Fill with nothing: the object has no such thing, or AXL never tells it."""


def tag_type(tags: Iterable[Tag]) -> Complex:
    """Make the type of ``returnedTags`` for an object: the same elements, whose own content means nothing."""
    lines = [f"{tag.name}:tag? >={tag.since:.1f} <{tag.until:.1f}" for tag in tags]
    return sequence(*lines, attributes=("uuid",))


def selected(tags: Sequence[Tag], version: str, wanted: dict[str, Any] | None) -> list[Tag]:
    """Return the tags of a schema version that a request asks for; ``None`` asks for all of them."""
    release = float(version)
    return [tag for tag in tags if tag.since <= release < tag.until and (wanted is None or tag.name in wanted)]


def render(name: str, pkid: str, tags: Sequence[Tag], item: object) -> str:
    """Return the markup of one object with its UUID attribute."""
    parts = [f'<{name} uuid="{braces(pkid)}">']
    for tag in tags:
        value = tag.fill(item)
        if not value:
            parts.append(f"<{tag.name}/>")
        elif value[0] == "<":
            parts.append(value)
        else:
            parts.append(f"<{tag.name}>{value}</{tag.name}>")
    parts.append(f"</{name}>")
    return "".join(parts)


def joined(items: Sequence[str], matched: Callable[[], int]) -> str:
    """Join the rows of an answer.

    Args:
        items: Markup, one for each row.
        matched: Counts the rows that match in all, where the items are one page of them. It is asked only when the
            answer is too large, because counting costs as much as a page.

    Raises:
        AxlFault: The answer would be larger than AXL's limit.
    """
    whole = "".join(items)
    size = len(whole) if whole.isascii() else len(whole.encode())
    if size > MAXIMUM_ANSWER:
        raise faults.too_large(matched(), MAXIMUM_ANSWER * len(items) // size)
    return whole


def braces(pkid: str) -> str:
    """Write a UUID as AXL does: upper case, in braces."""
    return f"{{{pkid.upper()}}}"
