# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of the nodes and the restarts that they wait for."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.catalogue.services import CATALOGUE, ServiceSpec, unknown
from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.configured import ServiceStateSpec
from imp_emulator.scenario.model import NodeSpec, Scenario
from imp_emulator.store.database import Database, Row

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Change:
    """A start, stop or restart in progress.

    Attributes:
        what: ``start``, ``stop`` or ``restart``.
        pace: How it comes to its end.
        total: How long it takes, in polls or seconds.
        polls: How many polls it has seen.
        began_at: Virtual time, seconds since the epoch.
    """

    what: str
    pace: str
    total: float
    polls: int
    began_at: float


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a node.

    Attributes:
        running: Whether it runs; while it changes, whether it ran before.
        started_at: Virtual time, seconds since the epoch; ``None`` unless it runs.
        change: What is in progress, or ``None``.
    """

    cluster: str
    node: str
    name: str
    activated: bool
    running: bool
    started_at: float | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class RestartReason:
    """One thing that was done to one object, for which a running service has to restart.

    Attributes:
        first_at: When it was done first, virtual time, seconds since the epoch.
        at: When it was done last.
    """

    node: str
    service: str
    obj: str
    action: str
    first_at: float
    at: float


def seed(database: Database, scenario: Scenario, now: float) -> None:
    """Put in the services of every node as the scenario or the first boot has them; no restart is pending.

    Those that run have done so for a day: nobody has just restarted them.
    """
    since = now - _DAY
    for cluster in scenario.clusters:
        for node in cluster.nodes:
            given = {ascii_lower(state.service): state for state in cluster.services if state.node == node.name}
            known = [(spec, given.pop(ascii_lower(spec.name), None)) for spec in CATALOGUE[node.role]]
            known += [(unknown(state.service), state) for state in given.values()]
            database.executemany(
                "INSERT INTO service (cluster, node, name, activated, running, started_at) VALUES (?, ?, ?, ?, ?, ?)",
                [(cluster.name, node.name, spec.name, *_first(spec, state, node, since)) for spec, state in known],
            )


def _first(
    spec: ServiceSpec, state: ServiceStateSpec | None, node: NodeSpec, since: float
) -> tuple[bool, bool, float | None]:
    """Return whether a service is activated, whether it runs, and since when."""
    activated = spec.runs_on(node.usage) if spec.feature else spec.activated
    if state is not None:
        # What runs is activated, also where the scenario does not say so.
        activated = (activated or bool(state.running)) if state.activated is None else state.activated
    runs = activated and (spec.feature or spec.runs_on(node.usage) or not spec.activated)
    running = runs if state is None or state.running is None else state.running
    return activated, running, since if running else None


def _service(row: Row) -> Service:
    change = None
    if row["change"] is not None:
        change = Change(row["change"], row["pace"], row["total"], row["polls"], row["changed_at"])
    return Service(
        cluster=row["cluster"],
        node=row["node"],
        name=row["name"],
        activated=bool(row["activated"]),
        running=bool(row["running"]),
        started_at=row["started_at"],
        change=change,
    )


def service(database: Database, cluster: str, node: str, name: str) -> Service | None:
    """Return one service; letter case does not matter."""
    row = database.one("SELECT * FROM service WHERE cluster = ? AND node = ? AND name = ?", (cluster, node, name))
    return None if row is None else _service(row)


def services(database: Database, cluster: str, node: str) -> list[Service]:
    """Return the services of a node, by name."""
    rows = database.all("SELECT * FROM service WHERE cluster = ? AND node = ? ORDER BY name", (cluster, node))
    return [_service(row) for row in rows]


def changing(database: Database, pace: str) -> list[Service]:
    """Return the services of all clusters that are starting or stopping at a pace."""
    return [
        _service(row) for row in database.all("SELECT * FROM service WHERE change IS NOT NULL AND pace = ?", (pace,))
    ]


def set_activated(database: Database, service: Service, activated: bool) -> None:
    """Mark a service as activated or not."""
    database.execute(
        "UPDATE service SET activated = ? WHERE cluster = ? AND node = ? AND name = ?",
        (activated, service.cluster, service.node, service.name),
    )


def begin(database: Database, service: Service, change: Change) -> None:
    """Note that a start, stop or restart has begun."""
    database.execute(
        "UPDATE service SET change = ?, pace = ?, total = ?, polls = ?, changed_at = ?"
        " WHERE cluster = ? AND node = ? AND name = ?",
        (
            change.what,
            change.pace,
            change.total,
            change.polls,
            change.began_at,
            service.cluster,
            service.node,
            service.name,
        ),
    )


def finish(database: Database, service: Service, started_at: float | None) -> None:
    """End a change: the service runs since an instant, or no longer (``None``)."""
    database.execute(
        "UPDATE service SET running = ?, started_at = ?, change = NULL, pace = NULL, total = NULL, polls = NULL,"
        " changed_at = NULL WHERE cluster = ? AND node = ? AND name = ?",
        (started_at is not None, started_at, service.cluster, service.node, service.name),
    )


def count_poll(database: Database, cluster: str, node: str, name: str) -> None:
    """Note that somebody asked for the state of a service that is changing."""
    database.execute(
        "UPDATE service SET polls = polls + 1 WHERE cluster = ? AND node = ? AND name = ?",
        (cluster, node, name),
    )


def add_restart(database: Database, cluster: str, node: str, service: str, obj: str, action: str, now: float) -> None:
    """Note a reason for a restart; the same action on the same object again only moves its time."""
    database.execute(
        "INSERT INTO pending_restart (cluster, node, service, object, action, first_at, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (cluster, node, service, object, action) DO UPDATE SET at = excluded.at",
        (cluster, node, service, obj, action, now, now),
    )


def clear_restart(
    database: Database, cluster: str, node: str, service: str, *, but: tuple[float, float] | None = None
) -> None:
    """Forget every reason to restart a service, ``but`` those after one instant and up to another."""
    after, until = but or (0.0, 0.0)
    database.execute(
        "DELETE FROM pending_restart WHERE cluster = ? AND node = ? AND service = ? AND NOT (at > ? AND at <= ?)",
        (cluster, node, service, after, until),
    )


def pending_restarts(database: Database, cluster: str, node: str | None = None) -> list[RestartReason]:
    """Return the reasons for restarts of a cluster, or of one node, by node, service and time."""
    rows = database.all(
        "SELECT * FROM pending_restart WHERE cluster = ?1 AND (?2 IS NULL OR node = ?2) ORDER BY node, service, at, id",
        (cluster, node),
    )
    return [
        RestartReason(row["node"], row["service"], row["object"], row["action"], row["first_at"], row["at"])
        for row in rows
    ]
