# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public client ``ews-javascript-api`` (npm), unmodified, over TLS with Basic and with NTLM.

It is the port of Microsoft's own managed API, so it asks as most programs do. Node is no part of what the project
needs: where it or the package is missing, the summary of the run says so.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.ews import grant_impersonation
from tests.support.ews_clients import MAILBOX, OTHER, PROTOCOL, endpoint, listening
from tests.support.ews_javascript import ClientError, JavaScriptClient, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

AUTHS = ["basic", "ntlm"]
START, END = "2026-06-01T07:00:00.000Z", "2026-06-01T08:00:00.000Z"
"""09:00 to 10:00 of a Monday in Berlin."""
DAY = {"start": "2026-06-01T00:00:00.000Z", "end": "2026-06-02T00:00:00.000Z"}
MONTH = {"start": "2026-06-01T00:00:00.000Z", "end": "2026-07-01T00:00:00.000Z"}
OK = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendNotificationResult xmlns='
    '"http://schemas.microsoft.com/exchange/services/2006/messages"><SubscriptionStatus>OK</SubscriptionStatus>'
    "</SendNotificationResult></s:Body></s:Envelope>"
)


@pytest.fixture(name="client", params=AUTHS)
def client_fixture(environment: Emulator, request: pytest.FixtureRequest) -> Iterator[JavaScriptClient]:
    """The client, acting for the first user; each way to log in is another run of the test."""
    grant_impersonation(environment)
    opened = JavaScriptClient(endpoint(environment))
    try:
        opened.connect(request.param, MAILBOX)
        yield opened
    finally:
        opened.close()


def create(client: JavaScriptClient, **fields: object) -> str:
    return str(client.call("create", **{"subject": "Planning", "start": START, "end": END, **fields}))


def starts(client: JavaScriptClient) -> list[str]:
    return sorted(item["start"] for item in client.call("view", **MONTH))


def test_the_calendar(client: JavaScriptClient, environment: Emulator) -> None:
    assert client.call("folder") == {"name": "Calendar", "items": 0, "class": "IPF.Appointment"}
    callers = {entry["caller"] for entry in environment.journal(protocol=PROTOCOL, operation="GetFolder")}
    assert callers == {environment.ready["exchange_account"]["username"]}


def test_an_item_is_kept_as_it_was_written(client: JavaScriptClient) -> None:
    identifier = create(client, location="Room 1", show_as="Tentative", attendees=[OTHER])
    (found,) = client.call("view", **DAY)
    assert (found["id"], found["subject"], found["location"]) == (identifier, "Planning", "Room 1")
    assert (found["start"], found["end"]) == (START, END)
    assert (found["kind"], found["show_as"], found["all_day"]) == ("Single", "Tentative", False)


def test_an_update(client: JavaScriptClient) -> None:
    identifier = create(client)
    moved = {"start": "2026-06-01T09:00:00.000Z", "end": "2026-06-01T10:30:00.000Z"}
    client.call("update", id=identifier, fields={"subject": "Moved", **moved})
    found = client.call("read", id=identifier)
    assert (found["subject"], found["start"], found["end"]) == ("Moved", moved["start"], moved["end"])


def test_delete(client: JavaScriptClient) -> None:
    identifier = create(client)
    client.call("remove", id=identifier)
    assert client.call("view", **DAY) == []
    with pytest.raises(ClientError) as refused:
        client.call("read", id=identifier)
    assert refused.value.code == "ErrorItemNotFound"


def test_a_view_of_so_many_at_most(client: JavaScriptClient) -> None:
    for _ in range(3):
        create(client)
    assert len(client.call("view", **DAY, most=2)) == 2


def test_a_series_with_its_exceptions(client: JavaScriptClient) -> None:
    master = create(client, weekly={"days": ["Monday"], "times": 4})
    weeks = [f"2026-06-{day:02}T07:00:00.000Z" for day in (1, 8, 15, 22)]
    assert starts(client) == weeks
    second = client.call("read_occurrence", master=master, index=2)
    assert (second["kind"], second["start"]) == ("Occurrence", weeks[1])
    later = {"start": "2026-06-08T09:00:00.000Z", "end": "2026-06-08T10:00:00.000Z", "subject": "Later"}
    client.call("update_occurrence", master=master, index=2, fields=later)
    client.call("remove_occurrence", master=master, index=3)
    assert starts(client) == [weeks[0], later["start"], weeks[3]]
    (exception,) = [item for item in client.call("view", **MONTH) if item["kind"] == "Exception"]
    assert exception["subject"] == "Later"
    client.call("remove", id=master)
    assert starts(client) == []


def test_free_and_busy(client: JavaScriptClient) -> None:
    create(client)
    create(client, start="2026-06-01T09:00:00.000Z", end="2026-06-01T10:00:00.000Z", show_as="OOF")
    found = client.call("free_busy", mailbox=MAILBOX, **DAY, interval=60)
    assert found["merged"] == "000000020300000000000000"
    assert found["events"] == [
        [START, END, "Busy"],
        ["2026-06-01T09:00:00.000Z", "2026-06-01T10:00:00.000Z", "OOF"],
    ]
    assert client.call("free_busy", mailbox="nobody@example.com", **DAY, interval=60) == {
        "code": "ErrorMailRecipientNotFound"
    }


def test_automatic_replies(client: JavaScriptClient, environment: Emulator) -> None:
    assert client.call("replies", mailbox=MAILBOX)["state"] == "Disabled"
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = (f"{today + datetime.timedelta(days=days):%Y-%m-%dT%H:%M:%S}.000Z" for days in (1, 8))
    wanted = {
        "state": "Scheduled",
        "audience": "Known",
        "start": start,
        "end": end,
        "internal": "In.",
        "external": "Out.",
    }
    client.call("set_replies", mailbox=MAILBOX, **wanted)
    assert client.call("replies", mailbox=MAILBOX) == wanted
    assert environment.control.automatic_replies(MAILBOX)["external_reply"] == "Out."


def test_names(client: JavaScriptClient) -> None:
    assert client.call("names", text=MAILBOX) == [MAILBOX]
    assert {MAILBOX, OTHER} <= set(client.call("names", text="user000"))


def test_time_zones(client: JavaScriptClient, environment: Emulator) -> None:
    """The client cannot sort the rules of a zone that has had several, so only its question is looked at."""
    with contextlib.suppress(ClientError):
        assert client.call("zones") > 100
    (asked,) = environment.journal(protocol=PROTOCOL, operation="GetServerTimeZones")
    assert asked["status"] == 200


def test_a_pull_subscription(client: JavaScriptClient) -> None:
    subscription = client.call("pull")
    identifier = create(client)
    created = client.call("events", id=subscription)
    assert ("Created", identifier) in [(one["event"], one["item"]) for one in created]
    client.call("remove", id=identifier)
    assert "Deleted" in [one["event"] for one in client.call("events", id=subscription)]
    client.call("unsubscribe", id=subscription)
    with pytest.raises(ClientError) as refused:
        client.call("events", id=subscription)
    assert refused.value.code == "ErrorSubscriptionNotFound"


def test_a_streaming_subscription(client: JavaScriptClient) -> None:
    found = client.call("stream", subject="Planning", start=START, end=END)
    assert ("Created", found["id"]) in [(one["event"], one["item"]) for one in found["events"]]


def test_a_push_subscription(client: JavaScriptClient) -> None:
    with listening(lambda _body: OK.encode()) as listener:
        subscription = client.call("push", url=listener.url, minutes=1)
        assert b"StatusEvent" in listener.next()
        identifier = create(client)
        told = listener.next().decode()
    assert f">{subscription}<" in told
    assert "CreatedEvent" in told
    assert re.search(rf'<\w*:?ItemId [^>]*Id="{re.escape(identifier)}"', told)
