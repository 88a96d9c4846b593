# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of an Exchange server's certificates and of role assignments (C3, C6, G2)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key, load_pem_private_key, pkcs7

from imp_emulator.domain.exchange import certificates as exchange_certificates
from imp_emulator.domain.exchange import management_roles
from imp_emulator.errors import DomainError, Duplicate, Forbidden, InvalidValue, NotFound
from imp_emulator.scenario import file as scenario_file
from imp_emulator.serving import served_certificate
from imp_emulator.serving.served_certificate import ServedCertificate
from imp_emulator.store.exchange import certificates as exchange
from imp_emulator.store.exchange.certificates import ExchangeCertificate
from imp_emulator.world.environment import Environment
from imp_emulator.x509.certificate import held_pem
from tests.support import states
from tests.support.certificates import issue
from tests.support.exchange import sign

MAIL1, MAIL2 = "mail1.example.com", "mail2.example.com"
CA = issue("Test CA", ca=True)
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


def request(environment: Environment, server: str = MAIL1, key: int = 0) -> ExchangeCertificate:
    wanted = exchange_certificates.checked_request(environment.context, server, f"O=Example,CN={server}", [server])
    return exchange_certificates.add_request(environment.context, server, wanted, KEYS[key])


def installed(environment: Environment, key: int = 0) -> ExchangeCertificate:
    text = sign(request(environment, key=key).request, CA)
    return exchange_certificates.import_issued(environment.context, MAIL1, text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CN=a.b", "CN=a.b"),
        ("C=JP,O=Example,CN=a.b", "CN=a.b,O=Example,C=JP"),
        ("C=JP, S=Tokyo, L=Minato, OU=IT, CN=a.b", "CN=a.b,OU=IT,L=Minato,ST=Tokyo,C=JP"),
        ('O="Example, Inc.",CN=a.b', "CN=a.b,O=Example\\, Inc."),
        ('O="The ""best""",CN=a.b', 'CN=a.b,O=The \\"best\\"'),
        ("O=Example\\, Inc.,CN=a.b", "CN=a.b,O=Example\\, Inc."),
    ],
)
def test_subjects_as_windows_writes_them(text: str, expected: str) -> None:
    assert exchange_certificates.parse_subject(text).rfc4514_string() == expected


@pytest.mark.parametrize(
    ("subject", "names", "size", "code"),
    [
        ("O=Example", [], 2048, "subject-without-cn"),
        ("CN=a.b,CN=c.d", [], 2048, "subject-without-cn"),
        ("", [], 2048, "subject-without-cn"),
        ("=", [], 2048, "subject-name"),
        ("CN=a.b", ["c.d"], 2048, "cn-not-in-san"),
        ("CN=a.b", ["a.b", "-c"], 2048, "domain-name"),
        ("CN=a.b", ["a.b"], 512, "key-size"),
        ("CN=a.b", ["a.b"], 1024, "key-too-short"),
    ],
)
def test_requests_that_are_refused(emulated: Environment, subject: str, names: list[str], size: int, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        exchange_certificates.checked_request(emulated.context, MAIL1, subject, names, size)
    assert refused.value.code == code


def test_a_server_may_allow_short_keys(emulated: Environment) -> None:
    servers = tuple(replace(server, minimum_key_size=1024) for server in emulated.scenario.exchange)
    emulated.context = replace(emulated.context, scenario=replace(emulated.scenario, exchange=servers))
    wanted = exchange_certificates.checked_request(emulated.context, MAIL1.upper(), "CN=A.b", ["a.B"], 1024)
    assert (wanted.names, wanted.key_size) == (("a.b",), 1024)


def test_a_request_waits_with_its_key(emulated: Environment) -> None:
    stored = request(emulated)
    assert exchange_certificates.find(emulated.context, MAIL1, stored.thumbprint.lower()) == stored
    assert load_der_public_key(stored.certificate.parts.key) == KEYS[0].public_key()
    assert load_pem_private_key(stored.private_key.encode(), None).private_numbers() == KEYS[0].private_numbers()  # type: ignore[union-attr]
    assert "PRIVATE" not in repr(stored)
    with pytest.raises(Forbidden):
        exchange_certificates.enable(emulated.context, MAIL1, stored.thumbprint, ["IIS"])
    with pytest.raises(NotFound):
        exchange_certificates.find(emulated.context, MAIL2, stored.thumbprint)


def test_a_request_is_made_at_virtual_time(emulated: Environment) -> None:
    emulated.clock.advance(400 * 86_400)
    assert request(emulated).certificate.not_before == emulated.clock.now().replace(microsecond=0)


@pytest.mark.parametrize("form", ["pem", "der", "pkcs7", "pkcs7-pem"])
def test_import_in_each_form(emulated: Environment, form: str) -> None:
    text = sign(request(emulated).request, CA)
    leaf = x509.load_pem_x509_certificate(text.encode())
    data = {
        "pem": (CA.pem + text).encode(),
        "der": leaf.public_bytes(Encoding.DER),
        "pkcs7": pkcs7.serialize_certificates([CA.certificate, leaf], Encoding.DER),
        "pkcs7-pem": pkcs7.serialize_certificates([CA.certificate, leaf], Encoding.PEM),
    }[form]
    stored = exchange_certificates.import_issued(emulated.context, MAIL1, data)
    assert (stored.status, stored.thumbprint) == ("Valid", leaf.fingerprint(SHA1()).hex().upper())
    # The root is never sent, and the request is gone.
    assert stored.served == text
    assert [row.status for row in exchange.certificates(emulated.database, MAIL1)] == ["Valid", "Valid"]


def test_what_cannot_be_imported(emulated: Environment) -> None:
    text = sign(request(emulated).request, CA).encode()
    with pytest.raises(NotFound):
        exchange_certificates.import_issued(emulated.context, MAIL2, text)
    with pytest.raises(InvalidValue):
        exchange_certificates.import_issued(emulated.context, MAIL1, b"nothing")
    with pytest.raises(InvalidValue, match="cannot be read"):
        exchange_certificates.import_issued(emulated.context, MAIL1, (CA.pem + CA.pem.replace("MII", "M!!")).encode())
    exchange_certificates.import_issued(emulated.context, MAIL1, text)
    with pytest.raises(Duplicate):
        exchange_certificates.import_issued(emulated.context, MAIL1, text)


def test_each_service_but_smtp_has_one_certificate(emulated: Environment) -> None:
    first = exchange.certificates(emulated.database, MAIL1)[0]
    second = installed(emulated)
    exchange_certificates.enable(emulated.context, MAIL1, second.thumbprint, ["SMTP", "IIS"])
    services = {row.thumbprint: row.services for row in exchange.certificates(emulated.database, MAIL1)}
    assert services == {first.thumbprint: ("SMTP",), second.thumbprint: ("IIS", "SMTP")}
    with pytest.raises(Forbidden):
        exchange_certificates.remove(emulated.context, MAIL1, second.thumbprint)
    exchange_certificates.remove(emulated.context, MAIL1, first.thumbprint)
    assert [row.thumbprint for row in exchange.certificates(emulated.database, MAIL1)] == [second.thumbprint]


def test_the_tls_settings_follow_what_iis_uses(emulated: Environment) -> None:
    identity = ServedCertificate(served_certificate.of_iis(emulated, MAIL1), lambda: False)
    first = identity.current()
    assert identity.current() is first
    exchange_certificates.enable(emulated.context, MAIL1, installed(emulated).thumbprint, ["IIS"])
    assert identity.current() is not first
    assert ServedCertificate(served_certificate.of_iis(emulated, MAIL2), lambda: False).context is not first


def test_role_assignments(emulated: Environment) -> None:
    row = management_roles.assign(emulated.context, "applicationimpersonation", "SVC-IMP")
    assert (row.role, row.assignee) == ("ApplicationImpersonation", r"EXAMPLE\svc-imp")
    assert management_roles.assignments(emulated.context, "ApplicationImpersonation", r"example\svc-imp") == [row]
    assert management_roles.assignments(emulated.context, "Other") == []
    with pytest.raises(Duplicate):
        management_roles.assign(emulated.context, "ApplicationImpersonation", "svc-imp", "another name")
    for refused in (
        lambda: management_roles.assign(emulated.context, "Organization Management", "svc-imp"),
        lambda: management_roles.assign(emulated.context, "ApplicationImpersonation", "nobody"),
        lambda: management_roles.unassign(emulated.context, "nothing"),
    ):
        with pytest.raises(DomainError):
            refused()
    management_roles.unassign(emulated.context, row.name.upper())
    assert management_roles.assignments(emulated.context) == []


def test_a_certificate_is_issued_anew_only_with_the_key_of_its_issuer(emulated: Environment) -> None:
    installed(emulated)
    name = exchange.certificates(emulated.database, MAIL1)[0].thumbprint
    exchange_certificates.enable(emulated.context, MAIL1, name, ["IIS"])
    with pytest.raises(Forbidden, match="no key of the authority"):
        exchange_certificates.issue_again(emulated.context, MAIL1, 5)
    before = exchange.served_by_iis(emulated.database, MAIL2)
    assert before is not None
    made = exchange_certificates.issue_again(emulated.context, MAIL2, 5)
    assert made.certificate.issued_by(held_pem(made.served)[1])
    assert (made.services, made.private_key) == (before.services, before.private_key)
    assert exchange.certificate(emulated.database, MAIL2, before.thumbprint) is None


def test_what_stands_in_for_a_real_certificate_is_issued_anew(tmp_path: Path) -> None:
    leaf = issue(MAIL1, by=CA, hosts=[MAIL1])
    server = {"name": MAIL1, "ipv4": "192.0.2.21", "stands_in_for": [leaf.pem, CA.pem]}
    scenario = scenario_file.read(json.dumps({"format": 1, "exchange": {"servers": [server]}}))
    with states.environment(states.seed(tmp_path, scenario), tmp_path, scenario) as environment:
        made = exchange_certificates.issue_again(environment.context, MAIL1, 5)
        shown, above = held_pem(made.served)
    assert (shown.subject, shown.issuer) == (f"CN={MAIL1}", "CN=Test CA")
    assert shown.issued_by(above)
