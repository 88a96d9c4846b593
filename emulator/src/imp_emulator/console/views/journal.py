# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that the emulator has seen, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from imp_emulator.console.look import Look

ROWS = 50
_FILTERS = ("cluster", "node", "protocol", "operation")


def filters(asked: Mapping[str, str]) -> dict[str, str | bool | None]:
    """Return the filters in force, by the journal's columns."""
    return {name: asked.get(name) or None for name in _FILTERS} | {"write": True if asked.get("writes") else None}


async def view(look: Look) -> dict[str, Any]:
    """Return a page of ``entries``, the ``filters`` in force, and the addresses of the newer and older pages."""
    asked = {name: look.asked.get(name, "") for name in (*_FILTERS, "writes")}
    before = int(text) if (text := look.asked.get("before", "")).isdecimal() and len(text) < 19 else None
    entries = look.environment.journal.newest(filters(look.asked), ROWS + 1, before)
    kept = {name: value for name, value in asked.items() if value}
    older = {**kept, "before": entries[ROWS - 1].id} if len(entries) > ROWS else None
    return {
        "entries": entries[:ROWS],
        "filters": asked,
        "protocols": sorted(look.plane.operations),
        "older": older and urlencode(older),
        "newest": urlencode(kept) if before is not None else None,
        "export": urlencode(kept),
    }
