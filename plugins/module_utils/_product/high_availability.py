# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Presence redundancy groups: two IM and Presence nodes, each of which takes over the users of the other. Pure.

Unified CM has the groups and their high-availability switch. How the nodes of a group stand is for the IM and Presence
nodes to say, after the pages on high availability of Cisco's configuration and administration guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.options import ascii_lower
from ansible_collections.ucops.imp.plugins.module_utils._product.parameters import (
    PRESENCE_ENGINE,
    SIP_PROXY,
    XCP_ROUTER,
)

NORMAL = "Normal"
IN_TRANSIT = frozenset(
    map(
        ascii_lower,
        (
            "Initializing",
            "Failing Over",
            "Taking Over",
            "Falling Back",
            "Taking Back",
            "Failover",
            "Fallback",
            "In Transition",
        ),
    )
)
"""States that a node leaves by itself."""

CRITICAL_SERVICES = (
    "Cisco Presence Datastore",
    "Cisco Route Datastore",
    "Cisco SIP Registration Datastore",
    "Cisco Server Recovery Manager",
    XCP_ROUTER,
    SIP_PROXY,
    PRESENCE_ENGINE,
)
"""Services without which a node does not carry its users; those that are not activated do not count."""

GROUPS_PAGE = "Cisco Unified CM Administration, System, Presence Redundancy Groups"


@dataclass(frozen=True)
class GroupNode:
    """A node of a group. What nobody tells is ``None``; ``users_here`` are those that it serves at this moment.

    ``trouble`` is a sentence without its period, where the node's services had to be looked at instead.
    """

    name: str
    state: str | None = None
    reason: str | None = None
    users_assigned: int | None = None
    users_here: int | None = None
    trouble: str | None = None

    @property
    def is_told(self) -> bool:
        """Whether anybody tells how it stands."""
        return self.state is not None

    @property
    def in_transit(self) -> bool:
        """Whether it is changing its state."""
        return self.state is not None and ascii_lower(self.state) in IN_TRANSIT

    def as_dict(self) -> dict[str, Any]:
        """Return ``{name, state, reason, users_assigned, users_here}``."""
        return {name: value for name, value in self.__dict__.items() if name != "trouble"}


@dataclass(frozen=True)
class RedundancyGroup:
    """A presence redundancy group; ``users`` is the number that Unified CM counts, ``None`` where it does not say."""

    name: str
    ha_enabled: bool
    nodes: tuple[GroupNode, ...]
    description: str = ""
    users: int | None = None

    @property
    def can_switch(self) -> bool:
        """Whether high availability means anything: one node has nobody to take over."""
        return len(self.nodes) > 1

    @property
    def is_told(self) -> bool:
        """Whether it is known how every node stands."""
        return all(node.is_told for node in self.nodes)

    def has(self, node: str) -> bool:
        """Whether a node belongs to it."""
        return any(member.name == node for member in self.nodes)

    def unsettled(self) -> list[tuple[GroupNode, str]]:
        """Return the nodes that do not serve exactly their own users, each with a sentence without its period."""
        found = ((node, self._why(node)) for node in self.nodes)
        return [(node, why) for node, why in found if why is not None]

    def _why(self, node: GroupNode) -> str | None:
        # Without high availability no node takes over, and the state means nothing.
        if self.ha_enabled and self.can_switch and node.state is not None and not _is_normal(node.state):
            reason = f" ({node.reason})" if node.reason else ""
            return f"{node.name} is in the state {node.state}{reason}"
        if None not in (node.users_here, node.users_assigned) and node.users_here != node.users_assigned:
            return f"{node.name} serves {node.users_here} users where {node.users_assigned} are assigned to it"
        return node.trouble

    def renamed(self, names: Mapping[str, str]) -> RedundancyGroup:
        """Return it with other names for its nodes, as far as there are any."""
        return replace(self, nodes=tuple(replace(node, name=names.get(node.name, node.name)) for node in self.nodes))

    def with_nodes_of(self, told: RedundancyGroup | None) -> RedundancyGroup:
        """Return it with what another source tells of its nodes."""
        known = {} if told is None else {ascii_lower(node.name): node for node in told.nodes}
        nodes = (replace(known.get(ascii_lower(node.name), node), name=node.name) for node in self.nodes)
        return replace(self, nodes=tuple(nodes))

    def as_dict(self) -> dict[str, Any]:
        """Return ``{name, description, ha_enabled, users, nodes: [...]}``."""
        return {
            "name": self.name,
            "description": self.description,
            "ha_enabled": self.ha_enabled,
            "users": self.users,
            "nodes": [node.as_dict() for node in self.nodes],
        }


def users_assigned(groups: Iterable[RedundancyGroup]) -> list[dict[str, Any]]:
    """Return ``[{nodes, users}]``, how many users are assigned to a node, or else to the nodes of a group together."""
    told: list[dict[str, Any]] = []
    for group in groups:
        if all(node.users_assigned is not None for node in group.nodes):
            told += [{"nodes": [node.name], "users": node.users_assigned} for node in group.nodes]
        elif group.users is not None:
            told.append({"nodes": [node.name for node in group.nodes], "users": group.users})
    return told


def group_of(node: str, groups: Iterable[RedundancyGroup]) -> RedundancyGroup | None:
    """Return the group that a node belongs to."""
    return next((group for group in groups if group.has(node)), None)


def merged(listed: Iterable[RedundancyGroup], told: Iterable[RedundancyGroup]) -> tuple[RedundancyGroup, ...]:
    """Return the groups that Unified CM lists with what another source tells of their nodes."""
    known = {ascii_lower(group.name): group for group in told}
    return tuple(group.with_nodes_of(known.get(ascii_lower(group.name))) for group in listed)


def with_states(groups: Iterable[RedundancyGroup], states: Iterable[Mapping[str, Any]]) -> tuple[RedundancyGroup, ...]:
    """Return the groups with what AXL of IM and Presence tells of nodes: ``{name, state, reason, users_assigned}``."""
    nodes = tuple(
        GroupNode(state["name"], state["state"], state["reason"], state["users_assigned"])
        for state in states
        if state["state"]
    )
    return tuple(group.with_nodes_of(RedundancyGroup("", ha_enabled=False, nodes=nodes)) for group in groups)


def _is_normal(state: str) -> bool:
    return ascii_lower(state) == ascii_lower(NORMAL)
