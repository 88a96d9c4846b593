# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OData options of a URL: which entities, in which order, which page of them, which properties."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from imp_emulator.wire.exchange.online.graph_filter import Filter, FilterError, parse, value_at

_KNOWN = ("$filter", "$orderby", "$select", "$skip", "$top", "$count")
Entity = dict[str, Any]


class QueryError(Exception):
    """An option is not understood; ``code`` is the error's code and the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Query:
    """The options, decoded.

    Attributes:
        top: How many entities a page has.
        limit: How many it may have.
        select: The properties wanted; empty for all.
        order: Paths and whether each is descending, the first first.
        filter: Which entities; ``None`` for all.
        skip: How many are left out before the page.
        count: Whether the answer tells how many there are on all pages.
        others: What else the URL holds, repeated in the link to the next page.
    """

    top: int
    limit: int
    select: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]
    filter: Filter | None
    skip: int
    count: bool
    others: Mapping[str, str]

    def prefer_page_size(self, size: int) -> None:
        """Make pages of another size, as far as that is allowed, unless the URL says one."""
        if "$top" not in self.others:
            self.top = min(size, self.limit)

    def chosen(self, entities: Iterable[Entity]) -> list[Entity]:
        """Return the entities of the filter, in the wanted order.

        Raises:
            QueryError: A path is none of the entities', or its values have no order.
        """
        try:
            found = [one for one in entities if self.filter is None or self.filter(one)]
            for path, descending in reversed(self.order):
                found.sort(key=lambda one, path=path: _sortable(value_at(one, path)), reverse=descending)  # type: ignore[misc]
        except FilterError as error:
            raise QueryError("BadRequest", str(error)) from None
        return found

    def page(self, entities: Sequence[Entity]) -> list[Entity]:
        """Return the wanted page of entities."""
        return list(entities[self.skip : self.skip + self.top])

    def next_link(self, url: str, total: int) -> str | None:
        """Return the URL of the next page, ``None`` when this one is the last."""
        if self.skip + self.top >= total:
            return None
        return link(url, {**self.others, "$top": str(self.top), "$skip": str(self.skip + self.top)})

    def projected(self, entity: Entity, kind: str, hidden: Collection[str] = ()) -> Entity:
        """Return the wanted properties of an entity, with its identifier and what OData says of it.

        Args:
            entity: The entity.
            kind: The name of its type.
            hidden: Properties that it has and that are not shown.

        Raises:
            QueryError: There is no such property.
        """
        if not self.select:
            return entity
        for name in self.select:
            if name not in entity and name not in hidden:
                text = f"Parsing OData Select failed: Could not find a property named '{name}' on type '{kind}'."
                raise QueryError("RequestBroker--ParseUri", text)
        wanted = {"id", *self.select}
        return {name: value for name, value in entity.items() if name in wanted or name.startswith("@odata.")}


def read(options: Mapping[str, str], *, top: int, limit: int, own: str = "") -> Query:
    """Decode the options of a URL.

    Args:
        options: The parameters of the URL.
        top: How many entities a page has unless the URL says so.
        limit: How many it may have.
        own: An option that the call reads itself.

    Raises:
        QueryError: One is not understood.
    """
    for name in options:
        if name.startswith("$") and name not in (*_KNOWN, own):
            raise QueryError("BadRequest", f"The query option '{name}' is not supported here.")
    try:
        condition = parse(options["$filter"]) if "$filter" in options else None
    except FilterError as error:
        raise QueryError("BadRequest", f"Invalid filter clause: {error}") from None
    return Query(
        top=_number(options, "$top", 1, limit, top),
        limit=limit,
        select=tuple(filter(None, (name.strip() for name in options.get("$select", "").split(",")))),
        order=tuple(_order(options["$orderby"])) if "$orderby" in options else (),
        filter=condition,
        skip=_number(options, "$skip", 0, 2**31 - 1, 0),
        count=options.get("$count", "").lower() == "true",
        others=dict(options),
    )


def link(url: str, options: Mapping[str, str]) -> str:
    """Return a URL with its options, in which ``$`` stays as Microsoft Graph writes it."""
    return f"{url}?{urlencode(options, quote_via=quote, safe='$:')}"


def whole_number(text: str) -> int | None:
    """Return the number that a client has written in digits; ``None`` when it is none, or has more than 15 of them."""
    # More digits than that mean nothing here, and Python and SQLite refuse very many with errors of their own.
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else None


def _number(options: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
    if name not in options:
        return default
    found = whole_number(options[name])
    if found is None or not low <= found <= high:
        rule = f"The value '{options[name][:40]}' of {name} must be a whole number between {low} and {high}."
        raise QueryError("ErrorInvalidUrlQuery", rule)
    return found


def _order(text: str) -> Iterable[tuple[str, bool]]:
    for part in text.split(","):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise QueryError("BadRequest", f"Syntax error in the $orderby expression '{text}'.")
        yield words[0], len(words) == 2 and words[1].lower() == "desc"


def _sortable(value: Any) -> tuple[bool, str]:
    """Return a key that sorts whatever JSON holds; nothing comes first, letter case does not count."""
    if isinstance(value, bool | int | float):
        return True, f"{float(value):030.6f}"
    return value is not None, value.lower() if isinstance(value, str) else json.dumps(value)
