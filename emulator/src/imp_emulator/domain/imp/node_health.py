# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a node in the eyes of high availability, and how long it may be so."""

from __future__ import annotations

from dataclasses import dataclass

from imp_emulator.catalogue import parameters as names
from imp_emulator.catalogue.parameters import ENTERPRISE_NODE
from imp_emulator.catalogue.redundancy import Reason, State
from imp_emulator.catalogue.services import CRITICAL_SERVICES, DATABASE, RECOVERY_MANAGER
from imp_emulator.domain.imp import services
from imp_emulator.domain.imp.services import Status
from imp_emulator.store.cucm import parameters
from imp_emulator.world.context import Context


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a node cannot serve its users.

    Attributes:
        seconds: How long that may last before its users are moved.
    """

    reason: Reason
    seconds: float


def trouble(context: Context, cluster: str, node: str, *, begins: bool = False) -> Trouble | None:
    """Return what is wrong with a node; ``None`` when its peer hears it and all critical services run.

    Args:
        begins: Whether its Server Recovery Manager has just begun; the peer waits longer for its first sign of life.
    """
    cut_off = context.cut_off(cluster, node)
    if cut_off or not services.is_running(context, cluster, node, RECOVERY_MANAGER):
        name = names.INITIALIZATION_TIMEOUT if begins else names.KEEP_ALIVE_TIMEOUT
        return Trouble(Reason.PEER_DOWN, setting(context, cluster, name))
    down = stopped(context, cluster, node)
    if not down:
        return None
    reason = Reason.DATABASE_FAILURE if DATABASE in down else Reason.SERVICE_DOWN
    return Trouble(reason, setting(context, cluster, names.CRITICAL_SERVICE_DELAY))


def stopped(context: Context, cluster: str, node: str) -> list[str]:
    """Return the critical services of a node that should run and do not, but for the one that watches the others."""
    return [
        state.name
        for state in services.states(context, cluster, node, CRITICAL_SERVICES)
        if state.name != RECOVERY_MANAGER and state.activated and state.status is not Status.STARTED
    ]


def plain_state(context: Context, cluster: str, node: str) -> tuple[State, Reason]:
    """Return how a node is while nobody watches it: high availability is off, or it is in no group."""
    found = trouble(context, cluster, node)
    return (State.NORMAL, Reason.NORMAL) if found is None else (State.FAILED, found.reason)


def setting(context: Context, cluster: str, name: str) -> float:
    """Return a parameter of the Server Recovery Manager, in seconds."""
    return float(_parameter(context, cluster, name))


def falls_back_by_itself(context: Context, cluster: str) -> bool:
    """Tell whether the cluster's users go back by themselves after a failover."""
    return _parameter(context, cluster, names.AUTOMATIC_FALLBACK) == "T"


def _parameter(context: Context, cluster: str, name: str) -> str:
    found = parameters.parameter(context.database, cluster, ENTERPRISE_NODE, RECOVERY_MANAGER, name)
    if found is None:
        raise LookupError(f"{cluster} has no parameter {name}")
    return found.value
