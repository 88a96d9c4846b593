# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Arguments as they were given: what of them counts as left out, and which values nobody can have meant. Pure.

Ansible converts what it can and breaks down on some of the rest. YAML has its own ideas as well: ``country: NO`` is a
truth value, ``version: 15.10`` a number that is 15.1. So the rules here are applied before ansible's check, to modules
and to the variables of roles alike, and each sentence names the place, as in ``gateways[0].port``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.validation import check_type_bool, check_type_dict
from ansible_collections.ucops.imp.plugins.module_utils._core.masked import places
from ansible_collections.ucops.imp.plugins.module_utils._http.soap import carries

Spec = Mapping[str, Mapping[str, Any]]

DEEPEST = 20
"""So many lists and dictionaries inside of each other are more than any option has."""
LARGEST = 2**31 - 1
"""What every product takes for a whole number."""

LONGEST_LINE = 8192
"""Characters; a text of several lines may be a file."""

_EMPTY = "it is an empty text. Give a value, or leave the option out."
_FREE: dict[str, Any] = {"type": "str"}
"""The option that a value in a dictionary without a spec is taken for."""
_TEXT = ("str", "path")
_PASSWORD = re.compile(r"(?:.*_)?password|client_secret")
_DUE = {
    "str": "Give one value, a text in quotes.",
    "path": "Give one value, a text in quotes.",
    "int": "Give a whole number.",
    "float": "Give a number.",
    "bool": "Give true or false.",
    "list": "Give a list, [] for an empty one.",
    "dict": "Give a dictionary, {} for an empty one.",
}
"""What to do about a value of another shape, by the type of the option."""
_MANY: tuple[tuple[type, str], ...] = ((list, "a list"), (Mapping, "a dictionary"))
_TRUTH: tuple[type, str] = (bool, "a truth value (YAML takes yes, no, on and off for one)")
_FRACTION: tuple[type, str] = (float, "a number with a fraction (YAML does not keep how it is written)")
_SHAPES = {
    **dict.fromkeys(_TEXT, (*_MANY, _TRUTH, _FRACTION)),
    **dict.fromkeys(("int", "float"), (*_MANY, _TRUTH)),
    "bool": _MANY,
    "list": (_MANY[1], _TRUTH),
}
"""Shapes that ansible would convert to what nobody has meant, or break down on, by the type of the option."""
_NO_UTF8 = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are no UTF-8: nothing can write it."""


def is_password(name: str) -> bool:
    """Whether an option of this name is for a login; other secrets are whole texts, such as a certificate."""
    return _PASSWORD.fullmatch(name) is not None


def without_nulls(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments without what is null: options, items of lists, and what stands in dictionaries.

    A list in a dictionary that has nothing but nulls is left out as well: it must not become an empty one. Options that
    are such lists are refused before, see :func:`only_nulls`.
    """
    found = {name: _without_nulls(spec.get(name, {}), value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def _without_nulls(option: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        items = [item for entry in value if (item := _without_nulls(option, entry)) is not None]
        return items if items or not value else None
    return without_nulls(option.get("options") or {}, value) if isinstance(value, Mapping) else value


def only_nulls(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with lists that have nothing but nulls.

    Left out, one that narrows a selection would mean everybody; as an empty list, one that says all there is to be
    would purge everything.
    """
    return [
        f"{name}: it has nothing but null. Give values, [] for none, or leave the option out."
        for name, value in given.items()
        if isinstance(value, list) and value and without_nulls({}, {name: value}) == {}
    ]


def too_deep(given: Mapping[str, Any]) -> list[str]:
    """Return the options in which more lists and dictionaries are nested than any code could follow."""
    return [name for name, value in given.items() if _is_deep(value)]


def _is_deep(value: Any) -> bool:
    level = [value]
    for _depth in range(DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Collection[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def depth_problems(names: Collection[str]) -> list[str]:
    """Return a sentence for each option that is :func:`too_deep`."""
    return [f"{name}: more than {DEEPEST} lists and dictionaries are nested. Make it simpler." for name in names]


@dataclass(frozen=True)
class _Leaf:
    """A value of one option, or what stands where a list or a dictionary is due.

    ``place`` is where it is, as in ``gateways[0].port``; ``path`` names the option, as in ``gateways.port``.
    """

    place: str
    path: str
    option: Mapping[str, Any]
    value: Any

    @property
    def kind(self) -> str:
        """The type that is due."""
        return str(self.option.get("type", "str"))


def _leaves(spec: Spec, given: Mapping[str, Any], place: str = "", path: str = "") -> Iterator[_Leaf]:
    for name, option in spec.items():
        value = given.get(name)
        if value is None:
            continue
        leaf = _Leaf(f"{place}{name}", f"{path}{name}", option, value)
        if "options" in option and value != "":
            yield from _leaves_of_dictionaries(leaf)
        elif leaf.kind == "list" and not (isinstance(value, (bool, Mapping)) or str(value).strip() == ""):
            items = value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
            for number, item in enumerate(items):
                yield _Leaf(f"{leaf.place}[{number}]", leaf.path, {"type": option.get("elements", "raw")}, item)
        elif leaf.kind == "dict" and isinstance(known := parsed(value), Mapping):
            for key, item in known.items():
                yield _Leaf(f"{leaf.place}.{key}", leaf.path, _FREE, item)
        else:
            yield leaf


def _leaves_of_dictionaries(leaf: _Leaf) -> Iterator[_Leaf]:
    if leaf.kind == "dict" and isinstance(parsed(leaf.value), list):
        yield leaf
        return
    for place, item in inside(leaf.place, leaf.value):
        if isinstance(item, Mapping):
            yield from _leaves(leaf.option["options"], item, f"{place}.", f"{leaf.path}.")
        else:
            yield _Leaf(place, leaf.path, leaf.option, item)


def shape_problems(spec: Spec, given: Mapping[str, Any], *, free: bool = True) -> list[str]:
    """Return which values are of another shape than the option has: with them nothing else can be looked at.

    Ansible breaks down on some of them, and makes of others what nobody has meant. ``free`` looks into dictionaries
    that no spec describes too, whose values modules send as texts.
    """
    return [
        f"{leaf.place}: {said}"
        for leaf in _leaves(spec, given)
        if (free or leaf.option is not _FREE) and (said := _shape_problem(leaf))
    ]


def value_problems(spec: Spec, given: Mapping[str, Any], may_be_empty: Collection[str] = ()) -> list[str]:
    """Return which texts cannot be meant: empty ones, those that no server can have, and those beyond any length.

    Passwords have rules of their own. ``may_be_empty`` has the options for which an empty text is a value, as
    ``gateways.description``.
    """
    return [
        f"{leaf.place}: {said}"
        for leaf in _leaves(spec, given)
        if leaf.kind in _TEXT and not (leaf.option.get("no_log") and is_password(leaf.path.rpartition(".")[2]))
        if (said := _EMPTY if _is_empty(leaf, may_be_empty) else _text_problem(leaf))
    ]


def _is_empty(leaf: _Leaf, may_be_empty: Collection[str]) -> bool:
    return not str(leaf.value).strip() and leaf.path not in may_be_empty and "choices" not in leaf.option


def text_problems(given: Mapping[str, Any]) -> list[str]:
    """Return where arguments have what is no text, so that nothing could be sent, written or even checked."""
    return [
        f"{place or 'options'}: it has a byte that is no UTF-8 text. Look at where the value comes from."
        for place in places(given, lambda text: _NO_UTF8.search(text) is not None)
    ]


def _shape_problem(leaf: _Leaf) -> str | None:
    """Return what is wrong with the shape of a value; nothing of one that may be a secret is told."""
    if leaf.kind not in _DUE:
        return None
    if leaf.kind not in _TEXT and isinstance(leaf.value, str) and not leaf.value.strip():
        said: str | None = "it is an empty text."
    elif leaf.kind == "dict" or "options" in leaf.option:
        said = _dictionary_problem(leaf)
    else:
        said = _single_problem(leaf)
    due = (
        f"Give a dictionary with {', '.join(leaf.option['options'])}." if "options" in leaf.option else _DUE[leaf.kind]
    )
    return said and f"{said} {due}"


def _dictionary_problem(leaf: _Leaf) -> str | None:
    known = parsed(leaf.value)
    if leaf.kind == "dict" and isinstance(known, list):
        return "it is a list."
    return None if isinstance(known, Mapping) and "options" not in leaf.option else "it is no dictionary."


def _single_problem(leaf: _Leaf) -> str | None:
    value, kind = leaf.value, leaf.kind
    shapes = () if "choices" in leaf.option else _SHAPES[kind]
    told = next((told for shape, told in shapes if isinstance(value, shape)), None)
    if told:
        return f"it is {told}."
    if kind == "path" and "\0" in str(value):
        return "it has the character U+0000, which no path can have."
    if kind == "bool" and not _is_truth_value(value):
        return f"{value!r} is no truth value."
    return _number_problem(kind, value) if kind in ("int", "float") else None


def _text_problem(leaf: _Leaf) -> str | None:
    text = str(leaf.value)
    if "choices" in leaf.option:
        return None
    if "\n" not in text and len(text) > LONGEST_LINE:
        return f"it has {len(text)} characters in one line, more than any name has."
    bad = (
        next((sign for sign in text if not carries(sign)), None) if leaf.kind != "path" and not carries(text) else None
    )
    return bad and f"it has the control character U+{ord(bad):04X}. Look at where the value comes from."


def _is_truth_value(value: Any) -> bool:
    try:
        check_type_bool(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _number_problem(kind: str, value: Any) -> str | None:
    try:
        number = float(int(value) if isinstance(value, str) and kind == "int" else value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (kind == "int" and number != int(number)):
        return f"{value!r} is not {'a whole number' if kind == 'int' else 'a number'}."
    return None if abs(number) <= LARGEST else f"{value} is beyond {LARGEST}, the largest number that is taken."


def parsed(value: Any) -> Any:
    """Return what ansible would make of a text that stands for a list or a dictionary; other values as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return check_type_dict(value)
    except Exception:  # noqa: BLE001 - it is only looked at: what is wrong with it is ansible's to say
        return value


def items_of(value: Any) -> list[Any]:
    """Return the items of a list of dictionaries, or of what stands in its place."""
    known = parsed(value)
    return [parsed(item) for item in known] if isinstance(known, list) else [known]


def inside(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what stands for each dictionary of an option that holds one or a list of them, after its place."""
    listed = isinstance(parsed(value), list)
    for number, item in enumerate(items_of(value)):
        yield (f"{place}[{number}]" if listed else place), item
