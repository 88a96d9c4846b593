# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a JSON answer has to look like before anything is read from it. Pure: no network, no ansible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer

Shape = Any
"""A type or a tuple of types, ``[shape]`` for a list of it, or the members of an object by name.

Members beside those are nobody's business. One whose name ends in ``?`` may be missing or null.
"""

_WORDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def shaped(content: Any, shape: Shape, what: str) -> Any:
    """Return the content when it has the shape; ``what`` names it: ``The admin API of imp1:8443, /nodes``.

    Raises :class:`UnexpectedAnswer`, which names the first place that is wrong.
    """
    wrong = _problem(content, shape, "")
    if wrong:
        raise UnexpectedAnswer(f"{what} sent {wrong}. The server may be of another release, or another product.")
    return content


def _problem(content: Any, shape: Shape, place: str) -> str | None:
    """Return what is wrong in words, or ``None``."""
    due = list if isinstance(shape, list) else dict if isinstance(shape, Mapping) else shape
    if not _is(content, due):
        words = " or ".join(_WORDS[one] for one in _types(due))
        return f"{_WORDS.get(type(content), 'something')}{f' as {place}' if place else ''} where {words} was expected"
    if isinstance(shape, list):
        found = (_problem(item, shape[0], f"{place}[{number}]") for number, item in enumerate(content))
        return next((wrong for wrong in found if wrong), None)
    if isinstance(shape, Mapping):
        found = (_member_problem(content, name, inner, place) for name, inner in shape.items())
        return next((wrong for wrong in found if wrong), None)
    return None


def _member_problem(content: Mapping[str, Any], name: str, shape: Shape, place: str) -> str | None:
    key = name.removesuffix("?")
    where = f"{place}.{key}" if place else key
    if content.get(key) is None and key != name:
        return None
    return _problem(content[key], shape, where) if key in content else f"no {where}"


def _types(due: Any) -> tuple[type, ...]:
    return due if isinstance(due, tuple) else (due,)


def _is(content: Any, due: Any) -> bool:
    """Whether a value is of a type; for JSON, true is no number."""
    return any(isinstance(content, one) and (one is bool or not isinstance(content, bool)) for one in _types(due))
