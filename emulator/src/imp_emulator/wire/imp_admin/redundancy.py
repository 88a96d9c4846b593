# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presence redundancy groups over HTTP: how their nodes are, and the administrator's buttons."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from imp_emulator.domain.imp import redundancy
from imp_emulator.domain.imp.redundancy import GroupView
from imp_emulator.domain.imp.services import instant
from imp_emulator.wire.imp_admin.decoding import EndpointRouter
from imp_emulator.wire.imp_admin.problems import responses
from imp_emulator.wire.imp_admin.redundancy_models import (
    ChosenNode,
    PresenceRedundancyGroup,
    PresenceRedundancyGroups,
    RedundantNode,
)
from imp_emulator.wire.imp_admin.served_node import JSON_ONLY, Here

router = EndpointRouter(tags=["Presence redundancy groups"])

_Name = Annotated[str, Path(description="The group's name.")]
_REFUSALS = ("redundancy-group-not-found", "redundancy-state")
_CHOSEN = ("invalid-json", "node-not-found", "unsupported-media-type", *_REFUSALS)


@router.get("/presence-redundancy-groups", operation_id="listPresenceRedundancyGroups", responses=responses())
def list_groups(here: Here) -> PresenceRedundancyGroups:
    """List the presence redundancy groups with how their nodes are and where their users are."""
    return PresenceRedundancyGroups(items=[_shown(group) for group in redundancy.groups(here.context, here.cluster)])


@router.post(
    "/presence-redundancy-groups/{name}/failover",
    operation_id="failOverPresenceRedundancyGroup",
    dependencies=[JSON_ONLY],
    responses=responses(*_CHOSEN),
)
def fail_over(here: Here, name: _Name, chosen: ChosenNode) -> PresenceRedundancyGroup:
    """Have the peer of a node take over its users; the critical services of the node are stopped."""
    return _shown(redundancy.failover(here.context, here.cluster, name, chosen.node))


@router.post(
    "/presence-redundancy-groups/{name}/fallback",
    operation_id="fallBackPresenceRedundancyGroup",
    dependencies=[JSON_ONLY],
    responses=responses(*_CHOSEN),
)
def fall_back(here: Here, name: _Name, chosen: ChosenNode) -> PresenceRedundancyGroup:
    """Have the users of a node come back to it; its critical services are started."""
    return _shown(redundancy.fallback(here.context, here.cluster, name, chosen.node))


@router.post(
    "/presence-redundancy-groups/{name}/recover",
    operation_id="recoverPresenceRedundancyGroup",
    responses=responses(*_REFUSALS),
)
def recover(here: Here, name: _Name) -> PresenceRedundancyGroup:
    """Restart the Server Recovery Managers of a group that runs in failed mode."""
    return _shown(redundancy.recover(here.context, here.cluster, name))


def _shown(group: GroupView) -> PresenceRedundancyGroup:
    return PresenceRedundancyGroup(
        name=group.name,
        description=group.description,
        ha_enabled=group.ha_enabled,
        nodes=[
            RedundantNode(
                node=node.node,
                state=node.state,
                reason=node.reason,
                since=None if node.since is None else instant(node.since),
                users_assigned=node.users_assigned,
                users_here=node.users_here,
            )
            for node in group.nodes
        ],
    )
