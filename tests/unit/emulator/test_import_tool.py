# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Certificate Import Tool downloads, and what it says of each certificate (requirements C9, C10)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from imp_emulator.domain.imp import import_tool, restarts, trust
from imp_emulator.domain.imp.import_tool import Peer, Report
from imp_emulator.domain.network.names import NameKind, gateway_name
from imp_emulator.domain.network.tls_chain import NoChain, offered
from imp_emulator.domain.network.tls_probe import Verdict
from imp_emulator.errors import Forbidden, InvalidValue
from imp_emulator.world.environment import Environment
from tests.support.certificates import Identity, issue
from tests.support.tls_server import answering, serving

NAME = "mail1.example.com"
ROOT = issue("Root CA", ca=True)
ISSUING = issue("Issuing CA", by=ROOT, ca=True)
STRANGER = issue("Other CA", ca=True)
LEAF = issue(NAME, by=ISSUING, hosts=[NAME])
PEER = Peer("dc1", "imp-pub", NAME, 443, "cup-trust")

Serve = Callable[..., tuple[str, int]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves a certificate with the chain given, and returns where."""
    with ExitStack() as stack:
        yield lambda *identities: stack.enter_context(serving(tmp_path / str(id(identities)), *identities))


def put(environment: Environment, listener: tuple[str, int]) -> None:
    row = environment.database.one("SELECT ipv4 FROM exchange WHERE name = ?", (NAME,))
    assert row is not None
    environment.network[(row["ipv4"], 443)] = listener


def check(environment: Environment) -> Report:
    return asyncio.run(import_tool.check(environment.context, PEER))


def states(report: Report) -> list[tuple[str, str]]:
    return [(offer.certificate.common_names[0], offer.state) for offer in report.offers]


def test_the_verdict_is_that_of_virtual_time_and_the_chain_is_shown_all_the_same(
    emulated: Environment, serve: Serve
) -> None:
    put(emulated, serve(LEAF, ISSUING))
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [ROOT.pem + ISSUING.pem])
    assert check(emulated).result.verdict is Verdict.VERIFIED
    emulated.clock.advance(400 * 86_400)
    report = check(emulated)
    assert report.result.verdict is Verdict.BAD
    assert report.result.detail == f"The certificate of {NAME} was refused: certificate has expired."
    assert [name for name, _state in states(report)] == [NAME, "Issuing CA"]


@pytest.mark.parametrize("chain", [(LEAF,), (LEAF, ISSUING), (LEAF, ISSUING, ROOT), (LEAF, STRANGER, ISSUING), (ROOT,)])
def test_exactly_what_is_offered_in_its_order(serve: Serve, chain: tuple[Identity, ...]) -> None:
    listener = serve(*chain)
    for name in (NAME, "192.0.2.21", "2001:db8::21"):
        found = offered(listener, gateway_name(name), timeout=2)
        assert [one.pem for one in found] == [identity.pem for identity in chain]


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoChain):
        offered(silent.getsockname()[:2], gateway_name(NAME), timeout=0.2)


@pytest.mark.parametrize("answer", [b"", b"220 mail1.example.com ESMTP\r\n", b"\x16\x03\x03\x00\x7a\x02"])
def test_a_server_that_speaks_no_tls(answer: bytes) -> None:
    with answering(answer) as address, pytest.raises(NoChain):
        offered(address, gateway_name(NAME), timeout=2)


def test_the_servers_own_is_verified_by_its_issuer_and_the_others_by_themselves(
    emulated: Environment, serve: Serve
) -> None:
    put(emulated, serve(LEAF, ISSUING, ROOT))
    assert states(check(emulated)) == [(NAME, "Missing"), ("Issuing CA", "Missing"), ("Root CA", "Missing")]
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [ROOT.pem])
    report = check(emulated)
    assert states(report) == [(NAME, "Missing"), ("Issuing CA", "Missing"), ("Root CA", "Verified")]
    assert report.result.verdict is Verdict.VERIFIED
    assert import_tool.accept(emulated.context, PEER, report, [ISSUING.fingerprint]) == [ISSUING.fingerprint]
    assert {state for _name, state in states(check(emulated))} == {"Verified"}


def test_an_issuer_by_name_alone_verifies_nothing(emulated: Environment, serve: Serve) -> None:
    put(emulated, serve(LEAF))
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [issue("Issuing CA", ca=True).pem])
    report = check(emulated)
    assert states(report) == [(NAME, "Missing")]
    assert report.result.verdict is not Verdict.VERIFIED


def test_a_self_signed_certificate_is_imported_itself(emulated: Environment, serve: Serve) -> None:
    own = issue(NAME, hosts=[NAME])
    put(emulated, serve(own))
    report = check(emulated)
    assert (report.result.verdict, states(report)) == (Verdict.MISSING, [(NAME, "Missing")])
    import_tool.accept(emulated.context, PEER, report, [own.fingerprint])
    report = check(emulated)
    assert (report.result.verdict, states(report)) == (Verdict.VERIFIED, [(NAME, "Verified")])
    pending = restarts.pending(emulated.context, "dc1", "imp-pub")
    assert {found.service for found in pending} == {"Cisco Presence Engine", "Cisco SIP Proxy"}


def test_nothing_is_installed_when_one_of_them_is_not_offered(emulated: Environment, serve: Serve) -> None:
    put(emulated, serve(LEAF, ISSUING))
    with pytest.raises(Forbidden, match=ROOT.fingerprint):
        import_tool.accept(emulated.context, PEER, check(emulated), [ISSUING.fingerprint, ROOT.fingerprint])
    assert states(check(emulated)) == [(NAME, "Missing"), ("Issuing CA", "Missing")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mail1", NameKind.FQDN),
        ("MAIL1.example.com", NameKind.FQDN),
        ("192.0.2.21", NameKind.IPV4),
        ("2001:db8::21", NameKind.IPV6),
    ],
)
def test_names_of_peers(text: str, kind: NameKind) -> None:
    name = import_tool.peer_name(text)
    assert (name.kind, name.key) == (kind, text.lower())


@pytest.mark.parametrize("text", ["", "*", "*.example.com", "mail_1", "12345", "192.0.2.300", "-a", "a b", "a."])
def test_what_no_peer_is_called(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        import_tool.peer_name(text)
    assert refusal.value.field == "peer_server"
