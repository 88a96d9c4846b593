# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certification authorities and the requests that they have seen."""

from __future__ import annotations

from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.domain.ca import authority
from imp_emulator.domain.ca.authority import CertificateRequest, RequestState

ROWS = 50


async def view(look: Look) -> dict[str, Any]:
    """Return a page of the requests, as ``authorities`` with those of each: the newest first, and who waits."""
    asked = look.filters("authority", "state")
    known = [spec.host for spec in look.context.scenario.certification_authorities]
    hosts = [host for host in known if asked["authority"] in ("", host)]
    total, found = authority.page(look.context, hosts, asked["state"], look.skip(ROWS), ROWS)
    by_host = {host: [_row(one) for one in found if one.host == host] for host in hosts}
    return {
        "authorities": [{"host": host, "requests": rows} for host, rows in by_host.items() if rows],
        "silent": [] if asked["state"] else [host for host in hosts if not authority.was_asked(look.context, host)],
        "filters": asked,
        "hosts": known,
        "states": [state.value for state in RequestState],
        "paging": look.paging(total, ROWS, asked),
    }


def _row(request: CertificateRequest) -> dict[str, Any]:
    return {"request": request, "waits": request.state is RequestState.PENDING}
