# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of what accounts may do with Exchange Web Services: for whom they act, how much they ask."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from imp_emulator.control.mailboxes import mailbox_of
from imp_emulator.control.refusals import context_of, refusals
from imp_emulator.domain.exchange import impersonation, management_roles, throttling
from imp_emulator.domain.exchange.management_roles import RoleAssignment
from imp_emulator.world.context import Context

router = APIRouter()

Limit = Annotated[int, Field(ge=0, le=throttling.LARGEST)] | None


class Impersonation(BaseModel):
    """Whether the account of the gateways may act for every mailbox."""

    model_config = ConfigDict(extra="forbid")

    allowed: bool


class NewPassword(BaseModel):
    """The password that the account gets; without one the emulator makes one."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(default=None, min_length=1, max_length=256, repr=False)


class PolicyChange(BaseModel):
    """Limits to change, null for no limit; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    max_concurrency: Limit = None
    hanging_connections: Limit = None
    max_subscriptions: Limit = None
    find_count_limit: Limit = None
    max_burst: Limit = None
    recharge_rate: Limit = None
    cutoff_balance: Limit = None
    request_cost: Limit = None


@router.get("/throttling-policies/{account}")
async def read_policy(request: Request, account: str) -> dict[str, int | None]:
    """The limits of an account, by its user name, or of a mailbox, which its subscriptions are charged to."""
    context = context_of(request)
    with refusals():
        return asdict(throttling.policy(context, _known(context, account)))


@router.patch("/throttling-policies/{account}")
async def change_policy(request: Request, account: str, change: PolicyChange) -> dict[str, int | None]:
    """Change limits of an account or mailbox."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return asdict(
            throttling.change_policy(context, _known(context, account), **change.model_dump(exclude_unset=True))
        )


@router.delete("/throttling-policies/{account}", status_code=204)
async def reset_policy(request: Request, account: str) -> None:
    """Give an account or mailbox the scenario's limits again."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        throttling.reset_policy(context, _known(context, account))


@router.get("/impersonation")
async def read_impersonation(request: Request) -> dict[str, bool]:
    """Whether the account of the gateways may act for every mailbox (the role ApplicationImpersonation)."""
    return {"allowed": any(held.scope is None for held in _assignments(context_of(request)))}


@router.put("/impersonation", status_code=204)
async def set_impersonation(request: Request, change: Impersonation) -> None:
    """Give the account of the gateways the role ApplicationImpersonation for every mailbox, or take it away wholly."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        held = _assignments(context)
        if change.allowed and all(assignment.scope is not None for assignment in held):
            management_roles.assign(context, management_roles.IMPERSONATION, context.scenario.exchange_account.username)
        elif not change.allowed:
            for assignment in held:
                management_roles.unassign(context, assignment.name)


@router.put("/exchange-account/password", status_code=204)
async def change_password(request: Request, new: Annotated[NewPassword | None, Body()] = None) -> None:
    """Give the account of the gateways another password in its domain; the ready file tells it."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        impersonation.change_password(context, new.password if new else None)


def _assignments(context: Context) -> list[RoleAssignment]:
    account = context.scenario.exchange_account.username
    return management_roles.assignments(context, management_roles.IMPERSONATION, account)


def _known(context: Context, account: str) -> str:
    """Return the name under which limits are kept; raises :class:`NotFound`."""
    if account.lower() == context.scenario.exchange_account.username.lower():
        return context.scenario.exchange_account.username
    return mailbox_of(context, account).address
