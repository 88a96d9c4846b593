# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header in which a client presents its access token (RFC 6750)."""

from __future__ import annotations

from imp_emulator.domain.exchange import access_tokens
from imp_emulator.domain.exchange.access_tokens import Principal, Resource
from imp_emulator.pipeline.request import Request
from imp_emulator.world.context import Context

_KEPT = "imp_emulator.principal"


def log_in(context: Context, request: Request, audience: Resource) -> Principal:
    """Return the application that calls, and set ``request.caller`` to its client ID.

    Raises:
        TokenRefused: There is no token, or it is not good.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    principal = access_tokens.verify(context, token.strip() if scheme.lower() == "bearer" else "", audience)
    request.caller = principal.client_id
    request.scope[_KEPT] = principal
    return principal


def principal(request: Request) -> Principal:
    """Return the application of a request that has been let in."""
    found: Principal = request.scope[_KEPT]
    return found
