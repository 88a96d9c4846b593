# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdicts on genuine TLS servers, and which gateways are looked at (G3, G6, C1, C8)."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL._util import ffi, lib

from imp_emulator.domain.cucm import parameters
from imp_emulator.domain.imp import gateway_status, gateways, ipv6, trust
from imp_emulator.domain.imp.gateways import Draft
from imp_emulator.domain.network import verify_errors
from imp_emulator.domain.network.names import gateway_name
from imp_emulator.domain.network.tls_probe import Result, Verdict, probe
from imp_emulator.world.environment import Environment
from tests.support.certificates import Identity, issue
from tests.support.tls_server import answering, serving

ROOT = issue("Root CA", ca=True)
ISSUING = issue("Issuing CA", by=ROOT, ca=True)
STRANGER = issue("Other CA", ca=True)
BOTH = ROOT.pem + ISSUING.pem
NAME = "mail1.example.com"
LEAF = issue(NAME, by=ISSUING, hosts=[NAME])

Listener = tuple[str, int]
Serve = Callable[..., Listener]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves a certificate with the chain given, and returns where."""
    numbers = itertools.count()
    with ExitStack() as stack:
        yield lambda *identities: stack.enter_context(serving(tmp_path / str(next(numbers)), *identities))


def judge(listener: Listener, name: str = NAME, trusted: str = BOTH) -> Result:
    return probe(listener, gateway_name(name), trusted, timeout=2)


def leaf(
    common_name: str, *hosts: str, days: tuple[int, int] = (-1, 30), extensions: Sequence[x509.ExtensionType] = ()
) -> Identity:
    return issue(common_name, by=ISSUING, hosts=hosts, days=days, extensions=extensions)


def key_usage(*allowed: str) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in allowed for name in names})


@pytest.mark.parametrize(
    ("name", "common_name", "hosts"),
    [
        (NAME, NAME, []),
        (NAME, NAME, [NAME]),
        (NAME, "something else", [NAME]),
        (NAME, "mail.example.com", ["mail.example.com", NAME, "192.0.2.21"]),
        ("MAIL1.example.com", NAME, []),
        (NAME, "*.example.com", []),
        (NAME, "example.com", ["*.example.com"]),
        ("192.0.2.21", "mail.example.com", ["mail.example.com", "192.0.2.21"]),
        ("192.0.2.21", "192.0.2.21", []),
        ("2001:db8::21", "mail.example.com", ["2001:db8::21"]),
        ("2001:DB8:0::21", "mail.example.com", ["2001:db8::21"]),
    ],
)
def test_names_that_the_certificate_holds(serve: Serve, name: str, common_name: str, hosts: list[str]) -> None:
    assert judge(serve(leaf(common_name, *hosts), ISSUING), name) == Result(True, Verdict.VERIFIED)


@pytest.mark.parametrize(
    ("name", "common_name", "hosts", "verdict"),
    [
        (NAME, "mail2.example.com", [], Verdict.CN_MISMATCH),
        ("a.mail1.example.com", "*.example.com", [], Verdict.CN_MISMATCH),
        ("example.com", "*.example.com", [], Verdict.CN_MISMATCH),
        (NAME, "m*.example.com", [], Verdict.CN_MISMATCH),
        ("192.0.2.21", "192.0.2.22", [], Verdict.CN_MISMATCH),
        ("2001:db8::21", "2001:db8::21", [], Verdict.CN_MISMATCH),
        (NAME, NAME, ["mail2.example.com"], Verdict.SAN_MISMATCH),
        (NAME, NAME, ["192.0.2.21"], Verdict.SAN_MISMATCH),
        ("bar.foo.example.com", "example.com", ["*.example.com"], Verdict.SAN_MISMATCH),
        ("192.0.2.21", "192.0.2.21", [NAME], Verdict.SAN_MISMATCH),
        ("192.0.2.21", NAME, [NAME, "192.0.2.22"], Verdict.SAN_MISMATCH),
        ("2001:db8::21", NAME, ["2001:db8::22"], Verdict.SAN_MISMATCH),
    ],
)
def test_names_that_it_does_not_hold(
    serve: Serve, name: str, common_name: str, hosts: list[str], verdict: Verdict
) -> None:
    result = judge(serve(leaf(common_name, *hosts), ISSUING), name)
    assert (result.reachable, result.verdict) == (True, verdict)
    assert result.detail is not None
    assert name in result.detail
    assert all(held in result.detail for held in (common_name, *hosts))


@pytest.mark.parametrize(
    ("trusted", "sent"),
    [
        ("", [ISSUING]),
        ("", [ISSUING, ROOT]),
        (STRANGER.pem, [ISSUING]),
        (STRANGER.pem, [ISSUING, ROOT]),
        (ISSUING.pem, [ISSUING]),
        (ISSUING.pem, []),
        (LEAF.pem, []),
        (ROOT.pem, []),
    ],
    ids=["empty", "empty-root-sent", "other", "other-root-sent", "no-root", "no-root-bare", "only-leaf", "gap"],
)
def test_a_chain_that_does_not_reach_a_trusted_root(serve: Serve, trusted: str, sent: list[Identity]) -> None:
    result = judge(serve(LEAF, *sent), trusted=trusted)
    assert (result.reachable, result.verdict) == (True, Verdict.MISSING)
    assert "Issuing CA" in (result.detail or "")


@pytest.mark.parametrize("sent", [[], [ISSUING], [ISSUING, ROOT]], ids=["bare", "chain", "with-root"])
def test_the_whole_chain_in_the_store_is_enough_whatever_the_server_sends(serve: Serve, sent: list[Identity]) -> None:
    assert judge(serve(LEAF, *sent)).verdict is Verdict.VERIFIED


def test_the_chain_is_judged_before_the_name(serve: Serve) -> None:
    assert judge(serve(leaf("other.example.com"), ISSUING), trusted="").verdict is Verdict.MISSING


@pytest.mark.parametrize("days", [(-10, -1), (1, 10)], ids=["expired", "not-yet"])
def test_certificates_outside_their_dates_are_bad(serve: Serve, days: tuple[int, int]) -> None:
    assert judge(serve(leaf(NAME, NAME, days=days), ISSUING)).verdict is Verdict.BAD
    assert judge(serve(leaf("192.0.2.21", days=days), ISSUING), "192.0.2.21").verdict is Verdict.BAD


@pytest.mark.parametrize(
    ("days", "verdict", "said"),
    [
        (0, Verdict.VERIFIED, None),
        (31, Verdict.BAD, "certificate has expired"),
        (-2, Verdict.BAD, "certificate is not yet valid"),
        (29, Verdict.VERIFIED, None),
    ],
)
def test_the_dates_that_count_are_those_of_the_moment_asked_for(
    serve: Serve, days: int, verdict: Verdict, said: str | None
) -> None:
    at = datetime.now(UTC) + timedelta(days=days)
    result = probe(serve(leaf(NAME, NAME), ISSUING), gateway_name(NAME), BOTH, at, timeout=2)
    assert result == Result(True, verdict, said and f"The certificate of {NAME} was refused: {said}.")


def test_a_moment_is_the_same_in_every_zone(serve: Serve) -> None:
    end, half_an_hour = LEAF.certificate.not_valid_after_utc, timedelta(minutes=30)
    ahead, behind = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    for at, verdict in (
        ((end - half_an_hour).astimezone(ahead), Verdict.VERIFIED),
        ((end + half_an_hour).astimezone(behind), Verdict.BAD),
    ):
        assert probe(serve(LEAF, ISSUING), gateway_name(NAME), BOTH, at, timeout=2).verdict is verdict


def test_a_name_is_judged_before_the_dates(serve: Serve) -> None:
    expired = leaf("other.example.com", days=(-10, -1))
    assert judge(serve(expired, ISSUING)).verdict is Verdict.CN_MISMATCH


@pytest.mark.parametrize(
    "extension",
    [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), key_usage("key_cert_sign", "crl_sign")],
    ids=["for-clients", "for-signing"],
)
def test_certificates_that_are_not_made_for_servers_are_bad(serve: Serve, extension: x509.ExtensionType) -> None:
    result = judge(serve(leaf(NAME, NAME, extensions=[extension]), ISSUING))
    assert result.verdict is Verdict.BAD
    assert "purpose" in (result.detail or "")


def test_a_server_certificate_is_made_for_servers(serve: Serve) -> None:
    extensions = [
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
        key_usage("digital_signature"),
    ]
    assert judge(serve(leaf(NAME, NAME, extensions=extensions), ISSUING)).verdict is Verdict.VERIFIED


def test_what_a_server_certificate_has_signed_is_bad(serve: Serve) -> None:
    forged = issue(NAME, by=LEAF, hosts=[NAME])
    assert judge(serve(forged, LEAF, ISSUING)).verdict is Verdict.BAD


def test_an_authority_outside_its_dates_makes_the_chain_bad(serve: Serve) -> None:
    old = issue("Old CA", by=ROOT, ca=True, days=(-10, -1))
    assert judge(serve(issue(NAME, by=old, hosts=[NAME]), old)).verdict is Verdict.BAD


def test_a_self_signed_certificate_is_missing_from_an_empty_store_bad_for_another_and_good_when_trusted(
    serve: Serve,
) -> None:
    own = issue(NAME, hosts=[NAME])
    listener = serve(own)
    assert judge(listener, trusted="").verdict is Verdict.MISSING
    assert judge(listener, trusted=ROOT.pem).verdict is Verdict.BAD
    assert judge(listener, trusted=own.pem).verdict is Verdict.VERIFIED


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        listener = unused.getsockname()[:2]
    result = judge(listener)
    assert (result.reachable, result.verdict) == (False, Verdict.NETWORK)
    assert NAME in (result.detail or "")


def test_something_listens_but_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = probe(silent.getsockname()[:2], gateway_name(NAME), BOTH, timeout=0.2)
    assert (result.reachable, result.verdict) == (True, Verdict.NETWORK)


def test_something_listens_but_speaks_no_tls() -> None:
    def answer(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            connection.recv(1)
            connection.sendall(b"220 mail1.example.com ESMTP\r\n")
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,), daemon=True)
        thread.start()
        result = judge(server.getsockname()[:2])
        thread.join(5)
    assert (result.reachable, result.verdict) == (True, Verdict.FAILED)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x03\x00\x7a\x02"], ids=["at-once", "amid-the-handshake"])
def test_a_server_that_hangs_up(sent: bytes) -> None:
    with answering(sent) as address:
        result = judge(address)
    assert (result.reachable, result.verdict) == (True, Verdict.FAILED)


def test_a_server_that_hangs_amid_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def begin() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"\x16\x03\x03\x00\x7a\x02")
                done.wait(5)

        thread = threading.Thread(target=begin, daemon=True)
        thread.start()
        result = probe(server.getsockname()[:2], gateway_name(NAME), BOTH, timeout=0.2)
        done.set()
        thread.join(5)
    assert (result.reachable, result.verdict) == (True, Verdict.NETWORK)


def test_a_server_that_drips_is_left_when_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            with server.accept()[0] as connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x20\x00")
                # It ends by itself, so that a check without a deadline fails here and does not hang.
                for _byte in range(100):
                    if done.wait(0.05):
                        break
                    connection.sendall(b"\x02")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        begin = time.monotonic()
        result = probe(server.getsockname()[:2], gateway_name(NAME), BOTH, timeout=0.3)
        took = time.monotonic() - begin
        done.set()
        thread.join(5)
    assert (result.reachable, result.verdict) == (True, Verdict.NETWORK)
    assert took < 3


def test_the_words_for_what_openssl_finds_are_its_own() -> None:
    # pyOpenSSL does not show them, so what it is made of is asked.
    for code, words in verify_errors._MESSAGES.items():
        own = ffi.string(lib.X509_verify_cert_error_string(code)).decode("ascii")
        assert own == words or (code == 9 and own.startswith(words)), code
    assert verify_errors.message(65) == "verification error 65"


def check(environment: Environment, node: str = "imp-pub") -> list[gateway_status.GatewayStatus]:
    return asyncio.run(gateway_status.check(environment.context, "dc1", node))


def verdicts(environment: Environment, node: str = "imp-pub") -> list[Verdict | None]:
    return [found.result.verdict if found.result else None for found in check(environment, node)]


def add(environment: Environment, *names: str) -> None:
    for name in names:
        gateways.add(environment.context, "dc1", Draft(name, account="svc@example.com", password="password"))


def network(environment: Environment, listener: Listener, *addresses: str, port: int = 443) -> None:
    environment.network.update({(address, port): listener for address in addresses})


def address_of(environment: Environment, host: str) -> str:
    row = environment.database.one("SELECT ipv4 FROM exchange WHERE name = ?", (host,))
    assert row is not None
    return str(row["ipv4"])


def test_each_node_judges_by_its_own_store(emulated: Environment, serve: Serve) -> None:
    network(emulated, serve(LEAF, ISSUING), address_of(emulated, NAME))
    add(emulated, NAME)
    assert verdicts(emulated) == [Verdict.MISSING]
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [BOTH])
    trust.upload(emulated.context, "dc1", "imp-sub", ["cup-xmpp", "tomcat"], [BOTH])
    assert verdicts(emulated, "imp-pub") == [Verdict.VERIFIED]
    assert verdicts(emulated, "imp-sub") == [Verdict.MISSING]


def test_each_gateway_is_judged_at_virtual_time(emulated: Environment, serve: Serve) -> None:
    network(emulated, serve(leaf(NAME, NAME), ISSUING), address_of(emulated, NAME))
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [BOTH])
    add(emulated, NAME)
    assert verdicts(emulated) == [Verdict.VERIFIED]
    emulated.clock.advance(40 * 86_400)
    (found,) = check(emulated)
    assert found.result == Result(
        True, Verdict.BAD, "The certificate of mail1.example.com was refused: certificate has expired."
    )
    emulated.clock.advance(-50 * 86_400)
    assert verdicts(emulated) == [Verdict.BAD]
    emulated.clock.reset()
    assert verdicts(emulated) == [Verdict.VERIFIED]


def test_names_that_do_not_resolve_and_ports_that_nobody_serves(emulated: Environment, serve: Serve) -> None:
    network(emulated, serve(LEAF, ISSUING), address_of(emulated, NAME), port=444)
    add(emulated, "mail9.example.com", NAME)
    results = [found.result for found in check(emulated)]
    assert [(r.reachable, r.verdict) for r in results if r] == [(False, Verdict.NETWORK)] * 2
    assert [r.detail for r in results if r] == [
        "mail9.example.com does not resolve to an address.",
        "Nothing listens on port 443 of mail1.example.com.",
    ]


def test_only_the_first_ten_are_looked_at(emulated: Environment, serve: Serve) -> None:
    network(emulated, serve(LEAF, ISSUING), address_of(emulated, NAME))
    add(emulated, *(f"mail{number}.test.example" for number in range(1, 11)), NAME)
    assert verdicts(emulated) == [Verdict.NETWORK] * 10 + [None]
    gateways.delete(emulated.context, "dc1", gateways.gateways(emulated.context, "dc1")[3].id)
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [BOTH])
    assert verdicts(emulated) == [Verdict.NETWORK] * 9 + [Verdict.VERIFIED]


def test_an_ipv6_gateway_cannot_be_reached_without_ipv6(emulated: Environment, serve: Serve) -> None:
    for number, node in enumerate(("imp-pub", "imp-sub"), 12):
        ipv6.set_eth0(emulated.context, "dc1", node, f"2001:db8::{number}")
    row = parameters.find(emulated.context, "dc1", "EnterpriseWideData", "Enterprise Wide", "EnableIPV6")
    parameters.change(emulated.context, "dc1", row, "T")
    network(emulated, serve(leaf("x", "2001:db8::21"), ISSUING), "2001:db8::21")
    trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [BOTH])
    add(emulated, "2001:db8::21")
    assert verdicts(emulated) == [Verdict.VERIFIED]
    ipv6.set_eth0(emulated.context, "dc1", "imp-pub", None)
    assert verdicts(emulated) == [Verdict.NETWORK]
