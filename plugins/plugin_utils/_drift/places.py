# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Where a user has declared what a task compares: the line of an inventory or a playbook.

Pure but for the function that tells where one value stands, which depends on the release of ansible-core.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_WORD = re.compile(r"[A-Za-z_]\w*")
NOTES = "pending_restarts_path"
"""The option of many modules that declares nothing of a cluster."""
_SHORTEST_NOUN = 4
"""Of an option that a kind of object can be recognised by, without its plural: ``user``."""


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1."""

    path: str
    line: int


Where = Callable[[Any], "Place | None"]
"""Tells where a value stands in a file of the user, when that is known."""


@dataclass(frozen=True)
class _Value:
    """A text of a declaration, with its place and the mapping that it is in."""

    text: str
    place: Place | None
    mapping: Mapping[Any, Any] | None


class Declared:
    """The options of a task as they were written, and the variables that they name.

    A role's option is ``"{{ presence_gateways_list }}"``: what the user has declared stands where that variable does.
    Names are looked for as words, so a variable counts wherever a template mentions it.
    """

    def __init__(self, options: Mapping[str, Any], variables: Mapping[str, Any], where: Where) -> None:
        self._variables = variables
        self._where = where
        self._keys = {str(key): key for key in variables}
        self._options = {name: list(self._values(value, None, None, set())) for name, value in options.items()}
        self._texts: dict[str, _Value] = {}
        for values in self._options.values():
            for value in values:
                if value.place:
                    self._texts.setdefault(value.text.casefold(), value)

    def place(self, kind: str, identifier: str, field: str | None) -> Place | None:
        """Return the line of a field of an object, or of what declares the object; ``None`` when it is not known."""
        for name in (identifier, identifier.rpartition(":")[2]):
            found = self._texts.get(name.casefold()) if name else None
            if found:
                return self._of_field(found.mapping, field) or found.place
        nouns = (name for name in self._options if _is_noun_of(kind, name))
        named = (name for name in self._options if field and (name == field or name.endswith(f"_{field}")))
        for option in (identifier, *nouns, *named):
            place = self._of_option(option)
            if place:
                return place
        return None

    @property
    def first(self) -> Place | None:
        """The first thing that the user has declared for the task."""
        places = (self._of_option(name) for name in self._options if name != NOTES)
        return next((place for place in places if place), None)

    def _of_option(self, name: str) -> Place | None:
        return next((value.place for value in self._options.get(name, []) if value.place), None)

    def _of_field(self, mapping: Mapping[Any, Any] | None, field: str | None) -> Place | None:
        for key, value in (mapping or {}).items():
            if key == field:
                return self._where(value) or self._where(key)
        return None

    def _values(
        self, value: Any, key: Place | None, mapping: Mapping[Any, Any] | None, named: set[str]
    ) -> Iterator[_Value]:
        """Yield a value and all below it; ``key`` is the place of its name, for what has none itself, as a yes.

        ``named`` has the variables that were followed: each is once, however many templates mention it.
        """
        place = self._where(value) or key
        # No other mapping: hostvars is one, which templates whatever is read from it.
        if isinstance(value, dict):
            yield _Value("", place, None)
            for name, item in value.items():
                yield from self._values(item, self._where(name), value, named)
        elif isinstance(value, list):
            yield _Value("", place, None)
            for item in value:
                yield from self._values(item, place, None, named)
        else:
            text = str(value) if isinstance(value, (str, int, float)) else ""
            yield _Value(text, place, mapping)
            for word in _WORD.findall(text) if "{{" in text else ():
                if word in self._keys and word not in named:
                    named.add(word)
                    name = self._keys[word]
                    yield from self._values(self._variables[name], self._where(name), None, named)


def _is_noun_of(kind: str, option: str) -> bool:
    """Whether an option lists objects of a kind: ``gateways`` those of the kind ``presence_gateway``."""
    noun = option.removesuffix("s")
    return len(noun) >= _SHORTEST_NOUN and (kind == noun or kind.endswith(f"_{noun}"))
