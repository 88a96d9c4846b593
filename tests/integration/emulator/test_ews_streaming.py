# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streaming subscriptions of Exchange Web Services at the running emulator."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, PATH, Ews, grant_impersonation
from tests.support.ews_subscriptions import (
    MAILBOX,
    events,
    get_events,
    mail,
    meeting,
    pull_request,
    stream,
    streaming,
    streaming_request,
    subscribed,
    texts,
    told,
    unsubscribe,
)

__all__ = ["mail"]


def test_a_connection_tells_what_happens_and_each_minute_that_it_is_there(environment: Emulator, mail: Ews) -> None:
    identifier = stream(mail)
    with streaming(mail, identifier, minutes=3) as connection:
        with Ews(environment, MAILBOX) as other:
            item = meeting(other)
        message = connection.next()
        assert told(message) == ["CreatedEvent", "FreeBusyChangedEvent"]
        assert texts(message, ".//t:SubscriptionId") == [identifier]
        assert {found.get("Id") for found in message.iterfind(".//t:ItemId", NAMESPACES)} == {item}
        assert texts(message, ".//t:Watermark") == []
        for _ in range(2):
            environment.control.advance(60)
            assert told(connection.next()) == ["StatusEvent"]
        environment.control.advance(60)
        assert told(connection.next()) == ["StatusEvent"]
        assert texts(connection.next(), ".//m:ConnectionStatus") == ["Closed"]
        assert connection.over()
    entries = environment.journal(operation="GetStreamingEvents")
    assert [entry["status"] for entry in entries] == [200]


def test_the_end_of_a_connection_may_be_jumped_over(environment: Emulator, mail: Ews) -> None:
    with streaming(mail, stream(mail), minutes=30) as connection:
        environment.control.advance(86400)
        status: list[str] = []
        while not status:
            status = texts(connection.next(), ".//m:ConnectionStatus")
        assert status == ["Closed"]
        assert connection.over()


def test_what_happens_between_two_connections_is_told_by_the_second(environment: Emulator, mail: Ews) -> None:
    identifier = stream(mail)
    meeting(mail)
    with streaming(mail, identifier) as connection:
        assert told(connection.next()) == ["CreatedEvent", "FreeBusyChangedEvent"]
    environment.control.advance(1799)
    with streaming(mail, identifier):
        pass
    environment.control.advance(3600)
    assert mail.ask(streaming_request([identifier])).codes == ["ErrorSubscriptionNotFound"]


def test_a_subscription_that_ends_ends_its_connection(environment: Emulator, mail: Ews) -> None:
    identifier, other = stream(mail), stream(mail)
    with streaming(mail, identifier, other) as connection, Ews(environment, MAILBOX) as second:
        assert unsubscribe(second, identifier).codes == ["NoError"]
        message = connection.next()
        assert texts(message, ".//m:ResponseCode") == ["ErrorSubscriptionUnsubscribed"]
        assert texts(message, ".//m:ErrorSubscriptionIds/*") == [identifier]
        assert texts(message, ".//m:ConnectionStatus") == ["Closed"]
        assert connection.over()


def test_a_second_connection_of_a_subscription_ends_the_first(environment: Emulator, mail: Ews) -> None:
    identifier = stream(mail)
    with (
        streaming(mail, identifier) as first,
        Ews(environment, MAILBOX) as other,
        streaming(other, identifier) as second,
    ):
        assert texts(first.next(), ".//m:ResponseCode") == ["ErrorNewEventStreamConnectionOpened"]
        assert first.over()
        with Ews(environment, MAILBOX) as third:
            meeting(third)
        assert told(second.next())[:1] == ["CreatedEvent"]


def test_unknown_subscriptions_are_named(mail: Ews) -> None:
    good = stream(mail)
    answer = mail.ask(streaming_request([good, "wrong"]))
    assert answer.codes == ["ErrorSubscriptionNotFound"]
    assert answer.texts(".//m:ErrorSubscriptionIds/*") == ["wrong"]
    assert mail.ask(streaming_request([f"x{number}" for number in range(201)])).codes == ["ErrorInvalidSubscription"]
    for minutes in (0, 31):
        assert mail.ask(streaming_request([good], minutes)).codes == ["ErrorSchemaValidation"]


def test_a_client_that_leaves_gives_its_connection_back(environment: Emulator, mail: Ews) -> None:
    identifiers = [stream(mail) for _ in range(11)]
    with Ews(environment, MAILBOX, limits=httpx.Limits(max_keepalive_connections=0)) as many:
        for _ in range(2):
            responses = []
            for identifier in identifiers[:10]:
                message = many.message(streaming_request([identifier]))
                sent = many.client.build_request("POST", PATH, content=message, timeout=60)
                responses.append(many.client.send(sent, stream=True))
            assert [response.status_code for response in responses] == [200] * 10
            assert mail.ask(streaming_request(identifiers[10:])).codes == ["ErrorExceededConnectionCount"]
            for response in responses:
                response.close()
            # The server sees it when it reads, which nothing tells.
            while mail.ask(streaming_request(["wrong"])).codes != ["ErrorSubscriptionNotFound"]:
                pass


def test_a_mailbox_that_is_removed_ends_connections(environment: Emulator, mail: Ews) -> None:
    identifier = stream(mail)
    with streaming(mail, identifier) as connection:
        environment.control.remove_mailbox(MAILBOX)
        message = connection.next()
        assert texts(message, ".//m:ResponseCode") == ["ErrorSubscriptionNotFound"]
        assert texts(message, ".//m:ErrorSubscriptionIds/*") == [identifier]
        assert connection.over()


def test_a_restart_of_the_web_services_loses_subscriptions_and_cuts_connections(
    environment: Emulator, mail: Ews
) -> None:
    pulled, watermark = subscribed(mail.ask(pull_request()))
    with streaming(mail, stream(mail)) as connection:
        assert environment.control.restart_exchange("mail1.example.com") == 2
        assert connection.over()
    assert get_events(mail, pulled, watermark).codes == ["ErrorSubscriptionNotFound"]
    meeting(mail)
    again, goes_on = subscribed(mail.ask(pull_request(watermark=watermark)))
    assert events(get_events(mail, again, goes_on))[:1] == ["CreatedEvent"]


def test_a_reset_ends_connections(environment: Emulator, mail: Ews) -> None:
    with streaming(mail, stream(mail)) as connection:
        environment.control.reset()
        assert connection.over()


def test_the_emulators_end_is_not_held_up(start_emulator: Callable[..., Emulator]) -> None:
    emulator = start_emulator()
    grant_impersonation(emulator)
    with Ews(emulator, MAILBOX) as ews, streaming(ews, stream(ews)) as connection:
        emulator.stop()
        assert connection.over()
