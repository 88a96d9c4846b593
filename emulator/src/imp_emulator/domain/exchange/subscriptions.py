# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions to what happens in a mailbox: making and ending them, and what a client has not been told yet."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from imp_emulator.domain.events import MailboxEventsRecorded, SubscriptionEnded, WebServicesRestarted
from imp_emulator.domain.exchange import event_log
from imp_emulator.domain.exchange.event_log import EventKind, MailboxEvent
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.store.exchange import subscriptions as store
from imp_emulator.store.exchange.subscriptions import PULL, PUSH, STREAMING, Subscription
from imp_emulator.world.context import Context

__all__ = ["PULL", "PUSH", "STREAMING", "Subscription"]

DELIVER = "exchange-push"
"""The kind of the job that sends a push subscription's next notification, or looks whether there is one; by its id."""
EXPIRE = "exchange-subscription"
"""The kind of the job that ends a subscription which its client does not use; by its id."""

MINUTES = range(1, 1441)
"""Status frequency of a push subscription and timeout of a pull subscription."""
STREAMING_MINUTES = 30
"""How long a streaming subscription lives without a connection."""
LONGEST_URL = 2082

_BATCH = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client subscribes to.

    Attributes:
        mailbox: The mailbox's row.
        caller: The account that asks.
        server: The Exchange server that it asks.
        method: ``push``, ``pull`` or ``streaming``.
        version: The schema version that it asks for.
        events: Kinds of events.
        in_calendar: Whether the calendar is among the folders.
        minutes: Status frequency or timeout, one of :data:`MINUTES`.
        url: Where notifications of a push subscription go.
        watermark: Where to go on from; ``None`` for what happens from now on.
    """

    mailbox: int
    caller: str
    server: str
    method: str
    version: str
    events: tuple[EventKind, ...]
    in_calendar: bool = True
    minutes: int = STREAMING_MINUTES
    url: str = ""
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A thing that a client is told: an event, or ``None`` for the status that there is nothing new.

    Attributes:
        watermark: Where it stands in the mailbox's log.
    """

    event: MailboxEvent | None
    watermark: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What a client is told at once.

    Attributes:
        previous: The watermark that it stands behind.
        more: Whether there are more events than these.
        last: The number of the event up to which the client knows all.
    """

    subscription: Subscription
    previous: str
    more: bool
    told: tuple[Told, ...]
    last: int

    @property
    def watermark(self) -> str:
        """The newest watermark in it."""
        return self.told[-1].watermark

    @property
    def is_status(self) -> bool:
        """Whether it says that there is nothing new."""
        return self.told[0].event is None


def subscribe(context: Context, wanted: Wanted) -> Subscription:
    """Make a subscription; a push subscription's first notification goes out at once.

    Raises:
        InvalidValue: The URL of a push subscription or the watermark is not good.
    """
    if wanted.method == PUSH:
        _check_url(wanted.url)
    now = context.clock.timestamp()
    newest = event_log.last(context, wanted.mailbox)
    last = newest if wanted.watermark is None else event_log.place(context, wanted.mailbox, wanted.watermark)
    event_log.keep(context, wanted.mailbox)
    subscription = Subscription(
        id=base64.b64encode(wanted.server.encode() + b"\0" + uuid.uuid4().bytes).decode(),
        mailbox=wanted.mailbox,
        caller=wanted.caller,
        server=wanted.server,
        method=wanted.method,
        version=wanted.version,
        events=wanted.events,
        in_calendar=wanted.in_calendar,
        minutes=wanted.minutes,
        url=wanted.url,
        last=last,
        watermark=event_log.watermark(context, wanted.mailbox, last),
        status_at=now,
    )
    store.add(context.database, subscription)
    if subscription.method == PUSH:
        wake(context, subscription)
    else:
        use(context, subscription)
    return subscription


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = 0 < len(url) <= LONGEST_URL and parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise InvalidValue("push-url-invalid", "The push subscription URL is invalid.", "URL")


def find(context: Context, identifier: str, caller: str) -> Subscription:
    """Return a subscription of a caller.

    Raises:
        NotFound: There is none, or none any more.
        Forbidden: Somebody else made it.
    """
    subscription = store.find(context.database, identifier)
    if subscription is None:
        raise NotFound("subscription-not-found", "The subscription wasn't found.")
    if subscription.caller.lower() != caller.lower():
        raise Forbidden("subscription-access-denied", "Only the account that made the subscription may use it.")
    return subscription


def count(context: Context, mailbox_id: int) -> int:
    """Return how many subscriptions there are to a mailbox."""
    return len(store.of_mailbox(context.database, mailbox_id))


def subscriptions(context: Context) -> list[Subscription]:
    """Return every subscription, oldest first."""
    return store.subscriptions(context.database)


def unsubscribe(context: Context, identifier: str, caller: str) -> None:
    """End a subscription. Raises as :func:`find` does."""
    remove(context, find(context, identifier, caller), unsubscribed=True)


def remove(context: Context, subscription: Subscription, *, unsubscribed: bool = False) -> None:
    """End a subscription; its events are kept until its watermarks are too old."""
    store.remove(context.database, subscription.id)
    context.jobs.cancel(DELIVER, subscription.id)
    context.jobs.cancel(EXPIRE, subscription.id)
    event_log.keep(context, subscription.mailbox)
    context.events.publish(SubscriptionEnded(subscription.id, unsubscribed))


def lose(context: Context, server: str) -> int:
    """Lose the subscriptions that were made at an Exchange server, as a restart of its web services does.

    Returns:
        How many there were. Their clients are not told; what happens meanwhile they can read from their watermarks.
    """
    context.events.publish(WebServicesRestarted(server))
    lost = [known for known in store.subscriptions(context.database) if known.server.lower() == server.lower()]
    for subscription in lost:
        remove(context, subscription)
    return len(lost)


def use(context: Context, subscription: Subscription) -> None:
    """Note that a client uses its pull or streaming subscription, so that it lives on."""
    context.jobs.add(EXPIRE, subscription.id, context.clock.timestamp() + subscription.minutes * 60)


def expire(context: Context, identifier: str) -> None:
    """End a subscription that was not used in time."""
    subscription = store.find(context.database, identifier)
    if subscription is not None:
        remove(context, subscription)


def pull(context: Context, identifier: str, caller: str, watermark: str) -> Notification:
    """Return what happened since a watermark, or the status that nothing did.

    Raises:
        NotFound: There is no such subscription, or none any more.
        Forbidden: Somebody else made it.
        InvalidValue: It is no pull subscription, or the watermark is not good.
    """
    subscription = find(context, identifier, caller)
    if subscription.method != PULL:
        raise InvalidValue("subscription-not-pull", "The subscription is not a pull subscription.")
    place = event_log.place(context, subscription.mailbox, watermark)
    use(context, subscription)
    return news(context, subscription, place, watermark)


def streamed(context: Context, identifier: str, caller: str) -> Subscription:
    """Return a streaming subscription of a caller.

    Raises:
        NotFound: There is none, or none any more.
        Forbidden: Somebody else made it.
        InvalidValue: It is no streaming subscription.
    """
    subscription = find(context, identifier, caller)
    if subscription.method != STREAMING:
        raise InvalidValue("subscription-not-streaming", "The subscription is not a streaming subscription.")
    return subscription


def stream(context: Context, identifier: str) -> Notification | None:
    """Return what a streaming subscription's client has not been told; ``None`` when the subscription is gone."""
    subscription = store.find(context.database, identifier)
    return None if subscription is None else news(context, subscription, subscription.last, subscription.watermark)


def news(context: Context, subscription: Subscription, place: int, previous: str) -> Notification:
    """Return what happened since a place in the log: events, the oldest 50 at most, or one status."""
    mailbox = subscription.mailbox
    found: Sequence[MailboxEvent] = ()
    if subscription.in_calendar:
        found = event_log.after(context, mailbox, place, subscription.events, _BATCH + 1)
    if not found:
        last = event_log.last(context, mailbox)
        status = Told(None, event_log.watermark(context, mailbox, last))
        return Notification(subscription, previous, False, (status,), last)
    events = found[:_BATCH]
    seen = tuple(Told(event, event_log.watermark(context, mailbox, event.number)) for event in events)
    return Notification(subscription, previous, len(found) > _BATCH, seen, events[-1].number)


def told(context: Context, notification: Notification) -> float:
    """Note that a client has been told, and return when a push subscription's next status is due."""
    subscription = notification.subscription
    status_at = context.clock.timestamp() + subscription.minutes * 60
    store.told(context.database, subscription.id, notification.last, notification.watermark, status_at)
    return status_at


def record(context: Context, mailbox_id: int, kinds: Sequence[EventKind], item: int, change: int) -> None:
    """Note what happened to an item, in the transaction in which it did, for those who watch the mailbox."""
    if not event_log.append(context, mailbox_id, kinds, item, change):
        return
    for subscription in store.of_mailbox(context.database, mailbox_id):
        listens = subscription.method == PUSH and subscription.in_calendar
        if listens and not set(kinds).isdisjoint(subscription.events):
            wake(context, subscription)
    context.events.publish(MailboxEventsRecorded(mailbox_id))


def wake(context: Context, subscription: Subscription) -> None:
    """Have a push subscription's next notification sent at once, or when its listener is to be tried again."""
    context.jobs.at_once(DELIVER, subscription.id)
