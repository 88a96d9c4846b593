# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Services of nodes: what the module services manages (requirements G5, C11 and R1).

Changes go one after another, and each waits until the service is where it should be: first what starts, then what
restarts, each in the order of the nodes. Nothing is restarted on a node while another one is in trouble, because it
carries the users by then (``rolling_restart``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import (
    IN_BETWEEN,
    STARTED,
    STOPPED,
    ControlCenter,
    Service,
)
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    Forbidden,
    ImpError,
    InvalidInput,
    NoPublicApi,
    NotArrived,
    WaitExpired,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import (
    DAY,
    ascii_lower,
    check_range,
    check_unique,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.plan import Change, FieldChange, Plan, Refusal
from ansible_collections.ucops.imp.plugins.module_utils._module.nodes import TaskNode, node_problems, task_nodes
from ansible_collections.ucops.imp.plugins.module_utils._module.resource import Context, Resource
from ansible_collections.ucops.imp.plugins.module_utils._product.cluster import called
from ansible_collections.ucops.imp.plugins.module_utils._product.high_availability import users_assigned
from ansible_collections.ucops.imp.plugins.module_utils._resources import high_availability
from ansible_collections.ucops.imp.plugins.module_utils._resources.high_availability import (
    NO_GROUPS,
    OFF_WHILE_RESTARTING,
    GroupsState,
    Redundancy,
)
from ansible_collections.ucops.imp.plugins.module_utils._resources.node_services import NodeServices, at_rest
from ansible_collections.ucops.imp.plugins.module_utils._resources.restart_duty import RestartDuty, ServiceOnNode
from ansible_collections.ucops.imp.plugins.module_utils._resources.rolling_restart import (
    Trouble,
    Unlisted,
    predict,
    refusal,
)

KIND = "service"
BEFORE = "before"
"""What a change carries for whoever applies it: the service as it was first."""
JUST_STARTED = 2
"""Seconds. Start times are told in whole seconds, so a restart of a service this young cannot be seen by them."""

MOST_WAYS_GIVEN = 10
"""So many times a restart lets other runs go first; then it is its turn, as soon as no service is down."""
SHORTEST_PAUSE = 0.01
"""Seconds between two looks."""


@dataclass(frozen=True)
class DueRestarts:
    """The (node, service) that have to restart; ``by_hand`` when the user's list stands in for what nobody can tell."""

    services: frozenset[ServiceOnNode] = frozenset()
    by_hand: bool = False


@dataclass(frozen=True)
class ServicesState:
    """The services of each node that could be asked, and which have to restart.

    ``troubles`` are those of all nodes, in check mode only: otherwise they are looked at before each restart.
    ``redundancy`` has the presence redundancy groups as soon as there is something to restart or to switch on again.
    """

    services: Mapping[str, Mapping[str, Service]]
    due: DueRestarts = DueRestarts()
    troubles: tuple[Trouble, ...] = ()
    redundancy: GroupsState = NO_GROUPS


class Services(Resource[ServicesState]):
    """Services started, stopped, restarted, activated or deactivated on every node."""

    counted = "steps"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        params = context.params
        self._names: list[str] = params["services"]
        self._state: str = params["state"]
        self._only_if_required: bool = params["only_if_required"]
        self._careful = self._state == "restarted" and not params["ignore_other_nodes"]
        self._polling = context.polling(params["wait_timeout"], params["poll_interval"])
        self._nodes = {
            node.name: NodeServices(node, context.transport(node.connection), self._polling)
            for node in task_nodes(context.connection, params)
        }
        self._unlisted = Unlisted(
            context.transport(), [(node.node, node.transport) for node in self._nodes.values()], self._names
        )
        self._duty = RestartDuty(context, [node.node for node in self._nodes.values()], self._names)
        self._switches_off = params["high_availability"] == OFF_WHILE_RESTARTING
        self._redundancy = Redundancy(context, self._nodes, self._names, self._polling)

    def problems(self) -> list[str]:
        params = self.context.params
        found = node_problems(self.context.connection, params)
        found += check_unique("services", [ascii_lower(name) for name in self._names])
        if not self._names:
            found.append("services: give the names of the services, for example Cisco Presence Engine.")
        if self._only_if_required and self._state != "restarted":
            found.append("only_if_required: works with state=restarted only.")
        if params["required_services"] is not None and not self._only_if_required:
            found.append("required_services: works with only_if_required=true only.")
        if params["ignore_other_nodes"] and self._state != "restarted":
            found.append("ignore_other_nodes: works with state=restarted only.")
        for name, least in (("wait_timeout", 1), ("poll_interval", SHORTEST_PAUSE)):
            found += check_range(name, params[name], least, DAY, "seconds")
        return found + high_availability.problems(params)

    def read(self) -> ServicesState:
        return self._read(waits=True)

    def read_back(self) -> ServicesState:
        # Each change was waited for.
        return self._read(waits=False)

    def _read(self, *, waits: bool) -> ServicesState:
        self._duty.read()
        nodes = self._nodes.values()
        services = {node.name: found for node in nodes if (found := self._read_node(node, waits=waits)) is not None}
        # Asked last: a restart that was waited for has taken its notification away.
        due = self._due(services) if self._only_if_required else DueRestarts()
        restarting = waits and self._state == "restarted" and (bool(due.services) or not self._only_if_required)
        troubles: tuple[Trouble, ...] = ()
        if self.context.check_mode and self._careful and restarting:
            troubles = self._listed_troubles() + self._unlisted_troubles()
        downward = self._state in ("stopped", "deactivated")
        groups = NO_GROUPS if downward else self._redundancy.state(restarting=restarting)
        return ServicesState(services, due, troubles, groups)

    def _read_node(self, node: NodeServices, *, waits: bool) -> dict[str, Service] | None:
        """Return the node's services, once they are at rest if it waits for that; note what fails."""
        try:
            found = node.services(self._names)
        except ImpError as error:
            node.lost = error
            self.context.fail(node.name, error)
            return None
        services: dict[str, Service] = {}
        for name in self._names:
            try:
                services[name] = self._read_service(node, name, found.get(name), waits=waits)
            except ImpError as error:  # noqa: PERF203 - one service that fails does not hide the others
                self.context.fail(_key(node.name, name), error)
        return services

    @staticmethod
    def _read_service(node: NodeServices, name: str, service: Service | None, *, waits: bool) -> Service:
        """Return a service; one that is starting or stopping takes no command, so it may have to be waited for."""
        if service is None or not service.exists:
            raise ImpError(f"There is no service {name} on {node.name}.", code="no-such-service")
        if not waits or at_rest(service):
            return service
        return node.rest(name)

    def _due(self, services: Mapping[str, Mapping[str, Service]]) -> DueRestarts:
        """Ask the cluster which services have to restart (G5); where it cannot say, the notes and the user's list do.

        In check mode that list counts too: the changes that an earlier task predicts have left no notification.
        """
        listed: list[str] | None = self.context.params["required_services"]
        known = set(map(ascii_lower, listed or []))
        by_hand = frozenset((node, name) for node in self._nodes for name in self._names if ascii_lower(name) in known)
        try:
            told = self._notified()
        except NoPublicApi as error:
            if listed is None and not self._duty.asked_for:
                raise NoPublicApi(
                    f"{error.message} Without restart notifications only_if_required cannot know what to restart: give "
                    "pending_restarts_path, or required_services, as restart_required of earlier tasks tells.",
                    details=error.details,
                ) from None
            return DueRestarts(by_hand | self._duty.required(services), bool(by_hand))
        return DueRestarts(told | by_hand if self.context.check_mode else told)

    def _notified(self) -> frozenset[ServiceOnNode]:
        admin = ImpAdmin(self.context.transport())
        pending = {
            (ascii_lower(str(item["node"])), ascii_lower(str(item["service"])))
            for item in admin.restart_notifications()
        }
        cluster = admin.nodes()
        self._duty.told(pending)
        return frozenset(
            (node.name, name)
            for node in self._nodes.values()
            for name in self._names
            if (_name_in_cluster(node.node, cluster), ascii_lower(name)) in pending
        )

    def _listed_troubles(self, apart_from: str | None = None) -> tuple[Trouble, ...]:
        """Return how the nodes of the task stand now, but the one whose turn it is."""
        nodes = [node for node in self._nodes.values() if node.name != apart_from]
        for node in nodes:
            node.settle(self._names)
        return tuple(trouble for node in nodes for trouble in node.troubles(self._names))

    def _unlisted_troubles(self) -> tuple[Trouble, ...]:
        """Return how the other nodes of the cluster stand now; say so when nobody knows whether there are any."""
        found = self._unlisted.troubles()
        if found is None and len(self._nodes) == 1:
            (only,) = self._nodes
            self.context.warn(
                f"No other node than {only} is looked at before a restart: the cluster does not tell which nodes it "
                "has (no admin API, no AXL of IM and Presence for this account). If it has more, name all in nodes."
            )
        return tuple(found or ())

    def plan(self, state: ServicesState) -> Plan:
        needed = Plan()
        steps: list[tuple[str, str, Change]] = []
        for node, services in state.services.items():
            for name, service in services.items():
                part = self._needed(_key(node, name), service, required=(node, name) in state.due.services)
                needed += part
                steps += [(node, name, step) for step in part]
        # A start heals, and a restart may have to wait for it.
        steps.sort(key=lambda step: step[2].action == "restart")
        made, refused = predict(steps, state.troubles)
        if self.context.check_mode and self._careful:
            made, by_peers = self._predict_peers(steps, made, state.redundancy)
            refused += by_peers
        nodes = {change.key: node for node, _name, change in steps}
        ordered = high_availability.with_switches(
            [(nodes[change.key], change) for change in made], state.redundancy, off=self._switches_off
        )
        left = high_availability.refusals(state.redundancy, can_switch=self._redundancy.can_switch)
        if left:
            ordered = [change for change in ordered if change.id not in {one.id for one in left}]
        return replace(
            needed, steps=tuple(ordered), refusals=(*needed.refusals, *(reason for _step, reason in refused), *left)
        )

    def _predict_peers(
        self, steps: list[tuple[str, str, Change]], made: list[Change], state: GroupsState
    ) -> tuple[list[Change], list[tuple[Change, Refusal]]]:
        """Return the changes among ``made`` that the presence redundancy groups allow, and those that they do not."""
        refused: list[tuple[Change, Refusal]] = []
        for node, _name, change in steps:
            whole = self._switches_off
            why = high_availability.peer_trouble(node, state.groups, whole_group=whole)
            if change in made and change.action == "restart" and why is not None:
                refused.append((change, replace(high_availability.refusal(node, why), id=change.id)))
        gone = {change.key for change, _reason in refused}
        return [change for change in made if change.key not in gone], refused

    def _needed(self, key: str, service: Service, *, required: bool) -> Plan:
        """Return what one service needs."""
        if self._state in ("stopped", "deactivated"):
            return self._step_down(key, service)
        if self._only_if_required and not (required and service.activated):
            return Plan()
        if not service.activated:
            return self._step_from_nothing(key, service)
        fields: dict[str, tuple[Any, Any]] = {"restart_required": (True, False)} if self._only_if_required else {}
        if service.status != STARTED:
            return _step(key, "start", service, status=(service.status, STARTED), **fields)
        if self._state == "restarted":
            return _step(key, "restart", service, **(fields or {"status": (STARTED, "Restarted")}))
        return Plan()

    def _step_from_nothing(self, key: str, service: Service) -> Plan:
        """Return what a service that is not activated needs; starting it is not enough."""
        if self._state == "activated":
            return _step(key, "activate", service, activated=(False, True), status=(service.status, STARTED))
        text = f"{key} is not activated, so it cannot start; use state=activated."
        if not self.context.check_mode:
            return Plan(refusals=(Refusal(text, "not-activated", key),))
        warning = f"{text} The start is predicted as if an earlier task activated it."
        return _step(key, "start", service, status=(service.status, STARTED)) + Plan(warnings=(warning,))

    def _step_down(self, key: str, service: Service) -> Plan:
        if self._state == "deactivated":
            if not service.activated:
                return Plan()
            return _step(key, "deactivate", service, activated=(True, False), status=(service.status, STOPPED))
        return Plan() if service.status == STOPPED else _step(key, "stop", service, status=(service.status, STOPPED))

    def confirms(self, state: ServicesState) -> bool:
        # What the user lists, and a restart without condition, is planned again and again; what it has to reach is
        # waited for.
        return not state.due.by_hand and (self._state != "restarted" or self._only_if_required)

    def apply(self, change: Change) -> None:
        if change.kind == high_availability.KIND:
            self._redundancy.apply(change, careful=self._careful)
            return
        node, service = self._service_of(change)
        if change.action == "restart":
            self._redundancy.require_off(change)
            if self._careful:
                self._wait_for_turn(node)
        node.command(change.action, service)
        try:
            arrived = self._arrive(change)
        except WaitExpired as expired:
            raise NotArrived(expired.message, details=expired.details) from None
        node.known_start(service, arrived.started)
        if change.action not in ("stop", "deactivate"):
            self._duty.loaded(node.name, service)
        self._wait_for_users(change, node)

    def _wait_for_users(self, change: Change, node: NodeServices) -> None:
        """Return when a node that has restarted carries its users again: that its service is Started is not enough."""
        if change.action == "restart" and self._careful:
            self._redundancy.wait_for_users(node.name, f"{change.id} has restarted")

    def _wait_for_turn(self, node: NodeServices) -> None:
        """Return when the node may be restarted; raise why not.

        A node that somebody else has taken down and that is back means that another run goes on with its next node at
        this very moment. No cluster keeps two commands apart, so this run looks again a little later. That somebody
        has done so it may have seen, or it is told by how young a service is, this node's own included. It does so
        :data:`MOST_WAYS_GIVEN` times at most: a service that starts again and again would hold it up for ever.
        """
        for given in count():
            node.look_for_others(self._names)
            reason = refusal(node.name, self._listed_troubles(apart_from=node.name))
            reason = reason or refusal(node.name, self._unlisted_troubles())
            reason = reason or self._redundancy.refusal(node.name)
            if reason is not None:
                raise reason.error
            if given == MOST_WAYS_GIVEN or not any(one.had_others for one in self._nodes.values()):
                return
            for one in self._nodes.values():
                one.had_others = False
            self._polling.give_way()

    def _arrive(self, change: Change) -> Service:
        node, service = self._service_of(change)
        if change.action in ("stop", "deactivate"):
            return node.wait(service, lambda now: now.status == STOPPED, STOPPED)
        if change.action != "restart":
            return node.wait(service, lambda now: now.status == STARTED, STARTED)
        before: Service = change.desired[BEFORE]
        between = before.up_time <= JUST_STARTED

        def restarted(now: Service) -> bool:
            # Right after the command the old run may still be told: only a new start counts.
            nonlocal between
            between = between or now.status != STARTED
            return now.status == STARTED and (between or _is_new(before, now))

        return node.wait(service, restarted, STARTED)

    def still_needed(self, change: Change) -> Change | None:
        if change.kind == high_availability.KIND:
            return None if self._redundancy.is_switched(change) else change
        # Only a service at rest tells whether the command has reached it.
        node, service = self._service_of(change)
        try:
            now = node.wait(service, at_rest, "Started or Stopped")
        except WaitExpired as expired:
            if expired.details["status"] in IN_BETWEEN:
                # It was at rest before, so the command is what has set it going.
                raise NotArrived(expired.message, details=expired.details) from None
            raise
        if change.action != "restart":
            return super().still_needed(change)
        if now.status != STARTED or not _is_new(change.desired[BEFORE], now):
            return change
        self._wait_for_users(change, node)
        return None

    def _service_of(self, change: Change) -> tuple[NodeServices, str]:
        node, _separator, service = change.id.rpartition(":")
        return self._nodes[node], service

    def current(self, state: ServicesState) -> list[dict[str, Any]]:
        return [
            {"node": node, "service": name, "status": service.status, "activated": service.activated}
            for node, services in state.services.items()
            for name, service in services.items()
        ]

    def more_results(self, state: ServicesState) -> dict[str, Any]:
        """Tell how long it took, and in check mode whose users the restarts touch, as far as anybody tells it."""
        told = users_assigned(state.redundancy.groups) if self.context.check_mode else []
        return {**({"users_assigned": told} if told else {}), **self.context.writing.as_result()}


def _name_in_cluster(node: TaskNode, nodes: list[dict[str, Any]]) -> str:
    """Return what the notifications call a node; guessing wrong would leave a restart out."""
    names = {
        str(known["name"]): [known[name] for name in ("name", "fqdn", "eth0_ipv4", "eth0_ipv6") if known.get(name)]
        for known in nodes
    }
    found = called(node.name, names)
    if len(found) == 1:
        return ascii_lower(found[0])
    several = f"several nodes are called {node.name}" if found else f"the cluster has no node called {node.name}"
    raise InvalidInput([f"nodes: {several}. Its IM and Presence nodes are {', '.join(names)}."])


def _key(node: str, service: str) -> str:
    return f"{node}:{service}"


def _step(key: str, action: str, service: Service, **fields: tuple[Any, Any]) -> Plan:
    """Return the plan of one change; a restart is told by how the service was before."""
    shown = tuple(FieldChange(name, before, after) for name, (before, after) in fields.items())
    return Plan((Change(KIND, key, action, shown, {BEFORE: service}),))


def _is_new(before: Service, now: Service) -> bool:
    """Whether it has been started anew since ``before``."""
    return now.started != before.started or now.up_time < before.up_time


def read_services(context: Context) -> dict[str, Any]:
    """Return the results of the module services_info."""
    params = context.params
    services: list[dict[str, Any]] = []
    for node in task_nodes(context.connection, params):
        try:
            found = ControlCenter(context.transport(node.connection)).services(params["services"])
        except ImpError as error:  # noqa: PERF203 - one node that fails does not hide the others
            context.fail(node.name, error)
        else:
            services += [_describe(node.name, service) for service in found.values()]
    try:
        notifications: list[dict[str, Any]] | None = ImpAdmin(context.transport()).restart_notifications()
    except (NoPublicApi, Forbidden):
        notifications = None
    return {"services": services, "restart_notifications": notifications}


def _describe(node: str, service: Service) -> dict[str, Any]:
    return {
        "node": node,
        "service": service.name,
        "status": service.status,
        "activated": service.activated,
        "reason": service.reason,
        "started": service.started,
        "up_time": service.up_time,
    }
