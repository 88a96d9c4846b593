# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How values, names and numbers are put into sentences for people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")

NAMED = 3
"""So many of the names that one sentence is about are told, and the number of the others."""
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


def flat(told: str) -> str:
    """Return text as one line, without what a terminal takes for a command."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "\ufffd" for sign in told).split())


def some(number: int, word: str) -> str:
    """Return ``1 user``, ``2,000 users``; a word that ends with an s is a plural already."""
    singular = word.removesuffix("s")
    many = f"{singular[:-1]}ies" if singular[-1] == "y" and singular[-2] not in "aeiou" else f"{singular}s"
    return f"{number:,} {word if number == 1 else many}"


def kind_in_words(kind: str) -> str:
    """Return a kind of objects in words: ``presence gateway``."""
    return kind.replace("_", " ")


def named(names: Sequence[str], most: int = NAMED) -> str:
    """Return names for a sentence: ``a``, ``a and b``, ``a, b and c``, ``a, b, c and 1,997 more``."""
    rest = len(names) - most
    # "and 1 more" is no shorter than the name itself.
    told, last = (names[:most], f"{rest:,} more") if rest > 1 else (names[:-1], names[-1])
    return f"{', '.join(told)} and {last}" if told else last


def alike(items: Iterable[Item], told: Callable[[Item], tuple[str, str]]) -> list[tuple[list[Item], str]]:
    """Return the items that each sentence is about, both in their order; ``told`` gives an item's name and sentence.

    What is said of several is said once: this is the rule for the message of a module, for a long ``diff`` and for
    the drift reports. Sentences that differ in the name alone are the same, and then have ``<name>`` in its place.
    """
    found: dict[str, list[Item]] = {}
    own: dict[str, str] = {}
    for item in items:
        name, said = told(item)
        sentence = said.removeprefix(f"{name}: ")
        key = sentence.replace(name, "<name>") if len(name) >= _SHORTEST_NAME else sentence
        own.setdefault(key, sentence)
        found.setdefault(key, []).append(item)
    return [(same, key if len(same) > 1 else own[key]) for key, same in found.items()]


def told_once(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return ``a, b, c and 3 more: sentence`` for each sentence of pairs ``(name, sentence)``, see :func:`alike`."""
    groups = alike(pairs, lambda pair: pair)
    return [f"{named([name for name, _said in same])}: {sentence}" for same, sentence in groups]
