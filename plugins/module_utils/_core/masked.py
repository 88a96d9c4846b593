# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Text that ansible has masked: found wherever a value comes from a result and goes to a server or into a file. Pure.

Ansible replaces every occurrence of a secret in a module's result. When a password is an ordinary word, for example
``Cisco``, the names and descriptions that have the word in them are no longer what the cluster has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MASK = "********"
"""What ansible puts in place of a secret inside of a text."""
WHOLE_VALUE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
"""What ansible puts in place of a value that is a secret, and of a number that has one in it."""
NOT_SHOWN = "(hidden)"
"""What reports say instead, so that nobody takes a masked text for what the cluster has."""

REASON = (
    f"it holds {MASK}, with which ansible hides a secret: this is not the value itself. Write the value out. Where it "
    "comes from a result, a password of that task is a part of it: choose a password that is no ordinary word."
)


def is_masked(text: str) -> bool:
    """Whether ansible has masked a part of the text, or all of it."""
    return MASK in text or WHOLE_VALUE in text


def masked_places(value: Any, place: str = "") -> Iterator[str]:
    """Yield where in a JSON value a masked text is, as ``gateways[0].description``; ``place`` names all of it."""
    return places(value, is_masked, place)


def places(value: Any, wrong: Callable[[str], bool], place: str = "") -> Iterator[str]:
    """Yield where in a JSON value a text is ``wrong``; ``place`` names all of it."""
    if isinstance(value, str):
        if wrong(value):
            yield place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            # What hides in a key is not repeated as a place.
            if isinstance(key, str) and wrong(key):
                yield place
            else:
                yield from places(item, wrong, f"{place}.{key}" if place else str(key))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from places(item, wrong, f"{place}[{number}]")


def masked_problems(params: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that holds a masked text."""
    return [f"{place}: {REASON}" for place in masked_places(params)]


def without_masks(value: Any) -> Any:
    """Return a JSON value for a report: :data:`NOT_SHOWN` stands where ansible has masked something."""
    if isinstance(value, str):
        return value.replace(MASK, NOT_SHOWN).replace(WHOLE_VALUE, NOT_SHOWN) if is_masked(value) else value
    if isinstance(value, Mapping):
        return {without_masks(key): without_masks(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_masks(item) for item in value]
    return value
