# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions to mailboxes: events and watermarks, how long they live, and when a listener is told what."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imp_emulator.domain.exchange import calendars, event_log, mailboxes, push, subscriptions
from imp_emulator.domain.exchange.calendars import Draft, ItemRef
from imp_emulator.domain.exchange.event_log import EventKind
from imp_emulator.domain.exchange.recurrence import Daily, Numbered, Recurrence
from imp_emulator.domain.exchange.subscriptions import (
    DELIVER,
    EXPIRE,
    PULL,
    PUSH,
    STREAMING,
    Notification,
    Subscription,
    Wanted,
)
from imp_emulator.engine import outgoing
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.store.exchange import event_logs
from imp_emulator.world.context import Context
from imp_emulator.world.environment import Environment
from tests.support.push_listener import OK, Received
from tests.support.states import advance

CALLER = r"EXAMPLE\svc-imp"
MINUTE, DAY = 60.0, 86400.0
ALL = tuple(EventKind)


@pytest.fixture
def mailbox(emulated: Environment) -> int:
    with emulated.database.transaction():
        return mailboxes.add(emulated.context, "watched@example.com", "Watched").id


def wanted(mailbox: int, method: str = PULL, **changes: Any) -> Wanted:
    minutes = {PUSH: 30, PULL: 10, STREAMING: 30}[method]
    url = "http://listener.invalid/" if method == PUSH else ""
    basis = Wanted(mailbox, CALLER, "mail1.example.com", method, "Exchange2016", ALL, minutes=minutes, url=url)
    return replace(basis, **changes)


def subscribe(environment: Environment, what: Wanted) -> Subscription:
    with environment.database.transaction():
        return subscriptions.subscribe(environment.context, what)


def change(environment: Environment, mailbox: int, *kinds: EventKind, item: int = 7) -> None:
    with environment.database.transaction():
        subscriptions.record(environment.context, mailbox, kinds or (EventKind.MODIFIED,), item, 3)


def pull(environment: Environment, subscription: Subscription, watermark: str, caller: str = CALLER) -> Notification:
    with environment.database.transaction():
        return subscriptions.pull(environment.context, subscription.id, caller, watermark)


def kinds(notification: Notification) -> list[str | None]:
    return [told.event.kind if told.event else None for told in notification.told]


def stored_events(environment: Environment) -> int:
    row = environment.database.one("SELECT count(*) AS number FROM mailbox_event")
    assert row is not None
    return int(row["number"])


def test_a_mailbox_that_nobody_watches_costs_nothing(emulated: Environment, mailbox: int) -> None:
    change(emulated, mailbox)
    assert stored_events(emulated) == 0
    assert not event_logs.exist(emulated.database)


def test_what_happens_is_read_once_in_order_and_then_a_status(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox))
    change(emulated, mailbox, EventKind.CREATED, EventKind.FREE_BUSY_CHANGED)
    change(emulated, mailbox, EventKind.DELETED)
    first = pull(emulated, made, made.watermark)
    assert kinds(first) == ["CreatedEvent", "FreeBusyChangedEvent", "DeletedEvent"]
    assert (first.previous, first.more) == (made.watermark, False)
    assert len({told.watermark for told in first.told}) == 3
    second = pull(emulated, made, first.watermark)
    assert kinds(second) == [None]
    assert second.previous == first.watermark
    change(emulated, mailbox, EventKind.MODIFIED)
    assert kinds(pull(emulated, made, second.watermark)) == ["ModifiedEvent"]
    assert kinds(pull(emulated, made, first.told[0].watermark)) == [
        "FreeBusyChangedEvent",
        "DeletedEvent",
        "ModifiedEvent",
    ], "a client may go back"


def test_only_kinds_and_folders_that_were_asked_for_are_told(emulated: Environment, mailbox: int) -> None:
    some = subscribe(emulated, wanted(mailbox, events=(EventKind.DELETED,)))
    inbox = subscribe(emulated, wanted(mailbox, in_calendar=False))
    change(emulated, mailbox, EventKind.CREATED)
    change(emulated, mailbox, EventKind.DELETED)
    assert kinds(pull(emulated, some, some.watermark)) == ["DeletedEvent"]
    assert kinds(pull(emulated, inbox, inbox.watermark)) == [None]


def test_many_events_come_in_parts(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox))
    for item in range(120):
        change(emulated, mailbox, item=item)
    watermark, seen, more = made.watermark, [], []
    for _ in range(3):
        found = pull(emulated, made, watermark)
        seen += [told.event.item for told in found.told if told.event]
        more.append(found.more)
        watermark = found.watermark
    assert seen == list(range(120))
    assert more == [True, True, False]


def test_the_events_of_another_mailbox_are_nobodys(emulated: Environment, mailbox: int) -> None:
    with emulated.database.transaction():
        other = mailboxes.add(emulated.context, "other@example.com", "Other").id
    made, second = subscribe(emulated, wanted(mailbox)), subscribe(emulated, wanted(other))
    change(emulated, other)
    assert kinds(pull(emulated, made, made.watermark)) == [None]
    with pytest.raises(InvalidValue, match="watermark"):
        pull(emulated, made, second.watermark)


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", base64.b64encode(b"x" * 28).decode()])
def test_a_watermark_that_is_none_is_refused(emulated: Environment, mailbox: int, text: str) -> None:
    made = subscribe(emulated, wanted(mailbox))
    with pytest.raises(InvalidValue) as refusal:
        pull(emulated, made, text)
    assert refusal.value.code == "watermark-invalid"
    with pytest.raises(InvalidValue):
        subscribe(emulated, wanted(mailbox, watermark=text))


def test_a_watermark_of_a_later_state_is_refused(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox))
    later = event_log.watermark(emulated.context, mailbox, 5)
    with pytest.raises(InvalidValue):
        pull(emulated, made, later)


def test_a_watermark_goes_on_where_a_lost_subscription_ended_for_thirty_days(
    emulated: Environment, mailbox: int
) -> None:
    first = subscribe(emulated, wanted(mailbox))
    with emulated.database.transaction():
        subscriptions.unsubscribe(emulated.context, first.id, CALLER)
    change(emulated, mailbox, EventKind.CREATED)
    advance(emulated, 30 * DAY)
    second = subscribe(emulated, wanted(mailbox, watermark=first.watermark))
    assert kinds(pull(emulated, second, second.watermark)) == ["CreatedEvent"]
    advance(emulated, 1)
    with pytest.raises(InvalidValue):
        subscribe(emulated, wanted(mailbox, watermark=first.watermark))


def test_events_are_dropped_when_no_watermark_can_be_as_old(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox, minutes=1440))
    change(emulated, mailbox)
    for _ in range(29):
        advance(emulated, 0.9 * DAY)
        pull(emulated, made, made.watermark)
    change(emulated, mailbox)
    for _ in range(6):
        advance(emulated, 0.9 * DAY)
        pull(emulated, made, event_log.watermark(emulated.context, mailbox, 2))
    assert stored_events(emulated) == 1
    advance(emulated, 62 * DAY)
    assert subscriptions.subscriptions(emulated.context) == []
    assert stored_events(emulated) == 0
    assert not event_logs.exist(emulated.database), "nobody can go on from there, so nothing is kept any more"
    change(emulated, mailbox)
    assert stored_events(emulated) == 0


def test_a_pull_subscription_ends_when_it_is_not_used(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox, minutes=10))
    advance(emulated, 9 * MINUTE)
    pull(emulated, made, made.watermark)
    advance(emulated, 10 * MINUTE - 1)
    pull(emulated, made, made.watermark)
    advance(emulated, 10 * MINUTE)
    with pytest.raises(NotFound) as refusal:
        pull(emulated, made, made.watermark)
    assert refusal.value.code == "subscription-not-found"


@pytest.mark.parametrize(("method", "kind"), [(PUSH, DELIVER), (PULL, EXPIRE), (STREAMING, EXPIRE)])
def test_nothing_is_left_to_do_for_a_subscription_that_has_ended(
    emulated: Environment, mailbox: int, method: str, kind: str
) -> None:
    ended, lives = (subscribe(emulated, wanted(mailbox, method)) for _ in range(2))
    with emulated.database.transaction():
        subscriptions.unsubscribe(emulated.context, ended.id, CALLER)
        assert not emulated.context.jobs.cancel(kind, ended.id)
        assert emulated.context.jobs.cancel(kind, lives.id)


def test_only_who_made_it_may_use_it(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox))
    with pytest.raises(Forbidden) as refusal:
        pull(emulated, made, made.watermark, "EXAMPLE\\other")
    assert refusal.value.code == "subscription-access-denied"
    with pytest.raises(Forbidden), emulated.database.transaction():
        subscriptions.unsubscribe(emulated.context, made.id, "EXAMPLE\\other")
    pull(emulated, made, made.watermark, CALLER.upper())


def test_a_restart_of_a_servers_web_services_loses_its_subscriptions_and_no_others(
    emulated: Environment, mailbox: int
) -> None:
    lost = [subscribe(emulated, wanted(mailbox, method)) for method in (PUSH, PULL, STREAMING)]
    kept = subscribe(emulated, wanted(mailbox, server="mail2.example.com"))
    with emulated.database.transaction():
        assert subscriptions.lose(emulated.context, "MAIL1.example.com") == 3
    assert [known.id for known in subscriptions.subscriptions(emulated.context)] == [kept.id]
    with pytest.raises(NotFound):
        pull(emulated, lost[1], lost[1].watermark)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "listener",
        "ftp://listener.example.com/",
        "http://",
        "http:///path",
        "http://listener:99999/",
        "http://listener:x/",
        "http://listener/a b",
        "http://listener/\r\nX: y",
        "http://[::1/",
        "http://listener/" + "x" * 2082,
    ],
)
def test_an_address_that_is_none_is_refused(emulated: Environment, mailbox: int, url: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        subscribe(emulated, wanted(mailbox, PUSH, url=url))
    assert refusal.value.code == "push-url-invalid"
    assert subscriptions.subscriptions(emulated.context) == []


@pytest.mark.parametrize("url", ["http://192.0.2.1:50020/", "HTTPS://[2001:db8::1]/a?b=c", "http://l/" + "x" * 2073])
def test_an_address_that_is_one_is_taken(emulated: Environment, mailbox: int, url: str) -> None:
    assert subscribe(emulated, wanted(mailbox, PUSH, url=url)).url == url


class Listener:
    """Stands for a push subscription's listener, and writes down when it was told what."""

    def __init__(self, environment: Environment, subscription: Subscription, patch: pytest.MonkeyPatch) -> None:
        self.clock = environment.clock
        self.subscription = subscription
        self.began = self.clock.timestamp()
        self.told: list[tuple[float, list[str]]] = []
        self.watermarks: list[tuple[str | None, str]] = []
        self.answers = True
        patch.setattr(outgoing, "post", self.post)

    async def post(self, _context: Context, url: str, body: bytes, headers: Mapping[str, str]) -> outgoing.Answer:
        found = Received(url, dict(headers), body)
        self.told.append(((self.clock.timestamp() - self.began) / MINUTE, found.events))
        self.watermarks.append((found.text("PreviousWatermark"), found.watermarks[-1]))
        if not self.answers:
            raise outgoing.NoAnswer
        return outgoing.Answer(200, OK)

    @property
    def minutes(self) -> list[float]:
        return [at for at, _ in self.told]


@pytest.fixture
def listen(emulated: Environment, mailbox: int, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Listener]:
    """What makes a push subscription with a listener."""

    def made(minutes: int = 30, **changes: Any) -> Listener:
        what = wanted(mailbox, PUSH, minutes=minutes, **changes)
        return Listener(emulated, subscribe(emulated, what), monkeypatch)

    return made


def test_a_listener_is_told_at_once_that_it_is_heard_and_then_each_status_frequency(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener]
) -> None:
    listener = listen(5)
    advance(emulated, 0)
    assert listener.told == [(0, ["StatusEvent"])]
    advance(emulated, 11 * MINUTE)
    assert listener.minutes == [0, 5, 10]
    change(emulated, mailbox)
    advance(emulated, 0)
    assert listener.told[3:] == [(11, ["ModifiedEvent"])]
    advance(emulated, 5 * MINUTE)
    assert listener.told[4:] == [(16, ["StatusEvent"])], "the frequency counts from what was told last"
    previous = [before for before, _ in listener.watermarks]
    assert previous == [listener.subscription.watermark, *[after for _, after in listener.watermarks[:-1]]]


def test_a_listener_is_not_told_of_what_it_did_not_ask_for(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener]
) -> None:
    listener = listen(events=(EventKind.DELETED,))
    advance(emulated, MINUTE)
    change(emulated, mailbox, EventKind.MODIFIED)
    advance(emulated, MINUTE)
    assert listener.told == [(0, ["StatusEvent"])]


def test_a_notification_is_tried_at_growing_distances_until_the_status_frequency_is_used_up(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener]
) -> None:
    listener = listen()
    advance(emulated, 0)
    listener.answers = False
    change(emulated, mailbox)
    advance(emulated, 29 * MINUTE)
    assert listener.minutes == [0, 0, 0.5, 1, 2, 4, 8, 16]
    change(emulated, mailbox)
    advance(emulated, MINUTE - 1)
    assert len(listener.told) == 8, "what happens meanwhile does not shorten the wait"
    assert len(subscriptions.subscriptions(emulated.context)) == 1
    advance(emulated, 1)
    assert subscriptions.subscriptions(emulated.context) == []
    advance(emulated, DAY)
    assert len(listener.told) == 8


@pytest.mark.parametrize(("minutes", "tries"), [(1, [0, 0.5]), (2, [0, 0.5, 1]), (5, [0, 0.5, 1, 2, 4])])
def test_a_short_status_frequency_allows_few_tries(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener], minutes: int, tries: list[float]
) -> None:
    listener = listen(minutes)
    listener.answers = False
    advance(emulated, DAY)
    assert listener.minutes == tries
    assert subscriptions.subscriptions(emulated.context) == []


def test_a_listener_that_answers_again_gets_all_and_the_next_failure_begins_anew(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener]
) -> None:
    listener = listen()
    advance(emulated, 0)
    listener.answers = False
    change(emulated, mailbox, EventKind.CREATED)
    advance(emulated, 3 * MINUTE)
    change(emulated, mailbox, EventKind.MODIFIED)
    listener.answers = True
    advance(emulated, 2 * MINUTE)
    assert listener.told[-1:] == [(4, ["CreatedEvent", "ModifiedEvent"])]
    listener.answers = False
    change(emulated, mailbox, EventKind.DELETED)
    advance(emulated, MINUTE)
    assert listener.minutes[-3:] == [5, 5.5, 6]


def test_a_listener_that_unsubscribes_is_told_no_more(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox, PUSH))
    with emulated.database.transaction():
        found = push.due(emulated.context, made.id)
        assert found is not None
        push.answered(emulated.context, found, unsubscribe=True)
    assert subscriptions.subscriptions(emulated.context) == []


def test_a_subscription_that_ended_while_its_listener_was_asked_stays_ended(
    emulated: Environment, mailbox: int
) -> None:
    made = subscribe(emulated, wanted(mailbox, PUSH))
    with emulated.database.transaction():
        found = push.due(emulated.context, made.id)
        assert found is not None
        subscriptions.unsubscribe(emulated.context, made.id, CALLER)
        push.answered(emulated.context, found, unsubscribe=False)
        push.not_answered(emulated.context, found, 0)
        assert push.due(emulated.context, made.id) is None
    assert subscriptions.subscriptions(emulated.context) == []


def test_more_events_than_fit_are_told_one_after_the_other(
    emulated: Environment, mailbox: int, listen: Callable[..., Listener]
) -> None:
    listener = listen()
    advance(emulated, MINUTE)
    for item in range(60):
        change(emulated, mailbox, item=item)
    advance(emulated, 0)
    assert [len(told) for _, told in listener.told] == [1, 50, 10]
    assert listener.minutes == [0, 1, 1]


def test_a_mailbox_takes_its_subscriptions_and_events_along(emulated: Environment, mailbox: int) -> None:
    subscribe(emulated, wanted(mailbox))
    change(emulated, mailbox)
    with emulated.database.transaction():
        mailboxes.remove(emulated.context, mailboxes.get(emulated.context, mailbox))
    assert subscriptions.subscriptions(emulated.context) == []
    assert stored_events(emulated) == 0
    advance(emulated, DAY)


def test_what_a_calendar_tells_of_its_items(emulated: Environment, mailbox: int) -> None:
    made = subscribe(emulated, wanted(mailbox))
    place = made.watermark

    def news() -> list[tuple[str, int, int]]:
        nonlocal place
        found = pull(emulated, made, place)
        place = found.watermark
        return [(told.event.kind, told.event.item, told.event.change) for told in found.told if told.event]

    context, start = emulated.context, datetime(2026, 6, 1, 7, tzinfo=UTC)
    with emulated.database.transaction():
        single = calendars.create(context, mailbox, Draft(start, start + timedelta(hours=1))).ref
    item = single.item
    assert news() == [("CreatedEvent", item, 1), ("FreeBusyChangedEvent", item, 1)]
    for change, field, value, busy in (
        (2, "subject", "Other", False),
        (3, "end", start + timedelta(hours=2), True),
        (4, "show_as", "Tentative", True),
        (5, "show_as", "Tentative", False),
    ):
        with emulated.database.transaction():
            calendars.update(context, single, {field: value})
        told = [("ModifiedEvent", item, change), ("FreeBusyChangedEvent", item, change)]
        assert news() == told[: 2 if busy else 1], field

    daily = Recurrence(Daily(1), start.date(), Numbered(3))
    with emulated.database.transaction():
        series = calendars.create(context, mailbox, Draft(start, start + timedelta(hours=1), recurrence=daily)).ref
    news()
    second = ItemRef(mailbox, series.item, start + timedelta(days=1))
    with emulated.database.transaction():
        calendars.update(context, second, {"subject": "Only this one"})
    assert news() == [("ModifiedEvent", series.item, 2)], "an occurrence is told as its master"
    with emulated.database.transaction():
        calendars.delete(context, second)
    assert news() == [("ModifiedEvent", series.item, 3), ("FreeBusyChangedEvent", series.item, 3)]
    with emulated.database.transaction():
        calendars.delete(context, series)
    assert news() == [("DeletedEvent", series.item, 3), ("FreeBusyChangedEvent", series.item, 3)]
