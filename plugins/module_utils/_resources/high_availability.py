# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Presence redundancy groups around a restart: what is looked at, and when high availability is switched (R1).

Nothing restarts on a node whose peer is not Normal, because the peer may be carrying the users of both. With
``off_while_restarting`` a group is switched off before its first restart and on again once its nodes serve their own
users. What was switched off is written down first (``pending_restarts``): who finds the note of a task that is gone
switches on what that task could not. A group without a note is never switched on.

:func:`with_switches` and :func:`peer_trouble` are the rules, and pure; :class:`Redundancy` asks and switches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    ImpError,
    NotArrived,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    OptionSpec,
    connection_from,
    connection_options,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, FieldChange, Refusal
from ansible_collections.ucops.imp.plugins.module_utils._core.polling import Polling
from ansible_collections.ucops.imp.plugins.module_utils._module.pending_restarts import PendingRestarts, SwitchedOff
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context
from ansible_collections.ucops.imp.plugins.module_utils._module.runner import REFUSED
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import (
    CRITICAL_SERVICES,
    GROUPS_PAGE,
    RedundancyGroup,
    group_of,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.node_services import NodeServices
from ansible_collections.ucops.imp.plugins.module_utils._resources.redundancy_groups import (
    Groups,
    GroupSource,
    UnknownGroups,
)

KIND = "high_availability"
OFF, ON = "disable", "enable"
"""Actions of its changes."""
OFF_FIRST = "off_first"
"""What the change of a service carries when its group has to be off before: the group's name."""
KEEP, OFF_WHILE_RESTARTING = "keep", "off_while_restarting"

HIGH_AVAILABILITY: dict[str, OptionSpec] = {
    "high_availability": {"type": "str", "choices": [KEEP, OFF_WHILE_RESTARTING], "default": KEEP},
    "cucm": {"type": "dict", "options": connection_options(CUCM)},
}
"""The options of the module ``services``."""

_MEND = f"See {GROUPS_PAGE}. Correct that first, then run again; ignore_other_nodes=true restarts all the same."


@dataclass(frozen=True)
class GroupsState:
    """The presence redundancy groups as far as they matter, and which an earlier task has left switched off.

    The nodes are called as the task calls them.
    """

    groups: tuple[RedundancyGroup, ...] = ()
    left_off: frozenset[str] = frozenset()


NO_GROUPS = GroupsState()


def problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options: one sentence each."""
    found: list[str] = []
    if params["cucm"] is not None:
        found += [f"cucm.{sentence}" for sentence in connection_from(CUCM, params["cucm"]).problems()]
    if params["high_availability"] == KEEP:
        return found
    if params["state"] != "restarted":
        found.append(f"high_availability: {OFF_WHILE_RESTARTING} works with state=restarted only.")
    if params["cucm"] is None:
        found.append(
            f"cucm: high_availability={OFF_WHILE_RESTARTING} needs it, because Unified CM has the switch. Give the "
            "publisher and an application user with the role Standard AXL API Access."
        )
    if not params["pending_restarts_path"]:
        found.append(
            f"pending_restarts_path: high_availability={OFF_WHILE_RESTARTING} needs it, so that a later run can switch "
            "on what a run that ends early leaves off. Give an absolute path of a file that stays."
        )
    return found


def with_switches(steps: Iterable[tuple[str, Change]], state: GroupsState, *, off: bool) -> list[Change]:
    """Return the changes of (node, change) in the order in which they are made, with the switches among them.

    Starts come first, then the restarts of one group after another, so that never more than one is switched off. What
    an earlier task has left off is therefore switched on before anything else is switched off.
    """
    planned = list(steps)
    made = [change for _node, change in planned if change.action != "restart"]
    restarts = [(node, change) for node, change in planned if change.action == "restart"]
    groups = dict.fromkeys(group_of(node, state.groups) for node, _change in restarts)
    left_off = [group for group in state.groups if group.name in state.left_off]
    for group in dict.fromkeys([*left_off, *groups]):
        mine = [change for node, change in restarts if group_of(node, state.groups) == group]
        if group is None:
            made += mine
            continue
        switches = off and group.ha_enabled and group.can_switch
        if switches:
            made.append(_switch(group.name, OFF))
            mine = [replace(change, desired={**change.desired, OFF_FIRST: group.name}) for change in mine]
        made += mine
        if switches or group in left_off:
            made.append(_switch(group.name, ON))
    return made


def _switch(group: str, action: str) -> Change:
    on = action == ON
    shown = (FieldChange("ha_enabled", not on, on),)
    return Change(KIND, f"{group}:{'on' if on else 'off'}", action, shown, {KIND: group})


def refusals(state: GroupsState, *, can_switch: bool) -> list[Refusal]:
    """Return what to say of groups that an earlier task has left off and that this one cannot switch on."""
    if can_switch:
        return []
    return [
        Refusal(
            f"High availability of the presence redundancy group {name} is still off, as a run that ended early has "
            "left it. Give cucm, so that this task can switch it on.",
            "left-off",
            f"{name}:on",
        )
        for name in sorted(state.left_off)
    ]


def peer_trouble(node: str, groups: Iterable[RedundancyGroup], *, whole_group: bool = False) -> str | None:
    """Return why a node of a group must not be taken down, or ``None``: its own trouble counts with ``whole_group``."""
    group = group_of(node, groups)
    found = [] if group is None else group.unsettled()
    return next((why for other, why in found if whole_group or other.name != node), None)


def named(name: str, groups: Iterable[RedundancyGroup]) -> RedundancyGroup | None:
    """Return the group of this name, ``None`` when there is none."""
    return next((group for group in groups if group.name == name), None)


def refusal(node: str, why: str) -> Refusal:
    """Return the refusal of a restart."""
    text = f"Not tried: {why}, so its presence redundancy group could not carry the users of {node}. {_MEND}"
    return Refusal(text, "not-tried", details={"node": node})


class _Notes:
    """What this task and earlier ones have switched off, in the file of pending restarts; without one, nothing."""

    def __init__(self, context: Context) -> None:
        path: str | None = context.params["pending_restarts_path"]
        self._context = context
        self._file = PendingRestarts(path) if path else None
        self._claim: IO[str] | None = None

    def left_off(self) -> dict[str, SwitchedOff]:
        """Return the notes of tasks that are gone, by group; those of one at work are its own business."""
        noted = {} if self._file is None else {note.group: note for note in self._file.read().switched_off}
        if self._file is None or not noted or self._claim is not None or not self._file.is_claimed():
            return noted
        self._context.warn(
            f"Another run has switched high availability of {', '.join(sorted(noted))} off and is at work. It switches "
            "it on when its restarts are made; this one leaves it alone."
        )
        return {}

    def begin(self, group: str) -> SwitchedOff:
        """Write down that a group is about to be switched off; raises :class:`ImpError` when that cannot be kept."""
        note = SwitchedOff(group, time.time())
        try:
            self.claim()
            self._edit_or_raise(group, note)
        except OSError as error:
            path = self._file.path if self._file else "pending_restarts_path"
            raise ImpError(
                f"Not tried: {path} cannot be written ({error.strerror}), so nobody would know that high availability "
                f"of {group} has to be switched on again.",
                code="not-tried",
            ) from None
        return note

    def _edit_or_raise(self, group: str, note: SwitchedOff) -> None:
        if self._file is None:
            raise ImpError(f"Not tried: there is no file in which to note that {group} is off.", code="not-tried")
        self._file.edit(lambda content: content.with_switched_off(note))

    def claim(self) -> None:
        """Keep other tasks from switching until this process ends; raises :class:`ImpError` when one is at it."""
        if self._file is None or self._claim is not None:
            return
        self._claim = self._file.claim()
        if self._claim is None:
            text = (
                "Not tried: another run has switched high availability off and is at work. Wait for it, then run again."
            )
            raise ImpError(text, code="not-tried")
        self._context.keep(self._claim)

    def made(self, note: SwitchedOff) -> None:
        """Write down that it was switched off."""
        self._edit(lambda content: content.with_switched_off(replace(note, made=time.time())))

    def forget(self, groups: Iterable[str]) -> None:
        """Take out notes: the groups are on, or gone, or were never switched."""
        names = set(groups)
        if names and not self._context.check_mode:
            self._edit(lambda content: content.without_switched_off(names))

    def _edit(self, change: Any) -> None:
        try:
            if self._file is not None:
                self._file.edit(change)
        except (OSError, ImpError) as error:
            said = error.message if isinstance(error, ImpError) else error.strerror
            self._context.warn(f"What is noted about high availability cannot be updated: {said}")


class Redundancy:
    """The groups of a cluster, as a task that restarts services on ``nodes`` asks about them and switches them.

    Where no interface tells how the nodes stand, their critical services count.
    """

    def __init__(
        self, context: Context, nodes: Mapping[str, NodeServices], services: Sequence[str], polling: Polling
    ) -> None:
        cucm = context.params["cucm"]
        self._context = context
        self._nodes = nodes
        self._services = list(dict.fromkeys([*services, *CRITICAL_SERVICES]))
        self._polling = polling
        self._axl = Axl(context.transport(connection_from(CUCM, cucm))) if cucm else None
        self._source = GroupSource(self._axl, context.transport())
        self._off_wanted = context.params["high_availability"] == OFF_WHILE_RESTARTING
        self._notes = _Notes(context)
        self._off: set[str] = set()
        self._names: dict[str, str] | None = None
        self._known = False

    @property
    def can_switch(self) -> bool:
        """Whether the options name the server that has the switch."""
        return self._axl is not None

    def state(self, *, restarting: bool) -> GroupsState:
        """Return the groups where they matter: when something is ``restarting``, or a task before has left one off."""
        noted = self._notes.left_off()
        if not (restarting or noted):
            return NO_GROUPS
        try:
            groups = self._groups(must_know=self._off_wanted or bool(noted))
        except ImpError as error:
            if restarting and self._off_wanted:
                raise
            self._context.fail(KIND, error)
            return NO_GROUPS
        known = {group.name for group in groups if group.can_switch}
        on = {group.name for group in groups if group.ha_enabled}
        gone = noted.keys() - known if known or self.can_switch else set()
        # Somebody has switched it on, or taken the group away.
        self._notes.forget((noted.keys() & on) | gone)
        for name in sorted(gone):
            self._context.warn(
                f"The presence redundancy group {name}, which a run that ended early has left without high "
                f"availability, is gone, has another name or one node. See {GROUPS_PAGE} whether it is on where it "
                "should be."
            )
        if restarting and self._off_wanted:
            self._warn_of_nodes_without_group(groups)
        elif restarting:
            self._warn_of_unknown_states(groups)
        return GroupsState(groups, frozenset(noted.keys() - on - gone))

    def _warn_of_nodes_without_group(self, groups: Sequence[RedundancyGroup]) -> None:
        for name in self._nodes:
            if group_of(name, groups) is None:
                known = ", ".join(node.name for group in groups for node in group.nodes) or "none"
                self._context.warn(
                    f"{name} is in no presence redundancy group under this name, so nothing is switched off for it. "
                    f"The nodes in groups: {known}."
                )

    def _warn_of_unknown_states(self, groups: Sequence[RedundancyGroup]) -> None:
        untold = {
            group.name
            for group in groups
            if group.ha_enabled and group.can_switch and not group.is_told and any(map(group.has, self._nodes))
        }
        if untold:
            self._context.warn(
                f"High availability of {', '.join(sorted(untold))} is on, and no interface of this cluster tells the "
                "states of its nodes, so only their services are looked at. Whether users have moved is told by "
                f"{GROUPS_PAGE}, and by IM and Presence once its Cisco AXL Web Service is activated."
            )

    def _groups(self, *, must_know: bool = False) -> Groups:
        """Return the groups now, nothing where nobody tells; with ``must_know`` Unified CM's refusal is raised.

        Who has told this task of groups before and does not any more is out of order: that is raised, too.
        """
        groups: Groups | None = None
        silent = UnknownGroups("the server that told it no longer answers")
        try:
            groups = self._source.groups() if must_know else self._source.standing()
        except ImpError as error:
            if must_know or isinstance(error, UnknownGroups):
                raise
            silent = UnknownGroups(error.message)
            if not self._known:
                self._context.warn(f"The presence redundancy groups could not be read: {error.message}")
        if groups is None:
            if self._known:
                raise silent
            return ()
        self._known = True
        return tuple(self._with_troubles(group) for group in self._renamed(groups))

    def _with_troubles(self, group: RedundancyGroup) -> RedundancyGroup:
        """Look at the critical services where no interface tells how a group stands, and while it is switched off."""
        if group.name not in self._off and (group.is_told or not group.ha_enabled):
            return group
        found: dict[str, str] = {}
        for node in self._nodes.values():
            for trouble in node.troubles(self._services) if group.has(node.name) else ():
                found.setdefault(node.name, trouble.text)
        return replace(group, nodes=tuple(replace(node, trouble=found.get(node.name)) for node in group.nodes))

    def _renamed(self, groups: Groups) -> Groups:
        """Call the nodes as the task does."""
        if self._names is None and groups:
            self._names = self._own_names([node.name for group in groups for node in group.nodes])
        return tuple(group.renamed(self._names or {}) for group in groups)

    def _own_names(self, listed: list[str]) -> dict[str, str]:
        aliases = {name: [name] for name in listed}
        ours = {node.name: node.cluster_name() for node in self._nodes.values()}
        if not all(called(name, aliases) for name in ours.values()):
            aliases = self._source.aliases(listed)
        found = {name: called(wanted, aliases) for name, wanted in ours.items()}
        return {known[0]: name for name, known in found.items() if len(known) == 1}

    # --- before and after a restart

    def refusal(self, node: str) -> Refusal | None:
        """Return why nothing is restarted on a node now, or ``None``; a peer in transit is waited for."""
        groups: Groups = ()
        with self._context.backoff.until(self._polling.timeout):
            for report in self._polling.looks():
                groups = self._groups()
                group = group_of(node, groups)
                if group is None or not any(one.in_transit for one, _why in group.unsettled() if one.name != node):
                    break
                report(f"the presence redundancy group {group.name} is changing its state")
        why = peer_trouble(node, groups)
        return None if why is None else refusal(node, why)

    def wait_for_users(self, node: str, what: str) -> None:
        """Return when the nodes of a node's group serve their own users; raise :class:`NotArrived` when they do not."""
        why = self._wait_until_settled(lambda groups: group_of(node, groups))
        if why is not None:
            raise NotArrived(
                f"{what}, but {why} after {self._polling.timeout:g} s. Users that have moved to the other node come "
                f"back with Fallback, by itself or by hand: {GROUPS_PAGE}. Until then nothing is restarted there.",
                details={"node": node, "timeout": self._polling.timeout},
            )

    def _wait_until_settled(self, wanted: Callable[[Groups], RedundancyGroup | None]) -> str | None:
        """Wait until a group carries its users; return why it does not when the time is over."""
        with self._context.backoff.until(self._polling.timeout):
            return self._look_until_settled(wanted)

    def _look_until_settled(self, wanted: Callable[[Groups], RedundancyGroup | None]) -> str | None:
        why: str | None = None
        for report in self._polling.looks():
            try:
                group = wanted(self._groups())
            except UnknownGroups as error:
                # Whoever tells may be restarting, too.
                why = f"how its presence redundancy group stands is not known ({error.reason})"
                report(why)
                continue
            found = [] if group is None else group.unsettled()
            if group is None or not found:
                return None
            why = found[0][1]
            report(why)
            if any(node.waited_in_vain for member, node in self._nodes.items() if group.has(member)):
                # It was waited for already.
                break
        return why

    def _find(self, name: str) -> RedundancyGroup | None:
        return named(name, self._groups())

    # --- the switch

    def apply(self, change: Change, *, careful: bool) -> None:
        """Switch a group off or on; raises :class:`ImpError` when it is not done or does not come to its end."""
        name: str = change.desired[KIND]
        if change.action == OFF:
            self._switch_off(name, careful=careful)
        else:
            self._switch_on(name)

    def is_switched(self, change: Change) -> bool:
        """Whether a switch whose answer got lost has been made."""
        name: str = change.desired[KIND]
        groups = {group.name: group for group in self._groups(must_know=True)}
        if name not in groups or groups[name].ha_enabled is not (change.action == ON):
            return False
        if change.action == OFF:
            self._off.add(name)
        else:
            self._switched_on(name)
        return True

    def require_off(self, change: Change) -> None:
        """Raise why a restart is not made whose group had to be switched off first."""
        name = change.desired.get(OFF_FIRST)
        if name is not None and name not in self._off:
            raise ImpError(f"Not tried: high availability of {name} could not be switched off first.", code="not-tried")

    def _switch_off(self, name: str, *, careful: bool) -> None:
        group = self._find(name)
        if group is None or not group.ha_enabled:
            text = f"Not tried: somebody else has switched high availability of {name} off meanwhile. Run again."
            raise ImpError(text, code="not-tried")
        found = group.unsettled() if careful else []
        if found:
            raise refusal(name, found[0][1]).error
        note = self._notes.begin(name)
        try:
            self._set(name, on=False)
        except REFUSED:
            self._notes.forget([name])
            raise
        self._off.add(name)
        self._notes.made(note)

    def _switch_on(self, name: str) -> None:
        if name not in self._notes.left_off() and name not in self._off:
            raise ImpError(f"Not tried: high availability of {name} was not switched off.", code="not-tried")
        self._notes.claim()
        self._off.add(name)
        why = self._wait_until_settled(partial(named, name))
        if why is not None:
            raise WaitExpired(
                f"High availability of {name} stays off, because {why}. Correct that; the next run switches it on.",
                details={"group": name},
            )
        try:
            self._set(name, on=True)
        except ApiError as error:
            text = f"High availability of {name} stays off: {error.message} The next run tries it again."
            raise ApiError(text, status=error.status, code=error.code) from None
        self._switched_on(name)

    def _switched_on(self, name: str) -> None:
        self._off.discard(name)
        self._notes.forget([name])
        why = self._wait_until_settled(partial(named, name))
        if why is not None:
            timeout = self._polling.timeout
            text = f"High availability of {name} is on again, but {why} after {timeout:g} s. See {GROUPS_PAGE}."
            raise NotArrived(text, details={"group": name, "timeout": timeout})

    def _set(self, name: str, *, on: bool) -> None:
        if self._axl is None:
            raise ImpError(f"High availability of {name} cannot be switched without cucm.", code="left-off")
        self._axl.switch_high_availability(name, on=on)
