# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a server: activate, deactivate, start, stop, restart, and the time that takes (requirement R1).

A start or stop goes at the pace that the control plane sets. How far it got is worked out whenever somebody looks, from
the virtual clock or from the number of status requests since; nothing runs in the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum

from imp_emulator.catalogue import services as service_catalogue
from imp_emulator.catalogue.services import CATALOGUE, ServiceSpec
from imp_emulator.domain.imp import ports
from imp_emulator.errors import NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store import nodes
from imp_emulator.store.database import Row
from imp_emulator.store.imp import ports as port_store
from imp_emulator.store.imp import services as store
from imp_emulator.world.context import Context
from imp_emulator.world.pace import Pace


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


def settle(context: Context, cluster: str) -> None:
    """Complete the starts and stops whose time has come; a service that has started needs no restart any more."""
    now = context.clock.timestamp()
    for row in store.changing(context.database, cluster):
        ended_at = _ended_at(context, row, now)
        if ended_at is not None:
            _finish(context, row, ended_at)


def _ended_at(context: Context, row: Row, now: float) -> float | None:
    """Tell when a change came to its end, or ``None`` while it goes on."""
    if row["pace"] == Pace.HANG.value:
        # A hanging service hangs until the rule that makes it hang is lifted; the product would need a new boot.
        hangs = context.pace.rule_for(row["node"], row["name"]).pace is Pace.HANG
        return None if hangs else now
    if row["pace"] == Pace.POLLS.value:
        return now if row["polls"] >= row["total"] else None
    ended_at: float = row["changed_at"] + row["total"]
    return ended_at if now >= ended_at else None


def _finish(context: Context, row: Row, ended_at: float) -> None:
    if row["change"] == "stop":
        store.finish(context.database, row, None)
        return
    failure = ports.why_not_started(context, row["cluster"], row["node"], row["name"])
    if failure:
        # It has loaded nothing, so it needs its restart as before.
        store.finish(context.database, row, None)
        port_store.set_failure(context.database, row["cluster"], row["node"], row["name"], failure)
        return
    store.finish(context.database, row, ended_at)
    store.clear_restart(context.database, row["cluster"], row["node"], row["name"])


def status(context: Context, cluster: str, node: str, service: str) -> ServiceState:
    """Tell the state of one service; looking does not count as a poll.

    Raises:
        NotFound: The node has no such service.
    """
    settle(context, cluster)
    row = store.service(context.database, cluster, node, service)
    if row is None:
        raise NotFound("service-not-found", f"There is no service {service} on {node}.", "service")
    return _state(context, row)


def is_running(context: Context, cluster: str, node: str, service: str) -> bool:
    """Tell whether a service has started. Raises ``NotFound`` when the node has no such service."""
    return status(context, cluster, node, service).status is Status.STARTED


def states(context: Context, cluster: str, node: str, names: Sequence[str] = ()) -> list[ServiceState]:
    """Tell the states of services without counting a poll.

    Args:
        names: The services to tell about, in this order; without any, all services of the node. One that does not
            exist is answered as :attr:`Status.UNKNOWN`.
    """
    settle(context, cluster)
    rows = {ascii_lower(row["name"]): row for row in store.services(context.database, cluster, node)}
    wanted = list(names) or [spec.name for spec in CATALOGUE[_role(context, cluster, node)]]
    found = [(name, rows.get(ascii_lower(name))) for name in wanted]
    return [_unknown(name) if row is None else _state(context, row) for name, row in found]


def poll(context: Context, cluster: str, node: str, names: Sequence[str] = ()) -> list[ServiceState]:
    """Answer a status request: like :func:`states`, and a poll of the services in it that are starting or stopping."""
    answer = states(context, cluster, node, names)
    for state in answer:
        if state.status in (Status.STARTING, Status.STOPPING):
            store.count_poll(context.database, cluster, node, state.name)
    return answer


def instant(timestamp: float) -> datetime:
    """Return a moment of the virtual clock as an aware time in UTC."""
    return datetime.fromtimestamp(timestamp, tz=UTC)


def _unknown(name: str) -> ServiceState:
    return ServiceState(name, False, Status.UNKNOWN, None, -1, Reason.NO_SUCH_SERVICE)


def _state(context: Context, row: Row) -> ServiceState:
    now = context.clock.timestamp()
    name, activated = row["name"], bool(row["activated"])
    if row["change"]:
        return ServiceState(name, activated, _in_change(row, now), None, -1, Reason.DONE)
    if row["running"]:
        started_at: float = row["started_at"]
        return ServiceState(name, activated, Status.STARTED, started_at, max(0, int(now - started_at)), Reason.DONE)
    failure = port_store.failure(context.database, row["cluster"], row["node"], name)
    if failure and activated:
        return ServiceState(name, activated, Status.STOPPED, None, -1, Reason.NOT_RUNNING, failure)
    reason = Reason.COMMANDED_OUT if activated else Reason.NOT_ACTIVATED
    return ServiceState(name, activated, Status.STOPPED, None, -1, reason)


def _in_change(row: Row, now: float) -> Status:
    """A restart shows Stopping for the first half of its time and Starting for the second."""
    if row["change"] != "restart":
        return Status.STARTING if row["change"] == "start" else Status.STOPPING
    if row["pace"] == Pace.HANG.value:
        return Status.STOPPING
    passed = row["polls"] if row["pace"] == Pace.POLLS.value else now - row["changed_at"]
    return Status.STOPPING if passed * 2 < row["total"] else Status.STARTING


def control(context: Context, cluster: str, node: str, action: Action, service: str) -> Reason:
    """Start, stop or restart a service, or say why not.

    Returns :attr:`Reason.DONE` when the command is accepted, which does not mean that it has been carried out. A
    restart of a stopped service starts it.
    """
    settle(context, cluster)
    row = store.service(context.database, cluster, node, service)
    if row is None:
        return Reason.NO_SUCH_SERVICE
    refusal = _refusal(row, _spec(context, row), action)
    if refusal is None:
        change = "start" if action is Action.RESTART and not row["running"] else action.value.lower()
        _begin(context, row, change)
    return refusal or Reason.DONE


def _refusal(row: Row, spec: ServiceSpec, action: Action) -> Reason | None:
    if not row["activated"]:
        return Reason.NOT_ACTIVATED
    if row["change"]:
        return Reason.PENDING
    if action is not Action.START and not spec.stoppable:
        return Reason.NOT_ALLOWED
    if action is Action.START and row["running"]:
        return Reason.ALREADY_STARTED
    if action is Action.STOP and not row["running"]:
        return Reason.ALREADY_STOPPED
    return None


def deploy(context: Context, cluster: str, node: str, service: str, activate: bool) -> Reason:
    """Activate a service, which starts it, or deactivate it, which stops it; one that is already so stays as it is."""
    settle(context, cluster)
    row = store.service(context.database, cluster, node, service)
    if row is None:
        return Reason.NO_SUCH_SERVICE
    if not _spec(context, row).feature:
        return Reason.NOT_SUPPORTED
    if bool(row["activated"]) == activate:
        return Reason.DONE
    if row["change"]:
        return Reason.PENDING
    store.set_activated(context.database, row, activate)
    if activate:
        _begin(context, row, "start")
    else:
        store.clear_restart(context.database, cluster, node, row["name"])
        if row["running"]:
            _begin(context, row, "stop")
    return Reason.DONE


def _begin(context: Context, row: Row, change: str) -> None:
    now = context.clock.timestamp()
    rule = context.pace.rule_for(row["node"], row["name"])
    value = 0.0 if rule.pace in (Pace.IMMEDIATE, Pace.HANG) else rule.value
    port_store.set_failure(context.database, row["cluster"], row["node"], row["name"], "")
    store.begin(context.database, row, change, rule.pace.value, value, now)
    settle(context, row["cluster"])


def _spec(context: Context, row: Row) -> ServiceSpec:
    spec = service_catalogue.spec(_role(context, row["cluster"], row["node"]), row["name"])
    if spec is None:
        raise LookupError(f"service {row['name']} of {row['node']} is in no catalogue")
    return spec


def _role(context: Context, cluster: str, node: str) -> str:
    known = nodes.node(context.database, cluster, node)
    if known is None:
        raise NotFound("node-not-found", f"There is no node {node} in {cluster}.", "node")
    return known.role
