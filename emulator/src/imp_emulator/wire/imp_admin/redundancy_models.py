# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administration API takes and answers about presence redundancy groups. All times are virtual."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from imp_emulator.catalogue.redundancy import Reason, State

_NODE: dict[str, Any] = {
    "node": "imp-sub",
    "state": "Running in Backup Mode",
    "reason": "Critical Service Down",
    "since": "2026-11-26T08:00:00Z",
    "users_assigned": 500,
    "users_here": 1000,
}


class RedundantNode(BaseModel):
    """A node of a group."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NODE]})

    node: str
    state: Annotated[State, Field(description="Without high availability Normal or Failed: whether all services run.")]
    reason: Reason
    since: Annotated[datetime | None, Field(description="Null while high availability is off.")]
    users_assigned: Annotated[int, Field(ge=0, description="The users whose home the node is.")]
    users_here: Annotated[int, Field(ge=0, description="The users that the node serves now.")]


class PresenceRedundancyGroup(BaseModel):
    """One or two nodes that stand in for each other when high availability is on."""

    name: str
    description: str
    ha_enabled: bool
    nodes: list[RedundantNode]


class PresenceRedundancyGroups(BaseModel):
    """The groups of the cluster, the oldest first."""

    items: list[PresenceRedundancyGroup]


class ChosenNode(BaseModel):
    """The node whose users are to go to its peer, or to come back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"node": "imp-pub"}]})

    node: str
