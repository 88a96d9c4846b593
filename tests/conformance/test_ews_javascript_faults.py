# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``ews-javascript-api`` shows of each error: throttled, cut, delayed, refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.ews_clients import MAILBOX, PROTOCOL, ROWS, endpoint, inject
from tests.support.ews_javascript import ClientError, JavaScriptClient, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

START, END = "2026-06-01T07:00:00.000Z", "2026-06-01T08:00:00.000Z"
TIMES = {"start": START, "end": END}


@pytest.fixture(name="process", scope="module")
def process_fixture(emulator: Emulator) -> Iterator[JavaScriptClient]:
    """The client's process, one for all."""
    opened = JavaScriptClient(endpoint(emulator))
    yield opened
    opened.close()


@pytest.fixture(name="client")
def client_fixture(environment: Emulator, process: JavaScriptClient) -> JavaScriptClient:
    """The client, logged in, acting for the first user."""
    environment.control.impersonation(allowed=True)
    process.connect("basic", MAILBOX)
    return process


def create(client: JavaScriptClient) -> str:
    return str(client.call("create", subject="Planning", **TIMES))


def update(client: JavaScriptClient) -> None:
    client.call("update", id=create(client), fields={"subject": "Other"})


def free_busy(client: JavaScriptClient) -> None:
    """Errors of a mailbox stand in its answer, and are no exception."""
    told = client.call("free_busy", mailbox=MAILBOX, start=START, end="2026-06-03T07:00:00.000Z", interval=30)
    raise ClientError({"code": told["code"], "status": None, "message": "", "back_off": None})


def names(client: JavaScriptClient) -> None:
    """That nobody is called so is an empty list to it."""
    assert client.call("names", text=MAILBOX) == []
    raise ClientError({"code": "ErrorNameResolutionNoResults", "status": None, "message": "", "back_off": None})


ACTIONS: dict[str, Callable[[JavaScriptClient], object]] = {
    "FindItem": lambda client: client.call("view", **TIMES),
    "Subscribe": lambda client: client.call("pull"),
    "GetEvents": lambda client: client.call("events", id=client.call("pull")),
    "CreateItem": create,
    "UpdateItem": update,
    "ResolveNames": names,
    "GetUserAvailability": free_busy,
    "SetUserOofSettings": lambda client: client.call(
        "set_replies", mailbox=MAILBOX, state="Enabled", audience="All", internal="Out.", external="Out."
    ),
}


@pytest.mark.parametrize(("operation", "code"), ROWS)
def test_an_error_of_ews(client: JavaScriptClient, environment: Emulator, operation: str, code: str) -> None:
    inject(environment, operation, code)
    with pytest.raises(ClientError) as shown:
        ACTIONS[operation](client)
    assert shown.value.code == code
    if code == "ErrorServerBusy":
        assert shown.value.back_off == "300000"


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_refused(process: JavaScriptClient, environment: Emulator, auth: str) -> None:
    """Without the role, without the mailbox, without the password."""
    process.connect(auth, MAILBOX)
    with pytest.raises(ClientError) as denied:
        process.call("folder")
    assert denied.value.code == "ErrorImpersonateUserDenied"
    environment.control.impersonation(allowed=True)
    process.connect(auth, "nobody@example.com")
    with pytest.raises(ClientError) as nobody:
        process.call("folder")
    assert nobody.value.code == "ErrorNonExistentMailbox"
    process.connect(auth, MAILBOX, password="wrong")
    with pytest.raises(ClientError) as wrong:
        process.call("folder")
    assert wrong.value.status == 401


def test_throttled(client: JavaScriptClient, environment: Emulator) -> None:
    user = environment.ready["exchange_account"]["username"]
    environment.control.throttling_policy(user, max_concurrency=0)
    with pytest.raises(ClientError) as shown:
        client.call("folder")
    assert shown.value.code == "ErrorExceededConnectionCount"


def test_cut(client: JavaScriptClient, environment: Emulator) -> None:
    environment.control.fault("drop", protocol=PROTOCOL, operation="FindItem", times=1)
    with pytest.raises(ClientError):
        client.call("view", **TIMES)
    assert client.call("view", **TIMES) == []


@pytest.mark.parametrize("status", [403, 503])
def test_another_status_than_200(client: JavaScriptClient, environment: Emulator, status: int) -> None:
    environment.control.fault("status", effect={"status": status}, protocol=PROTOCOL, operation="FindItem", times=1)
    with pytest.raises(ClientError) as shown:
        client.call("view", **TIMES)
    assert shown.value.status == status


def test_delayed(client: JavaScriptClient, environment: Emulator) -> None:
    environment.control.fault("delay", effect={"seconds": 1}, protocol=PROTOCOL, operation="FindItem", times=1)
    begun = time.monotonic()
    assert client.call("view", **TIMES) == []
    assert time.monotonic() - begun > 0.9
