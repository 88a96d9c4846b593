# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens without a request: which rule carries out which job, and who listens to which event."""

from __future__ import annotations

from functools import partial

from imp_emulator.domain.cucm import bulk_jobs, directories
from imp_emulator.domain.events import (
    NodeCameBack,
    NodeWentAway,
    ParameterChanged,
    ServiceDeployed,
    ServiceStarted,
    ServiceStopping,
)
from imp_emulator.domain.exchange import event_log, first_contents, streaming, subscriptions
from imp_emulator.domain.imp import (
    engine_life,
    following,
    outages,
    presence,
    recovery,
    services,
    web_service,
    web_sessions,
)
from imp_emulator.engine.callbacks import CallBacks
from imp_emulator.engine.presence_engine import PresenceEngines
from imp_emulator.engine.push import Push
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from imp_emulator.world.events import StateReplaced


def complete(context: Context) -> None:
    """Add to a new state file what rules have to make of the scenario; see ``snapshots.prepare``."""
    first_contents.fill(context)
    engine_life.start_all(context)
    directories.plan_all(context)


def wire(environment: Environment) -> PresenceEngines:
    """Connect the scheduler and the events of an environment to the rules.

    Returns:
        What :func:`start` needs.
    """
    context = environment.context
    # Before anybody else hears of it, so that all see the same.
    for kind in (NodeWentAway, NodeCameBack, StateReplaced):
        environment.events.subscribe(kind, lambda _: environment.look_who_is_away())
    environment.scheduler.register(services.CHANGE_ENDS, partial(services.end_change, context))
    environment.events.subscribe(StateReplaced, lambda _: services.lift_hanging(context))
    environment.scheduler.register(event_log.FORGET, lambda _: event_log.forget(context))
    environment.scheduler.register(subscriptions.EXPIRE, lambda job: subscriptions.expire(context, job.key))
    environment.scheduler.register(streaming.TICK, partial(streaming.tick, context))
    environment.scheduler.register(presence.NEXT, partial(presence.come, context))
    environment.scheduler.register(directories.DUE, partial(directories.due, context))
    environment.scheduler.register(directories.RUN, partial(directories.run, context))
    environment.scheduler.when_left_out(partial(following.leap, context))
    watch_nodes(environment)
    carry_out_bulk_jobs(environment)
    Push(environment)
    CallBacks(environment)
    return PresenceEngines(environment)


def watch_nodes(environment: Environment) -> None:
    """Have the Server Recovery Managers see what happens to their nodes, and act when it is time."""
    context, events, scheduler = environment.context, environment.events, environment.scheduler
    events.subscribe(ServiceDeployed, partial(recovery.service_changed, context))
    events.subscribe(ServiceStopping, partial(recovery.service_changed, context))
    events.subscribe(ServiceStarted, partial(recovery.service_changed, context))
    events.subscribe(ParameterChanged, partial(recovery.parameter_changed, context))
    events.subscribe(StateReplaced, lambda _: recovery.look_at_all(context))
    events.subscribe(NodeWentAway, lambda event: recovery.look(context, event.cluster, event.node))
    events.subscribe(NodeCameBack, lambda event: recovery.look(context, event.cluster, event.node))
    events.subscribe(ServiceStopping, partial(outages.service_stopping, context))
    scheduler.register(recovery.DOWN, partial(recovery.down, context))
    scheduler.register(recovery.SETTLE, partial(recovery.settle, context))
    scheduler.register(recovery.FALL_BACK, partial(recovery.fall_back, context))


def carry_out_bulk_jobs(environment: Environment) -> None:
    """Have the bulk jobs of Unified CM carried out when it is time, as long as their service runs."""
    context, events, scheduler = environment.context, environment.events, environment.scheduler
    scheduler.register(bulk_jobs.LAUNCH, partial(bulk_jobs.launch, context))
    scheduler.register(bulk_jobs.WORK, partial(bulk_jobs.work, context))
    events.subscribe(ServiceDeployed, partial(bulk_jobs.service_changed, context))
    events.subscribe(ServiceStopping, partial(bulk_jobs.service_changed, context))
    events.subscribe(ServiceStarted, partial(bulk_jobs.service_changed, context))


async def start(environment: Environment, engines: PresenceEngines) -> None:
    """Go on with what the state file says; the listeners answer by now, because some of it may ask them."""
    services.lift_hanging(environment.context)
    recovery.look_at_all(environment.context)
    engines.resume()
    web_sessions.begin(environment.context)
    web_service.begin(environment.context)
    bulk_jobs.resume(environment.context)
    await environment.scheduler.start()
