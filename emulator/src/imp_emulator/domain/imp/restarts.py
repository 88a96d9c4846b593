# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pending restarts: what the cluster was told and a running service has not loaded yet.

The product's pages call them restart notifications. They live with the cluster, so whoever changes something and
dies before the restart leaves a trace that the next one finds (requirements G5, C11 and R1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imp_emulator.store import nodes as node_store
from imp_emulator.store.imp import services as store
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that was done: to which object, what, and when (virtual time, seconds since the epoch)."""

    obj: str
    action: str
    at: float


@dataclass(frozen=True, slots=True)
class PendingRestart:
    """A service of a node that has to restart, since when, and why."""

    node: str
    service: str
    since: float
    causes: tuple[Cause, ...]


def require_restart(
    context: Context,
    cluster: str,
    services: Iterable[str],
    nodes: Iterable[str] | None,
    obj: str,
    action: str,
) -> None:
    """Note that services have to restart before a change takes effect.

    Services that are not activated are left out: they load everything when they start for the first time.

    Args:
        services: Service names.
        nodes: Node names; ``None`` stands for every IM and Presence node.
        obj: What was changed, for a person to read; no secret.
        action: What was done to it, for example ``added``.
    """
    database, now = context.database, context.clock.timestamp()
    if nodes is None:
        nodes = [node.name for node in node_store.nodes(database, cluster, "imp")]
    wanted = list(services)
    for node in nodes:
        for name in wanted:
            service = store.service(database, cluster, node, name)
            if service is not None and service.activated:
                store.add_restart(database, cluster, node, service.name, obj, action, now)


def pending(context: Context, cluster: str, node: str | None = None) -> list[PendingRestart]:
    """List the pending restarts of a cluster, or of one node, by node and service."""
    grouped: dict[tuple[str, str], list[tuple[float, Cause]]] = {}
    for reason in store.pending_restarts(context.database, cluster, node):
        cause = Cause(reason.obj, reason.action, reason.at)
        grouped.setdefault((reason.node, reason.service), []).append((reason.first_at, cause))
    return [
        PendingRestart(node, service, min(since for since, _ in found), tuple(cause for _, cause in found))
        for (node, service), found in grouped.items()
    ]
