# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Presence Engine does as a whole when its service starts and stops, and what it does again and again.

A start loads the settings and has all users of the node followed. A stop ends nothing at Exchange, whose notifications
find nobody any more; what the engine knew of calendars is gone with it, so nobody of the node is in a meeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain import timelines
from imp_emulator.domain.imp import engine_settings, following, notifications, presence
from imp_emulator.domain.imp.engine_settings import Settings
from imp_emulator.domain.imp.following import node_key
from imp_emulator.domain.imp.next_steps import Step
from imp_emulator.store import nodes
from imp_emulator.store.cucm import users
from imp_emulator.store.imp import engine as store
from imp_emulator.store.imp import homes, services
from imp_emulator.world.context import Context

START = "engine-start"
"""The kind of the job that has all users of a node followed."""
STOPPED = "engine-stopped"
"""The kind of the job that shows the users of a node as they are without their calendars."""
MOVED = "engine-users-moved"
"""The kind of the job that gives the users of a home node to another engine, because another node serves them."""
POLL = "engine-poll"
"""The kind of the jobs that ask for what no notification tells of, each after its period."""

_SLICE = 100
"""How many users are looked at in one transaction: nobody else is served meanwhile."""


@dataclass(frozen=True, slots=True)
class Polling:
    """What is asked again and again of the users of some gateways.

    Attributes:
        name: Tells it from another one of the same node.
        minutes: The period.
        gateways: The identifiers of the gateways.
        steps: What is asked of each user.
    """

    name: str
    minutes: int
    gateways: tuple[str, ...]
    steps: tuple[Step, ...]


def pollings(settings: Settings) -> list[Polling]:
    """Return what is asked of the gateways of a pool: automatic replies, of those that do not notify calendars too."""
    notifying = tuple(found.id for found in settings.gateways if found.notifies)
    others = tuple(found.id for found in settings.gateways if not found.notifies)
    found = (
        Polling("replies", settings.out_of_office_minutes, notifying, (Step.ASK_REPLIES,)),
        Polling("calendars", settings.pull_minutes, others, (Step.READ, Step.ASK_REPLIES)),
    )
    return [polling for polling in found if polling.gateways]


def start_all(context: Context) -> None:
    """Have the engines that run from the first start of an environment begin, in the transaction that seeds it."""
    for cluster in context.scenario.clusters:
        for node in nodes.nodes(context.database, cluster.name, "imp"):
            service = services.service(context.database, cluster.name, node.name, PRESENCE_ENGINE)
            if service is not None and service.running:
                started(context, cluster.name, node.name)


def started(context: Context, cluster: str, node: str) -> None:
    """Have the engine of a node load its settings and begin, in the transaction in which its service has started."""
    settings = engine_settings.load(context, cluster, node)
    timelines.note_engine(context, cluster, node, "started")
    if not settings.gateways:
        return
    context.jobs.at_once(START, node_key(cluster, node), [cluster, node])
    for polling in pollings(settings):
        poll_later(context, cluster, node, polling, context.clock.timestamp())


def poll_later(context: Context, cluster: str, node: str, polling: Polling, last: float) -> None:
    """Have something asked again when its period has passed since the last time."""
    key = f"{node_key(cluster, node)}/{polling.name}"
    context.jobs.add(POLL, key, last + polling.minutes * 60, [cluster, node, polling.name], repeats=True)


def stops(context: Context, cluster: str, node: str) -> None:
    """Have the engine of a node end, in the transaction in which its service begins to stop."""
    settings = engine_settings.settings(context, cluster, node)
    if settings is None:
        return
    engine_settings.unload(context, cluster, node)
    timelines.note_engine(context, cluster, node, "stopped")
    store.forget_calendars(context.database, cluster, node)
    context.jobs.cancel(START, node_key(cluster, node))
    context.jobs.cancel(following.RECOVER, node_key(cluster, node))
    for polling in pollings(settings):
        context.jobs.cancel(POLL, f"{node_key(cluster, node)}/{polling.name}")
    for key in (notifications.NO_GATEWAY, notifications.NOTIFICATION_PORT):
        notifications.clear(context, cluster, node, key)
    if settings.gateways:
        context.jobs.at_once(STOPPED, node_key(cluster, node), [cluster, node])


def move(context: Context, cluster: str, home: str) -> None:
    """Have the users of a home node followed by the engine of the node that serves them from now on."""
    context.jobs.at_once(MOVED, node_key(cluster, home), [cluster, home])


def adopt_all(context: Context, cluster: str, node: str) -> Iterator[None]:
    """Give the engine of a node the users that it has to follow, see :func:`adopt_home`."""
    for home in homes.served(context.database, cluster, node):
        yield from adopt_home(context, cluster, home)


def adopt_home(context: Context, cluster: str, home: str) -> Iterator[None]:
    """Give the users of a home node to the engine that has to follow them.

    Some are given in each transaction; others go on in between.
    """
    last = 0
    while True:
        with context.database.transaction():
            found = users.presence_users(context.database, cluster, home, after=last, first=_SLICE)
            following.adopt(context, cluster, found)
        if not found:
            return
        last = found[-1].id
        yield


def show_all(context: Context, cluster: str, node: str) -> Iterator[None]:
    """Show the users of a node as they are now, some in each transaction; others go on in between."""
    found = store.pkids(context.database, cluster, node)
    for begin in range(0, len(found), _SLICE):
        with context.database.transaction():
            for pkid in found[begin : begin + _SLICE]:
                presence.refresh(context, cluster, pkid)
        yield
