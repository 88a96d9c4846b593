# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of an event that mean nothing here and are kept for both doors: Exchange Web Services name them, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imp_emulator.wire.exchange.online.graph_call import GraphError

_TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
SWITCHES = {
    "responseRequested": ("IsResponseRequested", True),
    "allowNewTimeProposals": ("AllowNewTimeProposal", True),
    "isOnlineMeeting": ("IsOnlineMeeting", False),
}
"""The element that each is kept as, and what it is when nobody has set it."""


def with_switches(others: Mapping[str, str], content: Mapping[str, Any]) -> dict[str, str]:
    """Return what is kept beside an event's fields, with what the client has set.

    Raises:
        GraphError: A value is neither true nor false.
    """
    kept = dict(others)
    for name, (element, default) in SWITCHES.items():
        if content.get(name) is None:
            continue
        value = boolean(name, content[name])
        kept.pop(element, None)
        if value is not default:
            kept[element] = f'<t:{element} xmlns:t="{_TYPES}">{str(value).lower()}</t:{element}>'
    return kept


def switches(others: Mapping[str, str]) -> dict[str, bool]:
    """Return the properties as they stand, whichever door has set them."""
    return {
        name: (">true<" in others[element] or ">1<" in others[element]) if element in others else default
        for name, (element, default) in SWITCHES.items()
    }


def boolean(name: str, value: Any) -> bool:
    """Return the value of a property that is true or false; the service takes the words as text, too (O365 sends it).

    Raises:
        GraphError: It is neither.
    """
    known = {"true": True, "false": False}
    if not isinstance(value, bool | str) or str(value).lower() not in known:
        text = f"The property '{name}' is not valid: it must be true or false."
        raise GraphError(400, "ErrorPropertyValidationFailure", text)
    return known[str(value).lower()]
