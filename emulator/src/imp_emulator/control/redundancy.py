# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's view of presence redundancy groups, also of clusters without an admin API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request

from imp_emulator.control.refusals import asked_clusters, context_of
from imp_emulator.domain.imp import redundancy
from imp_emulator.domain.imp.redundancy import GroupView

router = APIRouter(prefix="/presence-redundancy-groups")


@router.get("")
async def list_redundancy_groups(request: Request, cluster: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The presence redundancy groups, of one cluster or of all: how their nodes are, why, and where their users are."""
    context = context_of(request)
    wanted = asked_clusters(context, cluster)
    return {"groups": [_shown(name, group) for name in wanted for group in redundancy.groups(context, name)]}


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
