# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who issued whom among odd certificates: by key and signature, and by names as OpenSSL compares them."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._certificates.chain import (
    chain_to,
    issued,
    missing_issuer,
    outdated_above,
    path_above,
)
from ansible_collections.ucops.imp.plugins.module_utils._certificates.x509 import (
    Certificate,
    read_der,
    with_issuers,
)
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from tests.support.odd_certificates import (
    AKI,
    BASIC,
    CONSTRAINTS,
    IS_CA,
    KEY,
    PRINTABLE,
    ROOT_KEY,
    SAN,
    T61,
    USAGE,
    Key,
    Odd,
    beside,
    hosts,
    name,
    odd,
    oid,
    root,
    tlv,
    valid,
)

HOST = "mail1.example.com"
HOSTS = (SAN, hosts(HOST))
ROOT = root()


def read(one: Odd) -> Certificate:
    return read_der(one.der, "it")


# What private and old authorities write, and OpenSSL takes.
AUTHORITIES = {
    "constraint-with-host-bits": (CONSTRAINTS, tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x87, b"\n\1\2\3\xff\0\0\0"))))),
    "constraint-without-mask": (CONSTRAINTS, tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x87, b"\n\1\2\3"))))),
    "x400-address": (SAN, tlv(0x30, tlv(0xA3, tlv(0x30)))),
    "key-identifier-of-the-issuer-only": (AKI, tlv(0x30, tlv(0xA1, tlv(0xA4, name(("CN", "Odd Root")))))),
    **beside(),
}


@pytest.mark.parametrize("extension", AUTHORITIES.values(), ids=AUTHORITIES)
def test_a_chain_leads_over_an_authority_with_an_odd_extension(extension: tuple[str, bytes]) -> None:
    above = odd("Issuing CA", (BASIC, IS_CA, True), extension, by=ROOT, key=ROOT_KEY)
    leaf = odd(HOST, HOSTS, by=above)
    offered, anchors = [read(leaf), read(above)], [read(ROOT)]
    assert chain_to(offered, anchors) == offered
    assert missing_issuer(offered) == "CN=Odd Root"
    assert with_issuers(offered[:1], [*offered, *anchors]) == {one.fingerprint for one in (*offered, *anchors)}


@pytest.mark.parametrize(
    ("extensions", "version", "leads"),
    [
        ([], b"\x02", False),
        ([(BASIC, b"\x30\x00")], b"\x02", False),
        ([(BASIC, b"\x30\x03\x01\x01\x00")], b"\x02", False),
        ([(BASIC, IS_CA), (USAGE, b"\x03\x02\x05\xa0")], b"\x02", False),
        ([(BASIC, IS_CA), (USAGE, b"\x03\x02\x01\x06")], b"\x02", True),
        ([(USAGE, b"\x03\x02\x01\x06")], b"\x02", True),
        ([("2.16.840.1.113730.1.1", b"\x03\x02\x00\x07")], b"\x02", True),
        ([(BASIC, b"\xff")], b"\x02", False),
        ([(BASIC, IS_CA), (USAGE, b"\x05\x00")], b"\x02", False),
        ([], b"\x00", False),
    ],
)
def test_who_may_issue(extensions: list[tuple[str, bytes]], version: bytes, leads: bool) -> None:
    above = odd("Issuing CA", *extensions, by=ROOT, key=ROOT_KEY, version=version)
    leaf = odd(HOST, by=above)
    assert bool(chain_to([read(leaf), read(above)], [read(ROOT)])) is leads


def test_an_old_root_of_version_1_may_issue() -> None:
    old = odd("Old Root", key=ROOT_KEY, version=b"\x00")
    assert read(old).parts.authority
    assert chain_to([read(odd(HOST, by=old)), read(old)], [read(old)])


def test_names_of_authorities_are_compared_as_openssl_does() -> None:
    above = odd(name(("O", b"Example  CA ", PRINTABLE), ("CN", "Büro")), (BASIC, IS_CA), by=ROOT, key=ROOT_KEY)
    same = name(("O", "example ca"), ("CN", "Büro".encode("latin-1"), T61))
    assert issued(read(odd(HOST, by=above, issuer=same)), read(above))
    other = name(("O", "example ca"), ("CN", "BÜRO"))
    assert not issued(read(odd(HOST, by=above, issuer=other)), read(above))


def test_of_several_authorities_of_one_name_the_one_that_has_signed_counts() -> None:
    double = odd("Odd Root", (BASIC, IS_CA), key=ec.generate_private_key(ec.SECP256R1()))
    renewed = root("Odd Root", USAGE_OF_A_CA, key=ROOT_KEY)
    leaf = read(odd(HOST, by=ROOT))
    for store in ([read(double), read(ROOT)], [read(ROOT), read(double)]):
        assert path_above(leaf, store) == [leaf, read(ROOT)]
        assert with_issuers([leaf], store) == {leaf.fingerprint, read(ROOT).fingerprint}
    # Two certificates of one key both stand above it.
    assert len(with_issuers([leaf], [read(ROOT), read(renewed)])) == 3
    # One that only names itself as its issuer is no root.
    rolled = odd("Odd Root", (BASIC, IS_CA), by=ROOT)
    assert not read(rolled).self_signed
    assert missing_issuer([read(rolled)]) == "CN=Odd Root"


USAGE_OF_A_CA = (USAGE, b"\x03\x02\x01\x06")


def test_the_authority_that_is_out_of_its_time_is_found() -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    old = odd("Issuing CA", (BASIC, IS_CA), by=ROOT, key=ROOT_KEY, validity=valid((-9, -2)))
    leaf = read(odd(HOST, by=old))
    assert outdated_above(leaf, [read(ROOT), read(old)], now) == read(old)
    assert outdated_above(leaf, [read(ROOT)], now) is None
    expired = read(odd(HOST, by=ROOT, validity=valid((-9, -2))))
    assert outdated_above(expired, [read(ROOT)], now) is None


RSA_KEY = rsa.generate_private_key(65537, 2048)
ED25519_KEY, ED448_KEY = ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()
DSA_KEY = dsa.generate_private_key(1024)
_SHA384 = tlv(0x30, oid("2.16.840.1.101.3.4.2.2"))
_PSS = "1.2.840.113549.1.1.10"
PSS_PARAMETERS = tlv(
    0x30,
    tlv(0xA0, _SHA384),
    tlv(0xA1, tlv(0x30, oid("1.2.840.113549.1.1.8"), _SHA384)),
    tlv(0xA2, b"\x02\x01\x30"),
)


def pss(chosen: hashes.HashAlgorithm, salt: int) -> Callable[[bytes], bytes]:
    return lambda body: RSA_KEY.sign(body, padding.PSS(padding.MGF1(chosen), salt), chosen)


# Key, algorithm with its parameters, and how it signs.
SIGNERS: dict[str, tuple[Key, bytes, Callable[[bytes], bytes]]] = {
    "rsa-sha1": (RSA_KEY, oid("1.2.840.113549.1.1.5"), lambda b: RSA_KEY.sign(b, padding.PKCS1v15(), hashes.SHA1())),
    "rsa-sha512": (
        RSA_KEY,
        oid("1.2.840.113549.1.1.13"),
        lambda b: RSA_KEY.sign(b, padding.PKCS1v15(), hashes.SHA512()),
    ),
    "pss-by-default": (RSA_KEY, oid(_PSS) + b"\x30\x00", pss(hashes.SHA1(), 20)),
    "pss-sha384": (RSA_KEY, oid(_PSS) + PSS_PARAMETERS, pss(hashes.SHA384(), 48)),
    "ecdsa-sha384": (KEY, oid("1.2.840.10045.4.3.3"), lambda b: KEY.sign(b, ec.ECDSA(hashes.SHA384()))),
    "ecdsa-sha3": (KEY, oid("2.16.840.1.101.3.4.3.10"), lambda b: KEY.sign(b, ec.ECDSA(hashes.SHA3_256()))),
    "dsa-sha256": (DSA_KEY, oid("2.16.840.1.101.3.4.3.2"), lambda b: DSA_KEY.sign(b, hashes.SHA256())),
    "ed25519": (ED25519_KEY, oid("1.3.101.112"), ED25519_KEY.sign),
    "ed448": (ED448_KEY, oid("1.3.101.113"), ED448_KEY.sign),
}


@pytest.mark.parametrize(("key", "algorithm", "sign"), SIGNERS.values(), ids=SIGNERS)
def test_a_signature_of_any_algorithm_is_checked(key: Key, algorithm: bytes, sign: Callable[[bytes], bytes]) -> None:
    identifier = tlv(0x30, algorithm)
    good = read(odd("CA", key=key, algorithm=identifier, sign=sign))
    assert issued(good, good)
    bad = read(odd("CA", key=key, algorithm=identifier, sign=lambda body: sign(body + b"x")))
    assert bad.parts.issued_by(bad.parts) is False
    assert not bad.self_signed


@pytest.mark.parametrize(
    ("algorithm", "public"),
    [
        (tlv(0x30, oid("1.2.3.4")), None),
        (tlv(0x30, oid("1.3.101.112")), None),
        (tlv(0x30, oid(_PSS), tlv(0x30, tlv(0xA0, tlv(0x30, oid("1.2.3"))))), None),
        (tlv(0x30, oid("1.2.840.10045.4.3.2")), tlv(0x30, tlv(0x30, oid("1.2.3.4")), tlv(0x03, b"\0odd"))),
        (tlv(0x30, oid("1.2.840.10045.4.3.2")), b"\x30\x00"),
        (tlv(0x30, oid("1.2.840.10045.4.3.2")), b"\x30\x04\x30\x00\x03\x00"),
    ],
    ids=["unknown", "of-another-kind-of-key", "unknown-hash", "unknown-key", "no-key", "empty-key"],
)
def test_a_signature_that_cannot_be_checked_vouches_for_nobody(algorithm: bytes, public: bytes | None) -> None:
    one = read(odd("CA", algorithm=algorithm, public=public))
    assert not issued(one, one)
    assert chain_to([read(odd(HOST, by=ROOT)), one], [one]) == []
    # Whatever may be needed is kept all the same, and it may well be a root.
    assert with_issuers([one], [one]) == {one.fingerprint}
    assert missing_issuer([one]) is None
    assert len(one.key) == 64


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda one: one.name)
def test_a_curve_whose_parameters_are_written_out_is_known(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    prime = {256: 2**256 - 2**224 + 2**192 + 2**96 - 1, 384: 2**384 - 2**128 - 2**96 + 2**32 - 1, 521: 2**521 - 1}
    field = tlv(
        0x30, oid("1.2.840.10045.1.1"), tlv(0x02, b"\0" + prime[curve.key_size].to_bytes(66, "big").lstrip(b"\0"))
    )
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    explicit = tlv(
        0x30, tlv(0x30, oid("1.2.840.10045.2.1"), tlv(0x30, b"\x02\x01\x01", field)), tlv(0x03, b"\0" + point)
    )
    written_out, named = read(odd("CA", key=key, public=explicit)), read(odd("CA", key=key))
    assert issued(written_out, written_out)
    assert written_out.key == named.key


def test_a_signature_of_another_algorithm_than_the_certificate_names_is_none() -> None:
    one = read(odd("CA", inner_algorithm=tlv(0x30, oid("1.2.840.10045.4.3.3"))))
    assert one.parts.issued_by(one.parts) is False
