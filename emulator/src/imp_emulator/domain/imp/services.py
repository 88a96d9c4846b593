# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a server: activate, deactivate, start, stop, restart, and the time that takes (requirement R1).

A start or stop goes at the pace that the control plane sets: it ends at once, with a status request, with a job of the
scheduler, or never. Looking changes nothing but the number of status requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum

from imp_emulator.catalogue import services as service_catalogue
from imp_emulator.catalogue.services import CATALOGUE, PRESENCE_ENGINE, ServiceSpec
from imp_emulator.domain import events
from imp_emulator.domain.imp import engine_life, ports
from imp_emulator.errors import Forbidden, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.imp import outages
from imp_emulator.store.imp import ports as port_store
from imp_emulator.store.imp import services as store
from imp_emulator.store.imp.services import Change, Service
from imp_emulator.store.jobs import Job
from imp_emulator.world.context import Context
from imp_emulator.world.pace import Pace, Rule

CHANGE_ENDS = "service-change-ends"
"""The kind of the jobs that end a start, stop or restart; :func:`end_change` carries them out."""


class Status(StrEnum):
    """What the control center calls the states of a service."""

    STARTED = "Started"
    STOPPED = "Stopped"
    STARTING = "Starting"
    STOPPING = "Stopping"
    UNKNOWN = "Unknown"


class Action(StrEnum):
    """What the control center can do to an activated service."""

    START = "Start"
    STOP = "Stop"
    RESTART = "Restart"


class Verb(StrEnum):
    """What an administrator does to a service, activated or not."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"


_ACTIONS = {Verb.START: Action.START, Verb.STOP: Action.STOP, Verb.RESTART: Action.RESTART}


class Reason(Enum):
    """Reason codes of the control center with their texts; ``DONE`` is its code for success."""

    DONE = (-1, "")
    ENTRY_NOT_FOUND = (-1004, "Entry not found")
    NO_SUCH_SERVICE = (-1010, "No such service")
    BAD_ARGUMENTS = (-1012, "Bad arguments")
    NOT_RUNNING = (-1019, "Component is not running")
    PENDING = (-1029, "Operation is pending")
    ALREADY_STARTED = (-1039, "Component already started")
    ALREADY_STOPPED = (-1040, "Component already stopped")
    NOT_ALLOWED = (-1042, "Requested process state transition not allowed")
    NOT_SUPPORTED = (-1045, "Operation not supported")
    NOT_ACTIVATED = (-1068, "Service Not Activated")
    COMMANDED_OUT = (-1069, "Commanded Out of Service")

    @property
    def code(self) -> int:
        """The number on the wire."""
        return int(self.value[0])

    @property
    def text(self) -> str:
        """The text on the wire."""
        return str(self.value[1])


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service of a node at one moment.

    Attributes:
        started_at: Virtual time, seconds since the epoch; ``None`` unless it is started.
        uptime: Seconds on the virtual clock; -1 unless it is started.
        reason: Why it is not started, or :attr:`Reason.DONE`.
        detail: More about that, when its last start failed.
    """

    name: str
    activated: bool
    status: Status
    started_at: float | None
    uptime: int
    reason: Reason
    detail: str = ""


def set_pace(context: Context, rule: Rule) -> None:
    """Put a rule in force for the starts and stops to come, and for those that hang."""
    context.pace.set(rule)
    lift_hanging(context)


def lift_hanging(context: Context) -> None:
    """End the starts and stops that hang by a rule which is not in force any more.

    The rules live in memory and what hangs is stored, so they come apart when the process starts and when the state is
    replaced.
    """
    with context.database.transaction():
        for service in store.changing(context.database, Pace.HANG.value):
            if service.change and context.pace.rule_for(service.node, service.name).pace is not Pace.HANG:
                _finish(context, service, service.change.what, context.clock.timestamp())


def end_change(context: Context, job: Job) -> None:
    """Carry out a job: the time of a start, stop or restart has come."""
    service = store.service(context.database, *job.payload)
    if service is not None and service.change is not None and service.change.pace == Pace.SECONDS.value:
        _finish(context, service, service.change.what, job.due_at)


def _finish(context: Context, service: Service, what: str, at: float) -> None:
    """Bring a change to its end, which was at a time; a service that has started needs no restart any more."""
    place = (service.cluster, service.node, service.name)
    if what == "stop":
        store.finish(context.database, service, None)
        context.events.publish(events.ServiceStopped(*place, at))
        return
    failure = ports.why_not_started(context, *place)
    if failure:
        # It has loaded nothing, so it needs its restart as before.
        store.finish(context.database, service, None)
        port_store.set_failure(context.database, *place, failure)
        context.events.publish(events.ServiceStartFailed(*place, at, failure))
        return
    store.finish(context.database, service, at)
    # On a clock that runs, a job runs a moment after its time; what was changed in between is not loaded.
    store.clear_restart(context.database, *place, but=(at, context.clock.timestamp()))
    if service.name == PRESENCE_ENGINE:
        engine_life.started(context, service.cluster, service.node)
    context.events.publish(events.ServiceStarted(*place, at))


def status(context: Context, cluster: str, node: str, service: str) -> ServiceState:
    """Tell the state of one service; looking does not count as a poll.

    Raises:
        NotFound: The node has no such service.
    """
    found = store.service(context.database, cluster, node, service)
    if found is None:
        raise NotFound("service-not-found", f"There is no service {service} on {node}.", "service")
    return _state(context, found)


def is_running(context: Context, cluster: str, node: str, service: str) -> bool:
    """Tell whether a service has started. Raises ``NotFound`` when the node has no such service."""
    return status(context, cluster, node, service).status is Status.STARTED


def states(context: Context, cluster: str, node: str, names: Sequence[str] = ()) -> list[ServiceState]:
    """Tell the states of services without counting a poll.

    Args:
        names: The services to tell about, in this order; without any, all services of the node. One that does not
            exist is answered as :attr:`Status.UNKNOWN`.
    """
    known = {ascii_lower(service.name): service for service in store.services(context.database, cluster, node)}
    wanted = list(names) or [spec.name for spec in catalogue(context, cluster, node)]
    found = [(name, known.get(ascii_lower(name))) for name in wanted]
    return [_unknown(name) if service is None else _state(context, service) for name, service in found]


def poll(context: Context, cluster: str, node: str, names: Sequence[str] = ()) -> list[ServiceState]:
    """Answer a status request: like :func:`states`, and a poll of the services in it that are starting or stopping."""
    answer = states(context, cluster, node, names)
    changing = [state.name for state in answer if state.status in (Status.STARTING, Status.STOPPING)]
    if changing:
        with context.database.transaction():
            for name in changing:
                _count_poll(context, cluster, node, name)
    return answer


def _count_poll(context: Context, cluster: str, node: str, name: str) -> None:
    """Count a poll, unless the change goes by another pace; the last one ends it, so that the next one sees the end."""
    service = store.service(context.database, cluster, node, name)
    if service is None or service.change is None or service.change.pace != Pace.POLLS.value:
        return
    store.count_poll(context.database, cluster, node, name)
    if service.change.polls + 1 >= service.change.total:
        _finish(context, service, service.change.what, context.clock.timestamp())


def instant(timestamp: float) -> datetime:
    """Return a moment of the virtual clock as an aware time in UTC."""
    return datetime.fromtimestamp(timestamp, tz=UTC)


def _unknown(name: str) -> ServiceState:
    return ServiceState(name, False, Status.UNKNOWN, None, -1, Reason.NO_SUCH_SERVICE)


def _state(context: Context, service: Service) -> ServiceState:
    now = context.clock.timestamp()
    name, activated = service.name, service.activated
    if service.change is not None:
        return ServiceState(name, activated, _in_change(service.change, now), None, -1, Reason.DONE)
    if service.running and service.started_at is not None:
        uptime = max(0, int(now - service.started_at))
        return ServiceState(name, activated, Status.STARTED, service.started_at, uptime, Reason.DONE)
    failure = port_store.failure(context.database, service.cluster, service.node, name)
    if failure and activated:
        return ServiceState(name, activated, Status.STOPPED, None, -1, Reason.NOT_RUNNING, failure)
    reason = Reason.COMMANDED_OUT if activated else Reason.NOT_ACTIVATED
    return ServiceState(name, activated, Status.STOPPED, None, -1, reason)


def _in_change(change: Change, now: float) -> Status:
    """A restart shows Stopping for the first half of its time and Starting for the second."""
    if change.what != "restart":
        return Status.STARTING if change.what == "start" else Status.STOPPING
    if change.pace == Pace.HANG.value:
        return Status.STOPPING
    passed = change.polls if change.pace == Pace.POLLS.value else now - change.began_at
    return Status.STOPPING if passed * 2 < change.total else Status.STARTING


def control(context: Context, cluster: str, node: str, action: Action, service: str) -> Reason:
    """Start, stop or restart a service, or say why not.

    Returns :attr:`Reason.DONE` when the command is accepted, which does not mean that it has been carried out. A
    restart of a stopped service starts it. On a node that is away nothing starts, whoever wants it.
    """
    found = store.service(context.database, cluster, node, service)
    if found is None:
        return Reason.NO_SUCH_SERVICE
    if outages.is_away(context.database, cluster, node):
        return Reason.NOT_RUNNING
    refusal = _refusal(found, _spec(context, cluster, node, found.name), action)
    if refusal is None:
        _begin(context, found, "start" if action is Action.RESTART and not found.running else action.value.lower())
    return refusal or Reason.DONE


def _refusal(service: Service, spec: ServiceSpec, action: Action) -> Reason | None:
    if not service.activated:
        return Reason.NOT_ACTIVATED
    if service.change is not None:
        return Reason.PENDING
    if action is not Action.START and not spec.stoppable:
        return Reason.NOT_ALLOWED
    if action is Action.START and service.running:
        return Reason.ALREADY_STARTED
    if action is Action.STOP and not service.running:
        return Reason.ALREADY_STOPPED
    return None


def deploy(context: Context, cluster: str, node: str, service: str, activate: bool) -> Reason:
    """Activate a service, which starts it, or deactivate it, which stops it; one that is already so stays as it is."""
    found = store.service(context.database, cluster, node, service)
    if found is None:
        return Reason.NO_SUCH_SERVICE
    if not _spec(context, cluster, node, found.name).feature:
        return Reason.NOT_SUPPORTED
    if found.activated == activate:
        return Reason.DONE
    if found.change is not None:
        return Reason.PENDING
    store.set_activated(context.database, found, activate)
    if activate:
        _begin(context, found, "start")
    else:
        store.clear_restart(context.database, cluster, node, found.name)
        if found.running:
            _begin(context, found, "stop")
    now = context.clock.timestamp()
    context.events.publish(events.ServiceDeployed(found.cluster, found.node, found.name, now))
    return Reason.DONE


def verbs(context: Context, cluster: str, node: str, found: Iterable[ServiceState]) -> list[list[Verb]]:
    """Return for each of a node's services what an administrator can do to it as it is now; nothing on a node away."""
    away = outages.is_away(context.database, cluster, node)
    return [[] if away else _verbs(_spec(context, cluster, node, state.name), state) for state in found]


def _verbs(spec: ServiceSpec, state: ServiceState) -> list[Verb]:
    if state.status in (Status.STARTING, Status.STOPPING):
        return []
    if not state.activated:
        return [Verb.ACTIVATE] if spec.feature else []
    running = state.status is Status.STARTED
    controlled = [Verb.RESTART, Verb.STOP] if spec.stoppable else []
    return [*(controlled if running else [Verb.START]), *([Verb.DEACTIVATE] if spec.feature else [])]


def change(context: Context, cluster: str, node: str, service: str, verb: Verb) -> ServiceState:
    """Do something to a service, and return it as it is then.

    Raises:
        NotFound: The node has no such service.
        Forbidden: The control center or Service Activation refuses it, or the node is away, so that neither is there.
    """
    if outages.is_away(context.database, cluster, node):
        text = f"{node} is away: its services can be started and stopped when it is back."
        raise Forbidden("node-away", text, "node")
    action = _ACTIONS.get(verb)
    if action is None:
        reason = deploy(context, cluster, node, service, verb is Verb.ACTIVATE)
    else:
        reason = control(context, cluster, node, action, service)
    found = status(context, cluster, node, service)
    if reason is not Reason.DONE:
        raise Forbidden("service-refused", f"{verb} of {found.name} on {node} was refused: {reason.text}.", "verb")
    return found


def _begin(context: Context, service: Service, what: str) -> None:
    """Begin a start, stop or restart, and see to its end."""
    now = context.clock.timestamp()
    rule = _pace(context, service, what)
    place = (service.cluster, service.node, service.name)
    port_store.set_failure(context.database, *place, "")
    if what != "start":
        context.events.publish(events.ServiceStopping(*place, now))
        if service.name == PRESENCE_ENGINE:
            engine_life.stops(context, service.cluster, service.node)
    if rule.pace is Pace.IMMEDIATE or (rule.pace is not Pace.HANG and rule.value == 0):
        _finish(context, service, what, now)
        return
    store.begin(context.database, service, Change(what, rule.pace.value, rule.value, 0, now))
    if rule.pace is Pace.SECONDS:
        context.jobs.add(CHANGE_ENDS, "/".join(place), now + rule.value, place)


def _pace(context: Context, service: Service, what: str) -> Rule:
    """Return how a start, stop or restart comes to its end; with a restart a node may go away, and it has none."""
    outage = outages.outage(context.database, service.cluster, service.node) if what == "restart" else None
    return Rule(Pace.HANG) if outage is not None else context.pace.rule_for(service.node, service.name)


def _spec(context: Context, cluster: str, node: str, name: str) -> ServiceSpec:
    """Return what a service of a node is, also of one that only the node has."""
    return service_catalogue.spec(role(context, cluster, node), name) or service_catalogue.unknown(name)


def catalogue(context: Context, cluster: str, node: str) -> list[ServiceSpec]:
    """Return the services that a node has: those of the product in its order, then those that only the node has.

    Raises:
        NotFound: There is no such node.
    """
    known = CATALOGUE[role(context, cluster, node)]
    names = {ascii_lower(spec.name) for spec in known}
    others = [one.name for one in store.services(context.database, cluster, node) if ascii_lower(one.name) not in names]
    return [*known, *map(service_catalogue.unknown, others)]


def role(context: Context, cluster: str, node: str) -> str:
    """Return a node's role, ``cucm`` or ``imp``, which decides what services it has.

    Raises:
        NotFound: There is no such node.
    """
    known = nodes.node(context.database, cluster, node)
    if known is None:
        raise NotFound("node-not-found", f"There is no node {node} in {cluster}.", "node")
    return known.role


def means(context: Context, cluster: str, node: str, text: str) -> bool:
    """Tell whether a text is a name or address of a node."""
    known = nodes.node(context.database, cluster, text)
    return known is not None and ascii_lower(known.name) == ascii_lower(node)
