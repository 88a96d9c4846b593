# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a push subscription's listener is told what, and how often that is tried.

A notification that is not answered is tried again after half a minute, one, two, four, eight ... minutes
since the first try, as long as the status frequency has not passed; then the subscription ends.
"""

from __future__ import annotations

from imp_emulator.domain.exchange import subscriptions
from imp_emulator.domain.exchange.subscriptions import DELIVER, PUSH, Notification, Subscription
from imp_emulator.store.exchange import subscriptions as store
from imp_emulator.world.context import Context

_FIRST_RETRY = 30.0


def due(context: Context, identifier: str) -> Notification | None:
    """Return the notification that has to be sent now, or ``None``; then the next look at it is a job.

    A subscription whose status frequency has passed without an answer ends here.
    """
    subscription = store.find(context.database, identifier)
    if subscription is None or subscription.method != PUSH:
        return None
    now = context.clock.timestamp()
    if subscription.failing_since is not None:
        if now >= subscription.failing_since + subscription.minutes * 60:
            subscriptions.remove(context, subscription)
            return None
        if now < (next_try := _next_try(subscription.failing_since, subscription.tries, subscription)):
            context.jobs.add(DELIVER, identifier, next_try)
            return None
    notification = subscriptions.news(context, subscription, subscription.last, subscription.watermark)
    if notification.is_status and subscription.failing_since is None and now < subscription.status_at:
        context.jobs.add(DELIVER, identifier, subscription.status_at, repeats=True)
        return None
    return notification


def answered(context: Context, notification: Notification, *, unsubscribe: bool) -> None:
    """Note that the listener has answered; what has happened since it was asked is sent at once."""
    subscription = store.find(context.database, notification.subscription.id)
    if subscription is None:
        return
    if unsubscribe:
        subscriptions.remove(context, subscription, unsubscribed=True)
        return
    status_at = subscriptions.told(context, notification)
    if subscriptions.news(context, subscription, notification.last, notification.watermark).is_status:
        context.jobs.add(DELIVER, subscription.id, status_at, repeats=True)
    else:
        subscriptions.wake(context, subscription)


def not_answered(context: Context, notification: Notification, began: float) -> None:
    """Note that a try, begun at a virtual time in seconds since the epoch, was not answered."""
    subscription = store.find(context.database, notification.subscription.id)
    if subscription is None:
        return
    since = began if subscription.failing_since is None else subscription.failing_since
    tries = subscription.tries + 1
    store.failed(context.database, subscription.id, since, tries)
    context.jobs.add(DELIVER, subscription.id, _next_try(since, tries, subscription))


def _next_try(since: float, tries: int, subscription: Subscription) -> float:
    """Return when a notification is tried again, or when its subscription ends because that would be too late."""
    return since + min(_FIRST_RETRY * 2.0 ** (tries - 1), subscription.minutes * 60)
