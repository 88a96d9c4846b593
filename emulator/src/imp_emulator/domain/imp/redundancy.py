# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The presence redundancy groups: which nodes are paired, whether they stand in for each other, and how they are."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from imp_emulator.catalogue.redundancy import Reason, State
from imp_emulator.catalogue.services import RECOVERY_MANAGER
from imp_emulator.domain.imp import recovery, services
from imp_emulator.domain.imp.node_health import plain_state, stopped
from imp_emulator.domain.imp.services import Action
from imp_emulator.errors import Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.scenario.redundancy import GROUP_DESCRIPTION, GROUP_NAME
from imp_emulator.store import nodes
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.imp import homes
from imp_emulator.store.imp import redundancy as store
from imp_emulator.store.imp.redundancy import Group, Member
from imp_emulator.world.context import Context

GroupKey = store.GroupKey

WRONG_STATE = "redundancy-state"
"""The code of the refusal of something that the nodes' states do not allow."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node of a group as it is now.

    Attributes:
        since: Since when it is so; virtual time, ``None`` while high availability is off.
        users_assigned: How many users have their home there.
        users_here: How many users it serves.
    """

    node: str
    pkid: str
    state: State
    reason: Reason
    since: float | None
    users_assigned: int
    users_here: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its nodes, in the order of their places."""

    pkid: str
    name: str
    description: str
    ha_enabled: bool
    nodes: tuple[NodeView, ...]

    @property
    def users(self) -> int:
        """How many users have their home at its nodes."""
        return sum(node.users_assigned for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a group is to become; ``None`` leaves what is there.

    Attributes:
        nodes: Both places of the group; a place that is ``""`` is to be empty.
    """

    name: str | None = None
    description: str | None = None
    nodes: tuple[str | None, str | None] = (None, None)
    ha_enabled: bool | None = None


def groups(context: Context, cluster: str) -> list[GroupView]:
    """Return the groups of a cluster, the oldest first."""
    return [_view(context, group) for group in store.groups(context.database, cluster)]


def find(context: Context, cluster: str, key: GroupKey) -> GroupView:
    """Return one group; raises ``NotFound``."""
    return _view(context, _find(context, cluster, key))


def group_name(context: Context, cluster: str, node: str) -> str:
    """Return the name of the group of a node; ``""`` for a node without one."""
    group = store.group_of(context.database, cluster, node)
    return "" if group is None else group.name


def node_state(context: Context, cluster: str, node: str) -> tuple[State, Reason]:
    """Return how a node is and why; without high availability, only whether it is in order."""
    group = store.group_of(context.database, cluster, node)
    if group is not None and group.ha_enabled:
        for member in group.members:
            if member.node == node:
                return State(member.state), Reason(member.reason)
    return plain_state(context, cluster, node)


def is_elsewhere(context: Context, cluster: str, userid: str) -> bool:
    """Tell whether a user is at another node than its home."""
    user = users.presence_user(context.database, cluster, UserKey("userid", userid))
    return user is not None and user.served_by != user.presence_node


def _view(context: Context, group: Group) -> GroupView:
    views = tuple(_node_view(context, group, member) for member in group.members)
    return GroupView(group.pkid, group.name, group.description, group.ha_enabled, views)


def _node_view(context: Context, group: Group, member: Member) -> NodeView:
    database, cluster = context.database, member.cluster
    known = nodes.node(database, cluster, member.node)
    state, reason = node_state(context, cluster, member.node)
    return NodeView(
        node=member.node,
        pkid="" if known is None else known.pkid,
        state=state,
        reason=reason,
        since=member.since if group.ha_enabled else None,
        users_assigned=homes.assigned(database, cluster, member.node),
        users_here=sum(
            homes.assigned(database, cluster, home) for home in homes.served(database, cluster, member.node)
        ),
    )


# The administrator's changes


def add(context: Context, cluster: str, wanted: Wanted) -> str:
    """Add a group and return its UUID (lower case, no braces).

    Raises:
        InvalidValue: Its name, its description or one of its nodes cannot be.
        Duplicate: The name is taken.
        Forbidden: A node is in another group, or high availability lacks a second node.
    """
    names = [name for name in wanted.nodes if name]
    members = _nodes(context, cluster, names, None)
    _check_high_availability(bool(wanted.ha_enabled), members)
    pkid = str(uuid.uuid4())
    name, description = _checked(wanted.name or "", wanted.description or "")
    try:
        identifier = store.insert(context.database, cluster, pkid, name, description)
    except store.NameTaken:
        raise _duplicate(name) from None
    store.set_nodes(context.database, cluster, identifier, members)
    _switch(context, cluster, pkid, bool(wanted.ha_enabled))
    return pkid


def update(context: Context, cluster: str, key: GroupKey, wanted: Wanted) -> str:
    """Change a group and return its UUID (lower case, no braces).

    Switching high availability off takes users back to their home nodes. Switching it on while critical services of
    one node do not run has the other one take its users; of both, both run in failed mode (Cisco's guide).

    Raises:
        NotFound: There is no such group.
        InvalidValue: Its name, its description or one of its nodes cannot be.
        Duplicate: The new name is taken.
        Forbidden: A node is in another group, the nodes are changed while high availability is on, or that lacks a
            second node.
    """
    group = _find(context, cluster, key)
    present: list[str] = [*(member.node for member in group.members), "", ""]
    places = [present[place] if name is None else name for place, name in enumerate(wanted.nodes)]
    members = _nodes(context, cluster, [name for name in places if name], group)
    enabled = group.ha_enabled if wanted.ha_enabled is None else wanted.ha_enabled
    _check_high_availability(enabled, members)
    changed = members != [member.node for member in group.members]
    if changed and group.ha_enabled and enabled:
        message = f"The nodes of {group.name} cannot be changed while high availability is on: switch it off first."
        raise Forbidden(WRONG_STATE, message, "server1")
    name = group.name if wanted.name is None else wanted.name
    description = group.description if wanted.description is None else wanted.description
    try:
        store.describe(context.database, group.id, *_checked(name, description))
    except store.NameTaken:
        raise _duplicate(name) from None
    if not enabled:
        _switch(context, cluster, group.pkid, False)
    if changed:
        store.set_nodes(context.database, cluster, group.id, members)
    _switch(context, cluster, group.pkid, enabled)
    return group.pkid


def remove(context: Context, cluster: str, key: GroupKey) -> str:
    """Remove a group and return its UUID.

    Raises:
        NotFound: There is no such group.
        Forbidden: High availability is on, or users have their home at its nodes.
    """
    group = _find(context, cluster, key)
    if group.ha_enabled:
        raise Forbidden(WRONG_STATE, f"High availability of {group.name} is on: switch it off first.", "name")
    if users := _view(context, group).users:
        raise Forbidden(WRONG_STATE, f"{users} users are assigned to the nodes of {group.name}.", "name")
    store.remove(context.database, group.id)
    return group.pkid


def _switch(context: Context, cluster: str, pkid: str, enabled: bool) -> None:
    group = _find(context, cluster, GroupKey("pkid", pkid))
    if group.ha_enabled == enabled:
        return
    store.enable(context.database, group.id, enabled)
    if enabled:
        recovery.begin(context, group, list(group.members))
        recovery.look(context, cluster, group.members[0].node)
    else:
        recovery.end(context, group)


def _find(context: Context, cluster: str, key: GroupKey) -> Group:
    group = store.group(context.database, cluster, key)
    if group is None:
        raise NotFound("redundancy-group-not-found", "There is no such presence redundancy group.", "name")
    return group


def _nodes(context: Context, cluster: str, names: Sequence[str], group: Group | None) -> list[str]:
    """Return the proper names of the nodes of a group that is changed, or of a new one."""
    if not names:
        raise InvalidValue("invalid-field", "A presence redundancy group needs an IM and Presence node.", "server1")
    found: list[str] = []
    for name in names:
        node = nodes.node(context.database, cluster, name)
        if node is None or node.role != "imp":
            raise InvalidValue("invalid-field", f"There is no IM and Presence node {name}.", "server1")
        other = store.group_of(context.database, cluster, node.name)
        if other is not None and (group is None or other.pkid != group.pkid):
            raise Forbidden(WRONG_STATE, f"{node.name} is in the presence redundancy group {other.name}.", "server1")
        if node.name in found:
            raise InvalidValue("invalid-field", f"{node.name} cannot be both nodes of a group.", "server2")
        found.append(node.name)
    return found


def _check_high_availability(enabled: bool, members: Sequence[str]) -> None:
    if enabled and len(members) < 2:
        raise Forbidden(WRONG_STATE, "High availability needs two nodes in the presence redundancy group.", "haEnabled")


def _checked(name: str, description: str) -> tuple[str, str]:
    if not re.fullmatch(GROUP_NAME, name):
        rule = "The name of a presence redundancy group has 1 to 128 letters, digits, underscores and hyphens."
        raise InvalidValue("invalid-field", rule, "name")
    if not re.fullmatch(GROUP_DESCRIPTION, description):
        rule = 'The description of a presence redundancy group has at most 128 characters and none of " % & \\ < >.'
        raise InvalidValue("invalid-field", rule, "description")
    return name, description


def _duplicate(name: str) -> Duplicate:
    return Duplicate("redundancy-group-exists", f"A presence redundancy group {name} exists already.", "name")


# The administrator's actions


def can_fail_over(node: str, peer: str) -> bool:
    """Tell whether the users of a node can be taken over, by its state and its peer's."""
    return (node, peer) == (State.NORMAL, State.NORMAL)


def can_fall_back(node: str, peer: str) -> bool:
    """Tell whether the users of a node can come back to it, by its state and its peer's."""
    return node in (State.IDLE, State.FAILED_OVER) and peer in recovery.SERVING_BOTH


def failover(context: Context, cluster: str, name: str, node: str) -> GroupView:
    """Have the peer of a node take over its users; the critical services of the node are stopped.

    Raises:
        NotFound: There is no such group, or no such node in it.
        Forbidden: High availability is off, or one of the two is not in the state Normal.
    """
    group, member, peer = _pair(context, cluster, name, node)
    if not can_fail_over(member.state, peer.state):
        _refuse("A failover needs both nodes in the state Normal", member, peer)
    recovery.begin_over(context, member, peer)
    return find(context, cluster, GroupKey("pkid", group.pkid))


def fallback(context: Context, cluster: str, name: str, node: str) -> GroupView:
    """Have the users of a node come back to it; its critical services are started.

    Raises:
        NotFound: There is no such group, or no such node in it.
        Forbidden: High availability is off, the node has not failed over, or its critical services do not run.
    """
    group, member, peer = _pair(context, cluster, name, node)
    if not can_fall_back(member.state, peer.state):
        _refuse("A fallback needs the node in the state Idle or Failed Over, and its peer in backup mode", member, peer)
    recovery.begin_back(context, group, member, Reason.ADMIN_REQUEST)
    return find(context, cluster, GroupKey("pkid", group.pkid))


def recover(context: Context, cluster: str, name: str) -> GroupView:
    """Restart the Server Recovery Manager of both nodes of a group that runs in failed mode.

    Raises:
        NotFound: There is no such group.
        Forbidden: It does not run in failed mode.
    """
    group = _find(context, cluster, GroupKey("name", name))
    failed = [member for member in group.members if member.state == State.FAILED_MODE]
    if not failed:
        raise Forbidden(WRONG_STATE, f"{group.name} does not run in failed mode.", "name")
    recovery.begin(context, group, list(group.members))
    for member in group.members:
        if stopped(context, cluster, member.node):
            recovery.start_services(context, member)
        services.control(context, cluster, member.node, Action.RESTART, RECOVERY_MANAGER)
    return find(context, cluster, GroupKey("pkid", group.pkid))


def _pair(context: Context, cluster: str, name: str, node: str) -> tuple[Group, Member, Member]:
    group = _find(context, cluster, GroupKey("name", name))
    known = nodes.node(context.database, cluster, node)
    member = next((member for member in group.members if known is not None and member.node == known.name), None)
    if member is None:
        raise NotFound("node-not-found", f"There is no node {node} in {group.name}.", "node")
    peer = recovery.peer_of(group, member.node)
    if peer is None or not group.ha_enabled:
        raise Forbidden(WRONG_STATE, f"High availability of {group.name} is off.", "node")
    return group, member, peer


def _refuse(rule: str, member: Member, peer: Member) -> None:
    states = f"{member.node} is {member.state}, {peer.node} is {peer.state}"
    raise Forbidden(WRONG_STATE, f"{rule}: {states}.", "node")
