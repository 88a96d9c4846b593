# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the certification authorities: their requests, decisions on them, and renewal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, ConfigDict

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.ca import authority as ca
from imp_emulator.domain.ca.authority import RequestState
from imp_emulator.wire.ca.admin import describe

ACTOR = "the control plane"

router = APIRouter(prefix="/certification-authorities/{host}")


class Renewal(BaseModel):
    """How a CA is renewed: with a new key, or with the one that it has."""

    model_config = ConfigDict(extra="forbid")

    new_key: bool = True


@router.get("/requests")
async def list_requests(
    request: Request, host: str, state: RequestState | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The requests that a CA has seen, oldest first."""
    with refusals():
        found = ca.requests(context_of(request), host, state)
    return {"requests": [describe(one) for one in found]}


@router.post("/requests/{identifier}/{verb}")
async def decide(
    request: Request,
    host: str,
    # What the state file can hold (SQLite: 64 bits).
    identifier: Annotated[int, Path(ge=0, le=2**62)],
    verb: Literal["issue", "deny", "revoke"],
) -> dict[str, Any]:
    """Issue, deny or revoke, as the CA's administrator would."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        if verb == "issue":
            decided = ca.issue(context, host, identifier)
        elif verb == "deny":
            decided = ca.deny(context, host, identifier, ACTOR)
        else:
            decided = ca.revoke(context, host, identifier, ACTOR)
    return describe(decided)


@router.post("/renew")
async def renew(request: Request, host: str, how: Annotated[Renewal | None, Body()] = None) -> dict[str, int]:
    """Give a CA a new certificate of its own; returns how often it has been renewed."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return {"renewals": ca.renew(context, host, (how or Renewal()).new_key)}
