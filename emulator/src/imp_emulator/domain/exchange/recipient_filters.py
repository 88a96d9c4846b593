# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of recipients as Exchange's cmdlets take them, for example ``Alias -like 'user*' -and DisplayName -ne 'x'``.

Comparisons are -eq, -ne, -like and -notlike, joined by -and, -or, -not and brackets; letter case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from imp_emulator.errors import InvalidValue

Properties = Mapping[str, tuple[str, ...]]
"""What is known of a recipient: the values of each property by its name, several for EmailAddresses."""
Filter = Callable[[Properties], bool]

_TOKEN = re.compile(r"\s*(?:(\(|\))|(-[A-Za-z]+)|'((?:[^']|'')*)'|\"([^\"]*)\"|([^\s()'\"]+))")
_LONGEST = 4096
_DEEPEST = 32
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "-eq": lambda value, wanted: value == wanted,
    "-like": lambda value, wanted: fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]")),
}
_NEGATIONS = {"-ne": "-eq", "-notlike": "-like"}


def parse(text: str, known: tuple[str, ...]) -> Filter:
    """Return what tells whether a recipient passes a filter.

    Args:
        text: The filter.
        known: The names of the properties that recipients have.

    Raises:
        InvalidValue: It is no filter, or names a property that recipients do not have.
    """
    if len(text) > _LONGEST:
        raise _wrong(f"it is longer than {_LONGEST} characters")
    return _Parser(text, known).whole()


class _Parser:
    """A recursive descent over the words of a filter."""

    def __init__(self, text: str, known: tuple[str, ...]) -> None:
        self._known = {name.lower(): name for name in known}
        self._words: list[tuple[str, str]] = []
        self._depth = 0
        # Braces around the whole are PowerShell's, for whom a filter is a script block.
        text = text.strip()
        text = text[1:-1] if text.startswith("{") and text.endswith("}") else text
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise _wrong("a quotation mark has no end")
            bracket, operator, single, double, bare = found.groups()
            quoted = double if single is None else single.replace("''", "'")
            kind = "bracket" if bracket else "operator" if operator else "word" if bare else "text"
            self._words.append((kind, bracket or (operator or "").lower() or bare or quoted or ""))
            place = found.end()

    def whole(self) -> Filter:
        """Return the filter, which must be all that there is."""
        found = self._any()
        if self._words:
            raise _wrong(f"{self._words[0][1]!r} is not expected")
        return found

    def _any(self) -> Filter:
        parts = [self._all()]
        while self._take("operator", "-or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda properties: any(part(properties) for part in parts)

    def _all(self) -> Filter:
        parts = [self._one()]
        while self._take("operator", "-and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda properties: all(part(properties) for part in parts)

    def _one(self) -> Filter:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _wrong(f"it is nested more than {_DEEPEST} deep")
        if self._take("operator", "-not"):
            inner = self._one()
            found: Filter = lambda properties: not inner(properties)  # noqa: E731 - as the others are
        elif self._take("bracket", "("):
            found = self._any()
            if not self._take("bracket", ")"):
                raise _wrong("a bracket has no end")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Filter:
        name = self._next("word", "a property")
        if name.lower() not in self._known:
            raise _wrong(f"{name!r} is no property here; known are {', '.join(self._known.values())}")
        name = self._known[name.lower()]
        operator = self._next("operator", "a comparison")
        compare = _COMPARISONS.get(_NEGATIONS.get(operator, operator))
        if compare is None:
            raise _wrong(f"{operator!r} is no comparison; known are -eq, -ne, -like and -notlike")
        kind, value = self._words.pop(0) if self._words else ("", "")
        if kind not in ("text", "word"):
            raise _wrong(f"{operator} wants a value")
        wanted, negated = value.lower(), operator in _NEGATIONS

        def passes(properties: Properties) -> bool:
            return any(compare(one.lower(), wanted) for one in properties[name]) is not negated

        return passes

    def _take(self, kind: str, word: str) -> bool:
        if self._words[:1] != [(kind, word)]:
            return False
        self._words.pop(0)
        return True

    def _next(self, kind: str, words: str) -> str:
        if not self._words or self._words[0][0] != kind:
            raise _wrong(f"{words} is expected" + (f" and not {self._words[0][1]!r}" if self._words else " at the end"))
        return self._words.pop(0)[1]


def _wrong(why: str) -> InvalidValue:
    return InvalidValue("recipient-filter", f"The recipient filter is not valid: {why}.", "RecipientRestrictionFilter")
