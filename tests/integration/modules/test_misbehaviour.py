# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every client and a server that misbehaves: a sentence in time, and no password to anybody else."""

from __future__ import annotations

import base64
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.ca_admin import CaAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.certmgr import CertManager
from ansible_collections.ucops.imp.plugins.module_utils._clients.certsrv import CertSrv
from ansible_collections.ucops.imp.plugins.module_utils._clients.control_center import ControlCenter
from ansible_collections.ucops.imp.plugins.module_utils._clients.exchange_powershell import ExchangePs
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_admin import ImpAdmin
from ansible_collections.ucops.imp.plugins.module_utils._clients.imp_axl import ImpAxl
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import Backoff
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    AnswerLost,
    Busy,
    ImpError,
    TimedOut,
    Unauthorized,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Connection, EndpointKind
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Transport
from ansible_collections.ucops.imp.plugins.module_utils._preflight.probes import Endpoint, probe
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CA, CUCM, EXCHANGE, IMP, PLATFORM

from tests.support.certificates import issue
from tests.support.misbehaving import (
    BEHAVIOURS,
    HTML,
    Behaviour,
    Exchange,
    MisbehavingServer,
    Reader,
    challenging,
    misbehaving,
    read_all_but_posts,
    read_nothing,
    read_request,
    read_slowly,
)

PASSWORD = "canary-misbehaviour-31c7"
DEADLINE = 0.6
LONGEST = 20.0
"""Seconds by which a client has ended for sure; a client without a deadline would not end at all."""


def over_transport(
    kind: EndpointKind, ask: Callable[[Transport], Any], auth: str = "basic"
) -> Callable[[dict[str, Any]], None]:
    def call(options: dict[str, Any]) -> None:
        with Transport(
            Connection(kind, auth=auth, **options), backoff=Backoff(sleep=options_of_sleep.append)
        ) as transport:
            ask(transport)

    return call


def over_powershell(auth: str, ask: Callable[[ExchangePs], Any]) -> Callable[[dict[str, Any]], None]:
    def call(options: dict[str, Any]) -> None:
        with ExchangePs(
            Connection(EXCHANGE, auth=auth, **options), auth, backoff=Backoff(sleep=options_of_sleep.append)
        ) as session:
            ask(session)

    return call


options_of_sleep: list[float] = []
"""The pauses that the clients would have made."""

CLIENTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "axl": over_transport(CUCM, lambda transport: Axl(transport).version),
    "control center": over_transport(IMP, lambda transport: ControlCenter(transport).services()),
    "control center, write": over_transport(
        IMP, lambda transport: ControlCenter(transport).control("node", "Start", ["Cisco SIP Proxy"])
    ),
    "certificate management": over_transport(PLATFORM, lambda transport: CertManager(transport).trusted("cup")),
    "admin API": over_transport(IMP, lambda transport: ImpAdmin(transport).gateways()),
    "web enrollment": over_transport(CA, lambda transport: CertSrv(transport).crl(0)),
    "web enrollment, ntlm": over_transport(CA, lambda transport: CertSrv(transport).crl(0), "ntlm"),
    "CA administration": over_transport(CA, lambda transport: CaAdmin(transport).requests()),
    "PowerShell": over_powershell("basic", lambda session: session.read("Get-ExchangeServer")),
    "PowerShell, ntlm": over_powershell("ntlm", lambda session: session.read("Get-ExchangeServer")),
    "PowerShell, negotiate, write": over_powershell(
        "negotiate", lambda session: session.write("New-ManagementRoleAssignment", {})
    ),
}

LARGE = "x" * 32_000_000
"""Characters; more than the buffers of a connection take while nobody reads."""
LOGS_IN_FIRST = "large, web enrollment, ntlm"
LARGE_REQUESTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "large, axl, read": over_transport(CUCM, lambda transport: ImpAxl(transport).call("getUser", large_element())),
    "large, axl, write": over_transport(
        CUCM, lambda transport: ImpAxl(transport).call("updateUser", large_element(), write=True)
    ),
    "large, control center": over_transport(
        IMP, lambda transport: ControlCenter(transport).control("node", "Start", [LARGE])
    ),
    "large, admin API": over_transport(IMP, lambda transport: ImpAdmin(transport).create_gateway({"name": LARGE})),
    "large, certificate management": over_transport(
        PLATFORM, lambda transport: CertManager(transport).trust("cup", LARGE, None)
    ),
    "large, web enrollment": over_transport(CA, lambda transport: CertSrv(transport).submit(LARGE, {})),
    LOGS_IN_FIRST: over_transport(CA, lambda transport: CertSrv(transport).submit(LARGE, {}), "ntlm"),
}


def large_element() -> Element:
    element = Element("userid")
    element.text = LARGE
    return element


each_client = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture(scope="module", name="files")
def files_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The CA, the server's certificate and its key."""
    folder = tmp_path_factory.mktemp("misbehaving")
    authority = issue("Test CA", ca=True)
    ca_file = folder / "ca.pem"
    ca_file.write_text(authority.pem)
    return ca_file, *issue("server", by=authority, hosts=["127.0.0.1"]).write(folder)


Fail = Callable[..., tuple[ImpError, MisbehavingServer]]


@pytest.fixture(name="fail")
def fail_fixture(files: tuple[Path, Path, Path]) -> Fail:
    """Let a client talk with a server that behaves so, and return its error and the server."""

    def fail(
        client: str,
        behave: Behaviour,
        retries: int = 0,
        read: Reader = read_request,
        deadline: float = DEADLINE,
    ) -> tuple[ImpError, MisbehavingServer]:
        options_of_sleep.clear()
        began = time.monotonic()
        with misbehaving(files[1], files[2], behave, read) as (server, port):
            options = {
                "hostname": "127.0.0.1", "port": port, "username": r"EXAMPLE\reader", "password": PASSWORD,
                "ca_path": str(files[0]), "timeout": deadline, "retries": retries,
            }  # fmt: skip
            with pytest.raises(ImpError) as caught:
                {**CLIENTS, **LARGE_REQUESTS}[client](options)
        assert time.monotonic() - began < LONGEST
        error = caught.value
        assert error.message.endswith("."), error.message
        assert len(error.message) < 700
        assert PASSWORD not in f"{error.message} {error.details}"
        return error, server

    return fail


@each_client
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_misbehaviour_ends_in_a_sentence(client: str, behaviour: str, fail: Fail) -> None:
    error, server = fail(client, BEHAVIOURS[behaviour], retries=1 if behaviour.startswith("busy") else 0)
    assert server.exchanges, "the client did not even ask"
    if behaviour.startswith(("gzip", "deflate")):
        assert "sent an encoded answer" in error.message
    if behaviour.startswith("busy"):
        assert isinstance(error, Busy)
        assert len(options_of_sleep) == 1
        assert 0 < options_of_sleep[0] <= 60


@each_client
@pytest.mark.parametrize("behaviour", [name for name in BEHAVIOURS if name.startswith("401")])
def test_a_password_is_tried_once(client: str, behaviour: str, fail: Fail) -> None:
    _error, server = fail(client, BEHAVIOURS[behaviour], retries=3)
    sent = [exchange.header("Authorization") for exchange in server.exchanges]
    assert len(sent) <= 3
    assert len([value for value in sent if holds_password(value)]) <= 1
    assert options_of_sleep == []


def test_a_challenge_makes_the_logins_answer_once(fail: Fail) -> None:
    """The challenge of these tests is one that the logins answer, so that the test above says something."""
    for client in ("web enrollment, ntlm", "PowerShell, ntlm", "PowerShell, negotiate, write"):
        error, server = fail(client, challenging)
        assert isinstance(error, Unauthorized), client
        assert [holds_password(one.header("Authorization")) for one in server.exchanges].count(True) == 1, client


def holds_password(authorization: str) -> bool:
    """Whether a header holds the password: in Basic, or as the answer to an NTLM challenge (message 3)."""
    scheme, _space, token = authorization.partition(" ")
    content = base64.b64decode(token)
    return PASSWORD.encode() in content if scheme == "Basic" else b"NTLMSSP\0\3" in content


@each_client
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_goes_to_another_host(
    client: str,
    scheme: str,
    status: int,
    fail: Fail,
    files: tuple[Path, Path, Path],
    other: tuple[int, Callable[[], int]],
) -> None:
    port, connections = other

    def redirect(exchange: Exchange) -> None:
        location = f"Location: {scheme}://127.0.0.1:{port}/elsewhere"
        exchange.answer(b"", location, "Content-Type: text/html", status=f"{status} Elsewhere")

    fail(client, redirect)
    assert connections() == 0


@pytest.fixture(name="other")
def other_fixture() -> Iterator[tuple[int, Callable[[], int]]]:
    """Another host: its port and what tells the connections that were made to it so far."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def connections() -> int:
            # A connection is there before anybody accepts it.
            return len(select.select([listener], [], [], 0)[0])

        yield int(listener.getsockname()[1]), connections


@pytest.mark.parametrize("behaviour", [name for name in BEHAVIOURS if name.startswith(("dripping", "silence"))])
def test_what_drips_is_late(behaviour: str, fail: Fail) -> None:
    """And not, say, cut off: whoever reads the message should look at time."""
    error, _server = fail("axl", BEHAVIOURS[behaviour])
    assert isinstance(error, TimedOut), error.message


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_the_preflights_look_at_a_server_ends_as_well(behaviour: str, files: tuple[Path, Path, Path]) -> None:
    """It logs in as nobody and wants the date, which none of them tells."""
    began = time.monotonic()
    with misbehaving(files[1], files[2], BEHAVIOURS[behaviour]) as (server, port):
        connection = Connection(
            IMP, "127.0.0.1", port, "reader", PASSWORD, ca_path=str(files[0]), timeout=DEADLINE, retries=0
        )
        probed = probe(Endpoint("imp-pub", "127.0.0.1", port, DEADLINE, "imp", connection))
    assert time.monotonic() - began < LONGEST
    assert (probed.obstacle, probed.offset) == (None, None)
    assert probed.leaf is not None
    assert [exchange.header("Authorization") for exchange in server.exchanges] == [""]


@pytest.mark.parametrize("request_", [name for name in LARGE_REQUESTS if name != LOGS_IN_FIRST])
@pytest.mark.parametrize("read", [read_nothing, read_slowly])
def test_a_request_that_nobody_reads_is_late(request_: str, read: Reader, fail: Fail) -> None:
    """The deadline holds for sending as well, also when it goes on all the time; what was to change is in doubt."""
    error, server = fail(request_, BEHAVIOURS["HTML"], read=read)
    assert not server.exchanges, "the request has gone through, so this says nothing"
    assert isinstance(error, TimedOut if request_ == "large, axl, read" else AnswerLost), error.message
    assert f"did not answer within {DEADLINE:g} s" in error.message


def test_what_the_login_took_is_no_longer_there_for_sending(fail: Fail) -> None:
    deadline, login = 4.0, 3.0

    def slow_login(exchange: Exchange) -> None:
        if holds_password(exchange.header("Authorization")):
            exchange.answer(HTML)
            return
        exchange.ended.wait(login)
        challenging(exchange)

    began = time.monotonic()
    error, server = fail(LOGS_IN_FIRST, slow_login, read=read_all_but_posts, deadline=deadline)
    assert isinstance(error, AnswerLost), error.message
    assert len(server.exchanges) == 2, "the login went through"
    assert time.monotonic() - began < login + deadline


def test_a_login_is_held_to_the_same_deadline(fail: Fail) -> None:
    def slow_login(exchange: Exchange) -> None:
        exchange.ended.wait(DEADLINE * 0.7)
        challenging(exchange)

    error, server = fail("web enrollment, ntlm", slow_login)
    assert isinstance(error, TimedOut)
    assert len(server.exchanges) == 2, "each message is in time, both together are not"
