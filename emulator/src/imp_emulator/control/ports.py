# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the nodes: ports that something else than the product has taken (requirement P2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.imp import ports
from imp_emulator.scenario.reader import XML_TEXT
from imp_emulator.store.imp.ports import OTHER_PROGRAM

router = APIRouter(prefix="/clusters/{cluster}/nodes/{node}/occupied-ports")


class Occupant(BaseModel):
    """Who has taken a port, for people to read; the control center tells it in XML."""

    model_config = ConfigDict(extra="forbid")

    used_by: str = Field(default=OTHER_PROGRAM, min_length=1, max_length=100, pattern=f"^{XML_TEXT}*$")


@router.get("")
async def list_ports(request: Request, cluster: str, node: str) -> dict[str, list[dict[str, Any]]]:
    """The ports of a node that something else than the product has taken."""
    with refusals():
        taken = ports.occupied(context_of(request), cluster, node)
    return {"ports": [{"port": one.port, "used_by": one.used_by} for one in taken]}


@router.put("/{port}", status_code=204)
async def occupy_port(
    request: Request, cluster: str, node: str, port: int, occupant: Annotated[Occupant | None, Body()] = None
) -> None:
    """Have something take a port; a service that wants it does not start any more."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        ports.occupy(context, cluster, node, port, (occupant or Occupant()).used_by)


@router.delete("/{port}", status_code=204)
async def release_port(request: Request, cluster: str, node: str, port: int) -> None:
    """Free a port that was taken."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        ports.release(context, cluster, node, port)
