# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Server Recovery Managers: they move the users of a node to its peer and back (Cisco's guide, high availability).

What a node's state becomes follows from the states of the two, from what is wrong with them, and from time. Whoever
changes something about a node has :func:`look` called after the commit; what needs time is a job. Stopping a service
on purpose counts as its failure does.
"""

from __future__ import annotations

from imp_emulator.catalogue import services as service_catalogue
from imp_emulator.catalogue.parameters import CRITICAL_SERVICE_DELAY, KEEP_ALIVE_INTERVAL
from imp_emulator.catalogue.redundancy import Reason, State
from imp_emulator.catalogue.services import CRITICAL_SERVICES, RECOVERY_MANAGER
from imp_emulator.domain.events import (
    ParameterChanged,
    ServiceDeployed,
    ServiceStarted,
    ServiceStopping,
)
from imp_emulator.domain.imp import engine_life, services
from imp_emulator.domain.imp.node_health import Trouble, falls_back_by_itself, setting, stopped, trouble
from imp_emulator.domain.imp.services import Action, Status
from imp_emulator.store import jobs
from imp_emulator.store.imp import redundancy as store
from imp_emulator.store.imp.redundancy import Group, GroupKey, Member
from imp_emulator.store.jobs import Job
from imp_emulator.world.context import Context

DOWN = "redundancy-down"
"""The kind of the job of a node that was in trouble for as long as it may be; :func:`down` carries it out."""
SETTLE = "redundancy-settle"
"""The kind of the job that ends a transition of a group; :func:`settle` carries it out."""
FALL_BACK = "redundancy-fall-back"
"""The kind of the job that has the users of a node go back by themselves; :func:`fall_back` carries it out."""

MOVE_SECONDS = 5.0
"""How long it takes to move users; Cisco gives no figure, and the emulator has no clients that log in again."""
FALLBACK_SECONDS = 1800.0
"""How long both nodes must have been in order before users go back by themselves (Cisco's guide: thirty minutes)."""

SERVING_BOTH = (State.BACKUP, State.BACKUP_ACTIVATED)
AWAY = (State.FAILED_OVER, State.SERVICES_DOWN, State.AFFECTED)
"""A node whose users are elsewhere because something was wrong with it."""
_WATCHED = (State.NORMAL, *SERVING_BOTH)
_BEGINS = (State.NORMAL, State.INITIALIZING, State.FAILED_MODE)
"""The states in which a Server Recovery Manager that starts finds out anew how its node is."""
_RECOVERED = {Reason.DATABASE_FAILURE: Reason.RECOVER_DATABASE}


# Looking


def look(context: Context, cluster: str, node: str) -> None:
    """Look anew at the group of a node, about which something has changed; nothing about it is no error."""
    with context.database.transaction():
        group = store.group_of(context.database, cluster, node)
        if group is not None and group.ha_enabled:
            for member in group.members:
                _watch(context, member)
            _watch_fallback(context, cluster, group.pkid)


def look_at_all(context: Context, cluster: str | None = None) -> None:
    """Look anew at every group, or at those of one cluster."""
    for spec in context.scenario.clusters:
        if cluster in (None, spec.name):
            for group in store.groups(context.database, spec.name):
                look(context, spec.name, group.members[0].node)


def service_changed(context: Context, event: ServiceDeployed | ServiceStarted | ServiceStopping) -> None:
    """Take notice that a service of a node runs, has begun to stop (it is down then), or has been (de)activated."""
    if isinstance(event, ServiceStarted) and event.service == RECOVERY_MANAGER:
        _manager_started(context, event.cluster, event.node)
    elif event.service in CRITICAL_SERVICES:
        look(context, event.cluster, event.node)


def parameter_changed(context: Context, event: ParameterChanged) -> None:
    """Take notice that a parameter of the Server Recovery Manager has another value."""
    if event.service == RECOVERY_MANAGER:
        look_at_all(context, event.cluster)


def _trouble(context: Context, member: Member) -> Trouble | None:
    return trouble(context, member.cluster, member.node, begins=member.state == State.INITIALIZING)


def _watch(context: Context, member: Member) -> None:
    found = _trouble(context, member)
    if member.state in AWAY:
        _watch_failed_over(context, member, found)
    watched = member.state in _WATCHED or (
        # What does not run when a node begins is seen when the peers have heard each other.
        member.state == State.INITIALIZING and found is not None and found.reason is Reason.PEER_DOWN
    )
    key = _node_key(member)
    if found is None or not watched:
        context.jobs.cancel(DOWN, key)
        return
    waiting = jobs.waiting(context.database, DOWN, key)
    if waiting is None or waiting.payload[2] != found.reason:
        payload = [member.cluster, member.node, found.reason]
        context.jobs.add(DOWN, key, context.clock.timestamp() + found.seconds, payload)


def _watch_failed_over(context: Context, member: Member, found: Trouble | None) -> None:
    """A node that has failed over is ready for its users as soon as nothing is wrong with it any more."""
    if found is None and member.state != State.FAILED_OVER:
        _set(context, member, State.FAILED_OVER, Reason(member.reason))
    elif found is not None and member.state == State.FAILED_OVER:
        _set(context, member, State.SERVICES_DOWN, found.reason)


def _watch_fallback(context: Context, cluster: str, pkid: str) -> None:
    group = _group(context, cluster, pkid)
    for member in () if group is None else group.members:
        key = _node_key(member)
        if group is None or not _may_fall_back_by_itself(context, group, member):
            context.jobs.cancel(FALL_BACK, key)
        elif jobs.waiting(context.database, FALL_BACK, key) is None:
            due_at = context.clock.timestamp() + FALLBACK_SECONDS
            context.jobs.add(FALL_BACK, key, due_at, [member.cluster, member.node])


def _may_fall_back_by_itself(context: Context, group: Group, member: Member) -> bool:
    peer = peer_of(group, member.node)
    return (
        peer is not None
        and member.state == State.FAILED_OVER
        and peer.state in SERVING_BOTH
        and _trouble(context, peer) is None
        and falls_back_by_itself(context, member.cluster)
    )


# What happens by itself


def down(context: Context, job: Job) -> None:
    """Act on a node that is in trouble for too long: the handler of :data:`DOWN`."""
    group, member = _member(context, *job.payload[:2])
    peer = None if group is None or member is None else peer_of(group, member.node)
    found = None if member is None else _trouble(context, member)
    if group is None or member is None or peer is None or found is None:
        return
    if member.state in SERVING_BOTH:
        _backup_is_down(context, group, member, peer, found)
    elif peer.state not in (State.NORMAL, State.INITIALIZING) or _trouble(context, peer) is not None:
        _fail(context, group, found.reason)
    elif member.state == State.INITIALIZING:
        _move_away(context, member, peer, (Reason.INITIALIZATION, Reason.PEER_DOWN_AT_START))
    else:
        _move_away(context, member, peer, (found.reason, found.reason))
    look(context, member.cluster, member.node)


def _backup_is_down(context: Context, group: Group, member: Member, peer: Member, found: Trouble) -> None:
    """The node that serves the users of both has failed: the other one takes them all, if nothing is wrong with it."""
    if peer.state != State.FAILED_OVER:
        _fail(context, group, found.reason)
        return
    reason = _RECOVERED.get(found.reason, Reason.RECOVER_SERVICE)
    _set(context, member, State.AFFECTED, reason)
    _set(context, peer, State.BACKUP_ACTIVATED, reason)
    _serve(context, member, peer.node)
    _serve(context, peer, None)


def _fail(context: Context, group: Group, reason: Reason) -> None:
    """Nobody can take the users: both nodes run in failed mode until somebody has them recover."""
    for member in group.members:
        _set(context, member, State.FAILED_MODE, reason)


def fall_back(context: Context, job: Job) -> None:
    """Have the users of a node go back, if they still may: the handler of :data:`FALL_BACK`."""
    group, member = _member(context, *job.payload)
    if group is not None and member is not None and _may_fall_back_by_itself(context, group, member):
        begin_back(context, group, member, Reason.AUTOMATIC_FALLBACK)


def _manager_started(context: Context, cluster: str, node: str) -> None:
    """Take notice that the Server Recovery Manager of a node has started, which finds out how the node is."""
    with context.database.transaction():
        group, member = _member(context, cluster, node)
        if group is None or member is None:
            return
        if member.state in _BEGINS:
            begin(context, group, [member])
        elif member.state != State.FAILING_OVER:
            # What it was doing it goes on with.
            _set(context, member, State(member.state), Reason.INITIALIZATION, since=member.since)
    look(context, cluster, node)


def begin(context: Context, group: Group, members: list[Member]) -> None:
    """Have nodes find out how they are: they have heard each other after one interval of their messages."""
    for member in members:
        _set(context, member, State.INITIALIZING, Reason.INITIALIZATION)
    _settle_after(context, group, setting(context, group.cluster, KEEP_ALIVE_INTERVAL))


def end(context: Context, group: Group) -> None:
    """High availability is switched off: users are at their home nodes, and nobody watches these any more."""
    context.jobs.cancel(SETTLE, _group_key(group))
    for member in group.members:
        for kind in (DOWN, FALL_BACK):
            context.jobs.cancel(kind, _node_key(member))
        store.set_state(context.database, member.cluster, member.node, "", "", context.clock.timestamp())
        _serve(context, member, None)


# Transitions


def _move_away(context: Context, member: Member, peer: Member, reasons: tuple[Reason, Reason]) -> None:
    """Begin to move the users of a node to its peer."""
    _set(context, member, State.FAILING_OVER, reasons[0])
    _set(context, peer, State.TAKING_OVER, reasons[1])
    group = store.group_of(context.database, member.cluster, member.node)
    if group is not None:
        _settle_after(context, group, MOVE_SECONDS)


def begin_over(context: Context, member: Member, peer: Member) -> None:
    """Begin a failover that the administrator wants: the critical services of the node are stopped."""
    _move_away(context, member, peer, (Reason.ADMIN_REQUEST, Reason.ADMIN_REQUEST))
    for name in CRITICAL_SERVICES:
        spec = service_catalogue.spec("imp", name)
        if spec is not None and spec.stoppable and name != RECOVERY_MANAGER:
            # One that does not run is refused, and stays as it is.
            services.control(context, member.cluster, member.node, Action.STOP, name)


def begin_back(context: Context, group: Group, member: Member, reason: Reason) -> None:
    """Begin to move the users of a node back to it; its critical services that do not run are started."""
    peer = peer_of(group, member.node)
    _set(context, member, State.TAKING_BACK, reason)
    if peer is not None:
        _set(context, peer, State.FALLING_BACK, reason)
    start_services(context, member)
    _settle_after(context, group, MOVE_SECONDS)


def start_services(context: Context, member: Member) -> None:
    """Start the critical services of a node that do not run."""
    for name in stopped(context, member.cluster, member.node):
        services.control(context, member.cluster, member.node, Action.START, name)


def settle(context: Context, job: Job) -> None:
    """End what a group was doing: the handler of :data:`SETTLE`."""
    group = _group(context, *job.payload)
    if group is None or not group.ha_enabled:
        return
    by_state = {member.state: member for member in group.members}
    if State.FAILING_OVER in by_state:
        _moved_away(context, group, by_state[State.FAILING_OVER])
    elif State.TAKING_BACK in by_state:
        _moved_back(context, group, by_state[State.TAKING_BACK])
    elif State.INITIALIZING in by_state:
        _begun(context, group)
    look(context, group.cluster, group.members[0].node)


def _moved_away(context: Context, group: Group, member: Member) -> None:
    peer = peer_of(group, member.node)
    if peer is None:
        return
    found = _trouble(context, member)
    state = State.IDLE if member.reason == Reason.ADMIN_REQUEST else State.FAILED_OVER
    if state is State.FAILED_OVER and found is not None:
        state = State.SERVICES_DOWN
    _set(context, member, state, Reason(member.reason))
    _set(context, peer, State.BACKUP, Reason(peer.reason))
    _serve(context, member, peer.node)


def _moved_back(context: Context, group: Group, member: Member) -> None:
    if not stopped(context, member.cluster, member.node):
        _all_normal(context, group)
    elif _still_starts(context, member):
        _settle_after(context, group, MOVE_SECONDS)
    else:
        _fail(context, group, Reason.START_FAILED)


def _still_starts(context: Context, member: Member) -> bool:
    """Tell whether critical services of a node are on their way, for no longer than they may be down."""
    passed = context.clock.timestamp() - member.since
    if passed >= setting(context, member.cluster, CRITICAL_SERVICE_DELAY):
        return False
    states = services.states(context, member.cluster, member.node, stopped(context, member.cluster, member.node))
    return any(state.status in (Status.STARTING, Status.STOPPING) for state in states)


def _begun(context: Context, group: Group) -> None:
    """The nodes that began have heard each other, or wait longer for one that is not there."""
    begun = [member for member in group.members if member.state == State.INITIALIZING]
    if any(_still_starts(context, member) for member in begun):
        _settle_after(context, group, MOVE_SECONDS)
        return
    troubles = {member.node: _trouble(context, member) for member in group.members}
    if any(found is not None and found.reason is Reason.PEER_DOWN for found in troubles.values()):
        return
    wrong = [member for member in begun if troubles[member.node] is not None]
    if any(member.state == State.FAILED_MODE for member in group.members):
        for member in begun:
            _set(context, member, State.FAILED_MODE, Reason.UNKNOWN)
    elif not wrong:
        # What is wrong with a peer that had begun before has its own time.
        for member in begun:
            _set(context, member, State.NORMAL, Reason.NORMAL)
            _serve(context, member, None)
    else:
        _begun_with_trouble(context, group, wrong[0], troubles)


def _begun_with_trouble(context: Context, group: Group, member: Member, troubles: dict[str, Trouble | None]) -> None:
    """A node whose critical services do not run when it begins fails over at once, if its peer is in order."""
    peer, found = peer_of(group, member.node), troubles[member.node]
    if peer is None or found is None:
        return
    if troubles[peer.node] is None:
        _move_away(context, member, peer, (found.reason, found.reason))
    else:
        _fail(context, group, found.reason)


def _all_normal(context: Context, group: Group) -> None:
    for member in group.members:
        _set(context, member, State.NORMAL, Reason.NORMAL)
        _serve(context, member, None)


# What all of them share


def peer_of(group: Group, node: str) -> Member | None:
    """Return the other node of a group, if it has one."""
    return next((member for member in group.members if member.node != node), None)


def _group(context: Context, cluster: str, pkid: str) -> Group | None:
    return store.group(context.database, cluster, GroupKey("pkid", pkid))


def _member(context: Context, cluster: str, node: str) -> tuple[Group | None, Member | None]:
    """Return a node that high availability watches, with its group."""
    group = store.group_of(context.database, cluster, node)
    if group is None or not group.ha_enabled:
        return None, None
    return group, next(member for member in group.members if member.node == node)


def _set(context: Context, member: Member, state: State, reason: Reason, since: float | None = None) -> None:
    at = context.clock.timestamp() if since is None else since
    store.set_state(context.database, member.cluster, member.node, state, reason, at)


def _serve(context: Context, member: Member, node: str | None) -> None:
    """Have the users of a home node served by another one, or by itself (``None``)."""
    if member.served_by != (node or member.node):
        store.serve(context.database, member.cluster, member.node, node)
        engine_life.move(context, member.cluster, member.node)


def _settle_after(context: Context, group: Group, seconds: float) -> None:
    due_at = context.clock.timestamp() + seconds
    context.jobs.add(SETTLE, _group_key(group), due_at, [group.cluster, group.pkid])


def _group_key(group: Group) -> str:
    return f"{group.cluster}/{group.pkid}"


def _node_key(member: Member) -> str:
    return f"{member.cluster}/{member.node}"
