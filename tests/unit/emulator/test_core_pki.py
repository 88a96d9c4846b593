# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates are such that strict verifiers accept them, and say what the scenario wants."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import PolicyBuilder, Store

from imp_emulator.crypto import certificates
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.writer import generate
from imp_emulator.store import keys
from imp_emulator.store.database import Database
from imp_emulator.store.keys import KeyPair
from imp_emulator.x509.certificate import held_pem


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    scenario = scenario_file.read(generate(users=0))
    first, second = scenario.exchange
    second = dataclasses.replace(second, common_name="*.b.com", alternative_names=())
    database = Database(tmp_path_factory.mktemp("pki") / "state.sqlite3")
    certificates.seed(database, dataclasses.replace(scenario, exchange=(first, second)))
    yield database
    database.close()


def handshake(pair: KeyPair, root: str, name: str) -> None:
    """Do a TLS handshake in memory with the strictest checks that OpenSSL has."""
    client_context = ssl.create_default_context(cadata=root)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = certificates.tls_context(pair.private_key + pair.served).wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    while pending:
        side = pending.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pending.append(side)


def certificate(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.encode())


@pytest.mark.parametrize("name", ["imp-pub.dc1.example.com", "imp-pub", "localhost", "127.0.0.1", "::1"])
def test_a_node_is_verified_by_each_of_its_names(database: Database, name: str) -> None:
    ca = keys.get(database, keys.NO_CLUSTER, keys.EMULATOR_CA)
    handshake(keys.get(database, "dc1", "imp-pub"), ca.certificate, name)


@pytest.mark.parametrize("name", ["mail1.example.com", "192.0.2.21", "2001:db8::21"])
def test_an_exchange_server_is_verified_through_its_intermediate(database: Database, name: str) -> None:
    root = keys.get(database, keys.NO_CLUSTER, keys.EXCHANGE_ROOT)
    handshake(keys.get(database, keys.NO_CLUSTER, "mail1.example.com"), root.certificate, name)


def test_another_name_or_another_ca_is_refused(database: Database) -> None:
    ca = keys.get(database, keys.NO_CLUSTER, keys.EMULATOR_CA).certificate
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(keys.get(database, "dc1", "imp-pub"), ca, "imp-sub.dc1.example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(keys.get(database, keys.NO_CLUSTER, "mail1.example.com"), ca, "mail1.example.com")


@pytest.mark.parametrize(
    ("cluster", "owner", "root", "name"),
    [
        ("dc1", "cucm-pub", keys.EMULATOR_CA, "cucm-pub.dc1.example.com"),
        ("", "mail1.example.com", keys.EXCHANGE_ROOT, "mail1.example.com"),
    ],
)
def test_the_rules_of_web_browsers_hold(database: Database, cluster: str, owner: str, root: str, name: str) -> None:
    pair = keys.get(database, cluster, owner)
    anchor = certificate(keys.get(database, keys.NO_CLUSTER, root))
    verifier = PolicyBuilder().store(Store([anchor])).build_server_verifier(x509.DNSName(name))
    chain = verifier.verify(certificate(pair), x509.load_pem_x509_certificates(pair.served.encode())[1:])
    assert chain[-1] == anchor


def test_each_side_has_the_kind_of_key_that_its_products_have(database: Database) -> None:
    node = certificate(keys.get(database, "dc1", "imp-pub")).public_key()
    assert isinstance(node, ec.EllipticCurvePublicKey)
    assert node.curve.name == "secp256r1"
    for owner in (keys.EXCHANGE_ROOT, keys.EXCHANGE_INTERMEDIATE, "mail1.example.com"):
        key = certificate(keys.get(database, keys.NO_CLUSTER, owner)).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048


def test_a_server_sends_its_intermediates_and_keeps_the_root_back(database: Database) -> None:
    pair = keys.get(database, keys.NO_CLUSTER, "mail1.example.com")
    intermediate = keys.get(database, keys.NO_CLUSTER, keys.EXCHANGE_INTERMEDIATE).certificate
    root = keys.get(database, keys.NO_CLUSTER, keys.EXCHANGE_ROOT).certificate
    assert pair.issuers == intermediate + root
    assert pair.served == pair.certificate + intermediate
    node = keys.get(database, "dc1", "imp-pub")
    assert node.served == node.certificate


def test_a_certificate_holds_the_names_of_the_scenario(database: Database) -> None:
    names = certificate(keys.get(database, "", "mail1.example.com")).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["mail1.example.com"]
    assert names.value.get_values_for_type(x509.IPAddress) == [ip_address("192.0.2.21"), ip_address("2001:db8::21")]
    without = certificate(keys.get(database, "", "mail2.example.com"))
    assert without.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "*.b.com"
    with pytest.raises(x509.ExtensionNotFound):
        without.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_a_certificate_is_valid_now_and_for_years(database: Database) -> None:
    now = datetime.now(UTC)
    for owner in (keys.EMULATOR_CA, keys.EXCHANGE_ROOT, "mail1.example.com"):
        found = certificate(keys.get(database, keys.NO_CLUSTER, owner))
        assert found.not_valid_before_utc < now
        assert (found.not_valid_after_utc - now).days > 3000


def test_a_certificate_may_have_expired_or_be_too_early_and_its_authorities_last_as_long(tmp_path: Path) -> None:
    scenario = scenario_file.read(generate(users=0))
    first, second = scenario.exchange
    servers = (
        dataclasses.replace(first, certificate_from_days=-400, certificate_until_days=-30),
        dataclasses.replace(second, certificate_from_days=10, certificate_until_days=5000, certificate="self_signed"),
    )
    database = Database(tmp_path / "state.sqlite3")
    before = datetime.now(UTC).replace(microsecond=0)
    certificates.seed(database, dataclasses.replace(scenario, exchange=servers))
    after = datetime.now(UTC)

    def dates(owner: str) -> tuple[timedelta, timedelta]:
        """The beginning and the end, to the nearest day from the first start."""
        found = certificate(keys.get(database, keys.NO_CLUSTER, owner))
        half = timedelta(hours=12)
        assert before <= after < before + half
        return (
            timedelta(days=(found.not_valid_before_utc - before + half).days),
            timedelta(days=(found.not_valid_after_utc - before + half).days),
        )

    assert dates(first.name) == (timedelta(days=-400), timedelta(days=-30))
    assert dates(second.name) == (timedelta(days=10), timedelta(days=5000))
    for owner in (keys.EXCHANGE_ROOT, keys.EXCHANGE_INTERMEDIATE):
        assert dates(owner) == (timedelta(days=-400), timedelta(days=5000))
    # Clients of the listeners live at real time.
    for owner in (keys.EMULATOR_CA, keys.management(first.name)):
        assert dates(owner) == (timedelta(days=-1), timedelta(days=3650))
    database.close()


@pytest.mark.parametrize(
    ("common_name", "names"),
    [("mail1.example.com", ["mail1.example.com", "192.0.2.21"]), ("", []), ("x" * 64, ["2001:db8::21"])],
)
def test_a_strange_certificate_has_the_names_and_nothing_else_of_the_own(common_name: str, names: list[str]) -> None:
    subject = certificates.subject(common_name) if common_name else x509.Name([])
    pair = certificates.leaf(subject, names, certificates.rsa_key(), None)
    served = certificates.strange(pair.private_key + pair.served)
    own, shown = held_pem(pair.certificate)[0], held_pem(served)
    assert len(shown) == 1, "the authority is not sent along"
    assert (shown[0].common_names, shown[0].dns_names, shown[0].addresses) == (
        own.common_names or ("unknown",),
        own.dns_names,
        own.addresses,
    )
    assert not own.issued_by(shown[0])
    assert not shown[0].self_signed
    assert shown[0].parts.key != own.parts.key
    assert certificates.usable(served)
    assert pair.private_key not in served


def test_the_key_of_a_server_does_not_stay_in_a_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pair = keys.get(database, "dc1", "imp-pub")
    certificates.tls_context(pair.private_key + pair.served)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_key_pair_is_a_key_error(database: Database) -> None:
    with pytest.raises(KeyError):
        keys.get(database, "dc1", "nobody")


def test_tls_below_1_2_is_not_spoken(database: Database) -> None:
    pair = keys.get(database, "dc1", "imp-pub")
    context = certificates.tls_context(pair.private_key + pair.served)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
