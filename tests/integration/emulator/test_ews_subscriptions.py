# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions of Exchange Web Services at the running emulator: pull, push and streaming."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from lxml import etree

from tests.support import ews_schema
from tests.support.emulator import Emulator
from tests.support.ews import NAMESPACES, PATH, Answer, Ews, grant_impersonation
from tests.support.push_listener import PushListener, Received, listening

MAILBOX = "user0001@example.com"
OTHER = "user0002@example.com"
KINDS = ("CreatedEvent", "ModifiedEvent", "DeletedEvent", "MovedEvent", "CopiedEvent", "NewMailEvent")
CALENDAR = '<t:FolderIds><t:DistinguishedFolderId Id="calendar"/></t:FolderIds>'
NOON = "2030-01-01T12:00:00Z"
END = b"</Envelope>"


@pytest.fixture
def mail(environment: Emulator) -> Iterator[Ews]:
    """Acts for a mailbox, while the clock stands still at noon."""
    environment.control.clock(now=NOON, frozen=True)
    grant_impersonation(environment)
    with Ews(environment, MAILBOX) as ews:
        yield ews


def request(method: str, rest: str = "", *, folders: str = CALENDAR, kinds: tuple[str, ...] = KINDS) -> str:
    events = "".join(f"<t:EventType>{kind}</t:EventType>" for kind in (*kinds, "FreeBusyChangedEvent"))
    return (
        f"<m:Subscribe><m:{method}SubscriptionRequest>{folders}<t:EventTypes>{events}</t:EventTypes>{rest}"
        f"</m:{method}SubscriptionRequest></m:Subscribe>"
    )


def pull_request(minutes: int = 10, watermark: str = "", prefix: str = "t") -> str:
    known = f"<{prefix}:Watermark>{watermark}</{prefix}:Watermark>" if watermark else ""
    return request("Pull", f"{known}<t:Timeout>{minutes}</t:Timeout>")


def push_request(url: str, minutes: int = 30, watermark: str = "") -> str:
    known = f"<t:Watermark>{watermark}</t:Watermark>" if watermark else ""
    return request("Push", f"{known}<t:StatusFrequency>{minutes}</t:StatusFrequency><t:URL>{url}</t:URL>")


def subscribed(answer: Answer) -> tuple[str, str]:
    """Return id and watermark of a new subscription."""
    assert answer.codes == ["NoError"], answer.response.text
    return answer.text(".//m:SubscriptionId"), answer.text(".//m:Watermark")


def get_events(ews: Ews, identifier: str, watermark: str) -> Answer:
    return ews.ask(
        f"<m:GetEvents><m:SubscriptionId>{identifier}</m:SubscriptionId>"
        f"<m:Watermark>{watermark}</m:Watermark></m:GetEvents>"
    )


def unsubscribe(ews: Ews, identifier: str) -> Answer:
    return ews.ask(f"<m:Unsubscribe><m:SubscriptionId>{identifier}</m:SubscriptionId></m:Unsubscribe>")


def events(answer: Answer) -> list[str]:
    """Return the names of the events of an answer."""
    notification = answer.find(".//m:Notification")
    assert notification is not None
    return [name for child in notification if (name := etree.QName(child).localname).endswith("Event")]


def last_watermark(answer: Answer) -> str:
    return answer.texts(".//m:Notification/*/t:Watermark")[-1]


def meeting(ews: Ews, subject: str = "Planning", busy: str = "Busy") -> str:
    """Put a meeting into the mailbox, and return its id."""
    answer = ews.ask(
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>'
        f"<t:Subject>{subject}</t:Subject><t:Start>2030-01-02T09:00:00Z</t:Start><t:End>2030-01-02T10:00:00Z</t:End>"
        f"<t:LegacyFreeBusyStatus>{busy}</t:LegacyFreeBusyStatus></t:CalendarItem></m:Items></m:CreateItem>"
    )
    assert answer.codes == ["NoError"], answer.response.text
    found = answer.find(".//t:ItemId")
    assert found is not None
    return found.get("Id", "")


def rename(ews: Ews, item: str, subject: str) -> None:
    found = ews.ask(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>'
    ).find(".//t:ItemId")
    assert found is not None
    answer = ews.ask(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f'<m:ItemChanges><t:ItemChange><t:ItemId Id="{item}" ChangeKey="{found.get("ChangeKey")}"/><t:Updates>'
        '<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem>'
        f"<t:Subject>{subject}</t:Subject></t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange>"
        "</m:ItemChanges></m:UpdateItem>"
    )
    assert answer.codes == ["NoError"], answer.response.text


def delete(ews: Ews, item: str) -> None:
    answer = ews.ask(
        '<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone">'
        f'<m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:DeleteItem>'
    )
    assert answer.codes == ["NoError"], answer.response.text


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


# Streaming


def streaming_request(identifiers: list[str], minutes: int = 30) -> str:
    listed = "".join(f"<t:SubscriptionId>{identifier}</t:SubscriptionId>" for identifier in identifiers)
    return (
        f"<m:GetStreamingEvents><m:SubscriptionIds>{listed}</m:SubscriptionIds>"
        f"<m:ConnectionTimeout>{minutes}</m:ConnectionTimeout></m:GetStreamingEvents>"
    )


class Connection:
    """A streaming connection: a thread of its own takes its messages apart."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.messages: queue.Queue[etree._Element | None] = queue.Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        received = b""
        try:
            for part in self.response.iter_raw():
                received += part
                while END in received:
                    message, _, received = received.partition(END)
                    self.messages.put(ews_schema.check(message + END))
        except httpx.HTTPError:
            pass
        self.messages.put(None)

    def next(self) -> etree._Element:
        """Return the next message."""
        found = self.messages.get(timeout=30)
        assert found is not None, "the connection is over"
        return found

    def over(self) -> bool:
        """Tell whether the connection is over, when nothing comes any more."""
        return self.messages.get(timeout=30) is None


def texts(message: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in message.iterfind(path, NAMESPACES)]


def told(message: etree._Element) -> list[str]:
    """Return the names of the events of a message."""
    found = message.iterfind(".//m:Notification/*", NAMESPACES)
    return [name for child in found if (name := etree.QName(child).localname).endswith("Event")]


@contextmanager
def streaming(ews: Ews, *identifiers: str, minutes: int = 30) -> Iterator[Connection]:
    """A connection that has begun."""
    message = ews.message(streaming_request(list(identifiers), minutes))
    with ews.client.stream("POST", PATH, content=message, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["transfer-encoding"] == "chunked"
        connection = Connection(response)
        try:
            assert texts(connection.next(), ".//m:ConnectionStatus") == ["OK"]
            yield connection
        finally:
            # Closing the response waits for the thread, which waits for the server.
            with suppress(OSError):
                response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            connection.thread.join()


def stream(ews: Ews) -> str:
    answer = ews.ask(request("Streaming"))
    assert answer.find(".//m:Watermark") is None
    return subscribed(answer)[0]


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
