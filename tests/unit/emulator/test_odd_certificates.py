# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that show odd certificates: the verdict is OpenSSL's, and the collection's preflight says the same.

The handshakes are genuine. Python's ssl judges each certificate as well; where one cannot be served by OpenSSL at all,
it takes the place of another in the server's message.
"""

from __future__ import annotations

import os
import random
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import chain_to
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import held, read_der
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from OpenSSL import crypto

from imp_emulator.crypto import copies
from imp_emulator.crypto.reading import parse_bundle
from imp_emulator.domain.exchange import certificates as exchange_certificates
from imp_emulator.domain.exchange import trust as exchange_trust
from imp_emulator.domain.imp import trust
from imp_emulator.domain.network import tls_chain, tls_handshake, tls_probe
from imp_emulator.domain.network.names import gateway_name
from imp_emulator.domain.network.tls_probe import Result, Verdict
from imp_emulator.errors import DomainError, InvalidValue
from imp_emulator.store.exchange.certificates import ExchangeCertificate
from imp_emulator.wire.exchange.powershell import records
from imp_emulator.world.environment import Environment
from imp_emulator.x509.certificate import checked_pem
from imp_emulator.x509.certificate import held as held_certificate
from imp_emulator.x509.der import Malformed
from imp_emulator.x509.parts import read_parts
from tests.support.memory_tls import Memory
from tests.support.odd_certificates import (
    AKI,
    BASIC,
    BMP,
    CONSTRAINTS,
    DAMAGED,
    IS_CA,
    PRINTABLE,
    ROOT_KEY,
    SAN,
    T61,
    USAGE,
    Extension,
    Odd,
    beside,
    damaged,
    hosts,
    leaf_sans,
    name,
    odd,
    oid,
    root,
    some_certificate,
    tlv,
    valid,
)

SKI = "2.5.29.14"
CASES = 2000 if "ALL_CASES" in os.environ else 120
HOST = "mail1.example.com"
HOSTS: Extension = (SAN, hosts(HOST))
ROOT = root()
SERVER = odd("server", by=ROOT)


@pytest.fixture(name="memory")
def memory_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory(tmp_path, SERVER, ROOT.pem)
    monkeypatch.setattr(tls_handshake, "connect", memory.connect)
    return memory


def judge(gateway: str = HOST) -> Result:
    return tls_probe.probe(("127.0.0.1", 0), gateway_name(gateway), ROOT.pem)


def preflight(leaf: Odd, gateway: str = HOST) -> str | None:
    return held(leaf.der).names.mismatch(gateway)


FITS = {
    **{f"beside-{kind}": odd("other", (SAN, content), by=ROOT) for kind, content in leaf_sans().items()},
    **{kind: odd("other", extension, HOSTS, by=ROOT) for kind, extension in beside().items()},
    "two-common-names-host-first": odd(name(("CN", HOST), ("CN", "second")), by=ROOT),
    "two-common-names-host-last": odd(name(("CN", "first"), ("CN", HOST)), by=ROOT),
    "common-name-in-two-octets": odd(name(("CN", HOST.encode("utf-16-be"), BMP)), by=ROOT),
    "subject-in-latin-1": odd(name(("O", b"B\xfcro", T61), ("CN", HOST)), by=ROOT),
    "version-1-with-extensions": odd("other", HOSTS, by=ROOT, version=b"\0"),
    "unknown-version": odd("other", HOSTS, by=ROOT, version=b"\x06"),
    "negative-serial": odd("other", HOSTS, by=ROOT, serial=b"\xff"),
    "huge-serial": odd("other", HOSTS, by=ROOT, serial=b"\x01" * 400),
    "since-the-year-0": odd(
        "other", HOSTS, by=ROOT, validity=tlv(0x30, tlv(0x18, b"00000101000000Z"), tlv(0x18, b"99991231235959Z"))
    ),
    "constraints-with-default": odd("other", (BASIC, b"\x30\x03\x01\x01\0"), HOSTS, by=ROOT),
    "no-alternative-names": odd(HOST, (SAN, b"\x30\x00"), by=ROOT),
}


@pytest.mark.parametrize("leaf", FITS.values(), ids=FITS)
def test_the_name_fits_whatever_stands_beside_it(memory: Memory, leaf: Odd) -> None:
    memory.show(leaf.pem)
    assert judge() == Result(True, Verdict.VERIFIED)
    assert memory.shake(memory.python, HOST) == leaf.der
    assert preflight(leaf) is None


@pytest.mark.parametrize("extension", beside().values(), ids=beside())
def test_the_alternative_names_decide_whatever_stands_beside_them(memory: Memory, extension: Extension) -> None:
    leaf = odd(HOST, extension, (SAN, hosts("other.example.com")), by=ROOT)
    memory.show(leaf.pem)
    assert judge().verdict is Verdict.SAN_MISMATCH
    with pytest.raises(OSError, match="Hostname mismatch"):
        memory.shake(memory.python, HOST)
    assert preflight(leaf) == Verdict.SAN_MISMATCH.value


@pytest.mark.parametrize("subject", [[("CN", "192.0.2.21"), ("CN", "x")], [("CN", "x"), ("CN", "192.0.2.21")]])
def test_an_address_may_be_any_common_name(memory: Memory, subject: list[tuple[str, str]]) -> None:
    leaf = odd(name(*subject), by=ROOT)
    memory.show(leaf.pem)
    assert judge("192.0.2.21").verdict is Verdict.VERIFIED
    assert preflight(leaf, "192.0.2.21") is None
    told = judge("192.0.2.22")
    assert told.verdict is Verdict.CN_MISMATCH
    assert "subject CN " + ", ".join(value for _kind, value in subject) in (told.detail or "")


REFUSED = {
    "date-of-no-kind": (odd(HOST, by=ROOT, validity=tlv(0x30, tlv(0x17, b"x"), tlv(0x17, b"x"))), "cannot be read"),
    "date-without-seconds": (
        odd(HOST, by=ROOT, validity=tlv(0x30, tlv(0x17, b"2001010000Z"), tlv(0x17, b"4901010000Z"))),
        "cannot be read",
    ),
    "date-with-an-offset": (
        odd(HOST, by=ROOT, validity=tlv(0x30, tlv(0x17, b"200101000000+0100"), tlv(0x17, b"490101000000+0100"))),
        "notBefore",
    ),
    "two-algorithms": (odd(HOST, by=ROOT, inner_algorithm=bytes.fromhex("300a06082a8648ce3d040303")), "signature"),
    "unknown-and-critical": (odd(HOST, ("1.2.3.4", b"\x05\x00", True), by=ROOT), "critical extension"),
    "expired": (odd(HOST, by=ROOT, validity=valid((-9, -2))), "refused: certificate has expired"),
}


@pytest.mark.parametrize(("leaf", "said"), REFUSED.values(), ids=REFUSED)
def test_what_openssl_refuses_is_bad(memory: Memory, leaf: Odd, said: str) -> None:
    memory.show(leaf.pem)
    result = judge()
    assert (result.reachable, result.verdict) == (True, Verdict.BAD)
    assert said in (result.detail or "")
    with pytest.raises(OSError, match="certificate verify failed"):
        memory.shake(memory.python, HOST)


# No server of OpenSSL shows these, others do: the content of the extension 2.5.29.117 becomes the SAN.
UNUSABLE = {"twice": hosts(HOST), "garbage": b"\x30\x05odd", "no-list": b"\x05\x00"}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_alternative_names_that_are_damaged_or_there_twice_are_bad(memory: Memory, content: bytes) -> None:
    leaf = odd(HOST, *([HOSTS] if content == hosts(HOST) else []), ("2.5.29.117", content), by=ROOT)
    shown = Odd(leaf.der.replace(oid("2.5.29.117"), oid(SAN)), leaf.key, leaf.subject)
    memory.show(leaf.pem, instead=(leaf.der, shown.der))
    result = judge()
    assert (result.reachable, result.verdict) == (True, Verdict.BAD)
    assert "damaged or there twice" in (result.detail or "")
    assert preflight(shown) == Verdict.BAD.value
    with pytest.raises(OSError, match="certificate verify failed"):
        memory.shake(memory.python, HOST)


AUTHORITIES = {
    "plain": ("2.5.29.14", b"\x04\x02\x01\x02"),
    "constraint-with-host-bits": (CONSTRAINTS, tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x87, b"\n\1\2\3\xff\0\0\0"))))),
    "constraint-without-mask": (CONSTRAINTS, tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x87, b"\n\1\2\3"))))),
    "x400-address": (SAN, tlv(0x30, tlv(0xA3, tlv(0x30)))),
    "key-identifier-of-the-issuer-only": (AKI, tlv(0x30, tlv(0xA1, tlv(0xA4, name(("CN", "Odd Root")))))),
    **beside(),
}


def why_not(leaf: Odd, *above: Odd) -> str | None:
    """Return what OpenSSL says against a certificate, ``None`` when it accepts it."""
    store = crypto.X509Store()
    store.add_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, ROOT.der))
    certificate, *chain = (crypto.load_certificate(crypto.FILETYPE_ASN1, one.der) for one in (leaf, *above))
    try:
        crypto.X509StoreContext(store, certificate, chain).verify_certificate()
    except crypto.X509StoreContextError as error:
        return str(error)
    return None


@pytest.mark.parametrize("extension", AUTHORITIES.values(), ids=AUTHORITIES)
def test_an_authority_with_an_odd_extension_is_taken_as_openssl_takes_it(memory: Memory, extension: Extension) -> None:
    above = odd("Issuing CA", (BASIC, IS_CA, True), extension, by=ROOT, key=ROOT_KEY)
    leaf = odd(HOST, HOSTS, by=above)
    accepted = why_not(leaf, above) is None
    memory.show(leaf.pem + above.pem)
    assert (judge().verdict is Verdict.VERIFIED) is accepted
    # All of them are to be had, whatever the verdict.
    offered = tls_chain.offered(("127.0.0.1", 0), gateway_name(HOST))
    assert [one.fingerprint for one in offered] == [leaf.fingerprint, above.fingerprint]
    assert offered[0].issued_by(offered[1])
    assert [one.fingerprint for one in parse_bundle(above.pem)] == [above.fingerprint]
    chain = [read_der(one.der, "it") for one in (leaf, above)]
    assert chain_to(chain, [read_der(ROOT.der, "it")]) == chain


SEVERAL = tlv(0x82, HOST.encode()) + tlv(0x87, b"\1\2\3\4") + tlv(0xA4, name(("CN", "x")))
GONE_BY: list[Extension] = [
    (BASIC, b"\x30\x06\x01\x01\xff\x02\x01\x05"),
    (USAGE, b"\x03\x02\x05\xa0"),
    ("2.16.840.1.113730.1.1", b"\x03\x02\x06\x40"),
    ("2.5.29.37", tlv(0x30, oid("1.3.6.1.5.5.7.3.1"), oid("2.5.29.37.0"))),
    ("2.5.29.14", b"\x04\x04odd!"),
    (AKI, tlv(0x30, tlv(0x80, b"odd!"), tlv(0xA1, tlv(0x82, b"odd")))),
    (
        CONSTRAINTS,
        tlv(
            0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b"example.com"), tlv(0x80, b"\0"))), tlv(0xA1, tlv(0x30, SEVERAL[:23]))
        ),
    ),
    ("2.5.29.31", tlv(0x30, tlv(0x30, tlv(0xA0, tlv(0xA0, SEVERAL)), tlv(0x81, b"\x01\x06"), tlv(0xA2, SEVERAL)))),
    (
        SAN,
        tlv(
            0x30,
            SEVERAL,
            tlv(0xA0, oid("1.2.3"), tlv(0xA0, b"\x0c\x01x")),
            tlv(0xA5, tlv(0xA0, b"\x0c\x01x"), tlv(0xA1, b"\x0c\x01x")),
            tlv(0x88, b"\x2a\x03"),
        ),
    ),
]
"""Everything that OpenSSL decodes of each certificate, as it should be."""
CONSTRUCTED = 0x20
"""OpenSSL does not look at this bit of a tag where it knows what is due, and nobody else writes it wrongly."""


def test_an_extension_is_damaged_when_openssl_says_so() -> None:
    generator = random.Random(20261128)
    damage = 0
    for _number in range(2 * CASES):
        number, content, *_ = generator.choice(GONE_BY)
        octets = bytearray(content)
        for _hit in range(generator.randint(0, 2)):
            at = generator.randrange(len(octets))
            new = generator.choice((generator.randrange(256), octets[at] ^ 1 << generator.randrange(8), 0, 0x80))
            octets[at] = octets[at] if new == octets[at] ^ CONSTRUCTED else new
        leaf = odd("odd", (number, bytes(octets)), by=ROOT)
        # It finds no issuer for what it cannot use.
        refused = "local issuer" in (why_not(leaf) or "")
        assert read_parts(leaf.der).damaged is refused, bytes(octets).hex()
        damage += refused
    assert CASES / 2 < damage < 1.5 * CASES


@pytest.mark.parametrize("above", [False, True])
def test_what_is_damaged_inside_is_told_apart_from_what_is_missing(memory: Memory, above: bool) -> None:
    purposes: Extension = ("2.5.29.37", b"\x30\x02\x05\x00")
    issuing = odd("Issuing CA", (BASIC, IS_CA, True), *([purposes] if above else []), by=ROOT, key=ROOT_KEY)
    # A server of OpenSSL shows a leaf that is damaged only when it is changed on the way.
    shown = odd("x", HOSTS, ("2.5.29.101" if not above else "1.2.3", purposes[1]), by=issuing)
    leaf = Odd(shown.der.replace(oid("2.5.29.101"), oid("2.5.29.37")), shown.key, shown.subject)
    memory.show(shown.pem + issuing.pem, instead=(shown.der, leaf.der))
    result = judge()
    assert (result.verdict, "damaged or there twice" in (result.detail or "")) == (Verdict.BAD, True)
    assert preflight(leaf) == (None if above else Verdict.BAD.value)
    assert [one.authority for one in (read_parts(issuing.der), read_der(issuing.der, "it").parts)] == [not above] * 2


def test_an_authority_of_another_kind_of_text_is_the_same(memory: Memory) -> None:
    above = odd(name(("CN", b"Issuing  CA", PRINTABLE)), (BASIC, IS_CA), by=ROOT, key=ROOT_KEY)
    leaf = odd(HOST, HOSTS, by=above, issuer=name(("CN", "issuing ca")))
    memory.show(leaf.pem + above.pem)
    assert judge().verdict is Verdict.VERIFIED
    assert why_not(leaf, above) is None


@pytest.mark.parametrize("both", [False, True])
def test_an_authority_that_has_expired_is_named(memory: Memory, both: bool) -> None:
    old = odd("Issuing CA", (BASIC, IS_CA), by=ROOT, key=ROOT_KEY, validity=valid((-9, -2)))
    leaf = odd(HOST, HOSTS, by=old, validity=valid((-9, -2)) if both else None)
    memory.show(leaf.pem + old.pem)
    about = "" if both else " because of CN=Issuing CA, an authority above it"
    detail = f"The certificate of {HOST} was refused{about}: certificate has expired."
    assert judge() == Result(True, Verdict.BAD, detail)


def test_one_that_openssl_cannot_read_costs_the_others_of_a_store_nothing(memory: Memory) -> None:
    memory.show(odd(HOST, HOSTS, by=ROOT).pem)
    broken = odd(name(("CN", b"\xff\xfe"))).pem
    result = tls_probe.probe(("127.0.0.1", 0), gateway_name(HOST), broken + ROOT.pem)
    assert result.verdict is Verdict.VERIFIED


def test_whatever_is_handed_over_is_taken_or_refused_in_a_sentence(emulated: Environment) -> None:
    generator = random.Random(20261126)
    taken = 0
    for number in range(CASES):
        one = some_certificate(generator).der
        content = damaged(generator, one) if number % 3 == 0 else one
        text = ssl.DER_cert_to_PEM_cert(content)
        with suppress(InvalidValue):
            taken += trust.upload(emulated.context, "dc1", "imp-pub", ["cup"], [text])
        for take in (
            lambda text=text: exchange_trust.add_roots(emulated.context, HOST, text, "Registry"),
            lambda content=content: exchange_certificates.import_issued(emulated.context, HOST, content),
            lambda text=text: checked_pem(text),
        ):
            with suppress(DomainError, Malformed):
                take()
        shown = ExchangeCertificate(HOST, "0", "Valid", "", text)
        records.certificate(shown, exchange_trust.judge(emulated.context, shown))
    assert taken > CASES / 20
    stored = trust.trusted(emulated.context, "dc1", "imp-pub", "cup")
    assert len({one.filename for one in stored}) == len(stored)


def test_what_openssl_reads_is_read() -> None:
    generator = random.Random(20261127)
    seen = 0
    for number in range(4 * CASES):
        one = some_certificate(generator).der
        content = damaged(generator, one) if number % 2 else one
        try:
            crypto.load_certificate(crypto.FILETYPE_ASN1, content)
        except crypto.Error:
            continue
        seen += 1
        assert read_parts(content).der == content[: len(read_parts(content).der)]
    assert seen > CASES / 3


KINDS = {
    "rsa": odd("rsa", HOSTS, by=ROOT, key=rsa.generate_private_key(65537, 2048)),
    "p-384": odd("p-384", HOSTS, by=ROOT, key=ec.generate_private_key(ec.SECP384R1())),
    "ed25519": odd("ed25519", HOSTS, by=ROOT, key=ed25519.Ed25519PrivateKey.generate()),
    "another-name": odd("x", (SAN, hosts("other.example.com")), by=ROOT),
    **{f"damaged-{kind}": odd(HOST, (SAN, content), by=ROOT) for kind, content in DAMAGED.items()},
}
COPIED = {**FITS, **KINDS, **{kind: leaf for kind, (leaf, _) in REFUSED.items() if kind != "two-algorithms"}}


def judged_in_memory(shown: Odd, trusted: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result | None:
    """Return the verdict on a server that shows a certificate; ``None`` when no server can."""
    memory = Memory(folder, shown, trusted)
    try:
        memory.show(shown.pem)
    except ssl.SSLError:
        return None
    monkeypatch.setattr(tls_handshake, "connect", memory.connect)
    return tls_probe.probe(("127.0.0.1", 0), gateway_name(HOST), trusted)


def stand_in(leaf: Odd, above: Odd) -> tuple[Odd, str]:
    """Return what stands in for a certificate, and what stands in for the authority above it."""
    real, top = held_certificate(leaf.der), held_certificate(above.der)
    key, top_key = copies.key_like(real.parts.key), copies.key_like(top.parts.key)
    made = copies.copy(real, key, top_key)
    assert made.parts.extension(copies.STANDS_IN_FOR) == (leaf.der if real.parts.extensions else None)
    return Odd(made.parts.der, key, b""), copies.copy(top, top_key, top_key).pem


@pytest.mark.parametrize("leaf", COPIED.values(), ids=COPIED)
def test_what_stands_in_for_a_certificate_is_judged_as_that(
    leaf: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twin's Exchange server shows a certificate of ours that is like the real one in all but what hangs on keys."""
    made, above = stand_in(leaf, ROOT)
    verdict = judged_in_memory(made, above, tmp_path, monkeypatch)
    assert verdict == judged_in_memory(leaf, ROOT.pem, tmp_path, monkeypatch)


def test_the_identifiers_of_keys_in_what_stands_in_are_those_of_our_keys() -> None:
    """OpenSSL goes by them where several authorities have one name."""
    above = root("Root with an identifier", (SKI, tlv(0x04, b"of the root")))
    leaf = odd(HOST, (SKI, tlv(0x04, b"of the leaf")), (AKI, tlv(0x30, tlv(0x80, b"of the root"))), by=above)
    made, its_root = stand_in(leaf, above)
    own, top = held_certificate(made.der).parts, checked_pem(its_root)[0].parts
    identifier = top.extension(SKI)
    assert identifier is not None
    assert len(identifier) == 22
    assert own.extension(AKI) == tlv(0x30, tlv(0x80, identifier[2:]))
    assert own.extension(SKI) not in (identifier, tlv(0x04, b"of the leaf"))
