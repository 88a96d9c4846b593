# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's calls for nodes that are away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.imp import outages

router = APIRouter(prefix="/clusters/{cluster}/nodes/{node}/outage")


class NewOutage(BaseModel):
    """When a node goes away: at once, or as soon as a service of it restarts."""

    model_config = ConfigDict(extra="forbid")

    begins: Literal["now", "at_restart"] = "now"


@router.get("")
async def read_outage(request: Request, cluster: str, node: str) -> dict[str, Any]:
    """Whether a node is away, since when, and whether it will be with its next restart."""
    with refusals():
        found = outages.outage(context_of(request), cluster, node)
    since = None if found is None else found.since
    return {
        "away": since is not None,
        "since": None if since is None else datetime.fromtimestamp(since, UTC).isoformat(),
        "begins_at_restart": found is not None and since is None,
    }


@router.put("", status_code=204)
async def begin_outage(
    request: Request, cluster: str, node: str, wanted: Annotated[NewOutage | None, Body()] = None
) -> None:
    """Have a node go away: nobody gets an answer from it, and none of its services runs."""
    context = context_of(request)
    begin = outages.begin_at_restart if wanted is not None and wanted.begins == "at_restart" else outages.begin
    with refusals(), context.database.transaction():
        begin(context, cluster, node)


@router.delete("", status_code=204)
async def end_outage(request: Request, cluster: str, node: str) -> None:
    """Have a node come back, with the services that ran before; or withdraw an outage that is still to come."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        outages.end(context, cluster, node)
