# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of OData's ``$filter`` that clients of calendars use (OData 4.01, part 2, 5.1.1).

Comparisons of a path with a literal, ``startswith``, ``endswith`` and ``contains``, combined with ``and``, ``or``,
``not`` and parentheses. Texts are compared without regard to letter case, as Exchange does; times by what they mean.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

Filter = Callable[[dict[str, Any]], bool]
"""Tells whether an entity is wanted; raises :class:`FilterError` for a path that it does not have."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_/]*)|(?P<mark>[(),]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
_WORDS = {"true": True, "false": False, "null": None}


_MOST_TOKENS = 200
"""More would nest deeper than Python follows; Microsoft Graph has a limit, too, of which it tells no number."""


class FilterError(Exception):
    """The text is no filter that is understood, or names a property that the entity has not."""


def parse(text: str) -> Filter:
    """Return the condition that a text stands for.

    Raises:
        FilterError: It stands for none.
    """
    parser = _Parser(text)
    found = parser.either()
    parser.end()
    return found


def value_at(entity: dict[str, Any], path: str) -> Any:
    """Return the value at a path like ``start/dateTime``; letter case does not count.

    Raises:
        FilterError: The entity has no such property.
    """
    value: Any = entity
    for name in path.split("/"):
        if value is None:
            return None
        names = {known.lower(): known for known in value} if isinstance(value, dict) else {}
        if name.lower() not in names:
            raise FilterError(f"Could not find a property named '{path}'.")
        value = value[names[name.lower()]]
    return value


class _Parser:
    """Reads a filter from left to right; ``or`` binds least, ``not`` most."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._taken = 0

    def _peek(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            if self._text[self._at :].strip():
                raise FilterError(f"syntax error at position {self._at} in '{self._text}'.")
            return "end", ""
        return found.lastgroup, found[found.lastgroup]

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._taken += 1
        if self._taken > _MOST_TOKENS:
            raise FilterError(f"it has more than {_MOST_TOKENS} words.")
        found = _TOKEN.match(self._text, self._at)
        self._at = found.end() if found else len(self._text)
        return token

    def _accept(self, word: str) -> bool:
        if self._peek()[1].lower() != word:
            return False
        self._take()
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise FilterError(f"'{mark}' is missing at position {self._at} in '{self._text}'.")

    def end(self) -> None:
        if self._peek()[0] != "end":
            raise FilterError(f"syntax error at position {self._at} in '{self._text}'.")

    def either(self) -> Filter:
        left = self._both()
        while self._accept("or"):
            left = _either(left, self._both())
        return left

    def _both(self) -> Filter:
        left = self._one()
        while self._accept("and"):
            left = _both(left, self._one())
        return left

    def _one(self) -> Filter:
        if self._accept("not"):
            inner = self._one()
            return lambda entity: not inner(entity)
        if self._accept("("):
            inner = self.either()
            self._expect(")")
            return inner
        kind, path = self._take()
        if kind != "word":
            raise FilterError(f"a property is missing at position {self._at} in '{self._text}'.")
        if path.lower() in _FUNCTIONS and self._accept("("):
            return self._function(_FUNCTIONS[path.lower()])
        name = self._take()[1].lower()
        if name not in _COMPARISONS:
            raise FilterError(f"the operator '{name}' is not supported.")
        return _compared(path, _COMPARISONS[name], self._literal())

    def _function(self, function: Callable[[str, str], bool]) -> Filter:
        path = self._take()[1]
        self._expect(",")
        literal = self._literal()
        self._expect(")")
        return lambda entity: function(str(value_at(entity, path) or "").lower(), str(literal).lower())

    def _literal(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "time":
            return moment(text)
        if kind == "number":
            return float(text)
        if kind == "word" and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        raise FilterError(f"a value is missing at position {self._at} in '{self._text}'.")


def _either(left: Filter, right: Filter) -> Filter:
    return lambda entity: left(entity) or right(entity)


def _both(left: Filter, right: Filter) -> Filter:
    return lambda entity: left(entity) and right(entity)


def _compared(path: str, compare: Callable[[Any, Any], bool], literal: Any) -> Filter:
    def condition(entity: dict[str, Any]) -> bool:
        value = value_at(entity, path)
        known, wanted = _alike(value, literal)
        try:
            return bool(compare(known, wanted))
        except TypeError:
            return False  # Nothing is neither less nor greater than anything.

    return condition


def _alike(value: Any, literal: Any) -> tuple[Any, Any]:
    """Return value and literal in forms that can be compared; times in texts are times when both are."""
    if isinstance(value, str) and isinstance(literal, datetime):
        return moment(value), literal
    if isinstance(value, str) and isinstance(literal, str):
        try:
            return moment(value), moment(literal)
        except FilterError:
            return value.lower(), literal.lower()
    return value, literal


def moment(text: str, zone: tzinfo = UTC) -> datetime:
    """Return the time that a text says; one that names no zone is in ``zone``.

    Raises:
        FilterError: It says none.
    """
    # Microsoft Graph writes seven digits after the second; Python reads six.
    short = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        found = datetime.fromisoformat(short)
    except ValueError:
        raise FilterError(f"'{text}' is not a time.") from None
    return found.replace(tzinfo=zone) if found.tzinfo is None else found
