# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the Presence Engine's client takes for a gateway, and what it makes of servers that answer as none should."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from imp_emulator.domain.imp import gateway_status
from imp_emulator.domain.network.tls_probe import Result
from imp_emulator.engine import exchange_connection, exchange_trust
from imp_emulator.engine.exchange_client import ExchangeFailure, Failure, Requests
from imp_emulator.store.exchange import certificates
from imp_emulator.store.exchange.certificates import ExchangeCertificate
from imp_emulator.world.environment import Environment
from tests.support.certificates import Identity, issue
from tests.support.engine_clients import ADDRESS, GATEWAY, access, connected, prepare, run
from tests.support.ews import envelope
from tests.support.https_server import Reply, ScriptedServer, running
from tests.support.misbehaving import BEHAVIOURS, Exchange, misbehaving
from tests.support.tls_server import answering

ROOT = issue("Root CA", ca=True)
OTHER = issue("Other CA", ca=True)
HOST = "192.0.2.99"
LEAF = issue(HOST, by=ROOT, hosts=[HOST])
FOLDER = envelope(
    '<m:GetFolderResponse><m:ResponseMessages><m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>'
    'NoError</m:ResponseCode><m:Folders><t:CalendarFolder><t:FolderId Id="f"/></t:CalendarFolder></m:Folders>'
    "</m:GetFolderResponseMessage></m:ResponseMessages></m:GetFolderResponse>"
).encode()
XML = Reply(200, FOLDER, {"Content-Type": "text/xml"})
BASIC_OFFERED = Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
TIMED_OUT = {Failure.TIMEOUT}
NTLM_OFFERED = Reply(401, b"", {"WWW-Authenticate": "NTLM"})


def put(environment: Environment, listener: tuple[str, int]) -> None:
    """Put a server into the emulated network."""
    environment.network[HOST, 443] = listener


@contextmanager
def scripted(environment: Environment, folder: Path, leaf: Identity = LEAF) -> Iterator[ScriptedServer]:
    folder.mkdir(exist_ok=True)
    server = ScriptedServer(*leaf.write(folder))
    with running(server):
        put(environment, ("127.0.0.1", server.port))
        yield server


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """The verdicts of the handshakes that are made."""
    found: list[Result] = []

    def judged(target: gateway_status.ProbeTarget, trusted: str) -> Result:
        found.append(gateway_status.judge_all(target, trusted))
        return found[-1]

    monkeypatch.setattr(exchange_trust, "judge_all", judged)
    return found


def ask(environment: Environment, times: int = 1, trust: str = ROOT.pem, **changes: Any) -> list[object]:
    """Ask the server at :data:`HOST` so often, all at a time; returns folder ids and failures."""
    found: list[object] = []

    async def conversation() -> None:
        async with connected(environment, Requests(threads=60, queue=60), host=HOST, trust=trust, **changes) as client:
            found.extend(
                await asyncio.gather(*(client.calendar_folder(ADDRESS) for _ in range(times)), return_exceptions=True)
            )

    asyncio.run(conversation())
    return found


def failures(found: Sequence[object]) -> set[tuple[Failure, str]]:
    assert all(isinstance(failed, ExchangeFailure) for failed in found), found
    return {(failed.failure, failed.detail) for failed in found if isinstance(failed, ExchangeFailure)}


@pytest.mark.parametrize(
    ("leaf", "trust", "said"),
    [
        (LEAF, "", "Failed - Certificate Missing From Chain: The certificate of 192.0.2.99, issued by CN=Root CA,"),
        (LEAF, OTHER.pem, "Failed - Certificate Missing From Chain: "),
        (issue("x", by=ROOT), ROOT.pem, "Failed - Subject CN Mismatch: "),
        (issue("x", by=ROOT, hosts=["x.example.com"]), ROOT.pem, "Failed - SAN Mismatch: "),
        (issue(HOST, by=ROOT, hosts=[HOST], days=(-9, -1)), ROOT.pem, "Failed - Bad Certificates: "),
    ],
    ids=["empty store", "another root", "another CN", "another SAN", "expired"],
)
def test_a_server_that_is_not_verified_gets_no_request(
    emulated: Environment, tmp_path: Path, probes: list[Result], leaf: Identity, trust: str, said: str
) -> None:
    with scripted(emulated, tmp_path / "server", leaf) as server:
        ((failure, detail),) = failures(ask(emulated, 20, trust))
        assert (failure, detail.startswith(said)) == (Failure.TRUST, True), detail
        assert len(probes) == 1, "twenty users share one handshake"
        assert server.seen == []


def test_a_verdict_says_how_long_the_whole_chain_is_valid(
    emulated: Environment, tmp_path: Path, probes: list[Result]
) -> None:
    leaf = issue(HOST, by=ROOT, hosts=[HOST], days=(-9, 30))
    with scripted(emulated, tmp_path / "server", leaf) as server:
        server.script = [Reply(), XML]
        assert ask(emulated) == ["f"]
    (identity,) = [probe.identity for probe in probes]
    assert identity is not None
    # The root was not sent; it is younger than the server's certificate.
    assert identity.since == ROOT.certificate.not_valid_before_utc
    assert identity.until == leaf.certificate.not_valid_after_utc
    assert identity.fingerprint.hex() == leaf.fingerprint


def test_what_is_no_tls_or_no_server(emulated: Environment, probes: list[Result]) -> None:
    with answering(b"220 mail.example.com ESMTP\r\n") as listener:
        put(emulated, listener)
        ((failure, detail),) = failures(ask(emulated))
        assert (failure, detail.startswith("Failed: No TLS connection with")) == (Failure.TRUST, True), detail
    emulated.network.clear()
    assert failures(ask(emulated, 5)) == {(Failure.UNREACHABLE, f"Nothing listens on port 443 of {HOST}.")}
    with socket.create_server(("127.0.0.1", 0)) as server:
        put(emulated, server.getsockname()[:2])
    ((failure, _),) = failures(ask(emulated, 5))
    assert failure is Failure.UNREACHABLE
    assert len(probes) == 3


def test_failures_are_remembered_for_a_minute_and_verdicts_for_a_day_while_the_chain_is_valid(
    emulated: Environment, probes: list[Result]
) -> None:
    prepare(emulated)

    async def conversation() -> None:
        start = emulated.clock.timestamp()
        async with connected(emulated) as client:
            await client.calendar_folder(ADDRESS)
            emulated.clock.advance(86_399)
            await client.calendar_folder(ADDRESS)
            assert len(probes) == 1
            emulated.clock.advance(1)
            await client.calendar_folder(ADDRESS)
            assert len(probes) == 2
            identity = probes[0].identity
            assert identity is not None
            emulated.clock.set(identity.until.timestamp() + 1)
            for _ in range(3):
                with pytest.raises(ExchangeFailure, match="certificate has expired"):
                    await client.calendar_folder(ADDRESS)
            assert len(probes) == 3
            emulated.clock.set(start)
            await client.calendar_folder(ADDRESS)
            assert len(probes) == 4
            emulated.clock.set(identity.since.timestamp() - 1)
            with pytest.raises(ExchangeFailure, match="not yet valid"):
                await client.check()

    run(emulated, conversation)


def replace_certificate(environment: Environment, by: Identity) -> None:
    """Have IIS of the gateway use another certificate."""
    leaf = issue(GATEWAY, by=by, hosts=[GATEWAY])
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with environment.database.transaction():
        for stored in certificates.certificates(environment.database, GATEWAY):
            certificates.set_services(environment.database, stored, [])
        made = ExchangeCertificate(GATEWAY, leaf.fingerprint[:40].upper(), "Valid", key, leaf.pem, services=("IIS",))
        certificates.put(environment.database, made)


@pytest.mark.parametrize("by", [ROOT, OTHER], ids=["trusted", "not trusted"])
def test_a_certificate_that_is_replaced_under_way(emulated: Environment, probes: list[Result], by: Identity) -> None:
    prepare(emulated)
    trust = access(emulated).trust + ROOT.pem

    async def conversation() -> None:
        async with connected(emulated, trust=trust) as client:
            await client.check()
            replace_certificate(emulated, by)
            # The first goes over the connection that there is, the others make new ones.
            found = await asyncio.gather(*(client.calendar_folder(ADDRESS) for _ in range(4)), return_exceptions=True)
            assert isinstance(found[0], str)
            if by is ROOT:
                assert found == [found[0]] * 4
            else:
                assert {why for why, _ in failures(found[1:])} == {Failure.TRUST}
            assert len(probes) == 2

    run(emulated, conversation)


def test_a_server_that_changes_between_the_handshakes_is_given_up(
    emulated: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was verified is what is spoken to: another server gets no password."""
    stack = ExitStack()
    verified, impostor = (
        stack.enter_context(scripted(emulated, tmp_path / name, leaf))
        for name, leaf in (("verified", LEAF), ("impostor", issue(HOST, by=ROOT, hosts=[HOST])))
    )

    def judged(target: gateway_status.ProbeTarget, trusted: str) -> Result:
        return gateway_status.judge_all(dataclasses.replace(target, listener=("127.0.0.1", verified.port)), trusted)

    monkeypatch.setattr(exchange_trust, "judge_all", judged)
    with stack:
        ((failure, _),) = failures(ask(emulated, basic_only=True))
        assert failure is Failure.TRUST
        assert impostor.seen == []


def test_basic_where_nothing_else_is_offered(emulated: Environment, tmp_path: Path) -> None:
    with scripted(emulated, tmp_path / "server") as server:
        server.script = [BASIC_OFFERED, Reply(), XML]
        assert ask(emulated) == ["f"]
        given = [seen.headers.get("Authorization", "").partition(" ")[0] for seen in server.seen]
        assert given == ["", "Basic", "Basic"]
        assert server.seen[2].headers["X-AnchorMailbox"] == ADDRESS
        assert server.seen[2].headers["Host"] == HOST


@pytest.mark.parametrize(
    ("reply", "basic_only", "said"),
    [
        (Reply(401, b"", {"WWW-Authenticate": "Bearer"}), False, "does not offer NTLM nor Basic"),
        (NTLM_OFFERED, True, "does not offer Basic"),
        (BASIC_OFFERED, True, "does not accept the account"),
    ],
)
def test_ways_to_sign_in_that_are_not_offered(
    emulated: Environment, tmp_path: Path, reply: Reply, basic_only: bool, said: str
) -> None:
    with scripted(emulated, tmp_path / "server") as server:
        server.script = [reply] * 9
        ((failure, detail),) = failures(ask(emulated, basic_only=basic_only))
        assert (failure, said in detail) == (Failure.LOGIN, True), detail
        assert len(server.seen) == 1


def test_a_connection_that_the_server_has_closed_is_made_anew(emulated: Environment, tmp_path: Path) -> None:
    async def conversation() -> None:
        async with connected(emulated, host=HOST, trust=ROOT.pem, basic_only=True) as client:
            await client.check()
            # Just as the request comes.
            server.script = [Reply(hang_up=True), Reply(), XML]
            assert await client.calendar_folder(ADDRESS) == "f"
            # Between two requests: the client sees it, and the new connection is not signed in.
            server.script = [dataclasses.replace(XML, headers={"Connection": "close"}), BASIC_OFFERED, Reply(), XML]
            assert [await client.calendar_folder(ADDRESS) for _ in range(2)] == ["f", "f"]
            # Again and again is not by chance.
            server.script = [Reply(hang_up=True)] * 5
            with pytest.raises(ExchangeFailure) as failed:
                await client.calendar_folder(ADDRESS)
            assert failed.value.failure is Failure.UNREACHABLE
            assert len(server.script) == 3

    with scripted(emulated, tmp_path / "server") as server:
        asyncio.run(conversation())
        assert len({seen.peer for seen in server.seen}) == 4


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(302, b"", {"Location": "https://192.0.2.98/"}), "answered with the HTTP status 302"),
        (Reply(404, b""), "answered with the HTTP status 404"),
        (Reply(500, b"<html/>"), "did not answer as Exchange Web Services does"),
        (Reply(200, b"x" * (exchange_connection.LONGEST_ANSWER + 1)), "cannot be read or is too long"),
    ],
)
def test_answers_that_are_none(emulated: Environment, tmp_path: Path, reply: Reply, said: str) -> None:
    with scripted(emulated, tmp_path / "server") as server:
        server.script = [Reply(), reply]
        ((failure, detail),) = failures(ask(emulated))
        assert (failure, said in detail) == (Failure.ANSWER, True), detail
        assert len(server.seen) == 2


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_servers_that_misbehave(
    emulated: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever a server does, a request fails in time and says why."""
    monkeypatch.setattr(exchange_connection, "LONGEST_PAUSE", 0.001)
    monkeypatch.setattr(exchange_connection, "LONGEST_ANSWER", 100_000)

    def behave(exchange: Exchange) -> None:
        if exchange.head.startswith(b"GET") and "401" not in name:
            exchange.answer(b"")
        else:
            BEHAVIOURS[name](exchange)

    expected = {
        "busy": {Failure.BUSY},
        "401": {Failure.LOGIN, Failure.ANSWER},
        "hang-up": {Failure.UNREACHABLE},
        **dict.fromkeys(("silence", "dripping", "endless 100", "endless chunk size", "length too long"), TIMED_OUT),
    }
    kinds = next((kinds for word, kinds in expected.items() if name.startswith(word)), {Failure.ANSWER})
    with misbehaving(*LEAF.write(tmp_path), behave) as (_, port):
        put(emulated, ("127.0.0.1", port))
        ((failure, detail),) = failures(ask(emulated, timeout=0.5 if kinds is TIMED_OUT else 20))
    assert failure in kinds, (failure, detail)
