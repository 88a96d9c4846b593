# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public client ``certsrv`` against the certification authorities, logged in with Basic and with NTLM."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from certsrv import (
    CertificatePendingException,
    Certsrv,
    CouldNotRetrieveCertificateException,
    RequestDeniedException,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.support.emulator import Emulator
from tests.support.signing_requests import pem, rsa_key, signing_request, spki

STANDALONE = "ca.example.com"
ENTERPRISE = "eca.example.com"
HOST = "mail1.example.com"

Connect = Callable[..., Certsrv]


@pytest.fixture(name="connect", params=["basic", "ntlm"])
def connect_fixture(environment: Emulator, request: pytest.FixtureRequest) -> Connect:
    """A function that logs the public client in at a CA, with each of its ways to do so."""

    def connect(host: str = STANDALONE, password: str | None = None, account: str = "account") -> Certsrv:
        known = environment.ready["certification_authorities"][host]
        server = f"{known['address']}:{known['ports']['443']}"
        login = known[account]
        client = Certsrv(
            server,
            login["username"],
            password or login["password"],
            auth_method=request.param,
            cafile=environment.ca_file,
        )
        client.session.trust_env = False
        return client

    return connect


def chain_of(content: bytes) -> list[x509.Certificate]:
    return pkcs7.load_der_pkcs7_certificates(content)


def test_an_enterprise_ca_issues_by_template(connect: Connect) -> None:
    client = connect(ENTERPRISE)
    wanted = signing_request(HOST, [HOST, "192.0.2.21", "2001:db8::21"])
    certificate = x509.load_pem_x509_certificate(client.get_cert(pem(wanted), "WebServer"))
    assert spki(certificate.public_key()) == spki(rsa_key().public_key())
    assert certificate.subject == wanted.subject
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    assert [str(name) for name in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.21", "2001:db8::21"]
    der = client.get_cert(pem(wanted), "Administrator", encoding="bin")
    assert x509.load_der_x509_certificate(der).serial_number != certificate.serial_number
    chain = chain_of(client.get_chain())
    issuing = next(one for one in chain if one.subject == certificate.issuer)
    certificate.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(next(one for one in chain if one.subject == issuing.issuer))
    assert len(chain) == 2


def test_a_standalone_ca_leaves_it_to_the_administrator(environment: Emulator, connect: Connect) -> None:
    client = connect(STANDALONE)
    with pytest.raises(CertificatePendingException) as pending:
        client.get_cert(pem(signing_request(HOST)), "WebServer")
    number = int(pending.value.req_id)
    with pytest.raises(CouldNotRetrieveCertificateException, match="Taken Under Submission"):
        client.get_existing_cert(number)
    environment.control.ca_decide(STANDALONE, number, "issue")
    certificate = x509.load_pem_x509_certificate(client.get_existing_cert(number))
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(client.get_ca_cert()))


def test_a_denied_request(environment: Emulator, connect: Connect) -> None:
    client = connect(STANDALONE)
    with pytest.raises(CertificatePendingException) as pending:
        client.get_cert(pem(signing_request(HOST)), "")
    number = int(pending.value.req_id)
    environment.control.ca_decide(STANDALONE, number, "deny")
    with pytest.raises(CouldNotRetrieveCertificateException, match="Denied by the control plane"):
        client.get_existing_cert(number)


@pytest.mark.parametrize(
    ("template", "said"),
    [("Nonsense", "The requested certificate template is not supported by this CA. 0x80094800"), ("", "0x80094801")],
)
def test_an_enterprise_ca_denies_by_template(connect: Connect, template: str, said: str) -> None:
    with pytest.raises(RequestDeniedException, match=said):
        connect(ENTERPRISE).get_cert(pem(signing_request(HOST)), template)


@pytest.mark.parametrize(
    ("request_text", "said"),
    [
        ("rubbish", "0x8009310b"),
        (pem(signing_request("example root ca")), "the name of the certification authority."),
        (pem(signing_request(HOST, ["other.example.com"])), "does not hold the common name."),
    ],
)
def test_a_request_that_breaks_the_rules(connect: Connect, request_text: str, said: str) -> None:
    with pytest.raises(RequestDeniedException, match=said):
        connect(STANDALONE).get_cert(request_text, "")


def test_a_request_that_nobody_made(connect: Connect) -> None:
    with pytest.raises(CouldNotRetrieveCertificateException, match="0x80094004"):
        connect().get_existing_cert(4711)


def test_the_newest_ca_certificate_and_chain_after_renewals(environment: Emulator, connect: Connect) -> None:
    client = connect(ENTERPRISE)
    first = client.get_ca_cert()
    assert environment.control.ca_renew(ENTERPRISE) == 1
    assert environment.control.ca_renew(ENTERPRISE, new_key=False) == 2
    second = x509.load_der_x509_certificate(client.get_ca_cert(encoding="bin"))
    assert spki(second.public_key()) != spki(x509.load_pem_x509_certificate(first).public_key())
    assert second in chain_of(client.get_chain())
    issued = x509.load_pem_x509_certificate(client.get_cert(pem(signing_request(HOST)), "WebServer"))
    issued.verify_directly_issued_by(second)


def test_wrong_passwords(connect: Connect) -> None:
    client = connect(STANDALONE, password="wrong")
    assert client.check_credentials() is False
    with pytest.raises(requests.HTTPError, match="401"):
        client.get_ca_cert()
    assert connect(STANDALONE).check_credentials() is True


def test_a_corrected_password(environment: Emulator, connect: Connect) -> None:
    client = connect(STANDALONE, password="wrong")
    assert client.check_credentials() is False
    login = environment.ready["certification_authorities"][STANDALONE]["account"]
    client.update_credentials(login["username"], login["password"])
    assert client.check_credentials() is True
    client.update_credentials(login["username"], "wrong")
    assert client.check_credentials() is False
