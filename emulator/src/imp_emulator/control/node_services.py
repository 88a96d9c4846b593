# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane of services: how those of a node are, and what its control center and Service Activation do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from imp_emulator.control.refusals import asked_cluster, context_of, refusals
from imp_emulator.domain.imp import nodes, services
from imp_emulator.domain.imp.services import ServiceState, Verb

router = APIRouter(prefix="/clusters/{cluster}/nodes/{node}/services")


@router.get("")
async def list_services(request: Request, cluster: str, node: str) -> dict[str, list[dict[str, Any]]]:
    """The services of a node: whether each is activated, how it is, since when, and why its last start failed."""
    context = context_of(request)
    with refusals():
        found = nodes.server(context, asked_cluster(context, cluster), node)
        return {"services": [_shown(state) for state in services.states(context, cluster, found.name)]}


@router.post("/{service}/{verb}")
async def change_service(request: Request, cluster: str, node: str, service: str, verb: Verb) -> dict[str, Any]:
    """Start, stop or restart a service, activate or deactivate it; returns it as it is then.

    It goes on at the pace of ``/transitions``, as after a command of the control center.
    """
    context = context_of(request)
    with refusals(), context.database.transaction():
        found = nodes.server(context, asked_cluster(context, cluster), node)
        return _shown(services.change(context, cluster, found.name, service, verb))


def _shown(state: ServiceState) -> dict[str, Any]:
    return {
        "name": state.name,
        "activated": state.activated,
        "status": state.status,
        "started_at": None if state.started_at is None else services.instant(state.started_at).isoformat(),
        "detail": state.detail,
    }
