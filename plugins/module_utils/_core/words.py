# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How values, names and numbers are put into sentences for people. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")

NAMED = 3
"""So many of the names that one sentence is about are told, and the number of the others."""
_NOUNS = {
    "calendar_user": "user",
    "certificate_services": "service binding",
    "gateway_credentials": "gateway account",
    "high_availability": "redundancy group",
}
"""Kinds of objects whose own name is no good noun."""
_SPELLED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, halves of characters, separators of lines and of paragraphs."""
_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Signs that turn the direction of what follows, so that a line reads as another."""
_BLANKS = re.compile("[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_SHORTEST_NAME = 3
"""A shorter one may be in a sentence by chance."""


def text(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value == "":
        return "not set" if value is None else "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text, value)) or "empty"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text(item)}" for name, item in value.items()) or "empty"
    return str(value)


def quoted(value: Any) -> str:
    """Return a value as it stands in a sentence."""
    return f'"{value}"' if isinstance(value, str) and value else text(value)


def printable(told: str) -> str:
    """Return a text on one line, with what would break the line or steer a terminal spelled by its number."""
    return "".join(f"\\u{ord(sign):04x}" if _steers(sign) else sign for sign in told)


def _steers(sign: str) -> bool:
    return (not sign.isascii() and unicodedata.bidirectional(sign) in _TURNS) or unicodedata.category(sign) in _SPELLED


def flat(told: str) -> str:
    """Return a text on one line whose line breaks, tabs and blanks are single blanks; otherwise printable.

    Other blanks stay as they are: an ideographic space in the name of a user or of a file is a part of it.
    """
    return printable(_BLANKS.sub(" ", told).strip(" "))


def cell(told: str) -> str:
    """Return a text for Markdown, on one line, that neither ends a table's cell nor is taken for markup."""
    return re.sub(r"([\\`*_\[\]<>|#~&$])", r"\\\1", flat(told))


def sentence(told: str) -> str:
    """Return what a server says with an end, so that another sentence may follow."""
    return told if not told or told[-1] in ".!?。" else f"{told}."


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun: ``1 user``, ``3,267 users``; ``several`` is a plural that is not made by rule."""
    return f"{number:,} {one if number == 1 else several or _plural(one)}"


def _plural(one: str) -> str:
    return f"{one[:-1]}ies" if one.endswith("y") and one[-2:-1] not in "aeiou" else f"{one.removesuffix('s')}s"


def noun(kind: str) -> str:
    """Return what one object of a kind is called: ``presence gateway``."""
    return _NOUNS.get(kind, kind.replace("_", " "))


def named(names: Sequence[str], most: int = NAMED) -> str:
    """Return the first names of many, and how many more there are: ``a, b, c and 1,997 more``."""
    more = len(names) - most
    # The names of certificates have commas.
    between = "; " if any("," in name for name in names) else ", "
    # One name takes no more room than its being left out.
    return between.join(names) if more <= 1 else f"{between.join(names[:most])} and {more:,} more"


def alike(items: Iterable[Item], told: Callable[[Item], tuple[str, str]]) -> list[tuple[list[Item], str]]:
    """Return the items that each sentence is about, both in their order; ``told`` gives an item's name and sentence.

    What is said of several is said once: this is the rule for the message of a module, for a long ``diff`` and for
    the drift reports. Sentences that differ in the name alone are the same, and then have ``<name>`` in its place.
    """
    found: dict[str, list[Item]] = {}
    own: dict[str, str] = {}
    for item in items:
        name, said = told(item)
        text = said.removeprefix(f"{name}: ")
        key = text.replace(name, "<name>") if len(name) >= _SHORTEST_NAME else text
        own.setdefault(key, text)
        found.setdefault(key, []).append(item)
    return [(same, key if len(same) > 1 else own[key]) for key, same in found.items()]


def told_once(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return ``a, b, c and 3 more: sentence`` for each sentence of pairs ``(name, sentence)``, see :func:`alike`."""
    groups = alike(pairs, lambda pair: pair)
    return [f"{named([name for name, _said in same])}: {sentence}" for same, sentence in groups]
