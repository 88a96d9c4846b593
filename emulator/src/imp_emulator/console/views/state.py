# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock, the snapshots, and the way back to the scenario."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look


async def view(look: Look) -> dict[str, Any]:
    """Return ``now``, ``frozen``, the ``offset`` from real time in seconds, and the names of the ``snapshots``."""
    clock = look.environment.clock
    return {
        "now": clock.now(),
        "frozen": clock.frozen,
        "offset": clock.offset_seconds,
        "snapshots": look.plane.snapshots.names(),
    }
