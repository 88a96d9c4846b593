# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a certificate stands for (requirements C1, G3), judged four times for each generated case.

The probe's verdict is compared with that of Python's ssl, both with the rules as the guide words them, written down
here without OpenSSL, and all of them with what the collection's preflight says. All handshakes are genuine, in memory.

The probe differs from Python's ssl on purpose in two cases, and in no other:

* A certificate without SAN whose CN is an IPv4 address stands for that address. OpenSSL never looks for an address in
  the CN; the guide has the gateway be the subject CN, whatever kind of name that is.
* A certificate whose SAN holds addresses only does not stand for the host in its CN. OpenSSL falls back to the CN when
  the SAN has no host; the guide has the SAN decide whenever there is one.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import random
import ssl
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import split_bundle
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from imp_emulator.domain.network import tls_handshake, tls_probe
from imp_emulator.domain.network.names import GatewayName, NameKind, gateway_name
from imp_emulator.domain.network.tls_probe import Result, Verdict
from tests.support.certificates import issue
from tests.support.memory_tls import Memory

ALL_CASES = "ALL_CASES" in os.environ
"""Set by ``make all-cases``; otherwise a fixed sample is judged, always the same."""
CASES = 2400 if ALL_CASES else 400
SEED = 20220914
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
ROOT = issue("Root CA", ca=True)
SERVER = issue("server", by=ROOT)
"""Its key is that of every certificate here; making keys would take longer than all handshakes."""


@dataclass(frozen=True)
class Held:
    """The names in a certificate; ``dns`` may hold an address that somebody wrote as a host."""

    common_name: str
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, common_name: str, *alternatives: str) -> Held:
        addresses = tuple(one for one in alternatives if is_address(one))
        return cls(common_name, tuple(one for one in alternatives if one not in addresses), addresses)

    @property
    def has_san(self) -> bool:
        return bool(self.dns or self.addresses)

    def issue(self) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=ROOT.certificate.subject,
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)]),
            public_key=SERVER.key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=NOW - datetime.timedelta(days=1),
            not_valid_after=NOW + datetime.timedelta(days=1),
        )
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in self.dns]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in self.addresses]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(ROOT.key, hashes.SHA256())


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@pytest.fixture(name="memory")
def memory_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory(tmp_path, SERVER, ROOT.pem)
    monkeypatch.setattr(tls_handshake, "connect", memory.connect)
    return memory


def judge(name: str) -> Result:
    return tls_probe.probe(("127.0.0.1", 0), gateway_name(name), ROOT.pem)


def python_accepts(memory: Memory, name: str) -> bool:
    try:
        memory.shake(memory.python, name)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code not in (62, 64):
            raise
        return False
    return True


def guide_accepts(name: GatewayName, held: Held) -> bool:
    """The rules in words: the SAN decides where there is one, the CN otherwise; a wildcard stands for one label."""
    if name.kind is not NameKind.FQDN and held.has_san:
        return name.key in {str(ipaddress.ip_address(address)) for address in held.addresses}
    if name.kind is not NameKind.FQDN:
        # An IPv6 address must stand in the SAN (requirement G3).
        return name.kind is NameKind.IPV4 and held.common_name == name.key
    return any(_stands_for(pattern, name.key) for pattern in (held.dns if held.has_san else [held.common_name]))


def _stands_for(pattern: str, host: str) -> bool:
    pattern = pattern.lower()
    # A wildcard right below a top-level domain ("*.com") stands for nothing, nor does a part of a label ("m*.a.com").
    if pattern.startswith("*.") and pattern.count(".") > 1:
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def differs_on_purpose(name: GatewayName, held: Held) -> bool:
    """The two cases of the module's docstring."""
    if not held.has_san:
        return name.kind is NameKind.IPV4 and held.common_name == name.key
    return name.kind is NameKind.FQDN and not held.dns and _stands_for(held.common_name, name.key)


def collection_says(held: Held, name: str) -> str | None:
    """The verdict of the collection's preflight on the same certificate; ``None`` when all is well."""
    pem = held.issue().public_bytes(Encoding.PEM)
    return split_bundle(pem)[0].names.mismatch(name)


DOMAINS = ("a.com", "example.com", "mail.example.com", "b.a.com", "xn--bcher-kva.example")
LABELS = ("foo", "bar", "mail1", "a", "xn--bcher-kva", "FOO", "m-1")
IPV4 = ("192.0.2.21", "192.0.2.22", "198.51.100.1")
IPV6 = ("2001:db8::21", "2001:DB8:0:0::21", "2001:db8::22", "::ffff:192.0.2.21", "2001:0db8:0000::0022")


def some_host(random: random.Random) -> str:
    labels = [random.choice(LABELS) for _ in range(random.choice((0, 1, 1, 1, 2)))]
    return ".".join([*labels, random.choice(DOMAINS)])


def some_gateway(random: random.Random) -> str:
    kind = random.random()
    return random.choice(IPV4) if kind < 0.15 else random.choice(IPV6) if kind < 0.3 else some_host(random)


def some_entry(random: random.Random, gateway: str) -> str:
    """Return a name for a certificate, which in most cases has something to do with the gateway's."""
    near = [gateway, gateway]
    if not is_address(gateway):
        first, _dot, parent = gateway.partition(".")
        near += [gateway.upper(), f"*.{parent}", f"*.{parent}", f"*.{gateway}", parent, f"{first[0]}*.{parent}"]
        near += [f"foo.{gateway}", f"{first}.*.{parent}", f"*.*.{parent.partition('.')[2]}"]
    far = [some_host(random), f"*.{random.choice(DOMAINS)}", random.choice(IPV4), random.choice(IPV6)]
    return random.choice(near if random.random() < 0.4 else far)


def some_names(random: random.Random, gateway: str) -> Held:
    common_name = random.choice((some_entry(random, gateway), some_entry(random, gateway), "Exchange server"))
    entries = [some_entry(random, gateway) for _ in range(random.choice((0, 0, 1, 1, 2, 3, 5)))]
    if random.random() < 0.15:
        entries = [entry for entry in entries if is_address(entry)]
    held = Held.of(common_name, *entries)
    if random.random() < 0.05:
        return Held(common_name, (*held.dns, random.choice(IPV4)), held.addresses)
    return held


def test_names_are_judged_as_by_python_but_for_the_two_cases(memory: Memory) -> None:
    generator = random.Random(SEED)
    seen: Counter[str] = Counter()
    for number in range(CASES):
        text = some_gateway(generator)
        held, name = some_names(generator, text), gateway_name(text)
        memory.show(held.issue().public_bytes(Encoding.PEM).decode("ascii"))
        result, python = judge(text), python_accepts(memory, text)
        case = f"case {number}: {text} against {held}: {result}, Python says {python}"

        accepted = result.verdict is Verdict.VERIFIED
        assert accepted == guide_accepts(name, held), case
        assert (accepted != python) == differs_on_purpose(name, held), case
        if not accepted:
            assert result.verdict is (Verdict.SAN_MISMATCH if held.has_san else Verdict.CN_MISMATCH), case
            assert text in (result.detail or ""), case
            assert held.common_name in (result.detail or ""), case
        assert collection_says(held, text) == (None if accepted else result.verdict.value), case
        seen["accepted" if accepted else "refused"] += 1
        seen["on purpose"] += accepted != python
        seen[f"{name.kind} {accepted}"] += 1
    # A generator that makes but strangers of each other would prove nothing.
    assert min(seen["accepted"], seen["refused"]) > CASES / 5, seen
    assert min(seen[f"{kind} {accepted}"] for kind in NameKind for accepted in (True, False)) > CASES / 120, seen
    assert seen["on purpose"] > CASES / 120, seen


WILDCARD = [("foo.a.com", True), ("bar.foo.a.com", False), ("a.com", False), ("FOO.A.com", True), ("foo.b.com", False)]
SEVERAL = ("mail1.a.com", "autodiscover.a.com", "192.0.2.21", "192.0.2.22", "2001:db8::21")


@pytest.mark.parametrize(
    ("held", "name", "accepted"),
    [
        *((Held.of("*.a.com"), name, accepted) for name, accepted in WILDCARD),
        *((Held.of("a.com", "*.a.com"), name, accepted) for name, accepted in WILDCARD),
        *((Held.of("*.a.com", "*.a.com"), name, accepted) for name, accepted in WILDCARD),
        (Held.of("*.a.com", "*.a.com", "a.com"), "a.com", True),
        (Held.of("*.a.com", "bar.a.com"), "foo.a.com", False),
        *((Held.of("mail1.a.com", *SEVERAL), name, True) for name in SEVERAL),
        *((Held.of("mail1.a.com", *SEVERAL), n, False) for n in ("mail2.a.com", "192.0.2.23", "2001:db8::22")),
        (Held.of("mail1.a.com", "2001:db8::21"), "2001:DB8:0:0:0:0:0:21", True),
        (Held.of("2001:db8::21"), "2001:db8::21", False),
        (Held.of("2001:db8::21", "mail1.a.com"), "2001:db8::21", False),
        (Held.of("192.0.2.21"), "192.0.2.21", True),
        (Held.of("192.0.2.21", "mail1.a.com"), "192.0.2.21", False),
        (Held("mail1.a.com", ("192.0.2.21",)), "192.0.2.21", False),
        (Held.of("mail1.a.com", "192.0.2.21"), "mail1.a.com", False),
        (Held.of("m*.a.com"), "mail1.a.com", False),
        (Held.of("*.com"), "a.com", False),
    ],
)
def test_the_guides_own_examples(memory: Memory, held: Held, name: str, accepted: bool) -> None:
    memory.show(held.issue().public_bytes(Encoding.PEM).decode("ascii"))
    assert (judge(name).verdict is Verdict.VERIFIED) is accepted
    assert guide_accepts(gateway_name(name), held) is accepted
    assert (collection_says(held, name) is None) is accepted


@pytest.mark.parametrize(
    ("held", "name", "python"),
    [(Held.of("192.0.2.21"), "192.0.2.21", False), (Held.of("mail1.a.com", "192.0.2.21"), "mail1.a.com", True)],
    ids=["address-in-the-cn", "addresses-only-in-the-san"],
)
def test_where_python_judges_otherwise(memory: Memory, held: Held, name: str, python: bool) -> None:
    memory.show(held.issue().public_bytes(Encoding.PEM).decode("ascii"))
    assert python_accepts(memory, name) is python
    assert (judge(name).verdict is Verdict.VERIFIED) is not python
