# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certification authorities and the requests that they have seen."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.domain.ca import authority
from imp_emulator.domain.ca.authority import RequestState


async def view(look: Look) -> dict[str, Any]:
    """Return ``authorities``: each with its requests, the newest first, and whether each waits for a decision."""
    return {
        "authorities": [
            {"host": spec.host, "requests": _requests(look, spec.host)}
            for spec in look.context.scenario.certification_authorities
        ]
    }


def _requests(look: Look, host: str) -> list[dict[str, Any]]:
    found = authority.requests(look.context, host, None)
    return [{"request": one, "waits": one.state is RequestState.PENDING} for one in reversed(found)]
