# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are away: whoever asks one gets no answer, nothing runs there, and the other nodes do without it.

A node goes away at once, or as soon as a service of it restarts: that restart never comes to its end. When it is back,
the services start that ran before, and load what was changed meanwhile.
"""

from __future__ import annotations

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain import events
from imp_emulator.domain.events import ServiceStopping
from imp_emulator.domain.imp import engine_life, nodes, services
from imp_emulator.domain.imp.services import Action
from imp_emulator.errors import NotFound
from imp_emulator.store.imp import outages as store
from imp_emulator.store.imp import services as service_store
from imp_emulator.store.imp.outages import Outage
from imp_emulator.store.imp.services import Service
from imp_emulator.world.context import Context


def outage(context: Context, cluster: str, node: str) -> Outage | None:
    """Return the outage of a node, perhaps one that is still to come; ``None``: it has none.

    Raises:
        NotFound: There is no such node.
    """
    known = nodes.server(context, cluster, node)
    return store.outage(context.database, known.cluster, known.name)


def begin(context: Context, cluster: str, node: str) -> None:
    """Have a node go away at once; one that is away stays so.

    Raises:
        NotFound: There is no such node.
    """
    known = nodes.server(context, cluster, node)
    if store.is_away(context.database, known.cluster, known.name):
        return
    now = context.clock.timestamp()
    found = service_store.services(context.database, known.cluster, known.name)
    ran = tuple(service.name for service in found if _runs_or_will(service))
    store.put(context.database, Outage(known.cluster, known.name, now, ran))
    context.events.publish(events.NodeWentAway(known.cluster, known.name))
    for service in found:
        if service.running or service.change is not None:
            _end(context, service, now)


def begin_at_restart(context: Context, cluster: str, node: str) -> None:
    """Have a node go away as soon as a service of it restarts; one that is away stays so.

    Raises:
        NotFound: There is no such node.
    """
    known = nodes.server(context, cluster, node)
    if store.outage(context.database, known.cluster, known.name) is None:
        store.put(context.database, Outage(known.cluster, known.name))


def end(context: Context, cluster: str, node: str) -> None:
    """Have a node come back, or stay; the services that ran before start.

    Raises:
        NotFound: There is no such node, or it is not away and is not about to be.
    """
    found = outage(context, cluster, node)
    if found is None:
        raise NotFound("node-not-away", f"{node} is not away, and no outage of it is to come.", "node")
    store.remove(context.database, found)
    context.events.publish(events.NodeCameBack(found.cluster, found.node))
    for name in found.ran:
        services.control(context, found.cluster, found.node, Action.START, name)


def service_stopping(context: Context, event: ServiceStopping) -> None:
    """Take notice that a service begins to stop: where it is to restart, its node may go away with that."""
    with context.database.transaction():
        waits = store.outage(context.database, event.cluster, event.node)
        if waits is None or waits.since is not None:
            return
        service = service_store.service(context.database, event.cluster, event.node, event.service)
        if service is not None and service.change is not None and service.change.what == "restart":
            begin(context, event.cluster, event.node)


def _runs_or_will(service: Service) -> bool:
    return service.running if service.change is None else service.change.what != "stop"


def _end(context: Context, service: Service, now: float) -> None:
    """End a service with its node; what began to stop before has told so already."""
    place = (service.cluster, service.node, service.name)
    if service.change is None:
        context.events.publish(events.ServiceStopping(*place, now))
        if service.name == PRESENCE_ENGINE:
            engine_life.stops(context, service.cluster, service.node)
    service_store.finish(context.database, service, None)
    context.events.publish(events.ServiceStopped(*place, now))
