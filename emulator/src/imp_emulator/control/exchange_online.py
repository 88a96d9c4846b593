# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of the tenant of Exchange Online: who may still speak Exchange Web Services."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.exchange import online

router = APIRouter(prefix="/exchange-online")


class EwsChange(BaseModel):
    """Whether the tenant has Exchange Web Services; ``allow_list`` holds labels of applications, ``null`` keeps it."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["on", "off", "allow-listed"]
    allow_list: list[str] | None = None


@router.get("/ews")
async def read_ews(request: Request) -> dict[str, Any]:
    """Who may speak Exchange Web Services; ``ended`` from 1 April 2027 on, when the state does not count any more."""
    with refusals():
        access = online.ews_access(context_of(request))
    return {"state": access.state, "allow_list": list(access.allow_list), "ended": access.ended}


@router.put("/ews", status_code=204)
async def set_ews(request: Request, change: EwsChange) -> None:
    """Turn Exchange Web Services of the tenant on or off, or leave them to the applications of a list."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        online.set_ews_access(context, change.state, change.allow_list)
