# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an Exchange server trusts its certificates: Status and RootCAType by its root store (C6a)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from imp_emulator.domain.ca import authority as ca
from imp_emulator.domain.exchange import certificates as exchange_certificates
from imp_emulator.domain.exchange import trust as exchange_trust
from imp_emulator.errors import InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ROOT_KINDS, Scenario
from imp_emulator.store.ca import authorities
from imp_emulator.store.exchange import certificates as exchange
from imp_emulator.store.exchange.certificates import ExchangeCertificate
from imp_emulator.world.environment import Environment
from tests.support import states
from tests.support.certificates import Identity, issue
from tests.support.exchange import sign

MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
STANDALONE, ENTERPRISE = "ca.example.com", "eca.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DAY = timedelta(days=1).total_seconds()


@pytest.fixture(name="scenario", scope="module")
def scenario_fixture() -> Scenario:
    return scenario_file.load("certificates")


@pytest.fixture(name="seeded", scope="module")
def seeded_fixture(tmp_path_factory: pytest.TempPathFactory, scenario: Scenario) -> Path:
    return states.seed(tmp_path_factory.mktemp("trust"), scenario)


@pytest.fixture(name="emulated")
def emulated_fixture(tmp_path: Path, scenario: Scenario, seeded: Path) -> Iterator[Environment]:
    with states.environment(seeded, tmp_path, scenario) as environment:
        yield environment


def request(environment: Environment) -> ExchangeCertificate:
    wanted = exchange_certificates.checked_request(environment.context, MAIL1, f"CN={MAIL1}", [MAIL1])
    return exchange_certificates.add_request(environment.context, MAIL1, wanted, KEY)


def installed(environment: Environment, host: str) -> ExchangeCertificate:
    """A certificate of one of the scenario's authorities, imported without the authorities above it."""
    template = {ca.TEMPLATE: "WebServer"} if host == ENTERPRISE else {}
    row = ca.submit(environment.context, host, request(environment).request.replace("NEW ", ""), template, "somebody")
    if host == STANDALONE:
        row = ca.issue(environment.context, host, row.id)
    return exchange_certificates.import_issued(environment.context, MAIL1, row.certificate.encode())


def imported(environment: Environment, by: Identity, *above: Identity) -> ExchangeCertificate:
    text = sign(request(environment).request, by)
    return exchange_certificates.import_issued(
        environment.context, MAIL1, (text + "".join(one.pem for one in above)).encode()
    )


def verdict(environment: Environment, stored: ExchangeCertificate) -> tuple[str, str]:
    trust = exchange_trust.judge(environment.context, stored)
    return trust.status, trust.root_ca_type


def root(environment: Environment, host: str, renewal: int = -1) -> str:
    return str(authorities.certificates(environment.database, host, 0)[renewal].certificate)


def test_a_request_has_no_root_yet(emulated: Environment) -> None:
    assert verdict(emulated, request(emulated)) == ("PendingRequest", "Unknown")


def test_the_certificate_of_exchanges_setup(emulated: Environment) -> None:
    (own,) = exchange.certificates(emulated.database, MAIL1)
    assert verdict(emulated, own) == ("Valid", "Registry")
    (fingerprint,) = [
        row.fingerprint for row in exchange_trust.roots(emulated.context, MAIL1) if row.kind == "Registry"
    ]
    exchange_trust.remove_root(emulated.context, MAIL1, fingerprint)
    assert verdict(emulated, own) == ("Valid", "None")
    emulated.clock.advance(4000 * DAY)
    assert verdict(emulated, own) == ("DateInvalid", "None")


def test_an_enterprise_brings_its_root_and_a_standalone_authority_does_not(emulated: Environment) -> None:
    assert verdict(emulated, installed(emulated, ENTERPRISE)) == ("Valid", "Enterprise")
    assert verdict(emulated, installed(emulated, STANDALONE)) == ("Untrusted", "None")


@pytest.mark.parametrize("kind", ROOT_KINDS.values())
def test_a_root_that_is_installed(emulated: Environment, kind: str) -> None:
    stored = installed(emulated, STANDALONE)
    exchange_trust.add_roots(emulated.context, MAIL2, root(emulated, STANDALONE), kind)
    assert verdict(emulated, stored) == ("Untrusted", "None")
    (added,) = exchange_trust.add_roots(emulated.context, MAIL1.upper(), root(emulated, STANDALONE), kind)
    assert verdict(emulated, stored) == ("Valid", kind)
    exchange_trust.remove_root(emulated.context, MAIL1, added.fingerprint.upper())
    assert verdict(emulated, stored) == ("Untrusted", "None")


def test_a_renewed_root(emulated: Environment) -> None:
    first = installed(emulated, STANDALONE)
    exchange_trust.add_roots(emulated.context, MAIL1, root(emulated, STANDALONE), "Registry")
    ca.renew(emulated.context, STANDALONE, new_key=False)
    assert verdict(emulated, installed(emulated, STANDALONE)) == ("Valid", "Registry")
    ca.renew(emulated.context, STANDALONE, new_key=True)
    assert verdict(emulated, installed(emulated, STANDALONE)) == ("Untrusted", "None")
    assert verdict(emulated, first) == ("Valid", "Registry")


def test_an_enterprise_that_is_renewed(emulated: Environment) -> None:
    ca.renew(emulated.context, ENTERPRISE)
    assert verdict(emulated, installed(emulated, ENTERPRISE)) == ("Valid", "Enterprise")


def test_of_two_roots_with_one_key_the_one_in_time_counts(emulated: Environment) -> None:
    stored = installed(emulated, STANDALONE)
    old = root(emulated, STANDALONE)
    emulated.clock.advance(300 * DAY)
    ca.renew(emulated.context, STANDALONE, new_key=False)
    for pem in (old, root(emulated, STANDALONE)):
        exchange_trust.add_roots(emulated.context, MAIL1, pem, "Registry")
    # A leaf of the last day outlives neither; what is judged is the moment between the ends of the two roots.
    assert verdict(emulated, stored) == ("Valid", "Registry")
    emulated.clock.advance(66 * DAY)
    assert verdict(emulated, stored) == ("DateInvalid", "Registry")


def test_a_third_party_with_an_intermediate(emulated: Environment) -> None:
    top = issue("Public Root", ca=True)
    middle = issue("Public Issuing CA", by=top, ca=True)
    exchange_trust.add_roots(emulated.context, MAIL1, top.pem, "ThirdParty")
    assert verdict(emulated, imported(emulated, middle)) == ("Untrusted", "None")
    assert verdict(emulated, imported(emulated, middle, middle, top)) == ("Valid", "ThirdParty")
    emulated.clock.advance(400 * DAY)
    stored = exchange.certificates(emulated.database, MAIL1)[0]
    assert verdict(emulated, stored) == ("DateInvalid", "ThirdParty")


def test_who_is_no_ca_cannot_vouch(emulated: Environment) -> None:
    top = issue("Public Root", ca=True)
    server = issue("some.example.com", by=top)
    exchange_trust.add_roots(emulated.context, MAIL1, top.pem, "ThirdParty")
    assert verdict(emulated, imported(emulated, server, server)) == ("Invalid", "ThirdParty")


@pytest.mark.parametrize("host", [STANDALONE, ENTERPRISE])
def test_revocation(emulated: Environment, host: str) -> None:
    stored = installed(emulated, host)
    exchange_trust.add_roots(emulated.context, MAIL1, root(emulated, STANDALONE), "Registry")
    exchange_trust.set_crl_reachable(emulated.context, MAIL1, reachable=False)
    assert verdict(emulated, stored)[0] == "RevocationCheckFailure"
    ca.revoke(emulated.context, host, 1, "somebody")
    assert verdict(emulated, stored)[0] == "RevocationCheckFailure"
    exchange_trust.set_crl_reachable(emulated.context, MAIL1, reachable=True)
    assert verdict(emulated, stored)[0] == "Revoked"


def test_a_certificate_without_an_address_of_a_list_needs_none(emulated: Environment) -> None:
    top = issue("Public Root", ca=True)
    exchange_trust.add_roots(emulated.context, MAIL1, top.pem, "ThirdParty")
    exchange_trust.set_crl_reachable(emulated.context, MAIL1, reachable=False)
    assert verdict(emulated, imported(emulated, top)) == ("Valid", "ThirdParty")


def test_what_cannot_be_a_root(emulated: Environment) -> None:
    top = issue("Public Root", ca=True)
    before = exchange_trust.roots(emulated.context, MAIL1)
    for text, code in ((top.pem + issue("x", by=top, ca=True).pem, "not-a-root"), ("text", "not-a-certificate")):
        with pytest.raises(InvalidValue) as refused:
            exchange_trust.add_roots(emulated.context, MAIL1, text, "Registry")
        assert refused.value.code == code
    assert exchange_trust.roots(emulated.context, MAIL1) == before
    for call in (
        lambda: exchange_trust.roots(emulated.context, "mail9.example.com"),
        lambda: exchange_trust.add_roots(emulated.context, "mail9.example.com", top.pem, "Registry"),
        lambda: exchange_trust.remove_root(emulated.context, MAIL1, "ab"),
        lambda: exchange_trust.set_crl_reachable(emulated.context, "mail9.example.com", reachable=False),
    ):
        with pytest.raises(NotFound):
            call()
