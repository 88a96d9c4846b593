# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose calendars the Presence Engines follow, and what they know of them: every change of it is a function here.

The engine asks Exchange between two of these functions, outside of every transaction. What it brings back is taken only
for the user as it was when it asked: each subscription has a token of its own, and whatever ends one changes it. So an
answer that comes after its engine has stopped, or after its user was disabled, changes nothing.

What is to be done for a user next follows from what is stored (:mod:`.next_steps`). A job says when.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from imp_emulator.domain import timelines
from imp_emulator.domain.imp import engine_settings, next_steps, nodes, presence
from imp_emulator.domain.imp.engine_settings import Settings, Terms
from imp_emulator.domain.imp.next_steps import Step
from imp_emulator.letter_case import ascii_lower
from imp_emulator.store.cucm.users import PresenceUser
from imp_emulator.store.imp import engine as store
from imp_emulator.store.imp.engine import EngineUser
from imp_emulator.world.context import Context

USER = "engine-user"
"""The kind of the job that does what is due for one user."""
UNSUBSCRIBE = "engine-unsubscribe"
"""The kind of the job that ends the subscription of a user who is followed no more."""
RECOVER = "engine-recover"
"""The kind of the job that tries again what went wrong for users of a node."""

RECOVERY_SECONDS = 300.0
"""How long after a failure."""
PATH = "/presence-engine/notifications/"
"""Where notifications come to, before the token."""

QUEUE_FULL = "queue"
"""The failure that says nothing about Exchange: the engine had too much to do."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A subscription that is to be made.

    Attributes:
        user: The user, with the token of the new subscription.
        url: Where its notifications are to go.
    """

    user: EngineUser
    terms: Terms
    url: str


def user_key(cluster: str, pkid: str) -> str:
    """Return the key of a user's job."""
    return f"{cluster}/{pkid}"


def node_key(cluster: str, node: str) -> str:
    """Return the key of a node's jobs."""
    return f"{cluster}/{node}"


# Who is followed


def review(context: Context, cluster: str, before: PresenceUser | None, after: PresenceUser | None) -> None:
    """Follow a user's calendar, or do so no more, when something about the user changes in Unified CM.

    A user is followed by the engine of the node that serves it, as long as that runs. Another mail address is another
    mailbox, with which the user begins anew.

    Args:
        before: The user as it was; ``None`` for a new one.
        after: The user as it is; ``None`` for one that is removed.
    """
    was, stays = _mailbox(before), _mailbox(after)
    if was == stays:
        return
    known = None if before is None else store.user(context.database, cluster, before.pkid)
    if known is not None:
        _forget(context, known)
        presence.refresh(context, cluster, known.pkid)
    if after is not None and stays is not None and _adopt(context, cluster, after):
        context.jobs.at_once(USER, user_key(cluster, after.pkid), [cluster, after.pkid])


def _mailbox(user: PresenceUser | None) -> tuple[str, str] | None:
    """Return whose engine has to follow which mailbox for a user; ``None`` for nobody."""
    if user is None or not (user.home_cluster and user.im_and_presence and user.meeting_information):
        return None
    return (user.served_by, user.mail) if user.served_by and user.mail else None


def adopt(context: Context, cluster: str, found: Sequence[PresenceUser]) -> None:
    """Have the engines that run follow those of some users that are to be followed, and are not yet.

    An engine whose node does not serve a user any more lets go of it.
    """
    for user in found:
        if not _mailbox(user):
            continue
        known = store.user(context.database, cluster, user.pkid)
        if known is not None and ascii_lower(known.node) == ascii_lower(user.served_by or ""):
            continue
        if known is not None:
            _forget(context, known)
            presence.refresh(context, cluster, user.pkid)
        _adopt(context, cluster, user)


def _adopt(context: Context, cluster: str, user: PresenceUser) -> bool:
    node = user.served_by or ""
    settings = engine_settings.settings(context, cluster, node)
    if settings is None or not settings.gateways:
        return False
    gateway = _next_gateway(context, settings, cluster, node)
    known = EngineUser(cluster, user.pkid, node, user.mail, _token(), gateway)
    store.put(context.database, known)
    _note(context, known, "followed", node=node, mail=user.mail)
    return True


def _next_gateway(context: Context, settings: Settings, cluster: str, node: str) -> str:
    """Return the gateway of the pool whose turn it is, round robin."""
    turn = store.take_turn(context.database, cluster, node)
    return settings.gateways[turn % len(settings.gateways)].id


def _forget(context: Context, user: EngineUser) -> None:
    store.remove(context.database, user.cluster, user.pkid)
    about = {"node": user.node, "mail": user.mail}
    timelines.note_user(context, user.cluster, user.pkid, "engine", "released", **about)
    context.jobs.cancel(USER, user_key(user.cluster, user.pkid))
    if user.subscription and store.runs(context.database, user.cluster, user.node):
        ended = [user.cluster, user.node, user.gateway, user.mail, user.subscription]
        context.jobs.at_once(UNSUBSCRIBE, user.token, ended)


# What is to be done for a user


def next_task(context: Context, cluster: str, pkid: str, *, recovers: bool = False) -> tuple[Step, EngineUser] | None:
    """Return what is to be done for a user now; ``None`` for nothing, then a job says when there is something.

    Args:
        recovers: Whether to go on although something went wrong; otherwise that waits for the recovery.
    """
    user = store.user(context.database, cluster, pkid)
    settings = None if user is None else engine_settings.settings(context, cluster, user.node)
    if user is None or settings is None or (user.failure and not recovers):
        return None
    if not settings.gateways:
        return None
    if settings.gateway(user.gateway) is None:  # It was deleted before this engine has started.
        user = replace(user, gateway=_next_gateway(context, settings, cluster, user.node))
        store.change(context.database, user, gateway=user.gateway)
    gateway = settings.gateway(user.gateway)
    notifies = gateway is not None and gateway.notifies
    step, at = next_steps.next_step(user, notified=notifies)
    if at <= context.clock.timestamp():
        return step, user
    if user.failure:
        store.change(context.database, user, failure="", failure_detail="", failed_at=None)
    context.jobs.add(USER, user_key(cluster, pkid), at, [cluster, pkid], repeats=True)
    return None


def poll_task(context: Context, cluster: str, pkid: str, step: Step) -> tuple[Step, EngineUser] | None:
    """Return a step that the time has come for; ``None`` when the user is followed no more or waits for recovery."""
    user = store.user(context.database, cluster, pkid)
    running = user is not None and store.runs(context.database, cluster, user.node)
    return (step, user) if user is not None and running and not user.failure else None


def change_gateway(context: Context, user: EngineUser, gateway: str, why: str | None = None) -> None:
    """Have a user's calendar followed through another gateway: the subscription at the present one is worth nothing.

    Args:
        gateway: The other one; of a pool of one the same.
        why: What is wrong with the present one, a sentence; ``None`` when nothing was heard of it.
    """
    changes: dict[str, Any] = {"gateway": gateway, "subscription": "", "token": _token(), "window_end": None}
    # A recovery that finds what is known tells nothing new.
    if store.change(context.database, user, **changes) and not user.failure:
        what, about = ("gateway_silent", {}) if why is None else ("gateway_failed", {"detail": why})
        before = _name(context, user)
        _note(context, replace(user, gateway=gateway), what, before=before, **about)


def subscribing(context: Context, user: EngineUser) -> Subscribing | None:
    """Begin to subscribe to a user's calendar; ``None`` when the user is followed no more."""
    token = _token()
    if not store.change(context.database, user, token=token, subscription=""):
        return None
    terms = engine_settings.terms(context, user.cluster)
    address = nodes.presence_node(context, user.cluster, user.node).ipv4
    return Subscribing(replace(user, token=token), terms, f"http://{address}:{terms.port}{PATH}{token}")


def subscribed(context: Context, made: Subscribing, folder: str, subscription: str) -> None:
    """Take a subscription that Exchange has made; the calendar has to be read after it."""
    changes: dict[str, Any] = {
        "folder": folder,
        "subscription": subscription,
        "minutes": made.terms.minutes,
        "port": made.terms.port,
        "spread": made.terms.spread,
        "subscribed_at": context.clock.timestamp(),
        "window_end": None,
    }
    about = {"node": made.user.node, "port": made.terms.port, "minutes": made.terms.minutes}
    _learned(context, made.user, changes, "subscribed", **about)


def read(
    context: Context, user: EngineUser, busy: Sequence[tuple[float, float, str]], start: float, end: float
) -> None:
    """Take what was read of a calendar between two times; of events that were told meanwhile it may know nothing."""
    changes: dict[str, Any] = {
        "busy": tuple(busy),
        "window_start": start,
        "window_end": end,
        "read_at": context.clock.timestamp(),
    }
    if not user.subscription:
        changes["spread"] = engine_settings.terms(context, user.cluster).spread
    store.told(context.database, user, -user.news)
    what = "read_notified" if user.news else "read_subscribed" if user.window_end is None else "read_again"
    news = what != "read_again" or changes["busy"] != user.busy
    _learned(context, user, changes, what if news else "", busy=len(busy))


def replies(context: Context, user: EngineUser, period: dict[str, float | None] | None, time_zone: str) -> None:
    """Take what was read of a mailbox's automatic replies; the time zone may be empty when there are none."""
    changes: dict[str, Any] = {"out_of_office": period, "out_of_office_at": context.clock.timestamp()}
    if time_zone:
        changes["time_zone"] = time_zone
    news = user.out_of_office_at is None or period != user.out_of_office
    what = "no_replies" if period is None else "replies" if None in period.values() else "replies_period"
    about = {"start": period["start"], "end": period["end"]} if period and what == "replies_period" else {}
    _learned(context, user, changes, what if news else "", **about)


def _learned(context: Context, user: EngineUser, changes: dict[str, Any], what: str, **about: Any) -> None:
    """Store what was learned of a user, and note it under a name; under none when it was known before."""
    if store.change(context.database, user, **changes, failure="", failure_detail="", failed_at=None):
        if what:
            _note(context, user, what, **about)
        presence.refresh(context, user.cluster, user.pkid)


def failed(context: Context, user: EngineUser, failure: str, detail: str) -> None:
    """Note that something went wrong for a user; it waits for the recovery, and its calendar is unknown until then.

    An engine that had too much to do knows what it knew before.

    Args:
        failure: The code of what went wrong.
        detail: One sentence about it; no secret.
    """
    now = context.clock.timestamp()
    changes: dict[str, Any] = {"failure": failure, "failure_detail": detail, "failed_at": now}
    if failure != QUEUE_FULL:
        changes |= {"subscription": "", "token": _token()}
    if failure != QUEUE_FULL or user.window_end is None:
        changes |= {"busy": (), "window_start": None, "window_end": None}
    first = not store.has_failed(context.database, user.cluster, user.node)
    if store.change(context.database, user, **changes):
        if first:
            recover_later(context, user.cluster, user.node)
        if user.failure != failure:
            _note(context, user, "failed", failure=failure, detail=detail)
        presence.refresh(context, user.cluster, user.pkid)


def recover_later(context: Context, cluster: str, node: str) -> None:
    """Have what went wrong tried again."""
    due_at = context.clock.timestamp() + RECOVERY_SECONDS
    context.jobs.add(RECOVER, node_key(cluster, node), due_at, [cluster, node], repeats=True)


# What Exchange tells


def notified(context: Context, cluster: str, node: str, token: str, subscription: str, *, event: bool) -> bool:
    """Take a notification that has come to a node; tell whether the subscription is to go on.

    Args:
        token: The last part of the URL that it came to.
        subscription: Exchange's identifier of the subscription that it is about.
        event: Whether it tells of a change, and not only that there was none.
    """
    user = store.by_token(context.database, token)
    if user is None or user.subscription not in ("", subscription):
        return False
    if user.failure and not user.subscription:
        return False
    if (user.cluster, user.node) != (cluster, node) or not store.runs(context.database, cluster, node):
        return False
    # The first one may come while Exchange's answer to Subscribe is still on its way; then the calendar is read anyway.
    made = user.subscription != ""
    if made and engine_settings.terms(context, cluster) != Terms(user.minutes, user.port, user.spread):
        lost(context, user, "lost_parameters")
        return False
    now = context.clock.timestamp()
    if event:
        store.change(context.database, user, heard_at=now, event_at=now)
    else:
        store.change(context.database, user, heard_at=now)
    if event and made:
        place = (context, user.cluster, user.pkid)
        timelines.note_user(*place, "notification", "event", node=user.node, port=user.port)
        store.told(context.database, user, 1)
        context.jobs.at_once(USER, user_key(cluster, user.pkid), [cluster, user.pkid])
    return True


def leap(context: Context, seconds: float) -> None:
    """Take no notice of a time for which the notifications that say nothing new were left out, however long it was."""
    store.move_heard(context.database, seconds)


def ended(context: Context, token: str) -> None:
    """Take Exchange's word that the subscription whose notifications have this token has ended."""
    user = store.by_token(context.database, token)
    if user is not None and user.subscription:
        lost(context, user, "lost_ended")


def lost(context: Context, user: EngineUser, why: str) -> None:
    """Have a user subscribed anew at its gateway, because its subscription has ended or is to be made anew.

    Args:
        why: Which of both, as the timeline names it.
    """
    store.change(context.database, user, subscription="")
    _note(context, user, why)
    context.jobs.at_once(USER, user_key(user.cluster, user.pkid), [user.cluster, user.pkid])


def _note(context: Context, user: EngineUser, what: str, **about: Any) -> None:
    """Note what the engine did for a user, with the name of the user's gateway."""
    gateway = _name(context, user)
    timelines.note_user(context, user.cluster, user.pkid, "engine", what, gateway=gateway, **about)


def _name(context: Context, user: EngineUser) -> str:
    settings = engine_settings.settings(context, user.cluster, user.node)
    found = None if settings is None else settings.gateway(user.gateway)
    return user.gateway if found is None else found.name


def _token() -> str:
    return uuid.uuid4().hex
