# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull and push subscriptions of Exchange Web Services at the running emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lxml import etree

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, Ews, grant_impersonation
from tests.support.ews_subscriptions import (
    MAILBOX,
    NOON,
    OTHER,
    delete,
    events,
    get_events,
    last_watermark,
    mail,
    meeting,
    pull_request,
    push_request,
    rename,
    request,
    streaming_request,
    subscribed,
    unsubscribe,
)
from tests.support.push_listener import PushListener, Received, listening

__all__ = ["mail"]

# Pull


def test_pull_tells_what_was_created_changed_and_deleted_and_that_nothing_was(mail: Ews) -> None:
    identifier, watermark = subscribed(mail.ask(pull_request()))
    nothing = get_events(mail, identifier, watermark)
    assert events(nothing) == ["StatusEvent"]
    item = meeting(mail)
    rename(mail, item, "Other words")
    delete(mail, item)
    found = get_events(mail, identifier, last_watermark(nothing))
    assert events(found) == [
        "CreatedEvent",
        "FreeBusyChangedEvent",
        "ModifiedEvent",
        "DeletedEvent",
        "FreeBusyChangedEvent",
    ]
    assert found.text(".//t:PreviousWatermark") == last_watermark(nothing)
    assert found.text(".//t:MoreEvents") == "false"
    assert {element.get("Id") for element in found.all(".//t:ItemId")} == {item}
    assert set(found.texts(".//t:TimeStamp")) == {NOON}
    keys = [element.get("ChangeKey") for element in found.all(".//t:ItemId")]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert events(get_events(mail, identifier, last_watermark(found))) == ["StatusEvent"]


def test_a_free_item_changes_no_free_and_busy_times(mail: Ews) -> None:
    identifier, watermark = subscribed(mail.ask(pull_request()))
    delete(mail, meeting(mail, busy="Free"))
    assert events(get_events(mail, identifier, watermark)) == ["CreatedEvent", "DeletedEvent"]


def test_a_meeting_that_begins_and_ends_is_no_event(environment: Emulator, mail: Ews) -> None:
    environment.control.clock(now="2030-01-02T08:59:00+00:00", frozen=True)
    identifier, watermark = subscribed(mail.ask(pull_request(minutes=120)))
    meeting(mail)
    told = get_events(mail, identifier, watermark)
    assert events(told) == ["CreatedEvent", "FreeBusyChangedEvent"]
    environment.control.advance(65 * 60)
    assert events(get_events(mail, identifier, last_watermark(told))) == ["StatusEvent"]


def test_events_are_those_of_the_mailbox_that_is_acted_for(environment: Emulator, mail: Ews) -> None:
    identifier, watermark = subscribed(mail.ask(pull_request()))
    with Ews(environment, OTHER) as other:
        meeting(other)
    assert events(get_events(mail, identifier, watermark)) == ["StatusEvent"]


@pytest.mark.parametrize("prefix", ["t", "m"])
def test_a_new_subscription_goes_on_from_a_watermark_in_either_namespace(mail: Ews, prefix: str) -> None:
    first, watermark = subscribed(mail.ask(pull_request()))
    assert unsubscribe(mail, first).codes == ["NoError"]
    meeting(mail)
    second, again = subscribed(mail.ask(pull_request(watermark=watermark, prefix=prefix)))
    assert events(get_events(mail, second, again))[:1] == ["CreatedEvent"]


def test_a_watermark_is_good_for_thirty_days(environment: Emulator, mail: Ews) -> None:
    identifier, watermark = subscribed(mail.ask(pull_request()))
    environment.control.advance(30 * 86400)
    identifier, _ = subscribed(mail.ask(pull_request(watermark=watermark)))
    environment.control.advance(1)
    assert get_events(mail, identifier, watermark).codes == ["ErrorInvalidWatermark"]
    assert mail.ask(pull_request(watermark=watermark)).codes == ["ErrorInvalidWatermark"]
    assert get_events(mail, identifier, "AAAA").codes == ["ErrorInvalidWatermark"]


def test_a_pull_subscription_lives_as_long_as_it_is_used(environment: Emulator, mail: Ews) -> None:
    identifier, watermark = subscribed(mail.ask(pull_request(10)))
    environment.control.advance(599)
    assert get_events(mail, identifier, watermark).codes == ["NoError"]
    environment.control.advance(599)
    assert get_events(mail, identifier, watermark).codes == ["NoError"]
    environment.control.advance(600)
    assert get_events(mail, identifier, watermark).codes == ["ErrorSubscriptionNotFound"]
    assert unsubscribe(mail, identifier).codes == ["ErrorSubscriptionNotFound"]


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (pull_request(0), "ErrorSchemaValidation", 500),
        (pull_request(1441), "ErrorSchemaValidation", 500),
        (push_request("http://127.0.0.1/", 0), "ErrorSchemaValidation", 500),
        (push_request("http://127.0.0.1/", 1441), "ErrorSchemaValidation", 500),
        (push_request(""), "ErrorInvalidPushSubscriptionUrl", 200),
        (push_request("listener"), "ErrorInvalidPushSubscriptionUrl", 200),
        (push_request("ftp://127.0.0.1/"), "ErrorInvalidPushSubscriptionUrl", 200),
        (push_request("http://127.0.0.1/" + "x" * 2082), "ErrorInvalidPushSubscriptionUrl", 200),
        (request("Streaming", kinds=("StatusEvent",)), "ErrorSchemaValidation", 500),
        (request("Streaming", folders=""), "ErrorInvalidSubscriptionRequest", 200),
        ("<m:Subscribe/>", "ErrorSchemaValidation", 500),
        (
            request(
                "Streaming",
                folders='<t:FolderIds><t:DistinguishedFolderId Id="calendar"/><t:DistinguishedFolderId Id="calendar">'
                f"<t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></t:FolderIds>",
            ),
            "ErrorInvalidSubscriptionRequest",
            200,
        ),
        (
            request(
                "Streaming",
                folders='<t:FolderIds><t:DistinguishedFolderId Id="calendar">'
                f"<t:Mailbox><t:EmailAddress>{OTHER}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></t:FolderIds>",
            ),
            "ErrorAccessDenied",
            200,
        ),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused(mail: Ews, content: str, code: str, status: int) -> None:
    answer = mail.ask(content)
    assert (answer.codes, answer.status) == ([code], status)


def test_all_folders_are_those_of_the_mailbox_and_another_folder_tells_nothing(mail: Ews) -> None:
    everything = request("Pull", "<t:Timeout>10</t:Timeout>", folders="").replace(
        "<m:PullSubscriptionRequest>", '<m:PullSubscriptionRequest SubscribeToAllFolders="1">'
    )
    inbox = pull_request().replace('Id="calendar"', 'Id="inbox"')
    one, two = subscribed(mail.ask(everything)), subscribed(mail.ask(inbox))
    meeting(mail)
    assert events(get_events(mail, *one)) == ["CreatedEvent", "FreeBusyChangedEvent"]
    assert events(get_events(mail, *two)) == ["StatusEvent"]


def test_subscriptions_are_charged_to_the_mailbox_that_is_acted_for(environment: Emulator, mail: Ews) -> None:
    environment.control.throttling_policy(MAILBOX, max_subscriptions=2)
    made = [subscribed(mail.ask(pull_request()))[0] for _ in range(2)]
    assert mail.ask(pull_request()).codes == ["ErrorExceededSubscriptionCount"]
    with Ews(environment, OTHER) as other:
        subscribed(other.ask(pull_request()))
    assert unsubscribe(mail, made[0]).codes == ["NoError"]
    subscribed(mail.ask(pull_request()))


# Push


def checked(received: Received) -> Received:
    """Return a message to a listener, validated."""
    schema = ews_schema.schema()
    if schema is not None:
        content = etree.fromstring(received.body)[1][0]
        document = etree.fromstring(etree.tostring(content))
        schema.assertValid(document)
    return received


@pytest.fixture
def listener() -> Iterator[PushListener]:
    with listening() as found:
        yield found


def settled(environment: Emulator) -> None:
    """Wait until all that was caused has ended; the clock is moved nowhere."""
    environment.control.advance(0)


def test_push_tells_at_once_that_it_hears_and_then_what_happens(
    environment: Emulator, mail: Ews, listener: PushListener
) -> None:
    identifier, watermark = subscribed(mail.ask(push_request(listener.url)))
    first = checked(listener.next())
    assert first.events == ["StatusEvent"]
    assert (first.text("SubscriptionId"), first.text("PreviousWatermark")) == (identifier, watermark)
    assert b'<t:RequestServerVersion xmlns:t="' in first.body
    assert b'Version="Exchange2013_SP1"' in first.body
    settled(environment)
    item = meeting(mail)
    second = checked(listener.next())
    assert second.events == ["CreatedEvent", "FreeBusyChangedEvent"]
    assert second.text("PreviousWatermark") == first.watermarks[-1]
    assert {found.get("Id") for found in second.notification.iterfind(".//t:ItemId", NAMESPACES)} == {item}
    settled(environment)
    environment.control.advance(30 * 60)
    assert checked(listener.next()).events == ["StatusEvent"]
    assert unsubscribe(mail, identifier).codes == ["NoError"]
    meeting(mail)
    environment.control.advance(3600)
    assert listener.received.empty()


def test_push_follows_its_schedule_and_ends_when_nobody_answers(
    environment: Emulator, mail: Ews, listener: PushListener
) -> None:
    for _ in range(20):
        listener.will_answer(503)
    identifier, _ = subscribed(mail.ask(push_request(listener.url)))
    listener.next()
    settled(environment)
    for seconds in (30, 30, 60, 120, 240, 480):
        environment.control.advance(seconds - 1)
        assert listener.received.empty()
        environment.control.advance(1)
        assert listener.next().events == ["StatusEvent"]
    environment.control.advance(14 * 60 - 1)
    assert listener.received.empty()
    environment.control.advance(1)
    assert unsubscribe(mail, identifier).codes == ["ErrorSubscriptionNotFound"]


def test_a_listener_that_is_killed_in_between_is_told_again_after_the_restart(
    start_emulator: Callable[..., Emulator], listener: PushListener
) -> None:
    first = start_emulator()
    grant_impersonation(first)
    with Ews(first, MAILBOX) as ews:
        identifier, _ = subscribed(ews.ask(push_request(listener.url)))
        assert listener.next().events == ["StatusEvent"]
        listener.hold()
        meeting(ews)
        told = listener.next()
        assert told.events == ["CreatedEvent", "FreeBusyChangedEvent"]
    first.kill()
    listener.go_on()
    second = start_emulator()
    again = listener.next()
    assert again.events == told.events
    assert again.text("SubscriptionId") == identifier
    assert again.text("PreviousWatermark") == told.text("PreviousWatermark")
    settled(second)
    assert listener.received.empty()


def test_a_push_subscription_is_not_pulled_and_not_streamed(mail: Ews, listener: PushListener) -> None:
    identifier, watermark = subscribed(mail.ask(push_request(listener.url)))
    assert get_events(mail, identifier, watermark).codes == ["ErrorInvalidPullSubscriptionId"]
    assert mail.ask(streaming_request([identifier])).codes == ["ErrorInvalidSubscription"]
