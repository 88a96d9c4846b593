# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of presence redundancy groups, also of clusters without an admin API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from imp_emulator.control.refusals import asked_cluster, asked_clusters, context_of, refusals
from imp_emulator.domain.imp import redundancy
from imp_emulator.domain.imp.redundancy import GroupKey, GroupView, Wanted

router = APIRouter(prefix="/presence-redundancy-groups")


class HighAvailability(BaseModel):
    """Whether the nodes of a group stand in for each other."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool


class ChosenNode(BaseModel):
    """A node of a group."""

    model_config = ConfigDict(extra="forbid")

    node: str


@router.get("")
async def list_redundancy_groups(request: Request, cluster: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The presence redundancy groups, of one cluster or of all: how their nodes are, why, and where their users are."""
    context = context_of(request)
    wanted = asked_clusters(context, cluster)
    return {"groups": [_shown(name, group) for name in wanted for group in redundancy.groups(context, name)]}


@router.put("/{cluster}/{name}/high-availability")
async def set_high_availability(request: Request, cluster: str, name: str, wanted: HighAvailability) -> dict[str, Any]:
    """Switch high availability of a group on or off; switched off, users go back to their home nodes."""
    context, key = context_of(request), GroupKey("name", name)
    with refusals(), context.database.transaction():
        redundancy.update(context, asked_cluster(context, cluster), key, Wanted(ha_enabled=wanted.enabled))
        return _shown(cluster, redundancy.find(context, cluster, key))


@router.post("/{cluster}/{name}/failover")
async def fail_over(request: Request, cluster: str, name: str, chosen: ChosenNode) -> dict[str, Any]:
    """Have the peer of a node take over its users; the critical services of the node are stopped."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return _shown(cluster, redundancy.failover(context, asked_cluster(context, cluster), name, chosen.node))


@router.post("/{cluster}/{name}/fallback")
async def fall_back(request: Request, cluster: str, name: str, chosen: ChosenNode) -> dict[str, Any]:
    """Have the users of a node come back to it; its critical services are started."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return _shown(cluster, redundancy.fallback(context, asked_cluster(context, cluster), name, chosen.node))


@router.post("/{cluster}/{name}/recover")
async def recover(request: Request, cluster: str, name: str) -> dict[str, Any]:
    """Restart the Server Recovery Managers of a group that runs in failed mode."""
    context = context_of(request)
    with refusals(), context.database.transaction():
        return _shown(cluster, redundancy.recover(context, asked_cluster(context, cluster), name))


def _shown(cluster: str, group: GroupView) -> dict[str, Any]:
    nodes = [
        {
            "node": node.node,
            "state": node.state,
            "reason": node.reason,
            "since": None if node.since is None else datetime.fromtimestamp(node.since, UTC).isoformat(),
            "users_assigned": node.users_assigned,
            "users_here": node.users_here,
        }
        for node in group.nodes
    ]
    return {"cluster": cluster, "name": group.name, "ha_enabled": group.ha_enabled, "nodes": nodes}
